"""Everything the journal holds about one patient, for people (CSV) and programs (JSON)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from ivigil.records.words import Header, Record

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet may run a cell of text that starts with one of these."""

COLUMNS = (
    "position",
    "version",
    "received_at",
    "hash",
    *(field.name for field in msgspec.structs.fields(Header)),
    "field",
    "value",
)

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(records: Iterable[Record]) -> bytes:
    """A list of events, indented; numbers with their decimals as written."""
    return msgspec.json.format(_encoder.encode(list(records)), indent=2)


def to_csv(records: Iterable[Record]) -> str:
    """One line for each value of each event (RFC 4180), its place in the body in column ``field``.

    Text that a spreadsheet would take for a formula has an apostrophe before it; numbers are numbers.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for record in records:
        head = [cell(getattr(record, name)) for name in COLUMNS[:-2]]
        for field, value in _leaves(msgspec.to_builtins(record.body, builtin_types=(Decimal,))):
            writer.writerow([*head, cell(field), cell(value)])
    return out.getvalue()


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value with its path: ("plan.days.0.grams", 82)."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for number, part in enumerate(value):
            yield from _leaves(part, f"{path}.{number}" if path else str(number))
    else:
        yield path, "" if value in ({}, []) else value


def cell(value: Any) -> str:
    """A value for a spreadsheet: before text that it would take for a formula stands an apostrophe."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case dt.datetime():
            return value.isoformat()
        case str() if value.startswith(FORMULA):
            return f"'{value}"
    return str(value)
