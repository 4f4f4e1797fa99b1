"""A calendar file (RFC 5545) for a person's own device. Its titles tell nobody what they are treated for."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import msgspec

from ivigil.course import Plan, infusion_id
from ivigil.sheets.spoken import texts

if TYPE_CHECKING:
    from icalendar import Event

What = Literal["visit", "questions", "reminder"]

TITLE: dict[What, str] = texts(
    {
        "visit": "Appointment",
        "questions": "A few questions to answer",
        "reminder": "Reminder: ask for the day and time",
    }
)


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: from a moment to a moment, or a whole day."""

    id: str
    """The same entry in a later file takes the place of the earlier one. Only its hash is written."""
    what: What
    start: dt.datetime | dt.date
    end: dt.datetime | None = None
    """None: of the length of nothing, or a whole day."""


def infusions(plan: Plan) -> Iterator[Appointment]:
    """When a patient has to come."""
    for day in plan.days:
        yield Appointment(id=infusion_id(plan.id, day.number), what="visit", start=day.start, end=day.end)


def visits(plan: Plan) -> Iterator[Appointment]:
    """When a patient has to come, and around which day the next test or treatment is due."""
    yield from infusions(plan)
    for number, entry in enumerate(plan.timeline):
        if entry.kind in ("test", "response", "next_course") and entry.date is not None:
            yield Appointment(id=f"{plan.id}-{entry.kind}-{number}", what="reminder", start=entry.date)


def calendar(entries: Iterable[Appointment], made_at: dt.datetime, say: Callable[[str], str]) -> bytes:
    """The file. ``made_at`` is aware, ``say`` the reader's language; the same input gives the same bytes.

    A calendar lies on other people's servers and screens: it says when to come, not what for.
    """
    from icalendar import Calendar

    file = Calendar()
    file.add("prodid", "-//Ivigil//Calendar//EN")
    file.add("version", "2.0")
    file.add("method", "PUBLISH")
    for entry in entries:
        file.add_component(_event(entry, made_at, say(TITLE[entry.what])))
    return bytes(file.to_ical())


def _event(entry: Appointment, made_at: dt.datetime, title: str) -> Event:
    """Times in UTC, so that the file needs no table of time zones."""
    from icalendar import Event

    event = Event()
    event.add("uid", f"{hashlib.sha256(entry.id.encode()).hexdigest()[:32]}@ivigil")
    event.add("dtstamp", made_at.astimezone(dt.UTC))
    event.add("dtstart", _in_utc(entry.start))
    if entry.end is not None:
        event.add("dtend", _in_utc(entry.end))
    event.add("summary", title)
    event.add("class", "PRIVATE")
    return event


def _in_utc(start: dt.datetime | dt.date) -> dt.datetime | dt.date:
    return start.astimezone(dt.UTC) if isinstance(start, dt.datetime) else start
