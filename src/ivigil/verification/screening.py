"""Every hazard judged again: what must stand in the plan, and which effects must act."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ivigil.course import State
from ivigil.knowledge.hazards import Hazard
from ivigil.knowledge.logic import Case, Truth, judge


class Standing(msgspec.Struct, frozen=True):
    """How one hazard stands: on the order alone, and once the planned product is known."""

    hazard: Hazard
    ordered: Truth
    planned: Truth

    def states(self, *, emergency: bool) -> frozenset[State]:
        """The states that a plan may give it: as judged before or after the product was chosen."""
        truths = (self.ordered, self.planned)
        return frozenset(state for truth in truths for state in _states(self.hazard, truth, emergency))

    @property
    def must_be_listed(self) -> bool:
        return self.planned is not Truth.FALSE


def screen(hazards: Iterable[Hazard], route: str, ordered: Case, planned: Case) -> tuple[Standing, ...]:
    """Judge each hazard of the route on both cases."""
    here = [hazard for hazard in hazards if route in hazard.routes]
    truths = [_truth(hazard, planned) for hazard in here]
    before = truths if ordered == planned else [_truth(hazard, ordered) for hazard in here]
    return tuple(Standing(*standing) for standing in zip(here, before, truths, strict=True))


def _truth(hazard: Hazard, case: Case) -> Truth:
    """True if any factor is; unknown if none is true and one is unknown."""
    truths = {judge(factor.when, case).truth for factor in hazard.factors}
    return next((truth for truth in (Truth.TRUE, Truth.UNKNOWN) if truth in truths), Truth.FALSE)


def _states(hazard: Hazard, truth: Truth, emergency: bool) -> tuple[State, ...]:
    if truth is not Truth.UNKNOWN:
        return ("present",) if truth is Truth.TRUE else ("absent",)
    if hazard.unknown == "assume":
        return ("assumed",)
    if hazard.unknown == "note":
        return ("asked", "assumed")
    return ("asked", "assumed") if emergency else ("asked",)
