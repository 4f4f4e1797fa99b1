"""kill -9 at random moments: writers alone, all at once, or the database server.

After each the journal is opened again and compared with what the writers were promised.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import msgspec

from tests.support.journals import Place
from tests.support.postgres import Postgres
from tools.faults import load
from tools.faults.audit import audit
from tools.faults.ledger import Ledger, seen_from_within

WRITERS = 3
ROUNDS_PER_JOURNAL = 25
LONGEST_SECONDS = 0.2
"""The kill falls at a random moment of this span."""
READY_SHARE = 0.8
"""In so many rounds all writers are at work before the span begins; in the others some are still opening."""
SERVER_SHARE = 0.1
"""On a server, so many rounds kill it too."""
PIPE_BYTES = 1 << 20


class Figures(msgspec.Struct):
    """What was done, what was found."""

    moments: int = 0
    """At which something was killed: one writer, all writers, or the server."""
    writers: int = 0
    servers: int = 0
    calls: int = 0
    acknowledged: int = 0
    """Events, also those sent again."""
    under_way: int = 0
    """Calls without an answer when their writer was killed."""
    committed: int = 0
    """Of those, found written whole."""
    journals: int = 0
    faults: list[str] = msgspec.field(default_factory=list)


class Crew:
    """Several writers at work on one journal."""

    def __init__(self, place: Place, chance: random.Random, context: ForkServerContext) -> None:
        self._members = [_start(place, chance.getrandbits(32), context) for _ in range(WRITERS)]

    def wait_until_ready(self) -> None:
        """Until every writer has opened the journal."""
        for _, pipe in self._members:
            wait([pipe])

    def kill(self, chosen: slice = slice(None)) -> None:
        for process, _ in self._members[chosen]:
            process.kill()

    def last_words(self) -> Iterator[list[load.Message]]:
        """All that each writer said before it was killed."""
        for process, pipe in self._members:
            said = list(_said(pipe))
            process.join()
            if process.exitcode != -9:
                said.append(load.Wrong(f"a writer ended by itself: {process.exitcode}"))
            process.close()
            yield said


def _start(place: Place, seed: int, context: ForkServerContext) -> tuple[ForkServerProcess, Connection]:
    ours, theirs = context.Pipe(duplex=False)
    fcntl.fcntl(theirs.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    process = context.Process(target=load.run, args=(place.url, place.secrets, seed, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _said(pipe: Connection) -> Iterator[load.Message]:
    with pipe:
        while True:
            try:
                yield msgspec.msgpack.decode(pipe.recv_bytes(), type=load.Message)
            except EOFError:
                return


class Campaign:
    """Kills in many rounds, on one journal after the other."""

    def __init__(self, folder: Path, seed: int, server: Postgres | None = None) -> None:
        """On SQLite files in ``folder``, or on a server, which is then killed too."""
        self.figures = Figures()
        self._folder = folder
        self._chance = random.Random(seed)
        self._server = server
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["__main__", "tools.faults.load"])

    def run(self, moments: int) -> Iterator[int]:
        """Go on until something was killed at so many moments; yields how many, after each round."""
        while self.figures.moments < moments:
            place = self._new_place()
            place.create().close()
            self.figures.journals += 1
            yield from self._one_journal(place, moments)

    def _one_journal(self, place: Place, moments: int) -> Iterator[int]:
        ledger = Ledger()
        # In every second journal one process stays, so that the write-ahead log does too.
        beside = place.open() if self.figures.journals % 2 else None
        for _ in range(ROUNDS_PER_JOURNAL):
            self._round(place, ledger)
            yield self.figures.moments
            if self.figures.moments >= moments:
                break
        if beside:
            beside.close()
        self.figures.calls += len(ledger.calls)
        self.figures.acknowledged += len(ledger.promised)
        journal = place.open()
        self.figures.faults += seen_from_within(journal)
        journal.close()

    def _new_place(self) -> Place:
        folder = self._folder / f"journal-{self.figures.journals}"
        folder.mkdir()
        return Place(self._server.new_database() if self._server else str(folder / "journal.db"), folder)

    def _round(self, place: Place, ledger: Ledger) -> None:
        crew = Crew(place, self._chance, self._context)
        if self._chance.random() < READY_SHARE:
            crew.wait_until_ready()
        if self._server and self._chance.random() < SERVER_SHARE:
            self._pause()
            self._server.kill()
            self.figures.servers += 1
            self.figures.moments += 1
            self._server.start()
        if self._chance.random() < 1 / WRITERS:
            self._pause()
            crew.kill()
            self.figures.moments += 1
        else:
            for member in range(WRITERS):
                self._pause()
                crew.kill(slice(member, member + 1))
                self.figures.moments += 1
        self.figures.writers += WRITERS
        under_way = [call for said in crew.last_words() if (call := ledger.enter(said)) is not None]
        self._judge(place, ledger, under_way)

    def _pause(self) -> None:
        time.sleep(self._chance.uniform(0, LONGEST_SECONDS))

    def _judge(self, place: Place, ledger: Ledger, under_way: Sequence[int]) -> None:
        """Compare, send what was not acknowledged again, compare again."""
        before = audit(place.url)
        self.figures.faults += ledger.faults(before)
        journal = place.open()
        for call in under_way:
            self.figures.under_way += 1
            self.figures.committed += ledger.send_again(journal, call, before)
        journal.close()
        self.figures.faults += ledger.faults(audit(place.url))
