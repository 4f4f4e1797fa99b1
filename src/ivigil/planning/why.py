"""Why a plan says what it says: reads the decision's own fields, computes nothing."""

from __future__ import annotations

import msgspec

from ivigil.course import Decision, Plan
from ivigil.knowledge.evidence import Cited
from ivigil.knowledge.logic import Saw
from ivigil.planning.citing import named_facts


class Why(msgspec.Struct, frozen=True):
    """One decision: what it is, what it saw, the facts that ruled with their evidence."""

    decision: str
    value: Decision | tuple[Decision, ...]
    saw: tuple[Saw, ...]
    rules: dict[str, Cited]


class UnknownDecisionError(LookupError):
    """There is no such decision in this plan; ``accepted`` lists those there are."""

    def __init__(self, asked: str, accepted: tuple[str, ...]) -> None:
        super().__init__(f"{asked!r}; accepted: {', '.join(accepted)}")
        self.asked = asked
        self.accepted = accepted


def decisions(plan: Plan) -> dict[str, Decision | tuple[Decision, ...]]:
    """Every decision of a plan by name: fields of the plan, and findings by id."""
    found: dict[str, Decision | tuple[Decision, ...]] = {}
    for name in plan.__struct_fields__:
        value = getattr(plan, name)
        if isinstance(value, Decision) or (
            isinstance(value, tuple) and value and isinstance(value[0], Decision)
        ):
            found[name] = value
    found.update({finding.id: finding for finding in plan.findings})
    return found


def why(plan: Plan, decision: str) -> Why:
    """Explain one decision ("dose", "product", "rates", a finding's id...).

    Raises UnknownDecisionError naming the decisions that this plan has.
    """
    known = decisions(plan)
    if decision not in known:
        raise UnknownDecisionError(decision, tuple(known))
    value = known[decision]
    parts = value if isinstance(value, tuple) else (value,)
    saw = tuple(dict.fromkeys(s for part in parts for s in part.saw))
    facts = sorted(named_facts(*parts))
    return Why(decision, value, saw, {f: plan.sources[f] for f in facts if f in plan.sources})
