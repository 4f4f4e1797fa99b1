"""Hazards judged, and how their effects and the condition's caps become limits."""

from __future__ import annotations

from typing import Any

import pytest

from ivigil.course import Action, Finding
from ivigil.knowledge.conditions import RateCap
from ivigil.knowledge.hazards import (
    Advise,
    Block,
    CapDailyDose,
    CapRate,
    Confirm,
    Effect,
    Factor,
    Hazard,
    MinimumDays,
    SlowStart,
)
from ivigil.knowledge.logic import Reading, Saw, Value, When
from ivigil.order import Override
from ivigil.planning.hazards import limits, screen, settle
from ivigil.planning.limits import Entry, Limits, condition_limits
from tests.support import small
from tests.support.small import D, condition, entry, hazard, made, order, regimen, silent, situation

CLOT = When(is_="clot")
OLD = When(field="age_years", above=D(65))
SLOW = made(SlowStart, "slow")
TWO_DAYS = made(MinimumDays, "two-days", days=2)
STOP = made(Block, "stop")


def found(
    *hazards: Hazard,
    case: dict[str, Value] | None = None,
    overrides: tuple[Override, ...] = (),
    **fields: Any,
) -> tuple[Finding, ...]:
    return screen(order(overrides=overrides, **fields), case or {}, small.knowledge(hazard=hazards))


# Findings.


def test_a_hazard_that_is_present_says_what_made_it_so_and_what_it_does() -> None:
    advice = made(Advise, "tell", text="Look at the legs.", audience="nurse")
    (one,) = found(hazard("thrombosis", CLOT, SLOW, advice, name="Clots"), case={"clot": True})
    saw = (Saw("clot", "true"),)
    assert one == Finding(
        id="thrombosis",
        name="Clots",
        category="any",
        severity="serious",
        state="present",
        because=saw,
        saw=saw,
        factors=("thrombosis.factor",),
        missing=(),
        facts=("thrombosis", "thrombosis.factor"),
        do=(
            Action(effect="slow_start", fact="slow"),
            Action(effect="advise", fact="tell", text="Look at the legs.", audience="nurse"),
        ),
        weak=False,
        overridden_by="",
    )


def test_a_hazard_that_is_absent_is_no_finding() -> None:
    assert found(hazard("thrombosis", CLOT, SLOW), case={"clot": False}) == ()


@pytest.mark.parametrize(("unknown", "state"), [("assume", "assumed"), ("ask", "asked"), ("note", "asked")])
def test_an_unanswered_hazard_is_assumed_or_asked_as_it_says_itself(unknown: str, state: str) -> None:
    (one,) = found(hazard("thrombosis", CLOT, SLOW, unknown=unknown))
    assert (one.state, one.missing, one.because) == (state, ("clot",), ())
    assert one.factors == ("thrombosis.factor",)


def factors(*whens: When, weak: int = 0) -> tuple[Factor, ...]:
    """Numbered factors; the first ``weak`` of them rest on a digest."""
    return tuple(
        made(Factor, f"f{i}", name=f"f{i}", when=when, basis="digest" if i < weak else "label")
        for i, when in enumerate(whens)
    )


def test_only_the_factors_that_decide_are_named() -> None:
    both = hazard("thrombosis", CLOT, SLOW, factors=factors(CLOT, OLD, When(is_="pill")))
    (present,) = found(both, case={"clot": False, "age_years": Reading.exactly(70)})
    assert (present.state, present.factors, present.missing) == ("present", ("f1",), ())
    assert present.because == (Saw("age_years", "70", D(70)),)
    assert present.facts == ("thrombosis", "f1")
    (open_one,) = found(both, case={"clot": False, "age_years": Reading.exactly(50)})
    assert (open_one.state, open_one.factors, open_one.missing) == ("assumed", ("f2",), ("pill",))
    (both_open,) = found(both, case={"age_years": Reading.exactly(50)})
    assert (both_open.factors, both_open.missing) == (("f0", "f2"), ("clot", "pill"))


