"""The gate: no plan leaves that the independent verifier rejects."""

from __future__ import annotations

from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.verification import Objection, verify


class UnverifiedPlanError(Exception):
    """The planner and the verifier disagree: a defect in one of them. Carries the objections."""

    def __init__(self, plan: Plan, objections: tuple[Objection, ...]) -> None:
        self.plan = plan
        self.objections = objections
        super().__init__("; ".join(f"{o.code} at {o.where}" for o in objections))


def checked_plan(order: Order, knowledge: Knowledge) -> Plan:
    """Plan, verify, and return the plan. Raises UnverifiedPlanError if it is rejected."""
    made = plan(order, knowledge)
    verdict = verify(made, order, knowledge)
    if not verdict.accepted:
        raise UnverifiedPlanError(made, verdict.objections)
    return made
