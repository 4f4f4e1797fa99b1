"""From an intravenous dose to subcutaneous grams a week, by each product's own factor."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from ivigil import units
from ivigil.knowledge.products import Conversion, Product
from ivigil.knowledge.store import Knowledge

FactorState = Literal[
    "usable",  # read in a source and current
    "signed",  # held back, and signed by the site
    "unsigned",  # weak evidence, or added by the site and not signed
    "superseded",  # a newer figure replaced it; a signature does not bring it back
]


class StartAfter(msgspec.Struct, frozen=True, kw_only=True):
    """When the first subcutaneous dose follows the last intravenous one."""

    fact: str
    schedule: str
    weeks_min: Decimal
    weeks_max: Decimal


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """One factor of one product, and what it gives. No number unless the factor may be used."""

    product: str
    name: str
    fact: str
    factor: Decimal
    indications: tuple[str, ...]
    """Uses that the factor is stated for; empty: any."""
    state: FactorState
    weekly_grams: Decimal | None
    weekly_ml: Decimal | None
    start_after: tuple[StartAfter, ...] = ()


def convert(
    grams: Decimal, every_weeks: Decimal, product: Product, knowledge: Knowledge
) -> tuple[Converted, ...]:
    """Weekly grams = grams / weeks between intravenous doses x factor, for each of the product's factors.

    grams: of one intravenous dose, above 0; every_weeks: above 0. Empty if no factor is known.
    """
    return tuple(
        _converted(grams / every_weeks, factor, product, knowledge)
        for factor in product.conversions
        if factor.convert_from == "IV"
    )


def _converted(
    weekly_iv_grams: Decimal, factor: Conversion, product: Product, knowledge: Knowledge
) -> Converted:
    state = _state(factor, knowledge)
    grams = weekly_iv_grams * factor.factor if state in ("usable", "signed") else None
    return Converted(
        product=product.id,
        name=product.name,
        fact=factor.id,
        factor=factor.factor,
        indications=factor.indications,
        state=state,
        weekly_grams=grams,
        weekly_ml=None if grams is None else units.volume_ml(grams, product.g_per_100_ml),
        start_after=tuple(
            StartAfter(
                fact=item.id, schedule=item.schedule, weeks_min=item.weeks_min, weeks_max=item.weeks_max
            )
            for item in product.starts_after
            if item.last_route == "IV" and knowledge.permits(item)
        ),
    )


def _state(factor: Conversion, knowledge: Knowledge) -> FactorState:
    if factor.replaced:
        return "superseded"
    if factor.id in knowledge.signed:
        return "signed"
    return "usable" if knowledge.permits(factor) else "unsigned"
