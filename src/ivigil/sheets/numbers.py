"""Numbers for people: always a leading zero, never a trailing one, a thin unit after it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ivigil.sheets.spoken import say

MINUTES_PER_HOUR = 60


def number(value: Decimal | int, places: int = 2) -> str:
    """A number for screen and paper: 40.50 -> "40.5", 0.5 -> "0.5", 30.0 -> "30"."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def span(low: Decimal | int | None, high: Decimal | int | None, unit: str) -> str:
    """A range with its unit: "2", "1.6 to 2", "up to 3"."""
    if low is None and high is None:
        return ""
    if high is None:
        assert low is not None
        return say("from {low} {unit}", low=number(low), unit=unit)
    if low is None:
        return say("up to {high} {unit}", high=number(high), unit=unit)
    if low == high:
        return f"{number(low)} {unit}"
    return say("{low} to {high} {unit}", low=number(low), high=number(high), unit=unit)


def hours(minutes: int) -> str:
    """Minutes as "3 h 05 min"."""
    whole, rest = divmod(minutes, MINUTES_PER_HOUR)
    if not whole:
        return f"{rest} min"
    return f"{whole} h {rest:02d} min" if rest else f"{whole} h"
