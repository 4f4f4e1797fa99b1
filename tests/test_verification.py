"""The verifier against hand-made plans: it accepts them, and names what is wrong with every spoilt one."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil import verification
from ivigil.course import Blocked, Plan, ProductExcluded, Question, Reason, SignOff, Step, Vial
from ivigil.knowledge.hazards import AvoidStabilisers, Effect, PreferProducts
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.products import AtRiskRate as LabelRisk
from ivigil.knowledge.products import StartAfter
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order, Override
from ivigil.patient import Measurement, Screening
from ivigil.verification import Objection, body, exact, verify
from tests.support.verification_plans import (
    SUMMER,
    WINTER,
    adult_order,
    adult_plan,
    answered,
    blocked_order,
    blocked_plan,
    cited,
    facts,
    finding,
    half_day,
    infant_order,
    infant_plan,
    measured,
    put,
    skin_order,
    skin_plan,
    weekly_order,
    weekly_plan,
    with_fact,
)

D = Decimal
PLANS: dict[str, tuple[Callable[[], Plan], Callable[[], Order]]] = {
    "adult": (adult_plan, adult_order),
    "infant": (infant_plan, infant_order),
    "blocked": (blocked_plan, blocked_order),
    "skin": (skin_plan, skin_order),
    "weekly": (weekly_plan, weekly_order),
}


def codes(plan: Plan, order: Order, knowledge: Knowledge | None = None) -> set[str]:
    """Codes of all objections to a plan."""
    return {objection.code for objection in verify(plan, order, knowledge or facts()).objections}


@pytest.mark.parametrize("name", PLANS)
def test_a_correct_plan_is_accepted(name: str) -> None:
    plan, order = (make() for make in PLANS[name])
    verdict = verify(plan, order, facts())  # type: ignore[arg-type]
    assert verdict.objections == ()
    assert verdict.accepted


class Slip(NamedTuple):
    """One field of a correct plan set wrong, and the objection that must name it."""

    plan: str
    path: str
    value: object
    code: str


FAST = tuple(
    Slip("adult", f"days[{d}].steps[{s}].rate_ml_per_h", r, "schedule_maximum")
    for d in (0, 1)
    for s, r in enumerate((D(420), D(840), D(1380)))
)

SLIPS = (
    *FAST,
    # rates: limits
    Slip("adult", "days[0].steps[2].rate_ml_per_h", D("138.6"), "at_risk_rate"),
    Slip("adult", "days[0].steps[2].rate_ml_per_h", D(139), "at_risk_rate"),
    Slip("adult", "days[0].steps[2].rate_ml_per_h", D(169), "condition_cap"),
    Slip("adult", "days[0].steps[2].rate_ml_per_h", D(211), "regimen_max_rate"),
    Slip("adult", "days[0].steps[0].rate_ml_per_h", D(43), "start_rate"),
    Slip("adult", "days[0].steps[1].rate_ml_per_h", D(41), "rate_falls"),
    Slip("adult", "days[0].steps[0].rate_ml_per_h", D(0), "rate_not_positive"),
    Slip("adult", "days[0].steps[1].rate_ml_per_h", D("83.5"), "pump_step"),
    Slip("adult", "days[0].steps[1].limit_ml_per_h", D(83), "stated_limit"),
    Slip("adult", "days[0].steps[2].limit_ml_per_h", D(168), "stated_limit"),
    Slip("adult", "days[1].steps", (), "no_steps"),
    Slip("adult", "rates.start_ml_per_kg_h", D(6), "stated_rate"),
    Slip("adult", "rates.max_ml_per_kg_h", D(48), "stated_rate"),
    Slip("adult", "rates.schedule", "ten.schedule.heavy", "schedule_not_for_body"),
    Slip("adult", "rates.schedule", "ten.schedule.digest", "weak_fact_permits"),
    Slip("adult", "rates.schedule", "five.schedule.pi", "not_a_schedule"),
    Slip("infant", "rates.off_label", False, "off_label_not_marked"),
    Slip("infant", "days[0].steps[7].rate_ml_per_h", D("25.3"), "off_label_maximum"),
    Slip("infant", "days[0].steps[0].rate_ml_per_h", D("3.2"), "start_rate"),
    Slip("infant", "days[0].steps[1].rate_ml_per_h", D("6.4"), "rises_too_fast"),
    Slip("infant", "days[0].steps[4].rate_ml_per_h", D("18.9"), "rises_too_fast"),
    # rates: ladder and arithmetic
    Slip("adult", "days[0].steps[0].minutes", 29, "rises_too_fast"),
    Slip("adult", "days[0].steps[1].minutes", 20, "rises_too_fast"),
    Slip("adult", "days[0].steps[1].rate_ml_per_h", D(138), "rises_too_fast"),
    Slip("adult", "days[0].steps[0].minutes", 31, "step_minutes"),
    Slip("adult", "days[0].steps[0].minutes", 0, "step_minutes"),
    Slip("adult", "days[0].steps[0].volume_ml", D("21.2"), "step_volume"),
    Slip("adult", "days[0].steps[2].volume_ml", D("637.1"), "steps_do_not_add_up"),
    Slip("adult", "days[0].steps[2].minutes", 279, "step_volume"),
    Slip("adult", "days[0].duration_min", 336, "day_duration"),
    Slip("adult", "days[0].end", dt.datetime(2026, 10, 24, 13, 38, tzinfo=SUMMER), "day_end"),
    Slip("adult", "days[0].start", dt.datetime(2026, 10, 24, 9, tzinfo=SUMMER), "day_start"),
    Slip("adult", "days[1].start", dt.datetime(2026, 10, 25, 8, tzinfo=SUMMER), "day_start"),
    Slip("adult", "days[1].start", dt.datetime(2026, 10, 25, 9, tzinfo=SUMMER), "wall_clock"),
    Slip("adult", "days[0].steps[1].start", dt.datetime(2026, 10, 24, 8, 31, tzinfo=SUMMER), "step_start"),
    Slip("adult", "days[1].date", dt.date(2026, 10, 26), "day_date"),
    Slip("adult", "days[1].number", 3, "day_number"),
    Slip("infant", "days[0].duration_min", 599, "infusion_too_short"),
    Slip("infant", "days[0].duration_min", 721, "infusion_too_long"),
    Slip("infant", "days[0].duration_min", 800, "opening_hours"),
    Slip("adult", "days[0].duration_min", 481, "pooled_use"),
    # vials and volumes
    Slip("adult", "days[0].vials[0].count", 4, "vials_do_not_add_up"),
    Slip("adult", "days[0].vials[0].count", 0, "vial_count"),
    Slip("adult", "days[0].vials[0].grams", D(25), "no_such_vial"),
    Slip("adult", "days[0].vials[0].volume_ml", D(100), "no_such_vial"),
    Slip("adult", "days[0].vials[0]", Vial(grams=D("2.5"), count=24, volume_ml=D(25)), "weak_fact_permits"),
    Slip("adult", "days[0].grams", D(71), "vials_do_not_add_up"),
    Slip("adult", "days[0].grams", D(0), "day_empty"),
    Slip("adult", "days[0].volume_ml", D(70), "volume_strength"),
    Slip("infant", "days[0].discard_g", D("2.5"), "vials_do_not_add_up"),
    Slip("infant", "days[0].discard_g", D("7.4"), "discard"),
    Slip("infant", "days[0].discard_g", D("-0.1"), "discard"),
    # course
    Slip("adult", "course.days", 1, "days_shortened"),
    Slip("adult", "course.days", 3, "days_without_reason"),
    Slip("adult", "course.days", 6, "course_too_long"),
    Slip("adult", "course.vials", 7, "course_sum"),
    Slip("adult", "course.grams", D(135), "course_sum"),
    Slip("adult", "course.grams", D(145), "rounded_up"),
    Slip("adult", "course.grams", D(125), "rounding_tolerance"),
    Slip("adult", "course.change_percent", D(-1), "change_percent"),
    Slip("adult", "course.discard_g", D(5), "course_sum"),
    Slip("adult", "course.interval_days", 21, "interval_shortened"),
    Slip("adult", "days[0].grams", D(76), "days_unequal"),
    Slip("adult", "days[0].grams", D(101), "day_above_cap"),
    # dose and weight
    Slip("adult", "dose.grams", D(1400), "dose_above_cap"),
    Slip("adult", "dose.grams", D("140.002"), "dose_arithmetic"),
    Slip("adult", "dose.grams", D(169), "dose_above_regimen"),
    Slip("adult", "dose.grams", D(139), "dose_below_regimen"),
    Slip("adult", "dose.grams", D(147), "dose_not_by_policy"),
    Slip("adult", "dose.grams", D(0), "dose_not_positive"),
    Slip("adult", "dose.g_per_kg", D("0.2"), "dose_arithmetic"),
    Slip("adult", "dose.grams_on_actual_weight", D(150), "dose_arithmetic"),
    Slip("adult", "dose.capped_by", "cap.dm", "cap_not_binding"),
    Slip("adult", "dose.dosing_weight_kg", D(71), "dosing_weight_above_actual"),
    Slip("adult", "dose.dosing_weight_kg", D(60), "dosing_weight"),
    Slip("adult", "dose.weight_kind", "ideal", "dosing_weight"),
    Slip("adult", "dose.actual_weight_kg", D(154), "actual_weight"),
    Slip("adult", "dose.ideal_weight_kg", D(70), "shown_weight"),
    Slip("adult", "dose.adjusted_weight_kg", D(70), "shown_weight"),
    Slip("skin", "dose.grams", D(10), "skin_dose"),
    # regimen
    Slip("adult", "regimen.id", "kd.guide", "regimen_of_other_condition"),
    Slip("adult", "regimen.id", "dm.cap", "not_a_regimen"),
    Slip("adult", "regimen.id", "dm.child", "regimen_population"),
    Slip("adult", "regimen.id", "dm.special", "regimen_special"),
    Slip("adult", "regimen.id", "dm.old", "regimen_superseded"),
    Slip("adult", "regimen.id", "dm.rescue", "regimen_phase"),
    Slip("adult", "regimen.id", "dm.digest", "weak_fact_permits"),
    Slip("adult", "regimen.id", "dm.us", "borrowing_not_marked"),
    Slip("adult", "regimen.id", "pi.sc", "regimen_route"),
    Slip("adult", "regimen.borrowed", True, "borrowing_not_marked"),
    Slip("adult", "regimen.phase", "rescue", "regimen_differs"),
    Slip("adult", "regimen.total_dose_g_per_kg_max", D(24), "regimen_differs"),
    Slip("adult", "regimen.allowed_days", (1, 2, 5), "regimen_differs"),
    Slip("infant", "regimen.infusion_hours_min", D(1), "regimen_differs"),
    # product
    Slip("adult", "product.id", "pro", "no_such_vial"),
    Slip("adult", "product.id", "ten-us", "not_licensed_here"),
    Slip("adult", "product.id", "twenty", "product_route"),
    Slip("adult", "product.id", "dm.guide", "not_a_product"),
    Slip("adult", "product.g_per_100_ml", D(5), "product_differs"),
    Slip("adult", "product.name", "Five 5%", "product_differs"),
    Slip("infant", "product.on_label", True, "not_on_label"),
    # findings
    Slip("adult", "findings", (finding("headache_risk", "present"),), "finding_missing"),
    Slip("adult", "findings", (), "finding_missing"),
    Slip("adult", "findings[0].state", "assumed", "finding_state"),
    Slip("adult", "findings[0].state", "absent", "finding_state"),
    Slip("adult", "findings[0].severity", "info", "finding_severity"),
    Slip("adult", "findings[0].overridden_by", "nobody", "override_forged"),
    Slip("adult", "findings[0].do", (), "action_missing"),
    Slip("adult", "findings[1]", finding("clot_risk", "present"), "finding_twice"),
    Slip("adult", "findings[1]", finding("volume_risk", "present"), "finding_state"),
    Slip("infant", "findings[1].state", "absent", "finding_state"),
    Slip("infant", "findings[0].state", "present", "finding_state"),
    # status
    Slip("adult", "status", "needs_answers", "status_unfounded"),
    Slip("adult", "status", "needs_sign_off", "status_unfounded"),
    Slip("adult", "status", "blocked", "blocked_but_planned"),
    Slip("adult", "status", "blocked", "blocked_without_reason"),
    Slip("adult", "blocked", (Blocked(code="contraindicated"),), "status_forged"),
    Slip("adult", "gaps", (Blocked(code="no_rates"),), "status_forged"),
    Slip("adult", "rates", None, "ready_but_incomplete"),
    Slip("adult", "observation", None, "ready_but_incomplete"),
    Slip("infant", "questions[0].blocking", True, "status_forged"),
    Slip("blocked", "status", "ready", "contraindicated"),
    Slip("blocked", "blocked", (), "blocked_without_reason"),
    Slip("blocked", "product", adult_plan().product, "blocked_but_planned"),
    Slip("blocked", "days", adult_plan().days, "blocked_but_planned"),
    # identity and sources
    Slip("adult", "order.patient.weight_kg", D(71), "other_order"),
    Slip("adult", "order.patient.id.value", "B", "other_order"),
    Slip("adult", "knowledge_version", "old", "other_knowledge"),
    Slip("adult", "valid_until", dt.date(2026, 11, 1), "valid_too_long"),
    Slip("adult", "valid_until", None, "valid_too_long"),
    Slip("adult", "course.facts", ("made.up",), "unknown_fact"),
    Slip("adult", "course.facts", ("ten.vial.5",), "fact_not_cited"),
    Slip("adult", "sources", cited("dm.guide"), "fact_not_cited"),
    Slip("adult", "sources.made_up", cited("dm.guide")["dm.guide"], "unknown_fact"),
    Slip("adult", "sources.ten", cited("dm.digest")["dm.digest"], "citation_differs"),
    Slip("adult", "sources.ten.signed", True, "citation_differs"),
    # care
    Slip("adult", "premedication[0].dose_mg", D(1050), "drug_dose"),
    Slip("adult", "premedication[0].dose_mg_max", D(2000), "drug_dose"),
    Slip("adult", "premedication[0].facts", (), "unknown_drug"),
    Slip("adult", "premedication[0].facts", ("drug.paracetamol_child",), "drug_not_for_age"),
    Slip("adult", "premedication[0].facts", ("drug.ibuprofen",), "wrong_drug"),
    Slip("adult", "premedication[1].dose_mg", D(400), "suppressed_but_dosed"),
    Slip("infant", "premedication[0].dose_mg", D(945), "drug_dose"),
    Slip("adult", "observation.minutes", 59, "observation_too_short"),
    Slip("infant", "observation.minutes", 89, "observation_too_short"),
    Slip("adult", "tests", (), "test_missing"),
    Slip("adult", "day_checks", (), "day_check_missing"),
    Slip("adult", "day_checks[0].day", 1, "day_check_missing"),
    # subcutaneous
    Slip("skin", "days[0].sites[0].volume_ml", D(21), "site_limit"),
    Slip("skin", "days[0].sites[0].rate_ml_per_h", D(21), "site_limit"),
    Slip("skin", "days[0].sites[0].rate_ml_per_h", D(10), "site_time"),
    Slip("skin", "days[0].sites[0].volume_ml", D(19), "sites_do_not_add_up"),
    Slip("skin", "days[0].sites", (), "sites_do_not_add_up"),
    Slip("skin", "days[0].duration_min", 90, "day_duration"),
    Slip("weekly", "dose.grams", D("8.2"), "skin_dose"),
    Slip("weekly", "dose.grams", D("9.375"), "skin_dose"),
    Slip("weekly", "dose.interval_days", 28, "skin_interval"),
    Slip("weekly", "dose.interval_days", 0, "skin_interval"),
    Slip("weekly", "course.interval_days", 14, "skin_interval"),
    Slip("weekly", "course.change_percent", D(0), "change_percent"),
    Slip("weekly", "course.grams", D(8), "course_sum"),
    Slip("weekly", "days[2].date", dt.date(2026, 12, 6), "skin_date"),
    Slip("weekly", "days[2].start", dt.datetime(2026, 12, 6, 10, tzinfo=WINTER), "day_start"),
    Slip("weekly", "days[1].grams", D(9), "rounded_up"),
    Slip("weekly", "days[1].grams", D(4), "rounding_tolerance"),
    Slip("weekly", "days[1].volume_ml", D(41), "volume_strength"),
    Slip("weekly", "days[0].sites[0].volume_ml", D("20.1"), "site_limit"),
    Slip("weekly", "days[0].sites[1].rate_ml_per_h", D(21), "site_limit"),
    Slip("weekly", "days[0].sites", weekly_plan().days[0].sites * 3, "site_count"),
    Slip("weekly", "days[0].sites[0].rate_ml_per_h", D(16), "sites_do_not_add_up"),
    Slip("weekly", "days[0].steps[0].rate_ml_per_h", D(36), "site_limit"),
    Slip("weekly", "days[0].steps[0].rate_ml_per_h", D("33.5"), "pump_step"),
    Slip("weekly", "days[0].steps[0].rate_ml_per_h", D(0), "rate_not_positive"),
    Slip("weekly", "days[0].steps[0].minutes", 69, "step_volume"),
    Slip("weekly", "days[3].steps[0].volume_ml", D(39), "steps_do_not_add_up"),
    # values that are none
    Slip("adult", "dose.grams", D("NaN"), "malformed_value"),
    Slip("adult", "days[0].steps[0].rate_ml_per_h", D("Infinity"), "malformed_value"),
    Slip("adult", "dose.grams", D("1E+999999"), "malformed_value"),
    Slip("adult", "days[0].start", dt.datetime(2026, 10, 24, 8), "malformed_value"),
    Slip("adult", "days[0].date", dt.date(9999, 12, 31), "malformed_value"),
    Slip("adult", "days", None, "not_checkable"),
)  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS, ids=lambda s: f"{s.plan}-{s.path}-{s.code}")
def test_one_wrong_field_is_named(slip: Slip) -> None:
    plan, order = PLANS[slip.plan][0](), PLANS[slip.plan][1]()
    spoilt = put(plan, slip.path, slip.value)
    assert slip.code in codes(spoilt, order)


# ---- the same plan for another order, or by other facts


NOTHING: Mapping[str, object] = MappingProxyType({})


class Turn(NamedTuple):
    """What is changed in order and knowledge (and in the plan, so that one thing stands out)."""

    name: str
    code: str
    plan: str = "adult"
    order: Mapping[str, object] = NOTHING
    fact: tuple[str, dict[str, object]] | None = None
    spoil: Mapping[str, object] = NOTHING


def turned(turn: Turn) -> tuple[Plan, Order, Knowledge]:
    plan, order = PLANS[turn.plan][0](), PLANS[turn.plan][1]()
    for path, value in turn.order.items():
        order = put(order, path, value)
    plan = put(plan, "order", order)
    for path, value in turn.spoil.items():
        plan = put(plan, path, value)
    knowledge = facts() if turn.fact is None else with_fact(facts(), turn.fact[0], **turn.fact[1])
    return plan, order, knowledge


def last(**fields: Any) -> LastImmunoglobulin:
    """The last dose of plan A with other fields."""
    known = adult_order().last_immunoglobulin
    assert known is not None
    return msgspec.structs.replace(known, **fields)


def policy(name: str, **fields: object) -> tuple[str, dict[str, object]]:
    return f"policy.{name}", fields


TOLERANT = {"rates.schedule": "ten.schedule.experienced"}
FIRST_TIME: tuple[str, dict[str, object]] = (
    "ten.schedule.heavy",
    {"experience": "naive", "max_rate": D("1.9"), "weight_kg_min": None},
)
LONG_RUNGS = tuple(
    msgspec.structs.replace(rung, minutes=rung.minutes and 60)
    for rung in facts().products["ten"].schedules[0].steps
)
EARLIER = dt.timedelta(minutes=1)
HEART = answered(adult_order(), "prior_venous_thrombosis", "migraine", "heart_failure").patient.screening
HEART_FOUND = (*adult_plan().findings, finding("volume_risk", "present"))
KIDNEY = answered(adult_order(), "renal_impairment").patient.screening
PROLINE = answered(adult_order(), "hyperprolinaemia").patient.screening
UNANSWERED = answered(adult_order(), "prior_venous_thrombosis", "migraine", complete=False).patient.screening
LIVER = answered(adult_order(), "migraine", "severe_liver_disease").patient.screening
BOLUS = (msgspec.structs.replace(adult_plan().tests[0], facts=("fluid.bolus",)),)


def on_heart(code: str, **more: Any) -> Turn:
    """Plan A, which is too bold for a patient with heart failure."""
    return Turn(
        f"heart failure: {code}",
        code,
        order={"patient.screening": HEART},
        spoil={"findings": HEART_FOUND} | more,
    )


TURNS = (
    # experience
    Turn("naive on the experienced schedule", "not_experienced",
         order={"experience": "naive", "last_immunoglobulin": None}, spoil=TOLERANT),
    Turn("experience not stated", "not_experienced",
         order={"experience": None, "last_immunoglobulin": None}, spoil=TOLERANT),
    Turn("tolerated rate below the schedule's", "not_experienced",
         order={"last_immunoglobulin": last(tolerated_rate_ml_per_kg_per_h=D("4.7"))}, spoil=TOLERANT),
    Turn("tolerated rate not known", "not_experienced",
         order={"last_immunoglobulin": last(tolerated_rate_ml_per_kg_per_h=None)}, spoil=TOLERANT),
    Turn("too few infusions", "not_experienced",
         order={"last_immunoglobulin": last(infusions=2)}, spoil=TOLERANT),
    Turn("experience with another product", "not_experienced",
         order={"last_immunoglobulin": last(product="five")}, spoil=TOLERANT),
    Turn("another product than last time", "finding_missing",
         order={"last_immunoglobulin": last(product="five")}),
    Turn("a first infusion", "finding_missing", order={"experience": "naive", "last_immunoglobulin": None}),
    Turn("a first-infusion schedule binds who may be having one", "schedule_maximum",
         order={"experience": None, "last_immunoglobulin": None}, fact=FIRST_TIME),
    Turn("another product: the slowest start of its schedules", "slow_start",
         order={"last_immunoglobulin": last(product="five")},
         fact=("ten.schedule.heavy", {"start_rate": D("0.5"), "weight_kg_min": None})),
    # risk
    Turn("a group that the label is silent on: its numbers for others bind", "at_risk_rate",
         order={"patient.screening": HEART},
         spoil={"findings": HEART_FOUND, "days[0].steps[2].rate_ml_per_h": D(139)}),
    Turn("a label that is silent on all who are at risk", "no_step_up",
         order={"patient.screening": HEART}, spoil={"findings": HEART_FOUND},
         fact=("ten", {"at_risk_rates": ()})),
    on_heart("day_volume"),
    on_heart("day_above_cap"),
    on_heart("days_below_hazard"),
    on_heart("infusion_too_short"),
    on_heart("hazard_cap"),
    on_heart("fluid_withheld", hydration=BOLUS),
    Turn("strict cap of a finding met exactly: 8 g/h is 80 mL/h", "hazard_cap",
         order={"patient.screening": HEART},
         spoil={"findings": HEART_FOUND, "days[0].steps[1].rate_ml_per_h": D(80)}),
    Turn("kidney risk: the number printed for another group permits nothing", "no_step_up",
         order={"patient.screening": KIDNEY}),
    Turn("clot risk: start rate kept by policy", "no_step_up",
         fact=policy("minimum_practicable_rate", choice="start_rate")),
    Turn("clot risk set aside by a named professional: its limits stay", "at_risk_rate",
         order={"overrides": (Override("clot_risk", "old event", "Dr A"),)},
         spoil={"days[0].steps[2].rate_ml_per_h": D(139)}),
    Turn("a weak number for patients at risk permits nothing", "no_step_up",
         fact=("ten.risk.number", {"seen": False})),
    Turn("a number at the ordinary maximum is no number for patients at risk", "no_step_up",
         fact=("ten.risk.number", {"rate": D(8)})),
    Turn("a lower number for patients at risk", "at_risk_rate", fact=("ten.risk.number", {"rate": D(2)})),
    Turn("the dropped row for patients at risk", "no_step_up",
         fact=("ten.risk.number", {"rate": None, "unit": None, "rule": "minimum_practicable"})),
    Turn("a low eGFR is renal impairment whatever was answered", "finding_missing",
         order={"patient.measurements": {"egfr_ml_per_min_per_1_73m2": Measurement(Reading.exactly(50))}}),
    Turn("two courses within four weeks", "finding_missing",
         order={"last_immunoglobulin": last(date=dt.date(2026, 9, 27))}),
    Turn("an earlier dose of unknown size", "finding_missing",
         order={"last_immunoglobulin": last(date=dt.date(2026, 9, 27), grams=None)}),
    Turn("an unanswered contraindication without a question", "asked_without_question",
         order={"patient.screening": UNANSWERED}),
    Turn("an unanswered contraindication in a ready plan acts", "finding_missing",
         order={"patient.screening": UNANSWERED}),
    Turn("the product's stabiliser was not seen", "product_excluded",
         order={"patient.screening": PROLINE}, fact=("ten.stabiliser", {"seen": False})),
    Turn("the product's stabiliser is excluded", "product_excluded",
         order={"patient.screening": PROLINE}, fact=("ten.stabiliser", {"text": "L-proline"})),
    Turn("paracetamol in severe liver disease", "drug_contraindicated", order={"patient.screening": LIVER}),
    Turn("premedication that nothing asks for", "not_indicated",
         order={"patient.screening": KIDNEY}),
    # what was ordered
    Turn("ordered over five days", "days_shortened", order={"days": 5}),
    Turn("another product ordered", "product_not_as_ordered", order={"product": "five"}),
    Turn("another regimen ordered", "regimen_not_as_ordered", order={"regimen": "dm.rescue"}),
    Turn("another dose ordered", "dose_not_as_ordered", order={"total_dose_g_per_kg": D("2.1")}),
    Turn("another interval ordered", "interval_not_as_ordered", order={"interval_days": 35}),
    Turn("another phase ordered", "regimen_phase", order={"phase": "rescue"}),
    Turn("another place", "not_licensed_here", order={"jurisdiction": "US"}),
    Turn("another place: its cap", "dose_above_cap", order={"jurisdiction": "US"}),
    Turn("a patient of 120 kg dosed by actual weight", "dosing_weight",
         order={"patient.weight_kg": D(120)},
         spoil={"dose.actual_weight_kg": D(120), "dose.dosing_weight_kg": D(120)}),
    Turn("a lighter patient", "start_rate", order={"patient.weight_kg": D(60)}),
    Turn("a coarser pump", "pump_step", order={"pump_step_ml_per_h": D(5)}),
    # facts and policies
    Turn("ladder: longer rungs", "rises_too_fast",
         fact=("ten.schedule.dm", {"steps": LONG_RUNGS})),
    Turn("ladder: rates printed without durations keep the policy's interval", "rises_too_fast",
         fact=("ten.schedule.dm", {"steps": (), "step_rates": (D("0.6"), D("1.2"), D("2.4"), D("4.8")),
                                   "start_minutes": 31})),
    Turn("no ladder: rises by more than the start rate", "rises_too_fast",
         fact=("ten.schedule.dm", {"steps": ()})),
    Turn("no ladder: the interval of the policy", "rises_too_fast", plan="infant",
         fact=("five.schedule.pi", {"step_minutes_min": 31, "step_minutes_max": 31})),
    Turn("off label: the slowest start of all schedules", "start_rate", plan="infant",
         fact=("five.schedule.cidp", {"start_rate": D("0.4")})),
    Turn("off label: the lowest maximum of all schedules", "off_label_maximum", plan="infant",
         fact=("five.schedule.cidp", {"max_rate": D("3.9")})),
    Turn("off label: a strict maximum met exactly", "off_label_maximum", plan="infant",
         fact=("five.schedule.cidp", {"max_strict": True})),
    Turn("below the label's age: off label", "not_on_label", fact=("ten.use.dm", {"age_min_years": D(60)})),
    Turn("a lower cap of the course", "dose_above_cap", fact=("cap.dm", {"max_total_g": D(130)})),
    Turn("a lower cap of the day", "day_above_cap", fact=("cap.dm", {"max_g_per_day": D(69)})),
    Turn("a lower dose of the day", "day_above_cap",
         fact=("dm.guide", {"daily_dose_g_per_kg_max": D("0.9")})),
    Turn("a lower rate of the regimen", "regimen_max_rate", fact=("dm.guide", {"max_rate": D("1.9")})),
    Turn("a lower rate of the condition", "condition_cap", fact=("dm.cap", {"rate": D("3.2")})),
    Turn("a strict rate of the condition met exactly", "condition_cap",
         fact=("dm.cap", {"strict": True}), spoil={"days[0].steps[2].rate_ml_per_h": D(168)}),
    Turn("unequal days of the regimen", "days_unequal",
         fact=("dm.guide", {"day_doses_g_per_kg": (D("1.2"), D("0.8"))})),
    Turn("a regimen for the young", "regimen_age", fact=("dm.guide", {"age_min_years": D(57)})),
    Turn("a disease not to be treated", "do_not_use", fact=("dermatomyositis", {"do_not_use": True})),
    Turn("a weak regimen", "weak_fact_permits", fact=("dm.guide", {"basis": "digest"})),
    Turn("a schedule not seen", "weak_fact_permits", fact=("ten.schedule.dm", {"seen": False})),
    Turn("a schedule not complete", "weak_fact_permits", fact=("ten.schedule.dm", {"plannable": False})),
    Turn("a vial not seen", "weak_fact_permits", fact=("ten.vial.20", {"seen": False})),
    Turn("a wider dose by policy", "dose_not_by_policy", fact=policy("dose_within_range", choice="highest")),
    Turn("borrowing forbidden", "borrowing_forbidden", fact=policy("borrow_regimen", choice="never"),
         spoil={"regimen.id": "dm.us", "regimen.borrowed": True}),
    Turn("a smaller rounding tolerance", "rounding_tolerance", fact=policy("rounding_tolerance", number=D(1)),
         spoil={"course.grams": D(138)}),
    Turn("shorter opening hours", "opening_hours", fact=policy("opening_hours", number=D(5))),
    Turn("a longer observation", "observation_too_short", fact=("watch.others", {"minutes": 61})),
    Turn("the site keeps the order's offset", "day_start", fact=None, order={"start": dt.datetime(
        2026, 10, 24, 8, 30, tzinfo=SUMMER)}),
    # subcutaneous
    Turn("a weak factor of conversion", "weak_fact_permits", plan="skin",
         spoil={"dose.facts": ("twenty.conversion",)}),
    Turn("no limit for this weight", "no_site_limit", plan="skin", fact=("twenty", {"site_limits": ()})),
    Turn("too many sites", "site_count", plan="skin", fact=("twenty.site.max", {"sites_max": 1})),
    Turn("too fast together", "site_limit", plan="skin",
         fact=("twenty.site.max", {"rate_ml_per_h_total": D(29)})),
)  # fmt: skip


@pytest.mark.parametrize("turn", TURNS, ids=lambda t: t.name)
def test_another_order_or_fact_makes_it_wrong(turn: Turn) -> None:
    assert turn.code in codes(*turned(turn))


# ---- just inside and just outside


def heart(fact: str, **fields: object) -> dict[str, Any]:
    """Plan A for a patient with heart failure, with one of its limits moved."""
    return {
        "order": {"patient.screening": HEART},
        "spoil": {"findings": HEART_FOUND},
        "fact": (f"volume_risk.{fact}", fields),
    }


ASKED = Question(
    field="prior_anaphylaxis", question="?", blocking=True, findings=("anaphylaxis",), changes=()
)
OPEN = {"findings": (*adult_plan().findings, finding("anaphylaxis", "asked"))}
WAITING = OPEN | {"status": "needs_answers", "questions": (ASKED,)}
CAPPED: dict[str, object] = {
    "dose.grams": D(130), "dose.g_per_kg": D("1.857"), "dose.grams_on_actual_weight": D(130),
    "dose.capped_by": "cap.dm",
}  # fmt: skip
HEAVY: dict[str, object] = {
    "dose.actual_weight_kg": D(120), "dose.weight_kind": "adjusted", "dose.dosing_weight_kg": D("93.0"),
}  # fmt: skip
LARGE_SITE = {"days[0].sites[0].volume_ml": D(21)}
SMOKER = Screening(
    absent=tuple(t.id for t in facts().facts.term if t.scope == "screening" and t.id != "smoking")
)


LATEX = answered(adult_order(), "smoking").patient.screening
EXCLUDED: dict[str, dict[str, object]] = {
    "number above": {"stabilisers": (), "property": "pooled_use_within_h", "above": D("7.9")},
    "not seen": {"stabilisers": (), "property": "ph_max", "above": D(5)},
    "by route": {"stabilisers": (), "routes": ("IV",)},
    "by contraindication": {"stabilisers": (), "contraindication": "hypersensitivity"},
}
NOT_EXCLUDED: dict[str, dict[str, object]] = {
    "number not above": {"stabilisers": (), "property": "pooled_use_within_h", "above": D(8)},
    "by another route": {"stabilisers": (), "routes": ("SC",)},
    "by another contraindication": {"stabilisers": (), "contraindication": "hyperprolinaemia"},
    "one of two": {"stabilisers": (), "contraindication": "hypersensitivity", "routes": ("SC",)},
}
EVERY_FLAG_BUT_ANAPHYLAXIS = tuple(
    t.id for t in facts().facts.term if t.scope == "screening" and t.id != "prior_anaphylaxis"
)
BEFORE_PREGNANCY: dict[str, object] = {
    "patient.measurements": {"pre_pregnancy_weight_kg": Measurement(Reading.exactly(60))}
}
IDEAL_75: dict[str, object] = {
    "dose.actual_weight_kg": D(80),
    "dose.dosing_weight_kg": D(75),
    "dose.weight_kind": "ideal",
}
NO_TOTAL = {"total_dose_g_per_kg_min": None, "total_dose_g_per_kg_max": None, "daily_dose_g_per_kg_max": None}
FIXED = NO_TOTAL | {"fixed_daily_dose_g": D(70), "allowed_days": (2,)}
DAILY = NO_TOTAL | {"daily_dose_g_per_kg_min": D("0.3"), "daily_dose_g_per_kg_max": D(1)}


HALVED: dict[str, object] = {
    "days": tuple(half_day(index) for index in range(4)),
    "course.grams": D(16),
    "course.vials": 4,
}


SEEN: dict[str, Any] = {"basis": "label", "seen": True, "sources": ("s.label",)}


def towards(target: Decimal | None, igg: Decimal | None) -> dict[str, object]:
    """8 g a week of the same product go on; the trough that is wanted, and the one that was measured."""
    known = {} if igg is None else {"igg_g_per_l": Measurement(Reading.exactly(igg))}
    before = last(product="twenty", infusions=9, interval_days=7, route="SC", grams=D(8))
    return {
        "target_trough_g_per_l": target,
        "last_immunoglobulin": before,
        "patient.measurements": known,
    }


def starting(least: str, most: str, **fields: Any) -> StartAfter:
    """What a label says of the weeks between the last dose into a vein and the first under the skin."""
    usual: dict[str, Any] = {"schedule": "weekly", "last_route": "IV"} | SEEN
    return StartAfter(id="twenty.start", weeks_min=D(least), weeks_max=D(most), **(usual | fields))


def started(weeks: str) -> Reason:
    return Reason(code="start_after_last_dose", fact="twenty.start", value=weeks)


FORMULARY = ("policy.borrow_regimen", {"id": "policy.formulary", "ranking": ("ten",)})


def left_out(code: str, **fields: str) -> ProductExcluded:
    """Product five, left out for one reason."""
    return ProductExcluded(id="five", because=(Reason(code=code, **fields),))


def right(name: str, code: str, **fields: Any) -> tuple[Turn, bool]:
    return Turn(name, code, **fields), False


def wrong(name: str, code: str, **fields: Any) -> tuple[Turn, bool]:
    return Turn(name, code, **fields), True


PROLINE_FIVE = ("five.stabiliser", {"text": "l-proline"})
PROLINE_REASON = {"finding": "proline", "fact": "five.stabiliser"}
LEFT_OUT: tuple[tuple[Any, str, str, dict[str, str], dict[str, Any], Any], ...] = (
    (right, "another was ordered", "not_ordered", {}, {"product": "ten"}, None),
    (wrong, "no other was ordered", "not_ordered", {}, {}, None),
    (right, "a formulary without it", "not_on_formulary", {"fact": "policy.formulary"}, {}, FORMULARY),
    (wrong, "no formulary", "not_on_formulary", {"fact": "policy.formulary"}, {}, None),
    (wrong, "its vials were seen", "no_presentation_seen", {}, {}, None),
    (right, "its stabiliser", "stabiliser", PROLINE_REASON, {"patient.screening": PROLINE}, PROLINE_FIVE),
    (wrong, "another stabiliser", "stabiliser", PROLINE_REASON, {"patient.screening": PROLINE}, None),
    (wrong, "a finding that is absent", "stabiliser", PROLINE_REASON, {}, PROLINE_FIVE),
    (wrong, "a finding that is none", "stabiliser", {"finding": "made_up"}, {}, PROLINE_FIVE),
    (right, "13.1 h of 13", "opening_hours", {"value": "13.1"}, {}, None),
    (wrong, "12.9 h of 13", "opening_hours", {"value": "12.9"}, {}, None),
    (wrong, "hours not told", "opening_hours", {}, {}, None),
    (wrong, "23.9 h a day", "longer_than_a_day", {"value": "23.9"}, {}, None),
    (wrong, "another product's pooled bag", "pooled_use", {"fact": "ten.pooled", "value": "9"}, {}, None),
    (right, "the day of the regimen", "daily_dose", {"fact": "dm.guide"}, {}, None),
    (wrong, "a day's dose of nobody", "daily_dose", {"fact": "volume_risk.dose"}, {}, None),
    *((trial, f"{name}, {code}", code, {"fact": fact}, asked, None)
      for code, fact in (("daily_dose", "volume_risk.dose"), ("daily_volume", "volume_risk.volume"),
                         ("minimum_days", "volume_risk.days"))
      for trial, name, asked in ((right, "heart failure", {"patient.screening": HEART}),
                                  (wrong, "a sound heart", {}))),
)  # fmt: skip


def wished(effect: Effect) -> tuple[str, dict[str, object]]:
    """The risk of headache, which plan B takes as present, with one effect more."""
    return "headache_risk", {"effects": (*facts().hazards["headache_risk"].effects, effect)}


BY_HOURS = PreferProducts(id="wish", property="pooled_use_within_h", order="low", **SEEN)
RISK_NUMBER = LabelRisk(id="five.risk", groups=("renal",), rule="maximum", rate=D(1), unit="mL/kg/h", **SEEN)
LICENSED = (msgspec.structs.replace(facts().products["five"].uses[0], indication="DM"),)
UNKNOWN_LAST: dict[str, object] = {"last_immunoglobulin": last(product=None)}
YOUNG: dict[str, object] = UNKNOWN_LAST | {"patient.birth_date": dt.date(2010, 6, 1)}
KIDNEY_LAST: dict[str, object] = UNKNOWN_LAST | {"patient.screening": KIDNEY}
BETTER: tuple[tuple[Any, str, str, Any, dict[str, object], dict[str, object]], ...] = (
    (right, "as planned", "adult", None, {}, {}),
    (wrong, "the product of last time", "adult", None, {"last_immunoglobulin": last(product="five")}, {}),
    (right, "licensed as well", "adult", ("five", {"uses": LICENSED}), UNKNOWN_LAST, {}),
    (wrong, "licensed at this age", "adult", ("five", {"uses": LICENSED}), YOUNG, {}),
    (right, "no limit at risk either", "adult", ("five", {"uses": LICENSED}), KIDNEY_LAST, {}),
    (wrong, "a limit for the kidney at risk", "adult",
     ("five", {"uses": LICENSED, "at_risk_rates": (RISK_NUMBER,)}), KIDNEY_LAST, {}),
    (right, "a limit that is none: above its maximum", "adult", ("five", {"uses": LICENSED, "at_risk_rates": (
        msgspec.structs.replace(RISK_NUMBER, rate=D(5)),)}), KIDNEY_LAST, {}),
    (wrong, "without the stabiliser to avoid", "infant",
     wished(AvoidStabilisers(id="wish", stabilisers=("sorbitol",), **SEEN)), {}, {}),
    (right, "with the stabiliser to avoid", "infant",
     wished(AvoidStabilisers(id="wish", stabilisers=("glycine",), **SEEN)), {}, {}),
    (wrong, "the only figure that was seen", "infant", wished(BY_HOURS), {}, {}),
    (right, "a preference that nobody meets", "infant",
     wished(msgspec.structs.replace(BY_HOURS, property="latex_free", order="flagged")), {}, {}),
    (right, "better, but without rates", "infant", wished(BY_HOURS), {},
     {"product.alternatives[0].rates_seen": False}),
)  # fmt: skip

EDGES = (
    # limits of findings
    right("70 g at a cap of 1 g/kg", "day_above_cap", **heart("dose", g_per_kg=D(1))),
    wrong("70 g at a cap of 0.99 g/kg", "day_above_cap", **heart("dose", g_per_kg=D("0.99"))),
    wrong("70 g at a cap of 69 g", "day_above_cap", **heart("dose", g_per_kg=None, grams=D(69))),
    right("700 mL at a cap of 10 mL/kg", "day_volume", **heart("volume", ml_per_kg=D(10))),
    wrong("700 mL at a cap of 9.99 mL/kg", "day_volume", **heart("volume", ml_per_kg=D("9.99"))),
    right("two days of at least two", "days_below_hazard", **heart("days", days=2)),
    right("337 min of at least 5.6 h", "infusion_too_short", **heart("hours", hours=D("5.6"))),
    wrong("337 min of at least 5.7 h", "infusion_too_short", **heart("hours", hours=D("5.7"))),
    right("138 mL/h at 13.8 g/h", "hazard_cap", **heart("rate", rate=D("13.8"), strict=False)),
    wrong("138 mL/h below 13.8 g/h", "hazard_cap", **heart("rate", rate=D("13.8"), strict=True)),
    # what waits, and what does not
    wrong("an open contraindication in a ready plan excludes", "product_excluded",
          order={"patient.screening": UNANSWERED}, spoil=OPEN),
    right("an open contraindication in a plan that waits", "product_excluded",
          order={"patient.screening": UNANSWERED}, spoil=WAITING),
    right("an open contraindication set aside", "product_excluded",
          order={"patient.screening": UNANSWERED, "overrides": (Override("anaphylaxis", "known", "Dr A"),)},
          spoil=OPEN),
    right("an open contraindication in an emergency", "product_excluded", plan="infant"),
    wrong("an emergency of another phase", "asked_without_question", plan="infant",
          fact=("kawasaki", {"emergency_phases": ("retreatment",)})),
    right("an unanswered note is listed", "finding_state", order={"patient.screening": SMOKER},
          spoil={"findings": (finding("smoker", "asked"),)}),
    wrong("an unanswered note is not listed", "finding_missing", order={"patient.screening": SMOKER}),
    wrong("a note is not present", "finding_state", order={"patient.screening": SMOKER},
          spoil={"findings": (finding("smoker", "present"),)}),
    # dose
    right("capped: below the regimen's range", "dose_below_regimen",
          fact=("cap.dm", {"max_total_g": D(130)}), spoil=CAPPED),
    right("capped: g/kg to the mg", "dose_arithmetic",
          fact=("cap.dm", {"max_total_g": D(130)}), spoil=CAPPED),
    wrong("capped: g/kg off by 2 mg", "dose_arithmetic",
          fact=("cap.dm", {"max_total_g": D(130)}), spoil=CAPPED | {"dose.g_per_kg": D("1.859")}),
    right("capped: as the cap says", "dose_not_by_policy",
          fact=("cap.dm", {"max_total_g": D(130)}), spoil=CAPPED),
    right("capped: by the cap that binds", "cap_not_binding",
          fact=("cap.dm", {"max_total_g": D(130)}), spoil=CAPPED),
    wrong("capped: by another", "cap_not_binding", fact=("cap.dm", {"max_total_g": D(130)}),
          spoil=CAPPED | {"dose.capped_by": "dm.guide"}),
    right("140 g at a cap of 2 g/kg", "dose_above_cap", fact=("cap.dm", {"max_g_per_kg": D(2)})),
    wrong("140 g at a cap of 1.9 g/kg", "dose_above_cap", fact=("cap.dm", {"max_g_per_kg": D("1.9")})),
    wrong("140 g at the regimen's 1.9 g/kg", "dose_above_cap",
          fact=("dm.guide", {"max_total_dose_g_per_kg": D("1.9")})),
    wrong("140 g at the regimen's 139 g", "dose_above_cap", fact=("dm.guide", {"max_total_dose_g": D(139)})),
    right("70 g at 70 g a day", "day_above_cap", fact=("cap.dm", {"max_g_per_day": D(70)})),
    wrong("70 g at the regimen's 69 g a day", "day_above_cap",
          fact=("dm.guide", {"max_daily_dose_g": D(69)})),
    right("the lowest of 0.1 to 0.2 g/kg", "dose_not_by_policy", plan="skin",
          order={"total_dose_g": None}, spoil={"dose.grams": D(7)}),
    right("the middle of 0.1 to 0.2 g/kg", "dose_not_by_policy", plan="skin", order={"total_dose_g": None},
          fact=policy("dose_within_range", choice="middle"), spoil={"dose.grams": D("10.5")}),
    right("the top of 0.1 to 0.2 g/kg", "dose_not_by_policy", plan="skin", order={"total_dose_g": None},
          fact=policy("dose_within_range", choice="highest"), spoil={"dose.grams": D(14)}),
    # weight
    right("120 kg: adjusted 74.99 + 0.4 x 45.01 = 93.0", "dosing_weight",
          order={"patient.weight_kg": D(120)}, spoil=HEAVY),
    wrong("120 kg: 93.1", "dosing_weight",
          order={"patient.weight_kg": D(120)}, spoil=HEAVY | {"dose.dosing_weight_kg": D("93.1")}),
    right("120 kg and 150 cm: no formula, the actual weight", "dosing_weight",
          order={"patient.weight_kg": D(120), "patient.height_cm": D(150)},
          spoil=HEAVY | {"dose.weight_kind": "actual", "dose.dosing_weight_kg": D(120)}),
    wrong("the regimen asks for the adjusted weight", "dosing_weight", order={"patient.weight_kg": D(80)},
          fact=("dm.guide", {"weight": "adjusted"}),
          spoil={"dose.actual_weight_kg": D(80), "dose.dosing_weight_kg": D(80)}),
    wrong("the regimen asks for the ideal weight", "dosing_weight", order={"patient.weight_kg": D(80)},
          fact=("dm.guide", {"weight": "ideal"}),
          spoil={"dose.actual_weight_kg": D(80), "dose.dosing_weight_kg": D(80)}),
    right("the regimen asks for the ideal weight: a lean man is not dosed up", "dosing_weight",
          fact=("dm.guide", {"weight": "ideal"})),
    right("the adjusted weight as shown", "shown_weight", spoil={"dose.adjusted_weight_kg": D("73.0")}),
    # days
    right("days by the daily dose", "days_shortened", fact=("dm.guide", {"allowed_days": ()})),
    wrong("days by a lower daily dose", "days_shortened",
          fact=("dm.guide", {"allowed_days": (), "daily_dose_g_per_kg_max": D("0.7")})),
    wrong("days not stated: the policy's five", "days_shortened",
          fact=("dm.guide", {"allowed_days": (), "daily_dose_g_per_kg_max": None})),
    right("an unequal course in its own days", "days_unequal",
          fact=("dm.guide", {"day_doses_g_per_kg": (D("1.03"), D("0.97"))})),
    # regimen
    right("56 years, from 56", "regimen_age", fact=("dm.guide", {"age_min_years": D(56)})),
    wrong("pregnancy not known, in a ready plan", "regimen_population",
          fact=("dm.guide", {"population": ("pregnant",)})),
    right("pregnancy not known, in a plan that waits", "regimen_population",
          fact=("dm.guide", {"population": ("pregnant",)}), spoil=WAITING),
    right("nothing but special regimens for the phase", "regimen_special", order={"phase": "rescue"},
          fact=("dm.rescue", {"special": True}), spoil={"regimen.id": "dm.rescue"}),
    right("a special regimen ordered by name", "regimen_special", order={"regimen": "dm.special"},
          spoil={"regimen.id": "dm.special"}),
    right("a further phase of the regimen", "regimen_phase", order={"phase": "maintenance"}),
    right("borrowed and marked", "borrowing_forbidden",
          spoil={"regimen.id": "dm.us", "regimen.borrowed": True}),
    # schedule and label
    right("70 kg in a band up to 70", "schedule_not_for_body",
          fact=("ten.schedule.dm", {"weight_kg_min": D(70), "weight_kg_max": D(70)})),
    wrong("70 kg above its band", "schedule_not_for_body",
          fact=("ten.schedule.dm", {"weight_kg_max": D("69.9")})),
    wrong("70 kg in a band below 70", "schedule_not_for_body",
          fact=("ten.schedule.dm", {"weight_kg_below": D(70)})),
    wrong("56 years below its band", "schedule_not_for_body",
          fact=("ten.schedule.dm", {"age_min_years": D(57)})),
    right("56 years, licensed to 56", "not_on_label", fact=("ten.use.dm", {"age_max_years": D(56)})),
    wrong("56 years, licensed to 55", "not_on_label", fact=("ten.use.dm", {"age_max_years": D(55)})),
    right("three infusions of three", "not_experienced",
          order={"last_immunoglobulin": last(infusions=3)}, spoil=TOLERANT),
    wrong("a schedule for anybody that asks for a tolerated rate", "not_experienced",
          fact=("ten.schedule.dm", {"tolerated_rate_min": D(5)})),
    right("a table for any use serves one that is not licensed", "off_label_not_marked", plan="infant",
          fact=("five.schedule.pi", {"indications": ("ANY",)}), spoil={"rates.off_label": False}),
    # care
    right("60 min of 60", "observation_too_short", fact=("watch.others", {"minutes": 60})),
    right("10 months, from 10", "drug_not_for_age", plan="infant",
          fact=("drug.paracetamol_child", {"age_months_min": 10})),
    wrong("10 months, from 11", "drug_not_for_age", plan="infant",
          fact=("drug.paracetamol_child", {"age_months_min": 11})),
    right("10 months, below 11", "drug_not_for_age", plan="infant",
          fact=("drug.paracetamol_child", {"age_months_max": 11})),
    wrong("10 months, below 10", "drug_not_for_age", plan="infant",
          fact=("drug.paracetamol_child", {"age_months_max": 10})),
    wrong("a day short of 10 months", "drug_not_for_age", plan="infant",
          order={"patient.birth_date": dt.date(2026, 1, 24)},
          fact=("drug.paracetamol_child", {"age_months_min": 10})),
    wrong("a dose from a digest", "weak_fact_permits", fact=("drug.paracetamol", {"basis": "digest"})),
    right("indicated by policy", "not_indicated", order={"patient.screening": KIDNEY},
          fact=policy("premedication", choice="on")),
    # more of the same: products, weights, first infusions, answers
    *(wrong(f"a property that excludes: {name}", "product_excluded", order={"patient.screening": PROLINE},
            fact=("proline.stabiliser", criteria)) for name, criteria in EXCLUDED.items()),
    *(right(f"a property that does not: {name}", "product_excluded", order={"patient.screening": PROLINE},
            fact=("proline.stabiliser", criteria)) for name, criteria in NOT_EXCLUDED.items()),
    right("a flag that is not the excluded one", "product_excluded", order={"patient.screening": LATEX},
        fact=("ten.pooled", {"name": "latex_free", "number": None, "flag": True})),
    wrong("a flag that is the excluded one", "product_excluded", order={"patient.screening": LATEX},
        fact=("ten.pooled", {"name": "latex_free", "number": None, "flag": False})),
    right("no height: the actual weight", "dosing_weight", order={"patient.height_cm": None}),
    wrong("no height: no ideal weight to show", "shown_weight", order={"patient.height_cm": None}),
    right("the actual weight stands in while a question waits", "dosing_weight",
        order={"patient.weight_kg": D(120)},
        spoil={"dose.actual_weight_kg": D(120), "dose.dosing_weight_kg": D(120), "status": "needs_answers",
               "questions": (put(ASKED, "changes", ("dosing_weight",)),)}),
    wrong("it does not stand in where no question waits", "dosing_weight",
        order={"patient.weight_kg": D(120)},
        spoil={"dose.actual_weight_kg": D(120), "dose.dosing_weight_kg": D(120), "status": "needs_answers",
               "questions": (ASKED,)}),
    right("a policy that the site chose", "dosing_weight", fact=(
        "policy.borrow_regimen", {"id": "policy.dosing_weight", "choice": "weight.ideal"}),
        order={"patient.weight_kg": D(80)},
        spoil=IDEAL_75),
    wrong("a policy that the site did not choose", "dosing_weight", order={"patient.weight_kg": D(80)},
        spoil=IDEAL_75),
    right("the weight before pregnancy: 60 kg", "dosing_weight", order=BEFORE_PREGNANCY,
        fact=("dm.guide", {"weight": "pre_pregnancy_adjusted"}),
        spoil={"dose.dosing_weight_kg": D(60), "dose.weight_kind": "pre_pregnancy_adjusted"}),
    wrong("not the weight before pregnancy", "dosing_weight", order=BEFORE_PREGNANCY,
        fact=("dm.guide", {"weight": "pre_pregnancy_adjusted"}), spoil={"dose.dosing_weight_kg": D(65)}),
    right("a first-infusion schedule for heavier patients", "schedule_maximum",
        order={"experience": None, "last_immunoglobulin": None},
        fact=("ten.schedule.heavy", {"experience": "naive", "max_rate": D("1.9")})),
    right("a first-infusion schedule for an experienced patient", "schedule_maximum", fact=FIRST_TIME),
    wrong("a first-infusion schedule after a change of product", "schedule_maximum", fact=FIRST_TIME,
        order={"last_immunoglobulin": last(product="five")}),
    wrong("tolerated, but the product is not known", "not_experienced", spoil=TOLERANT,
        order={"last_immunoglobulin": last(product=None)}),
    right("a first infusion settles an open flag", "finding_missing", plan="skin",
        order={"patient.screening": Screening(absent=EVERY_FLAG_BUT_ANAPHYLAXIS)}),
    wrong("without it the flag stays open", "finding_missing", plan="skin",
        order={"patient.screening": Screening(absent=EVERY_FLAG_BUT_ANAPHYLAXIS), "experience": None}),
    right("a fixed dose a day: 2 x 70 g", "dose_not_by_policy", fact=("dm.guide", FIXED)),
    wrong("a fixed dose a day: 2 x 65 g", "dose_above_regimen",
        fact=("dm.guide", FIXED | {"fixed_daily_dose_g": D(65)})),
    right("a daily dose of 1 g/kg over 2 to 5 days", "dose_above_regimen", fact=("dm.guide", DAILY)),
    wrong("a daily dose of 0.3 g/kg over 2 to 5 days", "dose_above_regimen",
        fact=("dm.guide", DAILY | {"daily_dose_g_per_kg_max": D("0.3")})),
    right("a milligram above the cap by rounding", "dose_above_cap",
        fact=("cap.dm", {"max_total_g": D("139.999")})),
    wrong("two milligrams above the cap", "dose_above_cap",
        fact=("cap.dm", {"max_total_g": D("139.998")})),
    wrong("a whole vial for nothing", "discard", plan="infant", spoil={"days[0].discard_g": D(5)}),
    # subcutaneous: dose and dates
    wrong("another last dose", "skin_dose", plan="weekly", order={"last_immunoglobulin.grams": D(26)}),
    wrong("another last interval", "skin_dose", plan="weekly",
          order={"last_immunoglobulin.interval_days": 21}),
    wrong("a superseded factor", "skin_dose", plan="weekly", fact=("twenty.from-iv", {"superseded": True})),
    wrong("a factor not seen", "skin_dose", plan="weekly", fact=("twenty.from-iv", {"seen": False})),
    wrong("a factor for another use", "skin_dose", plan="weekly",
          fact=("twenty.from-iv", {"indications": ("CIDP",)})),
    right("a dose on the label's range: 8.125 g of 0.1160 to 0.2 g/kg a week", "skin_dose", plan="weekly",
          order={"last_immunoglobulin": None}, spoil={"dose.grams": D("8.12")}, fact=(
          "twenty.dose", {"g_per_kg_per_week_min": D("0.116"), "g_per_kg_per_week_max": D("0.2")})),
    right("a dose on the label's monthly range", "skin_dose", plan="weekly",
          order={"last_immunoglobulin": None}, spoil={"dose.grams": D(7)}, fact=(
          "twenty.dose", {"g_per_kg_per_month_min": D("0.4"), "g_per_kg_per_month_max": D("0.8")})),
    wrong("above the label's 0.116 g/kg a week", "skin_dose_above_label", plan="weekly", fact=(
          "twenty.dose", {"g_per_kg_per_week_min": D("0.05"), "g_per_kg_per_week_max": D("0.116")})),
    right("within the label's 0.117 g/kg a week", "skin_dose_above_label", plan="weekly", fact=(
          "twenty.dose", {"g_per_kg_per_week_min": D("0.05"), "g_per_kg_per_week_max": D("0.117")})),
    wrong("8 g at 7.9 g a day", "day_above_cap", plan="weekly",
          fact=("twenty.dose", {"g_per_day_max": D("7.9")})),
    wrong("8 g at 0.11 g/kg a day", "day_above_cap", plan="weekly",
          fact=("twenty.dose", {"g_per_kg_per_day_max": D("0.11")})),
    right("7 days of 7 to 14", "skin_interval", plan="weekly",
          fact=("twenty.dose", {"interval_days_min": 7})),
    wrong("7 days of 8 to 14", "skin_interval", plan="weekly",
          fact=("twenty.dose", {"interval_days_min": 8})),
    wrong("14 days ordered", "skin_interval", plan="weekly", order={"interval_days": 14}),
    wrong("two infusions a week ordered", "days_shortened", plan="weekly", order={"days": 2}),
    wrong("a facilitated product without its ramp", "rounded_up", plan="weekly",
          fact=("twenty", {"facilitated": True}), spoil={"days": weekly_plan().days[:2]}),
    wrong("a facilitated product on other weeks than the ramp's", "skin_date", plan="weekly",
          fact=("twenty", {"facilitated": True}), spoil={"days": weekly_plan().days[:2]}),
    wrong("a facilitated product without a table", "no_ramp_up", plan="weekly",
          fact=("twenty", {"facilitated": True, "ramp_ups": ()})),
    right("a facilitated product given before", "no_ramp_up", plan="weekly",
          order={"last_immunoglobulin": last(product="twenty", infusions=2, interval_days=7, route="SC")},
          fact=("twenty", {"facilitated": True})),
    wrong("a facilitated product given once", "rounded_up", plan="weekly",
          order={"last_immunoglobulin": last(product="twenty", infusions=1, interval_days=7, route="SC")},
          fact=("twenty", {"facilitated": True}), spoil={"days": weekly_plan().days[:2]}),
    right("the last dose under the skin goes on", "skin_dose", plan="weekly",
          order={"last_immunoglobulin": last(
              product="twenty", infusions=2, interval_days=7, route="SC", grams=D("8.125"))}),
    wrong("at risk: as the first infusion", "site_limit", plan="weekly", order={"patient.screening": KIDNEY}),
    wrong("a later infusion within a first-time row of three", "site_limit", plan="weekly",
          fact=("twenty.site.first", {"infusions_to": 3})),
    wrong("rows that end: the last one stays", "site_limit", plan="weekly",
          fact=("twenty.site.later", {"infusions_from": 9})),
    wrong("sites by policy where the label names no number", "site_count", plan="weekly",
          fact=("twenty.site.max", {"sites_max": None}),
          spoil={"days[0].sites": weekly_plan().days[0].sites * 2}),
    wrong("a cap of a finding: 8 g/h is 40 mL/h at 20 %", "hazard_cap", plan="weekly",
          order={"patient.screening": HEART}, spoil={"days[1].steps[0].rate_ml_per_h": D(40)}),
    right("below it", "hazard_cap", plan="weekly", order={"patient.screening": HEART}),
    right("twice a week: on days 0, 3, 7, 10", "skin_date", plan="weekly", spoil=HALVED),
    right("twice a week: 3 days apart", "skin_interval", plan="weekly", spoil=HALVED),
    right("twice a week: half the dose", "rounded_up", plan="weekly", spoil=HALVED),
    right("twice a week: half the dose, not less", "rounding_tolerance", plan="weekly", spoil=HALVED),
    right("twice a week, as ordered", "days_shortened", plan="weekly", spoil=HALVED, order={"days": 2}),
    wrong("twice a week where the label says 4 days apart", "skin_interval", plan="weekly", spoil=HALVED,
          fact=("twenty.dose", {"interval_days_min": 4})),
    wrong("twice a week, three times asked", "days_below_hazard", plan="weekly", spoil=HALVED,
          order={"patient.screening": HEART}),
    right("8 g at 8 g a day", "day_above_cap", plan="weekly", fact=("twenty.dose", {"g_per_day_max": D(8)})),
    right("a label dose below 70 kg does not hold at 70 kg", "day_above_cap", plan="weekly",
          fact=("twenty.dose", {"g_per_day_max": D(7), "weight_kg_below": D(70)})),
    wrong("a label dose from 70 kg holds at 70 kg", "day_above_cap", plan="weekly",
          fact=("twenty.dose", {"g_per_day_max": D(7), "weight_kg_min": D(70)})),
    right("a range not stated for who comes from a vein", "skin_dose_above_label", plan="weekly", fact=(
          "twenty.dose", {"g_per_kg_per_week_max": D("0.05"), "unless_from_iv": True})),
    right("whole vials 0.6 mL short of a dose, measured to 1 mL", "rounding_tolerance", plan="weekly",
          fact=policy("rounding_tolerance", number=D(1))),
    wrong("1.1 mL short of a dose, measured to 1 mL", "rounding_tolerance", plan="weekly",
          fact=policy("rounding_tolerance", number=D(1)), spoil={"days[1].grams": D("7.9")}),
    # the trough: 8 g a week go on; the table has 5 mL = 1 g for a difference of 1 g/L
    *(trial(f"{grams} g: {name}", "skin_dose", plan="weekly", spoil={"dose.grams": grams},
            order=towards(target, measured_igg))
      for trial, grams, name, target, measured_igg in (
          (right, D(9), "1 g/L below the target", D(8), D(7)),
          (wrong, D(8), "1 g/L below the target", D(8), D(7)),
          (wrong, D(7), "1 g/L below the target", D(8), D(7)),
          (wrong, D(10), "1 g/L below the target", D(8), D(7)),
          (right, D(7), "1 g/L above the target", D(8), D(9)),
          (wrong, D(9), "1 g/L above the target", D(8), D(9)),
          (right, D(8), "0.9 g/L below the target", D(8), D("7.1")),
          (wrong, D(9), "0.9 g/L below the target", D(8), D("7.1")),
          (right, D(8), "beyond the table's last row", D(8), D("6.9")),
          (wrong, D(9), "beyond the table's last row", D(8), D("6.9")),
          (right, D(8), "not measured", D(8), None),
          (wrong, D(9), "not measured", D(8), None),
          (wrong, D(9), "no target", None, D(7)))),
    right("above 70 kg the cell of the table is another", "skin_dose", plan="weekly",
          spoil={"dose.grams": D(8)}, fact=("twenty.trough", {"weight_kg_up_to": D("69.9")}),
          order=towards(D(8), D(7))),
    wrong("a change by the cell for lighter patients", "skin_dose", plan="weekly",
          spoil={"dose.grams": D(9)}, fact=("twenty.trough", {"weight_kg_up_to": D("69.9")}),
          order=towards(D(8), D(7))),
    wrong("a change by a column for heavier patients", "skin_dose", plan="weekly",
          spoil={"dose.grams": D(9)}, order=towards(D(8), D(7)),
          fact=("twenty.trough", {"weight_kg": D(71)})),
    right("a change by the column of 70 kg", "skin_dose", plan="weekly",
          spoil={"dose.grams": D(9)}, order=towards(D(8), D(7)),
          fact=("twenty.trough", {"weight_kg": D(70)})),
    *(wrong(f"a change by a cell {name}", "skin_dose", plan="weekly", spoil={"dose.grams": D(9)},
            fact=("twenty.trough", fields), order=towards(D(8), D(7)))
      for name, fields in (("not seen", {"seen": False}), ("superseded", {"superseded": True}),
                           ("of another interval", {"interval": "biweekly"}))),
    wrong("a change of a dose that was ordered", "skin_dose", plan="weekly",
          spoil={"dose.grams": D(9)}, order=towards(D(8), D(7)) | {"total_dose_g": D(8)}),
    wrong("a change without a note", "trough_note", plan="weekly",
          spoil={"dose.grams": D(9)}, order=towards(D(8), D(7))),
    *(trial(f"a note: {code} {value}", "trough_note", plan="weekly", order=towards(D(8), D(7)),
            spoil={"course.days_because": (Reason(code=code, fact="twenty.trough", value=value),)})
      for trial, code, value in (
          (right, "trough_change", "+5"), (wrong, "trough_change", "-5"), (wrong, "trough_change", "+10"),
          (wrong, "trough_change_not_made", "+5"), (wrong, "trough_table_not_seen", ""))),
    wrong("a change whose cell the dose does not name", "trough_not_cited", plan="weekly",
          order=towards(D(8), D(7))),
    wrong("a cell to be signed that is not listed", "trough_not_listed", plan="weekly",
          fact=("twenty.trough", {"seen": False}), order=towards(D(8), D(7))),
    # the first dose under the skin: a week after the last one, where the label says so
    *(trial(f"{name}", "start_note", plan="weekly", fact=("twenty", {"starts_after": (start,)}),
            spoil={"course.days_because": notes})
      for trial, name, start, notes in (
          (right, "a week after the last dose, of one week", starting("1", "1"), ()),
          (wrong, "a week after the last dose, of two weeks", starting("2", "2"), ()),
          (right, "of two weeks, and said", starting("2", "2"), (started("1.0"),)),
          (wrong, "of two weeks, and told wrongly", starting("2", "2"), (started("2.0"),)),
          (wrong, "said twice", starting("2", "2"), (started("1.0"), started("1.00"))),
          (wrong, "of one week, and said all the same", starting("1", "1"), (started("1.0"),)),
          (right, "of two weeks, after another route", starting("2", "2", last_route="SC"), ()),
          (right, "of two weeks, for another interval", starting("2", "2", interval_days_min=8), ()),
          (right, "of two weeks, for another use", starting("2", "2", indications=("CIDP",)), ()),
          (wrong, "of two weeks, for this use", starting("2", "2", indications=("PI",)), ()))),
    wrong("a weak rule lifts no warning", "start_note", plan="weekly", fact=("twenty", {
          "starts_after": (starting("2", "2"), starting("1", "1", seen=False))})),
    right("a weak rule alone is kept to", "start_note", plan="weekly", fact=("twenty", {
          "starts_after": (starting("1", "1", seen=False),)})),
    # the product: ten is licensed here and five is not
    *(trial(name, code, fact=fact, order=order, spoil=spoil) for trial, name, code, fact, order, spoil in (
          (wrong, "an offer that is left out by a finding", "option_excluded",
           ("five.stabiliser", {"text": "l-proline"}), {"patient.screening": PROLINE}, {}),
          (right, "an offer that the finding spares", "option_excluded", None,
           {"patient.screening": PROLINE}, {}),
          (wrong, "an offer that is not on the formulary", "option_excluded", FORMULARY, {}, {}),
          (wrong, "a licence that the offer has not", "option_licence", None, {},
           {"product.alternatives[0].on_label": True}),
          (wrong, "a licence that the offer has", "option_licence",
           ("PI", {"conditions": ("dermatomyositis",)}), {}, {}),
          (wrong, "rates that the offer has", "option_rates", None, {},
           {"product.alternatives[0].rates_seen": False}),
          (wrong, "rates that the offer has not", "option_rates", ("five", {"schedules": ()}), {}, {}),
          (wrong, "nothing of a product of the place", "product_missing", None, {},
           {"product.alternatives": ()}),
          (wrong, "nothing of a product that was left out", "product_missing", None, {},
           {"products_excluded": ()}),
          (wrong, "left out and offered", "product_twice", None, {},
           {"products_excluded": (*adult_plan().products_excluded, left_out("not_ordered"))}),
          (wrong, "a product of another place", "not_licensed_here", None, {},
           {"product.alternatives[0].id": "ten-us"}),
          (wrong, "a product of another place, left out", "not_licensed_here", None, {},
           {"products_excluded[0].id": "ten-us"}))),
    *(trial(f"left out: {name}", "exclusion_unfounded", order=order, fact=fact,
            spoil={"product.alternatives": (), "products_excluded": (
                *adult_plan().products_excluded, left_out(code, **fields))})
      for trial, name, code, fields, order, fact in LEFT_OUT),
    wrong("left out for no reason", "exclusion_unfounded", spoil={"products_excluded[0].because": ()}),
    # the product: what comes first
    *(trial(f"better: {name}", "better_product", plan=plan, fact=fact, order=order, spoil=spoil)
      for trial, name, plan, fact, order, spoil in BETTER),
    right("three sites of three by policy", "site_count", plan="weekly",
          fact=("twenty.site.max", {"sites_max": None}),
          spoil={"days[0].sites": (weekly_plan().days[0].sites * 2)[:3]}),
    # subcutaneous: sites
    right("a later infusion of the same product", "site_limit", plan="skin", spoil=LARGE_SITE,
          order={"experience": "experienced", "last_immunoglobulin": last(product="twenty", infusions=1)}),
    wrong("a first infusion after another product", "site_limit", plan="skin", spoil=LARGE_SITE,
          order={"experience": "experienced", "last_immunoglobulin": last(product="ten", infusions=9)}),
    wrong("70 kg in a band from 70", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"weight_kg_min": D(70)})),
    right("70 kg in a band below 70", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"weight_kg_below": D(70)})),
    right("56 years in a band below 56", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"age_max_years": D(56)})),
    right("56 years in a band from 57", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"age_min_years": D(57)})),
    right("a limit for another use", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"indications": ("CIDP",)})),
    wrong("a limit for this use", "site_limit", plan="skin", spoil=LARGE_SITE,
          fact=("twenty.site.first", {"indications": ("PI",)})),
    wrong("20 mL within 0.28 mL/kg", "site_limit", plan="skin",
          fact=("twenty.site.first", {"volume_ml_per_kg_per_site": D("0.28")})),
    right("30 mL/h together of 30", "site_limit", plan="skin",
          fact=("twenty.site.max", {"rate_ml_per_h_total": D(30)})),
    right("20 mL of 20", "site_limit", plan="skin"),
    right("a part vial: 0.04 g or 0.8 mL short", "rounding_tolerance", plan="infant",
          fact=policy("rounding_tolerance", number=D("0.1")), spoil={"dose.grams": D("12.64")}),
    wrong("a part vial: 0.1 g or 2 mL short", "rounding_tolerance", plan="infant",
          fact=policy("rounding_tolerance", number=D("0.1")), spoil={"dose.grams": D("12.7")}),
    right("56 years, licensed from 56", "not_on_label", fact=("ten.use.dm", {"age_min_years": D(56)})),
    right("56 years in a band from 56", "schedule_not_for_body",
          fact=("ten.schedule.dm", {"age_min_years": D(56)})),
    right("a policy in force from the day of the start", "dosing_weight", fact=(
          "weight.ideal", {"jurisdiction": "SE", "default": True, "effective": dt.date(2026, 10, 24)}),
          order={"patient.weight_kg": D(80)}, spoil=IDEAL_75),
    wrong("a policy in force from the day after", "dosing_weight", fact=(
          "weight.ideal", {"jurisdiction": "SE", "default": True, "effective": dt.date(2026, 10, 25)}),
          order={"patient.weight_kg": D(80)}, spoil=IDEAL_75),
    wrong("a superseded policy", "dosing_weight", fact=(
          "weight.ideal", {"jurisdiction": "SE", "default": True, "superseded": True}),
          order={"patient.weight_kg": D(80)}, spoil=IDEAL_75),
    right("20 mL within 0.286 mL/kg", "site_limit", plan="skin",
          fact=("twenty.site.first", {"volume_ml_per_kg_per_site": D("0.286")})),
)  # fmt: skip


@pytest.mark.parametrize(("turn", "objects"), EDGES, ids=[turn.name for turn, _ in EDGES])
def test_just_inside_and_just_outside(turn: Turn, objects: bool) -> None:
    assert (turn.code in codes(*turned(turn))) is objects


# ---- and what is right stays accepted


RIGHT = (
    Turn("the experienced schedule, documented", "", spoil=TOLERANT | {
        "sources": adult_plan().sources | cited("ten.schedule.experienced")}),
    Turn("a cap whose condition does not hold", "",
         fact=("dm.cap", {"rate": D(1), "when": facts().terms["child"].when})),
    Turn("a limit of a finding that is not strict, met exactly", "",
         order={"pump_step_ml_per_h": D("0.1")}, fact=("ten.risk.number", {"strict": False}),
         spoil={"days[1].steps[2].rate_ml_per_h": D("138.6"), "days[1].steps[2].minutes": 276,
                "days[1].steps[2].end": adult_plan().days[1].end - EARLIER,
                "days[1].end": adult_plan().days[1].end - EARLIER, "days[1].duration_min": 336}),
    Turn("a longer course with its reason", "", order={"days": 2}),
)  # fmt: skip


@pytest.mark.parametrize("turn", RIGHT, ids=lambda t: t.name)
def test_what_is_right_is_accepted(turn: Turn) -> None:
    plan, order, knowledge = turned(turn)
    found = [o for o in verify(plan, order, knowledge).objections if o.code != "citation_differs"]
    assert found == []


def test_a_weak_fact_may_stand_in_a_plan_that_waits_for_its_signature() -> None:
    knowledge = with_fact(facts(), "ten.schedule.dm", seen=False)
    sign = SignOff(fact="ten.schedule.dm", because="rates_not_seen", fingerprint="wrong")
    plan = put(put(adult_plan(), "needs_sign_off", (sign,)), "status", "needs_sign_off")
    found = codes(plan, adult_order(), knowledge)
    assert "weak_fact_permits" not in found
    assert "wrong_fingerprint" in found


def test_a_site_s_signature_permits_a_weak_fact() -> None:
    weak = with_fact(facts(), "ten.schedule.dm", seen=False)
    signed = msgspec.structs.replace(weak, signed=frozenset({"ten.schedule.dm"}))
    assert "weak_fact_permits" in codes(adult_plan(), adult_order(), weak)
    assert "weak_fact_permits" not in codes(adult_plan(), adult_order(), signed)


def test_a_named_professional_may_set_a_contraindication_aside() -> None:
    order = blocked_order()
    set_aside = put(order, "overrides", (Override("anaphylaxis", "allergist present", "Dr A"),))
    plan = put(adult_plan(), "findings", (finding("anaphylaxis", "present"),))
    assert "contraindicated" in codes(plan, order)
    assert "contraindicated" not in codes(plan, set_aside)


def test_a_question_that_blocks_holds_the_release() -> None:
    question = Question(
        field="prior_anaphylaxis", question="?", blocking=True, findings=("anaphylaxis",), changes=()
    )
    order = answered(adult_order(), "prior_venous_thrombosis", "migraine", complete=False)
    plan = put(put(adult_plan(), "questions", (question,)), "status", "needs_answers")
    assert {"asked_without_question", "status_forged"}.isdisjoint(codes(plan, order))
    assert "status_forged" in codes(put(plan, "status", "ready"), order)


def test_a_stale_measurement_settles_nothing() -> None:
    normal = Measurement(Reading.exactly(90), dt.date(2026, 10, 1))
    old = Measurement(Reading.exactly(90), dt.date(2026, 1, 1))
    hazard = facts().hazards["kidney_risk"]
    when = msgspec.convert({"field": "egfr_ml_per_min_per_1_73m2", "below": 60}, type(hazard.factors[0].when))
    knowledge = with_fact(facts(), "kidney_risk.impairment", when=when)
    for measurement, expected in ((normal, set()), (old, {"finding_missing"})):
        order = measured(adult_order(), "egfr_ml_per_min_per_1_73m2", measurement)
        plan = put(adult_plan(), "order", order)
        assert codes(plan, order, knowledge) & {"finding_missing"} == expected


@pytest.mark.parametrize(("start", "found"), [(dt.date(2026, 10, 24), False), (dt.date(2026, 10, 25), True)])
def test_sixty_five_and_a_day_is_above_sixty_five(start: dt.date, found: bool) -> None:
    when = msgspec.convert({"field": "age_years", "above": 65}, type(facts().terms["adult"].when))
    knowledge = with_fact(facts(), "kidney_risk.impairment", when=when)
    order = put(adult_order(), "patient.birth_date", dt.date(1961, 10, 24))
    order = put(order, "start", dt.datetime(start.year, start.month, start.day, 8, tzinfo=SUMMER))
    assert ("finding_missing" in codes(put(adult_plan(), "order", order), order, knowledge)) is found


def test_the_objection_names_limit_value_and_fact() -> None:
    plan = put(adult_plan(), "days[0].steps[2].rate_ml_per_h", D(139))
    found = verify(plan, adult_order(), facts()).objections
    assert (
        Objection(
            code="at_risk_rate",
            where="days[0].steps[2].rate_ml_per_h",
            seen="139",
            expected="below 138.6 mL/h",
            facts=("ten.risk.number", "clot_risk.rate"),
        )
        in found
    )


# ---- independent and total


def test_it_shares_no_code_with_the_planner() -> None:
    """Only words, facts and logic: not even the planner's arithmetic of units."""
    allowed = ("ivigil.verification", "ivigil.knowledge", "ivigil.course", "ivigil.order", "ivigil.patient")
    for path in Path(verification.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ivigil"):
                module = node.module or ""
                assert any(module == room or module.startswith(f"{room}.") for room in allowed), path


def _paths(value: Any, path: str = "") -> list[str]:
    if isinstance(value, tuple):
        inner = [p for index, item in enumerate(value) for p in _paths(item, f"{path}[{index}]")]
    elif isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        inner = [p for n in names for p in _paths(getattr(value, n), f"{path}.{n}" if path else n)]
    else:
        inner = []
    return [*([path] if path else []), *inner]


STRANGE = st.sampled_from(
    [
        None, "", "x", 0, -1, 10**40, True, (), (None,), D(0), D("-1"), D("1E-29"), D("1E+29"), D("NaN"),
        dt.date(1, 1, 1), dt.datetime(2026, 1, 1), dt.datetime(2026, 3, 29, 2, 30, tzinfo=dt.UTC),
        {}, {"x": None},
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(PLANS)))
def test_every_plan_gets_a_verdict(data: st.DataObject, name: str) -> None:
    plan, order = PLANS[name][0](), PLANS[name][1]()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(plan)))
        plan = put(plan, path, data.draw(STRANGE))
    assert verify(plan, order, facts()).accepted in (True, False)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1), st.integers(0, 2), st.integers(1, 2000))
