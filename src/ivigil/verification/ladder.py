"""Does the rate rise no faster than the label's ladder, or than the policy where none is printed?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise

import msgspec

from ivigil.course import Day
from ivigil.knowledge.products import Schedule
from ivigil.verification import limits
from ivigil.verification.exact import ml_per_h, show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

MANY_RISES = 100
"""More than any ladder has: keeps the arithmetic small on a strange plan."""


class Run(msgspec.Struct, frozen=True):
    """A stretch at one rate."""

    number: int
    """Index of its first step."""
    rate: Fraction
    minutes: int


class Rung(msgspec.Struct, frozen=True):
    """A printed rate in mL/h, and how long to stay before the next one."""

    rate: Fraction
    minutes: int


def check(matter: Matter) -> Iterator[Objection]:
    """Every rise of every day, against the planned schedule."""
    schedule = matter.schedule
    if matter.order.route != "IV" or schedule is None:
        return
    rungs = _rungs(matter, schedule)
    start = None if rungs else limits.tightest(limits.starts(matter))
    for index, day in enumerate(matter.plan.days):
        runs = _runs(day)
        if rungs:
            yield from _climb(index, runs, rungs, schedule.id)
        elif start is not None:
            yield from _even_steps(matter, index, runs, schedule, start.ml_per_h)


def _runs(day: Day) -> tuple[Run, ...]:
    steps = list(enumerate(day.steps))
    grouped = (list(group) for _, group in groupby(steps, key=lambda item: item[1].rate_ml_per_h))
    return tuple(
        Run(group[0][0], Fraction(group[0][1].rate_ml_per_h), sum(step.minutes for _, step in group))
        for group in grouped
    )


# ---- a printed ladder


def _rungs(matter: Matter, schedule: Schedule) -> tuple[Rung, ...]:
    """The printed ladder; rates printed without durations keep the interval."""
    if schedule.steps:
        return tuple(Rung(_of(matter, s.rate, schedule), s.minutes or 0) for s in schedule.steps)
    first, later = _first_minutes(matter, schedule), _interval(matter, schedule)
    return tuple(
        Rung(_of(matter, rate, schedule), later if index else first)
        for index, rate in enumerate(schedule.step_rates)
    )


def _climb(index: int, runs: tuple[Run, ...], rungs: tuple[Rung, ...], schedule: str) -> Iterator[Objection]:
    """Before a run on a higher rung, every rung passed was stayed on for its printed minutes."""
    stayed = [0] * len(rungs)
    for run, following in pairwise(runs):
        here, there = _rung_of(run.rate, rungs), _rung_of(following.rate, rungs)
        stayed[here] += run.minutes
        needed = sum(rung.minutes for rung in rungs[here:there])
        if stayed[here] < needed:
            where = f"days[{index}].steps[{following.number}].rate_ml_per_h"
            seen = f"{show(following.rate)} mL/h after {stayed[here]} min at {show(run.rate)}"
            yield Objection("rises_too_fast", where, seen, f"not before {needed} min", (schedule,))


def _rung_of(rate: Fraction, rungs: tuple[Rung, ...]) -> int:
    """The lowest rung that reaches a rate; the last one for a rate above all."""
    reaching = (index for index, rung in enumerate(rungs) if rate <= rung.rate)
    return next(reaching, len(rungs) - 1)


# ---- no printed ladder


def _even_steps(
    matter: Matter, index: int, runs: tuple[Run, ...], schedule: Schedule, start: Fraction
) -> Iterator[Objection]:
    """Each whole interval earns one more rise by the start rate, or one doubling by policy."""
    pump = matter.pump_step_ml_per_h or Fraction(0)
    earned = 0
    for run, following in pairwise(runs):
        first = run is runs[0]
        rises = _rises(matter, schedule, run.minutes, first=first)
        earned += rises
        highest = min(
            _risen(matter, start, start, earned),
            _risen(matter, run.rate, start, rises) + pump,
        )
        if following.rate > highest:
            where = f"days[{index}].steps[{following.number}].rate_ml_per_h"
            seen = f"{show(following.rate)} mL/h after {run.minutes} min at {show(run.rate)}"
            expected, facts = f"at most {show(highest)} mL/h", (schedule.id, "policy.step_increase")
            yield Objection("rises_too_fast", where, seen, expected, facts)


def _rises(matter: Matter, schedule: Schedule, minutes: int, *, first: bool) -> int:
    """How many rises a run of so many minutes has earned."""
    interval = _interval(matter, schedule)
    if first:
        minutes -= _first_minutes(matter, schedule) - interval
    return min(max(minutes // interval, 0), MANY_RISES)


def _risen(matter: Matter, rate: Fraction, start: Fraction, rises: int) -> Fraction:
    if matter.choice("policy.step_increase") == "double":
        return rate * Fraction(2) ** rises
    return rate + start * rises


def _interval(matter: Matter, schedule: Schedule) -> int:
    """Minutes between rises: the label's, or the policy's."""
    policy = matter.number("policy.step_interval")
    stated = schedule.step_minutes_min or schedule.step_minutes_max
    return max(stated or int(policy or 1), 1)


def _first_minutes(matter: Matter, schedule: Schedule) -> int:
    return schedule.start_minutes or _interval(matter, schedule)


def _of(matter: Matter, rate: Decimal, schedule: Schedule) -> Fraction:
    return ml_per_h(rate, schedule.unit, schedule.g_per_100_ml, matter.actual_weight_kg)
