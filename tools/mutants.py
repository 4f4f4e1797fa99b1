"""Mutants of the fact base: one fact wrong at a time, as a slip of the pen would make it.

Every dose and rate fact is changed in every way listed under ``OPERATORS``. Nothing is
written to disk: a mutant is a copy of one top-level record with one thing changed in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from ivigil.knowledge import care, conditions, hazards, policies, products, reactions, weights
from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.store import FactFile
from ivigil.units import RateUnit

OPERATORS = {
    "x10": "a figure ten times too high",
    "/10": "a figure ten times too low",
    "unit": "a rate or dose in another unit, the figure unchanged",
    "swap": "naive for experienced, adult for child, actual for adjusted weight",
    "field": "a figure in the neighbouring field: total for daily, week for month, grams for grams per kg",
    "strict": '"less than" read as "not more than"',
    "plannable": "rates that were not seen complete, marked as plannable",
    "group": "a risk group left out of a row",
    "dropped": "a row left out: at-risk rate, cap, site limit, vial, step, hazard effect",
}

TOP_LEVEL = (
    "product",
    "condition",
    "hazard",
    "dose_cap",
    "ideal_weight",
    "adjusted_weight",
    "weight_policy",
    "premedication",
    "emergency_drug",
    "hydration",
    "policy",
)

FIGURES: tuple[type[Record], ...] = (
    products.Product,
    products.Vial,
    products.LabelUse,
    products.Schedule,
    products.RateStep,
    products.AtRiskRate,
    products.Conversion,
    products.StartAfter,
    products.SiteLimit,
    products.SubcutaneousDose,
    products.RampUp,
    products.RampStep,
    products.TroughAdjustment,
    conditions.Regimen,
    conditions.RateCap,
    conditions.Cotreatment,
    weights.DoseCap,
    weights.IdealWeightFormula,
    weights.AdjustedWeightFormula,
    hazards.CapRate,
    hazards.CapDailyDose,
    hazards.CapDailyVolume,
    hazards.MinimumDays,
    hazards.MinimumHours,
    hazards.Observe,
    care.Premedication,
    care.Hydration,
    reactions.EmergencyDrug,
    policies.Policy,
)
"""Records whose numbers are doses, rates, or decide which dose or rate applies."""

DROPPED: tuple[type[Record], ...] = (
    products.Vial,
    products.AtRiskRate,
    products.RateStep,
    products.SiteLimit,
    products.SubcutaneousDose,
    products.RampStep,
    products.TroughAdjustment,
    conditions.RateCap,
    weights.DoseCap,
    *get_args(hazards.Effect),
)
"""Rows that a restriction or a choice of vials rests on: each is left out once."""

NEIGHBOURS: dict[type[Record], tuple[tuple[str, str], ...]] = {
    conditions.Regimen: (
        ("total_dose_g_per_kg_min", "daily_dose_g_per_kg_min"),
        ("total_dose_g_per_kg_max", "daily_dose_g_per_kg_max"),
        ("max_total_dose_g", "max_total_dose_g_per_kg"),
        ("max_total_dose_g", "max_daily_dose_g"),
    ),
    products.SubcutaneousDose: (
        ("g_per_kg_per_week_min", "g_per_kg_per_month_min"),
        ("g_per_kg_per_week_max", "g_per_kg_per_month_max"),
        ("g_per_kg_per_day_max", "g_per_day_max"),
    ),
    products.SiteLimit: (
        ("volume_ml_per_site", "rate_ml_per_h_per_site"),
        ("rate_ml_per_h_per_site", "rate_ml_per_h_total"),
        ("volume_ml_per_site", "volume_ml_per_kg_per_site"),
    ),
    weights.DoseCap: (("max_g_per_dose", "max_g_per_kg"), ("max_total_g", "max_g_per_day")),
    hazards.CapDailyDose: (("g_per_kg", "grams"),),
    care.Premedication: (("dose_mg", "dose_mg_per_kg"),),
}
"""Fields that are easily taken for one another; the two values change places."""

CHOICES: dict[type[Record], dict[str, tuple[str, ...]]] = {
    products.Schedule: {"experience": get_args(products.Experience)},
    products.LabelUse: {"dose_per": ("infusion", "course", "month", "week")},
    care.Premedication: {"population": ("adult", "child")},
    reactions.EmergencyDrug: {"population": ("adult", "child")},
    weights.WeightRule: {"weight": ("actual", "adjusted", "ideal")},
}
"""Fields with a small vocabulary; a value is replaced by each of the others."""

UNITS: tuple[str, ...] = get_args(RateUnit)
TENFOLD = Decimal(10)


class Change(msgspec.Struct, frozen=True):
    """What is wrong in a mutant."""

    fact: str
    """Id of the fact, or of the one that holds the changed row."""
    kind: str
    """Type of the changed record."""
    operator: str
    field: str
    was: str
    now: str


class Mutant(msgspec.Struct, frozen=True):
    """A top-level record with one thing wrong in it."""

    change: Change
    table: str
    """Which array of the fact base the record stands in."""
    place: int
    record: Record | None
    """None: the whole record is left out."""

    def within(self, facts: FactFile) -> FactFile:
        """The whole fact base with this record in place of the right one."""
        rows = getattr(facts, self.table)
        kept = () if self.record is None else (self.record,)
        return replace(facts, **{self.table: (*rows[: self.place], *kept, *rows[self.place + 1 :])})


def mutants(facts: FactFile) -> Iterator[Mutant]:
    """Every mutant of every dose and rate fact, in authored order."""
    for table in TOP_LEVEL:
        for place, record in enumerate(getattr(facts, table)):
            for change, mutated in _changed_rows(record, ""):
                yield Mutant(change, table, place, mutated)


def _variants(record: Record, owner: str) -> Iterator[tuple[Change, Record]]:
    """Copies of a record, each with one change in it or in a record below it."""
    fact = record.id if isinstance(record, Fact) else owner
    for operator, field, now, fields in _own_changes(record):
        was = _text(getattr(record, field))
        yield Change(fact, type(record).__name__, operator, field, was, now), replace(record, **fields)
    for name in record.__struct_fields__:
        rows = getattr(record, name)
        if not isinstance(rows, tuple):
            continue
        for place, row in enumerate(rows):
            if isinstance(row, Record):
                for change, changed in _changed_rows(row, fact):
                    kept = () if changed is None else (changed,)
                    yield change, replace(record, **{name: (*rows[:place], *kept, *rows[place + 1 :])})


def _changed_rows(row: Record, owner: str) -> Iterator[tuple[Change, Record | None]]:
    """A row's variants, and the row left out (None)."""
    yield from _variants(row, owner)
    if isinstance(row, DROPPED):
        fact = row.id if isinstance(row, Fact) else owner
        yield Change(fact, type(row).__name__, "dropped", "", "row", ""), None


