"""A process that makes a journal and writes to it from two threads, to be run under strace.

    python -m tools.faults.traced FOLDER SAID SEED [PRAGMA=VALUE...]

What it was promised goes to the file SAID. It closes and opens the journal in between, erases one
patient, and ends without closing. The pragmas are set behind the journal's back, on every connection.
"""

from __future__ import annotations

import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import msgspec
from sqlalchemy import Pool, event

from ivigil.records import Journal, JournalUnavailableError
from tests.support.journals import Place
from tools.faults import load

SESSIONS = 3
THREADS = 2
STEPS = 12
"""Of each thread in each session."""


def main() -> None:
    folder, said, seed, *pragmas = sys.argv[1:]
    _set_behind_its_back(pragmas)
    mouth = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    chance = random.Random(int(seed))
    place = disk_place(Path(folder))
    _make_durable(Path(place.url).parent)
    _create(place)
    for session in range(SESSIONS):
        journal = load.opened(place.url, place.secrets, chance)
        speakers = [Speaker(mouth, session * THREADS + thread) for thread in range(THREADS)]
        for speaker in speakers:
            speaker(load.Ready())
        streams = _write(journal, speakers, chance)
        if session == 1:
            _erase(journal, speakers[0], streams[0])
        if session < SESSIONS - 1:
            journal.close()
    os._exit(0)


def disk_place(disk: Path) -> Place:
    """Where on a disk the journal lives: the database in a folder of its own, apart from the secrets."""
    return Place(str(disk / "data" / "journal.db"), disk)


def _create(place: Place) -> None:
    """Made at last, though the disk may fail meanwhile."""
    while True:
        with suppress(JournalUnavailableError):
            place.create().close()
            return


def _make_durable(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for path in (folder, folder.parent):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


class Speaker:
    """Passes on what one writer says, each message in one write."""

    def __init__(self, mouth: int, number: int) -> None:
        self._mouth = mouth
        self._number = number

    def __call__(self, message: load.Message) -> None:
        os.write(self._mouth, msgspec.msgpack.encode(load.Words(self._number, message)))


def _write(journal: Journal, speakers: list[Speaker], chance: random.Random) -> list[str]:
    writers = [load.Writer(journal, random.Random(chance.getrandbits(32)), speaker) for speaker in speakers]

    def work(writer: load.Writer) -> None:
        for _ in range(STEPS):
            writer.step()

    with ThreadPoolExecutor() as threads:
        list(threads.map(work, writers))
    return [writer.stream for writer in writers]


def _erase(journal: Journal, tell: Speaker, stream: str) -> None:
    asked = load.event(load.ERASURE_ID, stream)
    tell(load.Asked(((asked.id, stream),)))
    tell(load.Got((load.retried(lambda: journal.erase(asked), tell),)))


def _set_behind_its_back(pragmas: list[str]) -> None:
    @event.listens_for(Pool, "checkout")
    def settle(connection: Connection, *_: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")


if __name__ == "__main__":
    main()
