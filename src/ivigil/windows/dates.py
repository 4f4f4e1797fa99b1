"""Calendar arithmetic for intervals that sources state in months, weeks or days."""

from __future__ import annotations

from datetime import date, timedelta

DAYS_PER_WEEK = 7


def add_months(start: date, months: int) -> date:
    """The same day ``months`` calendar months later, never earlier than that many whole months.

    A day that does not exist rolls forward: 31 January + 1 month is 1 March, as in rule CALCDT-5
    of CDC's CDSi logic specification ("a computed date that is not a real date must be moved
    forward to first day of the next month"; 31 March + 6 months is 1 October).
    """
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    try:
        return date(year, month + 1, start.day)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def add(start: date, *, months: int | None = None, weeks: int | None = None, days: int | None = None) -> date:
    """``start`` plus calendar months, then weeks and days. None is 0."""
    later = add_months(start, months) if months else start
    further = DAYS_PER_WEEK * (weeks or 0) + (days or 0)
    return later + timedelta(further) if further else later


def first_clear_day(start: date, hours: int) -> date:
    """First day that lies wholly ``hours`` after an event at an unknown time on ``start``."""
    return start + timedelta(days=1 - (-hours // 24))
