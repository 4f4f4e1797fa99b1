"""Opens a database that keeps what it acknowledges, and gives transactions on it.

The two databases differ here and nowhere else: how a writer takes its turn, and which settings
could lose an acknowledged event.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ivigil.records.errors import JournalRefusedError, JournalUnavailableError

WAIT_SECONDS = 30
"""How long a writer waits for its turn."""

SAFE_POSTGRESQL = {"fsync": ("on",), "full_page_writes": ("on",)}
UNSAFE_COMMIT = "off"

MAYBE_BEGIN = "ivigil_begin"

SECOND_ERROR = "error ignored "
"""So begins what psycopg logs of an error that it meets while it raises another."""


class Store:
    """A database, and the two kinds of transaction that the journal uses."""

    def __init__(self, url: str) -> None:
        """``url``: a path of a SQLite file, or postgresql://user@host/database. Connects to nothing yet.

        Raises JournalRefusedError if it names no database that the journal can live in.
        """
        self.url = _parsed(url)
        if self.url.get_backend_name() == "sqlite":
            self._writes, self._reads = _sqlite(self.url)
        else:
            self._writes, self._reads = _postgresql(self.url)

    @property
    def name(self) -> str:
        """The address, without a password."""
        return self.url.database or "" if self.file else self.url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable once the block is left, and undone if the block raises.

        Raises JournalUnavailableError if the database fails, also in the commit itself.
        """
        with self._failures(), self._writes.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One unchanging view of everything committed before it. Raises JournalUnavailableError."""
        with self._failures(), self._reads.connect() as connection:
            yield connection

    def flush(self) -> None:
        """Empty SQLite's write-ahead log into the file: what was overwritten stands in neither."""
        if self.file is None:
            return
        with self._failures():
            connection = self._writes.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def close(self) -> None:
        """Let go of all connections; the next transaction makes new ones."""
        self._writes.dispose()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeoutError, self._writes.dialect.loaded_dbapi.Error) as error:
            raise JournalUnavailableError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def _parsed(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            return parsed
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            return parsed.set(drivername="postgresql+psycopg")
    except ArgumentError:
        pass
    raise JournalRefusedError("a journal lives in a file, or in a database at postgresql://...")


def _sqlite(url: URL) -> tuple[Engine, Engine]:
    # isolation_level None: the driver starts no transaction behind our back.
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _: object) -> None:
        settings = {
            "journal_mode": ("WAL", "wal"),
            "synchronous": ("FULL", 2),
            "foreign_keys": ("ON", 1),
            # A destroyed key is overwritten, not only unlinked.
            "secure_delete": ("ON", 1),
            # On macOS only these reach the disk itself; elsewhere they change nothing.
            "fullfsync": ("ON", 1),
            "checkpoint_fullfsync": ("ON", 1),
        }
        for name, (wanted, shown) in settings.items():
            connection.execute(f"PRAGMA {name} = {wanted}")
            (seen,) = connection.execute(f"PRAGMA {name}").fetchone()
            if seen != shown:
                raise JournalRefusedError(f"SQLite keeps {name} at {seen} for {url.database}, not {wanted}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its turn before it reads the head, not when it first writes.
        connection.exec_driver_sql(connection.get_execution_options().get(MAYBE_BEGIN, "BEGIN IMMEDIATE"))

    return engine, engine.execution_options(**{MAYBE_BEGIN: "BEGIN"})


def _postgresql(url: URL) -> tuple[Engine, Engine]:
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": WAIT_SECONDS})
    except ModuleNotFoundError as error:
        raise JournalRefusedError("PostgreSQL needs its driver: install ivigil[postgresql]") from error

    logging.getLogger("psycopg").addFilter(_is_not_second)

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            for name, accepted in SAFE_POSTGRESQL.items():
                _refuse_unless(_shown(cursor, name) in accepted, name)
            _refuse_unless(_shown(cursor, "synchronous_commit") != UNSAFE_COMMIT, "synchronous_commit")
            cursor.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
        connection.commit()

    return engine, engine.execution_options(isolation_level="REPEATABLE READ")


def _is_not_second(record: logging.LogRecord) -> bool:
    """Drops that line: a lost connection is told once, by the error that is raised. All others pass."""
    return not str(record.msg).startswith(SECOND_ERROR)


def _shown(cursor: Any, name: str) -> str:
    cursor.execute(f"SHOW {name}")
    (value,) = cursor.fetchone()
    return str(value)


def _refuse_unless(safe: bool, name: str) -> None:
    if not safe:
        raise JournalRefusedError(f"PostgreSQL runs with {name} off: it may lose what it has acknowledged")
