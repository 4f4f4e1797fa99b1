"""Numbers for people: always a leading zero, never a trailing one, a thin unit after it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

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
    if low is None or high is None:
        only = high if low is None else low
        assert only is not None
        return f"{'up to' if low is None else 'from'} {number(only)} {unit}"
    if low == high:
        return f"{number(low)} {unit}"
    return f"{number(low)} to {number(high)} {unit}"


def hours(minutes: int) -> str:
    """Minutes as "3 h 05 min"."""
    whole, rest = divmod(minutes, MINUTES_PER_HOUR)
    if not whole:
        return f"{rest} min"
    return f"{whole} h {rest:02d} min" if rest else f"{whole} h"
