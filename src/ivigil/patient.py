"""A patient as an order describes one: identity, body, measurements, what was asked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.knowledge.logic import Reading

Sex = Literal["male", "female"]


class Identifier(msgspec.Struct, frozen=True):
    """A patient identifier in its naming system (FHIR Identifier)."""

    system: str
    value: str


class Measurement(msgspec.Struct, frozen=True):
    """A laboratory or clinical number in the unit of its vocabulary term."""

    reading: Reading
    date: dt.date | None = None
    """The day it was drawn or measured; None: not stated, taken as current and shown as assumed."""


class Screening(msgspec.Struct, frozen=True):
    """What was asked. A flag in neither tuple is absent only if ``complete``."""

    complete: bool = False
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def answer(self, flag: str) -> bool | None:
        """True if present, False if absent, None if it was not asked."""
        if flag in self.present:
            return True
        return False if flag in self.absent or self.complete else None


class Patient(msgspec.Struct, frozen=True):
    """One patient. ``measurements`` and ``choices`` are keyed by vocabulary id."""

    id: Identifier
    birth_date: dt.date
    sex: Sex
    weight_kg: Decimal
    weight_date: dt.date | None = None
    height_cm: Decimal | None = None
    last_weight_kg: Measurement | None = None
    """The weight recorded before this one: a large change is asked about."""
    confirmed: tuple[str, ...] = ()
    """Fields whose unusual value was checked by the writer of the order ("weight_kg")."""
    measurements: dict[str, Measurement] = {}
    choices: dict[str, str] = {}
    screening: Screening = Screening()


def completed_months(birth: dt.date, on: dt.date) -> int:
    """Age in completed months on a day."""
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def completed_years(birth: dt.date, on: dt.date) -> int:
    """Age in completed years on a day; a 29 February birthday counts from 1 March."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
