"""Does the first subcutaneous dose follow the last dose as its label says? If not, the plan must say so."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigil.knowledge.products import Product, StartAfter
from ivigil.verification.exact import show
from ivigil.verification.labels import covers
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

NOTE = "start_after_last_dose"
DAYS_PER_WEEK = 7
ROUNDING_WEEKS = Fraction(1, 10)
"""Weeks are told to a tenth."""


def check(matter: Matter) -> Iterator[Objection]:
    """The weeks since the last dose, against the label of the planned product; not of a dose given once."""
    plan, product = matter.plan, matter.product
    if matter.order.route != "SC" or product is None or plan.course is None or plan.dose is None:
        return
    if plan.dose.interval_days is None:
        return
    rules = tuple(_rules(product, matter, plan.dose.interval_days))
    weeks = _weeks_since(matter)
    due = bool(rules) and not any(rule.weeks_min <= weeks <= rule.weeks_max for rule in _sound(matter, rules))
    told = [reason for reason in plan.course.days_because if reason.code == NOTE]
    facts = tuple(rule.id for rule in rules)
    wanted = f"one note: {show(weeks)} weeks after the last dose" if due else "no such note"
    if len(told) != due:
        yield Objection("start_note", "course.days_because", f"{len(told)} notes", wanted, facts)
    for reason in told:
        if reason.fact not in facts or abs(Fraction(reason.value or 0) - weeks) > ROUNDING_WEEKS:
            seen = f"{reason.fact}, {reason.value} weeks"
            yield Objection("start_note", "course.days_because", seen, wanted, facts)


def _weeks_since(matter: Matter) -> Fraction:
    """Weeks from the last dose to the start; 0 without a last dose."""
    last = matter.order.last_immunoglobulin
    return Fraction((matter.start.date() - last.date).days if last else 0, DAYS_PER_WEEK)


def _rules(product: Product, matter: Matter, days: int) -> Iterator[StartAfter]:
    """What the label says of a start after this route at this interval; nothing of a dose that goes on."""
    last = matter.order.last_immunoglobulin
    if last is None or (last.product == product.id and last.interval_days == days):
        return
    for rule in product.starts_after:
        at_least = rule.interval_days_min is None or days >= rule.interval_days_min
        at_most = rule.interval_days_max is None or days <= rule.interval_days_max
        if rule.last_route == last.route and at_least and at_most and covers(matter, rule.indications):
            yield rule


def _sound(matter: Matter, rules: tuple[StartAfter, ...]) -> tuple[StartAfter, ...]:
    """A weak rule lifts no warning that a sound one gives."""
    return tuple(rule for rule in rules if usable(matter, rule)) or rules
