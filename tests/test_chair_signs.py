"""Limits, signs, firings, ceilings and what is due, worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil.infusion import advise, replay
from ivigil.infusion.briefing import Briefing, Check
from ivigil.infusion.ceiling import bar, ceiling, last_decision, step_below, undecided
from ivigil.infusion.due import due, measured_at_this_rate, step_up_at
from ivigil.infusion.events import (
    Completed,
    Event,
    ObservationEnded,
    Paused,
    ReactionGraded,
    Stopped,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.rules import Firing, firings, strictest
from ivigil.infusion.signs import baseline, history
from ivigil.infusion.state import State
from ivigil.knowledge.bounds import depth, reached
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.presence import with_implied
from ivigil.knowledge.reactions import Limit, RestartRule
from tests.support.bedside import (
    DAY,
    begun,
    briefing,
    decided,
    event,
    hand_made_day,
    minute,
    rate,
    sign,
    vitals,
    without_rates,
)

D = Decimal
BASE = replace(briefing("immunodeficiency"), day=DAY)
SYSTOLIC = "measure.systolic_mmhg"


def after(*events: Event, base: Briefing = BASE) -> State:
    return replay(base.day, [*begun(base), *events])


def fired(seen: State, base: Briefing = BASE) -> tuple[Firing, ...]:
    return firings(base, seen, history(base, seen))


def times(seen: State, fact: str) -> list[tuple[dt.datetime, dt.datetime | None]]:
    return [(f.since, f.until) for f in fired(seen) if f.fact == fact]


# --- limits


@pytest.mark.parametrize(
    ("limit", "value", "base", "expected"),
    [
        ({"above": 38}, "38", None, False),
        ({"above": 38}, "38.1", None, True),
        ({"at_least": 38}, "38", None, True),
        ({"below": 90}, "90", None, False),
        ({"below": 90}, "89", None, True),
        ({"at_most": 90}, "90", None, True),
        ({"at_least": 10, "below": 20}, "20", None, False),
        ({"at_least": 10, "below": 20}, "10", None, True),
        ({"of": "rise", "at_least": 30}, "102", "72", True),
        ({"of": "rise", "at_least": 30}, "42", "72", False),
        ({"of": "fall", "at_least": 3}, "95", "98", True),
        ({"of": "fall", "at_least": 3}, "101", "98", False),
        ({"of": "change", "at_least": 30}, "88", "118", True),
        ({"of": "change", "at_least": 30}, "148", "118", True),
        ({"of": "rise_percent", "above": 30}, "131", "100", True),
        ({"of": "rise_percent", "above": 30}, "130", "100", False),
        ({"of": "fall_percent", "above": 30}, "69", "100", True),
        ({"of": "fall_percent", "above": 30}, "70", "100", False),
        ({"of": "times_baseline", "at_least": "1.5"}, "150", "100", True),
    ],
)
def test_a_limit_is_reached_or_not(
    limit: dict[str, Any], value: str, base: str | None, expected: bool
) -> None:
    numbers: dict[str, Any] = {key: text if key == "of" else D(str(text)) for key, text in limit.items()}
    known = None if base is None else D(base)
    assert reached(Limit(measure=SYSTOLIC, **numbers), D(value), known, 40) is Truth.of(expected)


def test_what_is_missing_is_unknown() -> None:
    rise = Limit(measure=SYSTOLIC, of="rise", above=D(1))
    assert reached(rise, None, D(1), 40) is Truth.UNKNOWN
    assert reached(rise, D(5), None, 40) is Truth.UNKNOWN
    assert reached(Limit(measure=SYSTOLIC, of="fall_percent", above=D(1)), D(5), D(0), 40) is Truth.UNKNOWN
    times_normal = Limit(measure=SYSTOLIC, of="times_upper_normal", at_least=D(3))
    assert reached(times_normal, D(90), D(30), 40) is Truth.UNKNOWN
    assert reached(times_normal, D(90), None, 40, upper_normal=D(30)) is Truth.TRUE
    lasting = Limit(measure=SYSTOLIC, above=D(180), within_hours=D(1))
    assert reached(lasting, D(181), None, 40) is Truth.UNKNOWN
    assert reached(lasting, D(180), None, 40) is Truth.FALSE


def test_age_shifts_a_bound() -> None:
    """Low for age from 1 to 10 years: below 70 + 2 x years; at 3 years 76 mmHg."""
    low = Limit(measure=SYSTOLIC, below=D(70), per_year_of_age=D(2))
    assert [reached(low, D(n), None, 3) for n in (75, 76)] == [Truth.TRUE, Truth.FALSE]


def test_of_two_values_the_deeper_one_is_worse() -> None:
    low, high = Limit(measure=SYSTOLIC, below=D(90)), Limit(measure=SYSTOLIC, of="rise", at_least=D(30))
    assert (depth(low, D(80), None), depth(low, D(70), None)) == (D(-80), D(-70))
    assert (depth(high, D(150), D(118)), depth(high, D(150), None)) == (D(32), None)


# --- signs


def test_the_baseline_is_the_last_value_before_the_flow_else_the_first() -> None:
    earlier, later = vitals(-9, systolic_mmhg=140), vitals(10, systolic_mmhg=170)
    assert baseline(after(earlier, later))[SYSTOLIC] == 118
    at_the_start = vitals(0, systolic_mmhg=121)
    assert baseline(after(at_the_start))[SYSTOLIC] == 121
    unmeasured = [e for e in begun(BASE) if not isinstance(e.what, VitalsTaken)]
    poor = replay(DAY, [*unmeasured, vitals(10, systolic_mmhg=130), vitals(20, systolic_mmhg=160)])
    assert baseline(poor)[SYSTOLIC] == 130


def test_a_symptom_implies_others() -> None:
    found = with_implied(["symptom.hives_widespread", "symptom.cannot_keep_fluids_down"], BASE.facts.symptom)
    assert found == {
        f"symptom.{name}"
        for name in (
            "hives_widespread",
            "hives",
            "rash",
            "itching",
            "cannot_keep_fluids_down",
            "vomiting",
            "nausea",
        )
    }


def test_a_measured_value_holds_until_it_is_taken_again() -> None:
    only_pulse = event(20, VitalsTaken(readings={"measure.heart_rate_per_min": D(80)}))
    seen = after(vitals(10, temperature_c=38), only_pulse, vitals(30))
    at = {picture.at: "symptom.fever" in picture.symptoms for picture in history(BASE, seen)}
    assert [at[minute(n)] for n in (-5, 10, 20, 30)] == [False, True, True, False]


# --- firings


def test_a_firing_lasts_from_its_first_sign_to_its_last() -> None:
    seen = after(sign(10, "chills"), sign(20, "chills", present=False), sign(30, "chills"))
    assert times(seen, "stop.mild_reaction") == [(minute(10), minute(20)), (minute(30), None)]
    first = next(each for each in fired(seen) if each.fact == "stop.mild_reaction")
    assert [first.holds_at(minute(n)) for n in (9, 10, 19, 20)] == [False, True, True, False]


def test_a_new_sign_begins_a_firing_of_its_own_and_one_that_goes_does_not() -> None:
    seen = after(sign(10, "chills"), sign(15, "headache"), sign(20, "chills", present=False))
    assert times(seen, "stop.mild_reaction") == [(minute(10), minute(15)), (minute(15), None)]


def test_a_value_begins_a_firing_when_it_is_worse_than_any_before() -> None:
    readings = [
        vitals(10 + 5 * n, spo2_percent=value) for n, value in enumerate([91, 91, 90, 91, 90, 89, 98])
    ]
    assert times(after(*readings), "stop.default_spo2") == [
        (minute(10), minute(20)),
        (minute(20), minute(35)),
        (minute(35), minute(40)),
    ]


def test_a_grading_is_a_statement_each_time() -> None:
    def graded(at: int, term: str, grade: int) -> Event:
        return event(at, ReactionGraded(term=term, grade=grade, version="6.0"))

    twice = after(
        graded(10, "ctcae.chills", 3), graded(20, "ctcae.headache", 3), graded(30, "ctcae.chills", 3)
    )
    assert [since for since, _ in times(twice, "action.grade_3")] == [minute(10), minute(20), minute(30)]
    lower = after(graded(10, "ctcae.chills", 3), graded(20, "ctcae.chills", 1))
    assert times(lower, "action.grade_3") == [(minute(10), minute(20))]
    assert times(lower, "action.grade_1") == [(minute(20), None)]
    gone = after(sign(5, "chills"), graded(10, "ctcae.chills", 2), sign(15, "chills", present=False))
    assert times(gone, "action.grade_2") == [(minute(10), minute(15))]


def test_all_limits_of_a_rule_or_any() -> None:
    """38.0 degC and a rise of 1.0; a baseline of 37.2 rises by 0.8 only."""
    assert times(after(vitals(10, temperature_c=38)), "stop.default_temperature")
    assert not times(
        after(vitals(-2, temperature_c=37.2), vitals(10, temperature_c=38)), "stop.default_temperature"
    )
    assert times(
        after(vitals(-2, heart_rate_per_min=119), vitals(9, heart_rate_per_min=121)),
        "stop.default_heart_rate",
    )


def test_weak_rules_ask_for_their_strictest_and_strong_ones_for_their_mildest() -> None:
    by_fact = {
        f.fact: f for f in fired(after(sign(10, "chills"), sign(10, "little_urine"), sign(10, "dark_urine")))
    }
    assert (by_fact["stop.mild_reaction"].flow, by_fact["stop.mild_reaction"].stricter) == (
        "slow",
        ("pause", "stop"),
    )
    assert (by_fact["stop.low_urine"].flow, by_fact["stop.low_urine"].stricter) == ("slow", ("stop",))
    unsigned = replace(BASE, permitted=BASE.permitted - {"stop.mild_reaction"})
    [weak] = [f for f in fired(after(sign(10, "chills")), unsigned) if f.fact == "stop.mild_reaction"]
    assert (weak.flow, weak.weak, weak.stricter) == ("stop", True, ())
    assert strictest([]) == "continue"
    assert strictest(["pause", "slow"]) == "pause"


@pytest.mark.parametrize(
    ("signs", "criteria"),
    [
        (("itching", "difficulty_breathing"), {"wao_2020.1", "niaid_2005.1", "niaid_2005.2"}),
        (("flushing", "vomiting"), {"wao_2020.1", "niaid_2005.2"}),
        (("wheezing",), {"wao_2020.2"}),
        (("throat_tightness",), {"wao_2020.2"}),
        (("low_blood_pressure",), {"wao_2020.2", "niaid_2005.3"}),
        (("vomiting", "difficulty_breathing"), {"niaid_2005.2"}),
        (("hives",), set()),
        (("difficulty_breathing", "low_oxygen"), set()),
        (("vomiting", "belly_pain"), set()),
    ],
)
def test_criteria_of_anaphylaxis(signs: tuple[str, ...], criteria: set[str]) -> None:
    """The clusters as the two tables name them: skin, breathing, circulation, gut."""
    found = fired(after(*(sign(10, name) for name in signs)))
    assert {f.fact.removeprefix("anaphylaxis.") for f in found if f.kind == "anaphylaxis"} == criteria


# --- ceilings: steps of 30, 60 and 120 mL/h, pump step 1


def highest(seen: State, now: int, base: Briefing = BASE) -> Decimal | None:
    found = ceiling(base, seen, fired(seen, base), minute(now))
    return None if found is None else found.rate_ml_per_h


def test_a_ceiling_is_the_step_below_the_rate_of_the_reaction() -> None:
    assert highest(after(rate(10, 120)), 20) == 120
    assert highest(after(rate(10, 120), sign(20, "chills")), 19) == 120
    assert highest(after(rate(10, 120), sign(20, "chills")), 20) == 60
    assert highest(after(rate(10, 100), sign(20, "chills")), 20) == 60
    assert highest(after(sign(20, "chills")), 20) == 15
    assert highest(after(rate(10, 11), sign(20, "chills")), 20) == 5
    assert highest(after(rate(10, 120), event(15, Paused()), sign(20, "chills")), 20) == 60
    assert highest(after(sign(-3, "chills")), 20) == 120
    assert [step_below(DAY.steps, D(n)) for n in (30,)] == [None]


def test_a_ceiling_stays_when_the_sign_has_gone_and_falls_with_the_next() -> None:
    gone = [rate(10, 120), sign(20, "chills"), sign(25, "chills", present=False)]
    assert highest(after(*gone), 100) == 60
    assert highest(after(*gone, rate(30, 60), sign(40, "nausea")), 40) == 30


def test_a_decision_replaces_what_came_before_it_and_no_more() -> None:
    events = [rate(10, 120), sign(20, "chills"), decided(30, 90)]
    assert [highest(after(*events), n) for n in (29, 30, 40)] == [60, 90, 90]
    assert highest(after(*events, decided(50, 500)), 50) == 120
    assert highest(after(*events, rate(40, 90), sign(45, "headache")), 45) == 60
    last = last_decision(after(*events, decided(50, 10)), minute(49))
    assert last is not None
    assert last.at == minute(30)


def test_half_a_rate_is_rounded_down_on_the_pump() -> None:
    coarse = replace(BASE, pump_step_ml_per_h=D(5))
    graded = event(20, ReactionGraded(term="ctcae.chills", grade=1, version="6.0"))
    assert highest(after(rate(10, 60), graded), 20) == 30
    assert highest(after(rate(10, 50), graded), 20) == 25
    assert highest(after(rate(10, 25), graded), 20) == 12
    assert highest(after(rate(10, 25), graded), 20, coarse) == 10
    assert highest(after(decided(10, 27)), 20, coarse) == 25


def test_under_the_first_step_the_smallest_share_of_any_rule_counts() -> None:
    """A quarter of 30 is 7.5, rounded down."""
    quarter = RestartRule(
        id="restart.quarter",
        text="a quarter",
        allowed="clinician_decides",
        grades=(1,),
        rate="factor",
        rate_factor=D("0.25"),
        basis="synthesis",
        seen=False,
    )
    rules = (*BASE.facts.restart_rule, quarter)
    base = replace(BASE, facts=replace(BASE.facts, restart_rule=rules))
    assert highest(after(sign(20, "chills")), 20, base) == 7


def test_without_planned_rates_only_what_happened_limits() -> None:
    base = without_rates(BASE)
    assert highest(after(rate(10, 40), base=base), 20, base) is None
    assert highest(after(rate(10, 40), sign(15, "chills"), base=base), 20, base) == 20


def test_a_stop_bars_until_a_later_decision() -> None:
    seen = after(sign(10, "hives"), sign(12, "hives", present=False), decided(20, 30))
    found = fired(seen)
    barred = bar(seen, found, minute(15))
    assert barred is not None
    assert barred.since == minute(10)
    assert "stop.hypersensitivity" in barred.facts
    assert bar(seen, found, minute(20)) is None
    same_minute = after(sign(20, "hives"), decided(20, 30))
    assert bar(same_minute, fired(same_minute), minute(25)) is not None
    assert bar(after(sign(10, "chills")), fired(after(sign(10, "chills"))), minute(15)) is None
    assert undecided(fired(after(sign(10, "chills"))), after(sign(10, "chills")), minute(9)) == ()


# --- due


EVERY_15 = Check("monitoring.titration", "titration", 15, (SYSTOLIC, "measure.heart_rate_per_min"))
HOURLY = replace(EVERY_15, fact="monitoring.steady", phase="steady", interval_minutes=60)
CHANGE = replace(EVERY_15, fact="monitoring.rate_change", phase="rate_change", interval_minutes=None)
WHOLE = Check("monitoring.urine_output", "whole", None, ("measure.urine_ml_per_kg_per_h",))
END = replace(EVERY_15, fact="monitoring.end", phase="end", interval_minutes=None)


def due_at(check: Check, seen: State, now: int) -> list[dt.datetime]:
    base = replace(BASE, checks=(check,))
    return [each.at for each in due(base, seen, minute(now)) if each.what == "vitals"]


def test_every_interval_from_the_last_whole_measurement() -> None:
    assert due_at(EVERY_15, after(), 5) == [minute(15)]
    assert due_at(EVERY_15, after(vitals(14)), 20) == [minute(29)]
    half = event(20, VitalsTaken(readings={SYSTOLIC: D(118)}))
    assert due_at(EVERY_15, after(vitals(14), half), 21) == [minute(29)]
    assert due_at(EVERY_15, after(event(20, Paused())), 25) == [minute(15)]
    assert due_at(EVERY_15, after(event(20, Stopped())), 25) == []


def test_titration_ends_with_a_measurement_at_the_top_and_steady_begins_there() -> None:
    top = [vitals(14), rate(20, 120)]
    assert (due_at(EVERY_15, after(*top), 21), due_at(HOURLY, after(*top), 21)) == (
        [minute(29)],
        [minute(74)],
    )
    measured = [*top, vitals(28)]
    assert (due_at(EVERY_15, after(*measured), 30), due_at(HOURLY, after(*measured), 30)) == (
        [],
        [minute(88)],
    )
    assert due_at(HOURLY, after(rate(20, 119)), 21) == []


def test_at_each_change_of_rate_before_the_next() -> None:
    assert due_at(CHANGE, after(), 5) == [minute(30)]
    assert due_at(CHANGE, after(vitals(0)), 5) == []
    assert due_at(CHANGE, after(vitals(29), rate(30, 60)), 35) == [minute(60)]
    assert not measured_at_this_rate(CHANGE, after(vitals(29), rate(30, 60)))
    assert measured_at_this_rate(CHANGE, after(vitals(29), rate(30, 60), vitals(31)))


def test_the_end_and_the_whole() -> None:
    urine = event(10, VitalsTaken(readings={"measure.urine_ml_per_kg_per_h": D(1)}))
    done = event(50, Completed())
    assert due_at(WHOLE, after(), 20) == []
    assert due_at(WHOLE, after(done), 55) == [minute(50)]
    assert due_at(WHOLE, after(urine, done), 55) == []
    assert due_at(END, after(vitals(49), done), 55) == [minute(50)]
    assert due_at(END, after(vitals(50), done), 55) == []
    assert due_at(END, after(done, event(60, ObservationEnded())), 61) == []


def test_a_thing_is_overdue_after_its_time_not_at_it() -> None:
    base = replace(BASE, checks=(EVERY_15,))
    [each] = due(base, after(), minute(15))
    assert (each.overdue(minute(15)), each.overdue(minute(16))) == (False, True)


def test_the_next_step_comes_when_this_one_has_lasted() -> None:
    assert step_up_at(after(), minute(10)) == minute(30)
    assert step_up_at(after(rate(30, 60)), minute(40)) == minute(60)
    assert step_up_at(after(rate(30, 120)), minute(40)) is None
    assert step_up_at(after(event(5, Paused())), minute(10)) is None
    one = replace(BASE, day=hand_made_day((60, 50)))
    low = replay(one.day, [*begun(one), rate(0, 20)])
    assert step_up_at(replay(one.day, [*begun(one), rate(1, 20)]), minute(10)) is not None
    assert low.phase == "running"


def test_the_next_vial_is_due_when_what_hangs_has_run_in() -> None:
    """With every step on time 15 mL are in after 30 min and 45 mL after 60 min; the rest runs at 120 mL/h.

    10 g are 100 mL: the other 55 mL take 27.5 min. With 4 g left in it 60 mL; both vials are the whole.
    """
    events = [e for e in begun(BASE) if not isinstance(e.what, VialHung)]
    hung = event(-4, VialHung(product="p", grams=D(10)), "v")

    def change(*more: Event) -> list[dt.datetime]:
        found = due(BASE, replay(DAY, [*events, *more]), minute(10))
        return [each.at for each in found if each.what == "vial_change"]

    half = dt.timedelta(seconds=30)
    assert change(hung) == [minute(87) + half]
    assert change(event(-4, VialHung(product="p", grams=D(10), volume_ml=D(90)))) == [minute(82) + half]
    assert change(hung, event(5, VialFinished(hung="v", left_g=D(4)))) == [minute(67) + half]
    assert change(hung, event(-3, VialHung(product="p", grams=D(10)))) == []
    assert change() == [minute(0)]
    # 2.5 mL are in after 5 min: the other 97.5 mL last 195 min from when it goes on
    assert change(hung, event(5, Paused())) == [minute(10 + 195)]


def test_a_halt_on_an_empty_vial_is_late_from_the_moment_it_ran_dry() -> None:
    """10 mL at 30 mL/h are in after 20 min."""
    events = [e for e in begun(BASE) if not isinstance(e.what, VialHung)]
    small = event(-4, VialHung(product="p", grams=D(1), volume_ml=D(10)))
    [each] = due(replace(BASE, checks=()), replay(DAY, [*events, small, event(20, Paused())]), minute(25))
    assert (each.what, each.at, each.overdue(minute(25))) == ("vial_change", minute(20), True)


def test_advice_is_ranked() -> None:
    seen = after(sign(20, "hives"), sign(20, "wheezing"))
    ranks = ["emergency", "flow", "treat", "overdue", "next", "later"]
    order = [ranks.index(each.rank) for each in advise(BASE, seen, minute(40))]
    assert order == sorted(order)
    assert len(set(order)) > 2
