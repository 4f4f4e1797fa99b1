"""The board: who needs somebody first; what it may show; that it follows the journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.happenings import ReportsSettled, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.infusion import advise, replay
from ivigil.infusion.advice import PRESSING, RANKS, Advice
from ivigil.infusion.due import due
from ivigil.infusion.events import (
    Completed,
    Event,
    Happening,
    IdentityChecked,
    ObservationEnded,
    Seated,
    SymptomNoted,
)
from ivigil.infusion.moment import past
from ivigil.practice import bedside
from ivigil.practice.authorising import add, running_days
from ivigil.practice.board import Place, initials, rank_of, ranked
from ivigil.practice.entry import Entry, draft
from ivigil.practice.ward import Ward
from ivigil.practice.watch import Watch
from ivigil.records import Journal
from ivigil.records.bodies import Erasure
from tests.support.bedside import RUNS, begun, briefing, minute
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.orders import knowledge


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal.create(str(tmp_path / "journal.db"), tmp_path / "secrets", clock=lambda: NOW)
    yield made
    made.close()


def played(journal: Journal, value: str, name: str, **more: Any) -> Plan:
    return FictionalWard(journal).played(value, name, **more)


def happens(journal: Journal, plan: Plan, what: Happening, at: dt.datetime = NOW) -> None:
    FictionalWard(journal).happens(plan, what, at)


def board(journal: Journal, at: dt.datetime = NOW) -> tuple[Place, ...]:
    return Ward(journal).board(knowledge(), at).places


def test_an_infusion_stands_on_the_board_as_the_chair_sees_it(journal: Journal) -> None:
    plan = played(journal, "A-1", "Alva Example")
    happens(journal, plan, Seated(chair="4"))
    (place,) = board(journal)
    seen = bedside.report(bedside.look(journal, infusion_id(plan.id, 1), knowledge(), NOW))
    assert (place.chair, place.initials, place.phase) == ("4", "A. E.", "running")
    assert (place.rate_ml_per_h, place.given_ml) == (seen.state.rate_ml_per_h, seen.given_ml)
    assert (place.expected_end, place.due) == (seen.expected_end, seen.due)
    assert [each.code for each in place.advice] == [each.code for each in seen.advice]


def test_an_emergency_stands_before_what_is_overdue_and_that_before_what_goes_well(journal: Journal) -> None:
    well = played(journal, "A-1", "Alva Example")
    late = played(journal, "A-2", "Bo Example", minutes_ago=600)
    ill = played(journal, "A-3", "Cleo Example")
    happens(journal, ill, SymptomNoted(symptom="symptom.wheezing"))
    happens(journal, ill, SymptomNoted(symptom="symptom.low_blood_pressure"))
    at = NOW + dt.timedelta(minutes=3)
    places = Ward(journal).board(knowledge(), at).places
    assert places[0].infusion == infusion_id(ill.id, 1)
    assert (places[0].rank, places[0].section) == ("emergency", "first")
    assert {place.infusion for place in places} >= {infusion_id(well.id, 1)}
    assert late.id


def test_what_a_patient_reports_from_the_chair_needs_somebody_first_until_it_is_settled(
    journal: Journal,
) -> None:
    played(journal, "A-1", "Alva Example")
    ill = played(journal, "A-2", "Bo Example")
    told = SymptomReport(at=NOW, present=("symptom.wheezing",))
    FictionalWard(journal).happens(ill, SymptomsReported(report=told, urgency="emergency_now", facts=()))
    first, _ = board(journal)
    assert (first.initials, first.rank, first.section) == ("B. E.", "emergency", "first")
    assert [(each.infusion, each.urgency) for each in first.reports] == [(f"{ill.id}-1", "emergency_now")]
    seen = Watch(journal).look(f"{ill.id}-1", knowledge(), NOW)
    assert seen.reports == first.reports
    after = NOW + dt.timedelta(seconds=1)
    FictionalWard(journal).happens(ill, ReportsSettled(reason="seen at the chair"), after)
    assert [place.reports for place in board(journal, after)] == [(), ()]


def test_of_two_overdue_the_one_that_waits_longer_comes_first(journal: Journal) -> None:
    one, other = played(journal, "A-1", "Alva Example", minutes_ago=60), played(journal, "A-2", "Bo Example")
    places = Ward(journal).board(knowledge(), NOW + dt.timedelta(hours=2)).places
    assert {place.rank for place in places} == {"overdue"}
    assert places[0].waiting_since is not None
    assert places[1].waiting_since is not None
    assert places[0].waiting_since <= places[1].waiting_since
    assert {one.id, other.id} == {place.infusion.rpartition("-")[0] for place in places}


def test_a_released_plan_of_today_is_expected_and_one_of_tomorrow_is_not_there(journal: Journal) -> None:
    today = played(journal, "A-1", "Alva Example", minutes_ago=-90)
    played(journal, "A-2", "Bo Example", minutes_ago=-60 * 24)
    (place,) = board(journal)
    assert (place.infusion, place.section, place.refused) == (infusion_id(today.id, 1), "expected", ())


def test_a_plan_of_today_that_is_not_released_says_so(journal: Journal) -> None:
    played(journal, "A-1", "Alva Example", minutes_ago=0, reached="prescribed")
    (place,) = board(journal)
    assert [(each.code, each.what) for each in place.refused] == [("unreleased", "prescribed")]


def test_who_never_left_yesterday_is_still_on_the_board(journal: Journal) -> None:
    played(journal, "A-1", "Alva Example", minutes_ago=120)
    (place,) = board(journal, NOW + dt.timedelta(days=1))
    assert (place.phase, place.section) == ("running", "first")


def test_after_the_end_the_patient_is_observed_then_leaves(journal: Journal) -> None:
    plan = played(journal, "A-1", "Alva Example")
    ward = Ward(journal)
    happens(journal, plan, Completed())
    (place,) = ward.board(knowledge(), NOW + dt.timedelta(minutes=1)).places
    assert place.phase == "ended"
    assert place.rate_ml_per_h == 0
    happens(journal, plan, ObservationEnded(), NOW)
    found = ward.board(knowledge(), NOW + dt.timedelta(minutes=2))
    assert (found.places, found.left) == ((), 1)


def test_near_identical_names_and_one_chair_for_two_are_said(journal: Journal) -> None:
    for value, name in (("A-1", "Anna Lindberg"), ("A-2", "Anne Lindborg"), ("A-3", "Bo Example")):
        happens(journal, played(journal, value, name), Seated(chair="Window 2" if value != "A-3" else "3"))
    notes = {place.initials: place.notes for place in board(journal)}
    assert notes["A. L."] == ("same_chair", "same_initials")
    assert notes["B. E."] == ()


def test_a_later_chair_counts(journal: Journal) -> None:
    plan = played(journal, "A-1", "Alva Example")
    happens(journal, plan, Seated(chair="4"), NOW - dt.timedelta(minutes=30))
    happens(journal, plan, Seated(chair="Bed 1"), NOW - dt.timedelta(minutes=5))
    assert board(journal)[0].chair == "Bed 1"


@pytest.mark.parametrize("chair", ["", " 4", "4  b", "x" * 25])
def test_a_chair_has_a_readable_name(chair: str) -> None:
    with pytest.raises(ValueError, match="chair"):
        Seated(chair=chair)


def test_the_board_holds_no_name_and_no_identifier(journal: Journal) -> None:
    plan = played(journal, "SECRET-77", "Alva Surname")
    stranger = bedside_identity(plan, "OTHER-88")
    happens(journal, plan, stranger)
    text = msgspec.json.encode(Ward(journal).board(knowledge(), NOW)).decode()
    assert "identity_differs" in text
    assert not any(word in text for word in ("SECRET-77", "OTHER-88", "Alva", "Surname"))


def test_an_order_that_voids_a_running_plan_and_another_patient_there_need_somebody(journal: Journal) -> None:
    changed, mixed_up = played(journal, "A-1", "Alva Example"), played(journal, "A-2", "Bo Example")
    assert {place.section for place in board(journal)} == {"running"}
    assert running_days(journal, changed.id) == (1,)
    heavier = replace(changed.order, supersedes=changed.id)
    patient = replace(heavier.patient, weight_kg=heavier.patient.weight_kg + 5)
    entry = Entry(by=FictionalWard(journal).cast.prescriber, occurred_at=NOW, device_at=NOW)
    add(journal, replace(heavier, patient=patient), knowledge(), entry)
    happens(journal, mixed_up, bedside_identity(mixed_up, "OTHER-88"))
    first, second = (place for place in board(journal) if place.section == "first")
    assert (first.infusion, first.rank) == (infusion_id(mixed_up.id, 1), "flow")
    assert (second.infusion, second.rank) == (infusion_id(changed.id, 1), "overdue")
    assert ("wrong_patient" in first.notes, "plan_changed" in second.notes) == (True, True)
    later = NOW + dt.timedelta(seconds=30)
    happens(journal, mixed_up, bedside_identity(mixed_up, mixed_up.order.patient.id.value), later)
    now = {place.infusion: place.section for place in board(journal, later)}
    assert (now[first.infusion], now[second.infusion]) == ("running", "first")


def bedside_identity(plan: Plan, value: str) -> Happening:
    return IdentityChecked(identifier=replace(plan.order.patient.id, value=value), method="asked")


def test_an_erased_patient_is_gone_from_the_board(journal: Journal) -> None:
    plan = played(journal, "A-1", "Alva Example")
    ward = Ward(journal)
    assert len(ward.board(knowledge(), NOW).places) == 1
    stream = journal.stream(plan.order.patient.id)
    entry = Entry(by=FictionalWard(journal).cast.nurse, occurred_at=NOW, device_at=NOW)
    journal.erase(draft(entry, stream, Erasure(reason="asked for")))
    found = ward.board(knowledge(), NOW)
    assert (found.places, found.unreadable) == ((), 0)


def test_a_ward_that_follows_shows_what_a_new_one_reads(journal: Journal) -> None:
    ward, plans = Ward(journal), []
    for number, scenario in enumerate(("quiet", "headache", "quiet")):
        plans.append(played(journal, f"A-{number}", f"Alva Example {number}", scenario=scenario))
        happens(journal, plans[0], Seated(chair=f"{number}"))
        assert ward.board(knowledge(), NOW) == Ward(journal).board(knowledge(), NOW)
    tomorrow = NOW + dt.timedelta(days=1)
    assert ward.board(knowledge(), tomorrow) == Ward(journal).board(knowledge(), tomorrow)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Anna-Maria van der Berg", "A. B."),
        ("Cher", "C."),
        ("", ""),
        ("J. R. R. Tolkien", "J. T."),
        ("-", ""),
    ],
)
def test_initials_are_of_the_first_and_the_last_name(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_a_call_that_was_made_needs_nobody_more_except_in_an_emergency() -> None:
    call = Advice(code="do", rank="treat", action="call_prescriber")
    assert rank_of([call], [], NOW, symptom=False) == "treat"
    assert rank_of([replace(call, done_at=NOW)], [], NOW, symptom=False) == "later"
    team = Advice(code="do", rank="emergency", action="call_emergency_team", done_at=NOW)
    assert rank_of([team], [], NOW, symptom=False) == "emergency"


# --- properties


def ranks(events: list[Event], at: dt.datetime) -> tuple[str, bool]:
    """The rank on a board, and whether anything is overdue."""
    told = briefing("immunodeficiency")
    state = replay(told.day, [event for event in events if event.at <= at])
    advice, wanted = advise(told, state, at), due(told, state, at)
    late = any(each.overdue(at) for each in wanted)
    return rank_of(advice, wanted, at, symptom=False), late


@given(run=RUNS, at=st.integers(0, 400), forgotten=st.sets(st.integers(0, 13)))
def test_forgetting_events_never_lowers_a_rank_to_nothing_while_something_is_overdue(
    run: list[Event], at: int, forgotten: set[int]
) -> None:
    events = [*begun(briefing("immunodeficiency")), *run]
    kept = [event for number, event in enumerate(events) if number not in forgotten]
    rank, late = ranks(kept, minute(at))
    assert not late or rank in PRESSING


@given(run=RUNS, at=st.integers(0, 400))
def test_what_is_kept_of_a_state_changes_no_advice(run: list[Event], at: int) -> None:
    told, now = briefing("immunodeficiency"), minute(at)
    events = [event for event in (*begun(told), *run) if event.at <= now]
    state = replay(told.day, events)
    assert advise(told, state, now, past(told, state)) == advise(told, state, now)


BASE = Place(
    infusion="p-1",
    stream="s",
    sites=frozenset(),
    chair="",
    initials="",
    product="",
    planned_at=NOW,
    step="released",
    arrived=True,
    phase="running",
    ladder_steps=3,
    rate_ml_per_h=briefing("immunodeficiency").day.steps[0].rate_ml_per_h,
    given_ml=briefing("immunodeficiency").day.volume_ml,
    volume_ml=briefing("immunodeficiency").day.volume_ml,
    rank="later",
)
TIMES = st.none() | st.integers(0, 600).map(minute)
PLACES = st.builds(
    lambda number, rank, arrived, since, chair: replace(
        BASE, infusion=f"p-{number}", rank=rank, arrived=arrived, waiting_since=since, chair=chair
    ),
    st.integers(0, 99),
    st.sampled_from(RANKS),
    st.booleans(),
    TIMES,
    st.sampled_from(["", "1", "2", "Bed"]),
)


@given(st.lists(PLACES, max_size=12))
def test_nothing_stands_above_an_emergency(places: list[Place]) -> None:
    order = [RANKS.index(place.rank) for place in ranked(places)]
    assert order == sorted(order)
    assert sorted(place.infusion for place in places) == sorted(p.infusion for p in ranked(places))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(6)), st.lists(PLACES, min_size=6, max_size=6, unique_by=lambda p: p.infusion))
def test_the_order_of_a_board_depends_on_its_places_alone(shuffled: list[int], places: list[Place]) -> None:
    assert ranked(places) == ranked(places[number] for number in shuffled)
