"""Bodies of plans, signatures, contacts and reports. Those of an infusion are in ``infusion.events``,
those of the days after in ``aftercare.happenings``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.course import Plan
from ivigil.patient import Identifier


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: a body has a tag, the name of its kind, and takes no field that it does not know."""


class Contact(Body, frozen=True, tag="contact"):
    """Who the patient is and how to reach them: what a recall needs. The latest counts."""

    patient: Identifier
    name: str
    phone: str = ""


class Erasure(Body, frozen=True, tag="erased"):
    """The patient's keys were destroyed; every earlier payload of the stream is unreadable."""

    reason: str


class LevelMeasured(Body, frozen=True, tag="level_measured"):
    """A measured total IgG of the patient. Which of them say something is judged when they are read."""

    g_per_l: Decimal
    """Of a level outside what the assay can read: the limit."""
    limit: Literal["", "below", "above"] = ""
    taken_at: dt.datetime | None = None
    """Of a sample with a time; it may lack its offset, and then says nothing."""
    taken_on: dt.date | None = None
    """Of a sample with a day alone."""
    before_dose: bool = False
    """Drawn just before the first dose of that day."""


class LevelTakenBack(Body, frozen=True, tag="level_taken_back"):
    """A level was recorded wrongly and counts no more. Its record stays in the journal."""

    event: str
    """Id of the event that recorded it."""
    reason: str = ""


class StatedDose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dose of immunoglobulin on a day."""

    day: dt.date
    grams: Decimal
    route: str


class DosesStated(Body, frozen=True, tag="doses_stated"):
    """Its author states that these are all doses before the first infusion here. The latest counts."""

    doses: tuple[StatedDose, ...]


class DosesTakenBack(Body, frozen=True, tag="doses_taken_back"):
    """What was stated of the doses before counts no more."""


class Note(Body, frozen=True, tag="note"):
    """Free text, also to correct what an earlier event says."""

    text: str
    corrects: str = ""
    """Id of the event that it corrects."""


class PlanMade(Body, frozen=True, tag="plan_made"):
    """A plan, whole. The event's subject is the plan's id, here and in all that follow."""

    plan: Plan


class Prescribed(Body, frozen=True, tag="prescribed"):
    """The event's author (or the person on whose behalf) prescribes the plan as it was made."""


class Verified(Body, frozen=True, tag="verified"):
    """Somebody else has checked the prescribed plan."""


class Released(Body, frozen=True, tag="released"):
    """The verified plan may be given."""


class Reopened(Body, frozen=True, tag="reopened"):
    """All signatures of the plan are void: its inputs changed, or a limit became tighter."""

    reason: str


class Superseded(Body, frozen=True, tag="superseded"):
    """The plan is withdrawn, or replaced by one whose order does not say so."""

    by: str = ""
    """Id of the plan in its place; "" if there is none."""


PlanStep = PlanMade | Prescribed | Verified | Released | Reopened | Superseded
"""Everything that can happen to a plan."""


class ReportMade(Body, frozen=True, tag="report_made"):
    """A report, letter or card about an infusion was made. What it said can be made again from the record."""

    standard: str
    """What it is: "FDA 3500", "ICH E2B(R3)", "look-back", "travel", "card"."""
    complete: bool
    sha256: str
    """Hash of its content."""
    missing: tuple[str, ...] = ()
    """Codes of the required fields that nobody had answered."""
