"""First of all: are the values of a plan numbers and instants that can be compared at all?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from ivigil.verification.verdict import Objection
from ivigil.verification.walk import Found, place

LARGEST_EXPONENT = 30
FINEST_EXPONENT = -60
EARLIEST_YEAR, LATEST_YEAR = 1800, 9000


def check(name: str, found: Iterable[Found]) -> Iterator[Objection]:
    """Object to NaN, infinities, absurd exponents, odd years, and times without an offset."""
    for trail, leaf in found:
        fault = _fault(leaf)
        if fault:
            yield Objection("malformed_value", place((name, *trail) if name else trail), str(leaf), fault)


def _fault(leaf: object) -> str:
    if isinstance(leaf, msgspec.Struct):  # its fields stand behind it
        return ""
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
