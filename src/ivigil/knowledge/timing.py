"""What a dose opens and closes: vaccines, laboratory tests, IgG levels, and what a patient is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import When
from ivigil.knowledge.products import Route

Priority = Literal[1, 2, 3]
"""1: draw always; 2: usually; 3: if the question arises."""


class Vaccine(Fact):
    """One vaccine. The evidence is for its codes and for being live."""

    name: str
    live: bool
    antigens: tuple[str, ...]
    """What it protects against ("measles", "varicella"); intervals are stated for antigens."""
    cvx: tuple[str, ...] = ()


class AntibodyProduct(Fact):
    """A kind of antibody-containing product that a patient may have had. The evidence is for its codes."""

    name: str
    cvx: tuple[str, ...] = ()


class VaccineInterval(Fact):
    """One row: how far an antibody product and a vaccine must lie apart.

    Rows of one ``table`` are compared with one another by dose; tables are compared by date.
    """

    table: str
    authority: str
    jurisdictions: tuple[str, ...]
    """Empty: tied to no place (a study)."""
    direction: Literal["after_antibodies", "before_antibodies", "either"]
    """after_antibodies: from the product to the vaccine; before_antibodies: the other way round."""
    covers: tuple[str, ...]
    """Antigens or Vaccine ids."""
    kind: Literal["wait", "caution", "no_interval_needed", "not_stated", "not_read"]
    """caution: the source asks to consider, not to wait; not_stated: the source was read and is
    silent; not_read: the source has a rule whose figures were not seen."""
    products: tuple[str, ...] = ()
    """AntibodyProduct ids; empty: any."""
    conditions: tuple[str, ...] = ()
    """Conditions that the row is named for; empty: not named for one."""
    routes: tuple[Route | Literal["IM"], ...] = ()
    """Empty: any."""
    g_per_kg_min: Decimal | None = None
    g_per_kg_max: Decimal | None = None
    """IgG per kg of body weight; None: no bound."""
    months: int | None = None
    weeks: int | None = None
    days: int | None = None
    """The interval: exactly one of the three for wait and caution, none otherwise."""
    practice: bool = False
    """What a study or a country was seen to do. Shown beside a rule, never instead of one."""
    text: str = ""

    def __post_init__(self) -> None:
        stated = sum(value is not None for value in (self.months, self.weeks, self.days))
        if stated != (self.kind in ("wait", "caution")):
            raise ValueError(f"{self.id}: a wait or caution has one of months, weeks, days; others have none")


class VaccineRule(Fact):
    """A rule around vaccination that is not an interval between a product and a vaccine."""

    topic: Literal[
        "code",
        "contraindication",
        "counting",
        "course",
        "early_dose",
        "exemption",
        "exposure",
        "household",
        "immunoglobulin_then_vaccine",
        "live_spacing",
        "non_live",
        "on_therapy",
        "patient",
        "response",
        "rheumatology",
        "salicylate",
        "titre_check",
        "tuberculin",
        "vaccine_then_immunoglobulin",
    ]
    """course: within ``days``, doses count together."""
    text: str
    jurisdictions: tuple[str, ...] = ()
    """Empty: anywhere."""
    covers: tuple[str, ...] = ()
    """Antigens or Vaccine ids; empty: any."""
    months: int | None = None
    weeks: int | None = None
    days: int | None = None
    when: When | None = None
    """For a contraindication: the patients whom it holds for."""


class Residual(Fact):
    """How many patients were still positive a time after a dose."""

    percent: Decimal
    percent_low: Decimal | None = None
    percent_high: Decimal | None = None
    patients: int | None = None
    days: int | None = None
    weeks: int | None = None
    months: int | None = None


class LabInterference(Fact):
    """What immunoglobulin does to one laboratory test."""

    test: str
    synonyms: tuple[str, ...] = ()
    """Other names by which it may be asked for."""
    effect: Literal[
        "false_positive",
        "possible_false_positive",
        "may_mislead",
        "false_high",
        "false_low",
        "true_change",
        "not_affected",
        "not_expected",
    ]
    """true_change: the value is right, and not what it was before; not_expected: donors are screened."""
    mechanism: str
    passive_igg: bool = False
    """The antibody that is measured is infused: the class rules (LabRule "class_window") hold too."""
    on_therapy: bool = False
    """True if regular therapy never leaves a clear moment."""
    hours: int | None = None
    days: int | None = None
    weeks: int | None = None
    months: int | None = None
    """Time after the last dose after which the source found the test clear; none: not quantified."""
    residuals: tuple[Residual, ...] = ()
    stabilisers: tuple[str, ...] = ()
    """Only products with one of these; empty: any product."""
    product_dependent: bool = False
    unsafe_methods: tuple[str, ...] = ()
    alternative: str = ""
    alternative_loinc: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    text: str = ""


class LabRule(Fact):
    """A rule on reading tests after immunoglobulin, not tied to one test."""

    topic: Literal["class_window", "label", "negative_stands", "other_products", "reading"]
    """negative_stands: what a negative result of an infused antibody says."""
    text: str
    weeks: int | None = None
    months: int | None = None


class BaselineSample(Fact):
    """Blood to draw before the first gram, because it cannot be read afterwards."""

    what: str
    why: str
    priority: Priority
    tests: tuple[str, ...] = ()
    """LabInterference ids that the sample keeps readable."""
    any_antibody: bool = False
    """Any antibody test can be made from it later."""
    loinc: tuple[str, ...] = ()


class HalfLife(Fact):
    """Terminal half-life of infused IgG, days."""

    population: str
    median_days: Decimal | None = None
    min_days: Decimal | None = None
    max_days: Decimal | None = None
    specific_min_days: Decimal | None = None
    specific_max_days: Decimal | None = None
    """Of single specificities (tetanus, measles...)."""
    patients: int | None = None
    text: str = ""


class IggGuidance(Fact):
    """What a source says about measuring IgG or about what a level means."""

    topic: Literal["frequency", "outcome", "reading", "rise_per_dose", "rise_after_course", "steady_state"]
    text: str
    routes: tuple[Route, ...] = ("IV", "SC")
    months_min: int | None = None
    months_max: int | None = None
    g_per_l_per_0_1_g_per_kg_month: Decimal | None = None
    """Rise of the trough per 0.1 g/kg a month more."""
    plateau_g_per_l: Decimal | None = None
    patients: int | None = None


class ReferenceRange(Fact):
    """A laboratory's range for one age band; ``age_months_to`` is where the next band starts."""

    analyte: Literal["igg"]
    laboratory: str
    age_months_from: int
    age_months_to: int | None = None
    low_g_per_l: Decimal
    high_g_per_l: Decimal


