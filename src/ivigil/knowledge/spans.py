"""Figures far outside all their peers: a tenfold slip, or a thing to read again.

Figures of one kind (start rates of all intravenous labels in mL/kg/h, totals of all regimens in g/kg...)
stand together in a group. A figure is an outlier if it lies outside the span of the others by more than a
factor that a policy of ours sets. An outlier is a fault until somebody has read the source again and named
the fact in ``policy.check_confirmed``. These checks only refuse; they never choose a figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from ivigil import units
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import CapDailyDose
from ivigil.knowledge.products import LabelUse, Product
from ivigil.knowledge.store import Knowledge

RATE_FACTOR = "policy.check_rate_span"
DOSE_FACTOR = "policy.check_dose_span"
CONFIRMED = "policy.check_confirmed"
FEWEST_PEERS = 3
"""Fewer others are no span to speak of."""
G_PER_100_ML_TO_MG_PER_ML = Decimal(10)

Figure = tuple[str, str, Decimal | int | None]
"""Group, fact id, value."""


def outliers(knowledge: Knowledge) -> Iterator[str]:
    """Figures outside the span of all their peers, as "id: what"."""
    confirmed = knowledge.policies[CONFIRMED].ranking if CONFIRMED in knowledge.policies else ()
    for policy, figures in ((RATE_FACTOR, _rates(knowledge)), (DOSE_FACTOR, _doses(knowledge))):
        known = knowledge.policies.get(policy)
        if known is not None and known.number is not None:
            yield from _outside(figures, known.number, frozenset(confirmed))


def _outside(figures: Iterator[Figure], factor: Decimal, confirmed: frozenset[str]) -> Iterator[str]:
    groups: dict[str, list[tuple[Decimal, str]]] = defaultdict(list)
    for group, fact, value in figures:
        if value:
            groups[group].append((Decimal(value), fact))
    for group, members in groups.items():
        members.sort()
        lows, highs = _ends(members), _ends(members[::-1])
        for value, fact in members:
            others = [end[0] for ends in (lows, highs) for end in ends[:2] if end[1] != fact]
            if fact in confirmed or len(members) <= FEWEST_PEERS or not others:
                continue
            low, high = min(others), max(others)
            if value > high * factor or value * factor < low:
                yield f"{fact}: {group} {value:f} is far from all others ({low:f} to {high:f}): read it again"


def _ends(ordered: list[tuple[Decimal, str]]) -> list[tuple[Decimal, str]]:
    """The outermost member, and the outermost one of another fact."""
    first = ordered[0]
    return [first, *([other] if (other := next((m for m in ordered if m[1] != first[1]), None)) else [])]


def _rates(knowledge: Knowledge) -> Iterator[Figure]:
    for product in knowledge.facts.product:
        for schedule in product.schedules:
            if "/kg/" not in schedule.unit:
                continue
            for name, rate in (("start rate", schedule.start_rate), ("maximum rate", schedule.max_rate)):
                volume = units.rate_ml_per_kg_h(rate, schedule.unit, schedule.g_per_100_ml)
                yield from _in_both(name, schedule.id, volume, product)
        for risk in product.at_risk_rates:
            if risk.rate is not None and risk.unit is not None and "/kg/" in risk.unit:
                volume = units.rate_ml_per_kg_h(risk.rate, risk.unit, product.g_per_100_ml)
                yield from _in_both("limit at risk", risk.id, volume, product)
        way = "facilitated" if product.facilitated else product.route
        for limit in product.site_limits:
            yield f"{way} mL per site", limit.id, limit.volume_ml_per_site
            yield f"{way} mL/h per site", limit.id, limit.rate_ml_per_h_per_site
            yield f"{way} mL/h in all", limit.id, limit.rate_ml_per_h_total
            yield f"{way} sites", limit.id, limit.sites_max


def _in_both(name: str, fact: str, ml_per_kg_h: Decimal, product: Product) -> Iterator[Figure]:
    """As volume and as protein: labels of one strength may look alike in one and not in the other."""
    mg_per_kg_h = ml_per_kg_h * product.g_per_100_ml * G_PER_100_ML_TO_MG_PER_ML
    yield f"{name} in mL/kg/h", fact, ml_per_kg_h
    yield f"{name} in mg/kg/min", fact, mg_per_kg_h / units.MINUTES_PER_HOUR


def _doses(knowledge: Knowledge) -> Iterator[Figure]:
    for product in knowledge.facts.product:
        for use in product.uses:
            yield from _use(use)
        yield from _times(product)
        yield from _subcutaneous(product)
    for condition in knowledge.facts.condition:
        for regimen in condition.regimens:
            yield from _regimen(regimen)
    for hazard in knowledge.facts.hazard:
        for effect in hazard.effects:
            if isinstance(effect, CapDailyDose):
                yield "daily dose of a regimen in g/kg", effect.id, effect.g_per_kg


def _times(product: Product) -> Iterator[Figure]:
    for schedule in product.schedules:
        for minutes in (schedule.start_minutes, schedule.step_minutes_min, schedule.step_minutes_max):
            yield "minutes of a step", schedule.id, minutes
        yield from (("minutes of a step", schedule.id, step.minutes) for step in schedule.steps)


def _use(use: LabelUse) -> Iterator[Figure]:
    yield from _ends_of(f"label dose per {use.dose_per} in g/kg", use, "dose_g_per_kg")
    yield "label dose of a day in g/kg", use.id, use.daily_dose_g_per_kg
    yield from _ends_of("label days", use, "split_days")
    yield from _ends_of("label interval in weeks", use, "interval_weeks")


def _subcutaneous(product: Product) -> Iterator[Figure]:
    for conversion in product.conversions:
        yield "conversion factor", conversion.id, conversion.factor
    for start in product.starts_after:
        yield from _ends_of("weeks to the first dose", start, "weeks")
    for dose in product.subcutaneous_doses:
        for name in ("g_per_kg_per_week", "g_per_kg_per_month", "total_g_per_kg"):
            yield from _ends_of(f"subcutaneous {name}", dose, name)
        yield "subcutaneous g_per_kg_per_day", dose.id, dose.g_per_kg_per_day_max
        yield from _ends_of("subcutaneous interval in days", dose, "interval_days")
    for cell in product.trough_adjustments:
        weight = cell.weight_kg or cell.weight_kg_up_to
        if weight:
            per = cell.change_ml / (weight * cell.trough_difference_g_per_l)
            yield f"{product.id} {cell.interval} mL per kg and g/L", cell.id, per


def _regimen(regimen: Regimen) -> Iterator[Figure]:
    yield from _ends_of("total of a regimen in g/kg", regimen, "total_dose_g_per_kg")
    yield from _ends_of("daily dose of a regimen in g/kg", regimen, "daily_dose_g_per_kg")
    yield from (("days of a regimen", regimen.id, days) for days in regimen.allowed_days)
    yield from _ends_of("interval of a regimen in weeks", regimen, "interval_weeks")
    yield from _ends_of("infusion hours of a regimen", regimen, "infusion_hours")
    yield from _ends_of("weekly subcutaneous g/kg of a regimen", regimen, "scig_weekly_g_per_kg")
    yield "cap of a regimen in g", regimen.id, regimen.max_total_dose_g or regimen.max_daily_dose_g
    yield "cap of a regimen in g/kg", regimen.id, regimen.max_total_dose_g_per_kg


def _ends_of(group: str, fact: Fact, name: str) -> Iterator[Figure]:
    yield group, fact.id, getattr(fact, f"{name}_min")
    yield group, fact.id, getattr(fact, f"{name}_max")
