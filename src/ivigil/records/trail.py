"""The latest events of some kinds, newest first: what an auditor asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select, true

from ivigil.records import keys, rows
from ivigil.records.entrance import of_reads
from ivigil.records.finding import recorded_at
from ivigil.records.journal import Journal
from ivigil.records.links import of_links
from ivigil.records.tables import event
from ivigil.records.words import Record


class Within(msgspec.Struct, frozen=True):
    """What somebody may ask of the trail: what was recorded at their sites, what was recorded anywhere of
    patients who were treated there, and of people who are admitted there."""

    sites: tuple[str, ...]
    people: tuple[str, ...]
    """By id."""


def trail(
    journal: Journal,
    kinds: Sequence[str],
    *,
    author: str = "",
    subject: str = "",
    patient: str = "",
    accounts: Sequence[str] = (),
    within: Within | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: int | None = None,
    most: int = 200,
) -> tuple[Record, ...]:
    """The latest events of some kinds, newest first, of one author, about one subject or patient if named.

    ``patient``: their stream; their record, its reads and their links, and what befell the ``accounts``
    (people by id). ``within``: None is everything. ``since`` and ``until`` bound when they were received,
    ``before`` the position.
    """
    column = event.c
    asked = select(event).where(column.kind.in_(kinds))
    for wanted, condition in (
        (author, column.author == author),
        (subject, column.subject == subject),
        (patient, _of_patient(journal, patient, accounts)),
        (within, _within(journal, within)),
        (since, column.received_at >= rows.utc_text(since) if since else true()),
        (until, column.received_at < rows.utc_text(until) if until else true()),
        (before, column.position < (before or 0)),
    ):
        asked = asked.where(condition) if wanted else asked
    with journal.store.reading() as connection:
        found = connection.execute(asked.order_by(column.position.desc()).limit(most)).mappings().all()
        held = keys.of_streams(connection, journal.vault, {row["stream"] for row in found})
    return tuple(rows.record(row, held.get(row["key"]), journal.kinds) for row in found)


def _of_patient(journal: Journal, patient: str, accounts: Sequence[str]) -> ColumnElement[bool]:
    beside = (journal.stream(of_reads(patient)), journal.stream(of_links(patient)))
    return or_(event.c.stream.in_((patient, *beside)), event.c.subject.in_(accounts))


def _within(journal: Journal, within: Within | None) -> ColumnElement[bool]:
    if within is None:
        return true()
    kinds, column = journal.kinds, event.c
    patients = [name for about in ("patient", "plan", "infusion") for name in kinds.about(about)]
    return or_(
        column.site.in_(within.sites),
        and_(column.kind.in_(kinds.about("person")), column.subject.in_(within.people)),
        and_(column.kind.in_(kinds.about("reads")), recorded_at(column.subject, within.sites)),
        and_(column.kind.in_(patients), recorded_at(column.stream, within.sites)),
    )
