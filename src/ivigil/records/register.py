"""All kinds of events that Ivigil writes. A new one is a line here, or in one of the unions."""

from __future__ import annotations

from typing import Any

from ivigil.aftercare.happenings import FollowUpEvent
from ivigil.infusion.events import AdviceOverridden, Corrected, Happening
from ivigil.records.bodies import (
    Contact,
    DosesStated,
    DosesTakenBack,
    Erasure,
    LevelMeasured,
    LevelTakenBack,
    Note,
    PlanStep,
    ReportMade,
)
from ivigil.records.entrance import PersonEvent, ReadEvent
from ivigil.records.kinds import Kind, Kinds, of_union
from ivigil.records.links import LinkEvent
from ivigil.records.sign_off import SignOffEvent


def _replaces_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 of a correction could not name the one before it."""
    return {**fields, "replaces": ""}


def _names_no_deed(fields: dict[str, Any]) -> dict[str, Any]:
    """Version 1 of what was done against advice did not name the event that tells it."""
    return {**fields, "event": ""}


KINDS = Kinds(
    [
        Kind(Contact),
        Kind(Erasure),
        Kind(LevelMeasured),
        Kind(LevelTakenBack),
        Kind(DosesStated),
        Kind(DosesTakenBack),
        Kind(Note),
        *of_union(PlanStep, "plan"),
        *of_union(Happening, "infusion", {AdviceOverridden: (_names_no_deed,)}),
        Kind(Corrected, "infusion", (_replaces_nothing,)),
        *of_union(FollowUpEvent, "infusion"),
        Kind(ReportMade, "infusion"),
        *of_union(PersonEvent, "person"),
        *of_union(ReadEvent, "reads"),
        *of_union(LinkEvent, "link"),
        *of_union(SignOffEvent, "fact"),
    ]
)
