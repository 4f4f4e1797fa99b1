"""The checker's own arithmetic: exact fractions, and units read from their spelling.

Independent of ``ivigil.units`` on purpose: a slip there must not hide here.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, localcontext
from fractions import Fraction

DECIMAL_DIGITS = 50
MILLIGRAM = Fraction(1, 1000)
"""Grams are stated to the milligram."""

_PER_HOUR = {"h": 1, "min": 60}
_PER_GRAM = {"g": 1, "mg": 1000}


def ml_per_h(rate: Decimal, unit: str, g_per_100_ml: Decimal, weight_kg: Fraction) -> Fraction:
    """A source's rate as mL/h for one patient. ``unit`` is amount[/kg]/time, as labels write it."""
    amount, *per_kg, time = unit.split("/")
    per_hour = Fraction(rate) * _PER_HOUR[time]
    if amount != "mL":
        per_hour = ml(per_hour / _PER_GRAM[amount], g_per_100_ml)
    return per_hour * weight_kg if per_kg == ["kg"] else per_hour


def ml(grams: Fraction, g_per_100_ml: Decimal) -> Fraction:
    """Millilitres of a solution that hold ``grams``."""
    return grams * 100 / Fraction(g_per_100_ml)


def minutes_between(start: dt.datetime, end: dt.datetime) -> Fraction:
    """Elapsed minutes between two aware instants, daylight saving or not."""
    elapsed = end.astimezone(dt.UTC) - start.astimezone(dt.UTC)
    return Fraction(elapsed // dt.timedelta(microseconds=1), 60_000_000)


def as_decimal(value: Fraction) -> Decimal:
    """A fraction as Decimal; exact if it ends within 50 digits."""
    with localcontext() as context:
        context.prec = DECIMAL_DIGITS
        return Decimal(value.numerator) / Decimal(value.denominator)


def show(value: Fraction | Decimal | int) -> str:
    """A number for an objection: at most six decimals, no trailing zeros."""
    text = f"{as_decimal(Fraction(value)):.6f}"
    return text.rstrip("0").rstrip(".")
