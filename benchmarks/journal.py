"""How fast the journal is: durable events, the chair's replay, a rebuild from a million, look-back by lot.

    python -m benchmarks.journal [--infusions 1000000] [--write]

What waits for the disk is given as a ratio to a bare loop of writing and syncing on the same disk in the
same run; figures without one depend on the machine. ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import insert, update

from ivigil.infusion import advise
from ivigil.infusion import replay as replayed
from ivigil.infusion.events import Event, VialHung, VitalsTaken
from ivigil.infusion.simulate import Simulation, simulate
from ivigil.intake import read_order
from ivigil.knowledge.store import load
from ivigil.patient import Identifier
from ivigil.planning import plan
from ivigil.records import Draft, Journal, chain, keys, rows, tables
from ivigil.records.bodies import Contact, Note
from ivigil.records.lookback import look_back
from ivigil.records.register import KINDS
from ivigil.records.vault import PatientKey
from tests.support.postgres import running
from tools.report import DOCS, table, write_section

ROOT = Path(__file__).parent.parent
NOON = dt.datetime(2026, 12, 7, 12, 0, tzinfo=dt.UTC)
PAGE_BYTES = 4096
SYNCS = 400
CALLS = 300
"""Of each writer, in each measurement of appending."""
WRITERS = 4
BATCH = 10
ROUNDS = 3
EVENTS_AT_THE_CHAIR = 400
INFUSIONS_A_PATIENT = 50
PATIENTS_A_LOT = 200
LOAD = 10_000
LOOK_BACKS = 101
PRODUCT = "privigen-us"

Row = tuple[str, str, str]
"""What, figure, aim."""


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--infusions", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    load_at_start = os.getloadavg()[0]
    found = [*_durable(), *_at_the_chair()]
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with place() as (url, folder):
            found += _million(name, url, folder, options.infusions)
    machine = f"{os.cpu_count()} cores, with a load of {load_at_start:.1f} from other work at the start"
    text = f"## The journal\n\n{machine}. Medians.\n\n{table(['what', 'figure', 'aim'], found)}"
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "journal", text)


@contextmanager
def _sqlite() -> Iterator[tuple[str, Path]]:
    with TemporaryDirectory(prefix="ivigil-bench-") as folder:
        yield str(Path(folder) / "journal.db"), Path(folder)


@contextmanager
def _postgresql() -> Iterator[tuple[str, Path]]:
    with TemporaryDirectory(prefix="ivigil-bench-") as folder, running() as server:
        yield server.new_database(), Path(folder)


def _durable() -> list[Row]:
    """Events a second that are on disk, in syncs a second of a bare loop."""
    found: list[Row] = []
    bare = median(_syncs_per_second() for _ in range(ROUNDS))
    found.append((f"bare loop: {PAGE_BYTES} bytes written and synced", f"{bare:,.0f} a second", ""))
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with place() as (url, folder):
            Journal.create(url, folder / "secrets").close()
            for writers in (1, WRITERS):
                for size in (1, BATCH):
                    rate, sync = _events_per_second(url, folder, writers, size)
                    what = f"{name}, {_number(writers, 'writer')}, {_number(size, 'event')} a transaction"
                    found.append((what, f"{rate:,.0f} events a second; {rate / sync:.2f} a bare sync", ""))
    return found


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


def _syncs_per_second() -> float:
    with TemporaryDirectory(prefix="ivigil-bench-") as folder:
        handle = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT)
        begin = time.perf_counter()
        for number in range(SYNCS):
            os.pwrite(handle, bytes(PAGE_BYTES), number * PAGE_BYTES)
            os.fdatasync(handle)
        spent = time.perf_counter() - begin
        os.close(handle)
    return SYNCS / spent


def _events_per_second(url: str, folder: Path, writers: int, size: int) -> tuple[float, float]:
    """Medians over rounds of events a second, and of syncs a second measured between them."""
    rates, syncs = [], []
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__"])
    with ProcessPoolExecutor(writers, context) as pool:
        for _ in range(ROUNDS):
            syncs.append(_syncs_per_second())
            spans = list(pool.map(_append, *zip(*[(url, folder, size)] * writers, strict=True)))
            spent = max(end for _, end in spans) - min(begin for begin, _ in spans)
            rates.append(writers * CALLS * size / spent)
    return median(rates), median(syncs)


def _append(url: str, folder: Path, size: int) -> tuple[float, float]:
    """One writer, for its own patient; when it began and ended, journal open."""
    journal = Journal.open(url, folder / "secrets")
    stream = uuid.uuid4().hex
    journal.append([_note(stream)])
    begin = time.monotonic()
    for _ in range(CALLS):
        journal.append([_note(stream) for _ in range(size)])
    end = time.monotonic()
    journal.close()
    return begin, end


def _note(stream: str) -> Draft:
    body = Note(text="vein found at the second attempt")
    return _draft(str(uuid.uuid4()), stream, "note", body)


def _draft(event_id: str, stream: str, kind: str, body: Note | VialHung | Contact, **more: str) -> Draft:
    return Draft(
        id=event_id,
        stream=stream,
        kind=kind,
        body=body,
        occurred_at=NOON,
        author="nurse.demo",
        site="demo-clinic",
        **more,  # type: ignore[arg-type]
    )


def _at_the_chair() -> list[Row]:
    simulation, events = _long_infusion()
    now = simulation.until
    state = replayed(simulation.briefing.day, events)
    replay_ms = 1000 * _seconds(lambda: replayed(simulation.briefing.day, events))
    advise_ms = 1000 * _seconds(lambda: advise(simulation.briefing, state, now))
    return [
        (f"replay of an infusion of {len(events)} events", f"{replay_ms:.1f} ms", ""),
        ("advice at its end", f"{advise_ms:.1f} ms", ""),
    ]


def _long_infusion() -> tuple[Simulation, list[Event]]:
    """A simulated infusion with a reaction that comes back; vitals are taken as often as it takes."""
    knowledge = load()
    made = plan(read_order(ROOT / "examples/kawasaki.toml", knowledge), knowledge)
    simulation = simulate(made, 1, knowledge, name="comes_back")
    events = list(simulation.events)
    vitals = next(event for event in events if isinstance(event.what, VitalsTaken))
    missing = EVENTS_AT_THE_CHAIR - len(events)
    pause = (events[-1].at - vitals.at) / (missing + 1)
    events += [replace(vitals, id=f"more-{n}", at=vitals.at + n * pause) for n in range(1, missing + 1)]
    return simulation, events


def _seconds(work: Callable[[], object]) -> float:
    spans = []
    for _ in range(LOOK_BACKS):
        begin = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begin)
    return median(spans)


def _million(name: str, url: str, folder: Path, infusions: int) -> list[Row]:
    journal = Journal.create(url, folder / "secrets")
    lots = infusions // PATIENTS_A_LOT
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as progress:
        loading = progress.add_task(f"load {name}", total=None)
        _load(journal, infusions, lots, lambda done: progress.update(loading, completed=done))
        events = journal.head().position
        progress.update(loading, total=events, completed=events)
        rebuilding = progress.add_task(f"rebuild {name}", total=events)
        begin = time.perf_counter()
        journal.rebuild_views(lambda done, _: progress.update(rebuilding, completed=done))
        rebuilt = time.perf_counter() - begin
    found = look_back(journal, _lot(lots // 2))
    assert len(found) == PATIENTS_A_LOT
    assert all(traced.reach == "known" for traced in found)
    asked = iter(range(LOOK_BACKS))
    looked_ms = 1000 * _seconds(lambda: look_back(journal, _lot(next(asked) % lots)))
    journal.close()
    people = f"{PATIENTS_A_LOT} patients with contacts"
    return [
        (f"{name}: views rebuilt from {events:,} events", f"{rebuilt:.0f} s", ""),
        (f"{name}: look-back by lot over {infusions:,} infusions ({people})", f"{looked_ms:.1f} ms", "50 ms"),
    ]


def _lot(number: int) -> str:
    return f"L{number:06d}"


def _load(journal: Journal, infusions: int, lots: int, progress: Callable[[int], None]) -> None:
    """Rows as appending would have written them, chained and sealed, put in at once and without views."""
    patients = infusions // INFUSIONS_A_PATIENT
    head = journal.head()
    position, before = head.position, head.hash
    versions: dict[str, int] = {}
    with journal.store.writing() as connection:
        held: dict[str, PatientKey] = {}
        made = []
        for draft in _events(infusions, patients, lots):
            key = held.get(draft.stream)
            if key is None:
                key = held[draft.stream] = keys.make(connection, journal.vault, draft.stream)
            position += 1
            versions[draft.stream] = versions.get(draft.stream, 0) + 1
            row = rows.said(draft) | {
                "position": position,
                "version": versions[draft.stream],
                "schema": 1,
                "device_at": None,
                "received_at": rows.utc_text(NOON),
                "key": key.id,
            }
            header = rows.header_bytes(row)
            row["payload"] = key.seal(KINDS.write(draft.body), header)
            row["hash"] = before = chain.link(before, header, row["payload"])
            made.append(row)
            if len(made) == LOAD:
                connection.execute(insert(tables.event), made)
                made.clear()
                progress(position)
        if made:
            connection.execute(insert(tables.event), made)
        connection.execute(update(tables.head).values(position=position, hash=before))


def _events(infusions: int, patients: int, lots: int) -> Iterator[Draft]:
    """A contact of every patient; then one infusion after the other, each with one vial."""
    for patient in range(patients):
        who = Identifier("urn:example:clinic", f"B-{patient}")
        contact = Contact(patient=who, name=f"Demo Patient {patient}", phone=f"+00 {patient:07d}")
        yield _draft(_id(patient), f"{patient:032x}", "contact", contact)
    for infusion in range(infusions):
        lot = _lot(infusion % lots)
        # Another step than that of the lots: a lot goes to as many patients as infusions.
        patient = (infusion // lots + infusion % lots * PATIENTS_A_LOT) % patients
        body = VialHung(product=PRODUCT, grams=Decimal(10), volume_ml=Decimal(100), lot=lot)
        yield _draft(
            _id(patients + infusion),
            f"{patient:032x}",
            "vial_hung",
            body,
            subject=f"infusion-{infusion}",
            product=PRODUCT,
            lot=lot,
        )


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


if __name__ == "__main__":
    main()
