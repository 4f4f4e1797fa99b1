"""Verification: every link of the chain recomputed, every payload opened, every checkpoint compared."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection, func, select

from ivigil.records import chain, checkpoint, keys, rows, tables, views
from ivigil.records.checkpoint import Checkpoint
from ivigil.records.journal import ERASED, Journal
from ivigil.records.kinds import Kinds
from ivigil.records.opening import Identity
from ivigil.records.progress import Progress, untold
from ivigil.records.vault import DoesNotOpenError, PatientKey, Vault
from ivigil.records.words import Head

Code = Literal[
    "position_gap",  # events before this one are missing
    "hash_broken",  # the event, or the one before it, was changed
    "head_differs",  # the journal ends elsewhere than it says: events at its end are missing
    "version_gap",  # the patient's versions do not follow each other
    "payload_damaged",  # the body does not open
    "key_missing",  # the body cannot be opened, and no erasure says why
    "key_not_destroyed",  # an erasure was undone: the body still opens
    "bad_signature",  # not signed by this journal's key
    "other_journal",  # a checkpoint of another journal
    "rewritten",  # the journal once had another hash at this position
    "cut_short",  # the journal once went further: truncated, or an old backup put back
    "views_differ",  # a view is not what the events make it: rebuild the views
    "clock_backward",  # received before the event before it
]
NOTICES: frozenset[Code] = frozenset({"clock_backward"})

MOST_SHOWN = 100
PAGE = 1000


class Finding(msgspec.Struct, frozen=True):
    """One thing found at one position."""

    code: Code
    position: int
    where: str = ""
    """The stream, or the name of the view."""

    @property
    def is_fault(self) -> bool:
        """False for what is worth knowing and harms nothing."""
        return self.code not in NOTICES


class Verdict(msgspec.Struct, frozen=True):
    """What verification found: how often each, and where the first 100 of each are, in journal order."""

    journal: str
    head: Head
    events: int
    checkpoints: int
    findings: tuple[Finding, ...]
    counts: dict[Code, int]

    @property
    def is_sound(self) -> bool:
        return self.counts.keys() <= NOTICES


def verify(journal: Journal, checkpoints: Sequence[Checkpoint] = (), progress: Progress = untold) -> Verdict:
    """Recompute the whole journal, in bounded memory, against its own checkpoints and those given.

    ``checkpoints``: what was kept elsewhere; without any, a journal written anew as a whole is not noticed.
    """
    with journal.store.reading() as connection:
        return verdict_on(
            connection,
            identity=journal.identity,
            vault=journal.vault,
            kinds=journal.kinds,
            checkpoints=checkpoints,
            progress=progress,
        )


def verdict_on(
    connection: Connection,
    *,
    identity: Identity,
    vault: Vault,
    kinds: Kinds,
    checkpoints: Sequence[Checkpoint],
    progress: Progress,
) -> Verdict:
    """The same inside a transaction: of a journal that is being restored, before it counts as one."""
    row = connection.execute(select(tables.head)).one()
    head = Head(row.position, row.hash)
    events = connection.execute(select(func.count()).select_from(tables.event)).scalar_one()
    compared = tuple(dict.fromkeys([*checkpoint.kept(connection), *checkpoints]))
    findings = itertools.chain(
        _unusable(compared, identity),
        _walk(
            connection,
            identity=identity,
            vault=vault,
            head=head,
            checkpoints=compared,
            progress=lambda done: progress(done, events),
        ),
        _version_gaps(connection),
        (Finding("views_differ", head.position, name) for name in views.differing(connection, kinds)),
    )
    counts, first = _counted(findings)
    return Verdict(identity.id, head, events, len(compared), first, counts)


def _counted(findings: Iterable[Finding]) -> tuple[dict[Code, int], tuple[Finding, ...]]:
    counts: dict[Code, int] = {}
    first = []
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
        if counts[finding.code] <= MOST_SHOWN:
            first.append(finding)
    return counts, tuple(sorted(first, key=lambda finding: finding.position))


def _unusable(checkpoints: Iterable[Checkpoint], identity: Identity) -> Iterator[Finding]:
    for made in checkpoints:
        if made.journal != identity.id:
            yield Finding("other_journal", made.position)
        elif not made.is_genuine(identity.public_key):
            yield Finding("bad_signature", made.position)


def _walk(
    connection: Connection,
    *,
    identity: Identity,
    vault: Vault,
    head: Head,
    checkpoints: Iterable[Checkpoint],
    progress: Callable[[int], None],
) -> Iterator[Finding]:
    """Every event in order: its link, its payload, the checkpoints taken there."""
    stated: dict[int, set[str]] = {}
    for made in checkpoints:
        if made.journal == identity.id and made.is_genuine(identity.public_key):
            stated.setdefault(made.position, set()).add(made.hash)
    last = Head(0, chain.genesis(identity.id))
    received = ""
    yield from _against(stated, last)
    for done, page in _pages(connection):
        streams = {row["stream"] for row in page}
        held = keys.of_streams(connection, vault, streams)
        erased = _erasures(connection, streams)
        for row in page:
            header = rows.header_bytes(row)
            if row["position"] != last.position + 1:
                yield Finding("position_gap", row["position"])
            elif row["hash"] != chain.link(last.hash, header, row["payload"]):
                yield Finding("hash_broken", row["position"], row["stream"])
            if row["received_at"] < received:
                yield Finding("clock_backward", row["position"])
            yield from _payload(row, header, held.get(row["key"]), erased.get(row["stream"], 0))
            last = Head(row["position"], row["hash"])
            received = row["received_at"]
            yield from _against(stated, last)
        progress(done)
    if last != head:
        yield Finding("head_differs", head.position)
    yield from (Finding("cut_short", position) for position in sorted(stated) if position > last.position)


def _against(stated: dict[int, set[str]], at: Head) -> Iterator[Finding]:
    if stated.get(at.position, {at.hash}) != {at.hash}:
        yield Finding("rewritten", at.position)


def _payload(row: rows.Row, header: bytes, key: PatientKey | None, erased_at: int) -> Iterator[Finding]:
    """``erased_at``: version of the stream's last erasure, 0 without one."""
    is_erased = row["version"] < erased_at
    if key is None:
        if not is_erased:
            yield Finding("key_missing", row["position"], row["stream"])
        return
    if is_erased:
        yield Finding("key_not_destroyed", row["position"], row["stream"])
    try:
        key.open(row["payload"], header)
    except DoesNotOpenError:
        yield Finding("payload_damaged", row["position"], row["stream"])


def _pages(connection: Connection) -> Iterator[tuple[int, Sequence[rows.Row]]]:
    """All events a page at a time, each with how many are done after it."""
    event = tables.event
    last = done = 0
    while True:
        asked = select(event).where(event.c.position > last).order_by(event.c.position).limit(PAGE)
        page = connection.execute(asked).mappings().all()
        if not page:
            return
        last = page[-1]["position"]
        done += len(page)
        yield done, page


def _erasures(connection: Connection, streams: Collection[str]) -> dict[str, int]:
    event = tables.event.c
    asked = (
        select(event.stream, func.max(event.version).label("version"))
        .where(event.stream.in_(streams), event.kind == ERASED)
        .group_by(event.stream)
    )
    return {row.stream: row.version for row in connection.execute(asked)}


def _version_gaps(connection: Connection) -> Iterator[Finding]:
    event = tables.event.c
    before = func.lag(event.version, 1, 0).over(partition_by=event.stream, order_by=event.position)
    steps = select(event.position, event.stream, (event.version - before).label("step")).subquery()
    for row in connection.execute(select(steps).where(steps.c.step != 1)):
        yield Finding("version_gap", row.position, row.stream)
