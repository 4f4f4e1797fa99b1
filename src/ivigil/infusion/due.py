"""What is due: measurements by the plan's monitoring rules, the next vial, the next step.

A thing is overdue when its time has passed and it was not done. Measurements stay due
through a halt: a patient who reacts is looked at no less often.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.infusion.briefing import Briefing, Check
from ivigil.infusion.doubts import trusted
from ivigil.infusion.progress import flowed_at, given_ml, hung_ml, reached, step_number, time_at_step
from ivigil.infusion.state import State

_MICROSECONDS_PER_HOUR = Decimal(3_600_000_000)


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do by a time."""

    what: Literal["vitals", "vial_change"]
    at: dt.datetime
    measures: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    def overdue(self, now: dt.datetime) -> bool:
        """Measurements are late after their time; an empty vial is late at once."""
        return now >= self.at if self.what == "vial_change" else now > self.at


def due(briefing: Briefing, state: State, now: dt.datetime) -> tuple[Due, ...]:
    """Everything that is still to be done, by its time. A thing that is done is not in it.

    Nothing is due of a patient who has left. What is in doubt was not measured.
    """
    state = trusted(briefing, state)
    if state.phase == "left":
        return ()
    found = [*_vitals(briefing, state, now), *_vial_change(state, now)]
    return tuple(sorted(found, key=lambda each: (each.at, each.what, each.facts)))


def step_up_at(state: State, now: dt.datetime) -> dt.datetime | None:
    """When the present step has lasted its planned time; None at the top, or while nothing flows."""
    number = step_number(state)
    if number is None or reached(state.day.steps, state.rate_ml_per_h) >= len(state.day.steps):
        return None
    planned = dt.timedelta(minutes=state.day.steps[number - 1].minutes)
    return now.astimezone(dt.UTC) + planned - time_at_step(state, now)


def measured_at_this_rate(check: Check, state: State) -> bool:
    """Was everything that a check asks for taken since the rate was last changed?"""
    return bool(state.flows) and _last_whole(check, state, since=state.flows[-1].start) is not None


def _vitals(briefing: Briefing, state: State, now: dt.datetime) -> Iterator[Due]:
    for check in briefing.checks:
        at = _check_due_at(check, state, now)
        if at is not None:
            yield Due(what="vitals", at=at, measures=check.measures, facts=(check.fact,))


def _check_due_at(check: Check, state: State, now: dt.datetime) -> dt.datetime | None:
    match check.phase:
        case "before_start":
            return _baseline_due_at(check, state)
        case "titration" | "steady":
            return _interval_due_at(check, state)
        case "rate_change":
            return None if measured_at_this_rate(check, state) else step_up_at(state, now)
        case "whole" | "end":
            return _end_due_at(check, state)
        case "after":
            return None


def _baseline_due_at(check: Check, state: State) -> dt.datetime | None:
    """Before the start; still due afterwards if nothing at all was measured."""
    begun = state.started_at or state.day.start.astimezone(dt.UTC)
    taken = {measure for vitals in state.vitals for measure in vitals.readings}
    return None if taken >= set(check.measures) else begun


def _interval_due_at(check: Check, state: State) -> dt.datetime | None:
    """Titration: until everything was measured at the top step. Steady: from the top step on."""
    if not state.connected or state.started_at is None or check.interval_minutes is None:
        return None
    steps, rate = state.day.steps, state.set_rate_ml_per_h or Decimal(0)
    at_top = bool(steps) and rate >= max(step.rate_ml_per_h for step in steps)
    if check.phase == "steady" and not at_top:
        return None
    if check.phase == "titration" and at_top and measured_at_this_rate(check, state):
        return None
    last = _last_whole(check, state)
    return max(last or state.started_at, state.started_at) + dt.timedelta(minutes=check.interval_minutes)


def _end_due_at(check: Check, state: State) -> dt.datetime | None:
    """At the end; a check for the whole infusion may have been done at any time of it."""
    if state.ended_at is None or state.started_at is None:
        return None
    since = state.started_at if check.phase == "whole" else state.ended_at
    return None if _last_whole(check, state, since=since) else state.ended_at


def _last_whole(check: Check, state: State, since: dt.datetime | None = None) -> dt.datetime | None:
    """When the last of its measures was taken most recently, each counted from ``since``."""
    times: list[dt.datetime] = []
    for measure in check.measures:
        taken = [v.at for v in state.vitals if measure in v.readings and (since is None or v.at >= since)]
        if not taken:
            return None
        times.append(taken[-1])
    return min(times, default=None)


def _vial_change(state: State, now: dt.datetime) -> Iterator[Due]:
    """The next vial, once what hangs is empty, if more is planned than was hung."""
    at = _empty_at(state, now)
    if at is not None and hung_ml(state) < state.day.volume_ml:
        yield Due(what="vial_change", at=at)


def _empty_at(state: State, now: dt.datetime) -> dt.datetime | None:
    """When what was hung has run in, every step raised on time; None: not to be told.

    Rather too early than too late: where the rate stays as it is, it is told anew. A flow without a vial on
    record has run dry from its start: the lot is still to be read. During a halt it is as if it went on now
    at the last rate. A vial that is finished may still run: it may have been pooled.
    """
    if not state.connected or state.started_at is None:
        return None
    left_ml, rate = hung_ml(state) - given_ml(state, now), state.rate_at(now)
    if rate is None:
        return None if left_ml else state.started_at
    soonest = flowed_at(state, now, left_ml) if left_ml > 0 else None
    if soonest is not None:
        return soonest
    since = now if left_ml > 0 else state.flows[-1].end or now
    microseconds = left_ml * _MICROSECONDS_PER_HOUR / rate
    return since.astimezone(dt.UTC) + dt.timedelta(microseconds=int(microseconds))
