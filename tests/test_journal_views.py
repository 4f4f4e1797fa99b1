"""Views are what the events make them, however they came about; look-back finds every patient of a lot."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ivigil.infusion.events import Completed, Paused, Resumed, Started, VialHung, VitalsTaken
from ivigil.knowledge.trade_items import lot_key
from ivigil.patient import Identifier
from ivigil.records import Journal
from ivigil.records.bodies import Contact
from ivigil.records.lookback import look_back, lots_of
from ivigil.records.verify import Finding, verify
from ivigil.records.views import infusion_state
from ivigil.records.words import Draft
from tests.support.journals import NOON, OTHER, PATIENT, draft, erasure, tamper

PRODUCT = "octagam-10-us"
HUNG = VialHung(product=PRODUCT, grams=Decimal(10))


def vial(
    stream: str, lot: str, infusion: str = "infusion-1", minutes: int = 0, product: str = PRODUCT
) -> Draft:
    return draft(
        stream,
        HUNG,
        lot=lot,
        subject=infusion,
        product=product,
        occurred_at=NOON + dt.timedelta(minutes=minutes),
    )


def contact(journal: Journal, patient: Identifier, name: str, phone: str = "555-0100") -> Draft:
    return draft(journal.stream(patient), Contact(patient=patient, name=name, phone=phone))


@pytest.fixture
def filled(journal: Journal) -> Journal:
    one, two = journal.stream(PATIENT), journal.stream(OTHER)
    journal.append(
        [
            contact(journal, PATIENT, "Demo Duck"),
            contact(journal, OTHER, "Sample Swan"),
            vial(one, "A 123b", minutes=30),
            vial(one, "a123B", minutes=0),
            vial(one, "A123B", "infusion-2", minutes=3000),
            vial(two, "A123B", "infusion-3", minutes=60, product="privigen-us"),
            vial(two, "C9", "infusion-3", minutes=70),
            contact(journal, PATIENT, "Demo Duck", "555-0199"),
        ]
    )
    return journal


def test_look_back_finds_every_patient_infusion_and_vial(filled: Journal) -> None:
    first, second = look_back(filled, "A123B")
    assert [(use.subject, use.vials) for use in first.uses] == [("infusion-1", 2), ("infusion-2", 1)]
    assert (first.uses[0].first_at, first.uses[0].last_at) == (NOON, NOON + dt.timedelta(minutes=30))
    assert first.uses[0].lot == "A 123b", "as it was typed"
    assert (first.reach, first.contact) == (
        "known",
        Contact(patient=PATIENT, name="Demo Duck", phone="555-0199"),
    )
    assert [(use.product, use.subject, use.vials) for use in second.uses] == [
        ("privigen-us", "infusion-3", 1)
    ]


def test_look_back_of_one_product_leaves_out_the_same_number_of_another(filled: Journal) -> None:
    (only,) = look_back(filled, " a 123 b", PRODUCT)
    assert only.stream == filled.stream(PATIENT)
    assert look_back(filled, "A123") == ()


def test_look_back_still_finds_a_patient_who_was_erased_and_says_so(filled: Journal) -> None:
    before = look_back(filled, "A123B")[0]
    filled.erase(erasure(filled.stream(PATIENT)))
    after = look_back(filled, "A123B")[0]
    assert after.uses == before.uses
    assert (after.reach, after.contact) == ("erased", None)


def test_look_back_names_a_patient_without_a_contact(journal: Journal) -> None:
    journal.append([vial(journal.stream(PATIENT), "A1")])
    (traced,) = look_back(journal, "A1")
    assert (traced.reach, traced.contact) == ("unknown", None)


def test_a_patient_sees_their_lots(filled: Journal) -> None:
    assert [(use.lot, use.product) for use in lots_of(filled, filled.stream(OTHER))] == [
        ("A123B", "privigen-us"),
        ("C9", PRODUCT),
    ]


@pytest.mark.parametrize("typed", ["a123b", " A123B", "A 123 B", "Ａ１２３Ｂ", "A\u00a0123B"])
def test_how_a_lot_is_typed_does_not_matter(typed: str) -> None:
    assert lot_key(typed) == lot_key("A123B")


@pytest.mark.parametrize("typed", ["A123", "A1238", "A-123B", "A123BB"])
def test_another_lot_is_another(typed: str) -> None:
    assert lot_key(typed) != lot_key("A123B")


def state(journal: Journal) -> str:
    with journal.store.reading() as connection:
        found: str = connection.execute(infusion_state.select()).one().state
    return found


def test_an_infusion_is_what_happened_last_not_what_arrived_last(journal: Journal) -> None:
    stream = journal.stream(PATIENT)

    def at(minutes: int, body: Started | Paused | Resumed | Completed | VitalsTaken) -> Draft:
        return draft(stream, body, subject="infusion-1", occurred_at=NOON + dt.timedelta(minutes=minutes))

    journal.append([at(0, Started()), at(60, Resumed())])
    assert state(journal) == "resumed"
    journal.append([at(50, Paused())])
    assert state(journal) == "resumed", "the pause arrived late"
    journal.append([at(120, Completed()), at(130, VitalsTaken(readings={}))])
    assert state(journal) == "completed", "vitals are no state"


def test_a_rebuild_gives_what_was_there(filled: Journal) -> None:
    seen: list[tuple[int, int]] = []
    before = look_back(filled, "A123B")
    filled.rebuild_views(lambda done, total: seen.append((done, total)))
    assert look_back(filled, "A123B") == before
    assert verify(filled).findings == ()
    assert seen == [(8, 8)]


def test_views_that_were_altered_or_thrown_away_are_found_and_rebuilt(filled: Journal) -> None:
    before = look_back(filled, "A123B")
    tamper(filled, "UPDATE lot_use SET vials = 9")
    tamper(filled, "DELETE FROM contact_at")
    assert set(verify(filled).findings) == {
        Finding("views_differ", 8, "lot_use"),
        Finding("views_differ", 8, "contact_at"),
    }
    tamper(filled, "DROP TABLE lot_use")
    filled.rebuild_views()
    assert look_back(filled, "A123B") == before
    assert verify(filled).is_sound
