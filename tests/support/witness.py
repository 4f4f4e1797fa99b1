"""A second witness of every dose and rate: figures written down apart from the fact base.

``tests/witness/*.toml`` hold one row a fact, transcribed from the research notes (the fact base of
November 2026): the notes' *converted* columns for rates, where the facts keep the label's own unit; the
notes' own figures elsewhere. A slip in either copy shows up as a difference. Whoever changes a
figure on purpose writes it twice, as in double-entry book-keeping.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from ivigil import units
from ivigil.knowledge import care, conditions, hazards, policies, products, reactions, weights
from ivigil.knowledge.evidence import Record
from ivigil.knowledge.logic import When
from ivigil.knowledge.store import FactFile

FOLDER = Path(__file__).parent.parent / "witness"
Row = dict[str, Any]

WITNESSED: tuple[type[Record], ...] = (
    products.LabelUse,
    products.Schedule,
    products.AtRiskRate,
    products.Conversion,
    products.StartAfter,
    products.SiteLimit,
    products.SubcutaneousDose,
    products.RampUp,
    products.TroughAdjustment,
    conditions.Regimen,
    conditions.RateCap,
    conditions.Cotreatment,
    weights.DoseCap,
    weights.IdealWeightFormula,
    weights.AdjustedWeightFormula,
    weights.WeightRule,
    care.Premedication,
    care.Hydration,
    reactions.EmergencyDrug,
    policies.Policy,
    hazards.Hazard,
    products.Product,
)
"""Kinds of record that must each have a row, unless the record has no figure at all."""

WORDS = frozenset(
    {"dose_per", "population", "weight", "rule", "groups", "experience", "convert_from", "last_route"}
    | {"applies", "phase", "indications", "unit", "max_rate_unit", "factor", "sex", "route"}
)
"""Text fields that decide which dose or rate applies."""

DIGITS = Decimal("0.0001")
"""The notes' converted columns have four decimals."""


def read(folder: Path = FOLDER) -> dict[str, Row]:
    """Every row by the id of its fact; a fact may be witnessed once only."""
    rows: dict[str, Row] = {}
    for path in sorted(folder.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        twice = rows.keys() & table.keys()
        if twice:
            raise ValueError(f"{path.name}: witnessed twice: {sorted(twice)}")
        rows.update(table)
    return rows


def differences(facts: FactFile, rows: dict[str, Row]) -> list[str]:
    """Facts that their witness contradicts, facts without a witness, witnesses without a fact."""
    found = dict(figures(facts))
    wrong = [f"{name}: no such fact" for name in rows if name not in found]
    wrong += [f"{name}: not witnessed: {row}" for name, row in found.items() if name not in rows]
    wrong += [
        f"{name}: the facts say {row}, the witness {rows[name]}"
        for name, row in found.items()
        if name in rows and plain(row) != plain(rows[name])
    ]
    return wrong


def figures(record: Record) -> Iterator[tuple[str, Row]]:
    """(fact id, row) of every witnessed record in and below a record that has a figure."""
    if isinstance(record, WITNESSED):
        row = row_of(record)
        if isinstance(record, weights.WeightRule) or any(not isinstance(v, str) for v in row.values()):
            yield record.id, row  # type: ignore[attr-defined]
    if isinstance(record, When):
        return
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Record):
                yield from figures(item)


def row_of(record: Record) -> Row:
    """A record as its witness would write it."""
    match record:
        case products.Product():
            return _product(record)
        case products.Schedule():
            return _schedule(record)
        case products.AtRiskRate():
            return _at_risk(record)
        case conditions.RateCap():
            return {**_rate("cap", record.rate, record.unit), **_set(strict=record.strict)}
        case products.RampUp():
            steps = [[step.week, step.dose_weeks] for step in record.steps]
            return {**_fields(record), "steps": steps}
        case hazards.Hazard():
            return _set(effects=[_effect(effect) for effect in record.effects])
        case policies.Policy():
            return _set(number=record.number)
        case conditions.Regimen() if record.route == "IV":
            return {name: value for name, value in _fields(record).items() if name != "route"}
        case _:
            return _fields(record)


def _product(product: products.Product) -> Row:
    vials = sorted([vial.grams, vial.volume_ml] for vial in product.vials)
    return {"percent": product.g_per_100_ml, **_set(vials=vials)}


