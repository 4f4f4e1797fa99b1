"""The chart of an infusion: the rate as planned and as it ran, vital signs below, on one axis of time.

Drawn here, without a plotting library: it is made anew at each look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

import htpy as h
from htpy import Element, Node

from ivigil.infusion.progress import expected_end
from ivigil.infusion.state import State
from ivigil.sheets import chair_words as words
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import counted, say, texts
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.chart import chart
from ivigil.web.parts.table import table

_WIDTH, _LEFT, _RIGHT = 480, 36, 18
_TOP, _TITLE, _AXIS = 28, 48, 30
"""Above the first frame, between two frames, below the last."""
_RATE_HIGH, _SIGNS_HIGH, _LINE_HIGH = 152, 132, 64
_TICKS = (15, 30, 60, 120, 240, 480, 1440)
"""Minutes between two marks of the axis of time."""
_MARKS = 5
_PULSE, _HIGH, _LOW = (
    "measure.heart_rate_per_min",
    "measure.systolic_mmhg",
    "measure.diastolic_mmhg",
)
_LINES = texts(
    {
        "measure.spo2_percent": "SpO2, %",
        "measure.temperature_c": "Temperature, °C",
        "measure.respiratory_rate_per_min": "Breathing, /min",
    }
)
"""Each by itself below, once it was measured."""
_SPAN = {"measure.spo2_percent": 8, "measure.temperature_c": 4, "measure.respiratory_rate_per_min": 8}
"""Of its frame at least, so that a point more or less is no cliff."""
_NICE = (1, 2, 5)
SHOWN = 50
"""So many vital signs stand in the table, the last, unless every one is asked for."""

Point = tuple[dt.datetime, Decimal]


class _Frame(NamedTuple):
    """Where a time and a value are drawn."""

    start: dt.datetime
    end: dt.datetime
    top: int
    foot: int
    highest: Decimal
    lowest: Decimal = Decimal(0)

    def x(self, moment: dt.datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return round(_LEFT + min(max(share, 0), 1) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: Decimal) -> float:
        share = float(min((value - self.lowest) / (self.highest - self.lowest), Decimal(1)))
        return round(self.foot - share * (self.foot - self.top), 1)


class _Line(NamedTuple):
    """A measure in a frame of its own."""

    label: str
    frame: _Frame
    points: list[Point]


def picture(view: ChairView) -> Element:
    """The chart with its words and its table."""
    state, at = view.state, view.report.at
    planned, given = list(_planned(state)), list(_given(state, at))
    start, end = _span(view)
    highest = _ceiling(value for _, value in (*planned, *given))
    rates = _Frame(start, end, _TOP, _TOP + _RATE_HIGH, highest)
    signs = _below(rates, _SIGNS_HIGH, Decimal(0), _ceiling(_measured(state)))
    lines = list(_lines(state, signs))
    foot = lines[-1].frame.foot if lines else signs.foot
    drawn = h.svg(
        ".infusion",
        viewBox=f"0 0 {_WIDTH} {foot + _AXIS}",
        width=str(_WIDTH),
        height=str(foot + _AXIS),
        aria_hidden="true",
    )[
        _time_axis(rates, foot, view),
        _value_axis(rates, say("Rate, mL/h")),
        h.path(".planned", d=_stairs(planned, rates)) if planned else None,
        h.path(".given", d=_stairs(given, rates)) if given else None,
        _value_axis(signs, say("Pulse, /min (dots); blood pressure, mmHg (bars)")),
        _signs(state, signs),
        [[_value_axis(line.frame, line.label, parts=2), _dotted(line)] for line in lines],
        h.line(".present", x1=f"{rates.x(at)}", x2=f"{rates.x(at)}", y1=f"{_TOP}", y2=f"{foot}"),
    ]
    return h.div(".drawing")[h.h2[say("Rate and vital signs")], chart(str(drawn), _words(view), _table(view))]


def _even(value: Decimal, rounding: str) -> Decimal:
    return (value / 2).to_integral_value(rounding) * 2


def _below(above: _Frame, high: int, lowest: Decimal, highest: Decimal) -> _Frame:
    top = above.foot + _TITLE
    return above._replace(top=top, foot=top + high, lowest=lowest, highest=highest)


def _lines(state: State, above: _Frame) -> Iterator[_Line]:
    """One frame a measure, between even numbers about what was measured."""
    for name, label in _LINES.items():
        points = [(each.at, each.readings[name]) for each in state.vitals if name in each.readings]
        if points:
            values = [value for _, value in points]
            lowest, highest = _even(min(values), ROUND_FLOOR), _even(max(values), ROUND_CEILING)
            above = _below(above, _LINE_HIGH, min(lowest, highest - _SPAN[name]), highest)
            yield _Line(say(label), above, points)


def _span(view: ChairView) -> tuple[dt.datetime, dt.datetime]:
    """From the planned or the real start, whichever came first, to the last end that is expected."""
    state, at = view.state, view.report.at
    began = [state.day.start, state.started_at, *(vitals.at for vitals in state.vitals)]
    ends = [state.day.end, state.ended_at, expected_end(state, at), at if state.started_at else None]
    start = min(moment for moment in began if moment is not None)
    return start, max([moment for moment in ends if moment is not None] + [start + dt.timedelta(minutes=30)])


def _planned(state: State) -> Iterator[Point]:
    """As the day was planned, moved to the real start."""
    shift = (state.started_at or state.day.start) - state.day.start
    for step in state.day.steps:
        yield step.start + shift, step.rate_ml_per_h
    if state.day.steps:
        yield state.day.steps[-1].end + shift, Decimal(0)


def _given(state: State, at: dt.datetime) -> Iterator[Point]:
    """As it flowed, with the halts."""
    flows = state.flows
    for place, flow in enumerate(flows):
        yield flow.start, flow.rate_ml_per_h
        end = flow.end or at
        if place + 1 == len(flows) or flows[place + 1].start > end:
            yield end, flow.rate_ml_per_h if flow.end is None else Decimal(0)


def _stairs(points: list[Point], frame: _Frame) -> str:
    """From the foot, each value until the next."""
    first = points[0][0]
    parts = [f"M{frame.x(first)} {frame.foot}"]
    for moment, value in points:
        parts.append(f"H{frame.x(moment)} V{frame.y(value)}")
    return " ".join(parts)


def _measured(state: State) -> Iterator[Decimal]:
    for vitals in state.vitals:
        yield from (vitals.readings[name] for name in (_PULSE, _HIGH) if name in vitals.readings)


def _ceiling(values: Iterable[Decimal]) -> Decimal:
    """A round number above all of them."""
    highest, scale = max(values, default=Decimal(100)) or Decimal(100), Decimal("0.1")
    while True:
        for nice in _NICE:
            if nice * scale * 4 >= highest:
                return nice * scale * 4
        scale *= 10


def _value_axis(frame: _Frame, label: str, *, parts: int = 4) -> Node:
    span = frame.highest - frame.lowest
    values = [frame.lowest + span * part / parts for part in range(parts + 1)]
    return [
        h.text(".title", x="0", y=f"{frame.top - 10}")[label],
        [
            [
                h.line(
                    ".grid",
                    x1=f"{_LEFT}",
                    x2=f"{_WIDTH - _RIGHT}",
                    y1=f"{frame.y(value)}",
                    y2=f"{frame.y(value)}",
                ),
                h.text(".value", x=f"{_LEFT - 6}", y=f"{frame.y(value) + 4}")[number(value)],
            ]
            for value in values
        ],
    ]


def _time_axis(frame: _Frame, foot: int, view: ChairView) -> Node:
    minutes = (frame.end - frame.start).total_seconds() / 60
    every = next((tick for tick in _TICKS if minutes / tick <= _MARKS), _TICKS[-1])
    start = frame.start.astimezone(view.clock.zone)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = -(-(start - midnight) // dt.timedelta(minutes=every))
    marks = (midnight + dt.timedelta(minutes=every) * (first + place) for place in range(_MARKS + 2))
    return [
        [
            h.line(".grid", x1=f"{frame.x(mark)}", x2=f"{frame.x(mark)}", y1=f"{_TOP}", y2=f"{foot}"),
            h.text(".time", x=f"{frame.x(mark)}", y=f"{foot + _AXIS - 10}")[mark.strftime("%H:%M")],
        ]
        for mark in marks
        if mark <= frame.end
    ]


def _signs(state: State, frame: _Frame) -> Node:
    pulses = [(vitals.at, vitals.readings[_PULSE]) for vitals in state.vitals if _PULSE in vitals.readings]
    bars = [
        f"M{frame.x(vitals.at)} {frame.y(vitals.readings[_HIGH])}V{frame.y(vitals.readings[_LOW])}"
        for vitals in state.vitals
        if vitals.readings.keys() >= {_HIGH, _LOW}
    ]
    return [
        h.path(".pressure", d=" ".join(bars)) if bars else None,
        _dotted(_Line("", frame, pulses)) if pulses else None,
    ]


def _dotted(line: _Line) -> Node:
    frame = line.frame
    return [
        h.polyline(".line", points=" ".join(f"{frame.x(at)},{frame.y(value)}" for at, value in line.points)),
        h.path(".dots", d=" ".join(f"M{frame.x(at)} {frame.y(value)}h0" for at, value in line.points)),
    ]


def _words(view: ChairView) -> str:
    """What the picture shows, in two sentences."""
    state, clock = view.state, view.clock
    top = state.top_step
    if top is None:
        planned = say("No rates are planned")
    else:
        planned = counted(
            len(state.day.steps),
            "Planned: {count} step to {rate} mL/h (dashed)",
            "Planned: {count} steps to {rate} mL/h (dashed)",
            rate=number(top.rate_ml_per_h),
        )
    if not state.flows:
        ran = say("nothing has flowed yet")
    else:
        highest = max(flow.rate_ml_per_h for flow in state.flows)
        start = clock.time(state.flows[0].start)
        ran = say("it ran from {time} at up to {rate} mL/h (solid)", time=start, rate=number(highest))
    return f"{planned}; {ran}. {_taken(view)}."


def _taken(view: ChairView) -> str:
    taken = view.state.vitals
    if not taken:
        return say("Vital signs were taken 0 times")
    return counted(
        len(taken),
        "Vital signs were taken {count} time, the last at {time}",
        "Vital signs were taken {count} times, the last at {time}",
        time=view.clock.time(taken[-1].at),
    )


def _table(view: ChairView) -> Node:
    state, clock = view.state, view.clock
    names = [name for name in words.SIGN if any(name in vitals.readings for vitals in state.vitals)]
    shown = state.vitals if view.every else state.vitals[-SHOWN:]
    flows = (
        (
            clock.time(flow.start),
            clock.time(flow.end) if flow.end else say("still"),
            number(flow.rate_ml_per_h),
        )
        for flow in state.flows
    )
    plan = (
        (str(place), number(step.rate_ml_per_h), str(step.minutes), number(step.volume_ml, 1))
        for place, step in enumerate(state.day.steps, 1)
    )
    taken = (
        (
            clock.time(vitals.at),
            *(number(vitals.readings[name]) if name in vitals.readings else "–" for name in names),
        )
        for vitals in shown
    )
    return [
        table(
            say("As planned"),
            (say("Step"), say("Rate mL/h"), say("Minutes"), say("Volume mL")),
            plan,
            numbers=(1, 2, 3),
        ),
        table(
            say("As it ran"),
            (say("From"), say("Until"), say("Rate mL/h")),
            flows,
            numbers=(2,),
            empty=say("Nothing has flowed yet."),
        ),
        table(
            say("Vital signs"),
            (say("Time"), *(say(words.SIGN[name]) for name in names)),
            taken,
            numbers=range(1, len(names) + 1),
            empty=say("None were taken yet."),
        ),
        h.p[
            h.a(href=f"{view.path_of_every}#story")[
                say("All {count} vital signs", count=f"{len(state.vitals)}")
            ]
        ]
        if len(shown) < len(state.vitals)
        else None,
    ]
