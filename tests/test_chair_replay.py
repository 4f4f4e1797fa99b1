"""Replay, volumes and steps of an infusion, worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion import brief, replay
from ivigil.infusion.briefing import BriefingError
from ivigil.infusion.chronicle import chronicle, correction_of
from ivigil.infusion.events import (
    AdviceShown,
    Completed,
    Corrected,
    Disconnected,
    Event,
    IdentityChecked,
    ObservationEnded,
    Paused,
    RateSet,
    ReactionGraded,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.progress import (
    allowed_step,
    expected_end,
    given_g,
    given_ml,
    highest_rate_ml_per_h,
    left_g,
    left_ml,
    reached,
    step_number,
    time_at_step,
)
from ivigil.intake import parse_order
from ivigil.patient import Identifier
from ivigil.planning import plan
from tests.support.at_the_chair import EXAMPLES
from tests.support.bedside import DAY, START, event, hand_made_day, minute, rate, sign, state
from tests.support.orders import adult, knowledge, order

D = Decimal
GO = [event(0, Started()), rate(0, 30)]


# --- what is recorded as it was


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity"])
def test_no_pump_shows_less_than_nothing(value: str) -> None:
    for make in (
        lambda v: RateSet(rate_ml_per_h=v),
        lambda v: Resumed(rate_ml_per_h=v),
        lambda v: Stopped(volume_ml=v),
        lambda v: Completed(volume_ml=v),
        lambda v: VialHung(product="p", grams=v),
        lambda v: VialHung(product="p", grams=D(1), volume_ml=v),
        lambda v: VialFinished(hung="x", left_g=v),
        lambda v: RestartDecided(decided_by="d", rate_ml_per_h_max=v, reason="r"),
    ):
        with pytest.raises(ValueError, match="amount"):
            make(D(value))


def test_a_reading_is_a_number_and_a_grade_is_one_of_five() -> None:
    with pytest.raises(ValueError, match="number"):
        VitalsTaken(readings={"measure.spo2_percent": D("NaN")})
    for grade in (0, 6):
        with pytest.raises(ValueError, match="grade"):
            ReactionGraded(term="ctcae.fever", grade=grade, version="6.0")


def test_a_time_without_offset_is_refused_when_read() -> None:
    naive = dt.datetime(2026, 11, 23, 8)
    with pytest.raises(ValueError, match="offset"):
        Event(id="a", at=naive, what=Started())
    with pytest.raises(ValueError, match="offset"):
        Corrected(event="a", at=naive)
    with pytest.raises(msgspec.ValidationError, match="offset"):
        msgspec.json.decode(b'{"id":"a","at":"2026-11-23T08:00:00","what":{"kind":"started"}}', type=Event)


# --- order


def test_an_id_counts_once_and_of_two_contents_the_same_one_holds() -> None:
    one, other = event(0, RateSet(rate_ml_per_h=D(30)), "x"), event(0, RateSet(rate_ml_per_h=D(60)), "x")
    assert (
        len(chronicle([one, one, replace(one, at=one.at.astimezone(dt.timezone(dt.timedelta(hours=5))))]))
        == 1
    )
    assert chronicle([one, other]) == chronicle([other, one])
    assert len(chronicle([one, other])) == 1


def test_at_one_instant_what_makes_a_flow_comes_before_what_ends_it() -> None:
    start, flow, end = (
        event(5, Started(), "c"),
        event(5, RateSet(rate_ml_per_h=D(30)), "b"),
        event(5, Stopped(), "a"),
    )
    assert [e.what for e in chronicle([end, flow, start])] == [start.what, flow.what, end.what]
    pause = event(5, Paused(), "a")
    assert state([*GO, pause, event(5, Resumed(), "b")]).phase == "halted"
    assert state([start, flow, end]).phase == "ended"


def test_the_last_correction_holds_and_waits_for_its_event() -> None:
    wrong = event(1, RateSet(rate_ml_per_h=D(60)), "wrong")
    first = event(2, Corrected(event="wrong", what=RateSet(rate_ml_per_h=D(70))), "c1")
    second = event(3, Corrected(event="wrong", what=RateSet(rate_ml_per_h=D(80)), at=minute(4)), "c2")
    assert chronicle([first, second]) == ()
    [kept] = chronicle([second, first, wrong])
    assert (kept.what, kept.at, kept.id) == (RateSet(rate_ml_per_h=D(80)), minute(4), "wrong")
    [kept] = chronicle([wrong, first])
    assert kept.at == minute(1)
    assert chronicle([wrong, event(5, Corrected(event="wrong"), "c3"), first]) == ()


@given(st.permutations(range(4)), st.data())
def test_corrections_of_one_minute_hold_as_they_were_recorded(names: list[int], data: st.DataObject) -> None:
    """Each was made by somebody who saw the one before. Neither ids, clocks nor arrival change that."""
    wrong = event(1, RateSet(rate_ml_per_h=D(60)), "wrong")
    made, before = [wrong], ""
    for number, name in enumerate(names):
        at = data.draw(st.sampled_from([2, 2, 3]))
        change = Corrected(event="wrong", what=RateSet(rate_ml_per_h=D(70 + number)), replaces=before)
        made.append(event(at, change, f"c{name}"))
        before = f"c{name}"
    arrived = data.draw(st.permutations(made))
    assert [each.what for each in chronicle(arrived)] == [RateSet(rate_ml_per_h=D(73))]
    last = correction_of("wrong", arrived)
    assert last is not None
    assert last.id == before


@given(st.data())
def test_any_corrections_settle_alike_in_any_order_of_arrival(data: st.DataObject) -> None:
    """Also those that did not know of each other, name what nobody recorded, or name each other."""
    names = [f"c{number}" for number in range(4)]
    made = [event(1, RateSet(rate_ml_per_h=D(60)), "wrong")]
    for number, name in enumerate(names):
        replaces = data.draw(st.sampled_from(["", "unknown", *names]))
        change = Corrected(event="wrong", what=RateSet(rate_ml_per_h=D(70 + number)), replaces=replaces)
        made.append(event(data.draw(st.sampled_from([2, 3])), change, name))
    held = chronicle(made)
    assert len(held) == 1
    assert chronicle(data.draw(st.permutations(made))) == held


# --- flows


def test_volume_is_rate_times_time() -> None:
    """30 mL/h 30 min = 15; 60 mL/h 20 min = 20; paused 10 min; 60 mL/h 30 min = 30; in all 65 mL."""
    seen = state([*GO, rate(30, 60), event(50, Paused()), event(60, Resumed()), event(90, Stopped())])
    told = [given_ml(seen, minute(n)) for n in (-5, 0, 10, 30, 45, 50, 55, 60, 90, 400)]
    assert told == [0, 0, 5, 15, 30, 35, 35, 35, 65, 65]
    assert (given_g(seen, minute(90)), left_ml(seen, minute(90)), left_g(seen, minute(90))) == (
        D("6.5"),
        D(135),
        D("13.5"),
    )
    assert highest_rate_ml_per_h(seen) == 60
    assert (seen.phase, seen.ended_early, seen.ended_at) == ("ended", True, minute(90))


def test_more_than_planned_leaves_nothing() -> None:
    seen = state([event(0, Started()), rate(0, 300)])
    assert (given_ml(seen, minute(60)), left_ml(seen, minute(60)), left_g(seen, minute(60))) == (
        D(300),
        D(0),
        D(0),
    )


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
    st.sampled_from([D("0.1"), D("7.3"), D(19), D(333)]),
)
def test_adjoining_intervals_add_up_exactly(microseconds: list[int], ml_per_h: Decimal) -> None:
    """The same flow, told as one and as many pieces: the same volume, to the last digit."""
    whole = [event(0, Started()), rate(0, ml_per_h)]
    at, pieces = START, [*whole]
    for number, step in enumerate(microseconds):
        at += dt.timedelta(microseconds=step)
        pieces.append(Event(id=f"again-{number}", at=at, what=RateSet(rate_ml_per_h=ml_per_h)))
    assert given_ml(state(pieces), at) == given_ml(state(whole), at)
    assert given_ml(state(whole), at) * 3_600_000_000 == pytest.approx(
        ml_per_h * sum(microseconds), rel=D("1e-20")
    )


def test_the_pump_counts_what_ran_until_it_told_so() -> None:
    """Counted 12 at minute 40 (20 by rate and time); 30 mL/h from 60 to 80 are 10 more."""
    stopped = [*GO, event(40, Stopped(volume_ml=D(12)))]
    assert [given_ml(state(stopped), minute(n)) for n in (39, 40, 100)] == [D("19.5"), 12, 12]
    again = [*stopped, rate(60, 30), event(80, Completed())]
    assert [given_ml(state(again), minute(n)) for n in (50, 70, 80, 90)] == [12, 17, 22, 22]
    at_once = [*stopped, event(40, Stopped(volume_ml=D(12))), rate(40, 30)]
    assert state(at_once).phase == "ended", "at one instant the end comes last"
    counted = [*again, event(85, Completed(volume_ml=D(25)))]
    assert given_ml(state(counted), minute(90)) == 25
    assert [alarm.code for alarm in state(again).alarms] == ["not_identified", "flow_after_end"]


def test_halts_and_their_kinds() -> None:
    assert state([event(0, Started())]).halt == "no_rate"
    assert state([event(0, Started()), event(1, Resumed())]).halt == "no_rate"
    assert state([*GO, event(5, Paused())]).halt == "paused"
    assert state([*GO, event(5, Disconnected())]).halt == "disconnected"
    assert state([*GO, rate(5, 0)]).halt == "rate_zero"
    assert state([*GO, event(5, Paused()), rate(6, 60)]).halt == "paused"
    resumed = state([*GO, event(5, Paused()), rate(6, 60), event(7, Resumed())])
    assert (resumed.phase, resumed.halt, resumed.rate_ml_per_h) == ("running", "", D(60))
    assert state([*GO, event(5, Disconnected()), event(7, Resumed(rate_ml_per_h=D(45)))]).rate_ml_per_h == 45
    assert state([event(0, Paused())]).phase == "not_started"
    assert state([*GO, event(5, Stopped()), event(6, Paused())]).phase == "ended"


def test_what_is_past_the_plan_is_recorded_with_an_alarm() -> None:
    """The highest step is 120 mL/h, kept below its limit of 120.5, which may be a "less than"."""
    assert state([*GO, rate(1, "120.4")]).alarms == state(GO).alarms
    [_, alarm] = state([*GO, rate(1, "120.5")]).alarms
    assert (alarm.code, alarm.value, alarm.limit) == ("rate_past_limit", "120.5", "120.5")
    early = state([rate(0, 30)])
    assert [a.code for a in early.alarms] == ["flow_without_start", "not_identified"]
    assert (early.phase, early.started_at) == ("running", START)
    assert state([rate(0, 0)]).phase == "not_started"


def test_vials_and_identity() -> None:
    ten = VialHung(product="p", grams=D(10))
    seen = state([event(0, ten, "a"), event(1, ten, "b"), event(2, VialFinished(hung="a", left_g=D(2)))])
    assert (seen.grams_hung, seen.alarms, seen.vials[0].left_g, seen.vials[1].finished_at) == (
        D(20),
        (),
        D(2),
        None,
    )
    assert [a.code for a in state([event(0, ten), event(1, ten), event(2, ten)]).alarms] == [
        "more_hung_than_planned"
    ]
    part = replace(DAY, discard_g=D(10))
    assert replay(part, [event(0, ten), event(1, ten), event(2, ten)]).alarms == ()
    assert [a.code for a in state([event(2, VialFinished(hung="?"))]).alarms] == ["finished_unknown_vial"]
    me, other = (IdentityChecked(identifier=Identifier("urn:example", v), method="asked") for v in "AB")
    twice = state([event(0, me), event(1, me), event(2, other)])
    assert [a.code for a in twice.alarms] == ["identity_differs"]
    assert twice.identified == other.identifier


def test_symptoms_have_spells() -> None:
    seen = state([sign(1, "chills"), sign(2, "chills"), sign(5, "chills", present=False), sign(9, "chills")])
    assert [(s.since, s.until) for s in seen.symptoms] == [(minute(1), minute(5)), (minute(9), None)]
    first = seen.symptoms[0]
    assert [first.present_at(minute(n)) for n in (0, 1, 4, 5)] == [False, True, True, False]
    assert state([sign(1, "chills", present=False)]).symptoms == ()


def test_leaving_ends_a_flow_and_advice_shown_changes_nothing() -> None:
    left = state([*GO, event(20, ObservationEnded())])
    assert (left.phase, left.left_at, given_ml(left, minute(60))) == ("left", minute(20), D(10))
    assert state([*GO, event(1, AdviceShown(code="slow"))]) == state(GO)


# --- steps: 30 mL/h for 30 min, 60 for 30, then 120


def test_which_step_is_reached() -> None:
    assert [reached(DAY.steps, D(n)) for n in (29, 30, 59, 60, 119, 120, 500)] == [0, 1, 1, 2, 2, 3, 3]
    assert step_number(state([event(0, Started()), rate(0, 10)])) == 1
    assert step_number(state([*GO, rate(1, 60)])) == 2
    assert step_number(state([*GO, event(1, Paused())])) is None
    assert step_number(replay(hand_made_day(), GO)) is None


def test_time_at_a_step_counts_flow_since_another_step() -> None:
    halted = state([*GO, event(10, Paused()), event(30, Resumed())])
    assert time_at_step(halted, minute(40)) == dt.timedelta(minutes=20)
    between = state([*GO, rate(10, 45)])
    assert time_at_step(between, minute(25)) == dt.timedelta(minutes=25)
    slowed = state([*GO, rate(30, 60), rate(50, 30)])
    assert time_at_step(slowed, minute(55)) == dt.timedelta(minutes=5)
    assert time_at_step(state([*GO, rate(10, 60)]), minute(15)) == dt.timedelta(minutes=5)


def test_the_end_is_expected_if_every_step_is_raised_on_time() -> None:
    """15 mL in 30 min, 30 in 30, 155 mL left at 120 mL/h: 77.5 min; together 137.5 min."""
    seen = state(GO)
    assert expected_end(seen, minute(0)) == minute(D("137.5"))
    assert expected_end(seen, minute(20)) == minute(D("137.5"))
    # held at the first step: 200 mL at 30 mL/h are 400 min; at the second: 30 + 185 min
    assert expected_end(seen, minute(0), highest_step=1) == minute(400)
    assert expected_end(seen, minute(0), highest_step=2) == minute(215)
    # already at the second step: it is not taken back to the first; 15 mL in, 185 mL at 60 mL/h
    assert expected_end(state([*GO, rate(30, 60)]), minute(30), highest_step=1) == minute(30 + 185)
    # late by 10 min: at minute 40 20 mL are in; 30 mL in 30 min, then 150 mL in 75 min
    assert expected_end(seen, minute(40)) == minute(40 + 30 + 75)
    assert expected_end(state([*GO, event(1, Paused())]), minute(5)) is None


def test_a_small_rest_ends_within_the_step() -> None:
    """At minute 10 5 of 10 mL are in; 5 mL at 30 mL/h are 10 min."""
    small = hand_made_day((30, 30), (60, 30), volume_ml=10)
    assert expected_end(replay(small, GO), minute(10)) == minute(20)


# --- the briefing


def test_a_plan_without_such_a_day_or_product_is_not_briefed() -> None:
    made = plan(
        parse_order((EXAMPLES / "dermatomyositis.toml").read_bytes(), "toml", knowledge()), knowledge()
    )
    known = knowledge()
    assert brief(made, 2, known).day.number == 2
    for broken, number, code in (
        (made, 3, "no_such_day"),
        (replace(made, status="blocked"), 1, "blocked"),
        (replace(made, product=None), 1, "dose_only"),
    ):
        with pytest.raises(BriefingError, match=code):
            brief(broken, number, known)


def test_the_briefing_holds_the_rules_of_the_patient_s_age() -> None:
    """Kawasaki: three years and nine months, 14.2 kg."""
    made = plan(parse_order((EXAMPLES / "kawasaki.toml").read_bytes(), "toml", knowledge()), knowledge())
    child = brief(made, 1, knowledge())
    assert (child.age_months, child.age_years, child.adult, child.weight_kg) == (45, 3, False, D("14.2"))
    assert [limit.id for limit in child.facts.age_limit] == [
        "age-limit.low-oxygen",
        "age-limit.low-systolic.child",
    ]
    assert {rule.population for rule in child.facts.stop_rule} == {"any", "child"}
    grown = plan(order("guillain_barre", adult()), knowledge())
    assert brief(grown, 1, knowledge()).adult
    birthday = replace(adult(), birth_date=dt.date(2008, 11, 23))
    eighteen = plan(order("guillain_barre", birthday), knowledge())
    assert brief(eighteen, 1, knowledge()).age_months == 216
    tomorrow = replace(adult(), birth_date=dt.date(2008, 11, 24))
    assert brief(plan(order("guillain_barre", tomorrow), knowledge()), 1, knowledge()).age_months == 215


def allowed_at(events: list[Event], at: int) -> Decimal:
    step = allowed_step(state(events), minute(at))
    assert step is not None
    return step.rate_ml_per_h


def test_a_rate_set_before_its_time_is_slowed_to_the_step_that_time_allows() -> None:
    """Steps of 30, 60 and 120 mL/h for 30, 30 and 60 min: each later one needs the one before it."""
    assert allowed_at([*GO], 0) == 30
    assert allowed_at([*GO], 29) == 30
    assert allowed_at([*GO], 30) == 60
    assert allowed_at([*GO, rate(10, 120)], 29) == 30
    assert allowed_at([*GO, rate(10, 120)], 31) == 60
    assert allowed_at([*GO, rate(10, 120)], 60) == 120
    assert allowed_at([*GO, rate(40, 60)], 69) == 60
    assert allowed_at([*GO, rate(40, 60)], 70) == 120
    assert allowed_at([*GO, rate(30, 60), rate(40, 30)], 69) == 30
    assert allowed_at([*GO, event(10, Paused()), event(50, Resumed())], 69) == 30
    assert allowed_at([*GO, event(10, Paused()), event(50, Resumed())], 70) == 60
