"""Hazards: a three-valued condition on patient and ordered dose, and the effects it has.

A hazard is one finding with one set of actions; its factors are the separate claims
that make it true ("prior clot", "oestrogen use"). It is true if any factor is.
Effects are the only way a hazard acts: they merge into one ``Limits`` value.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import When
from ivigil.knowledge.products import PropertyName, RiskGroup
from ivigil.units import RateUnit

Severity = Literal["contraindicated", "serious", "moderate", "info"]
Unknown = Literal["assume", "ask", "note"]
"""What an unanswered hazard does: act as if present; ask and hold the release; or only be
listed as unanswered (allowed for severity "info" alone)."""


class Factor(Fact):
    """One claim that makes the hazard true."""

    name: str
    when: When


class ExcludeProducts(Fact, tag="exclude_products", tag_field="effect"):
    """Leave out every product that matches all the given criteria."""

    stabilisers: tuple[str, ...] = ()
    property: PropertyName | None = None
    above: Decimal | None = None
    flag: bool | None = None
    routes: tuple[Literal["IV", "SC"], ...] = ()
    contraindication: str = ""
    """Products whose own label lists this contraindication code."""


class PreferProducts(Fact, tag="prefer_products", tag_field="effect"):
    """Rank products by a property: lower first, higher first, or flagged first."""

    property: PropertyName
    order: Literal["low", "high", "flagged"]
    per_gram: bool = False
    """Compare per gram of protein instead of per mL."""


class AvoidStabilisers(Fact, tag="avoid_stabilisers", tag_field="effect"):
    """Rank products with these stabilisers last."""

    stabilisers: tuple[str, ...]


class AtRiskRate(Fact, tag="at_risk_rate", tag_field="effect"):
    """Apply what each product's label says for patients in this risk group."""

    group: RiskGroup


class CapRate(Fact, tag="cap_rate", tag_field="effect"):
    """Never faster than this, whatever the product."""

    rate: Decimal
    unit: RateUnit
    strict: bool = False


class SlowStart(Fact, tag="slow_start", tag_field="effect"):
    """Treat as a first infusion: the slowest start, no schedule that asks for experience."""


class CapDailyDose(Fact, tag="cap_daily_dose", tag_field="effect"):
    """Never more than this on one day; days are added to fit."""

    g_per_kg: Decimal | None = None
    grams: Decimal | None = None


class MinimumDays(Fact, tag="minimum_days", tag_field="effect"):
    days: int


class MinimumHours(Fact, tag="minimum_hours", tag_field="effect"):
    """Each day's infusion takes at least this long."""

    hours: Decimal


class CapDailyVolume(Fact, tag="cap_daily_volume", tag_field="effect"):
    ml_per_kg: Decimal


class OrderTest(Fact, tag="order_test", tag_field="effect"):
    """A test to do. Hours count from the end of the infusion, days from the first day."""

    test: str
    """Id of a BaselineTest or a plain name."""
    phase: Literal["before", "during", "after"]
    hours_after_min: Decimal | None = None
    hours_after_max: Decimal | None = None
    days_after_min: Decimal | None = None
    days_after_max: Decimal | None = None
    why: str = ""


class Observe(Fact, tag="observe", tag_field="effect"):
    """Watch the patient for at least this long after the end."""

    minutes: int


class Premedicate(Fact, tag="premedicate", tag_field="effect"):
    """Premedication of this class is indicated."""

    drug_class: str


class Suppress(Fact, tag="suppress", tag_field="effect"):
    """Leave out premedication of this class."""

    drug_class: str


class Hydrate(Fact, tag="hydrate", tag_field="effect"):
    """Hydration by this rule; ``withhold`` keeps fluid loading off."""

    hydration: str = ""
    withhold: bool = False


class Advise(Fact, tag="advise", tag_field="effect"):
    """Something to do or to say, in the fact base's own words."""

    text: str
    audience: Literal["prescriber", "pharmacist", "nurse", "patient", "all"] = "all"


class Block(Fact, tag="block", tag_field="effect"):
    """The course must not be given: no vials, no steps."""

    unless: str = ""


class Confirm(Fact, tag="confirm", tag_field="effect"):
    """If the hazard is present, the release waits until a named professional sets it aside."""

    text: str


Effect = (
    ExcludeProducts
    | PreferProducts
    | AvoidStabilisers
    | AtRiskRate
    | CapRate
    | SlowStart
    | CapDailyDose
    | MinimumDays
    | MinimumHours
    | CapDailyVolume
    | OrderTest
    | Observe
    | Premedicate
    | Suppress
    | Hydrate
    | Advise
    | Block
    | Confirm
)


class Hazard(Fact):
    """One hazard. The evidence is for the hazard as a whole; factors and effects have theirs."""

    name: str
    category: str
    severity: Severity
    unknown: Unknown
    factors: tuple[Factor, ...]
    effects: tuple[Effect, ...]
    mechanism: str = ""
    patient_text: str = ""
    """What a patient is told about it, in plain words."""
    routes: tuple[Literal["IV", "SC"], ...] = ("IV", "SC")
