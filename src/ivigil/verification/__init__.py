"""The second opinion: a finished plan re-checked line by line, sharing no code with the planner.

``verify`` works from the order and the facts, as a pharmacist with the label in hand would,
in exact fractions. It is total: a plan of any shape gets a verdict, and what a check cannot
read it objects to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.verification import (
    care,
    clock,
    course,
    dose,
    findings,
    identity,
    individual,
    infusion,
    ladder,
    offers,
    products,
    ranking,
    rates,
    regimen,
    serology,
    skin_course,
    skin_dose,
    skin_sites,
    skin_start,
    skin_trough,
    status,
    stock,
    vaccines,
    vials,
    weight,
    wellformed,
)
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection, Verdict
from ivigil.verification.walk import walk

__all__ = ["Objection", "Verdict", "verify"]

CHECKS: tuple[Callable[[Matter], Iterator[Objection]], ...] = (
    status.check,
    identity.check,
    findings.check,
    regimen.check,
    weight.check,
    dose.check,
    individual.check,
    products.check,
    offers.check,
    ranking.check,
    vials.check,
    stock.check,
    course.check,
    clock.check,
    rates.check,
    ladder.check,
    infusion.check,
    skin_dose.check,
    skin_course.check,
    skin_sites.check,
    skin_trough.check,
    skin_start.check,
    care.check,
    vaccines.check,
    serology.check,
)


def verify(plan: Plan, order: Order, knowledge: Knowledge) -> Verdict:
    """Re-check ``plan`` against the order it should answer and the facts it should rest on.

    Never raises: a plan or order with values that cannot be compared (NaN, times without an
    offset) is objected to at once, and a check that fails on a strange plan is an objection.
    """
    matter = Matter(plan, order, knowledge)
    malformed = (*wellformed.check("", matter.parts), *wellformed.check("order", walk(order)))
    if malformed:
        return Verdict(malformed)
    return Verdict(tuple(objection for check in CHECKS for objection in _run(check, matter)))


def _run(check: Callable[[Matter], Iterator[Objection]], matter: Matter) -> tuple[Objection, ...]:
    try:
        return tuple(check(matter))
    except Exception as fault:  # a plan that cannot be checked is not accepted
        name = check.__module__.rpartition(".")[2]
        return (
            Objection("not_checkable", name, f"{type(fault).__name__}: {fault}", "a plan of sound parts"),
        )
