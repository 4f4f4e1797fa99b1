"""Every hazard judged again: what must stand in the plan, and which effects must act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ivigil.course import State
from ivigil.knowledge.hazards import Hazard
from ivigil.knowledge.logic import Case, Truth, truth_of


class Standing(msgspec.Struct, frozen=True):
    """How one hazard stands once the planned product is known, and how it may before that."""

    hazard: Hazard
    planned: Truth
    possible: tuple[Truth, ...]

    def states(self, *, emergency: bool) -> frozenset[State]:
        """The states that a plan may give it: as judged before or after the product was chosen."""
        return frozenset(state for truth in self.possible for state in _states(self.hazard, truth, emergency))

    @property
    def must_be_listed(self) -> bool:
        return self.planned is not Truth.FALSE


def screen(hazards: Iterable[Hazard], route: str, cases: Sequence[Case]) -> tuple[Standing, ...]:
    """Judge each hazard of the route on every possible case; the first is the planned one."""
    distinct = [case for index, case in enumerate(cases) if case not in cases[:index]]
    here = [hazard for hazard in hazards if route in hazard.routes]
    judged = [tuple(judge_hazard(hazard, case) for case in distinct) for hazard in here]
    return tuple(Standing(hazard, truths[0], truths) for hazard, truths in zip(here, judged, strict=True))


def judge_hazard(hazard: Hazard, case: Case) -> Truth:
    """True if any factor is; unknown if none is true and one is unknown."""
    truths = {truth_of(factor.when, case) for factor in hazard.factors}
    return next((truth for truth in (Truth.TRUE, Truth.UNKNOWN) if truth in truths), Truth.FALSE)


def _states(hazard: Hazard, truth: Truth, emergency: bool) -> tuple[State, ...]:
    if truth is not Truth.UNKNOWN:
        return ("present",) if truth is Truth.TRUE else ("absent",)
    if hazard.unknown == "assume":
        return ("assumed",)
    if hazard.unknown == "note":
        return ("asked", "assumed")
    return ("asked", "assumed") if emergency else ("asked",)
