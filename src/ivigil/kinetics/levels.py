"""Which measured IgG levels say something, when they were drawn, and how much they count.

A level is worth nothing without its place among the doses: one that was drawn during an infusion, or at an
unknown time, is rejected with the reason and never moved to where it would fit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge

OLD = "policy.kinetics_old_level"
_DAY = dt.timedelta(days=1)

Why = Literal[
    "no_time",
    "day_of_a_dose",
    "during_a_dose",
    "no_dose_that_day",
    "after_that_dose",
    "infused_only",
    "repeated",
    "above_range",
]
"""no_time: no date, or a time without offset; day_of_a_dose: only the date is known, and a dose was given on
it; no_dose_that_day: said to be before a dose on a day without one; after_that_dose: said to be before it,
but the time is later; infused_only: not total IgG (total less an earlier level under-reads what was infused);
repeated: the same figure of the same sample was there."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One dose that was given, or is planned."""

    start: dt.datetime
    grams: Decimal
    route: KineticRoute
    hours: Decimal = Decimal(0)
    """0: at once."""

    @property
    def end(self) -> dt.datetime:
        return self.start + dt.timedelta(hours=float(self.hours))


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One measured level, in g/L."""

    g_per_l: Decimal
    """Of a level outside what the assay can read: the limit."""
    taken: dt.datetime | dt.date | None = None
    limit: Literal["", "below", "above"] = ""
    before_dose: bool = False
    """Drawn just before the first dose of that day."""
    of: Literal["total", "infused"] = "total"


class Used(msgspec.Struct, frozen=True):
    """A level with its place in time; ``place``: in the list as given, from 0."""

    place: int
    time_days: float
    g_per_l: float
    below: bool
    weight: float


class Rejected(msgspec.Struct, frozen=True):
    place: int
    why: Why


class Levels(msgspec.Struct, frozen=True):
    """Every level, once: used or rejected."""

    origin: dt.datetime
    """Day 0."""
    used: tuple[Used, ...]
    rejected: tuple[Rejected, ...]


def days(moment: dt.datetime, origin: dt.datetime) -> float:
    """From the origin to the moment, in days."""
    return (moment - origin) / _DAY


def origin(doses: Sequence[Given], levels: Sequence[Level]) -> dt.datetime:
    """Day 0: the first dose, or a level drawn before it. Raises ValueError if there is neither."""
    moments = [dose.start for dose in doses]
    moments += [found for level in levels if isinstance(found := _moment(level, doses), dt.datetime)]
    if not moments:
        raise ValueError("doses: at least one dose or dated level is accepted")
    return min(moments)


def read(levels: Sequence[Level], doses: Sequence[Given], knowledge: Knowledge) -> Levels:
    """Levels in order of time. Raises ValueError if there is neither a dose nor a dated level.

    An older level counts less (``policy.kinetics_old_level``). Several figures of one sample share the weight
    of one.
    """
    start = origin(doses, levels)
    rejected, timed = list[Rejected](), list[Used]()
    for place, level in enumerate(levels):
        found = _moment(level, doses)
        if not isinstance(found, dt.datetime):
            rejected.append(Rejected(place, found))
            continue
        used = Used(place, days(found, start), float(level.g_per_l), level.limit == "below", 1.0)
        if any(
            (used.time_days, used.g_per_l, used.below) == (u.time_days, u.g_per_l, u.below) for u in timed
        ):
            rejected.append(Rejected(place, "repeated"))
        else:
            timed.append(used)
    half = knowledge.policies[OLD].number
    weighed = _weighed(timed, float(half) if half else None)
    return Levels(start, tuple(sorted(weighed, key=lambda used: used.time_days)), tuple(rejected))


def _weighed(timed: Sequence[Used], half_days: float | None) -> Iterator[Used]:
    newest = max((used.time_days for used in timed), default=0.0)
    for used in timed:
        same = sum(other.time_days == used.time_days for other in timed)
        age = newest - used.time_days
        worth = 1.0 if half_days is None else 0.5 ** (age / half_days)
        yield msgspec.structs.replace(used, weight=worth / same)


def _moment(level: Level, doses: Sequence[Given]) -> dt.datetime | Why:
    if level.of != "total":
        return "infused_only"
    if level.limit == "above":
        return "above_range"
    taken = level.taken
    if taken is None or (isinstance(taken, dt.datetime) and taken.utcoffset() is None):
        return "no_time"
    date = taken.date() if isinstance(taken, dt.datetime) else taken
    that_day = [dose.start for dose in doses if dose.start.date() == date]
    if level.before_dose:
        if not that_day:
            return "no_dose_that_day"
        if not isinstance(taken, dt.datetime):
            return min(that_day)
        if taken > min(that_day):
            return "after_that_dose"
    if isinstance(taken, dt.datetime):
        return "during_a_dose" if _running(taken, doses) else taken
    if that_day or any(dose.start.date() <= date <= dose.end.date() for dose in doses):
        return "day_of_a_dose"
    return dt.datetime.combine(date, dt.time(12), _zone(doses))


def _running(moment: dt.datetime, doses: Iterable[Given]) -> bool:
    return any(dose.start < moment < dose.end for dose in doses)


def _zone(doses: Sequence[Given]) -> dt.tzinfo:
    """That of the doses: noon of a day without one is at most half a day off."""
    return (doses[0].start.tzinfo if doses else None) or dt.UTC
