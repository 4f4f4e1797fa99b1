"""The hash chain: every event's hash covers its header, its encrypted payload and the hash before it.

It covers the payload as encrypted, so destroying a key never breaks the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

Value = str | int | bytes | None


def encode(values: Iterable[Value]) -> bytes:
    """One byte string for a sequence of values; two different sequences never give the same one."""
    return b"".join(map(_encode, values))


def _encode(value: Value) -> bytes:
    match value:
        case str():
            mark, data = b"s", value.encode()
        case int():
            mark, data = b"i", str(value).encode()
        case bytes():
            mark, data = b"b", value
        case None:
            return b"n"
    return mark + len(data).to_bytes(8, "big") + data


def genesis(journal_id: str) -> str:
    """The hash before the first event: journals with different ids share no hash."""
    return hashlib.sha256(b"ivigil journal 1 genesis" + encode([journal_id])).hexdigest()


def link(previous: str, header: bytes, payload: bytes) -> str:
    """The hash of an event with this encoded header and encrypted payload, in hexadecimal."""
    return hashlib.sha256(b"ivigil journal 1 event" + encode([previous, header, payload])).hexdigest()
