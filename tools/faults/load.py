"""A writer: appends for ever, and tells through a pipe what it asks and what it was promised.

It says what it is about to ask before it asks, and passes a receipt on as soon as it has one. So
whoever kills it knows what was acknowledged, and what was under way.
"""

from __future__ import annotations

import datetime as dt
import random
import time
import uuid
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import msgspec

from ivigil.records import ConflictError, Draft, Journal, JournalUnavailableError, Receipt, RepeatedIdError
from ivigil.records.bodies import Note
from tests.support.journals import NOON, PATIENT, draft, erasure

T = TypeVar("T")

RETRY_SECONDS = 0.02

ERASURE_ID = "00000000-0000-4000-8000-00000000e7a5"
"""Of the one erasure that a journal may see."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The journal is open."""


class Asked(msgspec.Struct, frozen=True, tag=True):
    """These events are about to be sent in one call: id and stream of each."""

    events: tuple[tuple[str, str], ...]


class Got(msgspec.Struct, frozen=True, tag=True):
    """The call was acknowledged with these receipts."""

    receipts: tuple[Receipt, ...]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The stream had moved on; nothing was to be written."""


class Unavailable(msgspec.Struct, frozen=True, tag=True):
    """The database failed; the same events are sent again."""


class Wrong(msgspec.Struct, frozen=True, tag=True):
    """The journal broke a promise while it was running."""

    what: str


Message = Ready | Asked | Got | Refused | Unavailable | Wrong
Tell = Callable[[Message], None]


class Words(msgspec.Struct, frozen=True):
    """What one of several writers said."""

    writer: int
    message: Message


def event(event_id: str, stream: str) -> Draft:
    """The one event that bears this id, so that anybody can send it again."""
    if event_id == ERASURE_ID:
        return erasure(stream, id=event_id)
    return draft(stream, Note(text=f"said under {event_id}"), id=event_id, lot=f"LOT {event_id[:4]}")


class UnsteadyClock:
    """Goes on, and now and then jumps: also backward."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._now = NOON

    def __call__(self) -> dt.datetime:
        self._now += dt.timedelta(seconds=self._chance.choice([1, 1, 1, 1, 3600, -7200]))
        return self._now


class Writer:
    """Sends single events, batches, repeats, conflicts, and other content under an id of its own."""

    def __init__(self, journal: Journal, chance: random.Random, tell: Tell) -> None:
        self._journal = journal
        self._chance = chance
        self._tell = tell
        self._common = journal.stream(PATIENT)
        self.stream = f"{chance.getrandbits(128):032x}"
        """For which nobody else writes."""
        self._held: dict[str, tuple[str, Receipt]] = {}

    def step(self) -> None:
        """One call, of one sort or another."""
        sort = self._chance.choices(
            [self._single, self._batch, self._decided, self._repeat, self._other], [4, 4, 2, 1, 1]
        )
        sort[0]()

    def _single(self) -> None:
        self._send([self._new(self._chance.choice([self.stream, self._common]))])

    def _batch(self) -> None:
        count = self._chance.randint(2, 10)
        self._send([self._new(self._chance.choice([self.stream, self._common])) for _ in range(count)])

    def _decided(self) -> None:
        """What was read decides what is written, unless somebody else wrote first."""
        self._send(
            [self._new(self._common) for _ in range(self._chance.randint(1, 3))],
            self._retried(lambda: self._journal.version(self._common)),
        )

    def _repeat(self) -> None:
        """One call sends an event again, beside a new one: the first receipt comes back."""
        if not self._held:
            return
        event_id, (stream, receipt) = self._any_held()
        again, _ = self._send([event(event_id, stream), self._new(self.stream)]) or (receipt, None)
        if again != receipt:
            self._tell(Wrong(f"{event_id} was acknowledged twice, differently"))

    def _other(self) -> None:
        """Other content under an id that is taken is refused, with everything in its call."""
        if not self._held:
            return
        event_id, (stream, _) = self._any_held()
        other = msgspec.structs.replace(event(event_id, stream), body=Note(text="something else"))
        try:
            self._retried(lambda: self._journal.append([self._new(self.stream), other]))
        except RepeatedIdError:
            return
        self._tell(Wrong(f"{event_id} was taken twice, with different content"))

    def _send(self, events: Sequence[Draft], expected: int | None = None) -> tuple[Receipt, ...] | None:
        self._tell(Asked(tuple((draft.id, draft.stream) for draft in events)))
        try:
            receipts = self._retried(lambda: self._journal.append(events, expected))
        except ConflictError:
            self._tell(Refused())
            return None
        self._tell(Got(receipts))
        for draft_, receipt in zip(events, receipts, strict=True):
            self._held[draft_.id] = (draft_.stream, receipt)
        return receipts

    def _retried(self, ask: Callable[[], T]) -> T:
        return retried(ask, self._tell)

    def _new(self, stream: str) -> Draft:
        return event(str(uuid.UUID(int=self._chance.getrandbits(128), version=4)), stream)

    def _any_held(self) -> tuple[str, tuple[str, Receipt]]:
        return self._chance.choice(list(self._held.items()))


def retried(ask: Callable[[], T], tell: Tell) -> T:
    """The answer of the journal, asked again while it is unavailable."""
    while True:
        try:
            return ask()
        except JournalUnavailableError:
            tell(Unavailable())
            time.sleep(RETRY_SECONDS)


def opened(url: str, secrets: Path, chance: random.Random) -> Journal:
    """The journal with a clock that jumps; tried again while the database cannot be reached."""
    while True:
        try:
            return Journal.open(url, secrets, clock=UnsteadyClock(chance))
        except JournalUnavailableError:
            time.sleep(RETRY_SECONDS)


def run(url: str, secrets: Path, seed: int, pipe: Connection) -> None:
    """The life of a writer: it ends when it is killed."""
    chance = random.Random(seed)

    def tell(message: Message) -> None:
        pipe.send_bytes(msgspec.msgpack.encode(message))

    writer = Writer(opened(url, secrets, chance), chance, tell)
    tell(Ready())
    while True:
        writer.step()
