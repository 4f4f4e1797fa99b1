"""The immunoglobulin that vaccines and blood tests are counted from: the last dose and the planned ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction

import msgspec

from ivigil.verification.matter import Matter


class Given(msgspec.Struct, frozen=True):
    """One dose on a day; an intravenous course counts whole, from its last day."""

    date: dt.date
    g_per_kg: Fraction | None
    """None: not known."""
    route: str
    """Empty: not one route."""
    condition: str
    """Empty: not known, or not one condition."""
    product: str
    """Empty: not known."""


def doses(matter: Matter) -> Iterator[Given]:
    """The last dose on record, then those of the plan."""
    plan, order, last = matter.plan, matter.order, matter.order.last_immunoglobulin
    if last is not None:
        grams = None if last.grams is None else Fraction(last.grams)
        yield Given(last.date, _per_kg(matter, grams), last.route, "", last.product or "")
    product = plan.product.id if plan.product is not None else ""
    amounts = [(day.date, Fraction(day.grams)) for day in plan.days]
    if order.route == "IV" and amounts:
        amounts = [(max(date for date, _ in amounts), sum((grams for _, grams in amounts), Fraction(0)))]
    for date, grams in amounts:
        yield Given(date, _per_kg(matter, grams), order.route, order.condition, product)


def _per_kg(matter: Matter, grams: Fraction | None) -> Fraction | None:
    """On the dosing weight, which is never above the actual one: the larger figure of the two."""
    return None if grams is None else grams / matter.dosing_weight_kg


def goes_on(matter: Matter) -> bool:
    """Does regular therapy follow? Under the skin always; into a vein by the order or the regimen."""
    order, regimen = matter.order, matter.regimen
    repeats = regimen is not None and regimen.interval_weeks_min is not None
    return order.route == "SC" or order.interval_days is not None or repeats
