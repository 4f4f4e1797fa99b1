"""The board: today's infusions by chair, and who needs somebody first.

An infusion ranks by the most pressing advice for it, and as overdue while anything is; within one rank
whoever has waited longest comes first. A chair and initials say who it is: no name and no identifier.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.infusion.advice import PRESSING, RANKS, Advice, Rank
from ivigil.infusion.due import Due
from ivigil.infusion.state import Alarm, AlarmCode, Halt, Phase
from ivigil.knowledge.reactions import Urgency
from ivigil.practice.reports import Unsettled
from ivigil.records.authorisation import Refusal, Step

UNCERTAIN: Rank = "overdue"
"""Of an infusion that goes on and that nothing can be said about."""
SYMPTOM: Rank = "treat"
"""Of a symptom on record where live advice is switched off: nothing ranks it finer."""
NOT_AS_SIGNED: Rank = "overdue"
"""Of an infusion that goes on while its plan is not what was signed any more."""
WRONG_PATIENT: Rank = "flow"
"""Of an infusion that goes on with somebody else identified than whom its plan is for."""
_OF_REPORT: dict[Urgency | None, Rank] = {"emergency_now": "emergency", "same_day": "treat", None: "treat"}
"""Of what the patient reported; what is not judged waits for nobody to judge it."""
_PERSONAL: tuple[AlarmCode, ...] = ("identity_differs",)
"""Alarms whose values are identifiers."""

Section = Literal["first", "running", "observed", "expected"]
Note = Literal[
    "same_chair",  # another infusion is on record at this chair
    "same_initials",  # another patient of the board has them
    "wrong_patient",  # whoever was identified last is not whom the plan is for
    "plan_changed",  # what was signed does not stand any more
    "no_course",  # the plan names no product or rates: nothing can be advised
    "ahead",  # an entry lies in the future: judged as of then
]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion of the day, as a board may show it to everybody who passes."""

    infusion: str
    stream: str
    """Whose it is: the patient's pseudonym."""
    sites: frozenset[str]
    """Where anything about the patient was recorded."""
    chair: str
    """"": nobody told."""
    initials: str
    """"": no name is on record."""
    product: str
    """Product id; "": the plan names none."""
    planned_at: dt.datetime
    step: Step
    """Where the plan's signatures stand."""
    refused: tuple[Refusal, ...] = ()
    """Before the start: why it may not begin."""
    arrived: bool
    """Anything is on record of this day at the chair."""
    phase: Phase
    halt: Halt = ""
    ladder_step: int | None = None
    """From 1; None while nothing flows."""
    ladder_steps: int
    rate_ml_per_h: Decimal
    given_ml: Decimal
    volume_ml: Decimal
    expected_end: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    stay_until: dt.datetime | None = None
    """After the end: until when the patient is observed; None: it cannot be told."""
    due: tuple[Due, ...] = ()
    advice: tuple[Advice, ...] = ()
    """The most pressing first; nothing where the site has switched live advice off."""
    alarms: tuple[Alarm, ...] = ()
    rank: Rank
    waiting_since: dt.datetime | None = None
    """Since when something is overdue, or a pressing report waits; None: nothing does."""
    notes: tuple[Note, ...] = ()
    reports: tuple[Unsettled, ...] = ()
    """What the patient reported from home or from the chair and nobody has settled, after any infusion."""

    @property
    def section(self) -> Section:
        """Where it stands on the board. Whoever is not known to have come waits for no one."""
        if self.rank in PRESSING and self.arrived:
            return "first"
        if self.phase == "not_started":
            return "expected"
        return "observed" if self.phase == "ended" else "running"

    @property
    def next_due(self) -> Due | None:
        """What is to be done next, or is overdue longest."""
        return self.due[0] if self.due else None


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All of them at one moment, whoever needs somebody first on top."""

    at: dt.datetime
    knowledge_version: str
    live_advice: bool
    """False: the site has switched it off, and the order rests on what is due and on record alone."""
    places: tuple[Place, ...]
    left: int
    """How many of today's patients have left."""
    unreadable: int
    """Infusions on record that cannot be read, and have not ended."""

    def of(self, section: Section) -> tuple[Place, ...]:
        """Those of one section, in order."""
        return tuple(place for place in self.places if place.section == section)

    def at_site(self, site: str) -> Board:
        """What concerns one site: patients of whom anything was recorded there."""
        return replace(self, places=tuple(place for place in self.places if site in place.sites))


