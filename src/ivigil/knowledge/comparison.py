"""A product's figures put on a common footing: per gram of protein, rates in mL/kg/h."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ivigil import units
from ivigil.knowledge.products import AtRiskRate, Experience, Product, PropertyName, Schedule


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a product with its sign ("<", "<=" or none)."""

    fact: str
    number: Decimal
    comparator: str
    per_g_protein: Decimal | None = None
    """The same per gram of protein, where that is asked for."""
    applies_to: str = ""
    weak: bool
    """Unread, or from a digest: it may warn or restrict, never permit."""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Start and maximum of one schedule, in the label's unit and per kg of body weight."""

    schedule: str
    indications: tuple[str, ...]
    experience: Experience
    population: str
    weight_kg_min: Decimal | None
    weight_kg_max: Decimal | None
    weight_kg_below: Decimal | None
    unit: str
    start: Decimal
    maximum: Decimal
    strict: bool
    """True: less than the maximum."""
    start_ml_per_kg_h: Decimal | None
    maximum_ml_per_kg_h: Decimal | None
    """None: the label's unit is not per kilogram."""
    weak: bool
    complete: bool
    """True if a plan may use it as it stands: read whole, for these uses."""


class AtRisk(msgspec.Struct, frozen=True, kw_only=True):
    """The label's rule for patients at risk."""

    fact: str
    groups: tuple[str, ...]
    rule: str
    maximum: Decimal | None
    unit: str
    strict: bool
    maximum_ml_per_kg_h: Decimal | None
    weak: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of one product. Typical and maximum are never mixed."""

    id: str
    name: str
    jurisdiction: str
    route: str
    g_per_100_ml: Decimal
    vials_g: tuple[Decimal, ...]
    stabilisers: tuple[str, ...]
    iga_typical: tuple[Figure, ...]
    iga_maximum: tuple[Figure, ...]
    sodium_mmol_per_l: dict[str, tuple[Figure, ...]]
    osmolality_mosm_per_kg: dict[str, tuple[Figure, ...]]
    rates: tuple[Rates, ...]
    at_risk: tuple[AtRisk, ...]


def compare(product: Product) -> Comparison:
    """The comparable figures of one product."""
    return Comparison(
        id=product.id,
        name=product.name,
        jurisdiction=product.jurisdiction,
        route=product.route,
        g_per_100_ml=product.g_per_100_ml,
        vials_g=tuple(vial.grams for vial in product.vials),
        stabilisers=tuple(item.text or "" for item in product.properties_named("stabiliser")),
        iga_typical=figures(product, "iga_ug_per_ml_typical", per_gram=True),
        iga_maximum=figures(product, "iga_ug_per_ml_max", per_gram=True),
        sodium_mmol_per_l={
            "min": figures(product, "sodium_mmol_per_l_min"),
            "typical": figures(product, "sodium_mmol_per_l_typical"),
            "max": figures(product, "sodium_mmol_per_l_max"),
        },
        osmolality_mosm_per_kg={
            "min": figures(product, "osmolality_mosm_per_kg_min"),
            "typical": figures(product, "osmolality_mosm_per_kg_typical"),
            "max": figures(product, "osmolality_mosm_per_kg_max"),
        },
        rates=tuple(_rates(schedule) for schedule in product.schedules),
        at_risk=tuple(_at_risk(rule, product) for rule in product.at_risk_rates),
    )


def figures(product: Product, name: PropertyName, *, per_gram: bool = False) -> tuple[Figure, ...]:
    """The numbers of one property; with ``per_gram`` a figure per mL also per gram of protein."""
    ml_per_g = units.volume_ml(Decimal(1), product.g_per_100_ml)
    return tuple(
        Figure(
            fact=item.id,
            number=item.number,
            comparator=item.comparator,
            per_g_protein=item.number * ml_per_g if per_gram else None,
            applies_to=item.applies_to,
            weak=item.weak,
        )
        for item in product.properties_named(name)
        if item.number is not None
    )


def _rates(schedule: Schedule) -> Rates:
    return Rates(
        schedule=schedule.id,
        indications=schedule.indications,
        experience=schedule.experience,
        population=schedule.population,
        weight_kg_min=schedule.weight_kg_min,
        weight_kg_max=schedule.weight_kg_max,
        weight_kg_below=schedule.weight_kg_below,
        unit=schedule.unit,
        start=schedule.start_rate,
        maximum=schedule.max_rate,
        strict=schedule.max_strict,
        start_ml_per_kg_h=_per_kg(schedule.start_rate, schedule),
        maximum_ml_per_kg_h=_per_kg(schedule.max_rate, schedule),
        weak=schedule.weak,
        complete=schedule.plannable and not schedule.weak,
    )


def _per_kg(rate: Decimal, schedule: Schedule) -> Decimal | None:
    try:
        return units.rate_ml_per_kg_h(rate, schedule.unit, schedule.g_per_100_ml)
    except units.UnknownUnitError:
        return None


def _at_risk(rule: AtRiskRate, product: Product) -> AtRisk:
    per_kg = None
    if rule.rate is not None and rule.unit is not None and "/kg/" in rule.unit:
        per_kg = units.rate_ml_per_kg_h(rule.rate, rule.unit, product.g_per_100_ml)
    return AtRisk(
        fact=rule.id,
        groups=rule.groups,
        rule=rule.rule,
        maximum=rule.rate,
        unit=rule.unit or "",
        strict=rule.strict,
        maximum_ml_per_kg_h=per_kg,
        weak=rule.weak,
    )
