"""Disks that are full or read-only, lines that break, writers that block, clocks that run backward.

Each gives one clear error; what was acknowledged stays, what was not can be sent again under the same
ids. Read by ``tools.faults.audit``, which shares no code with the journal.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ivigil.records import Draft, Journal, JournalUnavailableError, Receipt
from ivigil.records.store import Store
from tests.support.journals import NOON, PATIENT, Place, draft
from tests.support.postgres import Postgres
from tests.support.severed import line
from tests.test_journal_store import no_file_grows_past
from tools.faults.audit import audit

SMALL = "400k"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of its own that is soon full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = _mount("-t", "tmpfs", "-o", f"size={SMALL},mode=0700", "none", str(disk))
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)


def _batch(journal: Journal, count: int = 5) -> list[Draft]:
    return [draft(journal.stream(PATIENT)) for _ in range(count)]


def _fill(journal: Journal) -> tuple[list[Draft], list[Receipt], list[Draft]]:
    """Append until nothing more goes in: what was written, its receipts, what was refused at last."""
    written: list[Draft] = []
    receipts: list[Receipt] = []
    for _ in range(1000):
        events = _batch(journal)
        try:
            receipts += journal.append(events)
        except JournalUnavailableError as error:
            _is_clear(error)
            return written, receipts, events
        written += events
    raise AssertionError("the disk did not fill")


def _is_clear(error: JournalUnavailableError) -> None:
    assert len(str(error).splitlines()) == 1
    assert "sqlalche" not in str(error)


def _holds(place: Place, events: list[Draft], receipts: list[Receipt]) -> None:
    """These events, no other, each as it was acknowledged; the chain is whole."""
    seen = audit(place.url)
    assert seen.faults == ()
    assert [seen.events[event.id].hash for event in events] == [receipt.hash for receipt in receipts]
    assert len(seen.events) == len(events)


def test_a_full_disk_loses_nothing_and_takes_the_same_ids_later(small_disk: Path, tmp_path: Path) -> None:
    place = Place(str(small_disk / "journal.db"), tmp_path)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(50_000))
    journal = place.create()
    written, receipts, refused = _fill(journal)
    with pytest.raises(JournalUnavailableError):
        journal.append(refused)
    ballast.unlink()
    receipts += journal.append(refused)
    journal.close()
    _holds(place, written + refused, receipts)


@pytest.mark.parametrize("room", range(0, 40_000, 4_000))
def test_a_file_that_cannot_grow_loses_nothing(tmp_path: Path, room: int) -> None:
    """Without privileges: the limit falls on another write of the log, or of emptying it, each time."""
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    journal = place.create()
    present = (tmp_path / "journal.db").stat().st_size
    with no_file_grows_past(present + room):
        written, receipts, refused = _fill(journal)
    receipts += journal.append(refused)
    journal.close()
    _holds(place, written + refused, receipts)


def test_a_disk_that_became_read_only_is_one_clear_error(small_disk: Path, tmp_path: Path) -> None:
    place = Place(str(small_disk / "journal.db"), tmp_path)
    journal = place.create()
    events = _batch(journal)
    receipts = [*journal.append(events)]
    journal.close()
    refused = _batch(journal)
    assert _mount("-o", "remount,ro", str(small_disk)).returncode == 0
    with pytest.raises(JournalUnavailableError) as caught:
        journal.append(refused)
    _is_clear(caught.value)
    with pytest.raises(JournalUnavailableError):
        place.open()
    assert _mount("-o", "remount,rw", str(small_disk)).returncode == 0
    receipts += journal.append(refused)
    journal.close()
    _holds(place, events + refused, receipts)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_a_read_only_file_is_one_clear_error(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "journal.db"), tmp_path)
    journal = place.create()
    events = _batch(journal)
    receipts = [*journal.append(events)]
    journal.close()
    Path(place.url).chmod(0o400)
    with pytest.raises(JournalUnavailableError):
        journal.append(_batch(journal))
    Path(place.url).chmod(0o600)
    _holds(place, events, receipts)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_that_breaks_at_the_commit_leaves_one_event(
    postgres: Postgres, tmp_path: Path, when: str
) -> None:
    """Nobody can know whether it was committed; sending again finds out, and gives the first receipt."""
    direct = Place(postgres.new_database(), tmp_path)
    direct.create().close()
    with line(direct.url, tmp_path) as (opened, url):
        journal = Place(url, tmp_path).open()
        before = _batch(journal)
        receipts = [*journal.append(before)]
        events = _batch(journal)
        opened.break_at_commit = when
        with pytest.raises(JournalUnavailableError) as caught:
            journal.append(events)
        _is_clear(caught.value)
        stands = {event.id for event in events} & audit(direct.url).events.keys()
        assert len(stands) == (len(events) if when == "after" else 0)
        receipts += journal.append(events)
        journal.close()
    _holds(direct, before + events, receipts)


def test_a_session_that_the_server_ends_in_mid_append_writes_nothing(
    postgres: Postgres, tmp_path: Path
) -> None:
    place = Place(postgres.new_database(), tmp_path)
    place.create().close()

    def ends_the_session() -> dt.datetime:
        """The clock is read once the writer has its turn, and before it writes."""
        _end_all_sessions(postgres)
        return NOON

    journal = place.open()
    before = _batch(journal)
    receipts = [*journal.append(before)]
    events = _batch(journal)
    steady = journal.clock
    journal.clock = ends_the_session
    with pytest.raises(JournalUnavailableError) as caught:
        journal.append(events)
    _is_clear(caught.value)
    _holds(place, before, receipts)
    journal.clock = steady
    receipts += journal.append(events)
    journal.close()
    _holds(place, before + events, receipts)


def test_a_lost_connection_is_told_once_by_the_error_alone(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    """The driver logs a second error while it passes on the first; what it logs without one still shows."""
    store = Store(postgres.new_database())
    with pytest.raises(JournalUnavailableError) as caught:
        _lose_the_connection_with_commands_under_way(store, postgres)
    _is_clear(caught.value)
    store.close()
    assert caplog.records == []
    driver = logging.getLogger("psycopg")
    driver.warning("unknown PostgreSQL timezone: %r; will use UTC", "Mars/Olympus")
    assert [record.name for record in caplog.records] == ["psycopg"]


def _lose_the_connection_with_commands_under_way(store: Store, postgres: Postgres) -> None:
    with store.writing() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.pipeline():
            driver.execute("SELECT 1")
            _end_all_sessions(postgres)
            raise psycopg.OperationalError("the first error")


def _end_all_sessions(postgres: Postgres) -> None:
    """And wait until they are gone."""
    postgres.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )


def test_a_writer_whose_turn_never_comes_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.create().close()
    slow = place.open()
    monkeypatch.setattr("ivigil.records.store.WAIT_SECONDS", 1)
    waiting = place.open()
    events, late = _batch(slow), _batch(waiting)
    has_turn, may_go_on = threading.Event(), threading.Event()

    def dawdles() -> dt.datetime:
        has_turn.set()
        may_go_on.wait(30)
        return NOON

    slow.clock = dawdles
    receipts: list[Receipt] = []
    thread = threading.Thread(target=lambda: receipts.extend(slow.append(events)))
    thread.start()
    assert has_turn.wait(30)
    with pytest.raises(JournalUnavailableError) as caught:
        waiting.append(late)
    _is_clear(caught.value)
    may_go_on.set()
    thread.join()
    receipts += waiting.append(late)
    slow.close()
    waiting.close()
    _holds(place, events + late, receipts)


def test_two_writers_who_decided_on_the_same_state_are_not_both_right(place: Place) -> None:
    place.create().close()
    journals = [place.open(), place.open()]
    gate = threading.Barrier(2)
    kept: list[tuple[list[Draft], tuple[Receipt, ...]]] = []
    refused: list[Exception] = []

    def decide(journal: Journal) -> None:
        events = _batch(journal)
        gate.wait()
        try:
            kept.append((events, journal.append(events, expected_version=0)))
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=decide, args=(journal,)) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((events, receipts),) = kept
    assert [type(error).__name__ for error in refused] == ["ConflictError"]
    _holds(place, events, [*receipts])
    for journal in journals:
        journal.close()


def test_a_clock_that_runs_backward_changes_no_order(place: Place) -> None:
    journal = place.create()
    events: list[Draft] = []
    receipts: list[Receipt] = []
    for _ in range(5):
        events += (new := _batch(journal))
        receipts += journal.append(new)
        place.clock.move(hours=-3)
    assert [receipt.position for receipt in receipts] == list(range(1, 26))
    assert receipts[-1].received_at < receipts[0].received_at
    assert [record.id for record in journal.records()] == [event.id for event in events]
    journal.close()
    _holds(place, events, receipts)
