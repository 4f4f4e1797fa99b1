"""Which live vaccine can work from when, and which vaccine doses count, around antibody products.

Over a whole history the dose that matters is the one that leaves the latest day free. No
interval, and silence even more, is never permission.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from ivigil.knowledge.timing import Vaccine, VaccineInterval, VaccineRule
from ivigil.windows.doses import GivenDose, as_courses
from ivigil.windows.intervals import Ruling, Table, covers, in_force, latest, rule, shown_beside, unread

Direction = Literal["after_antibodies", "before_antibodies"]
Answer = Literal["wait_until", "not_while_on_therapy", "no_interval_needed", "not_stated"]
Verdict = Literal["counts", "repeat", "ask", "not_stated"]
"""repeat: unless serology shows a response. ask: only a caution or an unseen figure covers the dose."""

_READ_WITH = ("contraindication", "rheumatology", "early_dose", "titre_check", "exemption")
_READ_WITH_CHECK = ("vaccine_then_immunoglobulin", "immunoglobulin_then_vaccine", "titre_check")
_READ_WITH_NON_LIVE = ("non_live", "response")


class VaccineFacts(msgspec.Struct, frozen=True, dict=True, eq=False):
    """The facts that these windows read. Build it once: its indexes are kept."""

    vaccines: tuple[Vaccine, ...]
    intervals: tuple[VaccineInterval, ...]
    rules: tuple[VaccineRule, ...]

    @cached_property
    def course_days(self) -> int:
        """Infusions within so many days count together; the longest rule holds, 0 without one."""
        return max((rule.days or 0 for rule in self.rules if rule.topic == "course"), default=0)

    @cached_property
    def after(self) -> dict[str, tuple[VaccineInterval, ...]]:
        """Vaccine id -> rows from an antibody product to that vaccine."""
        rows = [row for row in self.intervals if row.direction in ("after_antibodies", "either")]
        return {v.id: tuple(row for row in rows if covers(row.covers, v)) for v in self.vaccines}

    @cached_property
    def rules_of(self) -> dict[str, tuple[VaccineRule, ...]]:
        """Vaccine id -> rules in force that are for it, or for any vaccine."""
        return {
            vaccine.id: tuple(
                rule
                for rule in self.rules
                if not rule.replaced and (not rule.covers or covers(rule.covers, vaccine))
            )
            for vaccine in self.vaccines
        }

    def tables(
        self, direction: Direction, kind: str, lineage: tuple[str, ...]
    ) -> dict[str, tuple[Table, ...]]:
        """Live vaccine's id -> the tables that rule for a kind of antibody product; chosen once a place."""
        key = (direction, kind, lineage)
        known = self._tables.get(key)
        if known is None:
            live = (vaccine for vaccine in self.vaccines if vaccine.live)
            rows = (row for row in self.intervals if row.direction in (direction, "either"))
            known = self._tables[key] = in_force(kind, live, rows, lineage)
        return known

    @cached_property
    def _tables(self) -> dict[tuple[Direction, str, tuple[str, ...]], dict[str, tuple[Table, ...]]]:
        return {}


class _Course(NamedTuple):
    """A dose with its course's total, and what the tables in force say of it, by vaccine."""

    dose: GivenDose
    rulings: dict[str, tuple[Ruling, ...]]


class VaccineWindow(msgspec.Struct, frozen=True):
    """When a live vaccine can work again. Never says that the vaccine is allowed."""

    vaccine: str
    name: str
    answer: Answer
    earliest: date | None = None
    """For "wait_until"."""
    if_stopped: date | None = None
    """For "not_while_on_therapy": the earliest day if no further dose follows."""
    ruling: Ruling | None = None
    """The row and the dose that set the answer."""
    alternatives: tuple[Ruling, ...] = ()
    """What other tables say of the same dose."""
    rules: tuple[str, ...] = ()
    """VaccineRule ids to read with it, contraindications among them."""
    unread: tuple[str, ...] = ()
    """VaccineInterval ids of tables that exist for this place and were not read."""


class GivenVaccine(msgspec.Struct, frozen=True):
    """A vaccine dose that was given."""

    vaccine: str
    """Vaccine id."""
    date: date


