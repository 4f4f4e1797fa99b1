"""Days that lie months, weeks, days or hours after an event, counted on the calendar."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

MONTHS_PER_YEAR = 12
HOURS_PER_DAY = 24


class Span(NamedTuple):
    """A stretch of time as facts state it: in one of these units."""

    months: int | None = None
    weeks: int | None = None
    days: int | None = None


@lru_cache(maxsize=1024)
def after(start: dt.date, span: Span) -> dt.date:
    """``start`` and the whole span. A day that its month lacks is the first of the next month."""
    months = start.year * MONTHS_PER_YEAR + start.month - 1 + (span.months or 0)
    first, following = _first_of(months), _first_of(months + 1)
    same_day = min(first + dt.timedelta(days=start.day - 1), following)
    return same_day + dt.timedelta(weeks=span.weeks or 0, days=span.days or 0)


def _first_of(months: int) -> dt.date:
    year, month = divmod(months, MONTHS_PER_YEAR)
    return dt.date(year, month + 1, 1)


def whole_day_after(start: dt.date, hours: int) -> dt.date:
    """The first day that begins at least ``hours`` after the end of ``start``."""
    days, part = divmod(hours, HOURS_PER_DAY)
    return start + dt.timedelta(days=1 + days + bool(part))
