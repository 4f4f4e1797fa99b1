"""When a site's team watches what comes from home: hours of the week, in the site's time zone."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ivigil.knowledge.evidence import Record

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Stretch(Record):
    """Hours of some days of the week, in the site's time zone."""

    days: tuple[Weekday, ...]
    start: dt.time = msgspec.field(name="from")
    until: dt.time
    """Later on the same day; 00:00 is its end."""


class Watching(Record):
    """When somebody of the team watches what comes from home."""

    hours: tuple[Stretch, ...]
    closed: tuple[dt.date, ...] = ()
    """Days on which nobody does, whatever the day of the week."""
    through: dt.date
    """The last day for which hours and closed days are known; after it nobody is known to watch."""