class VaccineCheck(msgspec.Struct, frozen=True):
    """Does a vaccine dose count, given the antibody products before and after it?"""

    given: GivenVaccine
    verdict: Verdict
    because: tuple[Ruling, ...] = ()
    repeat: VaccineWindow | None = None
    """When a repeat can work."""
    antibodies_from: date | None = None
    """Day from which an antibody product no longer spoils the dose: for products that can wait only."""
    rules: tuple[str, ...] = ()


class NonLiveVaccine(msgspec.Struct, frozen=True):
    """A vaccine that needs no interval and may work less well on immunoglobulin."""

    vaccine: str
    name: str
    may_respond_poorly: bool
    rules: tuple[str, ...]


def vaccine_windows(
    doses: tuple[GivenDose, ...],
    facts: VaccineFacts,
    lineage: tuple[str, ...],
    *,
    ongoing: bool = False,
    beside: bool = True,
) -> tuple[VaccineWindow, ...]:
    """One window for each live vaccine, in authored order; empty without doses.

    lineage: the jurisdiction and all that it lies in. ongoing: regular therapy goes on, so
    every date is moved on by the next dose. beside: collect what is read beside the answer as well:
    rules, tables that were not read, and what other tables say.
    """
    if not doses:
        return ()
    courses = _courses(doses, facts, lineage)
    live = (vaccine for vaccine in facts.vaccines if vaccine.live)
    if not beside:
        return tuple(_answer(vaccine, courses, ongoing) for vaccine in live)
    windows = (_window(vaccine, courses, facts, lineage, ongoing) for vaccine in live)
    return tuple(_with_others(found, courses, facts, lineage) for found in windows)


def check_vaccines(
    given: tuple[GivenVaccine, ...],
    doses: tuple[GivenDose, ...],
    facts: VaccineFacts,
    lineage: tuple[str, ...],
) -> tuple[VaccineCheck, ...]:
    """Judge vaccine doses, one check each. A vaccine that facts or sources do not know is not stated."""
    courses = _courses(doses, facts, lineage)
    return tuple(_check(item, courses, facts, lineage) for item in given)


def non_live_vaccines(facts: VaccineFacts, lineage: tuple[str, ...]) -> tuple[NonLiveVaccine, ...]:
    """Every vaccine that is not live, with what is said of it on immunoglobulin."""
    found = []
    for vaccine in facts.vaccines:
        if not vaccine.live:
            poorly = bool(_rules(vaccine, facts, lineage, ("response",)))
            rules = _rules(vaccine, facts, lineage, _READ_WITH_NON_LIVE)
            found.append(NonLiveVaccine(vaccine.id, vaccine.name, poorly, rules))
    return tuple(found)


