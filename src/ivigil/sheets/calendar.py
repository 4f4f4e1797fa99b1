"""A plan's days as a calendar file: neutral titles and times, nothing of patient or treatment."""

from __future__ import annotations

import datetime as dt
import hashlib

from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge

APPOINTMENT = "Appointment"


def calendar(plan: Plan, knowledge: Knowledge, made: dt.datetime) -> bytes:
    """The infusions as iCalendar (RFC 5545). ``made``: when, aware; the same input gives the same bytes.

    A calendar lies on other people's servers and screens: it says when to come, not what for. The ids are
    hashes, so that a later file of the same plan replaces the entries of an earlier one.
    """
    from icalendar import Calendar, Event

    made_calendar = Calendar()
    made_calendar.add("prodid", "-//Ivigil//Appointments//EN")
    made_calendar.add("version", "2.0")
    made_calendar.add("method", "PUBLISH")
    for day in plan.days:
        event = Event()
        event.add("uid", _uid(plan, day.number))
        event.add("dtstamp", made.astimezone(dt.UTC))
        event.add("dtstart", day.start.astimezone(dt.UTC))
        event.add("dtend", day.end.astimezone(dt.UTC))
        event.add("summary", APPOINTMENT)
        event.add("class", "PRIVATE")
        made_calendar.add_component(event)
    return bytes(made_calendar.to_ical())


def _uid(plan: Plan, day: int) -> str:
    return f"{hashlib.sha256(f'appointment {plan.id} {day}'.encode()).hexdigest()[:32]}@ivigil"
