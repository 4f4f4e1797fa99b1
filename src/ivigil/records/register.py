"""All kinds of events that Ivigil writes. A new one is a line here, or in one of the unions."""

from __future__ import annotations

from ivigil.infusion.events import Corrected, Happening
from ivigil.records.bodies import Afterwards, Contact, Erasure, Note, PlanStep
from ivigil.records.kinds import Kind, Kinds, of_union

KINDS = Kinds(
    [
        Kind(Contact),
        Kind(Erasure),
        Kind(Note),
        *of_union(PlanStep, "plan"),
        *of_union(Happening, "infusion"),
        Kind(Corrected, "infusion"),
        *of_union(Afterwards, "infusion"),
    ]
)
