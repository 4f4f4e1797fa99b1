"""Vaccines on the timeline: every one listed, none free before a fact says so, and none called allowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.course import TimelineEntry
from ivigil.knowledge.timing import Vaccine, VaccineInterval
from ivigil.verification import given
from ivigil.verification.dates import after
from ivigil.verification.given import Given
from ivigil.verification.intervals import FREE, Bound, Intervals, Profile, covers, span_of
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

KIND = "vaccine"
POORLY = "may_respond_poorly"
Place = tuple[str, TimelineEntry]
"""Where an entry stands, and the entry."""


class Wait(msgspec.Struct, frozen=True):
    """The first day that every fact leaves free (None: no fact says to wait), and the fact that sets it."""

    until: dt.date | None
    fact: str
    stated: bool
    """Does a fact say that no interval is needed?"""


def check(matter: Matter) -> Iterator[Objection]:
    """Each vaccine of the fact base against the entries that name it."""
    if not matter.plan.days:
        return
    listed: dict[str, list[Place]] = {}
    for index, entry in enumerate(matter.plan.timeline):
        if entry.kind == KIND:
            listed.setdefault(entry.what, []).append((f"timeline[{index}]", entry))
    tables = matter.knowledge.kept(Intervals)
    waits = _waits(matter, tables)
    places = matter.knowledge.lineage(matter.order.jurisdiction)
    for vaccine in matter.knowledge.facts.vaccine:
        entries = listed.pop(vaccine.name, [])
        due = vaccine.live or _responds_poorly(vaccine, tables, places)
        if due and not entries:
            expected = f"{vaccine.name}, with the day from which it can work"
            yield Objection("vaccine_missing", "timeline", "nothing", expected, (vaccine.id,))
        for where, entry in entries:
            if vaccine.live:
                yield from _live(matter, where, entry, waits[vaccine.id])
            else:
                yield from _undated(where, entry, POORLY)
    for name, entries in listed.items():
        yield Objection("vaccine_unknown", f"{entries[0][0]}.what", name, "a vaccine of the fact base")


def _responds_poorly(vaccine: Vaccine, tables: Intervals, places: tuple[str, ...]) -> bool:
    return any(
        (not rule.covers or covers(rule.covers, vaccine))
        and (not rule.jurisdictions or not set(rule.jurisdictions).isdisjoint(places))
        for rule in tables.responses
    )


# ---- how long


def _waits(matter: Matter, tables: Intervals) -> dict[str, Wait]:
    """Vaccine id -> how long it waits, whichever dose makes that longest."""
    places = matter.knowledge.lineage(matter.order.jurisdiction)
    last_of = {_profile(dose, tables): dose.date for dose in _courses(matter, tables)}
    asked = [(date, tables.bounds(places, profile)) for profile, date in last_of.items()]
    live = (vaccine.id for vaccine in matter.knowledge.facts.vaccine if vaccine.live)
    return {name: _wait([(date, bounds[name]) for date, bounds in asked]) for name in live}


def _wait(counted: list[tuple[dt.date, Bound]]) -> Wait:
    ends = [(after(date, span), fact) for date, bound in counted for span, fact in bound.waits]
    until, fact = max(ends, default=(None, ""))
    return Wait(until, fact, any(bound.free for _, bound in counted))


def _profile(dose: Given, tables: Intervals) -> Profile:
    return Profile(tables.step(dose.g_per_kg), dose.route, dose.condition)


def _courses(matter: Matter, tables: Intervals) -> Iterator[Given]:
    """Each dose with what was given in the days before it, in order of date; a part not known makes it so."""
    window = dt.timedelta(days=tables.course_days)
    doses = sorted(given.doses(matter), key=lambda dose: dose.date)
    for dose in doses:
        course = [other for other in doses if dose.date - window < other.date <= dose.date]
        amounts = [other.g_per_kg for other in course if other.g_per_kg is not None]
        yield msgspec.structs.replace(
            dose,
            g_per_kg=sum(amounts) if len(amounts) == len(course) else None,
            route=dose.route if len({other.route for other in course}) == 1 else "",
            condition=dose.condition if len({other.condition for other in course}) == 1 else "",
        )


# ---- what the plan says


def _live(matter: Matter, where: str, entry: TimelineEntry, wait: Wait) -> Iterator[Objection]:
    if wait.until is None:
        yield from _undated(where, entry, FREE if wait.stated else "not_stated")
        return
    ongoing = given.goes_on(matter)
    state = "not_while_on_therapy" if ongoing else "wait_until"
    if entry.state != state:
        yield Objection("vaccine_state", f"{where}.state", entry.state, state, (wait.fact,))
    name, told, other = ("until", entry.until, entry.date) if ongoing else ("date", entry.date, entry.until)
    if other is not None:
        unused = "date" if ongoing else "until"
        yield Objection("vaccine_date", f"{where}.{unused}", str(other), "no second day", (wait.fact,))
    if told is None or told < wait.until:
        expected = f"not before {wait.until}"
        yield Objection("vaccine_too_early", f"{where}.{name}", _told(told), expected, (wait.fact,))
    elif told > wait.until and told not in _by_its_facts(matter, entry):
        expected = f"{wait.until}, or what its fact makes of a dose"
        yield Objection("vaccine_date", f"{where}.{name}", _told(told), expected, (wait.fact,))


def _by_its_facts(matter: Matter, entry: TimelineEntry) -> set[dt.date]:
    named = (matter.knowledge.by_id.get(name) for name in entry.facts)
    rows = [row for row in named if isinstance(row, VaccineInterval)]
    return {after(dose.date, span_of(row)) for dose in given.doses(matter) for row in rows}


def _undated(where: str, entry: TimelineEntry, state: str) -> Iterator[Objection]:
    """No interval, and silence even more, is no permission: no day stands beside it."""
    if entry.state != state:
        yield Objection("vaccine_state", f"{where}.state", entry.state, state)
    for name, day in (("date", entry.date), ("until", entry.until)):
        if day is not None:
            yield Objection("vaccine_date", f"{where}.{name}", str(day), "no day: no fact gives one")


def _told(day: dt.date | None) -> str:
    return "no day" if day is None else str(day)
