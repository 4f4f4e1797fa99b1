"""What the journal asks of its database and secrets before it trusts them, and says when they fail."""

from __future__ import annotations

import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ivigil.records import Journal, JournalRefusedError, JournalUnavailableError
from ivigil.records.store import Store
from tests.support.journals import PATIENT, Place, draft, erasure
from tests.support.postgres import Postgres, running


@contextmanager
def no_file_grows_past(limit: int) -> Iterator[None]:
    """A full disk, as far as a process without privileges can make one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server for the tests that stop it."""
    with running() as server:
        yield server


def test_sqlite_waits_for_the_disk(tmp_path: Path) -> None:
    with Store(str(tmp_path / "journal.db")).writing() as connection:
        ask = connection.exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2
        assert ask("PRAGMA secure_delete").scalar() == 1


def test_a_journal_in_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalRefusedError, match="journal_mode"):
        Journal.create(":memory:", tmp_path / "secrets")


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_postgresql_is_refused_when_it_may_lose_what_it_acknowledged(
    own_postgres: Postgres, tmp_path: Path, setting: str
) -> None:
    place = Place(own_postgres.new_database(), tmp_path)
    own_postgres.stop()
    own_postgres.start(**{setting: "off"})
    try:
        with pytest.raises(JournalRefusedError, match=setting):
            place.create()
    finally:
        own_postgres.stop()
        own_postgres.start()
    place.create().close()


def test_a_lost_server_is_one_clear_error_and_nothing_is_acknowledged(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    journal = Place(own_postgres.new_database(), tmp_path).create()
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)])
    lost = draft(stream)
    own_postgres.stop("immediate")
    try:
        with pytest.raises(JournalUnavailableError) as caught:
            journal.append([lost])
        assert len(str(caught.value).splitlines()) == 1
    finally:
        own_postgres.start()
    assert [r.position for r in journal.append([lost])] == [2]
    journal.close()


def test_a_full_disk_writes_nothing_by_halves(tmp_path: Path) -> None:
    journal = Place(str(tmp_path / "journal.db"), tmp_path).create()
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)])
    journal.store.flush()
    batch = [draft(stream) for _ in range(200)]
    with no_file_grows_past(50_000), pytest.raises(JournalUnavailableError):
        journal.append(batch)
    assert journal.head().position == len(list(journal.records())) == 1
    assert journal.append(batch)[-1].position == 201
    journal.close()


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 300], ids=["empty", "foreign"])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, damage: bytes) -> None:
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    place.create().close()
    Path(place.url).write_bytes(damage)
    with pytest.raises((JournalRefusedError, JournalUnavailableError)):
        place.open()


def test_nothing_is_made_where_a_journal_was_expected(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    with pytest.raises(JournalRefusedError, match="no journal"):
        place.open()
    assert list(tmp_path.iterdir()) == []


def test_a_newer_journal_is_refused(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    place.create().close()
    with sqlite3.connect(place.url) as connection:
        connection.execute("UPDATE journal SET schema = schema + 1")
    with pytest.raises(JournalRefusedError, match="newer"):
        place.open()


@pytest.mark.parametrize(
    "url", ["mysql://root@localhost/journal", "sqlite://", "postgres//x", "postgresql+asyncpg://x/y"]
)
def test_another_database_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises((JournalRefusedError, JournalUnavailableError)):
        Journal.create(url, tmp_path / "secrets")


def test_a_password_is_not_shown() -> None:
    assert "hunter2" not in Store("postgresql://ivigil:hunter2@db.example/journal").name


def test_secrets_are_for_their_owner_alone(place: Place) -> None:
    place.create().close()
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [place.secrets, *place.secrets.iterdir()]}
    assert modes == {"secrets": 0o700, "master.key": 0o600, "signing.key": 0o600}
    (place.secrets / "master.key").chmod(0o640)
    with pytest.raises(JournalRefusedError, match="chmod"):
        place.open()


@pytest.mark.parametrize("name", ["master.key", "signing.key"])
@pytest.mark.parametrize("damage", ["missing", "short", "foreign"])
def test_missing_or_foreign_secrets_are_refused_and_not_replaced(
    place: Place, name: str, damage: str
) -> None:
    place.create().close()
    secret = place.secrets / name
    secret.unlink()
    if damage != "missing":
        secret.write_text("00" * (32 if damage == "foreign" else 31))
        secret.chmod(0o600)
    kept = {path.name: path.read_text() for path in place.secrets.iterdir()}
    with pytest.raises(JournalRefusedError):
        place.open()
    with pytest.raises(JournalRefusedError):
        place.create()
    assert {path.name: path.read_text() for path in place.secrets.iterdir()} == kept


def test_secrets_do_not_show_themselves(journal: Journal) -> None:
    shown = repr(journal.secrets)
    assert journal.secrets.master.hex() not in shown
    assert repr(journal.secrets.master) not in shown
    assert repr(journal.vault.new_key("0" * 32)).count("secret") == 0


def test_the_database_alone_tells_nothing_of_what_was_said(tmp_path: Path) -> None:
    journal = Place(str(tmp_path / "journal.db"), tmp_path).create()
    journal.append([draft(journal.stream(PATIENT))])
    journal.store.flush()
    stored = (tmp_path / "journal.db").read_bytes()
    assert b"nurse.demo" in stored, "staff are readable, on purpose"
    assert b"vein" not in stored
    assert PATIENT.value.encode() not in stored
    journal.close()


def test_a_destroyed_key_is_overwritten_in_the_file(tmp_path: Path) -> None:
    journal = Place(str(tmp_path / "journal.db"), tmp_path).create()
    stream = journal.stream(PATIENT)
    journal.append([draft(stream)])
    with journal.store.reading() as connection:
        wrapped: bytes = connection.exec_driver_sql("SELECT wrapped FROM patient_key").scalar_one()
    journal.store.flush()
    assert wrapped in (tmp_path / "journal.db").read_bytes()
    journal.erase(erasure(stream))
    assert all(wrapped not in path.read_bytes() for path in tmp_path.glob("journal.db*"))
    journal.close()
