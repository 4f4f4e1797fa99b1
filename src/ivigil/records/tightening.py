"""Which limits became tighter between two plans for the same order. Pure; looks only at what a plan says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ivigil.course import Day, Plan, Site, Status, Step

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
    if _observed(after) > _observed(before) and after.days:
        yield "observation"
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
    if any(map(_less_a_site, before.days, after.days)):
        yield "infusion sites"


def _slower(before: Day, after: Day) -> bool:
    """Whether the flow allowed at any time since the start became lower."""
    if not (before.steps and after.steps):
        return False
    changes = {begin for day in (before, after) for begin, _ in _steps(day)}
    return any(_is_lower(_step_at(before, minutes), _step_at(after, minutes)) for minutes in changes)


def _is_lower(before: Step, after: Step) -> bool:
    """Also where the limit is the same figure, and "not more than" became "less than"."""
    return after.limit_ml_per_h < before.limit_ml_per_h or after.is_passed_by(before.rate_ml_per_h)


def _steps(day: Day) -> list[tuple[int, Step]]:
    """Minutes from the start at which each step begins, and the step."""
    begin, found = 0, []
    for step in day.steps:
        found.append((begin, step))
        begin += step.minutes
    return found


def _step_at(day: Day, minutes: int) -> Step:
    """The step so many minutes after the start; the last one afterwards."""
    return [step for begin, step in _steps(day) if begin <= minutes][-1]


def _less_a_site(before: Day, after: Day) -> bool:
    """Whether one site under the skin now takes less, or takes it more slowly."""
    if not (before.sites and after.sites):
        return False
    volume, rate = _most_a_site(before.sites)
    volume_now, rate_now = _most_a_site(after.sites)
    return volume_now < volume or rate_now < rate


def _most_a_site(sites: tuple[Site, ...]) -> tuple[Decimal, Decimal]:
    """The largest volume in mL and the highest rate in mL/h of one site."""
    return max(site.volume_ml for site in sites), max(site.rate_ml_per_h for site in sites)


def _observed(plan: Plan) -> int:
    """Minutes after the end for which the patient stays."""
    return (plan.observation.minutes or 0) if plan.observation else 0


def _most_grams(days: tuple[Day, ...]) -> Decimal:
    return max((day.grams for day in days), default=Decimal(0))