def test_the_same_value_is_named_once() -> None:
    twice = hazard("old", OLD, SLOW, factors=factors(OLD, When(field="age_years", above=D(60))))
    (one,) = found(twice, case={"age_years": Reading.exactly(70)})
    assert (one.factors, one.because) == (("f0", "f1"), (Saw("age_years", "70", D(70)),))
    (unknown,) = found(twice)
    assert unknown.missing == ("age_years",)


@pytest.mark.parametrize(("weak", "is_weak"), [(0, False), (1, False), (2, True)])
def test_a_finding_is_weak_only_if_all_that_decides_it_is(weak: int, is_weak: bool) -> None:
    both = hazard("thrombosis", CLOT, SLOW, factors=factors(CLOT, OLD, weak=weak))
    (one,) = found(both, case={"clot": True, "age_years": Reading.exactly(70)})
    assert one.weak is is_weak


def test_the_gravest_come_first_then_what_is_present_then_by_name() -> None:
    yes, no_answer = When(is_="yes"), When(is_="nobody asked")
    listed = found(
        hazard("b", yes, SLOW, severity="info"),
        hazard("c", no_answer, SLOW, severity="serious"),
        hazard("d", yes, SLOW, severity="serious"),
        hazard("a", yes, SLOW, severity="serious"),
        hazard("e", no_answer, SLOW, severity="contraindicated"),
        hazard("f", yes, SLOW, severity="moderate"),
        case={"yes": True},
    )
    assert [one.id for one in listed] == ["e", "a", "d", "c", "f", "b"]


def test_a_hazard_of_the_other_route_is_not_looked_at() -> None:
    only_sc = hazard("under-the-skin", CLOT, SLOW, routes=("SC",))
    assert found(only_sc, case={"clot": True}) == ()
    assert [one.id for one in found(only_sc, case={"clot": True}, route="SC")] == ["under-the-skin"]


# Limits.


def of_findings(*hazards: Hazard, **fields: Any) -> list[tuple[str, str]]:
    """(effect, finding) of every limit."""
    known = small.knowledge(hazard=hazards)
    return [(item.effect.id, item.finding) for item in limits(found(*hazards, **fields), known).entries]


def test_what_is_present_or_assumed_acts_and_what_is_only_asked_does_not() -> None:
    hazards = (
        hazard("present", When(is_="yes"), SLOW, TWO_DAYS),
        hazard("assumed", When(is_="open"), made(SlowStart, "also-slow")),
        hazard("asked", When(is_="open"), made(SlowStart, "never"), unknown="ask"),
        hazard("absent", When(is_="no"), made(SlowStart, "nor-this")),
    )
    assert of_findings(*hazards, case={"yes": True, "no": False}) == [
        ("slow", "present"),
        ("two-days", "present"),
        ("also-slow", "assumed"),
    ]


def test_an_override_lifts_the_block_and_nothing_else() -> None:
    grave = hazard("grave", When(is_="yes"), STOP, SLOW, TWO_DAYS)
    other = hazard("other", When(is_="yes"), made(Block, "stop-too"))
    override = Override(finding="grave", reason="seen by an allergist", author="Dr B")
    assert of_findings(grave, other, case={"yes": True}) == [
        ("stop", "grave"),
        ("slow", "grave"),
        ("two-days", "grave"),
        ("stop-too", "other"),
    ]
    assert of_findings(grave, other, case={"yes": True}, overrides=(override,)) == [
        ("slow", "grave"),
        ("two-days", "grave"),
        ("stop-too", "other"),
    ]
    first, second = found(grave, other, case={"yes": True}, overrides=(override,))
    assert (first.overridden_by, second.overridden_by) == ("Dr B", "")


def test_limits_are_read_by_kind_in_their_order() -> None:
    one, two, three = (
        entry(SlowStart, "a"),
        entry(CapRate, "b", rate=D(1), unit="mL/h"),
        entry(SlowStart, "c"),
    )
    some = Limits((one, two))
    assert some.of(SlowStart) == (one,)
    assert some.of(CapDailyDose) == ()
    assert some.plus([three]).of(SlowStart) == (one, three)
    assert some.plus([three]).entries == (one, two, three)
    assert Limits().entries == ()


# Caps of the condition and of its regimen.


def cap(name: str, **fields: Any) -> RateCap:
    return made(RateCap, name, **{"rate": D("0.04"), "unit": "mL/kg/min", **fields})


