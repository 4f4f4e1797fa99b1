"""Simulated infusions: the same seed the same story, every story ends, advice followed is safe."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ivigil.infusion import replay
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Event,
    MedicineGiven,
    ObservationEnded,
    Paused,
    RateSet,
    Resumed,
    Stopped,
    SymptomNoted,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.moment import Moment, look
from ivigil.infusion.progress import given_g, given_ml
from ivigil.infusion.rules import Firing, firings
from ivigil.infusion.scenario import ScenarioError, just_past, names
from ivigil.infusion.signs import baseline, history
from ivigil.infusion.simulate import Simulation
from ivigil.infusion.state import State
from ivigil.knowledge.bounds import reached
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.reactions import Limit
from tests.support.orders import knowledge
from tests.support.simulated import ADULT, CHILD, UNDER_THE_SKIN, briefed, planned, simulated

NAMED = [name for name in names(briefed(ADULT)) if not name.startswith("stop.")]
RULES = [(e, rule.id) for e in (ADULT, UNDER_THE_SKIN) for rule in briefed(e).facts.stop_rule]
STORIES = [(e, name) for e in (ADULT, UNDER_THE_SKIN) for name in NAMED] + RULES
STORIES += [(CHILD, name) for name in ("quiet", "anaphylaxis", "late_nurse", "stop.hypotension_child")]
DISOBEDIENT = ("mistyped_rate", "steps_early", "drawn")
D = Decimal


def kinds(found: Simulation) -> list[type]:
    return [type(event.what) for event in found.events]


def before(found: Simulation, event: Event) -> Moment:
    """Everything about the moment of an event, without it and what was recorded after it."""
    known = found.events[: found.events.index(event)]
    return look(found.briefing, replay(found.briefing.day, known), event.at)


def fired(found: Simulation, state: State) -> tuple[Firing, ...]:
    return firings(found.briefing, state, history(found.briefing, state))


def rates(found: Simulation) -> Iterator[tuple[Event, Decimal]]:
    """Every rate that the pump was set to."""
    for event in found.events:
        if isinstance(event.what, RateSet | Resumed) and event.what.rate_ml_per_h is not None:
            yield event, event.what.rate_ml_per_h


# The same again


@pytest.mark.parametrize("name", ["quiet", "anaphylaxis", "drawn"])
def test_the_same_seed_gives_the_same_events(name: str) -> None:
    again = simulated.__wrapped__(name, seed=7)
    assert again == simulated(name, seed=7)
    assert again.events != simulated(name, seed=8).events


def test_every_event_has_an_id_of_its_own_and_a_time_of_the_site() -> None:
    found = simulated("headache")
    assert len({event.id for event in found.events}) == len(found.events)
    assert {event.at.utcoffset() for event in found.events} == {planned(ADULT).days[0].start.utcoffset()}


@pytest.mark.parametrize(("example", "name"), STORIES)
def test_every_scenario_ends_with_the_patient_leaving(example: str, name: str) -> None:
    found = simulated(name, example=example)
    assert kinds(found)[-1] is ObservationEnded
    state = replay(found.briefing.day, found.events)
    assert state.phase == "left"
    assert {Completed, Stopped} & set(kinds(found))
    assert not any(spell.until is None for spell in state.symptoms)


def test_the_order_of_arrival_changes_nothing() -> None:
    found = simulated("anaphylaxis")
    day = found.briefing.day
    late, early = replay(day, reversed(found.events)), replay(day, found.events)
    assert (late.phase, late.flows, late.alarms) == (early.phase, early.flows, early.alarms)
    assert given_ml(late, found.until) == given_ml(early, found.until)


def test_a_cut_leaves_the_infusion_where_it_is() -> None:
    found, whole = simulated("quiet", minutes=40), simulated("quiet")
    assert found.events == whole.events[: len(found.events)]
    assert replay(found.briefing.day, found.events).phase == "running"


# Advice that is followed


@pytest.mark.parametrize(("example", "name"), [story for story in STORIES if story[1] not in DISOBEDIENT])
def test_advice_followed_never_passes_the_ceiling(example: str, name: str) -> None:
    found = simulated(name, example=example)
    assert not replay(found.briefing.day, found.events).alarms
    for event, rate in rates(found):
        moment = before(found, event)
        assert moment.ceiling is not None
        assert rate <= moment.ceiling.rate_ml_per_h
        assert moment.bar is None


@pytest.mark.parametrize("seed", range(1, 13))
def test_the_wrong_vial_is_never_hung(seed: int) -> None:
    """Out of date, without a lot, or another product: refused with its reason, then the right one."""
    found = simulated("wrong_vial", seed=seed, minutes=20)
    day, product = found.briefing.day, planned(ADULT).product
    hung = [event.what for event in found.events if isinstance(event.what, VialHung)]
    refused = {event.what.code for event in found.events if isinstance(event.what, AdviceShown)}
    assert refused & {"expired", "lot_missing", "wrong_product"}
    assert hung and product is not None
    for vial in hung:
        assert vial.product == product.id
        assert vial.lot
        assert vial.expiry is not None and vial.expiry >= day.date


@pytest.mark.parametrize("example", [ADULT, CHILD, UNDER_THE_SKIN])
def test_a_quiet_infusion_is_the_plan(example: str) -> None:
    """Every step at its planned rate and time, every vial hung, the grams of the day in."""
    found = simulated("quiet", example=example)
    day, state = found.briefing.day, replay(found.briefing.day, found.events)
    assert [rate for _, rate in rates(found)] == [step.rate_ml_per_h for step in day.steps]
    starts = [(flow.start - state.flows[0].start).total_seconds() / 60 for flow in state.flows]
    assert starts == [sum(step.minutes for step in day.steps[:count]) for count in range(len(day.steps))]
    assert given_g(state, found.until) == day.grams
    assert state.grams_hung == day.grams + day.discard_g
    assert sum((vial.left_g for vial in state.vials), D(0)) == day.discard_g


@pytest.mark.parametrize("seed", range(1, 9))
def test_after_anaphylaxis_nothing_flows_again(seed: int) -> None:
    found = simulated("anaphylaxis", seed=seed)
    state, day = replay(found.briefing.day, found.events), found.briefing.day
    began = next(event.at for event in found.events if isinstance(event.what, SymptomNoted))
    assert any(firing.kind == "anaphylaxis" for firing in fired(found, state))
    assert state.ended_early
    assert given_ml(state, found.until) == given_ml(replay(day, found.events), began)
    doses = [event.what for event in found.events if isinstance(event.what, MedicineGiven)]
    epinephrine = [dose.dose_mg for dose in doses if dose.drug_class == "epinephrine"]
    assert len(epinephrine) == 1
    assert epinephrine[0] is not None and epinephrine[0] <= D("0.01") * found.briefing.weight_kg


# The troubles


@pytest.mark.parametrize(("example", "rule"), RULES)
def test_each_stop_rule_can_be_played(example: str, rule: str) -> None:
    found = simulated(rule, example=example)
    state = replay(found.briefing.day, found.events)
    assert rule in {firing.fact for firing in fired(found, state)}


REACTIONS = ("fever", "chills", "flushing", "rash", "muscle_aches", "nausea", "headache")


@pytest.mark.parametrize("name", REACTIONS)
def test_the_reactions_of_the_mission_slow_or_stop_it(name: str) -> None:
    found = simulated(name)
    noted = next(event for event in found.events if isinstance(event.what, SymptomNoted))
    assert isinstance(noted.what, SymptomNoted)
    assert noted.what.symptom == f"symptom.{name}"
    state = replay(found.briefing.day, found.events)
    earlier = [flow.rate_ml_per_h for flow in state.flows if flow.start < noted.at]
    later = [flow.rate_ml_per_h for flow in state.flows if flow.start >= noted.at]
    assert max(later, default=D(0)) < earlier[-1]
    assert any(
        isinstance(event.what, AdviceShown) and event.what.code in ("slow", "stop") for event in found.events
    )


def test_a_late_nurse_is_told_what_is_overdue() -> None:
    found = simulated("late_nurse")
    shown = [event for event in found.events if isinstance(event.what, AdviceShown)]
    overdue = next(event for event in shown if event.what.code == "check_vitals")  # type: ignore[union-attr]
    late = found.scenario.late_minutes
    measured = next(e for e in found.events if isinstance(e.what, VitalsTaken) and e.at > overdue.at)
    assert late >= 1
    assert (measured.at - overdue.at).total_seconds() / 60 <= late
    assert before(found, measured).overdue


def test_a_paused_pump_gives_nothing_and_loses_nothing() -> None:
    found = simulated("paused_pump")
    state = replay(found.briefing.day, found.events)
    paused = next(event for event in found.events if isinstance(event.what, Paused))
    resumed = next(event for event in found.events if isinstance(event.what, Resumed))
    assert paused.at < resumed.at
    assert given_ml(state, paused.at) == given_ml(state, resumed.at)
    assert given_ml(state, found.until) == found.briefing.day.volume_ml


def test_a_slip_of_the_rate_raises_an_alarm_and_the_advice_to_slow() -> None:
    found = simulated("mistyped_rate")
    state = replay(found.briefing.day, found.events)
    assert [alarm.code for alarm in state.alarms] == ["rate_past_limit"]
    assert any(isinstance(e.what, AdviceShown) and e.what.code == "slow" for e in found.events)


def test_going_against_advice_leaves_its_reason() -> None:
    found = simulated("steps_early")
    overridden = [event.what for event in found.events if isinstance(event.what, AdviceOverridden)]
    assert [(what.code, bool(what.reason)) for what in overridden] == [("hold_rate", True)]


def test_an_unknown_scenario_names_those_that_there_are() -> None:
    with pytest.raises(ScenarioError) as raised:
        simulated("hedache")
    assert {"headache", "late_nurse", "stop.hypersensitivity"} <= set(raised.value.accepted)


# Values just past a limit, worked out by hand

BY_HAND = [
    (Limit(measure="m", of="rise", at_least=D(30)), "118", "148"),
    (Limit(measure="m", of="change", at_least=D(30)), "118", "148"),
    (Limit(measure="m", of="rise", above=D("1.0")), "36.8", "37.9"),
    (Limit(measure="m", of="fall", at_least=D(3)), "98", "95"),
    (Limit(measure="m", of="fall_percent", above=D(30)), "118", "82"),
    (Limit(measure="m", of="fall_percent", above=D(30)), "120", "83"),
    (Limit(measure="m", at_least=D("37.8")), "36.8", "37.8"),
    (Limit(measure="m", above=D(120)), "84", "121"),
    (Limit(measure="m", below=D(92)), "98", "91"),
    (Limit(measure="m", below=D(70), per_year_of_age=D(2)), "118", "75"),
]


@pytest.mark.parametrize(("limit", "own", "value"), BY_HAND)
def test_a_value_just_past_a_limit(limit: Limit, own: str, value: str) -> None:
    assert just_past(limit, D(own), age_years=3) == D(value)


@pytest.mark.parametrize("example", [ADULT, CHILD])
def test_just_past_is_the_first_value_that_reaches_the_limit(example: str) -> None:
    found, base = simulated("quiet", example=example), knowledge()
    own = baseline(replay(found.briefing.day, found.events))
    rules = [limit for rule in found.briefing.facts.stop_rule for limit in rule.limits]
    rules += [limit for symptom in base.facts.symptom for limit in symptom.limits]
    for limit in rules:
        mine = own[limit.measure]
        value = just_past(limit, mine, found.briefing.age_years)
        step = D(1).scaleb(int(mine.as_tuple().exponent))
        nearer = value - step if value > mine else value + step
        assert reached(limit, value, mine, found.briefing.age_years) is Truth.TRUE
        assert reached(limit, nearer, mine, found.briefing.age_years) is Truth.FALSE
