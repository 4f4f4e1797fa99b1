"""Exhaustive: every plannable schedule, every weight from 2 to 200 kg by 0.1 kg, every pump step.

With each group at risk every fourth of these weights, so that all of them together take each weight.

Nothing runs past a limit of the label, nor at one that the label gives as "less than". The
limits are recomputed here with fractions, straight from the label's own unit.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest
from msgspec.structs import replace

from ivigil.course import Dose
from ivigil.knowledge.hazards import AtRiskRate as RiskEffect
from ivigil.knowledge.hazards import Effect
from ivigil.knowledge.logic import Reading, Value
from ivigil.knowledge.products import AtRiskRate, Product, RiskGroup, Schedule
from ivigil.planning import rates
from ivigil.planning.limits import Entry, Limits
from ivigil.planning.situation import Situation
from tests.support.orders import adult, knowledge, order

TENTHS = range(20, 2001)
PUMP_STEPS = (Decimal("0.1"), Decimal("0.5"), Decimal(1), Decimal(5))
GROUPS: tuple[RiskGroup, ...] = ("renal", "thrombosis", "volume", "age_over_65")


def ml_per_kg_h(rate: Decimal, unit: str, g_per_100_ml: Decimal) -> Fraction:
    """The label's unit by first principles: mL of solution per kg of patient per hour."""
    value = Fraction(rate)
    if unit.startswith("mg"):
        value /= Fraction(g_per_100_ml) * 10
    return value * 60 if unit.endswith("/min") else value


@cache
def limit_rows(product: Product, schedule: Schedule, group: RiskGroup | None) -> list[tuple[Fraction, bool]]:
    rows = [(ml_per_kg_h(schedule.max_rate, schedule.unit, schedule.g_per_100_ml), schedule.max_strict)]
    risks: list[AtRiskRate] = [r for r in product.at_risk_rates if group in r.groups]
    rows += [
        (ml_per_kg_h(r.rate, r.unit, product.g_per_100_ml), r.strict) for r in risks if r.rate and r.unit
    ]
    return rows


def situation(weight: Decimal, pump_step: Decimal, condition: str, group: RiskGroup | None) -> Situation:
    effects: tuple[Entry[Effect], ...] = ()
    if group is not None:
        effects = (Entry(RiskEffect(id="t", basis="label", seen=True, group=group), "test"),)
    dose = Dose(
        grams=weight,
        g_per_kg=Decimal(1),
        dosing_weight_kg=weight,
        weight_kind="actual",
        actual_weight_kg=weight,
        grams_on_actual_weight=weight,
    )
    base = order(condition, adult(), pump_step_ml_per_h=pump_step)
    facts = knowledge()
    case: dict[str, Value] = {
        "immunoglobulin_naive": False,
        "weight_kg": Reading.exactly(weight),
        "age_years": Reading.exactly(40),
        "prior_infusions": Reading.exactly(20),
        "tolerated_rate_ml_per_kg_per_h": Reading.exactly(10),
    }
    known = facts.conditions[condition]
    return Situation(base, known, known.regimens[0], dose, case, Limits(effects), facts)


PRODUCTS = [p for p in knowledge().facts.product if p.route == "IV" and rates.plannable(p, knowledge())]


SCHEDULES = {s.id: s for p in PRODUCTS for s in p.schedules}


def _uses(product: Product) -> list[str]:
    """One condition a schedule, and one that no schedule covers."""
    codes = {c for s in product.schedules for c in s.indications}
    named = knowledge().label_indications
    covered = [named[c].conditions[0] for c in sorted(codes) if c in named and named[c].conditions]
    return [*dict.fromkeys(covered), "lambert_eaton"]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.id)
def test_nothing_runs_past_a_label_limit(product: Product) -> None:
    ladders = 0
    for condition in _uses(product):
        for group, weights in (
            (None, TENTHS),
            *((g, TENTHS[n :: len(GROUPS)]) for n, g in enumerate(GROUPS)),
        ):
            for tenths in weights:
                ladders += _check_weight(product, condition, group, Decimal(tenths) / 10)
    assert ladders > len(TENTHS) / 3  # a schedule for 40 to 130 kg serves a third of the weights


def _check_weight(product: Product, condition: str, group: RiskGroup | None, weight: Decimal) -> bool:
    ladder = rates.ladder(product, situation(weight, Decimal(1), condition, group))
    if isinstance(ladder, rates.NoRates):
        return False
    rows = limit_rows(product, SCHEDULES[ladder.decision.schedule], group)
    lowest = min(limit for limit, _ in rows)
    exact = lowest * Fraction(weight)
    strict = any(is_strict for limit, is_strict in rows if limit == lowest)
    for pump_step in PUMP_STEPS:
        for rate, _, _ in rates.settings(replace(ladder, pump_step_ml_per_h=pump_step)):
            assert rate % pump_step == 0
            assert rate < exact or (rate == exact and not strict), (weight, pump_step, rate, exact)
    return True
