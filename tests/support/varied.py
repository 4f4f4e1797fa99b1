"""Varied orders: every condition in four places, every product under the skin, 4 to 110 kg."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle
from random import Random

import msgspec

from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order
from ivigil.patient import Identifier, Measurement, Patient, Screening

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
PLACES = ("US", "EU", "UK", "CA-ON")
Body = tuple[str, int, str | None]
"""Weight in kg, age in years, height in cm."""
CHILDREN: tuple[Body, ...] = (("4.1", 0, None), ("14.2", 3, "94"), ("31.5", 9, "134"))
ADULTS: tuple[Body, ...] = (("52", 24, "163"), ("70", 40, "175"), ("96", 58, "181"), ("110", 71, "168"))
SCREENINGS = (
    Screening(complete=True),
    Screening(),
    Screening(complete=True, present=("diabetes_mellitus", "renal_impairment")),
    Screening(complete=True, present=("prior_venous_thrombosis", "heart_failure")),
    Screening(present=("migraine",), absent=("renal_impairment", "heart_failure")),
)

VARIATIONS = 8
"""Orders for one product and disease under the skin."""


def varied(knowledge: Knowledge) -> list[Order]:
    """One order for each condition and place that has a regimen; always the same list."""
    bodies: dict[str, Iterator[Body]] = {"child": cycle(CHILDREN), "adult": cycle(ADULTS)}
    screenings = cycle(SCREENINGS)
    orders: list[Order] = []
    for condition in knowledge.facts.condition:
        if condition.do_not_use or not condition.regimens:
            continue
        for place in PLACES:
            for group in _groups(condition):
                weight, age, height = next(bodies[group])
                patient = Patient(
                    id=Identifier("urn:example", f"B-{len(orders)}"),
                    birth_date=dt.date(2026 - age, 1, 5),
                    sex="female" if len(orders) % 2 else "male",
                    weight_kg=Decimal(weight),
                    height_cm=None if height is None else Decimal(height),
                    choices={"blood_group": ("A", "O")[len(orders) % 3 == 0]},
                    screening=next(screenings),
                )
                orders.append(
                    Order(
                        condition=condition.id,
                        jurisdiction=place,
                        start=START,
                        route="IV",
                        patient=patient,
                        experience="naive" if len(orders) % 4 else None,
                    )
                )
    return orders


def _groups(condition: Condition) -> Iterator[str]:
    populations = {group for regimen in condition.regimens for group in regimen.population}
    if populations & {"child", "neonate"}:
        yield "child"
    if populations & {"adult", "pregnant"}:
        yield "adult"


def varied_skin(knowledge: Knowledge) -> list[Order]:
    """Orders for every product under the skin and each disease of its licence; always the same list."""
    draw = Random(1)
    orders: list[Order] = []
    for product in knowledge.facts.product:
        for condition in _licensed(product, knowledge) if product.route == "SC" else ():
            for _ in range(VARIATIONS):
                weight, age, height = draw.choice(ADULTS)
                last, igg = draw.choice(_lasts()), draw.choice(("7", "9", "8.2", None))
                known = {} if igg is None else {"igg_g_per_l": Measurement(Reading.exactly(Decimal(igg)))}
                patient = Patient(
                    id=Identifier("urn:example", f"S-{len(orders)}"),
                    birth_date=dt.date(2026 - age, 1, 5),
                    sex="female" if len(orders) % 2 else "male",
                    weight_kg=Decimal(weight),
                    height_cm=None if height is None else Decimal(height),
                    measurements=known,
                    screening=draw.choice(SCREENINGS),
                )
                orders.append(
                    Order(
                        condition=condition,
                        jurisdiction=product.jurisdiction,
                        start=START,
                        route="SC",
                        patient=patient,
                        product=draw.choice((product.id, product.id, None)),
                        experience="experienced",
                        total_dose_g=draw.choice((None, None, Decimal(12))),
                        interval_days=draw.choice((None, None, 7, 14)),
                        last_immunoglobulin=_same(last, product) if draw.choice((True, False)) else last,
                        target_trough_g_per_l=draw.choice((Decimal(8), None)),
                    )
                )
    return orders


def _licensed(product: Product, knowledge: Knowledge) -> tuple[str, ...]:
    codes = dict.fromkeys(use.indication for use in product.uses)
    known = (knowledge.label_indications[code] for code in codes if code in knowledge.label_indications)
    return tuple(dict.fromkeys(name for use in known for name in use.conditions))


def _lasts() -> tuple[LastImmunoglobulin, ...]:
    """A week or four weeks ago; into a vein, or under the skin at two intervals."""
    return (
        LastImmunoglobulin(date=dt.date(2026, 11, 16), grams=Decimal(30), interval_days=28, infusions=12),
        LastImmunoglobulin(date=dt.date(2026, 10, 26), grams=Decimal(30), interval_days=21),
        LastImmunoglobulin(date=dt.date(2026, 11, 16), grams=Decimal(8), route="SC", interval_days=7),
        LastImmunoglobulin(
            date=dt.date(2026, 11, 9), grams=Decimal(20), route="SC", interval_days=14, infusions=20
        ),
    )


def _same(last: LastImmunoglobulin, product: Product) -> LastImmunoglobulin:
    """The last dose as one of this product, where it was under the skin."""
    return msgspec.structs.replace(last, product=product.id) if last.route == "SC" else last
