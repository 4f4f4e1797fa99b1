"""Doses of a treatment over time, whatever the product: repeated, loaded, missed, late, changed.

A treatment is its courses in order; a course is the doses that are ordered together, such as 2 g/kg over five
days. Any change of a treatment is another treatment.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from ivigil.knowledge.kinetics import KineticRoute


class Given(msgspec.Struct, frozen=True):
    """One infusion or injection."""

    time_days: float
    """Of its start."""
    grams: float
    duration_days: float = 0.0
    """0: a bolus."""
    route: KineticRoute = "IV"

    @property
    def end_days(self) -> float:
        return self.time_days + self.duration_days


COURSES_MOST = 10_000
"""Of one regimen; more are a slip."""

Course = tuple[Given, ...]
Treatment = tuple[Course, ...]


class Regimen(msgspec.Struct, frozen=True, kw_only=True):
    """The same course at a fixed interval. Raises ValueError for what cannot be given."""

    grams: float
    """Of a course, split evenly over its days."""
    interval_days: float
    over_days: int = 1
    duration_days: float = 0.0
    """Of each dose of the course."""
    route: KineticRoute = "IV"

    def __post_init__(self) -> None:
        if not (self.grams > 0 and self.interval_days > 0 and self.over_days >= 1):
            raise ValueError(f"{self}: grams, interval and days above 0 are accepted")
        last = self.over_days - 1
        too_long = last >= self.interval_days or last + self.duration_days > self.interval_days
        if too_long or not 0 <= self.duration_days <= 1:
            raise ValueError(f"{self}: doses of at most a day, within the interval, are accepted")

    def course(self, start_days: float) -> Course:
        """One course that starts on this day."""
        share = self.grams / self.over_days
        return tuple(
            Given(start_days + day, share, self.duration_days, self.route) for day in range(self.over_days)
        )

    def until(self, end_days: float, start_days: float = 0.0) -> Treatment:
        """Courses that start on ``start_days`` or later and before ``end_days``. Raises ValueError for more
        than ``COURSES_MOST``."""
        if (end_days - start_days) / self.interval_days > COURSES_MOST:
            raise ValueError(
                f"interval_days {self.interval_days}: at most {COURSES_MOST} courses are accepted"
            )
        found: list[Course] = []
        while start_days + len(found) * self.interval_days < end_days:
            found.append(self.course(start_days + len(found) * self.interval_days))
        return tuple(found)


def loaded(treatment: Treatment, grams: float) -> Treatment:
    """With this many grams in the first course instead of its own."""
    own = sum(dose.grams for dose in treatment[0])
    first = tuple(replace(dose, grams=dose.grams * grams / own) for dose in treatment[0])
    return (first, *treatment[1:])


def missed(treatment: Treatment, number: int) -> Treatment:
    """Without the course of this number, from 1."""
    _course(treatment, number)
    return treatment[: number - 1] + treatment[number:]


def late(treatment: Treatment, number: int, days: float, *, then_on_time: bool = True) -> Treatment:
    """The course of this number, from 1, so many days later; the next ones on time or all later."""
    _course(treatment, number)
    last = number if then_on_time else len(treatment)
    moved = tuple(_moved(course, days) for course in treatment[number - 1 : last])
    return treatment[: number - 1] + moved + treatment[last:]


def changed(treatment: Treatment, regimen: Regimen, from_days: float, end_days: float) -> Treatment:
    """Another regimen from a day on: another dose, interval or route."""
    kept = tuple(course for course in treatment if course[0].time_days < from_days)
    return kept + regimen.until(end_days, from_days)


def doses(treatment: Treatment) -> tuple[Given, ...]:
    """All doses in order of time."""
    return tuple(sorted((dose for course in treatment for dose in course), key=lambda dose: dose.time_days))


def _course(treatment: Treatment, number: int) -> None:
    if not 1 <= number <= len(treatment):
        raise ValueError(f"course {number}: 1 to {len(treatment)} are accepted")


def _moved(course: Course, days: float) -> Course:
    return tuple(replace(dose, time_days=dose.time_days + days) for dose in course)
