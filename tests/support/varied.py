"""A varied set of orders: every condition, four places, 4 to 110 kg, with and without answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle

from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.patient import Identifier, Patient, Screening

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
