"""The pump card, and what was really infused held against it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.course import Day, Step
from ivigil.infusion.progress import allowed_step, elapsed, given_g, given_ml, reached, volume_ml
from ivigil.infusion.state import Flow, State


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One pump setting, in the order in which a pump asks: rate, volume to be infused, time."""

    step: int
    """From 1."""
    rate_ml_per_h: Decimal
    volume_ml: Decimal
    minutes: int
    total_ml: Decimal
    """In when this step is over."""
    start: dt.datetime
    end: dt.datetime


class StepGiven(msgspec.Struct, frozen=True, kw_only=True):
    """One step as planned and as it ran: all flow at its rate or above it, below the next step's."""

    step: int
    planned_ml: Decimal
    given_ml: Decimal
    planned_minutes: int
    given: dt.timedelta


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A flow past a limit."""

    code: Literal["past_step", "past_day"]
    """past_step: past the limit of the step that time had allowed; past_day: past every limit of
    the day, which are the label's and the patient's."""
    start: dt.datetime
    end: dt.datetime | None
    rate_ml_per_h: Decimal
    limit_ml_per_h: Decimal


class SizeHung(msgspec.Struct, frozen=True, kw_only=True):
    """Vials of one size, planned and hung."""

    grams: Decimal
    planned: int
    hung: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What was really infused against plan and label."""

    steps: tuple[StepGiven, ...]
    past: tuple[Past, ...]
    given_ml: Decimal
    """By the pump's count once it was told, else rate x time."""
    difference_ml: Decimal
    """Given less planned."""
    difference_g: Decimal
    count_difference_ml: Decimal | None
    """The pump's count less rate x time; None: no count was told."""
    vials: tuple[SizeHung, ...]
    hung_difference_g: Decimal
    """Hung less planned, planned discard included."""


def card(day: Day, start: dt.datetime | None = None) -> tuple[Line, ...]:
    """The pump settings of a day, from another ``start`` (aware) if it began at another time."""
    shift = (day.start if start is None else start).astimezone(dt.UTC) - day.start.astimezone(dt.UTC)
    total, lines = Decimal(0), list[Line]()
    for number, step in enumerate(day.steps, 1):
        total += step.volume_ml
        lines.append(
            Line(
                step=number,
                rate_ml_per_h=step.rate_ml_per_h,
                volume_ml=step.volume_ml,
                minutes=step.minutes,
                total_ml=total,
                start=_later(step.start, shift),
                end=_later(step.end, shift),
            )
        )
    return tuple(lines)


def compare(state: State, now: dt.datetime) -> Comparison:
    """The infusion until ``now`` (aware) against its day's plan."""
    day, given = state.day, given_ml(state, now)
    by_time = given_ml(replace(state, counted_ml=None), now)
    over = state.ended_at is not None and now >= state.ended_at
    counted = state.counted_ml if over else None
    return Comparison(
        steps=tuple(_steps_given(state, now)),
        past=tuple(_past(state)),
        given_ml=given,
        difference_ml=given - day.volume_ml,
        difference_g=given_g(state, now) - day.grams,
        count_difference_ml=None if counted is None else counted - by_time,
        vials=tuple(_vials(state)),
        hung_difference_g=state.grams_hung - day.grams - day.discard_g,
    )


def _later(clock: dt.datetime, by: dt.timedelta) -> dt.datetime:
    """Elapsed time, not time on the wall; in the zone of the plan."""
    return (clock.astimezone(dt.UTC) + by).astimezone(clock.tzinfo)


def _steps_given(state: State, now: dt.datetime) -> Iterator[StepGiven]:
    for number, step in enumerate(state.day.steps, 1):
        flows = tuple(flow for flow in state.flows if _step_of(flow, state.day) == number)
        yield StepGiven(
            step=number,
            planned_ml=step.volume_ml,
            given_ml=volume_ml(flows, now),
            planned_minutes=step.minutes,
            given=sum((elapsed(flow, now) for flow in flows), dt.timedelta()),
        )


def _step_of(flow: Flow, day: Day) -> int:
    return max(reached(day.steps, flow.rate_ml_per_h), 1)


def _past(state: State) -> Iterator[Past]:
    """Each flow past every limit of the day, or past the step that time allowed when it began."""
    top = state.top_step
    if top is None:
        return
    for flow in state.flows:
        allowed = allowed_step(state, flow.start)
        if top.is_passed_by(flow.rate_ml_per_h):
            yield _report("past_day", flow, top)
        elif allowed is not None and allowed.is_passed_by(flow.rate_ml_per_h):
            yield _report("past_step", flow, allowed)


def _report(code: Literal["past_step", "past_day"], flow: Flow, step: Step) -> Past:
    return Past(
        code=code,
        start=flow.start,
        end=flow.end,
        rate_ml_per_h=flow.rate_ml_per_h,
        limit_ml_per_h=step.limit_ml_per_h,
    )


def _vials(state: State) -> Iterator[SizeHung]:
    planned = Counter({vial.grams: vial.count for vial in state.day.vials})
    hung = Counter(vial.grams for vial in state.vials)
    for grams in sorted(planned | hung, reverse=True):
        yield SizeHung(grams=grams, planned=planned[grams], hung=hung[grams])
