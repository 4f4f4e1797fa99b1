"""Whatever is done to the database behind the journal's back is found, and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from ivigil.records import Journal, chain, rows
from ivigil.records.checkpoint import CheckpointError, from_lines, take, to_lines
from ivigil.records.verify import Finding, verify
from tests.support.journals import OTHER, PATIENT, Hung, Place, draft, erasure, tamper


@pytest.fixture
def filled(journal: Journal) -> Journal:
    """Two patients, five events: 1 and 3 of the first, 2, 4 and 5 of the second."""
    one, two = journal.stream(PATIENT), journal.stream(OTHER)
    for stream in (one, two, one, two, two):
        journal.append([draft(stream, Hung(grams=10), lot="A1")])
    return journal


def codes(journal: Journal, *checkpoints: object) -> list[tuple[str, int]]:
    """What was found in the journal itself; that views differ from it is in test_journal_views."""
    verdict = verify(journal, checkpoints)  # type: ignore[arg-type]
    assert verdict.is_sound == (not any(finding.is_fault for finding in verdict.findings))
    in_journal = [finding for finding in verdict.findings if finding.code != "views_differ"]
    return [(finding.code, finding.position) for finding in in_journal]


def test_a_journal_that_was_left_alone_is_sound(filled: Journal) -> None:
    made = take(filled)
    seen: list[tuple[int, int]] = []
    verdict = verify(filled, [made], lambda done, total: seen.append((done, total)))
    assert verdict.is_sound
    assert (verdict.events, verdict.checkpoints, verdict.head) == (5, 1, filled.head())
    assert seen == [(5, 5)]


def test_an_empty_journal_is_sound(journal: Journal) -> None:
    assert codes(journal, take(journal)) == []


def test_an_erasure_breaks_nothing(filled: Journal) -> None:
    filled.erase(erasure(filled.stream(PATIENT)))
    filled.append([draft(filled.stream(PATIENT))])
    filled.erase(erasure(filled.stream(PATIENT)))
    assert codes(filled, take(filled)) == []


@pytest.mark.parametrize(
    "change",
    ["lot = 'A2'", "author = 'nurse.other'", "occurred_at = '2026-12-07T12:00:00.000001Z'", "subject = 'x'"],
)
def test_a_changed_header_is_found_where_it_was_changed(filled: Journal, change: str) -> None:
    tamper(filled, f"UPDATE event SET {change} WHERE position = 3")
    assert codes(filled) == [("hash_broken", 3), ("payload_damaged", 3)]
    assert type(filled.read(filled.stream(PATIENT))[1].body).__name__ == "Damaged"


def test_a_payload_put_in_the_place_of_another_is_found(filled: Journal) -> None:
    tamper(
        filled,
        "UPDATE event SET payload = (SELECT payload FROM event WHERE position = 2) WHERE position = 4",
    )
    assert codes(filled) == [("hash_broken", 4), ("payload_damaged", 4)]


def test_an_event_taken_out_of_the_middle_is_found(filled: Journal) -> None:
    tamper(filled, "DELETE FROM event WHERE position = 4")
    assert codes(filled) == [("position_gap", 5), ("version_gap", 5)]


def test_an_event_taken_off_the_end_is_found(filled: Journal) -> None:
    tamper(filled, "DELETE FROM event WHERE position = 5")
    assert codes(filled) == [("head_differs", 5)]


def test_a_lost_key_without_an_erasure_is_found(filled: Journal) -> None:
    tamper(filled, "DELETE FROM patient_key WHERE stream = :stream", stream=filled.stream(PATIENT))
    assert codes(filled) == [("key_missing", 1), ("key_missing", 3)]


def test_a_key_put_back_after_an_erasure_is_found(filled: Journal) -> None:
    stream = filled.stream(PATIENT)
    with filled.store.reading() as connection:
        asked = "SELECT id, stream, wrapped FROM patient_key"
        kept = next(r for r in connection.exec_driver_sql(asked).mappings() if r["stream"] == stream)
    filled.erase(erasure(stream))
    tamper(filled, "INSERT INTO patient_key (id, stream, wrapped) VALUES (:id, :stream, :wrapped)", **kept)
    assert codes(filled) == [("key_not_destroyed", 1), ("key_not_destroyed", 3)]


def written_anew(journal: Journal) -> None:
    """Event 3 changed by one who knows how the chain is made, every hash after it made to fit."""
    tamper(journal, "UPDATE event SET lot = 'A2' WHERE position = 3")
    with journal.store.writing() as connection:
        stored = (
            connection.exec_driver_sql("SELECT * FROM event WHERE position >= 2 ORDER BY position")
            .mappings()
            .all()
        )
        last = stored[0]["hash"]
        for row in stored[1:]:
            last = chain.link(last, rows.header_bytes(row), row["payload"])
            connection.exec_driver_sql(f"UPDATE event SET hash = '{last}' WHERE position = {row['position']}")
        connection.exec_driver_sql(f"UPDATE head SET hash = '{last}'")


def test_a_journal_written_anew_is_found_by_a_checkpoint(filled: Journal) -> None:
    made = take(filled)
    written_anew(filled)
    tamper(filled, "DELETE FROM checkpoint")
    assert codes(filled) == [("payload_damaged", 3)], "only the seal, which covers the header too"
    assert codes(filled, made) == [("payload_damaged", 3), ("rewritten", 5)]


def test_a_checkpoint_before_the_change_finds_nothing_wrong_before_it(filled: Journal) -> None:
    made = take(filled)
    filled.append([draft(filled.stream(PATIENT))])
    tamper(filled, "UPDATE event SET lot = 'A2' WHERE position = 6")
    assert codes(filled, made) == [("hash_broken", 6), ("payload_damaged", 6)]


def test_an_old_backup_put_back_is_found(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    journal = place.create()
    journal.append([draft(journal.stream(PATIENT))])
    journal.close()
    shutil.copy(place.url, tmp_path / "old.db")
    journal = place.open()
    journal.append([draft(journal.stream(PATIENT))])
    elsewhere = take(journal)
    journal.close()
    shutil.copy(tmp_path / "old.db", place.url)
    for log in tmp_path.glob("journal.db-*"):
        log.unlink()
    journal = place.open()
    assert codes(journal) == []
    assert codes(journal, elsewhere) == [("cut_short", 2)]
    journal.close()


def test_a_forged_checkpoint_is_found(filled: Journal) -> None:
    made = take(filled)
    forged = msgspec.structs.replace(made, hash="0" * 64)
    strange = msgspec.structs.replace(made, signature="not hexadecimal")
    assert codes(filled, forged, strange) == [("bad_signature", 5), ("bad_signature", 5)]


def test_a_checkpoint_of_another_journal_is_named_as_such(filled: Journal, tmp_path: Path) -> None:
    other = Place(str(tmp_path / "other.db"), tmp_path / "other").create()
    assert codes(filled, take(other)) == [("other_journal", 0)]
    other.close()


def test_a_clock_that_went_backward_is_a_notice(place: Place) -> None:
    journal = place.create()
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)])
    place.clock.move(hours=-1)
    (receipt,) = journal.append([draft(stream)])
    assert receipt.received_at == place.clock.now, "as the clock said, not made to fit"
    verdict = verify(journal)
    assert verdict.findings == (Finding("clock_backward", 2),)
    assert verdict.is_sound
    journal.close()


def test_checkpoints_are_kept_as_lines(filled: Journal) -> None:
    made = [take(filled), take(filled)]
    assert made[0] == made[1], "the same end at the same time is one checkpoint"
    assert from_lines(to_lines(made) + "\n") == tuple(made)
    with pytest.raises(CheckpointError, match="line 2"):
        from_lines(to_lines(made[:1]) + "{}\n")


def test_a_wholly_broken_journal_does_not_fill_the_memory(
    filled: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivigil.records.verify.MOST_SHOWN", 2)
    monkeypatch.setattr("ivigil.records.verify.PAGE", 2)
    tamper(filled, "UPDATE event SET author = 'nurse.other'")
    verdict = verify(filled)
    assert [finding.position for finding in verdict.findings] == [1, 1, 2, 2]
    assert verdict.counts == {"hash_broken": 5, "payload_damaged": 5}
    assert not verdict.is_sound
