"""A backup is whole and proved before it is put in place; an export holds everything and runs nothing."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
import threading
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from ivigil.infusion.events import RateSet, VialHung, VitalsTaken
from ivigil.records import Journal, JournalRefusedError, backup, export
from ivigil.records.bodies import Contact, Note
from ivigil.records.checkpoint import from_lines, take
from ivigil.records.lookback import look_back
from ivigil.records.verify import verify
from tests.support.journals import OTHER, PATIENT, TEST_KINDS, Hung, Place, draft, erasure
from tests.support.postgres import Postgres


@pytest.fixture
def filled(journal: Journal) -> Journal:
    one, two = journal.stream(PATIENT), journal.stream(OTHER)
    journal.append([draft(one, Hung(grams=10), lot="A1", subject="infusion-1"), draft(two)])
    journal.append([draft(one, Contact(patient=PATIENT, name="Demo Duck"))])
    journal.erase(erasure(two))
    take(journal)
    return journal


def target(kind: str, tmp_path: Path, postgres: Postgres) -> str:
    return str(tmp_path / "restored.db") if kind == "sqlite" else postgres.new_database()


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_is_restored_to_either(
    filled: Journal, place: Place, tmp_path: Path, postgres: Postgres, to: str
) -> None:
    file = tmp_path / "backup.db"
    made = backup.backup(filled, file)
    assert (made.position, made.hash) == (4, filled.head().hash)
    assert from_lines(backup.checkpoint_file(file).read_text()) == (made,)
    url = target(to, tmp_path, postgres)
    seen: list[tuple[int, int]] = []
    verdict = backup.restore(file, url, place.secrets, kinds=TEST_KINDS, progress=lambda *at: seen.append(at))
    assert (verdict.is_sound, verdict.events, seen) == (True, 4, [(4, 4)])
    restored = Journal.open(url, place.secrets, kinds=TEST_KINDS, clock=place.clock)
    assert list(restored.records()) == list(filled.records())
    assert look_back(restored, "A1") == look_back(filled, "A1")
    (receipt,) = restored.append([draft(restored.stream(PATIENT))])
    assert receipt.position == 5
    assert verify(restored, [made]).is_sound
    restored.close()


def test_a_backup_may_be_read_where_nobody_may_write(filled: Journal, place: Place, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    backup.backup(filled, shelf / "backup.db")
    before = {path.name: path.read_bytes() for path in shelf.iterdir()}
    assert set(before) == {"backup.db", "backup.db.checkpoint"}
    backup.restore(shelf / "backup.db", str(tmp_path / "restored.db"), place.secrets, kinds=TEST_KINDS)
    assert {path.name: path.read_bytes() for path in shelf.iterdir()} == before


def test_a_backup_taken_while_others_write_is_sound(place: Place, tmp_path: Path) -> None:
    journal = place.create()
    stop = threading.Event()

    def write() -> None:
        writer = place.open()
        while not stop.is_set():
            writer.append([draft(writer.stream(PATIENT))])
        writer.close()

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for number in range(3):
            backup.backup(journal, tmp_path / f"backup-{number}.db")
    finally:
        stop.set()
        writing.join()
    for number in range(3):
        url = str(tmp_path / f"restored-{number}.db")
        assert backup.restore(tmp_path / f"backup-{number}.db", url, place.secrets, kinds=TEST_KINDS).is_sound
    journal.close()


def test_nothing_is_overwritten(filled: Journal, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup.backup(filled, file)
    with pytest.raises(JournalRefusedError, match="already"):
        backup.backup(filled, file)
    with pytest.raises(JournalRefusedError, match="already"):
        backup.restore(file, place.url, place.secrets, kinds=TEST_KINDS)
    assert filled.head().position == 4


def test_a_folder_that_is_not_there_is_said_plainly(filled: Journal, tmp_path: Path) -> None:
    with pytest.raises(JournalRefusedError, match="cannot be written"):
        backup.backup(filled, tmp_path / "nowhere" / "backup.db")


def test_a_backup_that_was_altered_is_not_put_in_place(
    filled: Journal, place: Place, tmp_path: Path, postgres: Postgres
) -> None:
    file = tmp_path / "backup.db"
    backup.backup(filled, file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE event SET lot = 'A2' WHERE position = 1")
    connection.close()
    for url in (str(tmp_path / "restored.db"), postgres.new_database()):
        with pytest.raises(backup.UnsoundBackupError, match="hash_broken"):
            backup.restore(file, url, place.secrets, kinds=TEST_KINDS)
        with pytest.raises(JournalRefusedError, match="no journal"):
            Journal.open(url, place.secrets)


def test_an_old_backup_is_put_in_place_only_by_one_who_accepts_the_loss(
    filled: Journal, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    backup.backup(filled, file)
    filled.append([draft(filled.stream(PATIENT))])
    later = take(filled)
    url = str(tmp_path / "restored.db")
    with pytest.raises(backup.UnsoundBackupError, match="cut_short"):
        backup.restore(file, url, place.secrets, (later,), kinds=TEST_KINDS)
    assert backup.restore(file, url, place.secrets, kinds=TEST_KINDS).is_sound


def test_a_backup_holds_no_secret_and_needs_them(filled: Journal, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    backup.backup(filled, file)
    stored = file.read_bytes()
    for secret in (filled.secrets.master, filled.secrets.signing):
        assert secret not in stored
        assert secret.hex().encode() not in stored
    shutil.rmtree(place.secrets)
    with pytest.raises(JournalRefusedError, match="secret"):
        backup.restore(file, str(tmp_path / "restored.db"), place.secrets, kinds=TEST_KINDS)


def test_an_export_is_everything_in_json(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    hung = VialHung(product="octagam-10-us", grams=Decimal("10.00"), lot="A1")
    journal.append([draft(stream, hung, lot="A1"), draft(stream, RateSet(rate_ml_per_h=Decimal("40.50")))])
    journal.append([draft(journal.stream(OTHER))])
    text = export.to_json(journal.read(stream))
    first, second = msgspec.json.decode(text)
    assert (first["lot"], first["body"]["kind"], first["position"]) == ("A1", "vial_hung", 1)
    assert second["body"]["rate_ml_per_h"] == 40.5
    assert b'"rate_ml_per_h": 40.50' in text
    assert text.count(b"\n") > 20, "laid out for reading"


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_an_export_is_one_line_a_value_in_csv(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    journal.append(
        [draft(stream, RateSet(rate_ml_per_h=Decimal("40.50"))), draft(stream, Note(text='a "b",\r\nc'))]
    )
    text = export.to_csv(journal.read(stream))
    assert all(line["stream"] == stream for line in lines(text))
    assert [(line["position"], line["kind"], line["field"], line["value"]) for line in lines(text)] == [
        ("1", "rate_set", "kind", "rate_set"),
        ("1", "rate_set", "rate_ml_per_h", "40.50"),
        ("2", "note", "type", "note"),
        ("2", "note", "text", 'a "b",\r\nc'),
        ("2", "note", "corrects", ""),
    ]
    assert text.splitlines(keepends=True)[0].endswith("\r\n")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(journal: Journal, start: str) -> None:
    stream = journal.stream(PATIENT)
    evil = start + "cmd|' /C calc'!A0"
    changes = {"lot": evil} if start.isprintable() else {}
    journal.append([draft(stream, Note(text=evil), **changes)])
    cells = [cell for line in lines(export.to_csv(journal.read(stream))) for cell in line.values()]
    assert "'" + evil in cells
    assert not any(cell.startswith(export.FORMULA) for cell in cells)


def test_a_negative_number_stays_a_number(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    journal.append(
        [
            draft(stream, Hung(grams=-5)),
            draft(stream, VitalsTaken(readings={"measure.pain_0_10": Decimal("-1E+2")})),
        ]
    )
    values = [line["value"] for line in lines(export.to_csv(journal.read(stream)))]
    assert "-5" in values
    assert "-100" in values


def test_what_was_erased_or_is_not_known_is_exported_as_such(journal: Journal, place: Place) -> None:
    stream = journal.stream(PATIENT)
    journal.append([draft(stream, Hung(grams=5))])
    older = place.open(kinds=type(TEST_KINDS)([]))
    assert "test_vial_hung" in export.to_csv(older.read(stream))
    assert b"grams" in export.to_json(older.read(stream))
    older.close()
    journal.erase(erasure(stream))
    erased, _ = msgspec.json.decode(export.to_json(journal.read(stream)))
    assert erased["body"] == {"type": "erased_payload"}
