"""A calendar file (RFC 5545) for a patient's own device. Its titles tell nobody what they are ill with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ivigil.course import Plan, infusion_id
from ivigil.sheets.wording import Wording

LINE_BYTES = 75
_SPECIAL = re.compile(r"([\\;,])")
_BREAK = re.compile(r"\r\n|\r|\n")
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

What = Literal["visit", "questions", "reminder"]


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: from a moment to a moment, or a whole day."""

    uid: str
    """The same entry in a later file takes the place of the earlier one."""
    what: What
    start: dt.datetime | dt.date
    end: dt.datetime | None = None
    """None: of the length of nothing, or a whole day."""


def visits(plan: Plan) -> Iterator[Appointment]:
    """When a patient has to come, and around which day the next treatment is due."""
    for day in plan.days:
        uid = infusion_id(plan.id, day.number)
        yield Appointment(uid=uid, what="visit", start=day.start, end=day.end)
    for number, entry in enumerate(plan.timeline):
        if entry.kind in ("test", "response", "next_course") and entry.date is not None:
            yield Appointment(uid=f"{plan.id}-{entry.kind}-{number}", what="reminder", start=entry.date)


def calendar(entries: Iterable[Appointment], made_at: dt.datetime, say: Wording) -> bytes:
    """The file: UTF-8, lines of at most 75 bytes. ``made_at`` is aware."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Ivigil//Calendar//EN", "METHOD:PUBLISH"]
    for entry in entries:
        lines += _event(entry, made_at, _title(entry.what, say))
    return "".join(f"{folded}\r\n" for line in (*lines, "END:VCALENDAR") for folded in _folded(line)).encode()


def text(value: str) -> str:
    """A text value with what would end or split it escaped, and nothing that cannot be printed."""
    lines = (_UNPRINTED.sub("", line) for line in _BREAK.split(value))
    return r"\n".join(_SPECIAL.sub(r"\\\1", line) for line in lines)


def _title(what: What, say: Wording) -> str:
    match what:
        case "visit":
            return say("Appointment")
        case "questions":
            return say("A few questions to answer")
    return say("Reminder: ask for the day and time")


def _event(entry: Appointment, made_at: dt.datetime, title: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{text(entry.uid)}@ivigil"
    yield f"DTSTAMP:{_moment(made_at)}"
    if isinstance(entry.start, dt.datetime):
        yield f"DTSTART:{_moment(entry.start)}"
        if entry.end is not None:
            yield f"DTEND:{_moment(entry.end)}"
    else:
        yield f"DTSTART;VALUE=DATE:{entry.start:%Y%m%d}"
    yield f"SUMMARY:{text(title)}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def _moment(moment: dt.datetime) -> str:
    """In UTC, so that the file needs no table of time zones."""
    return f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 bytes; each further one begins with a blank. No character is cut in two."""
    part, size = "", 0
    for sign in line:
        width = len(sign.encode())
        if size + width > LINE_BYTES:
            yield part
            part, size = " ", 1
        part += sign
        size += width
    yield part
