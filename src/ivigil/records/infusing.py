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
    named = plan_and_day(infusion)
    stream = stream_of_plan(journal, named[0]) if named else None
    if named is None or stream is None:
        raise NoInfusionError(f"infusion {infusion}: no such plan in the journal; an id is PLAN-DAY")
    records = journal.read(stream)
    standing = standings(records).get(named[0])
    if standing is None or named[1] not in {day.number for day in standing.plan.days}:
        raise NoInfusionError(f"infusion {infusion}: the plan has no day {named[1]}, or cannot be read")
    events = events_of(records, infusion)
    return Infusion(id=infusion, stream=stream, day=named[1], standing=standing, events=events)


def events_of(records: Iterable[Record], infusion: str) -> tuple[Event, ...]:
    """What happened at the chair of one infusion, of a patient's records, by one clock."""
    known = tuple(records)
    behind = clocks.offsets(known)
    return tuple(
        Event(record.id, clocks.happened_at(record, behind), record.body, record.author)
        for record in known
        if record.subject == infusion and isinstance(record.body, _AT_THE_CHAIR)
    )
