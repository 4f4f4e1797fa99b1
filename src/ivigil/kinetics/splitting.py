"""What dividing an intravenous dose over several days does to the peak and to the trough.

The days follow each other, each with an equal share of the grams and of the hours. A peak is the level at the
end of an infusion: in a linear model nothing later in the cycle is higher.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil.kinetics.aim import PEAK, Cycle, Spread, repeated, spread
from ivigil.kinetics.estimate import Case, Person, number, physical
from ivigil.kinetics.levels import Given, days
from ivigil.kinetics.physics import concentrations
from ivigil.knowledge.store import Knowledge

_DAY = dt.timedelta(days=1)


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One way to divide the dose."""

    over_days: int
    peak_g_per_l: Spread
    trough_g_per_l: Spread | None
    """Before the next dose; None: none is planned."""
    above_peak_limit: float
    """Probability that the peak lies above the site's limit."""
    peak_limit_g_per_l: float


def steady_splits(
    persons: Sequence[Person], grams: Decimal, cycle: Cycle, most_days: int, knowledge: Knowledge
) -> tuple[Split, ...]:
    """The steady state of a repeated dose over 1 to ``most_days`` days; persons: (persons,) of equal weight.

    Raises ValueError for another route than IV and for days that do not fit into the interval.
    """
    _fits(cycle.route == "IV", most_days, cycle.interval_days)
    return tuple(_steady(persons, grams, cycle, over, knowledge) for over in range(1, most_days + 1))


def next_splits(
    persons: Sequence[Person],
    case: Case,
    origin: dt.datetime,
    most_days: int,
    knowledge: Knowledge,
) -> tuple[Split, ...]:
    """The first planned dose over 1 to ``most_days`` days, after all that was given.

    The trough is the level at the start of the second planned dose, which is not moved. Raises ValueError as
    above, and without a planned dose.
    """
    if not case.planned:
        raise ValueError("planned: at least one dose is accepted")
    first, after = case.planned[0], case.planned[1] if len(case.planned) > 1 else None
    room = None if after is None else int((after.start - first.start) / _DAY)
    _fits(first.route == "IV", most_days, room)
    found = []
    for over in range(1, most_days + 1):
        parts = divided(first, over)
        times = [days(part.end, origin) for part in parts]
        times += [] if after is None else [days(after.start, origin)]
        peaks, troughs = [], []
        for person in persons:
            doses = physical((*case.doses, *parts), origin, person.facilitated)
            levels = concentrations(person.parameters, doses, times)
            peaks.append(_peak(levels[:over], person, parts[0].grams, at_once=not first.hours))
            troughs.append(levels[-1])
        found.append(_split(over, peaks, troughs if after else None, knowledge))
    return tuple(found)


def divided(whole: Given, over_days: int) -> tuple[Given, ...]:
    """Equal shares of the grams and hours, a day apart."""
    share, hours = whole.grams / over_days, whole.hours / over_days
    return tuple(
        replace(whole, start=whole.start + place * _DAY, grams=share, hours=hours)
        for place in range(over_days)
    )


def _fits(intravenous: bool, most_days: int, room_days: int | None) -> None:
    if not intravenous:
        raise ValueError("route: an intravenous dose is accepted")
    if most_days < 1 or (room_days is not None and most_days > room_days):
        accepted = "1 or more" if room_days is None else f"1 to {room_days}"
        raise ValueError(f"days {most_days}: {accepted} is accepted")


def _steady(
    persons: Sequence[Person], grams: Decimal, cycle: Cycle, over: int, knowledge: Knowledge
) -> Split:
    parted = replace(cycle, over_days=over, hours=cycle.hours / over)
    found = repeated(persons, grams, parted, knowledge)
    return Split(
        over_days=over,
        peak_g_per_l=found.peak_g_per_l,
        trough_g_per_l=found.trough_g_per_l,
        above_peak_limit=found.above_peak_limit,
        peak_limit_g_per_l=number(knowledge, PEAK),
    )


def _peak(levels: Sequence[float], person: Person, share: Decimal, *, at_once: bool) -> float:
    """The highest end of an infusion. A sample at the moment of a dose is taken before it."""
    return max(levels) + (float(share) / person.parameters.vc_l if at_once else 0.0)


def _split(over: int, peaks: Sequence[float], troughs: Sequence[float] | None, knowledge: Knowledge) -> Split:
    limit = number(knowledge, PEAK)
    return Split(
        over_days=over,
        peak_g_per_l=spread(peaks, knowledge),
        trough_g_per_l=None if troughs is None else spread(troughs, knowledge),
        above_peak_limit=sum(peak > limit for peak in peaks) / len(peaks),
        peak_limit_g_per_l=limit,
    )
