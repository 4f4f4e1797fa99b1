"""Which records a patient's age calls for: those of children or those of adults."""

from __future__ import annotations

from ivigil.knowledge.logic import Reading, Truth, judge
from ivigil.knowledge.reactions import AgeLimit, Population
from ivigil.knowledge.store import Knowledge

MONTHS_PER_YEAR = 12


def is_adult(age_years: int, knowledge: Knowledge) -> bool:
    """By the vocabulary's term "adult"; completed years."""
    when, case = knowledge.terms["adult"].when, {"age_years": Reading.exactly(age_years)}
    return when is not None and judge(when, case).truth is Truth.TRUE


def populations(age_months: int | None, knowledge: Knowledge) -> frozenset[Population]:
    """The populations that a patient may belong to; an unknown age takes the records of both."""
    if age_months is None:
        return frozenset({"any", "adult", "child"})
    adult = is_adult(age_months // MONTHS_PER_YEAR, knowledge)
    return frozenset({"any", "adult" if adult else "child"})


def in_age(limit: AgeLimit, age_months: int) -> bool:
    """Does the band of a limit hold this age in completed months?"""
    return limit.age_months_min <= age_months and (
        limit.age_months_below is None or age_months < limit.age_months_below
    )