def test_no_rate_of_a_step_may_be_another(day: int, number: int, rate: int) -> None:
    """Whatever rate is put in the place of the right one, the plan is not accepted."""
    plan = adult_plan()
    right: Step = plan.days[day].steps[number]
    spoilt = put(plan, f"days[{day}].steps[{number}].rate_ml_per_h", D(rate))
    assert verify(spoilt, adult_order(), facts()).accepted == (right.rate_ml_per_h == rate)


# ---- its own arithmetic


@pytest.mark.parametrize(
    ("unit", "ml_per_h"),
    [
        ("mL/kg/h", 210),  # 3 x 70
        ("mL/kg/min", 12600),  # 3 x 70 x 60
        ("mg/kg/min", 252),  # 3 mg x 70 x 60 = 12.6 g = 252 mL at 5 %
        ("mg/kg/h", Fraction(21, 5)),  # 3 mg x 70 = 0.21 g = 4.2 mL
        ("mL/min", 180),
        ("mL/h", 3),
        ("g/h", 60),  # 3 g at 5 %
    ],
)
def test_units_by_hand(unit: str, ml_per_h: Fraction) -> None:
    assert exact.ml_per_h(D(3), unit, D(5), Fraction(70)) == ml_per_h


@pytest.mark.parametrize(
    ("birth", "on", "years", "months", "exact_years"),
    [
        (dt.date(1960, 2, 29), dt.date(2025, 2, 28), 64, 779, 64 + Fraction(365, 366)),
        (dt.date(1960, 2, 29), dt.date(2025, 3, 1), 65, 780, Fraction(65)),
        (dt.date(1960, 2, 29), dt.date(2024, 2, 29), 64, 768, Fraction(64)),
        (dt.date(2023, 2, 1), dt.date(2026, 1, 31), 2, 35, 2 + Fraction(364, 365)),
        (dt.date(2023, 2, 1), dt.date(2026, 2, 1), 3, 36, Fraction(3)),
        (dt.date(2026, 1, 10), dt.date(2026, 11, 9), 0, 9, Fraction(303, 365)),
    ],
)
def test_ages_by_hand(birth: dt.date, on: dt.date, years: int, months: int, exact_years: Fraction) -> None:
    assert body.years_old(birth, on) == years
    assert body.months_old(birth, on) == months
    assert body.exact_years(birth, on) == exact_years


def test_clocks_that_skip_the_start_move_it_by_the_hour() -> None:
    """02:30 does not exist in Stockholm on 29 March 2026; the infusion starts at 03:30."""
    order = put(adult_order(), "start", dt.datetime(2026, 3, 28, 2, 30, tzinfo=WINTER))
    plan = put(put(adult_plan(), "order", order), "days[1].date", dt.date(2026, 3, 29))
    moved = dt.datetime(2026, 3, 29, 3, 30, tzinfo=SUMMER)
    first = put(plan, "days[0].start", order.start)
    found = verify(put(first, "days[1].start", moved), order, facts()).objections
    assert not [o for o in found if o.where in ("days[0].start", "days[1].start", "days[1].date")]
