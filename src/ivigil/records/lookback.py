"""Look-back: from a lot to every patient who got it, with how to reach them; and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec
from sqlalchemy import Connection, Select, select

from ivigil.infusion.progress import given_g
from ivigil.infusion.replay import replay
from ivigil.knowledge.trade_items import lot_key
from ivigil.records import keys, rows
from ivigil.records.bodies import Contact
from ivigil.records.drafts import MOST_CHARACTERS
from ivigil.records.infusing import load
from ivigil.records.journal import Journal
from ivigil.records.tables import event
from ivigil.records.views import contact_at, lot_use
from ivigil.records.words import Erased


class Use(msgspec.Struct, frozen=True):
    """One lot of one product in one infusion."""

    stream: str
    subject: str
    """Id of the infusion."""
    product: str
    lot: str
    """As it was typed or scanned first."""
    first_at: dt.datetime
    last_at: dt.datetime
    vials: int
    """How many events name the lot: hung vials, and corrections to it."""


class Traced(msgspec.Struct, frozen=True):
    """A patient who got the lot."""

    stream: str
    uses: tuple[Use, ...]
    reach: Literal["known", "erased", "unknown"]
    """Whether ``contact`` is there, was erased, or was never written (or cannot be read)."""
    contact: Contact | None = None


def look_back(journal: Journal, lot: str, product: str = "") -> tuple[Traced, ...]:
    """Every patient who got a lot, by first use. Case and spaces of the lot do not matter.

    ``product``: only this one; "" means any, for a lot number is unique only within its maker.
    """
    chosen = lot_use.c.lot_key == lot_key(lot)[:MOST_CHARACTERS]
    if product:
        chosen &= lot_use.c.product == product
    with journal.store.reading() as connection:
        used = _uses(connection, select(lot_use).where(chosen))
        streams = select(lot_use.c.stream).where(chosen)
        reached = _contacts(connection, journal, streams)
    by_patient: dict[str, list[Use]] = {}
    for use in used:
        by_patient.setdefault(use.stream, []).append(use)
    return tuple(_traced(stream, uses, reached.get(stream)) for stream, uses in by_patient.items())


class LotDose(msgspec.Struct, frozen=True, kw_only=True):
    """What one infusion gave of a lot."""

    infusion: str
    started_at: dt.datetime
    """When the flow began; when its first vial was hung, if no beginning is on record."""
    product: str
    """Product id; "" if it was not read."""
    lot: str
    vials: int
    grams_max: Decimal
    """At most so much of it was given: its vials less what was left in them, and never more than the
    whole infusion gave. Where lots are pooled, nobody knows how much of each had flowed at a stop."""


def dose_of(journal: Journal, use: Use) -> LotDose | None:
    """What the infusion gave of this lot, with every correction.

    None if a correction took it back: the lot was not hung. Raises NoInfusionError if that cannot be
    read, as after an erasure.
    """
    infusion = load(journal, use.subject)
    day = next(day for day in infusion.standing.plan.days if day.number == infusion.day)
    state = replay(day, infusion.events)
    vials = [
        vial
        for vial in state.vials
        if lot_key(vial.lot) == lot_key(use.lot) and (vial.product or "") == use.product
    ]
    if not vials:
        return None
    hung = sum((vial.grams - vial.left_g for vial in vials), Decimal(0))
    return LotDose(
        infusion=use.subject,
        started_at=(state.started_at or vials[0].at).astimezone(day.start.tzinfo),
        product=use.product,
        lot=use.lot,
        vials=len(vials),
        grams_max=hung if state.ended_at is None else min(hung, given_g(state, state.ended_at)),
    )


def contact_of(journal: Journal, stream: str) -> Contact | None:
    """Who a patient is and how to reach them; None if that was never written or cannot be read."""
    with journal.store.reading() as connection:
        asked = select(contact_at.c.stream).where(contact_at.c.stream == stream)
        found = _contacts(connection, journal, asked).get(stream)
    return found if isinstance(found, Contact) else None


def contacts(journal: Journal) -> dict[str, Contact]:
    """The latest contact of every patient, by stream; those that cannot be read are left out."""
    with journal.store.reading() as connection:
        found = _contacts(connection, journal, select(contact_at.c.stream))
    return {stream: contact for stream, contact in found.items() if isinstance(contact, Contact)}


def lots_of(journal: Journal, stream: str) -> tuple[Use, ...]:
    """Every lot that a patient got, by first use."""
    with journal.store.reading() as connection:
        return tuple(_uses(connection, select(lot_use).where(lot_use.c.stream == stream)))


def _uses(connection: Connection, asked: Select[tuple[str, ...]]) -> Iterable[Use]:
    ordered = asked.order_by(lot_use.c.first_at, lot_use.c.stream, lot_use.c.subject)
    return [
        Use(
            row["stream"],
            row["subject"],
            row["product"],
            row["lot"],
            rows.moment(row["first_at"]),
            rows.moment(row["last_at"]),
            row["vials"],
        )
        for row in connection.execute(ordered).mappings().all()
    ]


def _contacts(
    connection: Connection, journal: Journal, streams: Select[tuple[str]]
) -> dict[str, msgspec.Struct]:
    """The latest contact of each of these patients, as far as it can be read."""
    at = select(contact_at.c.position).where(contact_at.c.stream.in_(streams))
    found = connection.execute(select(event).where(event.c.position.in_(at))).mappings().all()
    held = keys.of_streams(connection, journal.vault, {row["stream"] for row in found})
    return {row["stream"]: rows.body(row, held.get(row["key"]), journal.kinds) for row in found}


def _traced(stream: str, uses: Iterable[Use], contact: msgspec.Struct | None) -> Traced:
    match contact:
        case Contact():
            return Traced(stream, tuple(uses), "known", contact)
        case Erased():
            return Traced(stream, tuple(uses), "erased")
        case _:
            return Traced(stream, tuple(uses), "unknown")
