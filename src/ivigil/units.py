"""Exact conversion between the units that labels, laboratories and people use.

Everything is Decimal. Body mass is a dimension of its own: "g/kg" is grams of
immunoglobulin per kilogram of patient and never cancels to a plain ratio. The
factors below are definitions (SI, international pound and inch), not clinical
numbers; ``tests/test_units.py`` compares them with a units library.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

RateUnit = Literal["mg/kg/min", "mg/kg/h", "mL/kg/min", "mL/kg/h", "mL/min", "mL/h", "g/h"]
"""Units in which sources state an infusion rate. "/kg" is per kilogram of body weight."""

MINUTES_PER_HOUR = Decimal(60)
MG_PER_G = Decimal(1000)
ML_PER_DL = Decimal(100)

# (from unit, to unit) -> factor. One table serves every boundary.
_FACTORS: dict[tuple[str, str], Decimal] = {
    ("lb", "kg"): Decimal("0.45359237"),
    ("g", "kg"): Decimal("0.001"),
    ("in", "cm"): Decimal("2.54"),
    ("m", "cm"): Decimal(100),
    ("mg/dL", "g/L"): Decimal("0.01"),
    ("g/dL", "g/L"): Decimal(10),
    ("mg/L", "g/L"): Decimal("0.001"),
    ("ug/mL", "g/L"): Decimal("0.001"),
    ("10*3/uL", "10*9/L"): Decimal(1),
    ("/uL", "10*9/L"): Decimal("0.001"),
}


class UnknownUnitError(ValueError):
    """No exact conversion between two units is known; carries both."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"no conversion from {found!r} to {wanted!r}")
        self.found = found
        self.wanted = wanted


def convert(value: Decimal, found: str, wanted: str) -> Decimal:
    """Return ``value`` (in unit ``found``) expressed in unit ``wanted``, exactly.

    Raises UnknownUnitError if the pair is not in the table.
    """
    if found == wanted:
        return value
    factor = _FACTORS.get((found, wanted))
    if factor is None:
        raise UnknownUnitError(found, wanted)
    return value * factor


def celsius(degrees_fahrenheit: Decimal) -> Decimal:
    """A temperature in degrees Celsius: the one conversion here that is no plain factor."""
    return (degrees_fahrenheit - 32) * 5 / 9


def accepted_units(wanted: str) -> tuple[str, ...]:
    """Units that ``convert`` can turn into ``wanted``, the unit itself first."""
    return (wanted, *(found for found, to in _FACTORS if to == wanted))


def rate_ml_per_kg_h(rate: Decimal, unit: RateUnit, g_per_100_ml: Decimal) -> Decimal:
    """Convert a weight-based label rate to mL per kg of body weight per hour.

    rate: in ``unit``; g_per_100_ml: strength of the solution (10 for a 10 % product).
    mL/kg/h = mg/kg/min x 60 / (mg per mL), and mg per mL = 10 x (g per 100 mL).
    Raises UnknownUnitError for a unit that is not per kilogram.
    """
    mg_per_ml = g_per_100_ml * MG_PER_G / ML_PER_DL
    match unit:
        case "mL/kg/h":
            return rate
        case "mL/kg/min":
            return rate * MINUTES_PER_HOUR
        case "mg/kg/min":
            return rate * MINUTES_PER_HOUR / mg_per_ml
        case "mg/kg/h":
            return rate / mg_per_ml
        case _:
            raise UnknownUnitError(unit, "mL/kg/h")


def rate_ml_per_h(rate: Decimal, unit: RateUnit, g_per_100_ml: Decimal, weight_kg: Decimal) -> Decimal:
    """Convert any label rate to mL/h for a patient of ``weight_kg``."""
    match unit:
        case "mL/h":
            return rate
        case "mL/min":
            return rate * MINUTES_PER_HOUR
        case "g/h":
            return rate * ML_PER_DL / g_per_100_ml
        case _:
            return rate_ml_per_kg_h(rate, unit, g_per_100_ml) * weight_kg


def volume_ml(grams: Decimal, g_per_100_ml: Decimal) -> Decimal:
    """Volume of solution that holds ``grams`` of immunoglobulin, in mL."""
    return grams * ML_PER_DL / g_per_100_ml


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Largest multiple of ``step`` that is not above ``value``."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Smallest multiple of ``step`` that is not below ``value``."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def floor_below(value: Decimal, step: Decimal, *, strict: bool) -> Decimal:
    """Largest multiple of ``step`` not above ``value``; strictly below it if ``strict``."""
    floored = floor_to(value, step)
    return floored - step if strict and floored == value else floored
