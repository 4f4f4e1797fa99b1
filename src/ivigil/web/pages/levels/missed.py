"""What the level comes to when the next dose is late, or missed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from htpy import Node

from ivigil.kinetics.aim import Spread
from ivigil.kinetics.courses import courses
from ivigil.kinetics.estimate import Band, Estimate
from ivigil.kinetics.levels import days
from ivigil.knowledge.store import Knowledge
from ivigil.practice.levels import LevelHistory
from ivigil.sheets.levels import spread_text
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say
from ivigil.web.pages.levels.question import Asked, late_text
from ivigil.web.parts.table import table


def missed(
    history: LevelHistory, due: dt.datetime, known: Estimate, asked: Asked, knowledge: Knowledge
) -> Node:
    """The level just before the next course, due then: on its day, so many days late, and where one is left
    out."""
    if not known.people:
        return None
    doses = (*history.case.doses, *history.to_come)
    every = dt.timedelta(days=asked.given.cycle.interval_days)
    late = due + dt.timedelta(days=asked.late_days)
    moments = (
        (say("On its day"), due),
        (late_text(asked.late_days), late),
        (say("Missed: before the one after it"), due + every),
    )
    times = sorted({days(at, known.levels.origin) for _, at in moments})
    found = {band.time_days: band for band in courses(known, doses, times, knowledge, apart=False).together}
    target = asked.target_g_per_l
    rows = []
    for said, at in moments:
        band = found[days(at, known.levels.origin)]
        level = spread_text(Spread(band.low, band.median, band.high), "", 1)
        against = () if target is None else (_against(band, target),)
        rows.append((said, f"{at:%Y-%m-%d}", level, *against))
    heads: tuple[str, ...] = (say("The next dose"), say("Day"), say("Just before it, g/L"))
    if target is not None:
        heads = (*heads, say("Against {target} g/L", target=number(target)))
    return table(say("If the next dose is late or missed"), heads, rows, numbers=(1, 2))


def _against(band: Band, target: Decimal) -> str:
    wanted = float(target)
    if band.high < wanted:
        return say("below it, the whole band")
    if band.median < wanted:
        return say("below it, by the median")
    if band.low < wanted:
        return say("not below it by the median; the low end of the band is")
    return say("not below it, the whole band")
