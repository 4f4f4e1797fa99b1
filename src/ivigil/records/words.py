"""The words of the journal: what is asked to be written, what was written, what is handed back."""

from __future__ import annotations

import datetime as dt

import msgspec


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What stays readable of every event, even after the patient's payloads were erased."""

    id: str
    """UUID text made by the client; the same id twice is one event."""
    stream: str
    """The patient's pseudonym: ``Journal.stream``."""
    kind: str
    """Name of what happened, as registered in ``kinds``."""
    occurred_at: dt.datetime
    """When it happened, as the author says; aware, in the offset of the place."""
    device_at: dt.datetime | None = None
    """The device's clock when it sent the event; None: not known."""
    device: str = ""
    author: str
    """Who recorded it."""
    on_behalf_of: str = ""
    site: str
    subject: str = ""
    """Id of the plan or infusion that it is about; "" for the patient as a whole."""
    product: str = ""
    lot: str = ""
    """Lot as typed or scanned; "" unless a vial is hung."""


class Draft(Header, frozen=True, kw_only=True):
    """An event as a client asks for it to be written."""

    body: msgspec.Struct


class Receipt(msgspec.Struct, frozen=True):
    """The acknowledgement: the event is on disk. Nobody gets one before."""

    position: int
    version: int
    hash: str
    received_at: dt.datetime


class Record(Header, frozen=True, kw_only=True):
    """An event as it stands in the journal."""

    position: int
    """1, 2, 3... over the whole journal, without a gap."""
    version: int
    """1, 2, 3... in its stream, without a gap."""
    schema: int
    """Version of the body's form when it was written; ``body`` is already in the present form."""
    received_at: dt.datetime
    hash: str
    body: msgspec.Struct
    """What was written; ``Raw``, ``Erased`` or ``Damaged`` if that cannot be read."""


class Raw(msgspec.Struct, frozen=True, tag="raw"):
    """A body that this version of Ivigil does not know: shown as it is, never dropped."""

    text: str
    """The JSON that was written."""


class Erased(msgspec.Struct, frozen=True, tag="erased_payload"):
    """The patient's key was destroyed; the body cannot be read by anybody."""


class Damaged(msgspec.Struct, frozen=True, tag="damaged_payload"):
    """The body does not open under its key: it was changed after it was written."""


class Head(msgspec.Struct, frozen=True):
    """The journal's last event; position 0 and the genesis hash when it is empty."""

    position: int
    hash: str
