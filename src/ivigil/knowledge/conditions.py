"""Conditions treated, their regimens, and what each expects. One file a condition in ``facts/conditions``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.logic import When
from ivigil.units import RateUnit

Population = Literal["adult", "child", "neonate", "pregnant"]
WeightKind = Literal["actual", "ideal", "adjusted", "pre_pregnancy_adjusted"]
Purpose = Literal[
    "immunomodulation",
    "replacement",
    "immunomodulation_or_replacement",
    "anti_infective",
    "anti_toxin",
    "prophylaxis",
    "prevention_or_treatment",
    "not_recommended",
]


class Regimen(Fact):
    """A dose and its division, from one authority. Grams are per course (one-time) or per cycle."""

    authority: str
    jurisdictions: tuple[str, ...]
    phase: str
    """initial, maintenance, retreatment, acute, rescue, loading, ..."""
    also_phases: tuple[str, ...] = ()
    """Further phases that the same dose serves: an initial dose that goes on as maintenance."""
    population: tuple[Population, ...]
    route: Literal["IV", "SC"] = "IV"
    reliability: Literal["normal", "medium", "low"] = "normal"
    products: tuple[str, ...] = ()
    """Ids of the products whose label states this regimen; empty: not tied to a product."""
    total_dose_g_per_kg_min: Decimal | None = None
    total_dose_g_per_kg_max: Decimal | None = None
    daily_dose_g_per_kg_min: Decimal | None = None
    daily_dose_g_per_kg_max: Decimal | None = None
    allowed_days: tuple[int, ...] = ()
    """Numbers of consecutive days over which the total may be divided; empty: not stated."""
    day_doses_g_per_kg: tuple[Decimal, ...] = ()
    """If the days are unequal: each day's dose."""
    fixed_daily_dose_g: Decimal | None = None
    max_total_dose_g: Decimal | None = None
    max_total_dose_g_per_kg: Decimal | None = None
    max_daily_dose_g: Decimal | None = None
    interval_weeks_min: Decimal | None = None
    interval_weeks_max: Decimal | None = None
    cycles_min: int | None = None
    cycles_max: int | None = None
    weight: WeightKind | None = None
    """The weight this regimen asks for; None: the dosing-weight policy decides."""
    infusion_hours_min: Decimal | None = None
    infusion_hours_max: Decimal | None = None
    max_rate: Decimal | None = None
    max_rate_unit: RateUnit | None = None
    age_min_years: Decimal | None = None
    start_within_days: int | None = None
    start_ideal_within_days: int | None = None
    day_count_from: str = ""
    trigger_fever_hours_after_end: int | None = None
    indicated: str = ""
    """When this regimen applies, in the source's sense ("persistent fever at least 36 h after the end")."""
    special: bool = False
    """True if it applies only in the situation that ``indicated`` describes: never chosen by default."""
    entry_igg_g_per_l_below: Decimal | None = None
    trough_igg_g_per_l_min: Decimal | None = None
    trough_igg_g_per_l_ideal: Decimal | None = None
    duration_months_min: Decimal | None = None
    duration_months_max: Decimal | None = None
    gestation_week_start_min: int | None = None
    gestation_week_start_max: int | None = None
    gestation_week_end: int | None = None
    scig_weekly_g_per_kg_min: Decimal | None = None
    scig_weekly_g_per_kg_max: Decimal | None = None
    repeatable: bool | None = None
    repeat_text: str = ""


class RateCap(Fact):
    """A limit that the condition puts on every product."""

    rate: Decimal
    unit: RateUnit
    strict: bool = False
    when: When | None = None


class DayCheck(Fact):
    """A go or no-go before a day of the course: platelets before the second ITP dose."""

    before_day: int
    measure: str
    """Vocabulary id or plain name of what is measured."""
    go: str
    no_go: str
    hours_after_previous: Decimal | None = None


