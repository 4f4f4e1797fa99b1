"""Which rows of the interval tables bind a live vaccine after one dose, read as their sources print them.

A row binds if nothing known rules it out: not the place, the product, the route, the amount or
the condition. What is not known rules out nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import msgspec
from msgspec import field

from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import Vaccine, VaccineInterval, VaccineRule
from ivigil.verification.dates import Span

Rows = tuple[VaccineInterval, ...]

IMMUNOGLOBULIN = "antibody-product.immunoglobulin"
ROUTES = ("IV", "SC", "IM")
WAITING = frozenset({"wait", "caution"})
FREE = "no_interval_needed"
AFTER = frozenset({"after_antibodies", "either"})
BEYOND = Decimal("Infinity")


class Profile(msgspec.Struct, frozen=True):
    """What the tables ask about a dose."""

    step: Decimal | None
    """Its amount as the next printed step in g/kg; None: not known."""
    route: str
    condition: str


class Bound(msgspec.Struct, frozen=True):
    """What binds one vaccine after one dose."""

    waits: tuple[tuple[Span, str], ...]
    """Each interval that a fact states, and the fact."""
    free: bool
    """Does a fact say that no interval is needed?"""


class Intervals(msgspec.Struct, frozen=True, dict=True, eq=False):
    """The interval tables of one fact base, with the answers that were already read from them."""

    knowledge: Knowledge
    answers: dict[tuple[tuple[str, ...], Profile], dict[str, Bound]] = field(default_factory=dict)

    @cached_property
    def course_days(self) -> int:
        """Doses within so many days count as one."""
        rules = self.knowledge.facts.vaccine_rule
        return max((rule.days or 0 for rule in rules if rule.topic == "course"), default=0)

    @cached_property
    def responses(self) -> tuple[VaccineRule, ...]:
        """What is said of poor responses to vaccines on immunoglobulin."""
        rules = self.knowledge.facts.vaccine_rule
        return tuple(rule for rule in rules if rule.topic == "response" and not rule.replaced)

    @cached_property
    def _steps(self) -> list[Decimal]:
        return sorted({_top(row) for row in self.knowledge.facts.vaccine_interval})

    def step(self, g_per_kg: Fraction | None) -> Decimal | None:
        """The next printed amount: no table tells two doses apart that share it."""
        if g_per_kg is None:
            return None
        return next((step for step in self._steps if step >= g_per_kg), BEYOND)

    def bounds(self, places: tuple[str, ...], profile: Profile) -> dict[str, Bound]:
        """Vaccine id -> everything that binds it after such a dose in these places; live vaccines alone."""
        asked = places, profile
        if asked not in self.answers:
            live = (vaccine for vaccine in self.knowledge.facts.vaccine if vaccine.live)
            self.answers[asked] = {item.id: _bound(self._rows(item, places, profile)) for item in live}
        return self.answers[asked]

    def _rows(self, vaccine: Vaccine, places: tuple[str, ...], profile: Profile) -> Iterator[VaccineInterval]:
        rows = [row for row in self.knowledge.facts.vaccine_interval if _may_bind(row, vaccine)]
        named = [row for row in rows if not row.products or IMMUNOGLOBULIN in row.products]
        if rows and not any(IMMUNOGLOBULIN in row.products for row in rows) and len(named) < len(rows):
            yield from rows  # written for other products alone: whichever is longest
            return
        here = [row for row in named if not set(places).isdisjoint(row.jurisdictions)]
        elsewhere = [row for row in named if row not in here and not row.weak]
        for table in _tables(here if _settle(here, vaccine) else [*here, *elsewhere]):
            strong = tuple(row for row in table if not row.weak)
            yield from _by_route(strong, profile)
            if len(strong) < len(table):  # a weak row adds to its table and takes nothing out of it
                yield from _by_route(table, profile)


def span_of(row: VaccineInterval) -> Span:
    """The interval of a row that says to wait."""
    return Span(row.months, row.weeks, row.days)


def _bound(rows: Iterable[VaccineInterval]) -> Bound:
    waits: dict[Span, str] = {}
    free = False
    for row in rows:
        free = free or row.kind == FREE
        if row.kind in WAITING:
            waits.setdefault(span_of(row), row.id)
    return Bound(tuple(waits.items()), free)


def covers(named: Iterable[str], vaccine: Vaccine) -> bool:
    """Is the vaccine meant, or one of the diseases that it protects against?"""
    return not {vaccine.id, *vaccine.antigens}.isdisjoint(named)


def _may_bind(row: VaccineInterval, vaccine: Vaccine) -> bool:
    in_force = not (row.replaced or row.practice) and row.direction in AFTER
    says = row.kind in WAITING or (row.kind == FREE and not row.weak)
    return in_force and says and covers(row.covers, vaccine)


def _settle(here: list[VaccineInterval], vaccine: Vaccine) -> bool:
    """Do the rules that were seen of this place answer for every part of the vaccine?"""
    ruled = {name for row in here if not row.weak and row.kind != "caution" for name in row.covers}
    return vaccine.id in ruled or ruled.issuperset(vaccine.antigens)


def _tables(rows: Iterable[VaccineInterval]) -> Iterator[Rows]:
    """Rows are steps of one table if they cover the same vaccines in it."""
    tables: dict[tuple[str, tuple[str, ...]], list[VaccineInterval]] = {}
    for row in rows:
        tables.setdefault((row.table, row.covers), []).append(row)
    return map(tuple, tables.values())


def _by_route(rows: Rows, profile: Profile) -> Iterator[VaccineInterval]:
    """Rows for the route; every row where none is. Of an unknown route, those of each."""
    for route in (profile.route,) if profile.route else ROUTES:
        meant = tuple(row for row in rows if not row.routes or route in row.routes)
        yield from _by_amount(meant or rows, profile)


def _by_amount(rows: Rows, profile: Profile) -> Iterator[VaccineInterval]:
    """Every row up to the first that reaches the amount: a larger dose never waits less."""
    if profile.step is None:
        yield from rows
        return
    tops = {_top(row) for row in rows}
    reached = min((top for top in tops if top >= profile.step), default=BEYOND)
    for top in tops:
        same = tuple(row for row in rows if _top(row) == top <= reached)
        meant = tuple(row for row in same if not row.conditions or profile.condition in row.conditions)
        yield from (meant if profile.condition else ()) or same


def _top(row: VaccineInterval) -> Decimal:
    return BEYOND if row.g_per_kg_max is None else row.g_per_kg_max