def bound(rule: Any = None, case: dict[str, Value] | None = None, **fields: Any) -> list[Entry[Effect]]:
    rule = rule or regimen()
    return condition_limits(condition(rule, **fields), rule, case or {})


def test_a_cap_of_the_condition_keeps_its_figure_unit_and_evidence() -> None:
    (one,) = bound(rate_caps=(cap("dm", strict=True, basis="review", seen=False, sources=("t",)),))
    assert one == Entry(
        CapRate(
            id="dm", basis="review", seen=False, sources=("t",), rate=D("0.04"), unit="mL/kg/min", strict=True
        ),
        small.FEVER,
    )


@pytest.mark.parametrize(("case", "binds"), [({"clot": True}, True), ({}, True), ({"clot": False}, False)])
def test_a_cap_on_condition_is_lifted_only_by_a_no(case: dict[str, Value], binds: bool) -> None:
    assert bool(bound(case=case, rate_caps=(cap("dm", when=CLOT),))) is binds


def test_a_cap_that_is_lifted_leaves_the_others() -> None:
    caps = (cap("lifted", when=CLOT), cap("stays"))
    assert [e.effect.id for e in bound(case={"clot": False}, rate_caps=caps)] == ["stays"]


def test_a_regimen_s_own_rate_and_daily_dose_bind_every_product() -> None:
    rule = silent("r", max_rate=D(5), max_rate_unit="mL/kg/h", max_daily_dose_g=D(140), basis="paper")
    assert bound(rule) == [
        Entry(
            CapRate(id="r", basis="paper", seen=True, sources=("s",), rate=D(5), unit="mL/kg/h"), small.FEVER
        ),
        Entry(CapDailyDose(id="r", basis="paper", seen=True, sources=("s",), grams=D(140)), small.FEVER),
    ]
    daily = silent("r", daily_dose_g_per_kg_min=D("0.2"), daily_dose_g_per_kg_max=D("0.4"))
    assert bound(daily) == [
        Entry(CapDailyDose(id="r", basis="label", seen=True, sources=("s",), g_per_kg=D("0.4")), small.FEVER)
    ]
    assert bound(silent("r", max_rate=D(5))) == []
    assert bound(silent("r", max_rate_unit="mL/h")) == []
    assert bound(silent("r", daily_dose_g_per_kg_min=D("0.2"))) == []


# Settling: findings first, then the caps of condition and regimen.


def test_findings_and_caps_meet_in_one_value() -> None:
    rule = regimen(max_daily_dose_g=D(60))
    known = small.knowledge(hazard=(hazard("switch", When(is_="product_changed"), SLOW),))
    before = situation(rule=rule, known=known, limits=(entry(SlowStart, "stale"),))
    findings, after = settle(before, product_changed=True)
    assert [(one.id, one.state) for one in findings] == [("switch", "present")]
    assert after.case["product_changed"] is True
    assert [(e.effect.id, e.finding) for e in after.limits.entries] == [
        ("slow", "switch"),
        ("two-grams", small.FEVER),
    ]
    findings, after = settle(before, product_changed=False)
    assert findings == ()
    assert after.case == {**before.case, "product_changed": False}


def test_a_cap_of_the_condition_is_judged_on_the_case() -> None:
    of = condition(rate_caps=(cap("lifted", when=CLOT), cap("stays")))
    _, after = settle(situation(of=of, case={"clot": False}), product_changed=None)
    assert [e.effect.id for e in after.limits.entries] == ["stays"]


def test_whether_the_product_changed_stays_open_if_nobody_can_tell() -> None:
    known = small.knowledge(hazard=(hazard("switch", When(is_="product_changed"), SLOW),))
    findings, after = settle(situation(known=known), product_changed=None)
    assert [(one.id, one.state) for one in findings] == [("switch", "assumed")]
    assert "product_changed" not in after.case


def test_a_hazard_to_confirm_says_so() -> None:
    (one,) = found(
        hazard("twice", CLOT, made(Confirm, "ask-again", text="Is this a second course?")),
        case={"clot": True},
    )
    assert [(action.effect, action.fact) for action in one.do] == [("confirm", "ask-again")]
