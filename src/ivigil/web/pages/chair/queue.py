"""Entries as a device sends them, one after the other: those that waited without a connection as well.

Part of the OpenAPI description. The same entry sent again is written once; the answer is the same.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

import msgspec

from ivigil.order import Fault
from ivigil.practice.deeds import Objection
from ivigil.practice.told import Kind

VERSION = 1
"""Of what a page sends. Raise it when the same fields come to mean something else; what an older page made is
then turned into the present form or refused with the reason: a device may send it weeks later."""


class QueuedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the device's queue."""

    id: uuid.UUID
    """Made by the device when the person tapped; the same id is the same entry."""
    kind: Kind
    fields: dict[str, str]
    """As typed, by the names of the form's fields."""
    occurred_at: dt.datetime
    """By the device's clock, with its offset."""
    sent_at: dt.datetime
    """By the device's clock, with its offset: what its clock is wrong by is taken out."""
    device: str = msgspec.field(default="")
    """The device's own random name."""
    waited: bool = False
    """It could not be sent when it was tapped: it was done, so nothing is refused any more."""
    version: int = 1
    """Of the page whose form it is from; the first pages did not say."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Why it is not read at all: it is from a page of a later version."""
        if 1 <= self.version <= VERSION:
            return ()
        return (
            Fault(
                field="version",
                value=str(self.version),
                accepted=f"1 to {VERSION}; reload the page and enter it again",
            ),
        )


class QueueAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    outcome: Literal["written", "refused", "faulty"]
    events: tuple[str, ...] = ()
    """Ids of what stands in the journal by it."""
    refused: tuple[Objection, ...] = ()
    faults: tuple[Fault, ...] = ()
    beside: int = 0
    """How many entries of others stand in the time between the deed and now, unseen by its author."""
