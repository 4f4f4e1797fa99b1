"""What the fillers of the two standards share: one value for one field, and how values are joined."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.knowledge.population import MONTHS_PER_YEAR

Value = str | Decimal | dt.date | dt.datetime | None
"""None: nothing is recorded."""

_INFANT_MONTHS = 24


class Filled(msgspec.Struct, frozen=True):
    """One field, its place in the repeated groups (from 1), its value."""

    code: str
    place: tuple[int, ...]
    value: Value


def plain(*parts: str) -> str | None:
    """The parts that say something, in one line; None if the first says nothing."""
    if not parts[0]:
        return None
    return ", ".join(part for part in parts if part)


def age(months: int | None) -> tuple[int, Literal["months", "years"]] | None:
    """An age as forms write it: in completed months below two years, in completed years from then on."""
    if months is None:
        return None
    return (months, "months") if months < _INFANT_MONTHS else (months // MONTHS_PER_YEAR, "years")