def _courses(
    doses: tuple[GivenDose, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> tuple[_Course, ...]:
    return tuple(
        _Course(dose, _rulings(dose, facts.tables("after_antibodies", dose.kind, lineage)))
        for dose in as_courses(doses, facts.course_days)
    )


def _rulings(dose: GivenDose, tables: dict[str, tuple[Table, ...]]) -> dict[str, tuple[Ruling, ...]]:
    """Each table is asked once, however many vaccines it is for."""
    said = {table: rule(dose, table) for table in set(chain.from_iterable(tables.values()))}
    return {vaccine: tuple(said[table] for table in ruling) for vaccine, ruling in tables.items()}


def _window(
    vaccine: Vaccine,
    courses: tuple[_Course, ...],
    facts: VaccineFacts,
    lineage: tuple[str, ...],
    ongoing: bool,
) -> VaccineWindow:
    """The answer with the rules to read with it and the tables that were not read."""
    return msgspec.structs.replace(
        _answer(vaccine, courses, ongoing),
        rules=_rules(vaccine, facts, lineage, (*_READ_WITH, "on_therapy") if ongoing else _READ_WITH),
        unread=unread(facts.after[vaccine.id], lineage),
    )


def _answer(vaccine: Vaccine, courses: tuple[_Course, ...], ongoing: bool) -> VaccineWindow:
    ruling = latest(ruling for course in courses for ruling in course.rulings[vaccine.id])
    if ruling is None:
        return VaccineWindow(vaccine.id, vaccine.name, "not_stated")
    if ruling.until is None:
        return VaccineWindow(vaccine.id, vaccine.name, "no_interval_needed", ruling=ruling)
    if ongoing:
        return VaccineWindow(
            vaccine.id, vaccine.name, "not_while_on_therapy", if_stopped=ruling.until, ruling=ruling
        )
    return VaccineWindow(vaccine.id, vaccine.name, "wait_until", earliest=ruling.until, ruling=ruling)


def _before(
    dose: GivenDose, vaccine: Vaccine, facts: VaccineFacts, lineage: tuple[str, ...]
) -> tuple[Ruling, ...]:
    """What the tables in force say of the time from the vaccine to the dose, put on the vaccine's day."""
    tables = facts.tables("before_antibodies", dose.kind, lineage)
    return tuple(rule(dose, table) for table in tables[vaccine.id])


def _with_others(
    window: VaccineWindow, courses: tuple[_Course, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> VaccineWindow:
    """The window with what every other table says of the dose that set it."""
    ruling, rows = window.ruling, facts.after[window.vaccine]
    doses = [course.dose for course in courses]
    setting = (dose for dose in doses if ruling is not None and dose.date == ruling.start)
    dose = next(setting, doses[-1])
    others = shown_beside(dose, rows, lineage, ruling)
    return msgspec.structs.replace(window, alternatives=others)


def _check(
    given: GivenVaccine, courses: tuple[_Course, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> VaccineCheck:
    vaccine = next((item for item in facts.vaccines if item.id == given.vaccine), None)
    if vaccine is None:
        return VaccineCheck(given, "not_stated")
    if not vaccine.live:
        return VaccineCheck(given, "counts", rules=_rules(vaccine, facts, lineage, _READ_WITH_NON_LIVE))
    hits = (
        *_too_early(given.date, vaccine, courses),
        *_spoiled(given.date, vaccine, courses, facts, lineage),
    )
    own = GivenDose(date=given.date)
    spans = _before(own, vaccine, facts, lineage)
    stated = spans and facts.tables("after_antibodies", own.kind, lineage)[vaccine.id]
    return VaccineCheck(
        given,
        _verdict(hits, stated=bool(stated)),
        because=hits,
        repeat=_window(vaccine, courses, facts, lineage, False) if hits else None,
        antibodies_from=max((span.until for span in spans if span.firm and span.until), default=None),
        rules=_rules(vaccine, facts, lineage, _READ_WITH_CHECK),
    )


def _too_early(day: date, vaccine: Vaccine, courses: tuple[_Course, ...]) -> tuple[Ruling, ...]:
    """Rulings of the doses up to the vaccine's day whose time was not over: the last, and the last firm."""
    running = [
        found
        for course in courses
        if course.dose.date <= day
        for found in course.rulings[vaccine.id]
        if found.until and found.until > day
    ]
    ends = (latest(found for found in running if found.firm), latest(running))
    return tuple(dict.fromkeys(end for end in ends if end is not None))


def _spoiled(
    day: date, vaccine: Vaccine, courses: tuple[_Course, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> tuple[Ruling, ...]:
    """Spans from the vaccine's day on into which a later dose falls."""
    hits: dict[str, Ruling] = {}
    for dose, rulings in courses:
        disturbs = any(found.until for found in rulings[vaccine.id])
        if dose.date < day or not disturbs:
            continue
        from_vaccine = msgspec.structs.replace(dose, date=day)
        for span in _before(from_vaccine, vaccine, facts, lineage):
            if span.until and dose.date < span.until:
                hits[span.fact] = span
    return tuple(hits.values())


def _verdict(hits: tuple[Ruling, ...], *, stated: bool) -> Verdict:
    if any(hit.firm for hit in hits):
        return "repeat"
    if hits:
        return "ask"
    return "counts" if stated else "not_stated"


def _rules(
    vaccine: Vaccine, facts: VaccineFacts, lineage: tuple[str, ...], topics: tuple[str, ...]
) -> tuple[str, ...]:
    """Ids of the rules of these topics that hold for the vaccine in this place."""
    return tuple(
        rule.id
        for rule in facts.rules_of[vaccine.id]
        if rule.topic in topics
        and (not rule.jurisdictions or any(place in lineage for place in rule.jurisdictions))
    )
