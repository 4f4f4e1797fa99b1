"""An infusion and the event that it brought, as plain values: what an adverse event report is filled from.

Empty and None mean that nothing was recorded; nothing here is ever guessed.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.patient import Sex

Role = Literal["suspect", "concomitant"]


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What was given of one lot of a product."""

    lot: str = ""
    expiry: dt.date | None = None
    package_code: str = ""
    """NDC, or the GTIN of the barcode."""
    dosage: str = ""
    """Dose and frequency in words."""
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


class Drug(msgspec.Struct, frozen=True, kw_only=True):
    """A product that was given. One that treated the event is no such drug: it stands in the narrative."""

    role: Role
    name: str = ""
    strength: str = ""
    manufacturer: str = ""
    substance: str = ""
    route: str = ""
    """In words."""
    route_term: str = ""
    """EDQM code of the route."""
    indication: str = ""
    withdrawn: bool = False
    """True if its infusion was ended early; False says nothing."""
    lots: tuple[Lot, ...] = ()


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """One reaction as recorded."""

    reported: str = ""
    meddra_version: str = ""
    meddra_llt: str = ""
    grade: int | None = None
    """CTCAE grade."""
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


class TracedVial(msgspec.Struct, frozen=True, kw_only=True):
    """One vial as it was hung: the house's own record of the lot."""

    product: str = ""
    lot: str = ""
    expiry: dt.date | None = None
    grams: Decimal
    left_g: Decimal = Decimal(0)
    hung_at: dt.datetime


class RateStep(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time at one rate."""

    start: dt.datetime
    end: dt.datetime | None
    rate_ml_per_h: Decimal


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is on record of one infusion and its event."""

    infusion: str = ""
    """Id of the infusion; empty: not in the journal. It stands for the patient and tells no name."""
    report_date: dt.date
    age_months: int | None = None
    """Completed months on the day of the event."""
    sex: Sex | None = None
    weight_kg: Decimal | None = None
    history: str = ""
    tests: str = ""
    narrative: str = ""
    concomitants: str = ""
    organisation: str = ""
    language: str = ""
    """ISO 639-2 of the words here."""
    reactions: tuple[Reaction, ...] = ()
    drugs: tuple[Drug, ...] = ()
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    vials: tuple[TracedVial, ...] = ()
    rates: tuple[RateStep, ...] = ()

    @property
    def suspects(self) -> tuple[Drug, ...]:
        return tuple(drug for drug in self.drugs if drug.role == "suspect")

    @property
    def event_at(self) -> dt.datetime | None:
        """When the first reaction began; None if no beginning is recorded."""
        return min((r.started_at for r in self.reactions if r.started_at is not None), default=None)
