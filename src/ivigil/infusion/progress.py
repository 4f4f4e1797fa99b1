"""How far an infusion is: volume and grams given and left at any instant, step, end time.

Volume is rate x time, summed over the flows. Elapsed time is exact in microseconds and the
division comes last, so that the volumes of adjoining intervals add up exactly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from ivigil.course import Step
from ivigil.infusion.state import Flow, HungVial, State

_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS_PER_HOUR = Decimal(3_600_000_000)
_MINUTE = dt.timedelta(minutes=1)


def given_ml(state: State, now: dt.datetime) -> Decimal:
    """Millilitres given until ``now`` (aware).

    From when it was told, the pump's own count replaces rate x time of what had flowed by then.
    """
    flows, counted = state.flows, Decimal(0)
    if state.counted_ml is not None and state.counted_at is not None and now >= state.counted_at:
        flows = tuple(flow for flow in flows if flow.start >= state.counted_at)
        counted = state.counted_ml
    return counted + volume_ml(flows, now)


def volume_ml(flows: Iterable[Flow], now: dt.datetime) -> Decimal:
    """Rate x time of these flows until ``now`` (aware), in mL."""
    scaled = sum((flow.rate_ml_per_h * _microseconds(flow, now) for flow in flows), Decimal(0))
    return scaled / _MICROSECONDS_PER_HOUR


def left_ml(state: State, now: dt.datetime) -> Decimal:
    """Millilitres of the day's plan that are still to give; 0 if more was given."""
    return max(state.day.volume_ml - given_ml(state, now), Decimal(0))


def given_g(state: State, now: dt.datetime) -> Decimal:
    """Grams given until ``now``, at the concentration of the day's plan."""
    return given_ml(state, now) * state.day.grams / state.day.volume_ml


def hung_ml(state: State) -> Decimal:
    """Millilitres that the vials on record give: those hung so far, less what was taken down in them."""
    return sum((_hung_ml(vial, state) for vial in state.vials), Decimal(0))


def left_g(state: State, now: dt.datetime) -> Decimal:
    """Grams of the day's plan that are still to give."""
    return left_ml(state, now) * state.day.grams / state.day.volume_ml


def step_number(state: State) -> int | None:
    """The planned step (from 1) whose rate the pump has reached; None if it does not flow.

    A rate below the first step counts as the first.
    """
    rate = state.rate_ml_per_h
    if not rate or not state.day.steps:
        return None
    return max(reached(state.day.steps, rate), 1)


def reached(steps: tuple[Step, ...], rate_ml_per_h: Decimal) -> int:
    """How many planned steps lie at or below a rate."""
    return sum(step.rate_ml_per_h <= rate_ml_per_h for step in steps)


def time_at_step(state: State, now: dt.datetime) -> dt.timedelta:
    """How long it has flowed at the present step, since it was last at another; halts do not count.

    Time at a higher step does not count either: who was slowed tolerates the lower rate anew.
    """
    number = step_number(state)
    if number is None:
        return dt.timedelta()
    total = dt.timedelta()
    for flow in reversed(state.flows):
        if max(reached(state.day.steps, flow.rate_ml_per_h), 1) != number:
            break
        total += elapsed(flow, now)
    return total


def allowed_step(state: State, now: dt.datetime) -> Step | None:
    """The planned step that time allows at ``now``, by what flowed before: the present one, or the next
    once it is over.

    A lower rate begins its step anew, a halt does not, and a rate set too early counts as the step
    that time allowed. None if the plan has no rates.
    """
    steps = state.day.steps
    if not steps:
        return None
    at, stayed = 1, dt.timedelta()
    for flow in (flow for flow in state.flows if flow.start < now):
        number = max(reached(steps, flow.rate_ml_per_h), 1)
        if number < at:
            at, stayed = number, dt.timedelta()
        elif number > at and stayed >= steps[at - 1].minutes * _MINUTE:
            at, stayed = at + 1, dt.timedelta()
        stayed += elapsed(flow, now)
        while number > at and stayed >= steps[at - 1].minutes * _MINUTE:
            at, stayed = at + 1, stayed - steps[at - 1].minutes * _MINUTE
    over = stayed >= steps[at - 1].minutes * _MINUTE
    return steps[min(at + over, len(steps)) - 1]


def expected_end(state: State, now: dt.datetime, *, highest_step: int | None = None) -> dt.datetime | None:
    """When the planned volume is in, if every step is raised on time from now on.

    ``highest_step`` (from 1) is where the rate is held, the ladder's top if None. None while
    nothing flows.
    """
    return flowed_at(state, now, left_ml(state, now), highest_step=highest_step)


def flowed_at(
    state: State, now: dt.datetime, further_ml: Decimal, *, highest_step: int | None = None
) -> dt.datetime | None:
    """When a further volume will have flowed, if every step is raised on time from now on.

    ``highest_step`` as in ``expected_end``. None while nothing flows.
    """
    number, steps = step_number(state), state.day.steps
    if number is None:
        return None
    top = len(steps) if highest_step is None else min(max(highest_step, number), len(steps))
    rate, left, at = state.rate_ml_per_h, further_ml, now.astimezone(dt.UTC)
    stay = steps[number - 1].minutes * _MINUTE - time_at_step(state, now)
    while number < top:
        stay = max(stay, dt.timedelta())
        volume = rate * Decimal(stay // _MICROSECOND) / _MICROSECONDS_PER_HOUR
        if volume >= left:
            break
        at, left, number = at + stay, left - volume, number + 1
        rate, stay = steps[number - 1].rate_ml_per_h, steps[number - 1].minutes * _MINUTE
    return at + int(left * _MICROSECONDS_PER_HOUR / rate) * _MICROSECOND


def highest_rate_ml_per_h(state: State) -> Decimal | None:
    """The highest rate that flowed; None if nothing did."""
    return max((flow.rate_ml_per_h for flow in state.flows), default=None)


def _hung_ml(vial: HungVial, state: State) -> Decimal:
    volume_ml = vial.volume_ml or vial.grams * state.day.volume_ml / state.day.grams
    return volume_ml * (vial.grams - vial.left_g) / vial.grams if vial.grams else volume_ml


def _microseconds(flow: Flow, now: dt.datetime) -> Decimal:
    return Decimal(elapsed(flow, now) // _MICROSECOND)


def elapsed(flow: Flow, now: dt.datetime) -> dt.timedelta:
    """Time of a flow until ``now``; in UTC, because subtraction within one zone ignores its clock changes."""
    instant = now.astimezone(dt.UTC)
    end = instant if flow.end is None else min(flow.end, instant)
    return max(end - flow.start, dt.timedelta())
