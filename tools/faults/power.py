"""Power cuts: at any moment of a trace, the disk is rebuilt as it may be found, and the journal opened."""

from __future__ import annotations

import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ivigil.records import JournalRefusedError, RecordsError
from tests.support.journals import Place
from tools.faults import load, trace
from tools.faults.audit import audit
from tools.faults.disk import Disk
from tools.faults.ledger import Ledger, seen_from_within
from tools.faults.trace import Said, Step
from tools.faults.traced import disk_place

MEMORY = Path("/dev/shm")
"""Where rebuilt disks are opened, if there is such a place: nothing that is tested waits for a real one."""


SECRET_BYTES = 65
"""Of a secret's file: 32 bytes in hexadecimal and a line's end."""


class Figures(msgspec.Struct):
    """What was done, what was found."""

    traces: int = 0
    steps: int = 0
    syncs: int = 0
    failed_syncs: int = 0
    cuts: int = 0
    unborn: int = 0
    """Cuts before the journal was made."""
    acknowledged: int = 0
    """Events that had been acknowledged, over all cuts."""
    under_way: int = 0
    committed: int = 0
    faulty: int = 0
    """Cuts after which anything was wrong."""
    faults: list[str] = msgspec.field(default_factory=list)


def record(seed: int, pragmas: Sequence[str] = (), failing: str = "") -> tuple[Path, list[Step]]:
    """Trace a writer on the real disk: the folder that it wrote to (gone again), and what it did.

    ``failing``: as for ``trace.record``.
    """
    with tempfile.TemporaryDirectory(prefix="ivigil-trace-") as made:
        folder, said, log = (Path(made) / name for name in ("disk", "said", "log"))
        folder.mkdir()
        writer = [sys.executable, "-m", "tools.faults.traced", str(folder), str(said), str(seed), *pragmas]
        trace.record(writer, log, failing)
        return folder, trace.steps(log, folder, said)


def cut(folder: Path, steps: Sequence[Step], cuts: int, seed: int, figures: Figures) -> Iterator[int]:
    """Cut the power at random moments, in their order; yields how many cuts there have been."""
    figures.traces += 1
    figures.steps += len(steps)
    figures.syncs += sum(isinstance(step, trace.Synced | trace.SyncFailed) for step in steps)
    figures.failed_syncs += sum(isinstance(step, trace.SyncFailed) for step in steps)
    chance = random.Random(seed)
    moments = sorted(chance.randint(0, len(steps)) for _ in range(cuts))
    disk, said, done = Disk(str(folder)), list[load.Words](), 0
    for moment in moments:
        for number, step in enumerate(steps[done:moment], start=done):
            disk.apply(number, step)
            if isinstance(step, Said):
                said.append(msgspec.msgpack.decode(step.text, type=load.Words))
        done = moment
        faults = _faults(folder, disk.after_cut(chance), said, figures)
        figures.cuts += 1
        figures.faulty += bool(faults)
        figures.faults += [f"step {moment}: {fault}" for fault in faults]
        yield figures.cuts


def _faults(
    folder: Path, found: Mapping[str, bytes | None], said: Sequence[load.Words], figures: Figures
) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="ivigil-cut-", dir=MEMORY if MEMORY.is_dir() else None) as made:
        rebuilt = Path(made)
        _rebuild(rebuilt, {path.removeprefix(f"{folder}/"): data for path, data in found.items()})
        place = disk_place(rebuilt)
        Path(place.url).parent.mkdir(exist_ok=True)
        try:
            if said:
                return _compared(place, said, figures)
            figures.unborn += 1
            return _made_anew(place)
        except Exception as error:  # whatever it is, the journal is not what was promised
            return [f"{type(error).__name__}: {error}"]


def _rebuild(folder: Path, found: Mapping[str, bytes | None]) -> None:
    for name in sorted(found):
        data = found[name]
        path = folder / name
        if data is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(data)
            path.chmod(0o600)


def _compared(place: Place, said: Sequence[load.Words], figures: Figures) -> list[str]:
    """What was promised before the cut, against what stands there after it."""
    ledger = Ledger()
    by_writer = defaultdict[int, list[load.Message]](list)
    for words in said:
        by_writer[words.writer].append(words.message)
    under_way = [call for spoken in by_writer.values() if (call := ledger.enter(spoken)) is not None]
    figures.acknowledged += len(ledger.promised)
    journal = place.open()
    before = audit(place.url)
    faults = list(ledger.faults(before))
    for call in under_way:
        if load.ERASURE_ID not in ledger.calls[call]:
            figures.under_way += 1
            figures.committed += ledger.send_again(journal, call, before)
    faults += ledger.faults(audit(place.url))
    faults += seen_from_within(journal)
    journal.close()
    return faults


def _made_anew(place: Place) -> list[str]:
    """Nobody was promised anything yet: a journal is there, or is made, or a person is asked to act."""
    try:
        place.open().close()
    except RecordsError:
        try:
            place.create().close()
        except JournalRefusedError:
            return [] if _half_made(place.secrets) else ["a journal cannot be made"]
    return list(audit(place.url).faults)


def _half_made(secrets: Path) -> bool:
    """One secret is there without the other, or not whole: they are never made anew over another's."""
    lengths = [path.stat().st_size for path in secrets.iterdir()]
    return lengths not in ([], [SECRET_BYTES, SECRET_BYTES])
