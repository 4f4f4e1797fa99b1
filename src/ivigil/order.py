"""An order for immunoglobulin, read and resolved: the input of ``planning.plan``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from ivigil.patient import Patient
from ivigil.told import Text

Route = Literal["IV", "SC"]
Experience = Literal["naive", "experienced"]


class LastImmunoglobulin(msgspec.Struct, frozen=True):
    """The most recent immunoglobulin before this order."""

    date: dt.date
    product: str | None = None
    """Product id; None: given, but not known which."""
    grams: Decimal | None = None
    route: Route = "IV"
    interval_days: int | None = None
    """Days between doses until now, for a change of route or interval."""
    tolerated_rate_ml_per_kg_per_h: Decimal | None = None
    infusions: int | None = None
    """How many infusions of that product so far."""


class Override(msgspec.Struct, frozen=True):
    """A finding that a named professional sets aside, with the reason."""

    finding: str
    reason: str
    author: str


class Expected(msgspec.Struct, frozen=True):
    """A figure over the possible persons: the ends of the band and the middle."""

    low: Decimal
    median: Decimal
    high: Decimal


class ModelShare(msgspec.Struct, frozen=True):
    """A published model of IgG kinetics that a dose rests on."""

    model: str
    grade: str
    """Of its evidence: "good", "fair", "poor"."""
    percent: Decimal
    """Of the average over all models that fit the levels."""


class IndividualDose(msgspec.Struct, frozen=True, kw_only=True):
    """A repeated dose that was sought from measured IgG levels, within what the regimen allows."""

    grams: Decimal
    """Of one dose, in place of what was ordered and of what the regimen's policy would pick."""
    interval_days: int
    target_g_per_l: Decimal
    """Total IgG before the next dose."""
    window_g_per_l: tuple[Decimal, Decimal]
    allowed_g: tuple[Decimal, Decimal]
    """Least and most grams of one dose by the regimen, or under the skin by the label."""
    held_to: Literal["", "least", "most"] = ""
    """The end of ``allowed_g`` without which another dose would have been chosen."""
    exact_grams: Expected
    """The dose at which the trough would be the target, before whole vials and ``allowed_g``."""
    trough_g_per_l: Expected
    """At the steady state of this dose."""
    peak_g_per_l: Expected
    band_percent: Decimal
    in_window_percent: Decimal
    """Probability that the trough lies in the window."""
    above_peak_limit_percent: Decimal
    """Probability of a peak above the site's limit."""
    levels_used: int
    models: tuple[ModelShare, ...]
    warnings: tuple[str, ...] = ()
    """Codes of ``kinetics.estimate.Warn``."""
    interval_outside: tuple[str, ...] = ()
    """Models that were fitted to other intervals."""
    facts: tuple[str, ...] = ()
    """Ids of the models and policies that ruled."""


class Order(msgspec.Struct, frozen=True):
    """A valid order: every id is resolved, every number is in the unit of its name."""

    condition: str
    jurisdiction: str
    start: dt.datetime
    """Aware; the first infusion starts at this instant."""
    route: Route
    patient: Patient
    regimen: str | None = None
    phase: str | None = None
    onset_date: dt.date | None = None
    total_dose_g_per_kg: Decimal | None = None
    total_dose_g: Decimal | None = None
    days: int | None = None
    interval_days: int | None = None
    product: str | None = None
    experience: Experience | None = None
    pump_step_ml_per_h: Decimal | None = None
    last_immunoglobulin: LastImmunoglobulin | None = None
    target_trough_g_per_l: Decimal | None = None
    """IgG that the dose should hold at the end of the interval (subcutaneous replacement)."""
    overrides: tuple[Override, ...] = ()
    supersedes: str = ""
    """Id of the plan that this order replaces; "": none."""
    individual: IndividualDose | UnsetType = UNSET
    """Set by ``ivigil.individual`` alone, never by an order file. Unset, it leaves no trace in any output."""

    @property
    def asked_g(self) -> Decimal | None:
        """Grams that stand before every other source of a dose: those sought from levels, or ordered."""
        return self.total_dose_g if isinstance(self.individual, UnsetType) else self.individual.grams


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with an order."""

    field: str
    """Path as written: "patient.weight_kg"."""
    value: Text
    """What was seen, as text; may hold patient data."""
    accepted: Text
    """What would be accepted."""
    near: tuple[str, ...] = ()
    """What may have been meant: nearest names, other readings of a number; may hold patient data."""
    log_text: str = ""
    """The fault for logs, where ``field`` or ``accepted`` tell of the patient; empty: field and accepted."""
    confirm: str = ""
    """What to list in patient.confirmed for the value to be accepted all the same; empty: it never is."""

    @property
    def text(self) -> str:
        """The fault in one line."""
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        checked = f'; or patient.confirmed = ["{self.confirm}"] once it was checked' if self.confirm else ""
        return f"{self.field}: {self.value}; accepted: {self.accepted}{checked}{hint}"


class OrderError(Exception):
    """The order cannot be planned as written; lists every fault found.

    ``str`` shows field, value and what is accepted; ``log_safe`` leaves the values out.
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(fault.text for fault in faults))

    @property
    def log_safe(self) -> str:
        """The faults without any value from the order."""
        return "\n".join(f.log_text or f"{f.field}: accepted: {f.accepted}" for f in self.faults)
