"""Orders for tests: a valid one as a plain table, changed key by key, written as JSON."""

from __future__ import annotations

import copy
import json
from typing import Any

from ivigil.intake import parse_order
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, Order, OrderError

VALID: dict[str, Any] = {
    "condition": "kawasaki_disease",
    "jurisdiction": "US",
    "start": "2026-11-23T08:00:00+00:00",
    "route": "IV",
    "patient": {
        "id": {"system": "urn:example", "value": "K-001"},
        "birth_date": "2023-02-01",
        "sex": "male",
        "weight_kg": 14.2,
        "height_cm": 94,
    },
    "screening": {"complete": False},
}
ABSENT: Any = object()


def changed(**changes: Any) -> dict[str, Any]:
    """The valid order with values by path: ``patient__weight_kg=3``; ABSENT takes a key away."""
    order = copy.deepcopy(VALID)
    for path, value in changes.items():
        *tables, key = path.split("__")
        table = order
        for name in tables:
            table = table.setdefault(name, {})
        if value is ABSENT:
            table.pop(key, None)
        else:
            table[key] = value
    return order


def read(base: Knowledge, **changes: Any) -> Order:
    """Parse the valid order with these changes."""
    return parse_order(json.dumps(changed(**changes)).encode(), "json", base)


def faults(base: Knowledge, **changes: Any) -> tuple[Fault, ...]:
    """The faults of the valid order with these changes; empty if it is accepted."""
    return text_faults(json.dumps(changed(**changes)), "json", base)


def text_faults(text: str | bytes, format: Any, base: Knowledge) -> tuple[Fault, ...]:
    """The faults of an order as written; empty if it is accepted."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    try:
        parse_order(raw, format, base)
    except OrderError as error:
        return error.faults
    return ()
