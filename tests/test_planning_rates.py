"""Rates: which schedule, which steps, which caps, and the pump settings that follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivigil.course import RateDecision, Reason, Step
from ivigil.knowledge.hazards import CapRate, SlowStart
from ivigil.knowledge.logic import Reading, Value
from ivigil.knowledge.products import LabelIndication, LabelUse, Product, RateStep, Schedule
from ivigil.knowledge.store import Knowledge
from ivigil.planning.rates import (
    Cap,
    Ladder,
    NoRates,
    Rung,
    duration_minutes,
    ladder,
    plannable,
    settings,
    steps,
    top_rate,
)
from ivigil.planning.situation import Situation
from tests.support import small
from tests.support.small import D, at, at_risk, entry, made, product, risk, schedule, situation

Setting = tuple[str, str, int | None]
EXPERIENCED: dict[str, Value] = {
    "immunoglobulin_naive": False,
    "prior_infusions": Reading.exactly(6),
    "tolerated_rate_ml_per_kg_per_h": Reading.exactly(D("4.8")),
}


def climbed(of: Product, where: Situation | None = None) -> Ladder:
    found = ladder(of, where or situation())
    assert isinstance(found, Ladder)
    return found


def rungs(of: Product, where: Situation | None = None) -> list[tuple[str, int | None]]:
    return [(str(r.ml_per_kg_h.normalize()), r.minutes) for r in climbed(of, where).rungs]


def only(*schedules: Schedule, **fields: Any) -> Product:
    return product(schedules=schedules, **fields)


def shown(found: Sequence[tuple[Any, Any, int | None]]) -> list[Setting]:
    return [(f"{rate.normalize():f}", f"{limit.normalize():f}", minutes) for rate, limit, minutes in found]


# Which schedules may be planned from.


@pytest.mark.parametrize(
    ("fields", "signed", "usable"),
    [
        ({}, (), True),
        ({"plannable": False}, (), False),
        ({"seen": False}, (), False),
        ({"basis": "digest"}, (), False),
        ({"plannable": False}, ("rates",), True),
        ({"seen": False}, ("rates",), True),
        ({"plannable": False}, ("others",), False),
    ],
)
def test_a_schedule_is_seen_whole_or_signed(
    fields: dict[str, Any], signed: tuple[str, ...], usable: bool
) -> None:
    one = schedule(**fields)
    known = small.knowledge(signed=signed)
    assert plannable(only(one), known) == ((one,) if usable else ())
    found = ladder(only(one), situation(known=known))
    assert isinstance(found, Ladder) is usable
    if not usable:
        assert found == NoRates("rates_not_seen", (one,))


@pytest.mark.parametrize(
    ("fields", "case", "fits"),
    [
        ({"age_min_years": D(18)}, {"age_years": Reading.exactly(18)}, True),
        ({"age_min_years": D(18)}, {"age_years": Reading.exactly(D("17.99"))}, False),
        ({"weight_kg_min": D(40)}, {"weight_kg": Reading.exactly(40)}, True),
        ({"weight_kg_min": D(40)}, {"weight_kg": Reading.exactly(D("39.9"))}, False),
        ({"weight_kg_max": D(40)}, {"weight_kg": Reading.exactly(40)}, True),
        ({"weight_kg_max": D(40)}, {"weight_kg": Reading.exactly(D("40.1"))}, False),
        ({"weight_kg_max": D(40)}, {"weight_kg": "heavy"}, False),
        ({"weight_kg_below": D(40)}, {"weight_kg": Reading.exactly(D("39.9"))}, True),
        ({"weight_kg_below": D(40)}, {"weight_kg": Reading.exactly(40)}, False),
        ({"weight_kg_below": D(40)}, {}, False),
        ({"weight_kg_min": D(40)}, {"weight_kg": "heavy"}, False),
        ({}, {"weight_kg": "heavy", "age_years": "old"}, True),
        ({"weight_kg_min": D(40), "weight_kg_max": D(130)}, {"weight_kg": Reading.exactly(85)}, True),
        # A schedule that asks for experience: never for a naive patient, nor for one not known to be none.
        ({"experience": "experienced"}, {}, False),
        ({"experience": "experienced"}, {"immunoglobulin_naive": False}, True),
        ({"experience": "experienced"}, {"immunoglobulin_naive": "unknown"}, False),
        ({"experience": "naive"}, {"immunoglobulin_naive": False}, True),
        ({"experience": "experienced", "infusions_tolerated_min": 6}, EXPERIENCED, True),
        ({"experience": "experienced", "infusions_tolerated_min": 7}, EXPERIENCED, False),
        ({"experience": "experienced", "infusions_tolerated_min": 1}, {"immunoglobulin_naive": False}, False),
        ({"experience": "experienced", "tolerated_rate_min": D("4.8")}, EXPERIENCED, True),
        ({"experience": "experienced", "tolerated_rate_min": D("4.81")}, EXPERIENCED, False),
        (
            {"experience": "experienced", "tolerated_rate_min": D(8), "unit": "mg/kg/min", "max_rate": D(9)},
            EXPERIENCED,
            True,
        ),  # 8 mg/kg/min of 10 % are 4.8 mL/kg/h
        (
            {"experience": "experienced", "tolerated_rate_min": D("4.8"), "infusions_tolerated_min": 6},
            {"immunoglobulin_naive": False, "prior_infusions": Reading.exactly(6)},
            False,
        ),
    ],
)
def test_whom_a_schedule_fits(fields: dict[str, Any], case: dict[str, Value], fits: bool) -> None:
    found = ladder(only(schedule(**fields)), situation(case=case))
    assert isinstance(found, Ladder) is fits


def test_a_slow_start_shuts_out_the_schedule_of_the_experienced() -> None:
    fast = schedule("fast", experience="experienced")
    slow = (entry(SlowStart, "slow"),)
    assert isinstance(ladder(only(fast), situation(case=EXPERIENCED)), Ladder)
    assert ladder(only(fast), situation(case=EXPERIENCED, limits=slow)) == NoRates("rates_not_seen", (fast,))


# Which one of several.


@pytest.mark.parametrize(
    ("schedules", "case", "chosen"),
    [
        ((schedule("any"), schedule("fast", experience="experienced", max_rate=D(8))), EXPERIENCED, "fast"),
        ((schedule("any"), schedule("first", experience="naive", max_rate=D(6))), {}, "first"),
        (
            (schedule("first", experience="naive"), schedule("later", experience="experienced")),
            EXPERIENCED,
            "later",
        ),
        ((schedule("b", max_rate=D(5)), schedule("a", max_rate=D(4))), {}, "a"),
        ((schedule("a", max_rate=D(5)), schedule("b", max_rate=D(4))), {}, "b"),
        ((schedule("a", start_rate=D("0.6")), schedule("b", start_rate=D("0.5"))), {}, "b"),
        ((schedule("b"), schedule("a")), {}, "a"),
        # compared in mL/kg/h: 6 mg/kg/min of 10 % are 3.6 mL/kg/h
        ((schedule("ml"), schedule("mg", unit="mg/kg/min", start_rate=D(1), max_rate=D(6))), {}, "mg"),
    ],
)
def test_made_for_this_experience_before_any_then_the_slowest(
    schedules: tuple[Schedule, ...], case: dict[str, Value], chosen: str
) -> None:
    found = climbed(only(*schedules), situation(case=case)).decision
    assert found.schedule == chosen
    assert found.experience == next(s.experience for s in schedules if s.id == chosen)


def test_on_label_means_the_label_s_own_use() -> None:
    """The schedule for fever is slower than the one for the other use, and both are seen."""
    known = small.knowledge(
        label_indication=(
            made(LabelIndication, "FV", name="Fever", conditions=(small.FEVER,)),
            made(LabelIndication, "OT", name="Other", conditions=("another",)),
        )
    )
    uses = (made(LabelUse, "u1", indication="FV"), made(LabelUse, "u2", indication="OT"))
    both = only(
        schedule("fever", max_rate=D(5)), schedule("other", max_rate=D(4), indications=("OT",)), uses=uses
    )
    assert climbed(both, situation(known=known)).decision.schedule == "fever"
    other = only(schedule("other", indications=("OT",)), uses=uses)
    assert climbed(other, situation(known=known)).decision.off_label is True


# The steps of a ladder.


@pytest.mark.parametrize(
    ("fields", "policies", "expected"),
    [
        # printed steps
        (
            {"steps": (RateStep(rate=D("0.5"), minutes=15), RateStep(rate=D(4)))},
            {},
            [("0.5", 15), ("4", None)],
        ),
        # printed in mg/kg/min, 10 %: 1 mg/kg/min = 0.6 mL/kg/h
        (
            {"unit": "mg/kg/min", "steps": (RateStep(rate=D(1), minutes=30), RateStep(rate=D(8)))},
            {},
            [("0.6", 30), ("4.8", None)],
        ),
        # printed rates, interval stated
        ({"step_rates": (D("0.5"), D(1), D(4))}, {}, [("0.5", 30), ("1", 30), ("4", None)]),
        # start and maximum: by steps of the start rate
        (
            {"start_rate": D(1), "max_rate": D("3.5")},
            {},
            [("1", 30), ("2", 30), ("3", 30), ("3.5", None)],
        ),
        (
            {"start_rate": D("0.5"), "max_rate": D(4)},
            {"policy.step_increase": "double"},
            [("0.5", 30), ("1", 30), ("2", 30), ("4", None)],
        ),
        (
            {"start_rate": D("0.5"), "max_rate": D(3)},
            {"policy.step_increase": "double"},
            [("0.5", 30), ("1", 30), ("2", 30), ("3", None)],
        ),
        ({"start_rate": D(2), "max_rate": D(2)}, {}, [("2", None)]),
        # the longer of the printed interval, and the policy's where none is printed
        (
            {"start_rate": D(2), "step_minutes_min": 15, "step_minutes_max": 20},
            {},
            [("2", 20), ("4", None)],
        ),
        (
            {"start_rate": D(2), "step_minutes_min": 15, "step_minutes_max": None},
            {},
            [("2", 15), ("4", None)],
        ),
        (
            {"start_rate": D(2), "step_minutes_max": None},
            {"policy.step_interval": 40},
            [("2", 40), ("4", None)],
        ),
        # the first step may be longer, never shorter, than the interval
        ({"start_rate": D(2), "start_minutes": 60}, {}, [("2", 60), ("4", None)]),
        ({"start_rate": D(2), "start_minutes": 10}, {}, [("2", 30), ("4", None)]),
    ],
)
def test_steps_as_printed_or_by_policy(
    fields: dict[str, Any], policies: dict[str, Any], expected: list[tuple[str, int | None]]
) -> None:
    known = small.knowledge(policies=policies)
    assert rungs(only(schedule(**fields)), situation(known=known)) == expected


def off_label(*schedules: Schedule, limits: Any = (), case: dict[str, Value] | None = None) -> Ladder:
    """A product that is licensed for nothing that the order is for."""
    for_other = tuple(made_for_other(one) for one in schedules)
    known = small.knowledge(
        label_indication=(made(LabelIndication, "OT", name="Other", conditions=("another",)),)
    )
    of = only(*for_other, uses=(made(LabelUse, "u", indication="OT"),))
    return climbed(of, situation(known=known, limits=limits, case=case))


def made_for_other(one: Schedule) -> Schedule:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Schedule(**{**fields, "indications": ("OT",)})


def test_off_label_the_slowest_start_comes_first_and_every_maximum_binds() -> None:
    """Lowest maximum: "low". Slowest start: "slow", for the longest interval of the two."""
    low = schedule("low", start_rate=D(1), max_rate=D(3), step_minutes_max=15)
    slow = schedule("slow", start_rate=D("0.3"), max_rate=D(5), step_minutes_max=20, max_strict=True)
    found = off_label(low, slow)
    assert found.decision.schedule == "low"
    assert found.decision.off_label is True
    assert [(r.ml_per_kg_h, r.minutes) for r in found.rungs] == [
        (D("0.3"), 20),
        (D(1), 20),
        (D(2), 20),
        (D(3), None),
    ]
    assert found.caps == (
        Cap(D(210), False, Reason(code="label_maximum", fact="low")),
        Cap(D(350), True, Reason(code="label_maximum", fact="slow")),
    )
    assert "policy.off_label_rate" in found.decision.facts


def test_off_label_an_interval_that_nobody_printed_is_the_policy_s() -> None:
    low = schedule("low", start_rate=D(1), max_rate=D(2), step_minutes_max=None)
    slow = schedule("slow", start_rate=D("0.3"), max_rate=D(5), step_minutes_max=15)
    assert [(r.ml_per_kg_h, r.minutes) for r in off_label(low, slow).rungs] == [
        (D("0.3"), 30),
        (D(1), 30),
        (D(2), None),
    ]


def test_off_label_longer_printed_steps_stay_and_the_last_runs_to_the_end() -> None:
    printed = schedule("p", steps=(RateStep(rate=D("0.5"), minutes=45), RateStep(rate=D(4))))
    other = schedule("o", start_rate=D("0.5"), max_rate=D(5), step_minutes_max=60)
    assert [(r.ml_per_kg_h, r.minutes) for r in off_label(printed, other).rungs] == [
        (D("0.5"), 60),
        (D(4), None),
    ]


def test_a_slow_start_begins_with_the_slowest_start_of_the_product() -> None:
    naive = schedule("naive", experience="naive", start_rate=D(1), max_rate=D(4), step_minutes_max=30)
    anybody = schedule("anybody", start_rate=D("0.3"), max_rate=D(6), step_minutes_max=20)
    of = only(naive, anybody)
    assert rungs(of)[:2] == [("1", 30), ("2", 30)]
    slow = situation(limits=(entry(SlowStart, "slow"),))
    assert rungs(of, slow)[:3] == [("0.3", 30), ("1", 30), ("2", 30)]
    assert climbed(of, slow).caps == (Cap(D(280), False, Reason(code="label_maximum", fact="naive")),)
    # nothing is put before a ladder that starts as slowly
    assert rungs(only(schedule()), slow)[0] == ("0.5", 30)


# Caps.


def test_the_label_s_maximum_is_a_cap_and_stays_strict() -> None:
    found = climbed(only(schedule(max_strict=True)))
    assert found.caps == (Cap(D(280), True, Reason(code="label_maximum", fact="rates")),)
    assert found.decision.limited_by == (Reason(code="label_maximum", fact="rates"),)
    assert climbed(only(schedule())).caps[0].strict is False


@pytest.mark.parametrize(
    ("rate", "unit", "ml_per_h"),
    [("2", "mL/kg/h", "140"), ("3.5", "mg/kg/min", "147"), ("6", "g/h", "60"), ("2", "mL/min", "120")],
)
def test_a_cap_of_a_finding_binds_in_any_unit(rate: str, unit: str, ml_per_h: str) -> None:
    """70 kg, 10 %: 3.5 mg/kg/min are 2.1 mL/kg/h, 6 g/h are 60 mL/h."""
    cap = entry(CapRate, "cap", rate=D(rate), unit=unit, strict=True)
    found = climbed(product(), situation(limits=(cap,)))
    reason = Reason(code="cap_rate", finding="cap's finding", fact="cap")
    assert found.caps[1:] == (Cap(D(ml_per_h), True, reason),)
    assert found.decision.limited_by[1:] == (reason,)
    assert found.decision.max_ml_per_kg_h == D(ml_per_h) / 70
    assert "cap" in found.decision.facts


def test_the_decision_says_schedule_start_maximum_and_facts() -> None:
    found = climbed(only(schedule(start_rate=D(1), max_rate=D(4))))
    assert found.decision == RateDecision(
        schedule="rates",
        experience="any",
        start_ml_per_kg_h=D(1),
        max_ml_per_kg_h=D(4),
        limited_by=(Reason(code="label_maximum", fact="rates"),),
        off_label=False,
        facts=("rates", "policy.step_increase"),
    )
    assert (found.weight_kg, found.pump_step_ml_per_h, found.held) == (D(70), D(1), ())


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        ({"step_minutes_max": None}, ("rates", "policy.step_increase", "policy.step_interval")),
        ({"step_minutes_max": None, "step_minutes_min": 10}, ("rates", "policy.step_increase")),
        ({"step_rates": (D("0.5"), D(4)), "step_minutes_max": None}, ("rates", "policy.step_interval")),
        ({"step_rates": (D("0.5"), D(4))}, ("rates",)),
        (
            {
                "steps": (RateStep(rate=D("0.5"), minutes=15), RateStep(rate=D(4))),
                "step_minutes_max": None,
            },
            ("rates",),
        ),
    ],
)
def test_a_policy_is_named_only_where_it_filled_a_gap(fields: dict[str, Any], facts: tuple[str, ...]) -> None:
    assert climbed(only(schedule(**fields))).decision.facts == facts


# Patients at risk.


def at_risk_caps(of: Product, *groups: str, known: Knowledge | None = None) -> Ladder:
    return climbed(of, situation(limits=tuple(risk(g) for g in groups), known=known))


def test_the_label_s_own_limit_for_the_group_binds() -> None:
    found = at_risk_caps(product(at_risk_rates=(at_risk(strict=True),)), "renal")
    reason = Reason(code="at_risk_rate", finding="renal's finding", fact="at-risk", value="renal")
    assert found.caps[1:] == (Cap(D(140), True, reason),)
    assert found.held == ()
    assert found.decision.max_ml_per_kg_h == 2
    assert len(found.rungs) > 1
    assert found.decision.facts == ("rates", "at-risk", "policy.step_increase")


def test_every_row_for_the_group_binds_and_no_other() -> None:
    rows = (
        at_risk("one", rate=D(2)),
        at_risk("two", rate=D("1.8"), groups=("thrombosis", "renal")),
        at_risk("three", rate=D(1), groups=("thrombosis",)),
    )
    found = at_risk_caps(product(at_risk_rates=rows), "renal")
    assert [(c.reason.fact, c.ml_per_h) for c in found.caps[1:]] == [("one", D(140)), ("two", D("126.0"))]


def test_a_label_that_is_silent_on_the_group_is_held_to_what_it_says_of_others() -> None:
    found = at_risk_caps(product(at_risk_rates=(at_risk(groups=("thrombosis",)),)), "renal")
    assert [(c.reason.fact, c.reason.value) for c in found.caps[1:]] == [("at-risk", "renal")]
    assert found.held == ()


HELD: list[tuple[str, tuple[Any, ...], str]] = [
    # why the start rate is kept: what the label says, and the fact that is named
    ("says nothing", (), "renal"),
    (
        "says minimum practicable",
        (at_risk("least", rule="minimum_practicable", rate=None, unit=None),),
        "least",
    ),
    ("number is the ordinary maximum", (at_risk("high", rate=D(4)),), "high"),
    ("number is above it", (at_risk("high", rate=D(5)),), "high"),
    ("number is weak", (at_risk("weak", seen=False),), "weak"),
    ("a number without its unit", (at_risk("odd", unit=None),), "odd"),
    ("a unit without its number", (at_risk("odd", rate=None),), "odd"),
]
LEAST = at_risk("least", rule="minimum_practicable", rate=None, unit=None)


@pytest.mark.parametrize(("why", "rows", "fact"), HELD)
def test_without_a_number_of_its_own_the_start_rate_is_kept(
    why: str, rows: tuple[Any, ...], fact: str
) -> None:
    found = at_risk_caps(product(at_risk_rates=rows), "renal")
    reason = Reason(code="no_at_risk_rate", finding="renal's finding", fact=fact, value="renal")
    assert found.held == (reason,), why
    assert found.rungs == (Rung(D("0.5"), None),)
    assert found.decision.limited_by[-1] == reason
    assert found.decision.max_ml_per_kg_h == D("0.5")
    assert fact in found.decision.facts
    assert "policy.minimum_practicable_rate" in found.decision.facts


def test_a_number_beside_minimum_practicable_rules_unless_the_site_is_stricter() -> None:
    of = product(at_risk_rates=(at_risk("number"), LEAST))
    assert at_risk_caps(of, "renal").held == ()
    assert at_risk_caps(product(at_risk_rates=(LEAST, at_risk("number"))), "renal").held == ()
    strict = small.knowledge(policies={"policy.minimum_practicable_rate": "start_rate"})
    held = at_risk_caps(of, "renal", known=strict)
    assert [r.fact for r in held.held] == ["number"]
    assert [c.reason.fact for c in held.caps[1:]] == ["number"]
    # the stricter policy concerns labels that say "minimum practicable", no others
    plain = product(at_risk_rates=(at_risk("number"),))
    assert at_risk_caps(plain, "renal", known=strict).held == ()


def test_a_weak_number_still_caps() -> None:
    found = at_risk_caps(product(at_risk_rates=(at_risk("weak", seen=False),)), "renal")
    assert [c.ml_per_h for c in found.caps[1:]] == [D(140)]


def test_two_groups_each_leave_their_reason() -> None:
    rows = (at_risk("renal-row"), at_risk("clot-row", groups=("thrombosis",), rate=D(1)))
    found = at_risk_caps(product(at_risk_rates=rows), "renal", "thrombosis")
    assert [(c.reason.finding, c.reason.fact) for c in found.caps[1:]] == [
        ("renal's finding", "renal-row"),
        ("thrombosis's finding", "clot-row"),
    ]
    assert found.decision.max_ml_per_kg_h == 1


# Pump settings.


def climb(
    *pairs: tuple[str, int | None], caps: tuple[Cap, ...] = (), weight: str = "70", pump: str = "1"
) -> Ladder:
    made_rungs = tuple(Rung(D(rate), minutes) for rate, minutes in pairs)
    decision = RateDecision(
        schedule="s", experience="any", start_ml_per_kg_h=D(1), max_ml_per_kg_h=D(1), limited_by=()
    )
    return Ladder(made_rungs, caps, D(weight), D(pump), decision)


def cap(ml_per_h: str, *, strict: bool = False) -> Cap:
    return Cap(D(ml_per_h), strict, Reason(code="c"))


@pytest.mark.parametrize(
    ("of", "ceiling", "expected"),
    [
        (climb(("0.5", 30), ("1", None)), None, [("35", "35", 30), ("70", "70", None)]),
        # rounded down to the pump's step, the exact limit kept beside it
        (climb(("0.5", 30), ("1", None), weight="14.2"), None, [("7", "7.1", 30), ("14", "14.2", None)]),
        (climb(("0.5", None), weight="14.2", pump="0.1"), None, [("7.1", "7.1", None)]),
        (climb(("0.5", None), weight="14.2", pump="5"), None, [("5", "7.1", None)]),
        # a cap binds; strictly where it is strict
        (climb(("0.5", 30), ("2", None), caps=(cap("100"),)), None, [("35", "35", 30), ("100", "100", None)]),
        (
            climb(("0.5", 30), ("2", None), caps=(cap("100", strict=True),)),
            None,
            [("35", "35", 30), ("99", "100", None)],
        ),
        (
            climb(("0.5", 30), ("2", None), caps=(cap("100.5", strict=True),)),
            None,
            [("35", "35", 30), ("100", "100.5", None)],
        ),
        # equal neighbours are one setting, for as long as both, with the limit of the first
        (
            climb(("0.5", 30), ("1", 30), ("2", 20), ("3", None), caps=(cap("50"),)),
            None,
            [("35", "35", 30), ("50", "50", None)],
        ),
        (
            climb(("0.5", 30), ("1", 30), ("2", 20), caps=(cap("50"),)),
            None,
            [("35", "35", 30), ("50", "50", None)],
        ),
        (climb(("0.1", 15), ("0.12", 20), ("1", None), pump="5"), None, [("5", "7", 35), ("70", "70", None)]),
        # a further ceiling, itself rounded down
        (climb(("0.5", 30), ("1", None)), "50.9", [("35", "35", 30), ("50", "50.9", None)]),
        (climb(("0.5", 30), ("1", None)), "10", [("10", "10", None)]),
        (climb(("0.5", 30), ("1", None)), "200", [("35", "35", 30), ("70", "70", None)]),
    ],
)
def test_settings_never_pass_a_limit(of: Ladder, ceiling: str | None, expected: list[Setting]) -> None:
    assert shown(settings(of, None if ceiling is None else D(ceiling))) == expected


def test_the_fastest_setting() -> None:
    assert top_rate(climb(("0.5", 30), ("1", None))) == 70
    assert top_rate(climb(("0.5", 30), ("1", None), caps=(cap("60"),))) == 60


# Steps in time.


def test_the_steps_give_exactly_the_volume() -> None:
    """100 mL: 30 min at 35 mL/h (17.5 mL), 30 min at 70 (35 mL), the last 47.5 mL at 140 in 21 min."""
    found = steps(climb(("0.5", 30), ("1", 30), ("2", None)), D(100), at(8))
    assert found == (
        Step(
            rate_ml_per_h=D(35),
            minutes=30,
            volume_ml=D("17.5"),
            start=at(8),
            end=at(8, 30),
            limit_ml_per_h=D("35.0"),
        ),
        Step(
            rate_ml_per_h=D(70),
            minutes=30,
            volume_ml=D("35.0"),
            start=at(8, 30),
            end=at(9),
            limit_ml_per_h=D(70),
        ),
        Step(
            rate_ml_per_h=D(140),
            minutes=21,
            volume_ml=D("47.5"),
            start=at(9),
            end=at(9, 21),
            limit_ml_per_h=D(140),
        ),
    )


@pytest.mark.parametrize(
    ("volume", "minutes"),
    [
        ("10", [18]),  # 10 mL at 35 mL/h: 17.14 min
        ("17.5", [30]),  # exactly the first step
        ("17.6", [30, 1]),
        ("52.5", [30, 30]),
        ("53", [30, 30, 1]),
    ],
)
def test_an_infusion_ends_in_the_step_in_which_its_volume_is_in(volume: str, minutes: list[int]) -> None:
    of = climb(("0.5", 30), ("1", 30), ("2", None))
    found = steps(of, D(volume), at(8))
    assert [step.minutes for step in found] == minutes
    assert sum(step.volume_ml for step in found) == D(volume)
    assert duration_minutes(of, D(volume)) == sum(minutes)


def test_a_part_volume_is_kept_to_a_tenth() -> None:
    """20 min at 7 mL/h are 2.333 mL: 2.3 in this step, the rest later."""
    found = steps(climb(("0.1", 20), ("1", None)), D(10), at(8))
    assert [str(step.volume_ml) for step in found] == ["2.3", "7.7"]


def test_a_pump_that_cannot_go_so_slowly_gives_no_steps() -> None:
    assert steps(climb(("0.01", 30), ("1", None)), D(100), at(8)) == ()
    assert duration_minutes(climb(("0.01", 30), ("1", None)), D(100)) == 0
    assert steps(climb(("1", None), caps=(cap("1", strict=True),)), D(100), at(8)) == ()
    assert [step.rate_ml_per_h for step in steps(climb(("1", None), weight="1"), D(1), at(8))] == [1]


def test_a_ceiling_stretches_the_infusion() -> None:
    of = climb(("0.5", 30), ("1", None))
    assert duration_minutes(of, D(70)) == 75  # 17.5 mL in 30 min, 52.5 mL at 70 mL/h
    assert duration_minutes(of, D(70), D(35)) == 120
    assert [step.rate_ml_per_h for step in steps(of, D(70), at(8), D(35))] == [35]


def test_a_change_of_the_clocks_moves_no_step() -> None:
    """Stockholm, 29 March 2026: at 2 o'clock it is 3. From 1:45 an hour lasts until 3:45."""
    stockholm = ZoneInfo("Europe/Stockholm")
    start = dt.datetime(2026, 3, 29, 1, 45, tzinfo=stockholm)
    first, second = steps(climb(("0.5", 30), ("1", None)), D("52.5"), start)
    assert (first.end.hour, first.end.minute) == (3, 15)
    assert first.end.tzinfo is stockholm
    assert (second.end.hour, second.end.minute) == (3, 45)
    assert second.start == first.end


def slow_pump(first_ml_per_h: str) -> Ladder:
    """30 minutes at this rate, then faster; 1 kg, a pump that is set to 0.1 mL/h, no cap."""
    return Ladder(
        rungs=(Rung(D(first_ml_per_h), 30), Rung(D(60), None)),
        caps=(),
        weight_kg=D(1),
        pump_step_ml_per_h=D("0.1"),
        decision=climbed(product()).decision,
    )


@pytest.mark.parametrize(
    ("rate", "volume", "minutes"),
    [
        # 33.5 mL/h for 30 min are 16.75 mL, told as 16.8: all of 16.8 mL, given in 31 min (30.1)
        ("33.5", "16.8", 31),
        # 48.9 mL/h for 30 min are 24.45 mL, told as 24.4: 24.45 mL are in after 30 min, not a step later
        ("48.9", "24.45", 30),
    ],
)
def test_no_step_is_left_with_nothing_to_give(rate: str, volume: str, minutes: int) -> None:
    made_steps = steps(slow_pump(rate), D(volume), dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC))
    assert [(s.minutes, s.volume_ml) for s in made_steps] == [(minutes, D(volume))]
