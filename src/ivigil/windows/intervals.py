"""From rows of intervals to the ruling for one dose.

Every table gives one row for a dose. Rows of the place rule; where they leave a part of the
vaccine without a rule that was seen, the rows of every other place are borrowed, and the latest
date wins. What is not known about a dose is replaced by whatever makes the interval longest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

import msgspec

from ivigil.knowledge.timing import Vaccine, VaccineInterval
from ivigil.windows.dates import add
from ivigil.windows.doses import DoseRoute, GivenDose

Mark = Literal[
    "borrowed",  # a rule of another place: none was found for this one
    "weak",  # not seen in a source, or a digest
    "caution",  # the source asks to consider, not to wait
    "superseded",
    "practice",  # what was seen done, not a rule
    "dose_between_rows",  # not stated for this dose: the next higher row was used
    "dose_above_table",  # not stated for this dose: the highest row was used
    "dose_unknown",  # the longest row was used
    "route_not_stated",  # the rows are for another route
    "route_unknown",
    "condition_not_named",  # the row is named for another condition
    "product_not_stated",  # no row names this product: the longest of all rows was used
    "doses_summed",  # infusions close together were counted as one course
]
_DECIDING = ("wait", "caution", "no_interval_needed")
_UNBOUNDED = Decimal("Infinity")
Rows = tuple[VaccineInterval, ...]


class Ruling(msgspec.Struct, frozen=True):
    """One row applied from one day on."""

    fact: str
    """VaccineInterval id."""
    authority: str
    kind: Literal["wait", "caution", "no_interval_needed", "not_stated", "not_read"]
    start: date
    """Day of the dose, or of the vaccine in the other direction."""
    until: date | None
    """First day that the row leaves free; None: it sets none."""
    marks: tuple[Mark, ...] = ()

    @property
    def firm(self) -> bool:
        """True if the row says to wait and was seen."""
        return self.kind == "wait" and "weak" not in self.marks


class _Chosen(NamedTuple):
    row: VaccineInterval
    marks: tuple[Mark, ...]


class Table(msgspec.Struct, frozen=True, eq=False):
    """Rows that are steps of one ladder: they cover the same vaccines in the same edition."""

    parts: tuple[Rows, ...]
    """All rows; before them the strong ones, if some are weak. The part with the latest date rules."""
    away: bool
    """True if no row is of the place."""
    all_products: bool = False
    """True if no row names the product: the longest of all rows is used."""

    @property
    def rows(self) -> Rows:
        return self.parts[-1]


def in_force(
    kind: str, vaccines: Iterable[Vaccine], rows: Iterable[VaccineInterval], lineage: tuple[str, ...]
) -> dict[str, tuple[Table, ...]]:
    """Vaccine id -> the tables that rule for a kind of antibody product in a place; none if sources are
    silent. Vaccines share tables.

    rows: those of one direction. A weak row may lengthen what its place says. It never shortens it,
    never stands alone for its place and never says that no interval is needed.
    """
    able = [row for row in rows if _may_decide(row)]
    named = [row for row in able if not row.products or kind in row.products]
    every = _tables(able, lineage, all_products=True)
    home = _tables((row for row in named if _holds(row, lineage)), lineage)
    away = _tables((row for row in named if not _holds(row, lineage) and not row.weak), lineage)
    return {vaccine.id: _ruling(kind, vaccine, every, home, away) for vaccine in vaccines}


def _ruling(
    kind: str,
    vaccine: Vaccine,
    every: tuple[Table, ...],
    home: tuple[Table, ...],
    away: tuple[Table, ...],
) -> tuple[Table, ...]:
    """Of all tables, of the place's and of the others for this kind of product: those that rule."""
    every, home, away = (
        tuple(table for table in tables if covers(table.rows[0].covers, vaccine))
        for tables in (every, home, away)
    )
    products = {product for table in every for row in table.rows for product in row.products}
    if products and kind not in products:
        return every
    return home if _answer_for(vaccine, home) else (*home, *away)


def rule(dose: GivenDose, table: Table) -> Ruling:
    """What one table says of the dose."""
    ruling = max((_rule(dose, part, table.all_products) for part in table.parts), key=_strictness)
    if not table.away and not dose.summed:
        return ruling
    marks: tuple[Mark, ...] = (
        *(("borrowed",) if table.away else ()),
        *(("doses_summed",) if dose.summed else ()),
    )
    return msgspec.structs.replace(ruling, marks=(*ruling.marks, *marks))


def latest(rulings: Iterable[Ruling]) -> Ruling | None:
    """The ruling that leaves the latest day free; on a tie the one that needed least reading-in."""
    return max(rulings, key=_strictness, default=None)


def shown_beside(
    dose: GivenDose, rows: Iterable[VaccineInterval], lineage: tuple[str, ...], ruling: Ruling | None
) -> tuple[Ruling, ...]:
    """What every other table says of the dose: other places, superseded editions, practice."""
    about = [
        row for row in rows if row.kind != "not_read" and (not row.products or dose.kind in row.products)
    ]
    rulings = (rule(dose, table) for table in _tables(about, lineage))
    return tuple(found for found in rulings if ruling is None or found.fact != ruling.fact)


def apply(row: VaccineInterval, start: date, marks: tuple[Mark, ...] = ()) -> Ruling:
    """One row from ``start`` on, with the marks that the row itself carries."""
    own: list[Mark] = [
        *(("weak",) if row.weak else ()),
        *(("caution",) if row.kind == "caution" else ()),
        *(("superseded",) if row.replaced else ()),
        *(("practice",) if row.practice else ()),
    ]
    return Ruling(row.id, row.authority, row.kind, start, _until(row, start), (*own, *marks))


