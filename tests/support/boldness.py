"""When one plan is bolder than another: every way in which a patient could be given more, or faster."""

from __future__ import annotations

from decimal import Decimal

from ivigil.course import Plan

HELD = ("needs_answers",)


def bolder(plan: Plan, than: Plan) -> list[str]:
    """Every way in which ``plan`` is bolder than ``than``; empty if in none.

    A plan that holds its release for an answer, or gives nothing, is not bolder than any.
    """
    if plan.status in HELD or not plan.days:
        return []
    if than.status == "blocked":
        return ["gives what the other blocks"]
    if not than.days:
        return ["gives what the other does not"]
    checks = {
        "fewer days": len(plan.days) < len(than.days),
        "more on one day": most(plan) > most(than),
        "more in all": total(plan) > total(than),
        "starts faster": first(plan) > first(than),
        "runs faster": fastest(plan) > fastest(than),
        "ends sooner": shortest(plan) < shortest(than),
        "observes less": observed(plan) < observed(than),
        "orders fewer tests": not tests(than) <= tests(plan),
        "excludes fewer products": not excluded(than) <= excluded(plan),
    }
    return [name for name, found in checks.items() if found]


def most(plan: Plan) -> Decimal:
    return max(day.grams for day in plan.days)


def total(plan: Plan) -> Decimal:
    return sum((day.grams for day in plan.days), Decimal(0))


def first(plan: Plan) -> Decimal:
    return max(day.steps[0].rate_ml_per_h for day in plan.days)


def fastest(plan: Plan) -> Decimal:
    return max(step.rate_ml_per_h for day in plan.days for step in day.steps)


def shortest(plan: Plan) -> Decimal:
    """Minutes per gram of the quickest day: fewer grams may take fewer minutes."""
    return min(Decimal(day.duration_min) / day.grams for day in plan.days)


def observed(plan: Plan) -> int:
    return (plan.observation.minutes or 0) if plan.observation else 0


def tests(plan: Plan) -> set[str]:
    return {item.text for item in plan.tests}


def excluded(plan: Plan) -> set[str]:
    """Products that a finding excludes, whichever product was ordered."""
    return {e.id for e in plan.products_excluded if any(r.finding for r in e.because)}
