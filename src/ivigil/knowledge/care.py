"""Care around the infusion: premedication, hydration, monitoring, observation, baseline tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import When


class Premedication(Fact):
    """One drug for one population. Off by default; a hazard or a site policy indicates it."""

    drug: str
    drug_class: Literal[
        "analgesic_antipyretic",
        "nsaid",
        "antiplatelet_analgesic",
        "h1_antihistamine_nonsedating",
        "h1_antihistamine_sedating",
        "h2_antagonist",
        "corticosteroid",
        "antimigraine",
        "other",
    ]
    population: Literal["adult", "child", "any"]
    purpose: Literal[
        "premedication",
        "premedication_prior_reactors",
        "reaction_treatment",
        "headache_prevention",
        "severe_headache",
    ]
    route: str
    dose_mg: Decimal | None = None
    dose_mg_min: Decimal | None = None
    dose_mg_max: Decimal | None = None
    dose_mg_per_kg: Decimal | None = None
    max_mg: Decimal | None = None
    max_mg_per_day: Decimal | None = None
    age_months_min: int | None = None
    age_months_max: int | None = None
    lead_minutes_min: int | None = None
    lead_minutes_max: int | None = None
    repeat: str = ""
    """In words, where the hours between two doses do not say it."""
    repeat_hours_min: int | None = None
    repeat_hours_max: int | None = None
    doses_per_day_max: int | None = None
    treats_reaction: bool = False
    """The dose is also one for a reaction at the chair."""
    caution: str = ""
    contraindicated_when: When | None = None


class Hydration(Fact):
    text: str
    population: str
    when: Literal["before", "after", "before_and_after"] = "before"
    volume_ml: Decimal | None = None
    volume_ml_per_kg_min: Decimal | None = None
    volume_ml_per_kg_max: Decimal | None = None
    route: str = ""
    default: bool = False
    """True for the rule that applies to everybody."""


class Monitoring(Fact):
    """What to look at, when. ``when`` narrows it to some patients."""

    text: str
    phase: Literal["before_start", "titration", "rate_change", "steady", "end", "whole", "after"]
    interval_minutes: int | None = None
    signs: tuple[str, ...] = ()
    applies_when: When | None = None


class Observation(Fact):
    """How long a patient stays after the end."""

    who: str
    minutes: int
    applies_when: When | None = None
    """None: everybody else."""


class BaselineTest(Fact):
    name: str
    why: str
    timing: str
    loinc: tuple[str, ...] = ()
    max_age_days: int | None = None
    applies_when: When | None = None
    """None: everybody before a first infusion."""
    first_infusion_only: bool = False
    reflex: bool = False
    """Only after another result or a hazard asks for it."""


class Instruction(Fact):
    """A sentence of practice: preparation, what to bring, home infusion, vial handling."""

    topic: str
    text: str
    audience: Literal["pharmacist", "nurse", "patient", "prescriber", "all"]
    routes: tuple[Literal["IV", "SC"], ...] = ("IV", "SC")
    facilitated: bool = False
    """True if it is only for products given with hyaluronidase."""
