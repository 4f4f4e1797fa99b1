"""A number with its unit, never broken over two lines: leading zero, no trailing zero."""

from __future__ import annotations

from decimal import Decimal

import htpy as h
from htpy import Element

from ivigil.sheets.numbers import number as written


def number(value: Decimal | int, unit: str = "", places: int = 2, *, large: bool = False) -> Element:
    """``number(Decimal("40.50"), "mL/h")`` shows 40.5 mL/h."""
    return h.span(class_=["number", {"large": large}])[
        h.b[written(value, places)], h.span(".unit")[f"\u202f{unit}"] if unit else None
    ]
