"""A record and its row: times as text, the body sealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from ivigil.records import chain, tables
from ivigil.records.kinds import Kinds
from ivigil.records.vault import DoesNotOpenError, PatientKey
from ivigil.records.words import Damaged, Draft, Erased, Receipt, Record

Row = Mapping[Any, Any]


def utc_text(moment: dt.datetime) -> str:
    """UTC with microseconds: 2026-12-07T13:00:00.000000Z."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def offset_text(moment: dt.datetime) -> str:
    """The offset from UTC as it was written: -05:00."""
    return moment.isoformat(timespec="minutes")[len("2026-12-07T13:00") :]


def moment(text: str, offset: str = "+00:00") -> dt.datetime:
    """The aware time that ``utc_text`` and ``offset_text`` wrote."""
    zone = dt.datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo
    return dt.datetime.fromisoformat(text).astimezone(zone)


def header_bytes(row: Row) -> bytes:
    """The readable columns as they are hashed, and sealed beside the payload."""
    return chain.encode(row[name] for name in tables.HEADER)


def said(draft: Draft) -> dict[str, Any]:
    """The readable columns that the client states: what must agree when an id comes twice.

    Not the device's clock: it tells when the event was sent, and a second sending is later.
    """
    return {
        "id": draft.id,
        "stream": draft.stream,
        "kind": draft.kind,
        "occurred_at": utc_text(draft.occurred_at),
        "occurred_offset": offset_text(draft.occurred_at),
        "device": draft.device,
        "author": draft.author,
        "on_behalf_of": draft.on_behalf_of,
        "site": draft.site,
        "subject": draft.subject,
        "product": draft.product,
        "lot": draft.lot,
    }


def receipt(row: Row) -> Receipt:
    return Receipt(row["position"], row["version"], row["hash"], moment(row["received_at"]))


def body(row: Row, key: PatientKey | None, kinds: Kinds) -> msgspec.Struct:
    """What was written; ``Erased`` without a key, ``Damaged`` if it does not open."""
    if key is None:
        return Erased()
    try:
        text = key.open(row["payload"], header_bytes(row))
    except DoesNotOpenError:
        return Damaged()
    return kinds.read(row["kind"], row["schema"], text)


def record(row: Row, key: PatientKey | None, kinds: Kinds) -> Record:
    return Record(
        id=row["id"],
        stream=row["stream"],
        kind=row["kind"],
        occurred_at=moment(row["occurred_at"], row["occurred_offset"]),
        device_at=moment(row["device_at"]) if row["device_at"] else None,
        device=row["device"],
        author=row["author"],
        on_behalf_of=row["on_behalf_of"],
        site=row["site"],
        subject=row["subject"],
        product=row["product"],
        lot=row["lot"],
        position=row["position"],
        version=row["version"],
        schema=row["schema"],
        received_at=moment(row["received_at"]),
        hash=row["hash"],
        body=body(row, key, kinds),
    )