def _own_changes(record: Record) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(operator, field, new value as text, fields to replace)."""
    if isinstance(record, FIGURES):
        for field in record.__struct_fields__:
            for operator, now in _tenfold(getattr(record, field)):
                yield operator, field, _text(now), {field: now}
    for one, other in NEIGHBOURS.get(type(record), ()):
        mine, theirs = getattr(record, one), getattr(record, other)
        if mine != theirs:
            yield "field", one, f"in {other}", {one: theirs, other: mine}
    for field, choices in _choices(record).items():
        for choice in choices:
            if getattr(record, field) not in (choice, None, ""):
                operator = "unit" if field in ("unit", "max_rate_unit", "dose_per") else "swap"
                yield operator, field, choice, {field: choice}
    yield from _flags(record)


def _choices(record: Record) -> dict[str, tuple[str, ...]]:
    chosen = dict(CHOICES.get(type(record), {}))
    if isinstance(record, FIGURES) and not isinstance(record, policies.Policy):
        chosen |= {name: UNITS for name in ("unit", "max_rate_unit") if name in record.__struct_fields__}
    return chosen


def _flags(record: Record) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for field in ("strict", "max_strict"):
        if getattr(record, field, False):
            yield "strict", field, "False", {field: False}
    if isinstance(record, products.Schedule) and not record.plannable:
        yield "plannable", "plannable", "True", {"plannable": True}
    if isinstance(record, products.AtRiskRate) and len(record.groups) > 1:
        for group in record.groups:
            left = tuple(g for g in record.groups if g != group)
            yield "group", "groups", f"without {group}", {"groups": left}


def _tenfold(value: object) -> Iterator[tuple[str, object]]:
    """A number or a tuple of numbers, ten times too high and too low."""
    if isinstance(value, tuple):
        for place, item in enumerate(value):
            for operator, now in _tenfold(item):
                yield operator, (*value[:place], now, *value[place + 1 :])
    elif isinstance(value, Decimal) and value:
        yield "x10", value * TENFOLD
        yield "/10", value / TENFOLD
    elif isinstance(value, int) and not isinstance(value, bool) and value:
        yield "x10", value * 10
        yield "/10", value // 10


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
