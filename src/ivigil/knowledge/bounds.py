"""Is a limit on a measured value reached? Three-valued: what was not measured is unknown."""

from __future__ import annotations

from decimal import Decimal

from ivigil.knowledge.logic import Truth
from ivigil.knowledge.reactions import Limit

_PERCENT = Decimal(100)


def reached(
    limit: Limit,
    value: Decimal | None,
    baseline: Decimal | None,
    age_years: int,
    upper_normal: Decimal | None = None,
) -> Truth:
    """Does ``value`` reach the limit? All numbers are in the unit of the limit's measure.

    ``baseline`` is the patient's own value before, ``upper_normal`` the laboratory's limit;
    a limit that compares with one of them is unknown without it. Time (``within_hours``) and
    ``below_lower_normal`` are not judged here: a limit that also asks for one of them is
    unknown where its number is reached.
    """
    compared = _compared(limit, value, baseline, upper_normal)
    if compared is None:
        return Truth.UNKNOWN
    number_reached = _within(limit, compared, age_years)
    if number_reached and (limit.within_hours is not None or limit.below_lower_normal):
        return Truth.UNKNOWN
    return Truth.of(number_reached)


def depth(limit: Limit, value: Decimal | None, baseline: Decimal | None) -> Decimal | None:
    """How far a value lies in the limit's direction; of two values the larger depth is worse.

    Only for comparing values under one limit. None if something that the limit needs is missing.
    """
    compared = _compared(limit, value, baseline, None)
    if compared is None or limit.above is not None or limit.at_least is not None:
        return compared
    return -compared


def _compared(
    limit: Limit, value: Decimal | None, baseline: Decimal | None, upper_normal: Decimal | None
) -> Decimal | None:
    """The figure that the bounds are about; None if something that it needs is missing."""
    if value is None:
        return None
    if limit.of == "value":
        return value
    reference = upper_normal if limit.of == "times_upper_normal" else baseline
    if reference is None:
        return None
    change = value - reference
    match limit.of:
        case "rise":
            return change
        case "fall":
            return -change
        case "change":
            return abs(change)
    if not reference:
        return None
    match limit.of:
        case "rise_percent":
            return change * _PERCENT / reference
        case "fall_percent":
            return -change * _PERCENT / reference
    return value / reference


def _within(limit: Limit, number: Decimal, age_years: int) -> bool:
    more = (limit.per_year_of_age or Decimal(0)) * age_years
    return (
        (limit.above is None or number > limit.above + more)
        and (limit.at_least is None or number >= limit.at_least + more)
        and (limit.below is None or number < limit.below + more)
        and (limit.at_most is None or number <= limit.at_most + more)
    )