class Response(Fact):
    """How and when the effect is judged. Times count from the end of the course."""

    measure: str
    after_hours: Decimal | None = None
    after_days: tuple[Decimal, ...] = ()
    after_weeks: tuple[Decimal, ...] = ()
    after_months: tuple[Decimal, ...] = ()
    success: str = ""
    failure: str = ""
    text: str = ""


class Onset(Fact):
    """When the first effect is expected; the fact sheet's "several weeks" is right for some only."""

    first_effect_hours_min: Decimal | None = None
    first_effect_hours_max: Decimal | None = None
    first_effect_days_min: Decimal | None = None
    first_effect_days_max: Decimal | None = None
    first_effect_weeks_min: Decimal | None = None
    first_effect_weeks_max: Decimal | None = None
    first_effect_months_min: Decimal | None = None
    first_effect_months_max: Decimal | None = None
    duration_weeks_min: Decimal | None = None
    duration_weeks_max: Decimal | None = None
    text: str = ""


class StopRule(Fact):
    text: str
    review_months_first: Decimal | None = None
    review_months_then: Decimal | None = None
    at_days: Decimal | None = None
    at_weeks: Decimal | None = None
    at_months: Decimal | None = None


class Cotreatment(Fact):
    agent: str
    text: str = ""
    authority: str = ""
    daily_dose_mg_per_kg_min: Decimal | None = None
    daily_dose_mg_per_kg_max: Decimal | None = None
    doses_per_day: int | None = None
    until: str = ""


class Caution(Fact):
    topic: str
    text: str


class Finding(Fact):
    """A study or guideline statement on whether it works."""

    authority: str
    year: int | None = None
    level: str = ""
    text: str


class NationalRole(Fact):
    scheme: str
    role: str
    criteria: str = ""
    status: str = ""


class Condition(Fact):
    """A condition; the evidence is for its codes."""

    name: str
    synonyms: tuple[str, ...] = ()
    specialty: str
    purpose: Purpose
    course: Literal[
        "acute",
        "course",
        "none",
        "one_time",
        "one_time_then_relapse",
        "pregnancy_course",
        "recurring",
        "rescue",
    ]
    populations: tuple[Population, ...]
    icd10cm: tuple[str, ...] = ()
    snomed_ct: tuple[str, ...] = ()
    broad_codes: tuple[str, ...] = ()
    """Codes above that are wider than the condition: none of them alone identifies it."""
    in_fact_sheet: bool = False
    emergency: bool = False
    """The dose is not delayed for screening: baseline blood is drawn first and the infusion starts."""
    emergency_phases: tuple[str, ...] = ()
    """Phases to which ``emergency`` is limited; empty: all."""
    do_not_use: bool = False
    default_phase: str = ""
    """Phase planned when the order names none; empty: any phase that suits the patient."""
    regimens: tuple[Regimen, ...] = ()
    rate_caps: tuple[RateCap, ...] = ()
    day_checks: tuple[DayCheck, ...] = ()
    responses: tuple[Response, ...] = ()
    onsets: tuple[Onset, ...] = ()
    stop_rules: tuple[StopRule, ...] = ()
    cotreatments: tuple[Cotreatment, ...] = ()
    cautions: tuple[Caution, ...] = ()
    findings: tuple[Finding, ...] = ()
    national_roles: tuple[NationalRole, ...] = ()


class Position(Record):
    """One side of a disagreement."""

    text: str
    sources: tuple[str, ...] = ()


class Disagreement(Fact):
    """Sources that disagree, attached to the facts they concern, with the open choice."""

    about: tuple[str, ...]
    """Ids of the facts or records concerned."""
    topic: str
    positions: tuple[Position, ...]
    chosen: str = ""
    """Id of the fact that wins, or empty if both stand."""
    chosen_because: str = ""
    """The rule that chose: the authority order, the more cautious figure, the newer edition..."""


class Jurisdiction(Record):
    """A node of the tree: CA-ON lies in CA."""

    id: str
    name: str
    parent: str = ""
