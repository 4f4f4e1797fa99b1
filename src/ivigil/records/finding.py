"""Finding plans and infusions by what a person types: their ids. Reads views and headers alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Table, select, true

from ivigil.records import rows
from ivigil.records.journal import Journal
from ivigil.records.tables import event
from ivigil.records.views import infusion_state, plan_state


class Listed(msgspec.Struct, frozen=True):
    """One plan or infusion, and what was recorded last about it."""

    stream: str
    subject: str
    state: str
    """Kind of the event that gave it its state; "" if none did yet."""
    last_at: dt.datetime


def plan_and_day(infusion: str) -> tuple[str, int] | None:
    """The plan and day that ``infusion_id`` was made of; None if it is no such id."""
    plan, _, day = infusion.rpartition("-")
    return (plan, int(day)) if plan and day.isdecimal() else None


def plans(journal: Journal, sites: Iterable[str] | None = None) -> tuple[Listed, ...]:
    """Every plan of the journal, or of patients of some sites, the last changed first."""
    return _listed(journal, plan_state, None if sites is None else tuple(sites))


def infusions(journal: Journal) -> tuple[Listed, ...]:
    """Every infusion of the journal, the last changed first."""
    return _listed(journal, infusion_state)


def stream_of_plan(journal: Journal, plan: str) -> str | None:
    """The patient whose plan this is; None if the journal has no such plan."""
    with journal.store.reading() as connection:
        asked = select(plan_state.c.stream).where(plan_state.c.subject == plan)
        return connection.execute(asked).scalars().first()


def sites(journal: Journal, stream: str) -> tuple[str, ...]:
    """The sites that recorded anything in a stream; none if it has no event."""
    with journal.store.reading() as connection:
        asked = select(event.c.site).where(event.c.stream == stream).distinct().order_by(event.c.site)
        return tuple(connection.execute(asked).scalars())


def recorded_at(stream: ColumnElement[str], sites: Iterable[str]) -> ColumnElement[bool]:
    """Whether one of these sites recorded anything in a stream."""
    other = event.alias()
    return select(other.c.id).where(other.c.stream == stream, other.c.site.in_(tuple(sites))).exists()


def _listed(journal: Journal, view: Table, of: tuple[str, ...] | None = None) -> tuple[Listed, ...]:
    asked = select(view).where(true() if of is None else recorded_at(view.c.stream, of))
    with journal.store.reading() as connection:
        found = connection.execute(asked.order_by(view.c.last_at.desc(), view.c.subject)).mappings()
        return tuple(
            Listed(row["stream"], row["subject"], row["state"], rows.moment(row["last_at"])) for row in found
        )
