"""Reads a journal with the database's driver alone and works out the chain anew.

Shares no code with ``ivigil.records``, so that the proof does not lean on what it proves.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import psycopg

HEADER = (
    *("position", "id", "stream", "version", "kind", "schema", "occurred_at", "occurred_offset"),
    *("device_at", "received_at", "device", "author", "on_behalf_of", "site", "subject", "product"),
    *("lot", "key"),
)
COLUMNS = (*HEADER, "payload", "hash")
SELECT = "SELECT " + ", ".join(COLUMNS) + " FROM event ORDER BY position"


class Seen(msgspec.Struct, frozen=True):
    """An event as it stands in the database."""

    position: int
    id: str
    stream: str
    version: int
    received_at: str
    hash: str


class Audit(msgspec.Struct, frozen=True):
    """What stands in the journal, and every fault of it."""

    events: dict[str, Seen]
    faults: tuple[str, ...]


def audit(url: str) -> Audit:
    """Read the whole journal at one instant. Raises the driver's errors."""
    identity, head, rows = _read(url)
    events = {row["id"]: Seen(**{name: row[name] for name in Seen.__struct_fields__}) for row in rows}
    return Audit(events, tuple(_faults(identity, head, rows)))


def _faults(identity: str, head: tuple[int, str], rows: list[dict[str, Any]]) -> Iterator[str]:
    before = hashlib.sha256(b"ivigil journal 1 genesis" + _encoded([identity])).hexdigest()
    versions: Counter[str] = Counter()
    for place, row in enumerate(rows, start=1):
        if row["position"] != place:
            yield f"position {row['position']} stands at place {place}"
        versions[row["stream"]] += 1
        if row["version"] != versions[row["stream"]]:
            yield f"version {row['version']} at {place} is number {versions[row['stream']]} of its stream"
        header = _encoded(row[name] for name in HEADER)
        text = b"ivigil journal 1 event" + _encoded([before, header, row["payload"]])
        before = hashlib.sha256(text).hexdigest()
        if row["hash"] != before:
            yield f"the hash at {place} is not that of its content"
            before = row["hash"]
    if len({row["id"] for row in rows}) != len(rows):
        yield "an id stands twice"
    if head != (len(rows), before):
        yield f"the head says {head}, the events {(len(rows), before)}"


def _encoded(values: Iterable[str | int | bytes | None]) -> bytes:
    return b"".join(_piece(value) for value in values)


def _piece(value: str | int | bytes | None) -> bytes:
    if value is None:
        return b"n"
    if isinstance(value, bytes):
        return b"b" + struct.pack(">Q", len(value)) + value
    text = str(value).encode()
    return (b"i" if isinstance(value, int) else b"s") + struct.pack(">Q", len(text)) + text


def _read(url: str) -> tuple[str, tuple[int, str], list[dict[str, Any]]]:
    if "://" in url:
        with psycopg.connect(url) as server:
            server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return _content(server)
    file = sqlite3.connect(url)
    try:
        file.execute("BEGIN")
        return _content(file)
    finally:
        file.close()


def _content(database: Any) -> tuple[str, tuple[int, str], list[dict[str, Any]]]:
    (identity,) = database.execute("SELECT id FROM journal").fetchone()
    head = tuple(database.execute("SELECT position, hash FROM head").fetchone())
    found = database.execute(SELECT).fetchall()
    return identity, head, [dict(zip(COLUMNS, map(_plain, row), strict=True)) for row in found]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
