"""Nothing acknowledged is lost, nothing is half written, the chain is whole: after kills and power cuts.

Short runs of what ``make prove-journal`` does thousands of times; and proof that both can fail.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.journals import PATIENT, Place, draft
from tests.support.postgres import running
from tools.faults import load, power, trace
from tools.faults.audit import audit
from tools.faults.bounds import upper, verdict
from tools.faults.disk import Disk
from tools.faults.kills import Campaign
from tools.faults.ledger import Ledger
from tools.faults.trace import Cut, Made, Moved, Synced, SyncFailed, Wrote

KILLS = 25
"""On each database."""
CUTS = 30
OFTEN = "wal_autocheckpoint=20"
FAILING_SYNC = "fdatasync:error=EIO:when=3+25"
FULL = "pwrite64:error=ENOSPC:when=20+97"

traced = pytest.mark.skipif(bool(trace.unavailable()), reason=trace.unavailable() or "strace is there")


def _run(campaign: Campaign) -> None:
    for _ in campaign.run(KILLS):
        pass
    figures = campaign.figures
    assert figures.faults == []
    assert figures.moments >= KILLS
    assert figures.acknowledged > 0


def test_killed_writers_lose_nothing_on_sqlite(tmp_path: Path) -> None:
    _run(Campaign(tmp_path, seed=7))


def test_killed_writers_and_a_killed_server_lose_nothing_on_postgresql(tmp_path: Path) -> None:
    with running() as server:
        campaign = Campaign(tmp_path, seed=7, server=server)
        _run(campaign)
        assert campaign.figures.servers > 0


@traced
@pytest.mark.parametrize(
    ("pragmas", "failing"),
    [([], ""), ([OFTEN], ""), ([OFTEN], FAILING_SYNC), ([OFTEN], FULL)],
    ids=["as it is", "log emptied often", "syncs fail", "disk full now and then"],
)
def test_a_power_cut_loses_nothing(pragmas: list[str], failing: str) -> None:
    figures = _cut(pragmas, CUTS, failing)
    assert figures.faults == []
    assert figures.acknowledged > 0
    assert bool(figures.failed_syncs) == (failing == FAILING_SYNC)


@traced
@pytest.mark.parametrize("pragma", ["synchronous=OFF", "synchronous=NORMAL"])
def test_the_power_cut_finds_losses_where_the_disk_is_not_waited_for(pragma: str) -> None:
    assert _cut([pragma], 15).faulty > 0


def _cut(pragmas: list[str], cuts: int, failing: str = "") -> power.Figures:
    figures = power.Figures()
    folder, steps = power.record(3, pragmas, failing)
    for _ in power.cut(folder, steps, cuts, 3, figures):
        pass
    return figures


Harm = Callable[[sqlite3.Connection], object]

HARMS: dict[str, tuple[Harm, str]] = {
    "the last event is gone": (lambda db: db.execute("DELETE FROM event WHERE position = 4"), "is lost"),
    "half of a call is gone": (lambda db: db.execute("DELETE FROM event WHERE position = 3"), "stands at"),
    "an event was rewritten": (
        lambda db: db.execute("UPDATE event SET lot = 'X' WHERE position = 2"),
        "hash",
    ),
    "the head is old": (lambda db: db.execute("UPDATE head SET position = 3"), "head"),
    "a gap": (lambda db: db.execute("UPDATE event SET position = 9 WHERE position = 4"), "otherwise"),
    "a version was left out": (
        lambda db: db.execute("UPDATE event SET version = 9 WHERE position = 4"),
        "number",
    ),
}


@pytest.mark.parametrize(("harm", "named"), HARMS.values(), ids=HARMS)
def test_the_ledger_names_a_broken_promise(tmp_path: Path, harm: Harm, named: str) -> None:
    place, ledger = _kept(tmp_path)
    assert list(ledger.faults(audit(place.url))) == []
    with sqlite3.connect(place.url) as database:
        harm(database)
    assert any(named in fault for fault in ledger.faults(audit(place.url)))


def test_the_ledger_names_an_event_that_nobody_asked_for(tmp_path: Path) -> None:
    place, ledger = _kept(tmp_path)
    journal = place.open()
    journal.append([draft(journal.stream(PATIENT))])
    journal.close()
    assert any("never asked" in fault for fault in ledger.faults(audit(place.url)))


def _kept(folder: Path) -> tuple[Place, Ledger]:
    """A journal with one event and then three of one call, and the ledger of it."""
    place = Place(str(folder / "journal.db"), folder)
    journal = place.create()
    stream = journal.stream(PATIENT)
    ledger = Ledger()
    for count in (1, 3):
        events = [draft(stream) for _ in range(count)]
        asked = load.Asked(tuple((event.id, event.stream) for event in events))
        ledger.enter([asked, load.Got(journal.append(events))])
    journal.close()
    return place, ledger


A, B = b"a" * 512, b"b" * 512


def _left(*steps: trace.Step) -> set[frozenset[tuple[str, bytes | None]]]:
    """Every state in which chance leaves the disk."""
    disk = Disk("/d")
    for number, step in enumerate(steps):
        disk.apply(number, step)
    return {frozenset(disk.after_cut(random.Random(seed)).items()) for seed in range(400)}


def _states(*contents: dict[str, bytes]) -> set[frozenset[tuple[str, bytes | None]]]:
    return {frozenset(content.items()) for content in contents}


def test_the_disk_keeps_what_was_synced_under_its_name() -> None:
    steps = Made(1, "/d/f"), Wrote(1, 0, A), Synced(1, 2), Synced(0, 2)
    assert _left(*steps) == _states({"/d/f": A})


def test_the_disk_forgets_a_name_that_was_not_synced() -> None:
    assert _left(Made(1, "/d/f"), Wrote(1, 0, A), Synced(1, 2)) == _states({}, {"/d/f": A})


def test_the_disk_tears_and_reorders_what_was_not_synced() -> None:
    left = _left(Made(1, "/d/f"), Synced(0, 1), Wrote(1, 0, A + B))
    zeros = bytes(512)
    assert left == _states(
        *({"/d/f": kept} for kept in (b"", A, A + B, zeros + B, A + zeros, zeros, zeros + zeros))
    )


def test_a_sync_covers_only_what_had_ended_when_it_began() -> None:
    left = _left(Made(1, "/d/f"), Synced(0, 1), Wrote(1, 0, A), Wrote(1, 0, B), Synced(1, 3))
    assert left == _states({"/d/f": A}, {"/d/f": B})


def test_a_sync_that_failed_is_not_made_good_by_the_next() -> None:
    steps = Made(1, "/d/f"), Synced(0, 1), Wrote(1, 0, A), SyncFailed(1, 3), Synced(1, 4)
    assert _left(*steps) == _states({"/d/f": b""})
    assert _left(*steps, Wrote(1, 0, B), Synced(1, 6)) == _states({"/d/f": B})


def test_the_disk_may_bring_back_what_was_removed_or_cut() -> None:
    made = Made(1, "/d/f"), Wrote(1, 0, A), Synced(1, 2), Synced(0, 2)
    assert _left(*made, Moved("/d/f")) == _states({"/d/f": A}, {})
    assert _left(*made, Cut(1, 0)) == _states({"/d/f": A}, {"/d/f": b""})
    assert _left(*made, Moved("/d/f", "/d/g")) == _states({"/d/f": A}, {"/d/g": A})


@traced
def test_a_way_of_writing_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"import os; os.writev(os.open({str(disk / 'f')!r}, os.O_CREAT | os.O_WRONLY), [b'x'])"
    trace.record(["python3", "-c", script], tmp_path / "log")
    with pytest.raises(trace.TraceError, match="writev"):
        trace.steps(tmp_path / "log", disk, tmp_path / "said")


@pytest.mark.parametrize(
    ("failures", "trials", "bound"),
    # None of n: 1 - 0.05^(1/n). Others: known values of the exact one-sided bound.
    [(0, 3000, 0.000998), (0, 1, 0.95), (1, 10, 0.3942), (2, 20, 0.2826), (5, 5, 1.0)],
)
def test_upper_bounds(failures: int, trials: int, bound: float) -> None:
    assert upper(failures, trials) == pytest.approx(bound, rel=0.001)


@pytest.mark.parametrize(
    ("failures", "trials", "told"),
    [(0, 3000, "0 of 3,000 x: below 0.1% of y"), (0, 50, "0 of 50 x: below 5.9% of y"), (9, 5, "below 100%")],
)
def test_a_bound_is_told_rounded_up(failures: int, trials: int, told: str) -> None:
    assert told in verdict(failures, trials, "x", "y")
