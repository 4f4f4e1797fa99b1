"""Append and read, on SQLite and on a real PostgreSQL: what was acknowledged is there, once, in order."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from ivigil.records import (
    ConflictError,
    DraftError,
    Erased,
    Journal,
    JournalRefusedError,
    Raw,
    Receipt,
    Record,
    RepeatedIdError,
)
from ivigil.records.bodies import Body, Note
from ivigil.records.kinds import Kind, Kinds
from ivigil.records.register import KINDS
from tests.support.journals import NOON, OTHER, PATIENT, TEST_KINDS, Hung, Place, draft, erasure


def test_what_was_acknowledged_is_read_back_whole(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    asked = draft(
        stream,
        Hung(grams=10),
        occurred_at=dt.datetime(2026, 12, 7, 8, 30, 0, 1, tzinfo=ZoneInfo("America/Toronto")),
        device_at=NOON,
        device="tablet-3",
        on_behalf_of="dr.demo",
        subject="infusion-1",
        product="octagam-10-us",
        lot="A 123 b",
    )
    (receipt,) = journal.append([asked])
    (record,) = journal.read(stream)
    for field in msgspec.structs.fields(asked):
        assert getattr(record, field.name) == getattr(asked, field.name), field.name
    assert record.occurred_at.utcoffset() == dt.timedelta(hours=-5)
    assert Receipt(record.position, record.version, record.hash, record.received_at) == receipt
    assert (receipt.position, receipt.version, receipt.received_at) == (1, 1, NOON)


def test_positions_have_no_gap_and_each_patient_has_versions(journal: Journal) -> None:
    one, two = journal.stream(PATIENT), journal.stream(OTHER)
    journal.append([draft(one), draft(two)])
    journal.append([draft(two)])
    journal.append([draft(one)])
    assert [(r.position, r.stream, r.version) for r in journal.records()] == [
        (1, one, 1),
        (2, two, 1),
        (3, two, 2),
        (4, one, 2),
    ]
    assert [r.position for r in journal.read(two, after_version=1)] == [3]
    assert (journal.version(one), journal.version("0" * 32)) == (2, 0)
    assert journal.head().position == 4


def test_a_journal_is_there_after_it_was_closed(place: Place) -> None:
    journal = place.create()
    stream = journal.stream(PATIENT)
    (receipt,) = journal.append([draft(stream)])
    journal.close()
    again = place.open()
    assert again.stream(PATIENT) == stream
    assert [r.hash for r in again.read(stream)] == [receipt.hash]
    again.close()


def test_the_same_id_twice_is_one_event(journal: Journal) -> None:
    asked = draft(journal.stream(PATIENT), device_at=NOON)
    first = journal.append([asked])
    later = msgspec.structs.replace(asked, device_at=NOON + dt.timedelta(hours=2))
    assert journal.append([asked]) == journal.append([later]) == journal.append([asked, asked])[:1] == first
    assert journal.head().position == 1


def test_a_second_sending_is_no_conflict(journal: Journal) -> None:
    """The acknowledgement was lost on the way: the client sends the same events at the same version."""
    asked = [draft(journal.stream(PATIENT)), draft(journal.stream(PATIENT))]
    first = journal.append(asked, expected_version=0)
    assert journal.append(asked, expected_version=0) == first


@pytest.mark.parametrize(
    "change",
    [
        {"body": Note(text="other")},
        {"occurred_at": NOON + dt.timedelta(microseconds=1)},
        {"occurred_at": NOON.astimezone(ZoneInfo("Europe/Paris"))},
        {"author": "nurse.other"},
        {"lot": "B"},
        {"kind": "test_vial_hung", "body": Hung(grams=5)},
        {"stream": "0" * 32},
    ],
    ids=str,
)
def test_the_same_id_with_other_content_is_refused(journal: Journal, change: dict[str, object]) -> None:
    asked = draft(journal.stream(PATIENT))
    journal.append([asked])
    fresh = draft(asked.stream)
    with pytest.raises(RepeatedIdError) as caught:
        journal.append([fresh, msgspec.structs.replace(asked, **change)])
    assert (caught.value.event_id, caught.value.position) == (asked.id, 1)
    assert journal.head().position == 1


def test_a_stale_writer_is_told_the_present_version(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)], expected_version=0)
    with pytest.raises(ConflictError) as caught:
        journal.append([draft(stream)], expected_version=0)
    assert (caught.value.expected, caught.value.present) == (0, 1)
    journal.append([draft(stream)])
    assert journal.version(stream) == 2


def test_writers_at_once_lose_nothing(place: Place) -> None:
    place.create().close()
    receipts: list[Receipt] = []

    def write() -> None:
        journal = place.open()
        for _ in range(20):
            receipts.extend(journal.append([draft(journal.stream(PATIENT))]))
        journal.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    journal = place.open()
    assert sorted(r.position for r in receipts) == list(range(1, 81))
    assert {r.hash for r in receipts} == {r.hash for r in journal.records()}
    assert [r.version for r in journal.read(journal.stream(PATIENT))] == list(range(1, 81))
    journal.close()


def test_only_one_of_two_who_read_the_same_version_writes(place: Place) -> None:
    place.create().close()
    outcomes: list[str] = []

    def write() -> None:
        journal = place.open()
        try:
            journal.append([draft(journal.stream(PATIENT))], expected_version=0)
            outcomes.append("written")
        except ConflictError:
            outcomes.append("conflict")
        journal.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["conflict"] * 3 + ["written"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": "1"}, "UUID"),
        ({"id": "0B4E5C1A-3D52-4E19-9D6B-2F1C8E7A9B00"}, "UUID"),
        ({"stream": "D-014"}, "pseudonym"),
        ({"occurred_at": dt.datetime(2026, 12, 7, 8)}, "occurred_at"),
        ({"device_at": dt.datetime(2026, 12, 7, 8)}, "device_at"),
        ({"author": ""}, "author"),
        ({"site": ""}, "site"),
        ({"lot": "A\x00B"}, "lot"),
        ({"lot": " A1"}, "lot"),
        ({"device": "x" * 201}, "device"),
        ({"kind": "never_heard_of"}, "never_heard_of"),
        ({"kind": "contact"}, "Contact"),
        ({"body": Note(text=7)}, "read back"),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_faulty_draft_is_refused_with_its_fault(
    journal: Journal, change: dict[str, Any], named: str
) -> None:
    stream = journal.stream(PATIENT)
    faulty = msgspec.structs.replace(draft(stream), **change)
    with pytest.raises(DraftError, match=named):
        journal.append([draft(stream), faulty])
    assert journal.head().position == 0


def test_two_different_events_under_one_id_in_one_call_are_refused(journal: Journal) -> None:
    asked = draft(journal.stream(PATIENT))
    with pytest.raises(DraftError, match="twice"):
        journal.append([asked, msgspec.structs.replace(asked, author="nurse.other")])


def test_an_erased_patient_is_unreadable_and_the_lot_trace_stays(journal: Journal) -> None:
    stream, other = journal.stream(PATIENT), journal.stream(OTHER)
    asked = draft(stream, Hung(grams=10), lot="A1", product="octagam-10-us", subject="infusion-1")
    first = journal.append([asked, draft(other)])
    order = erasure(stream)
    gone = journal.erase(order)
    hung, erased = journal.read(stream)
    assert hung.body == Erased()
    assert (hung.lot, hung.product, hung.author, hung.occurred_at) == (
        "A1",
        "octagam-10-us",
        asked.author,
        NOON,
    )
    assert (erased.body, erased.hash) == (order.body, gone.hash)
    assert journal.read(other)[0].body == Note(text="vein found at the second attempt")
    assert journal.append([asked]) == first[:1]


def test_a_patient_who_comes_back_is_written_down_again(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)])
    order = erasure(stream)
    first = journal.erase(order)
    journal.append([draft(stream, Note(text="came back"))])
    assert journal.erase(order) == first, "a second sending of the erasure destroys nothing new"
    assert [type(r.body).__name__ for r in journal.read(stream)] == ["Erased", "Erasure", "Note"]


def test_an_erasure_has_a_door_of_its_own(journal: Journal) -> None:
    stream = journal.stream(PATIENT)
    with pytest.raises(DraftError):
        journal.append([erasure(stream)])
    with pytest.raises(DraftError):
        journal.erase(draft(stream))


class Levels1(Body, frozen=True, tag="test_level"):
    mg_per_dl: int


class Levels3(Body, frozen=True, tag="test_level"):
    g_per_l: Decimal
    assay: str


def test_old_bodies_are_read_in_their_present_form(place: Place) -> None:
    old = place.create(Kinds([Kind(Levels1)]))
    stream = old.stream(PATIENT)
    asked = draft(stream, Levels1(mg_per_dl=710))
    old.append([asked])
    old.close()
    upcasters = (
        lambda level: {"g_per_l": str(Decimal(level["mg_per_dl"]) / 100)},
        lambda level: level | {"assay": "unknown"},
    )
    new = place.open(Kinds([Kind(Levels3, upcasters=upcasters)]))
    (record,) = new.read(stream)
    assert record.body == Levels3(g_per_l=Decimal("7.1"), assay="unknown")
    assert record.schema == 1
    again = msgspec.structs.replace(asked, body=record.body)
    assert new.append([again])[0].position == 1, "an old event that is sent again is known again"
    new.append([draft(stream, Levels3(g_per_l=Decimal("6.50"), assay="nephelometry"))])
    assert str(new.read(stream)[1].body.g_per_l) == "6.50"  # type: ignore[attr-defined]
    new.close()


def test_a_body_of_a_newer_or_unknown_kind_is_shown_raw(place: Place) -> None:
    new = place.create(Kinds([*KINDS, Kind(Levels3, upcasters=(lambda level: level,)), Kind(Hung)]))
    stream = new.stream(PATIENT)
    new.append([draft(stream, Levels3(g_per_l=Decimal("7.1"), assay="x")), draft(stream, Hung(grams=5))])
    new.close()
    old = place.open(Kinds([Kind(Levels1)]))
    assert [r.body for r in old.read(stream)] == [
        Raw('{"type":"test_level","g_per_l":"7.1","assay":"x"}'),
        Raw('{"type":"test_vial_hung","grams":5}'),
    ]
    old.close()


def test_a_journal_is_not_made_over_another(place: Place) -> None:
    place.create().close()
    with pytest.raises(JournalRefusedError, match="already"):
        place.create()


def test_pages_are_joined_without_a_seam(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivigil.records.journal.PAGE", 3)
    stream = journal.stream(PATIENT)
    journal.append([draft(stream) for _ in range(7)])
    read: list[Record] = list(journal.records())
    assert [r.position for r in read] == [1, 2, 3, 4, 5, 6, 7]
    assert [r.position for r in journal.records(after_position=6)] == [7]


def test_planning_does_not_wait_for_the_database_library() -> None:
    script = "import ivigil, ivigil.cli.plan, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_kind_has_its_own_tag() -> None:
    with pytest.raises(ValueError, match="Hung"):
        Kinds([*TEST_KINDS, Kind(Hung)])
