"""First of all: are the values of a plan numbers and instants that can be compared at all?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from ivigil.verification.verdict import Objection

LARGEST_EXPONENT = 30
FINEST_EXPONENT = -60
EARLIEST_YEAR, LATEST_YEAR = 1800, 9000


def check(name: str, value: object) -> Iterator[Objection]:
    """Object to NaN, infinities, absurd exponents, and times without an offset, at any depth."""
    for where, leaf in leaves(name, value):
        fault = _fault(leaf)
        if fault:
            yield Objection("malformed_value", where, str(leaf), fault)


def leaves(where: str, value: object) -> Iterator[tuple[str, object]]:
    """Every plain value of nested structs, tuples and dictionaries, with its path."""
    if isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from leaves(f"{where}.{field}" if where else field, getattr(value, field))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from leaves(f"{where}[{index}]", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{where}.{key}", item)
    else:
        yield where, value


def _fault(leaf: object) -> str:
    if isinstance(leaf, Decimal):
        return _number_fault(leaf)
    if isinstance(leaf, dt.datetime) and leaf.utcoffset() is None:
        return "an instant with its offset"
    if isinstance(leaf, dt.date) and not EARLIEST_YEAR <= leaf.year <= LATEST_YEAR:
        return f"a year from {EARLIEST_YEAR} to {LATEST_YEAR}"
    return ""


def _number_fault(number: Decimal) -> str:
    if not number.is_finite():
        return "a finite number"
    exponent = number.as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < FINEST_EXPONENT
    return "a number of ordinary size" if too_fine or number.adjusted() > LARGEST_EXPONENT else ""
