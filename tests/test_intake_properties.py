"""For any order: it is read, or refused with complete faults; never anything else."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil.intake import parse_order
from ivigil.intake.person import keys
from ivigil.intake.reading import KEYS
from ivigil.order import Order, OrderError
from tests.support.bases import base
from tests.support.written import VALID

SMALL = base("small")
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "IV", "SC", "14,2", "1.500", "31.3 lb", "<0.07", "M30.3", "D69.3", "2026-11-23", "naive", "migraine"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from([*KEYS, *(f"patient/{key}" for key in keys(SMALL)), "screening/present"])


def outcome(text: bytes, format: Any) -> Order | OrderError:
    try:
        return parse_order(text, format, SMALL)
    except OrderError as error:
        return error


def check(found: Order | OrderError) -> None:
    if isinstance(found, Order):
        assert found.patient.weight_kg > 0
        return
    assert found.faults
    for fault in found.faults:
        assert fault.field and fault.value and fault.accepted
        assert fault.text.isprintable(), fault
        assert len(fault.text) < 1000
    str(found).encode()
    assert found.log_safe


@given(st.text(), st.sampled_from(["toml", "json"]))
def test_any_text(text: str, format: str) -> None:
    check(outcome(text.encode("utf-8", "replace"), format))


@given(st.dictionaries(TEXTS | st.sampled_from(KEYS), VALUES, max_size=6))
@settings(max_examples=300)
def test_any_table(table: dict[str, Any]) -> None:
    check(outcome(json.dumps(table).encode(), "json"))


@given(st.lists(st.tuples(PATHS, VALUES), min_size=1, max_size=3))
@settings(max_examples=300)
def test_a_valid_order_with_any_values_in_it(changes: list[tuple[str, Any]]) -> None:
    order = json.loads(json.dumps(VALID))
    for path, value in changes:
        table = order
        *tables, key = path.split("/")
        for name in tables:
            table = table[name] if isinstance(table.get(name), dict) else table
        table[key] = value
    check(outcome(json.dumps(order).encode(), "json"))


SECRETS = st.text(alphabet="QXZ", min_size=6, max_size=12)


@given(st.lists(st.tuples(PATHS, SECRETS, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=300)
def test_logs_never_hold_a_value(changes: list[tuple[str, str, bool]]) -> None:
    order = json.loads(json.dumps(VALID))
    for path, secret, as_key in changes:
        *tables, key = path.split("/")
        table = order
        for name in tables:
            table = table[name] if isinstance(table.get(name), dict) else table
        table[key] = {secret: secret} if as_key else secret
    found = outcome(json.dumps(order).encode(), "json")
    for secret in (secret for _, secret, _ in changes):
        assert isinstance(found, Order) or secret not in found.log_safe


def test_the_valid_order_is_valid() -> None:
    assert isinstance(outcome(json.dumps(VALID).encode(), "json"), Order)
