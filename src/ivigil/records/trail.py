"""The latest events of some kinds, newest first: what an auditor asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, true

from ivigil.records import keys, rows
from ivigil.records.journal import Journal
from ivigil.records.tables import event
from ivigil.records.words import Record


def trail(
    journal: Journal,
    kinds: Sequence[str],
    *,
    author: str = "",
    subject: str = "",
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    before: int | None = None,
    most: int = 200,
) -> tuple[Record, ...]:
    """The latest events of some kinds, newest first, of one author or about one subject if named.

    ``since`` and ``until`` bound when they were received, ``before`` the position.
    """
    column = event.c
    asked = select(event).where(column.kind.in_(kinds))
    for wanted, condition in (
        (author, column.author == author),
        (subject, column.subject == subject),
        (since, column.received_at >= rows.utc_text(since) if since else true()),
        (until, column.received_at < rows.utc_text(until) if until else true()),
        (before, column.position < (before or 0)),
    ):
        asked = asked.where(condition) if wanted else asked
    with journal.store.reading() as connection:
        found = connection.execute(asked.order_by(column.position.desc()).limit(most)).mappings().all()
        held = keys.of_streams(connection, journal.vault, {row["stream"] for row in found})
    return tuple(rows.record(row, held.get(row["key"]), journal.kinds) for row in found)
