"""Doses and sampling times put in order."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from ivigil.kinetics.values import Dose, Schedule, Step

ROUNDING = 1e-12
"""Share of a gap by which times that were rounded may change it."""


class _Change(NamedTuple):
    """What a dose does at one instant; a sample at the same instant comes before."""

    time_days: float
    bolus_g: float
    rate_g_per_day: float
    running: int
    """1: an infusion starts, -1: it ends."""
    subcutaneous: bool


def schedule(doses: Sequence[Dose], times_days: Sequence[float], start_days: float | None = None) -> Schedule:
    """Steps from ``start_days`` (None: from the first dose or sample) to the last sample.

    Times may come in any order and more than once. A sample at the start of a dose is taken before it.
    Raises ValueError, with all faults, for a time before the start and for what is no dose.
    """
    begin = _begin(doses, times_days, start_days)
    _refuse(doses, times_days, begin)
    samples = sorted((time, place) for place, time in enumerate(times_days))
    until = samples[-1][0] if samples else begin
    changes = sorted(change for dose in doses for change in _changes(dose) if change.time_days < until)
    return _steps(samples, changes, begin)


def _begin(doses: Sequence[Dose], times_days: Sequence[float], start_days: float | None) -> float:
    if start_days is not None:
        return start_days
    return min([*times_days, *(dose.time_days for dose in doses)], default=0.0)


def _refuse(doses: Sequence[Dose], times_days: Sequence[float], begin: float) -> None:
    faults = [
        f"sampling time {time}: a number of days from {begin} on is accepted"
        for time in times_days
        if not (isfinite(time) and time >= begin)
    ]
    for number, dose in enumerate(doses, 1):
        faults += [f"dose {number}: {fault}" for fault in _dose_faults(dose, begin)]
    if faults:
        raise ValueError("; ".join(faults))


def _dose_faults(dose: Dose, begin: float) -> list[str]:
    faults = []
    if not (isfinite(dose.time_days) and dose.time_days >= begin):
        faults.append(f"time_days {dose.time_days}: a number of days from {begin} on is accepted")
    for name in ("grams", "duration_days", "relative_bioavailability"):
        value = getattr(dose, name)
        if not (isfinite(value) and value >= 0):
            faults.append(f"{name} {value}: a number of at least 0 is accepted")
    if dose.route not in {"IV", "SC"}:
        faults.append(f"route {dose.route!r}: IV or SC is accepted")
    return faults


def _changes(dose: Dose) -> list[_Change]:
    under_skin = dose.route == "SC"
    grams = dose.grams * (dose.relative_bioavailability if under_skin else 1.0)
    end = dose.time_days + dose.duration_days
    if end == dose.time_days:
        return [_Change(dose.time_days, grams, 0.0, 0, under_skin)]
    rate = grams / (end - dose.time_days)
    return [
        _Change(dose.time_days, 0.0, rate, 1, under_skin),
        _Change(end, 0.0, -rate, -1, under_skin),
    ]


def _steps(samples: list[tuple[float, int]], changes: list[_Change], begin: float) -> Schedule:
    """Merge both; a step that would do nothing is left out."""
    rows: list[list[float]] = []
    places: list[int] = []
    rates, running = [0.0, 0.0], [0, 0]
    now, next_change = begin, 0

    def step(time: float, place: int) -> None:
        nonlocal now
        rows.append([time - now, *rates, 0.0, 0.0])
        places.append(place)
        now = time

    def change(what: _Change) -> None:
        if what.time_days > now or (what.bolus_g and not rows):
            step(what.time_days, -1)
        under = int(what.subcutaneous)
        if what.bolus_g:
            rows[-1][3 + under] += what.bolus_g
        running[under] += what.running
        rates[under] = rates[under] + what.rate_g_per_day if running[under] else 0.0

    for time, place in samples:
        while next_change < len(changes) and changes[next_change].time_days < time:
            change(changes[next_change])
            next_change += 1
        step(time, place)
    alike = _alike([row[0] for row in rows])
    steps = [
        Step(gap, rate, depot_rate, place, bolus, depot_bolus, first)
        for (gap, rate, depot_rate, bolus, depot_bolus), place, first in zip(rows, places, alike, strict=True)
    ]
    return Schedule(steps, any(change.subcutaneous for change in changes))


def _alike(gaps: Sequence[float]) -> list[int]:
    """The difference of two times carries their rounding, so that equal gaps differ in their last digits."""
    first = dict[float, int]()
    for place, gap in enumerate(gaps):
        first.setdefault(gap, place)
    together = list[list[float]]()
    for gap in sorted(first):
        if together and gap - together[-1][0] <= ROUNDING * gap:
            together[-1].append(gap)
        else:
            together.append([gap])
    for same in together:
        first |= dict.fromkeys(same, min(first[gap] for gap in same))
    return [first[gap] for gap in gaps]
