"""What a fact may do: strong evidence or a site's signature permits, weak evidence only restricts."""

from __future__ import annotations

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.products import Schedule
from ivigil.verification.matter import Matter


def usable(matter: Matter, fact: Fact) -> bool:
    """May the fact set a dose or a rate? A schedule must also be known to be complete."""
    complete = fact.plannable if isinstance(fact, Schedule) else True
    return matter.knowledge.permits(fact) and (complete or fact.id in matter.knowledge.signed)
