"""Would this dose come too close on the last one?"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from ivigil.course import Plan
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.products import Product, RampUp
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order

DAYS_PER_WEEK = 7


def overlaps(
    plan: Plan,
    order: Order,
    knowledge: Knowledge,
    planned: tuple[Regimen | None, Product | None],
    on: dt.date,
) -> bool | None:
    """Is the last dose nearer to the start than the shortest interval? None if that is not known.

    planned: the planned regimen and product. A special regimen ordered by name means the overlap.
    """
    regimen, product = planned
    last = order.last_immunoglobulin
    if plan.dose is None or (regimen is None and order.route == "IV"):
        return None
    if regimen is not None and regimen.special and order.regimen == regimen.id:
        return False
    if last is None:
        return False if order.experience == "naive" else None
    under_skin = order.route == "SC"
    days = (
        _skin_days(plan, order, product, knowledge) if under_skin else _course_days(regimen, order, knowledge)
    )
    return (on - last.date).days < days


def _course_days(regimen: Regimen | None, order: Order, knowledge: Knowledge) -> Fraction:
    """The regimen's shortest interval, or the window in which doses add up; the ordered one if shorter."""
    window = knowledge.policies.get("policy.cumulative_window")
    weeks = regimen.interval_weeks_min if regimen is not None else None
    number = window.number if window is not None else None
    days = Fraction(number or 0) if weeks is None else Fraction(weeks) * DAYS_PER_WEEK
    return days if order.interval_days is None else min(days, Fraction(order.interval_days))


def _skin_days(plan: Plan, order: Order, product: Product | None, knowledge: Knowledge) -> Fraction:
    """The interval of the subcutaneous doses; while a facilitated product is begun, its first weeks."""
    usual = knowledge.policies.get("policy.sc_interval")
    planned = plan.dose.interval_days if plan.dose is not None else None
    number = usual.number if usual is not None else None
    days = Fraction(planned or order.interval_days or number or 0)
    weeks = [table.steps[0].dose_weeks for table in _begun_by(product, order, days) if table.steps]
    return min([days, *(Fraction(first) * DAYS_PER_WEEK for first in weeks)])


def _begun_by(product: Product | None, order: Order, days: Fraction) -> tuple[RampUp, ...]:
    """Tables by which this product would be begun at this interval."""
    last = order.last_immunoglobulin
    tables = product.ramp_ups if product is not None and product.facilitated else ()
    fitting = tuple(t for t in tables if t.interval_weeks and t.interval_weeks * DAYS_PER_WEEK == days)
    same = last is not None and product is not None and last.product == product.id
    given = last.infusions if last is not None and same else 0
    return tuple(t for t in fitting if given is not None and given < sum(bool(s.dose_weeks) for s in t.steps))
