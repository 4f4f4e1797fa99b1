"""Views: what is often asked, kept ready. They can be thrown away and are rebuilt from the headers.

They read no payload: erasing a patient changes none of them, and a rebuild needs no key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    case,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from ivigil.infusion.events import (
    Completed,
    Disconnected,
    ObservationEnded,
    Paused,
    Resumed,
    Started,
    Stopped,
)
from ivigil.knowledge.trade_items import lot_key
from ivigil.records.bodies import Contact
from ivigil.records.drafts import MOST_CHARACTERS
from ivigil.records.kinds import Kinds, tag
from ivigil.records.rows import Row
from ivigil.records.tables import HEADER, event, metadata

PAGE = 10_000

lot_use = Table(
    "lot_use",
    metadata,
    Column("lot_key", Text, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("stream", String(32), primary_key=True, index=True),
    Column("subject", Text, primary_key=True),
    Column("lot", Text, nullable=False),
    Column("first_at", String(27), nullable=False),
    Column("last_at", String(27), nullable=False),
    Column("vials", Integer, nullable=False),
)
"""Which infusion of which patient used a lot of a product: one row, however many vials."""


def _state_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("stream", String(32), primary_key=True),
        Column("subject", Text, primary_key=True),
        Column("state", Text, nullable=False),
        Column("since", String(27), nullable=False),
        Column("position", Integer, nullable=False),
        Column("first_at", String(27), nullable=False),
        Column("last_at", String(27), nullable=False),
        Column("events", Integer, nullable=False),
    )


plan_state = _state_table("plan_state")
"""What was recorded last about each plan. Whether it may start is for ``authorisation`` to say."""

infusion_state = _state_table("infusion_state")
"""What each infusion came to last. What is true at its chair is for ``infusion.replay`` to say."""

contact_at = Table(
    "contact_at",
    metadata,
    Column("stream", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
)
"""Where each patient's latest contact stands."""

COURSE = tuple(
    tag(turn) for turn in (Started, Paused, Resumed, Disconnected, Stopped, Completed, ObservationEnded)
)
"""What turns an infusion from one state into another."""


class View(msgspec.Struct, frozen=True):
    """A table, the row that an event would put there, and what a further event changes in it."""

    table: Table
    row: Callable[[Row], dict[str, Any] | None]
    """None: the event does not concern this view."""
    merged: Callable[[Any, Any], dict[str, ColumnElement[Any]]]
    """From the columns there are and those of the new row."""


def views(kinds: Kinds) -> tuple[View, ...]:
    """All views, for a journal of these kinds."""
    plans, infusions = kinds.about("plan"), kinds.about("infusion")
    return (
        View(lot_use, _lot_row, _spanned("vials")),
        View(plan_state, lambda row: _state_row(row, plans, plans), _latest("position")),
        View(infusion_state, lambda row: _state_row(row, infusions, COURSE), _latest("since")),
        View(contact_at, _contact_row, lambda _, new: {"position": new.position}),
    )


def update(connection: Connection, shown: Iterable[View], rows: Sequence[Row]) -> None:
    """Let these events, the next of the journal, show in the views."""
    for view in shown:
        found = [made for row in rows if (made := view.row(row)) is not None]
        if found:
            connection.execute(_upsert(connection, view), found)


def rebuild(connection: Connection, shown: Sequence[View], progress: Callable[[int], None]) -> None:
    """Throw the views away and make them anew from the headers, inside a transaction."""
    for view in shown:
        view.table.drop(connection, checkfirst=True)
        view.table.create(connection)
    replay(connection, shown, progress)


def replay(connection: Connection, shown: Sequence[View], progress: Callable[[int], None]) -> None:
    """Let every event show in empty views; ``progress`` is told how many are done."""
    done = 0
    for page in _headers(connection):
        update(connection, shown, page)
        done += len(page)
        progress(done)


def differing(connection: Connection, kinds: Kinds) -> tuple[str, ...]:
    """Names of the views that are not what the journal would make them, inside a transaction."""
    shown = views(kinds)
    scratch = MetaData()
    fresh = [msgspec.structs.replace(view, table=_temporary(view.table, scratch)) for view in shown]
    scratch.create_all(connection)
    replay(connection, fresh, lambda _: None)
    pairs = [(old.table, new.table) for old, new in zip(shown, fresh, strict=True)]
    names = tuple(old.name for old, new in pairs if _differ(connection, old, new))
    scratch.drop_all(connection)
    return names


def _temporary(table: Table, scratch: MetaData) -> Table:
    columns = [Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns]
    return Table(f"fresh_{table.name}", scratch, *columns, prefixes=["TEMPORARY"])


def _differ(connection: Connection, one: Table, two: Table) -> bool:
    pairs = ((one, two), (two, one))
    questions = (select(left).except_(select(right)).limit(1) for left, right in pairs)
    return any(connection.execute(question).first() is not None for question in questions)


def _headers(connection: Connection) -> Iterator[Sequence[Row]]:
    columns = [event.c[name] for name in HEADER]
    last = 0
    while True:
        asked = select(*columns).where(event.c.position > last).order_by(event.c.position).limit(PAGE)
        page = connection.execute(asked).mappings().all()
        if not page:
            return
        yield page
        last = page[-1]["position"]


def _lot_row(row: Row) -> dict[str, Any] | None:
    if not row["lot"]:
        return None
    return {
        "lot_key": lot_key(row["lot"])[:MOST_CHARACTERS],
        "product": row["product"],
        "stream": row["stream"],
        "subject": row["subject"],
        "lot": row["lot"],
        "first_at": row["occurred_at"],
        "last_at": row["occurred_at"],
        "vials": 1,
    }


def _state_row(row: Row, about: Sequence[str], states: Sequence[str]) -> dict[str, Any] | None:
    if row["kind"] not in about:
        return None
    turns = row["kind"] in states
    return {
        "stream": row["stream"],
        "subject": row["subject"],
        "state": row["kind"] if turns else "",
        "since": row["occurred_at"] if turns else "",
        "position": row["position"],
        "first_at": row["occurred_at"],
        "last_at": row["occurred_at"],
        "events": 1,
    }


def _contact_row(row: Row) -> dict[str, Any] | None:
    if row["kind"] != tag(Contact):
        return None
    return {"stream": row["stream"], "position": row["position"]}


def _spanned(count: str) -> Callable[[Any, Any], dict[str, ColumnElement[Any]]]:
    """First and last time, and how many."""

    def merged(old: Any, new: Any) -> dict[str, ColumnElement[Any]]:
        return {
            "first_at": case((new.first_at < old.first_at, new.first_at), else_=old.first_at),
            "last_at": case((new.last_at > old.last_at, new.last_at), else_=old.last_at),
            count: old[count] + 1,
        }

    return merged


def _latest(by: str) -> Callable[[Any, Any], dict[str, ColumnElement[Any]]]:
    """The state that is latest by this column, and the span of all events."""
    spanned = _spanned("events")

    def merged(old: Any, new: Any) -> dict[str, ColumnElement[Any]]:
        turned = new[by] >= old[by]
        return spanned(old, new) | {
            "state": case((turned, new.state), else_=old.state),
            "since": case((turned, new.since), else_=old.since),
            "position": new.position,
        }

    return merged


def _upsert(connection: Connection, view: View) -> Any:
    """The one statement that both databases have and spell alike, but SQLAlchemy keeps apart."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(view.table)
    return new.on_conflict_do_update(
        index_elements=list(view.table.primary_key), set_=view.merged(view.table.c, new.excluded)
    )