class PatientAdvice(Fact):
    """One thing a patient is told, in plain words."""

    topic: Literal[
        "alcohol",
        "breastfeeding",
        "children",
        "daily_life",
        "driving",
        "duration",
        "effects",
        "home",
        "missed_dose",
        "onset",
        "pregnancy",
        "prepare",
        "records",
        "route",
        "schedule",
        "travel",
        "urgent",
        "vaccines",
        "veins",
        "why",
        "work",
        "works",
    ]
    """why: what the disease of one condition is; works: what immunoglobulin does there, where
    that is not what it does for the condition's purpose."""
    text: str
    routes: tuple[Route, ...] = ("IV", "SC")
    conditions: tuple[str, ...] = ()
    """Empty: any."""


class HomeStep(Fact):
    """A step of a subcutaneous infusion at home."""

    order: int
    text: str


class LogField(Fact):
    """A field of a patient's infusion log."""

    field: str
    kind: Literal["date", "datetime", "time", "text", "texts", "number", "integer"]
    text: str
    required_by_label: bool


class PatientQuestion(Fact):
    """A question that patients ask."""

    topic: str
    question: str


class LabCode(Fact):
    """A LOINC code met in tests, baselines and monitoring."""

    code: str
    name: str
    group: str
    property: Literal["mass", "molar", "arbitrary", ""] = ""
    units_ucum: tuple[str, ...] = ()


class LabCodePitfall(Fact):
    """A code that is easily taken for another."""

    text: str
    wrong: str = ""
    right: str = ""
