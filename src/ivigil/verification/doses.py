"""What a regimen and its caps come to in grams of one course, and how an order may state them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.weights import DoseCap
from ivigil.verification.matter import Matter


class Cap(msgspec.Struct, frozen=True):
    """A limit in grams, and the fact that sets it."""

    grams: Fraction
    fact: str


def regimen_range_g(matter: Matter, regimen: Regimen) -> tuple[Fraction | None, Fraction | None]:
    """Least and most grams of a course by the regimen; None where it states no end."""
    weight = matter.dosing_weight_kg
    low, high = regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max
    if low is not None or high is not None:
        return _times(low or high, weight), _times(high or low, weight)
    if regimen.day_doses_g_per_kg:
        total = sum(regimen.day_doses_g_per_kg, Decimal(0))
        return _times(total, weight), _times(total, weight)
    fewest, most = _days(matter, regimen)
    if regimen.fixed_daily_dose_g is not None:
        return _times(regimen.fixed_daily_dose_g, fewest), _times(regimen.fixed_daily_dose_g, most)
    low, high = regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max
    return _times(low or high, weight * fewest), _times(high or low, weight * most)


def _times(amount: Decimal | None, factor: Fraction) -> Fraction | None:
    return None if amount is None else Fraction(amount) * factor


def _days(matter: Matter, regimen: Regimen) -> tuple[Fraction, Fraction]:
    planned = (matter.order.days or max(len(matter.plan.days), 1),)
    allowed = regimen.allowed_days or planned
    return Fraction(min(allowed)), Fraction(max(allowed))


def course_caps(matter: Matter) -> Iterator[Cap]:
    """Every cap on the grams of the course: the regimen's own, and those of its condition here."""
    regimen, weight = matter.regimen, matter.dosing_weight_kg
    if regimen is not None:
        yield from _caps(regimen.id, (regimen.max_total_dose_g,), regimen.max_total_dose_g_per_kg, weight)
    for cap in dose_caps(matter):
        yield from _caps(cap.id, (cap.max_g_per_dose, cap.max_total_g), cap.max_g_per_kg, weight)


def _caps(
    fact: str, grams: tuple[Decimal | None, ...], per_kg: Decimal | None, weight: Fraction
) -> Iterator[Cap]:
    yield from (Cap(Fraction(amount), fact) for amount in grams if amount is not None)
    if per_kg is not None:
        yield Cap(Fraction(per_kg) * weight, fact)


def dose_caps(matter: Matter) -> tuple[DoseCap, ...]:
    """Caps for the ordered condition, worldwide or of a place that the order lies in."""
    places = ("", *matter.knowledge.lineage(matter.order.jurisdiction))
    caps = matter.knowledge.facts.dose_cap
    return tuple(c for c in caps if matter.order.condition in c.conditions and c.jurisdiction in places)


def ordered_g(matter: Matter) -> tuple[Fraction, ...]:
    """The grams that the order states; two readings if it states grams and grams per kilogram.

    A dose that was sought from levels stands in place of both.
    """
    sought = matter.order.individual
    if sought:
        return (Fraction(sought.grams),)
    per_kg, grams = matter.order.total_dose_g_per_kg, matter.order.total_dose_g
    readings = (_times(per_kg, matter.dosing_weight_kg), _times(grams, Fraction(1)))
    return tuple(reading for reading in readings if reading is not None)


def chosen_g(matter: Matter, regimen: Regimen) -> Fraction | None:
    """The grams that the policy picks from the regimen's range; None if the regimen states none."""
    low, high = regimen_range_g(matter, regimen)
    return None if low is None or high is None else pick(matter, low, high)


def pick(matter: Matter, low: Fraction, high: Fraction) -> Fraction:
    """What the policy takes of a range."""
    match matter.choice("policy.dose_within_range"):
        case "middle":
            return (low + high) / 2
        case "highest":
            return high
        case _:
            return low
