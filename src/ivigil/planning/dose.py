"""The dose of the course: per kg, in grams, under every cap."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

import msgspec

from ivigil.course import Dose
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.doses import total_range
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning.weight import Weight

MG = Decimal("0.001")
PER_KG = Decimal("0.000001")
"""Fine enough that dose per kg times weight gives the grams to the milligram."""


class NoDose(msgspec.Struct, frozen=True):
    """The regimen gives no dose that can be planned."""

    code: str
    facts: tuple[str, ...]
    value: str = ""


def choose(order: Order, regimen: Regimen, weight: Weight, knowledge: Knowledge) -> Dose | NoDose:
    """The grams of the course: as ordered, or by policy within the regimen's range; then capped."""
    if order.days is not None and regimen.allowed_days and order.days < min(regimen.allowed_days):
        return NoDose("days_below_regimen", (regimen.id,), str(order.days))
    bounds = total_range(regimen)
    fixed = _fixed_grams(order, regimen)
    if fixed is None and order.total_dose_g_per_kg is None and bounds is None:
        return NoDose("regimen_states_no_dose", (regimen.id,))
    facts: list[str] = [regimen.id]
    if fixed is not None:
        grams = fixed
    elif order.total_dose_g_per_kg is not None:
        grams = order.total_dose_g_per_kg * weight.kg
    else:
        assert bounds is not None
        grams = within(bounds, knowledge) * weight.kg
        if bounds[0] != bounds[1]:
            facts.append("policy.dose_within_range")
    capped, cap = _capped(grams, order, regimen, weight, knowledge)
    if bounds is not None and capped > bounds[1] * weight.kg:
        return NoDose("dose_above_regimen", (regimen.id,), str((capped / weight.kg).quantize(MG)))
    return _dose(capped, cap, facts, weight)


def settled(
    grams: Decimal,
    order: Order,
    regimen: Regimen,
    weight: Weight,
    knowledge: Knowledge,
    *,
    facts: Iterable[str],
    saw: tuple[Saw, ...],
) -> Dose:
    """A dose whose grams another step chose, under every cap; ``facts`` and ``saw`` say how."""
    capped, cap = _capped(grams, order, regimen, weight, knowledge)
    return _dose(capped, cap, facts, weight, saw)


def _dose(capped: Decimal, cap: str, facts: Iterable[str], weight: Weight, saw: tuple[Saw, ...] = ()) -> Dose:
    return Dose(
        grams=_tidy(capped),
        g_per_kg=_plain((capped / weight.kg).quantize(PER_KG)),
        dosing_weight_kg=weight.kg,
        weight_kind=weight.kind,
        actual_weight_kg=weight.actual_kg,
        ideal_weight_kg=weight.ideal_kg,
        adjusted_weight_kg=weight.adjusted_kg,
        grams_on_actual_weight=_tidy(capped * weight.actual_kg / weight.kg),
        capped_by=cap,
        saw=(Saw("weight_kg", format(weight.actual_kg, "f"), weight.actual_kg), *weight.saw, *saw),
        facts=(*facts, *weight.facts, *((cap,) if cap else ())),
    )


def _fixed_grams(order: Order, regimen: Regimen) -> Decimal | None:
    if order.asked_g is not None:
        return order.asked_g
    if regimen.fixed_daily_dose_g is not None and regimen.allowed_days:
        return regimen.fixed_daily_dose_g * min(regimen.allowed_days)
    return None


def within(bounds: tuple[Decimal, Decimal], knowledge: Knowledge) -> Decimal:
    """The dose planned of a range, by policy."""
    low, high = bounds
    choice = knowledge.policies["policy.dose_within_range"].choice
    return {"lowest": low, "middle": (low + high) / 2, "highest": high}.get(choice, low)


def _capped(
    grams: Decimal, order: Order, regimen: Regimen, weight: Weight, knowledge: Knowledge
) -> tuple[Decimal, str]:
    """The lowest of the grams and every cap, and the id of the cap that lowered them."""
    caps: list[tuple[Decimal, str]] = []
    if regimen.max_total_dose_g is not None:
        caps.append((regimen.max_total_dose_g, regimen.id))
    if regimen.max_total_dose_g_per_kg is not None:
        caps.append((regimen.max_total_dose_g_per_kg * weight.kg, regimen.id))
    places = ("", *knowledge.lineage(order.jurisdiction))
    for cap in knowledge.facts.dose_cap:
        if order.condition not in cap.conditions or cap.jurisdiction not in places:
            continue
        if cap.max_g_per_kg is not None:
            caps.append((cap.max_g_per_kg * weight.kg, cap.id))
        caps.extend((g, cap.id) for g in (cap.max_total_g, cap.max_g_per_dose) if g is not None)
    lowest = min(caps, default=(grams, ""))
    return lowest if lowest[0] < grams else (grams, "")


def _tidy(value: Decimal) -> Decimal:
    """Milligram precision is finer than any vial; trailing zeros from arithmetic are dropped."""
    return _plain(value.quantize(MG, ROUND_DOWN))


def _plain(value: Decimal) -> Decimal:
    fine = value.normalize()
    return fine if fine.as_tuple().exponent <= 0 else fine.quantize(Decimal(1))  # type: ignore[operator]