def _schedule(schedule: products.Schedule) -> Row:
    def both(rates: list[Decimal]) -> Row:
        return _rates(rates, schedule.unit, schedule.g_per_100_ml)

    ladder = [step.rate for step in schedule.steps] or list(schedule.step_rates)
    row = both([schedule.start_rate, schedule.max_rate])
    row |= {f"ladder_{unit}": rates for unit, rates in both(ladder).items()} if ladder else {}
    row |= _set(
        minutes=[step.minutes for step in schedule.steps[:-1]],
        first_minutes=schedule.start_minutes,
        step_minutes_min=schedule.step_minutes_min,
        step_minutes_max=schedule.step_minutes_max,
        complete=schedule.plannable,
        strict=schedule.max_strict,
        infusions_tolerated=schedule.infusions_tolerated_min,
        age_from=schedule.age_min_years,
        kg_from=schedule.weight_kg_min,
        kg_to=schedule.weight_kg_max,
        kg_below=schedule.weight_kg_below,
    )
    if schedule.experience != "any":
        row["whom"] = schedule.experience
    if schedule.tolerated_rate_min is not None:
        tolerated = _rates([schedule.tolerated_rate_min], schedule.unit, schedule.g_per_100_ml)
        row["tolerated_ml_per_kg_h"] = next(iter(tolerated.values()))[0]
    return row


def _at_risk(risk: products.AtRiskRate) -> Row:
    row: Row = {"groups": list(risk.groups), "rule": risk.rule, **_set(strict=risk.strict)}
    if risk.rate is not None and risk.unit is not None:
        row |= _rate("limit", risk.rate, risk.unit)
    return row


def _rate(name: str, rate: Decimal, unit: units.RateUnit) -> Row:
    """Without a strength a rate stays in its own dimension: mg or mL per kg, per hour."""
    if unit in ("g/h", "mL/h", "mL/min"):
        return {f"{name}_{unit}": rate}
    per_hour = rate * 60 if unit.endswith("/min") else rate
    return {f"{name}_{unit[:2]}_per_kg_h": per_hour}


def _rates(rates: list[Decimal], unit: units.RateUnit, g_per_100_ml: Decimal) -> Row:
    """Rates in both units that labels print, whatever the unit they are kept in."""
    if unit in ("g/h", "mL/h", "mL/min"):
        return {unit: rates}
    volume = [units.rate_ml_per_kg_h(rate, unit, g_per_100_ml) for rate in rates]
    protein = [rate * g_per_100_ml / 6 for rate in volume]  # mL/kg/h x 10 mg per mL and percent / 60 min
    return {"ml_per_kg_h": volume, "mg_per_kg_min": protein}


def _effect(effect: hazards.Effect) -> str:
    """An effect in one line: its kind, then its figures and names as "field value"."""
    words = [str(effect.__struct_config__.tag)]
    for name in effect.__struct_fields__:
        value = getattr(effect, name)
        if value and name in _EFFECT_FIELDS:
            words.append(f"{name} {', '.join(value) if isinstance(value, tuple) else _word(value)}")
    return " ".join(words)


_EFFECT_FIELDS = frozenset(
    {"rate", "unit", "strict", "g_per_kg", "grams", "days", "hours", "ml_per_kg", "minutes", "group"}
    | {"stabilisers", "contraindication", "property", "order", "test", "phase", "drug_class", "hydration"}
    | {"withhold", "above", "flag", "routes", "audience"}
)


def _word(value: object) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _fields(record: Record) -> Row:
    """Numbers, lists of numbers, flags that hold, and the words that decide who gets them."""
    row: Row = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        numbers = value if isinstance(value, tuple) else (value,)
        if not value or name in _NOT_FIGURES:
            continue
        if all(isinstance(item, Decimal | int) for item in numbers) or name in WORDS:
            row[name] = list(value) if isinstance(value, tuple) else value
    return row


_NOT_FIGURES = frozenset(
    {"seen", "derived", "superseded", "default", "special", "device", "repeatable", "treats_reaction"}
)


def _set(**values: Any) -> Row:
    return {name: value for name, value in values.items() if value not in (None, False, [], ())}


def plain(value: Any) -> Any:
    """Equal figures look equal: 1, 1.0 and Decimal("1.00") are one; four decimals count."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(value).quantize(DIGITS).normalize()
    return value
