"""When somebody of the team watches what comes from home, as the site states it.

Hours that are not stated are no hours: without them, after the last day for which they are stated, and
without a time zone, nobody is known to watch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.aftercare.standing import Hours, Watch, watch
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.watching import Watching, Weekday

AHEAD = dt.timedelta(days=35)
"""How far ahead it is looked for the next hours: longer than any closure of a site that goes on."""
_DAY = dt.timedelta(days=1)
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Unwatched(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which something waited and nobody was to watch, by the hours as they are stated now."""

    start: dt.datetime
    until: dt.datetime | None
    """None: nobody watches yet."""


def team_hours(knowledge: Knowledge, first: dt.datetime, last: dt.datetime) -> tuple[Hours, ...]:
    """The stretches between two moments (aware), in UTC, in their order; those that touch are one."""
    watching, zone = knowledge.site.watch, knowledge.zone
    if watching is None or zone is None:
        return ()
    days = first.astimezone(zone).date() - _DAY, last.astimezone(zone).date()
    made: list[tuple[dt.datetime, dt.datetime]] = []
    for start, end in sorted(_stretches(watching, zone, *days)):
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        else:
            made.append((start, end))
    return tuple((start, end) for start, end in made if end > first and start <= last)


def _stretches(
    watching: Watching, zone: dt.tzinfo, first: dt.date, last: dt.date
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    day = first
    while day <= min(last, watching.through):
        if day not in watching.closed:
            for hours in watching.hours:
                if _WEEKDAYS[day.weekday()] in hours.days:
                    over = day + _DAY if hours.until == dt.time() else day
                    yield _moment(day, hours.start, zone), _moment(over, hours.until, zone)
        day += _DAY


def _moment(day: dt.date, time: dt.time, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, time, zone).astimezone(dt.UTC)


def watching_at(knowledge: Knowledge, now: dt.datetime) -> Watch:
    """Does somebody of the team watch at ``now`` (aware)? Until when, or from when again."""
    return watch(team_hours(knowledge, now - _DAY, now + AHEAD), now)


def last_unwatched(knowledge: Knowledge, since: dt.datetime, now: dt.datetime) -> Unwatched | None:
    """The last stretch in which what waits since then had nobody; None: never, or no hours are known."""
    if knowledge.site.watch is None or now <= since:
        return None
    start, found = since, None
    for opens, closes in team_hours(knowledge, since, now):
        assert closes is not None  # every stated stretch ends
        if start < opens:
            found = Unwatched(start=start, until=min(opens, now))
        start = max(start, closes)
    return Unwatched(start=start, until=None) if start <= now else found
