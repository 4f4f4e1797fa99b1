"""Which live vaccine can work from when, and which vaccine doses count, around antibody products.

Over a whole history the dose that matters is the one that leaves the latest day free. No
interval, and silence even more, is never permission.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal

import msgspec

from ivigil.knowledge.timing import Vaccine, VaccineInterval, VaccineRule
from ivigil.windows.doses import GivenDose, as_courses
from ivigil.windows.intervals import Ruling, in_force, latest, shown_beside, unread

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
        return {vaccine.id: self._rows(vaccine, "after_antibodies") for vaccine in self.vaccines}

    @cached_property
    def before(self) -> dict[str, tuple[VaccineInterval, ...]]:
        """Vaccine id -> rows from that vaccine to an antibody product."""
        return {vaccine.id: self._rows(vaccine, "before_antibodies") for vaccine in self.vaccines}

    @cached_property
    def rules_of(self) -> dict[str, tuple[VaccineRule, ...]]:
        """Vaccine id -> rules in force that are for it, or for any vaccine."""
        return {
            vaccine.id: tuple(
                rule
                for rule in self.rules
                if not rule.replaced and (not rule.covers or _covers(rule.covers, vaccine))
            )
            for vaccine in self.vaccines
        }

    def _rows(
        self, vaccine: Vaccine, direction: Literal["after_antibodies", "before_antibodies"]
    ) -> tuple[VaccineInterval, ...]:
        return tuple(
            row
            for row in self.intervals
            if row.direction in (direction, "either") and _covers(row.covers, vaccine)
        )


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
    every date is moved on by the next dose. beside: collect what other tables say as well.
    """
    if not doses:
        return ()
    courses = as_courses(doses, facts.course_days)
    live = (vaccine for vaccine in facts.vaccines if vaccine.live)
    windows = (_window(vaccine, courses, facts, lineage, ongoing) for vaccine in live)
    return tuple(_with_others(found, courses, facts, lineage) if beside else found for found in windows)


def check_vaccines(
    given: tuple[GivenVaccine, ...],
    doses: tuple[GivenDose, ...],
    facts: VaccineFacts,
    lineage: tuple[str, ...],
) -> tuple[VaccineCheck, ...]:
    """Judge vaccine doses, one check each. A vaccine that facts or sources do not know is not stated."""
    courses = as_courses(doses, facts.course_days)
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


def _window(
    vaccine: Vaccine,
    courses: tuple[GivenDose, ...],
    facts: VaccineFacts,
    lineage: tuple[str, ...],
    ongoing: bool,
) -> VaccineWindow:
    rows = facts.after[vaccine.id]
    ruling = latest(ruling for dose in courses for ruling in in_force(dose, vaccine, rows, lineage))
    window = VaccineWindow(
        vaccine.id,
        vaccine.name,
        "not_stated",
        ruling=ruling,
        rules=_rules(vaccine, facts, lineage, (*_READ_WITH, "on_therapy") if ongoing else _READ_WITH),
        unread=unread(rows, lineage),
    )
    if ruling is None:
        return window
    if ruling.until is None:
        return msgspec.structs.replace(window, answer="no_interval_needed")
    if ongoing:
        return msgspec.structs.replace(window, answer="not_while_on_therapy", if_stopped=ruling.until)
    return msgspec.structs.replace(window, answer="wait_until", earliest=ruling.until)


def _with_others(
    window: VaccineWindow, courses: tuple[GivenDose, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> VaccineWindow:
    """The window with what every other table says of the dose that set it."""
    ruling, rows = window.ruling, facts.after[window.vaccine]
    setting = (dose for dose in courses if ruling is not None and dose.date == ruling.start)
    dose = next(setting, courses[-1])
    others = shown_beside(dose, rows, lineage, ruling)
    return msgspec.structs.replace(window, alternatives=others)


def _check(
    given: GivenVaccine, courses: tuple[GivenDose, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> VaccineCheck:
    vaccine = next((item for item in facts.vaccines if item.id == given.vaccine), None)
    if vaccine is None:
        return VaccineCheck(given, "not_stated")
    if not vaccine.live:
        return VaccineCheck(given, "counts", rules=_rules(vaccine, facts, lineage, _READ_WITH_NON_LIVE))
    hits = (
        *_too_early(given.date, vaccine, courses, facts, lineage),
        *_spoiled(given.date, vaccine, courses, facts, lineage),
    )
    own = GivenDose(date=given.date)
    spans = in_force(own, vaccine, facts.before[vaccine.id], lineage)
    stated = spans and in_force(own, vaccine, facts.after[vaccine.id], lineage)
    return VaccineCheck(
        given,
        _verdict(hits, stated=bool(stated)),
        because=hits,
        repeat=_window(vaccine, courses, facts, lineage, False) if hits else None,
        antibodies_from=max((span.until for span in spans if span.firm and span.until), default=None),
        rules=_rules(vaccine, facts, lineage, _READ_WITH_CHECK),
    )


def _too_early(
    day: date, vaccine: Vaccine, courses: tuple[GivenDose, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> tuple[Ruling, ...]:
    """Rulings of the doses up to the vaccine's day whose time was not over: the last, and the last firm."""
    rows = facts.after[vaccine.id]
    earlier = (dose for dose in courses if dose.date <= day)
    running = [
        found
        for dose in earlier
        for found in in_force(dose, vaccine, rows, lineage)
        if found.until and found.until > day
    ]
    ends = (latest(found for found in running if found.firm), latest(running))
    return tuple(dict.fromkeys(end for end in ends if end is not None))


def _spoiled(
    day: date, vaccine: Vaccine, courses: tuple[GivenDose, ...], facts: VaccineFacts, lineage: tuple[str, ...]
) -> tuple[Ruling, ...]:
    """Spans from the vaccine's day on into which a later dose falls."""
    hits: dict[str, Ruling] = {}
    for dose in courses:
        disturbs = any(found.until for found in in_force(dose, vaccine, facts.after[vaccine.id], lineage))
        if dose.date < day or not disturbs:
            continue
        from_vaccine = msgspec.structs.replace(dose, date=day)
        for span in in_force(from_vaccine, vaccine, facts.before[vaccine.id], lineage):
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


def _covers(covers: tuple[str, ...], vaccine: Vaccine) -> bool:
    return vaccine.id in covers or any(antigen in covers for antigen in vaccine.antigens)
