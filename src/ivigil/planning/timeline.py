"""What comes after: onset, response, reviews, next courses, follow-up tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec.structs import replace

from ivigil import units
from ivigil.course import Day, TimelineEntry
from ivigil.knowledge.conditions import Onset, Response, StopRule
from ivigil.knowledge.hazards import OrderTest
from ivigil.knowledge.products import Product
from ivigil.planning import ahead
from ivigil.planning.situation import Situation
from ivigil.windows.dates import add_months

DAYS_PER_WEEK = 7


def timeline(
    days: tuple[Day, ...], product: Product, situation: Situation, next_date: dt.date | None = None
) -> tuple[TimelineEntry, ...]:
    """Dated entries in order of date; entries without a date last.

    next_date: the subcutaneous infusion after those that are listed.
    """
    entries = [
        *_infusions(days),
        *_onsets(days, situation),
        *_responses(days, situation),
        *_tests(days, situation),
        *_next_course(days, situation, next_date),
        *_reviews(days, situation),
        *ahead.entries(days, product, situation),
    ]
    return tuple(sorted(_merged(entries), key=lambda e: (e.date or e.until or dt.date.max, e.kind, e.what)))


def _merged(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """The same thing on the same date stands once, with all the facts that ask for it."""
    merged: dict[tuple[object, ...], TimelineEntry] = {}
    for entry in entries:
        key = (entry.date, entry.until, entry.kind, entry.what)
        known = merged.get(key)
        merged[key] = entry if known is None else _with_facts_of(known, entry)
    return list(merged.values())


def _with_facts_of(known: TimelineEntry, entry: TimelineEntry) -> TimelineEntry:
    return replace(known, facts=tuple(dict.fromkeys((*known.facts, *entry.facts))))


def _infusions(days: tuple[Day, ...]) -> list[TimelineEntry]:
    return [
        TimelineEntry(date=d.date, kind="infusion", what=f"{d.grams:f} g", state=str(d.number)) for d in days
    ]


def _onsets(days: tuple[Day, ...], situation: Situation) -> list[TimelineEntry]:
    start = days[0].start
    return [
        TimelineEntry(
            date=_first_effect(onset, start, latest=False),
            until=_first_effect(onset, start, latest=True),
            kind="onset",
            what=onset.text,
            facts=(onset.id,),
        )
        for onset in situation.condition.onsets
    ]


def _first_effect(onset: Onset, start: dt.datetime, *, latest: bool) -> dt.date | None:
    """First effect counted from the first infusion, at the earliest or the latest stated time."""
    side = "max" if latest else "min"
    for unit, days_each in (("hours", None), ("days", 1), ("weeks", DAYS_PER_WEEK)):
        value: Decimal | None = getattr(onset, f"first_effect_{unit}_{side}")
        if value is None:
            continue
        if days_each is None:
            return (start + _hours(value)).date()
        return start.date() + dt.timedelta(days=int(value * days_each))
    months: Decimal | None = getattr(onset, f"first_effect_months_{side}")
    return None if months is None else add_months(start.date(), int(months))


def _responses(days: tuple[Day, ...], situation: Situation) -> list[TimelineEntry]:
    entries: list[TimelineEntry] = []
    for response in situation.condition.responses:
        dates = _response_dates(response, days[-1].end)
        text = "; ".join(t for t in (response.measure, response.success, response.text) if t)
        entries += [
            TimelineEntry(date=date, kind="response", what=text, facts=(response.id,))
            for date in dates or [None]
        ]
    return entries


def _response_dates(response: Response, end: dt.datetime) -> list[dt.date | None]:
    dates: list[dt.date | None] = []
    if response.after_hours is not None:
        dates.append((end + _hours(response.after_hours)).date())
    dates += [end.date() + dt.timedelta(days=int(d)) for d in response.after_days]
    dates += [end.date() + dt.timedelta(days=int(w * DAYS_PER_WEEK)) for w in response.after_weeks]
    dates += [add_months(end.date(), int(m)) for m in response.after_months]
    return dates


def _tests(days: tuple[Day, ...], situation: Situation) -> list[TimelineEntry]:
    names = {test.id: test.name for test in situation.knowledge.facts.baseline_test}
    entries: list[TimelineEntry] = []
    for entry in situation.limits.of(OrderTest):
        test = entry.effect
        if test.phase != "after":
            continue
        entries.append(
            TimelineEntry(
                date=_after(days, test.hours_after_min, test.days_after_min),
                until=_after(days, test.hours_after_max, test.days_after_max),
                kind="test",
                what=names.get(test.test, test.test),
                state=entry.finding,
                facts=(test.id,),
            )
        )
    return entries


def _after(days: tuple[Day, ...], hours: Decimal | None, count: Decimal | None) -> dt.date | None:
    if hours is not None:
        return (days[-1].end + _hours(hours)).date()
    return None if count is None else days[0].date + dt.timedelta(days=int(count))


def _next_course(
    days: tuple[Day, ...], situation: Situation, next_date: dt.date | None
) -> list[TimelineEntry]:
    """When the next course is due, if the regimen repeats."""
    regimen, ordered = situation.regimen, situation.order.interval_days
    if situation.scheme is not None:
        due = () if next_date is None else (next_date,)
        return [
            TimelineEntry(date=date, kind="next_course", what=regimen.authority, facts=(regimen.id,))
            for date in due
        ]
    low = ordered if ordered is not None else _weeks_in_days(regimen.interval_weeks_min)
    high = ordered if ordered is not None else _weeks_in_days(regimen.interval_weeks_max)
    if low is None:
        return []
    first = days[0].date
    return [
        TimelineEntry(
            date=first + dt.timedelta(days=low),
            until=first + dt.timedelta(days=high) if high is not None and high != low else None,
            kind="next_course",
            what=regimen.authority,
            facts=(regimen.id,),
        )
    ]


def _hours(value: Decimal) -> dt.timedelta:
    return dt.timedelta(minutes=int(value * units.MINUTES_PER_HOUR))


def _weeks_in_days(weeks: Decimal | None) -> int | None:
    return None if weeks is None else int(weeks * DAYS_PER_WEEK)


def _reviews(days: tuple[Day, ...], situation: Situation) -> list[TimelineEntry]:
    return [
        TimelineEntry(date=_review_date(rule, days[0].date), kind="review", what=rule.text, facts=(rule.id,))
        for rule in situation.condition.stop_rules
    ]


def _review_date(rule: StopRule, start: dt.date) -> dt.date | None:
    if rule.at_days is not None:
        return start + dt.timedelta(days=int(rule.at_days))
    if rule.at_weeks is not None:
        return start + dt.timedelta(days=int(rule.at_weeks * DAYS_PER_WEEK))
    months = rule.at_months if rule.at_months is not None else rule.review_months_first
    return None if months is None else add_months(start, int(months))
