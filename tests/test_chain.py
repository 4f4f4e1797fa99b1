"""The hash chain against a second, independent computation."""

from __future__ import annotations

import hashlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil.records import Journal, chain, tables
from tests.support.journals import PATIENT, draft

values = st.none() | st.text() | st.integers() | st.binary()


@settings(deadline=None)
@given(st.lists(values), st.lists(values))
def test_different_values_are_never_the_same_bytes(one: list[chain.Value], two: list[chain.Value]) -> None:
    assert (chain.encode(one) == chain.encode(two)) == (one == two)


def test_the_chain_can_be_recomputed_from_the_description(journal: Journal) -> None:
    """As docs/records.md describes it, without our code."""

    def part(value: object) -> bytes:
        if value is None:
            return b"n"
        mark, data = (
            (b"b", value)
            if isinstance(value, bytes)
            else (b"i" if isinstance(value, int) else b"s", str(value).encode())
        )
        return mark + struct.pack(">Q", len(data)) + data

    def digest(domain: bytes, *parts: object) -> str:
        return hashlib.sha256(domain + b"".join(map(part, parts))).hexdigest()

    journal.append([draft(journal.stream(PATIENT)) for _ in range(3)])
    with journal.store.reading() as connection:
        stored = connection.exec_driver_sql("SELECT * FROM event ORDER BY position").mappings().all()
    expected = digest(b"ivigil journal 1 genesis", journal.identity.id)
    for row in stored:
        header = b"".join(part(row[name]) for name in row if name not in ("payload", "hash"))
        expected = digest(b"ivigil journal 1 event", expected, header, bytes(row["payload"]))
        assert row["hash"] == expected
    assert journal.head().hash == expected
    assert set(tables.HEADER) == set(stored[0]) - {"payload", "hash"}
