"""The gate: no plan leaves that the independent verifier rejects."""

from __future__ import annotations

from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.planning.stock import STOCK
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


def made_anew(made: Plan, knowledge: Knowledge) -> Plan:
    """The order of a plan as it would be planned now, to see which limits changed since.

    What is on the shelf is left out: the vials that are gone may be the ones put aside for this very
    patient, and stock is no limit. Raises UnverifiedPlanError.
    """
    return checked_plan(made.order, knowledge.kept(_of_a_full_shelf))


def _of_a_full_shelf(knowledge: Knowledge) -> Knowledge:
    if STOCK not in knowledge.policies or not knowledge.policies[STOCK].stock:
        return knowledge
    policies = (replace(each, stock=()) if each.id == STOCK else each for each in knowledge.facts.policy)
    return replace(knowledge, facts=replace(knowledge.facts, policy=tuple(policies)))
