"""The widest dose that sources give for a condition and phase, in g/kg.

Taken over all regimens of any jurisdiction whose evidence may permit a dose; if none may, the
weaker ones still limit. It only keeps mistyped doses out: which regimen rules is planning's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.doses import Bounds, daily_range, either, total_range
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.products import SubcutaneousDose
from ivigil.knowledge.store import Knowledge
from ivigil.told import Text, Told, tell

DAYS_PER_WEEK = Decimal(7)
SHORTEST_MONTH_DAYS, LONGEST_MONTH_DAYS = Decimal(28), Decimal(31)
NAMED = 6
"""Sources named in a fault."""


class Range(msgspec.Struct, frozen=True):
    """The lowest and the highest of several sources, and their ids."""

    low: Decimal
    high: Decimal
    facts: tuple[str, ...]

    def holds(self, value: Decimal) -> bool:
        return self.low <= value <= self.high

    def text(self, unit: Text) -> Told:
        named = ", ".join(self.facts[:NAMED]) + (", ..." if len(self.facts) > NAMED else "")
        low, high = plain(self.low), plain(self.high)
        return tell("{low} to {high} {unit} ({sources})", low=low, high=high, unit=unit, sources=named)


def regimens(condition: Condition, phase: str, knowledge: Knowledge) -> list[Regimen]:
    """The intravenous regimens of a phase, or of all if none is named; the permitting ones if any are."""
    pool = [r for r in condition.regimens if r.route == "IV" and not r.replaced]
    in_phase = [r for r in pool if phase in (r.phase, *r.also_phases)] if phase else pool
    return [r for r in in_phase if _permits(r, knowledge)] or in_phase


def _permits(regimen: Regimen, knowledge: Knowledge) -> bool:
    """May this regimen set a dose? One of low reliability only when the site has signed it."""
    sure = regimen.reliability != "low" or regimen.id in knowledge.signed
    return knowledge.permits(regimen) and sure


def course(pool: Iterable[Regimen], weights: Bounds | None) -> Range | None:
    """Total of a course; ``weights`` (kg) turn a dose fixed in grams into g/kg."""
    return _widest(pool, lambda regimen: _total(regimen, weights))


def daily(pool: Iterable[Regimen], weights: Bounds | None) -> Range | None:
    """Dose of one day."""
    return _widest(pool, lambda regimen: _fixed(regimen, weights) or daily_range(regimen))


def days(pool: Iterable[Regimen]) -> Range | None:
    """Number of days of a course."""
    return _widest(pool, _days)


def interval_days(pool: Iterable[Regimen]) -> Range | None:
    """Days from the start of one course to the next."""
    return _widest(pool, lambda regimen: _times(_interval_weeks(regimen), DAYS_PER_WEEK))


def weekly(condition: Condition, knowledge: Knowledge) -> Range | None:
    """Subcutaneous dose of a week: by regimens, by labels, and by conversion from intravenous doses."""
    pool = [r for r in condition.regimens if _permits(r, knowledge)]
    doses = _label_doses(condition, knowledge)
    factors = _conversion_factors(knowledge)
    return _join(
        [
            *((r, either(r.scig_weekly_g_per_kg_min, r.scig_weekly_g_per_kg_max)) for r in pool),
            *((dose, _weekly_of_label(dose)) for dose in doses),
            *((r, _converted(r, factors)) for r in pool),
        ]
    )


def loading(condition: Condition, knowledge: Knowledge) -> Range | None:
    """Subcutaneous loading as a whole, by labels."""
    doses = [dose for dose in _label_doses(condition, knowledge) if dose.phase == "loading"]
    return _join((dose, either(dose.total_g_per_kg_min, dose.total_g_per_kg_max)) for dose in doses)


def plain(number: Decimal) -> str:
    """A number at most to the thousandth, without trailing zeros."""
    return format(number.quantize(Decimal("0.001")), "f").rstrip("0").rstrip(".")


def _widest(pool: Iterable[Regimen], bounds: Callable[[Regimen], Bounds | None]) -> Range | None:
    return _join((regimen, bounds(regimen)) for regimen in pool)


def _join(found: Iterable[tuple[Fact, Bounds | None]]) -> Range | None:
    """The range from the lowest to the highest; the sources of its two ends are named first."""
    stated = [(fact.id, bounds) for fact, bounds in found if bounds is not None]
    if not stated:
        return None
    low = min(bounds[0] for _, bounds in stated)
    high = max(bounds[1] for _, bounds in stated)
    lowest = next(fact for fact, bounds in stated if bounds[0] == low)
    highest = next(fact for fact, bounds in stated if bounds[1] == high)
    return Range(low, high, tuple(dict.fromkeys((lowest, highest, *(fact for fact, _ in stated)))))


def _total(regimen: Regimen, weights: Bounds | None) -> Bounds | None:
    fixed = _fixed(regimen, weights)
    if fixed is None or not regimen.allowed_days:
        return total_range(regimen)
    return fixed[0] * min(regimen.allowed_days), fixed[1] * max(regimen.allowed_days)


def _fixed(regimen: Regimen, weights: Bounds | None) -> Bounds | None:
    """A daily dose fixed in grams, per kilogram of this patient."""
    if regimen.fixed_daily_dose_g is None or weights is None:
        return None
    return regimen.fixed_daily_dose_g / weights[1], regimen.fixed_daily_dose_g / weights[0]


def _days(regimen: Regimen) -> Bounds | None:
    counts = (len(regimen.day_doses_g_per_kg),) if regimen.day_doses_g_per_kg else regimen.allowed_days
    return (Decimal(min(counts)), Decimal(max(counts))) if counts else None


def _interval_weeks(regimen: Regimen) -> Bounds | None:
    return either(regimen.interval_weeks_min, regimen.interval_weeks_max)


def _times(bounds: Bounds | None, factor: Decimal) -> Bounds | None:
    return None if bounds is None else (bounds[0] * factor, bounds[1] * factor)


def _label_doses(condition: Condition, knowledge: Knowledge) -> list[SubcutaneousDose]:
    """What the labels of subcutaneous products state for this condition and may permit."""
    labels = {item.id for item in knowledge.facts.label_indication if condition.id in item.conditions}
    return [
        dose
        for item in knowledge.facts.product
        if item.route == "SC"
        for dose in item.subcutaneous_doses
        if dose.indication in labels and knowledge.permits(dose)
    ]


def _weekly_of_label(dose: SubcutaneousDose) -> Bounds | None:
    stated = either(dose.g_per_kg_per_week_min, dose.g_per_kg_per_week_max)
    monthly = either(dose.g_per_kg_per_month_min, dose.g_per_kg_per_month_max)
    if stated or monthly is None:
        return stated
    low = monthly[0] * DAYS_PER_WEEK / LONGEST_MONTH_DAYS
    return low, monthly[1] * DAYS_PER_WEEK / SHORTEST_MONTH_DAYS


def _conversion_factors(knowledge: Knowledge) -> list[Decimal]:
    return [
        conversion.factor
        for item in knowledge.facts.product
        for conversion in item.conversions
        if conversion.convert_from == "IV" and knowledge.permits(conversion)
    ]


def _converted(regimen: Regimen, factors: list[Decimal]) -> Bounds | None:
    """Weekly g/kg when this intravenous regimen is continued under the skin."""
    total, weeks = total_range(regimen), _interval_weeks(regimen)
    if regimen.route != "IV" or total is None or weeks is None or not factors:
        return None
    return total[0] / weeks[1] * min(factors), total[1] / weeks[0] * max(factors)