def unread(rows: Iterable[VaccineInterval], lineage: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the tables of this place that exist and were not read."""
    return tuple(row.id for row in rows if row.kind == "not_read" and _holds(row, lineage))


def _strictness(ruling: Ruling) -> tuple[date, int]:
    return ruling.until or date.min, -len(ruling.marks)


def _holds(row: VaccineInterval, lineage: tuple[str, ...]) -> bool:
    return any(place in lineage for place in row.jurisdictions)


def _may_decide(row: VaccineInterval) -> bool:
    if row.replaced or row.practice or row.kind not in _DECIDING:
        return False
    return not (row.weak and row.kind == "no_interval_needed")


def covers(parts: tuple[str, ...], vaccine: Vaccine) -> bool:
    """Are these antigens and vaccines the vaccine, or a part of it?"""
    return vaccine.id in parts or any(antigen in parts for antigen in vaccine.antigens)


def _answer_for(vaccine: Vaccine, home: tuple[Table, ...]) -> bool:
    """Do these tables, cautions and weak rows apart, answer for every part of the vaccine?"""
    rows = (row for table in home for row in table.rows)
    covered = {part for row in rows if not row.weak and row.kind != "caution" for part in row.covers}
    return vaccine.id in covered or all(antigen in covered for antigen in vaccine.antigens)


def _until(row: VaccineInterval, start: date) -> date | None:
    if row.kind not in ("wait", "caution"):
        return None
    return add(start, months=row.months, weeks=row.weeks, days=row.days)


def _tables(
    rows: Iterable[VaccineInterval], lineage: tuple[str, ...], *, all_products: bool = False
) -> tuple[Table, ...]:
    ladders: dict[tuple[str, bool, tuple[str, ...]], list[VaccineInterval]] = {}
    for row in rows:
        ladders.setdefault((row.table, row.replaced, row.covers), []).append(row)
    return tuple(
        Table(_parts(tuple(ladder)), not any(_holds(row, lineage) for row in ladder), all_products)
        for ladder in ladders.values()
    )


def _parts(ladder: Rows) -> tuple[Rows, ...]:
    strong = tuple(row for row in ladder if not row.weak)
    return (strong, ladder) if 0 < len(strong) < len(ladder) else (ladder,)


def _rule(dose: GivenDose, rows: Rows, all_products: bool) -> Ruling:
    """The row of one table that governs the dose."""
    if all_products:
        chosen = _Chosen(_longest(rows, dose.date), ("product_not_stated",))
    elif dose.route or not any(row.routes for row in rows):
        chosen = _by_route(dose, rows, dose.route)
    else:
        # Whatever the route was, the interval is long enough.
        routes = (route for route in get_args(DoseRoute) if route)
        chosen = max(
            (_by_route(dose, rows, route) for route in routes),
            key=lambda found: _until(found.row, dose.date) or date.min,
        )
        marks = tuple(mark for mark in chosen.marks if mark != "route_not_stated")
        chosen = _Chosen(chosen.row, (*marks, "route_unknown"))
    return apply(chosen.row, dose.date, chosen.marks)


def _by_route(dose: GivenDose, rows: Rows, route: DoseRoute) -> _Chosen:
    fitting = tuple(row for row in rows if not row.routes or route in row.routes)
    found = _by_amount(dose, fitting or rows)
    return found if fitting else _Chosen(found.row, (*found.marks, "route_not_stated"))


def _by_amount(dose: GivenDose, rows: Rows) -> _Chosen:
    amount = dose.g_per_kg
    if amount is None:
        bounded = any(row.g_per_kg_min is not None or row.g_per_kg_max is not None for row in rows)
        return _by_condition(dose, rows, ("dose_unknown",) if bounded else ())
    tops = sorted({_top(row) for row in rows})
    top = next((value for value in tops if value >= amount), tops[-1])
    # Lower steps count too, so that a larger dose is never shorter whatever the table says.
    steps = [
        _by_condition(dose, tuple(row for row in rows if _top(row) == value), ())
        for value in reversed(tops)
        if value <= top
    ]
    found = max(steps, key=lambda step: _until(step.row, dose.date) or date.min)
    if amount > top:
        return _Chosen(found.row, (*found.marks, "dose_above_table"))
    if amount < (found.row.g_per_kg_min or amount):
        return _Chosen(found.row, (*found.marks, "dose_between_rows"))
    return found


def _by_condition(dose: GivenDose, rows: Rows, marks: tuple[Mark, ...]) -> _Chosen:
    """Of rows for the same amount one named for the condition, or for none; else the longest."""
    named = tuple(row for row in rows if not row.conditions or dose.condition in row.conditions)
    known = dose.condition and dose.g_per_kg is not None
    row = _longest(named if named and known else rows, dose.date)
    fits = not row.conditions or dose.condition in row.conditions
    return _Chosen(row, marks if fits else (*marks, "condition_not_named"))


def _longest(rows: Rows, start: date) -> VaccineInterval:
    if len(rows) == 1:
        return rows[0]
    return max(rows, key=lambda row: _until(row, start) or date.min)


def _top(row: VaccineInterval) -> Decimal:
    return _UNBOUNDED if row.g_per_kg_max is None else row.g_per_kg_max
