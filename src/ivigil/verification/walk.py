"""Walking through a plan: every part and value in it, each with its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec.structs import astuple

Trail = tuple[str | int, ...]
Found = tuple[Trail, object]

_PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})
_NOTHING: frozenset[str] = frozenset()
_NUMBERS_AND_DATES: frozenset[type] = frozenset({Decimal, dt.date, dt.datetime})


def walk(value: object, *, leaving_out: frozenset[str] = _NOTHING, plain: bool = False) -> list[Found]:
    """Every struct, number and date below ``value`` (with ``plain``, every other value too).

    leaving_out: names of fields of ``value`` itself that are not entered.
    """
    found: list[Found] = []
    _gather((), value, leaving_out, plain, found)
    return found


def _gather(
    trail: Trail, value: object, leaving_out: frozenset[str], plain: bool, found: list[Found]
) -> None:
    inner: Iterable[tuple[str | int, object]]
    if isinstance(value, msgspec.Struct):
        found.append((trail, value))
        inner = zip(value.__struct_fields__, astuple(value), strict=True)
        if leaving_out:
            inner = [(name, item) for name, item in inner if name not in leaving_out]
    elif isinstance(value, tuple | list):
        inner = enumerate(value)
    elif isinstance(value, dict):
        inner = value.items()
    else:
        found.append((trail, value))
        return
    for name, item in inner:
        kind = item.__class__
        if kind in _PLAIN and not plain:
            continue
        if kind in _NUMBERS_AND_DATES:
            found.append(((*trail, name), item))
        elif item != ():
            _gather((*trail, name), item, _NOTHING, plain, found)


def place(trail: Trail) -> str:
    """A trail as a path: "days[0].steps[2].minutes"."""
    text = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in trail)
    return text.removeprefix(".")
