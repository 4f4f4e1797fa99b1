"""Orders for tests: built as values, from the real fact base. All patients are fictional."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache

from msgspec.structs import replace

from ivigil.knowledge.store import Knowledge, load
from ivigil.order import LastImmunoglobulin, Order
from ivigil.patient import Identifier, Patient, Screening

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)


@cache
def knowledge() -> Knowledge:
    return load()


def adult(weight_kg: str = "70", *, age: int = 40, height_cm: str = "175") -> Patient:
    """An adult man, group O, whose whole checklist was asked and is clean."""
    return Patient(
        id=Identifier("urn:example", "T-1"),
        birth_date=dt.date(2026 - age, 1, 1),
        sex="male",
        weight_kg=Decimal(weight_kg),
        height_cm=Decimal(height_cm),
        choices={"blood_group": "O"},
        screening=Screening(complete=True),
    )


def child(weight_kg: str = "14.2") -> Patient:
    """A child of three years, group O, checklist asked and clean."""
    return Patient(
        id=Identifier("urn:example", "T-2"),
        birth_date=dt.date(2023, 2, 1),
        sex="male",
        weight_kg=Decimal(weight_kg),
        height_cm=Decimal(94),
        choices={"blood_group": "O"},
        screening=Screening(complete=True),
    )


def order(condition: str, patient: Patient, **fields: object) -> Order:
    """An order in the US for a first infusion, unless told otherwise."""
    base = Order(
        condition=condition,
        jurisdiction="US",
        start=START,
        route="IV",
        patient=patient,
        experience="naive",
        interval_days=None,
    )
    return replace(base, **fields)


def last(product: str | None, **fields: object) -> LastImmunoglobulin:
    """A tolerated dose four weeks before the start."""
    base = LastImmunoglobulin(date=dt.date(2026, 10, 26), product=product, grams=Decimal(30))
    return replace(base, **fields)


def screened(
    patient: Patient, *, present: tuple[str, ...] = (), absent: tuple[str, ...] = (), complete: bool
) -> Patient:
    """The same patient with other answers."""
    return replace(patient, screening=Screening(complete=complete, present=present, absent=absent))