def presses(advice: Advice) -> bool:
    """Is somebody needed for it? What is done, or too early, presses in an emergency alone."""
    return advice.rank in PRESSING and (advice.rank == "emergency" or not advice.waits)


def rank_of(
    advice: Iterable[Advice],
    due: Iterable[Due],
    now: dt.datetime,
    *,
    symptom: bool,
    reports: Iterable[Unsettled] = (),
    also: Iterable[Rank] = (),
) -> Rank:
    """How soon somebody is needed: never less than ``overdue`` while anything is.

    symptom: a symptom is present and there is no advice that could rank it. reports: what the patient told
    and nobody has settled. also: ranks by what no advice is about.
    """
    found: list[Rank] = [*also, *(each.rank for each in advice if each.rank not in PRESSING or presses(each))]
    if any(each.overdue(now) for each in due):
        found.append("overdue")
    if symptom:
        found.append(SYMPTOM)
    found += [rank for each in reports if (rank := report_rank(each)) is not None]
    return min(found, key=RANKS.index, default="later")


def report_rank(report: Unsettled) -> Rank | None:
    """How soon a report needs somebody; None: it may wait in the inbox."""
    return _OF_REPORT.get(report.urgency)


def waiting_since(
    advice: Iterable[Advice], due: Iterable[Due], now: dt.datetime, reports: Iterable[Unsettled] = ()
) -> dt.datetime | None:
    """Since when the longest overdue thing is, or a pressing report waits."""
    times = [each.at for each in due if each.overdue(now)]
    times += [each.since for each in reports if report_rank(each) is not None]
    times += [each.at for each in advice if each.rank == "overdue" and each.at is not None]
    return min(times, default=None)


def ranked(places: Iterable[Place]) -> tuple[Place, ...]:
    """By rank; in one rank who waits longest, then what is due soonest, then by chair."""
    return tuple(sorted(places, key=_order))


def told_apart(places: Iterable[Place]) -> tuple[Place, ...]:
    """The places, each with a note where its chair or initials are those of another one too."""
    found = tuple(places)
    there = [place for place in found if place.phase != "left"]
    chairs = Counter(_folded(place.chair) for place in there if place.chair)
    people = Counter(name for name, _ in {(_folded(p.initials), p.stream) for p in there if p.initials})
    return tuple(_noted(place, chairs, people) for place in found)


def public(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """Advice without what it rests on: that may name the patient, and doses are for the chair."""
    return tuple(replace(each, because=(), treatment=None) for each in advice)


def impersonal(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Alarms without identifiers."""
    return tuple(replace(alarm, value="", limit="") if alarm.code in _PERSONAL else alarm for alarm in alarms)


def initials(name: str) -> str:
    """First letters of the first and the last name: "Anna-Maria van der Berg" -> "A. B."."""
    words = [word for part in name.split() if (word := part.strip(".,-'’()"))]
    ends = words if len(words) < 2 else (words[0], words[-1])
    return " ".join(f"{word[0].upper()}." for word in ends)


def _order(place: Place) -> tuple[int, bool, dt.datetime, dt.datetime, str, str]:
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    due = place.next_due
    return (
        RANKS.index(place.rank),
        not place.arrived,
        place.waiting_since or never,
        due.at if due is not None else place.expected_end or place.stay_until or place.planned_at,
        place.chair.casefold(),
        place.infusion,
    )


def _noted(place: Place, chairs: Counter[str], people: Counter[str]) -> Place:
    more: list[Note] = []
    if place.phase != "left" and chairs[_folded(place.chair)] > 1:
        more.append("same_chair")
    if people[_folded(place.initials)] > 1:
        more.append("same_initials")
    return replace(place, notes=(*more, *place.notes)) if more else place


def _folded(text: str) -> str:
    return "".join(text.casefold().split())
