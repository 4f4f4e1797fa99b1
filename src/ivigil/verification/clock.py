"""Dates and times: consecutive days at the same wall-clock time, elapsed minutes, daylight saving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ivigil.course import Day, Step
from ivigil.verification.exact import minutes_between, show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """When each day and each step starts and ends."""
    for index, day in enumerate(matter.plan.days):
        yield from _day(matter, index, day)
        yield from _steps(f"days[{index}]", day)
    for where, instant in _instants(matter):
        local = instant.astimezone(matter.zone)
        if local.utcoffset() != instant.utcoffset():
            yield Objection("wall_clock", where, instant.isoformat(), local.isoformat())


def _day(matter: Matter, index: int, day: Day) -> Iterator[Objection]:
    where = f"days[{index}]"
    if day.number != index + 1:
        yield Objection("day_number", f"{where}.number", str(day.number), str(index + 1))
    date = matter.start.date() + dt.timedelta(days=index)
    if matter.order.route == "SC" and index:  # not consecutive: see skin_course
        date = day.date
    if day.date != date:
        yield Objection("day_date", f"{where}.date", str(day.date), str(date))
    right = _starts(matter, date)
    if day.start not in right:
        yield Objection("day_start", f"{where}.start", day.start.isoformat(), right[0].isoformat())


def _starts(matter: Matter, date: dt.date) -> tuple[dt.datetime, ...]:
    """The ordered wall-clock time on that day: one instant, or two where clocks are put back."""
    if date == matter.start.date():
        return (matter.order.start,)
    wall = dt.datetime.combine(date, matter.start.time().replace(fold=0), matter.zone)
    return tuple(wall.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def _steps(where: str, day: Day) -> Iterator[Objection]:
    if not day.steps:
        yield from _duration(where, day)
        return
    expected_start = day.start
    for number, step in enumerate(day.steps):
        yield from _step(f"{where}.steps[{number}]", step, expected_start)
        expected_start = step.end
    if day.end != expected_start:
        yield Objection("day_end", f"{where}.end", day.end.isoformat(), expected_start.isoformat())
    total = sum(step.minutes for step in day.steps)
    if day.duration_min != total:
        yield Objection("day_duration", f"{where}.duration_min", str(day.duration_min), str(total))


def _duration(where: str, day: Day) -> Iterator[Objection]:
    """A day without steps lasts from its start to its end."""
    elapsed = minutes_between(day.start, day.end)
    if day.duration_min <= 0 or elapsed != day.duration_min:
        expected = f"{show(elapsed)} as timed, above 0"
        yield Objection("day_duration", f"{where}.duration_min", str(day.duration_min), expected)


def _step(where: str, step: Step, start: dt.datetime) -> Iterator[Objection]:
    if step.minutes <= 0:
        yield Objection("step_minutes", f"{where}.minutes", str(step.minutes), "above 0")
    if step.start != start:
        yield Objection("step_start", f"{where}.start", step.start.isoformat(), start.isoformat())
    elapsed = minutes_between(step.start, step.end)
    if elapsed != step.minutes:
        yield Objection("step_minutes", f"{where}.minutes", str(step.minutes), f"{show(elapsed)} as timed")


def _instants(matter: Matter) -> Iterator[tuple[str, dt.datetime]]:
    for index, day in enumerate(matter.plan.days):
        yield f"days[{index}].start", day.start
        yield f"days[{index}].end", day.end
        for number, step in enumerate(day.steps):
            yield f"days[{index}].steps[{number}].start", step.start
            yield f"days[{index}].steps[{number}].end", step.end
