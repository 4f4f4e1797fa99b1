"""Which limits became tighter between two plans for the same order. Pure; looks only at what a plan says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ivigil.course import Day, Plan, Status

FREEDOM: tuple[Status, ...] = ("blocked", "needs_sign_off", "needs_answers", "ready")
"""From least to most."""
GRAVE = ("contraindicated", "serious")


def tightened(before: Plan, after: Plan) -> tuple[str, ...]:
    """Names of what ``after`` forbids, or holds lower, and ``before`` did not."""
    return tuple(_tightened(before, after))


def _tightened(before: Plan, after: Plan) -> Iterator[str]:
    if FREEDOM.index(after.status) < FREEDOM.index(before.status):
        yield f"status {after.status}"
    known = {finding.id for finding in before.findings if finding.state != "absent"}
    for finding in after.findings:
        if finding.severity in GRAVE and finding.state != "absent" and finding.id not in known:
            yield f"finding {finding.id}"
    excluded = {product.id for product in after.products_excluded}
    if before.product and (after.product is None or before.product.id in excluded):
        yield f"product {before.product.id}"
    if before.dose and after.dose and after.dose.grams < before.dose.grams:
        yield "dose"
    if _most_grams(after.days) < _most_grams(before.days) and after.days:
        yield "grams a day"
    yield from _rates(before, after)


def _rates(before: Plan, after: Plan) -> Iterator[str]:
    """Rates are compared for one product: another's are its own."""
    if not (before.product and after.product and before.product.id == after.product.id):
        return
    if before.rates and after.rates:
        if after.rates.start_ml_per_kg_h < before.rates.start_ml_per_kg_h:
            yield "first rate"
        if after.rates.max_ml_per_kg_h < before.rates.max_ml_per_kg_h:
            yield "highest rate"
    if any(map(_slower, before.days, after.days)):
        yield "rate steps"


def _slower(before: Day, after: Day) -> bool:
    """Whether the flow allowed at any time since the start became lower."""
    changes = {begin for day in (before, after) for begin, _ in _limits(day)}
    return any(_limit_at(after, minutes) < _limit_at(before, minutes) for minutes in changes)


def _limits(day: Day) -> list[tuple[int, Decimal]]:
    """Minutes from the start at which each step begins, and its limit in mL/h."""
    begin, found = 0, []
    for step in day.steps:
        found.append((begin, step.limit_ml_per_h))
        begin += step.minutes
    return found


def _limit_at(day: Day, minutes: int) -> Decimal:
    """The limit so many minutes after the start; the last step's afterwards."""
    found = [limit for begin, limit in _limits(day) if begin <= minutes]
    return found[-1] if found else Decimal("Infinity")


def _most_grams(days: tuple[Day, ...]) -> Decimal:
    return max((day.grams for day in days), default=Decimal(0))
