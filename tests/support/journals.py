"""Journals to test with: a place for one, a settable clock, drafts of plainly fictional events."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from ivigil.patient import Identifier
from ivigil.records.bodies import Body, Erasure, Note
from ivigil.records.journal import Journal
from ivigil.records.kinds import Kind, Kinds
from ivigil.records.register import KINDS
from ivigil.records.words import Draft

NOON = dt.datetime(2026, 12, 7, 12, 0, tzinfo=dt.UTC)
PATIENT = Identifier("urn:example:clinic", "D-014")
OTHER = Identifier("urn:example:clinic", "K-002")


class Hung(Body, frozen=True, tag="test_vial_hung"):
    """A vial, as far as the journal's tests need one."""

    grams: int


TEST_KINDS = Kinds([*KINDS, Kind(Hung, "infusion")])


class Clock:
    """Stands still until it is set: forward or backward."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


class Place:
    """Where a journal lives: an empty database, a folder for its secrets, a clock."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.secrets = folder / "secrets"
        self.clock = Clock()

    def create(self, kinds: Kinds = TEST_KINDS) -> Journal:
        return Journal.create(self.url, self.secrets, kinds=kinds, clock=self.clock)

    def open(self, kinds: Kinds = TEST_KINDS) -> Journal:
        return Journal.open(self.url, self.secrets, kinds=kinds, clock=self.clock)


def new_id() -> str:
    return str(uuid.uuid4())


def draft(stream: str, body: msgspec.Struct | None = None, **changes: Any) -> Draft:
    """A note by a fictional nurse, or another body; ``changes`` are fields of the draft."""
    body = Note(text="vein found at the second attempt") if body is None else body
    fields: dict[str, Any] = {
        "id": new_id(),
        "stream": stream,
        "kind": body.__struct_config__.tag,
        "body": body,
        "occurred_at": NOON,
        "author": "nurse.demo",
        "site": "demo-clinic",
    }
    return Draft(**(fields | changes))


def erasure(stream: str, **changes: Any) -> Draft:
    return draft(stream, Erasure(reason="asked for by the patient"), **changes)


def tamper(journal: Journal, statement: str, **values: object) -> None:
    """What somebody with the database's password and without the secrets could do."""
    with journal.store.writing() as connection:
        connection.execute(text(statement), values)
