"""The journal: what happened, appended and never changed.

>>> journal = Journal.create("journal.db", Path("secrets"))
>>> stream = journal.stream(patient.id)
>>> (receipt,) = journal.append([draft])
>>> journal.read(stream)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, select, true

from ivigil.patient import Identifier
from ivigil.records import drafts, keys, opening, rows, tables, views
from ivigil.records.appending import Turn, versions
from ivigil.records.bodies import Erasure
from ivigil.records.errors import DraftError
from ivigil.records.kinds import Kinds, tag
from ivigil.records.opening import Identity
from ivigil.records.progress import Progress, untold
from ivigil.records.register import KINDS
from ivigil.records.secrets import Secrets
from ivigil.records.store import Store
from ivigil.records.vault import Vault
from ivigil.records.words import Draft, Head, Receipt, Record

Clock = Callable[[], dt.datetime]

PAGE = 1000
ERASED = tag(Erasure)


def system_clock() -> dt.datetime:
    """The machine's time, in UTC."""
    return dt.datetime.now(dt.UTC)


class Journal:
    """One journal in one database. Safe to use from several threads and beside other processes.

    Every method raises JournalUnavailableError when the database cannot do what is asked now.
    """

    def __init__(self, store: Store, identity: Identity, kept: Secrets, kinds: Kinds, clock: Clock) -> None:
        self.store = store
        self.identity = identity
        self.secrets = kept
        self.kinds = kinds
        self.clock = clock
        self.vault = Vault(kept)
        self._views = views.views(kinds)

    @classmethod
    def create(
        cls, url: str, secrets_folder: Path, *, kinds: Kinds = KINDS, clock: Clock = system_clock
    ) -> Journal:
        """Make an empty journal in a SQLite file (a path) or a PostgreSQL database (postgresql://...).

        Secrets are made if the folder has none. Raises JournalRefusedError if a journal is there already.
        """
        store = Store(url)
        return cls(store, *opening.create(store, secrets_folder), kinds, clock)

    @classmethod
    def open(
        cls, url: str, secrets_folder: Path, *, kinds: Kinds = KINDS, clock: Clock = system_clock
    ) -> Journal:
        """Open a journal with its own secrets. Raises JournalRefusedError if either is missing or foreign."""
        store = Store(url)
        return cls(store, *opening.open_existing(store, secrets_folder), kinds, clock)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def stream(self, patient: Identifier) -> str:
        """The pseudonym under which a patient's events are kept."""
        return self.vault.pseudonym(patient)

    def append(self, events: Sequence[Draft], expected_version: int | None = None) -> tuple[Receipt, ...]:
        """Write all of the events or none; a receipt for each, in their order, once they are on disk.

        ``expected_version``: what the caller read their streams at; None: append whatever was written
        meanwhile, for what was given is always recordable. An event that is there already gives its
        first receipt again. Raises DraftError, RepeatedIdError, ConflictError.
        """
        drafts.check(events, self.kinds)
        if any(draft.kind == ERASED for draft in events):
            raise DraftError(("an erasure is written by erase, which destroys the keys",))
        with self.store.writing() as connection:
            return self._turn(connection).append(events, expected_version, self.clock())

    def erase(self, erasure: Draft) -> Receipt:
        """Destroy the keys of a patient, and record that with its author and reason.

        Headers stay: kinds, times, staff, products, lots. A patient who comes back gets a new key.
        Raises DraftError, RepeatedIdError.
        """
        drafts.check([erasure], self.kinds)
        if erasure.kind != ERASED:
            raise DraftError((f"an erasure is of kind {ERASED}, not {erasure.kind}",))
        with self.store.writing() as connection:
            turn = self._turn(connection)
            if not turn.written([erasure]):
                keys.destroy(connection, erasure.stream)
            (receipt,) = turn.append([erasure], None, self.clock())
        self.store.flush()
        return receipt

    def _turn(self, connection: Connection) -> Turn:
        return Turn(connection, self.vault, self.kinds, self._views)

    def read(self, stream: str, after_version: int = 0) -> tuple[Record, ...]:
        """One patient's events in the order in which they were written."""
        event = tables.event.c
        asked = select(tables.event).where(event.stream == stream, event.version > after_version)
        with self.store.reading() as connection:
            held = keys.of_streams(connection, self.vault, [stream])
            found = connection.execute(asked.order_by(event.version)).mappings().all()
        return tuple(rows.record(row, held.get(row["key"]), self.kinds) for row in found)

    def records(self, after_position: int = 0, kinds: Sequence[str] | None = None) -> Iterator[Record]:
        """Every event, or those of some kinds, in the order of the journal, read a page at a time."""
        event = tables.event.c
        wanted = true() if kinds is None else event.kind.in_(kinds)
        while True:
            asked = select(tables.event).where(event.position > after_position, wanted)
            with self.store.reading() as connection:
                page = connection.execute(asked.order_by(event.position).limit(PAGE)).mappings().all()
                held = keys.of_streams(connection, self.vault, {row["stream"] for row in page})
            yield from (rows.record(row, held.get(row["key"]), self.kinds) for row in page)
            if len(page) < PAGE:
                return
            after_position = page[-1]["position"]

    def rebuild_views(self, progress: Progress = untold) -> None:
        """Throw away what is computed from the events and compute it anew. Writers wait meanwhile."""
        with self.store.writing() as connection:
            head = self._turn(connection).head
            views.rebuild(connection, self._views, lambda done: progress(done, head.position))

    def version(self, stream: str) -> int:
        """The last version of a stream; 0 if nothing was written."""
        with self.store.reading() as connection:
            return versions(connection, [stream]).get(stream, 0)

    def head(self) -> Head:
        """Where the journal ends."""
        with self.store.reading() as connection:
            row = connection.execute(select(tables.head)).one()
        return Head(row.position, row.hash)
