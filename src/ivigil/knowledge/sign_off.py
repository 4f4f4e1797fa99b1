"""Where a fact stands with a site's signatures, and whether one would change anything."""

from __future__ import annotations

from typing import Literal

from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.products import Schedule
from ivigil.knowledge.store import Knowledge

State = Literal["superseded", "signed", "local", "weak", "held_back", "strong"]
WAITS: frozenset[State] = frozenset({"local", "weak", "held_back"})
"""A signature by two people would let the fact permit something."""


def sign_off_state(fact: Fact, knowledge: Knowledge) -> State:
    """Where the fact stands."""
    if fact.replaced:
        return "superseded"
    if fact.id in knowledge.signed:
        return "signed"
    if fact.id in knowledge.local:
        return "local"
    if fact.weak:
        return "weak"
    return "held_back" if _held_back(fact) else "strong"


def _held_back(fact: Fact) -> bool:
    """True for a well read record that still plans nothing: incomplete or unreliable."""
    if isinstance(fact, Schedule):
        return not fact.plannable
    if isinstance(fact, Regimen):
        return fact.reliability == "low"
    return False
