"""Moments, and parts of a page that renew themselves and say when they did."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Element, Node

from ivigil.sheets.spoken import say
from ivigil.web.parts.woven import woven

EVERY_SECONDS = 3
"""How often the live module asks again."""


def clock(moment: dt.datetime) -> Element:
    """The time of day: 09:05."""
    return h.time(datetime=moment.isoformat())[moment.strftime("%H:%M")]


def stamp(moment: dt.datetime, zone: dt.tzinfo) -> Element:
    """Day and time in the site's zone, the day's order never ambiguous: 2026-12-01 09:05."""
    here = moment.astimezone(zone)
    return h.time(datetime=here.isoformat())[here.strftime("%Y-%m-%d %H:%M")]


def drawn(moment: dt.datetime, zone: dt.tzinfo) -> Element:
    """When a sample was drawn: of a day alone, which is kept as the midnight of that day, the day."""
    if moment.time() == dt.time():
        day = moment.date().isoformat()
        return h.time(datetime=day)[day]
    return stamp(moment, zone)


@h.with_children
def live(content: Node, id: str, path: str, made: dt.datetime, *, every: int = EVERY_SECONDS) -> Element:
    """A part that renews itself. ``path`` answers it alone, under its ``id``, when ``visit.part`` is that.

    ``made``: when it was computed. The page's own timer greys the part when no newer one came for 10 s;
    without a script it says from when it is.
    """
    seconds = made.strftime("%H:%M:%S")
    return h.section(
        ".live",
        id=id,
        data_live=path,
        data_made=made.isoformat(),
        data_every=str(every),
    )[
        h.p(".as-of")[woven("As of {time}", time=h.time(datetime=made.isoformat())[seconds])],
        h.p(
            ".last-known",
            role="status",
            hidden=True,
            data_text=say("Not fresh: last known {time}", time=seconds),
        ),
        content,
    ]
