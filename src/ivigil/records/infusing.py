"""An infusion as the journal holds it: its plan's standing, its day, its events by one clock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from ivigil.infusion.events import Corrected, Event, Happening
from ivigil.records import clocks
from ivigil.records.authorisation import Standing, standings
from ivigil.records.errors import RecordsError
from ivigil.records.finding import plan_and_day, stream_of_plan
from ivigil.records.journal import Journal
from ivigil.records.words import Record

_AT_THE_CHAIR = (*get_args(Happening), Corrected)


class NoInfusionError(RecordsError):
    """No plan of the journal has such a day."""


class Infusion(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one plan, and what happened on it."""

    id: str
    stream: str
    day: int
    standing: Standing
    events: tuple[Event, ...]


def load(journal: Journal, infusion: str) -> Infusion:
    """The infusion of an id ("plan-day"), whether or not anything happened yet. Raises NoInfusionError."""
    stream = stream_of(journal, infusion)
    return find(journal.read(stream), stream, infusion)


def stream_of(journal: Journal, infusion: str) -> str:
    """The patient of an infusion. Raises NoInfusionError."""
    named = plan_and_day(infusion)
    stream = stream_of_plan(journal, named[0]) if named else None
    if stream is None:
        raise NoInfusionError(f"infusion {infusion}: no such plan in the journal; an id is PLAN-DAY")
    return stream


def find(records: Iterable[Record], stream: str, infusion: str) -> Infusion:
    """An infusion in a patient's records. Raises NoInfusionError."""
    known = tuple(records)
    plan, day = plan_and_day(infusion) or ("", 0)
    standing = standings(known).get(plan)
    if standing is None or day not in {each.number for each in standing.plan.days}:
        raise NoInfusionError(f"infusion {infusion}: the plan has no day {day}, or cannot be read")
    events = events_of(known, infusion)
    return Infusion(id=infusion, stream=stream, day=day, standing=standing, events=events)


def events_of(records: Iterable[Record], infusion: str) -> tuple[Event, ...]:
    """What happened at the chair of one infusion, of a patient's records, by one clock."""
    known = tuple(records)
    behind = clocks.offsets(known)
    return tuple(
        Event(record.id, clocks.happened_at(record, behind), record.body, record.author)
        for record in known
        if record.subject == infusion and isinstance(record.body, _AT_THE_CHAIR)
    )
