"""Body measures worked out again: age, body mass index, ideal and adjusted weight."""

from __future__ import annotations

import datetime as dt
from calendar import isleap
from fractions import Fraction

from ivigil.knowledge.store import Knowledge
from ivigil.order import Order

CM_PER_INCH = Fraction(254, 100)
CM_PER_M = 100


def years_old(birth: dt.date, on: dt.date) -> int:
    """Completed years; who is born on 29 February has a birthday on 1 March of a common year."""
    had_birthday = (on.month, on.day) >= (birth.month, birth.day)
    return on.year - birth.year - (0 if had_birthday else 1)


def exact_years(birth: dt.date, on: dt.date) -> Fraction:
    """Age in years with the part of the running year: 65 and a day is above 65."""
    completed = years_old(birth, on)
    last, following = (_birthday(birth, birth.year + completed + more) for more in (0, 1))
    return completed + Fraction((on - last).days, (following - last).days)


def _birthday(birth: dt.date, year: int) -> dt.date:
    leap_day = (birth.month, birth.day) == (2, 29)
    return dt.date(year, 3, 1) if leap_day and not isleap(year) else birth.replace(year=year)


def months_old(birth: dt.date, on: dt.date) -> int:
    """Completed months."""
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def body_mass_index(order: Order) -> Fraction | None:
    """kg/m2; None without a height."""
    height = order.patient.height_cm
    if not height:
        return None
    return Fraction(order.patient.weight_kg) / (Fraction(height) / CM_PER_M) ** 2


def ideal_weight(order: Order, knowledge: Knowledge) -> Fraction | None:
    """Ideal weight in kg by the formula for the patient's sex; None where it gives none."""
    height = order.patient.height_cm
    formulas = [f for f in knowledge.facts.ideal_weight if f.sex == order.patient.sex]
    if height is None or not formulas:
        return None
    formula = formulas[0]
    if formula.height_cm_min is not None and height < formula.height_cm_min:
        return None
    inches = Fraction(height) / CM_PER_INCH - Fraction(formula.offset_inches)
    ideal = Fraction(formula.base_kg) + Fraction(formula.slope_kg_per_inch) * inches
    return ideal if ideal > 0 else None


def adjusted_weight(ideal: Fraction, weight: Fraction, factor: Fraction) -> Fraction:
    """Ideal weight plus a part of the excess over it, in kg."""
    return ideal + factor * (weight - ideal)
