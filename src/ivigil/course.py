"""The plan and its parts: plain frozen values that say what was decided and why.

Every decision carries what it ``saw`` (values) and the ``facts`` that ruled (ids), so
that ``why`` only reads. No sentence is written here: texts come from the facts, words
from ``sheets``.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from ivigil.knowledge.evidence import Cited
from ivigil.knowledge.logic import Saw
from ivigil.order import Order

Status = Literal["ready", "needs_answers", "needs_sign_off", "blocked"]
State = Literal["present", "assumed", "asked", "absent"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything decided: the values seen and the facts that ruled."""

    saw: tuple[Saw, ...] = ()
    facts: tuple[str, ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was left out, put lower or limited: a closed code and its origin."""

    code: str
    """"stabiliser", "not_licensed_here", "rates_not_seen", "not_on_formulary", "at_risk_rate"..."""
    finding: str = ""
    """Id of the finding that caused it, if one did."""
    fact: str = ""
    value: str = ""
    property: str = ""
    """Name of the product's property that was compared, if one was."""


class RegimenOption(msgspec.Struct, frozen=True, kw_only=True):
    """A regimen that was not chosen, and the code of why not."""

    id: str
    authority: str
    jurisdictions: tuple[str, ...]
    total_dose_g_per_kg_min: Decimal | None
    total_dose_g_per_kg_max: Decimal | None
    because: str


class RegimenChoice(Decision, frozen=True, kw_only=True):
    id: str
    authority: str
    phase: str
    jurisdictions: tuple[str, ...]
    basis: str
    borrowed: bool
    """True if it comes from another jurisdiction than the order's."""
    total_dose_g_per_kg_min: Decimal | None
    total_dose_g_per_kg_max: Decimal | None
    allowed_days: tuple[int, ...]
    interval_weeks_min: Decimal | None = None
    interval_weeks_max: Decimal | None = None
    infusion_hours_min: Decimal | None = None
    infusion_hours_max: Decimal | None = None
    scig_weekly_g_per_kg_min: Decimal | None = None
    scig_weekly_g_per_kg_max: Decimal | None = None
    alternatives: tuple[RegimenOption, ...] = ()
    disagreements: tuple[str, ...] = ()


class Dose(Decision, frozen=True, kw_only=True):
    """The amount of the course before rounding to vials; subcutaneous: of one interval."""

    grams: Decimal
    g_per_kg: Decimal
    dosing_weight_kg: Decimal
    weight_kind: str
    actual_weight_kg: Decimal
    ideal_weight_kg: Decimal | None = None
    adjusted_weight_kg: Decimal | None = None
    grams_on_actual_weight: Decimal
    interval_days: int | None = None
    """Subcutaneous: one such dose every so many days; None: given once."""
    capped_by: str = ""
    """Fact id of the cap that lowered it, if one did."""
    without_levels_g: Decimal | UnsetType = UNSET
    """Of a dose that was sought from levels: what order, regimen and label give without them."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One effect of a finding; ``text`` only where the fact base has one."""

    effect: str
    fact: str
    text: str = ""
    audience: str = ""


class Finding(Decision, frozen=True, kw_only=True):
    """A hazard and its state. ``because`` holds the values that make it true or unknown."""

    id: str
    name: str
    category: str
    severity: Literal["contraindicated", "serious", "moderate", "info"]
    state: State
    because: tuple[Saw, ...] = ()
    factors: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    do: tuple[Action, ...] = ()
    weak: bool = False
    """True if it rests only on evidence that may warn and restrict."""
    overridden_by: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A field whose answer would change the plan. Ranked: the first is worth most."""

    field: str
    question: str
    blocking: bool
    findings: tuple[str, ...]
    changes: tuple[str, ...]
    """Kinds of effect that an answer could lift: "at_risk_rate", "exclude_products"..."""


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """Something taken for granted: a policy, or an unanswered hazard."""

    kind: Literal["policy", "finding", "value"]
    id: str
    value: str = ""
    text: str = ""


class SignOff(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that must be signed by the site before the plan may be released."""

    fact: str
    because: str
    fingerprint: str


class ProductOption(msgspec.Struct, frozen=True, kw_only=True):
    """A product that could be used; ``because`` says what puts it below the one before."""

    id: str
    name: str
    on_label: bool
    rates_seen: bool
    because: tuple[Reason, ...] = ()


class ProductExcluded(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    because: tuple[Reason, ...]


class ProductChoice(Decision, frozen=True, kw_only=True):
    id: str
    name: str
    g_per_100_ml: Decimal
    on_label: bool
    because: tuple[Reason, ...] = ()
    alternatives: tuple[ProductOption, ...] = ()
    best_fit_unseen: str = ""
    """A better product whose rates were not seen: needs sign-off."""


class Vial(msgspec.Struct, frozen=True, kw_only=True):
    grams: Decimal
    count: int
    volume_ml: Decimal
    """Of one vial."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One pump setting. The last step of a day runs until its volume is in."""

    rate_ml_per_h: Decimal
    minutes: int
    volume_ml: Decimal
    start: dt.datetime
    end: dt.datetime
    limit_ml_per_h: Decimal
    """The exact limit that the rate was rounded down from."""

    def is_passed_by(self, rate_ml_per_h: Decimal) -> bool:
        """Is a rate past the limit, or at a limit from which the planned rate was kept away?

        Where a label gives the limit as "less than", the planned rate lies under it even if the
        pump could be set to it.
        """
        limit = self.limit_ml_per_h
        return rate_ml_per_h > limit or (rate_ml_per_h == limit and self.rate_ml_per_h < limit)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One subcutaneous site."""

    volume_ml: Decimal
    rate_ml_per_h: Decimal


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion: what is given, from which vials, how fast, when."""

    number: int
    date: dt.date
    start: dt.datetime
    end: dt.datetime
    grams: Decimal
    volume_ml: Decimal
    duration_min: int
    vials: tuple[Vial, ...]
    discard_g: Decimal = Decimal(0)
    """Grams drawn from whole vials and not given; 0 unless a part vial is planned."""
    steps: tuple[Step, ...] = ()
    sites: tuple[Site, ...] = ()


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """What a nearby choice would cost or save against the planned course."""

    kind: Literal["round_down", "round_up", "fewer_vials", "other_days"]
    grams: Decimal
    change_percent: Decimal
    vials: int
    days: int


class RateDecision(Decision, frozen=True, kw_only=True):
    """Which schedule and which limits shaped the steps."""

    schedule: str
    experience: str
    start_ml_per_kg_h: Decimal
    max_ml_per_kg_h: Decimal
    limited_by: tuple[Reason, ...] = ()
    off_label: bool = False


class Course(Decision, frozen=True, kw_only=True):
    """The days as a whole: grams given, waste, spacing and what neighbours would cost."""

    days: int
    grams: Decimal
    change_percent: Decimal
    """Given against ordered, in percent; negative: rounded down."""
    vials: int
    discard_g: Decimal
    interval_days: int | None = None
    """Subcutaneous: days from one dose to the next; divided doses share it."""
    days_because: tuple[Reason, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


class Premedication(Decision, frozen=True, kw_only=True):
    drug: str
    drug_class: str
    dose_mg: Decimal | None
    dose_mg_max: Decimal | None = None
    max_mg_per_day: Decimal | None = None
    route: str
    lead_minutes: int | None = None
    indicated_by: tuple[str, ...] = ()
    state: Literal["indicated", "optional", "suppressed"] = "indicated"
    suppressed_by: tuple[str, ...] = ()
    caution: str = ""


class CareItem(Decision, frozen=True, kw_only=True):
    """Something to do around the infusion: a check, a fluid rule, preparation, observation."""

    kind: str
    """"baseline_test", "hydration", "preparation", "monitoring", "observation", ..."""
    text: str
    day: int | None = None
    minutes: int | None = None
    interval_minutes: int | None = None
    daily_mg_per_kg_min: Decimal | None = None
    daily_mg_per_kg_max: Decimal | None = None
    doses_per_day: int | None = None
    until: str = ""
    findings: tuple[str, ...] = ()
    when: str = ""


class TimelineEntry(Decision, frozen=True, kw_only=True):
    """A dated thing to come. ``date`` is None where the source gives no time."""

    date: dt.date | None
    kind: str
    """"infusion", "response", "review", "test", "vaccine", "serology", "next_course"..."""
    what: str
    until: dt.date | None = None
    state: str = ""
    """Of a vaccine or test: the answer's code; of a follow-up test: the finding that asks for it."""
    instead: str = ""
    """What to use instead, for a test that cannot be read."""


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """Why no course may be given, or which step found no answer."""

    code: str
    findings: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    value: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole plan: self-contained, serialisable, the same bytes for the same inputs."""

    id: str
    input_hash: str
    knowledge_version: str
    status: Status
    valid_until: dt.date | None
    supersedes: str = ""
    """Id of the plan that this one replaces, as ordered."""
    order: Order
    regimen: RegimenChoice | None = None
    dose: Dose | None = None
    findings: tuple[Finding, ...] = ()
    product: ProductChoice | None = None
    products_excluded: tuple[ProductExcluded, ...] = ()
    course: Course | None = None
    rates: RateDecision | None = None
    days: tuple[Day, ...] = ()
    premedication: tuple[Premedication, ...] = ()
    hydration: tuple[CareItem, ...] = ()
    preparation: tuple[CareItem, ...] = ()
    monitoring: tuple[CareItem, ...] = ()
    observation: CareItem | None = None
    tests: tuple[CareItem, ...] = ()
    co_treatments: tuple[CareItem, ...] = ()
    day_checks: tuple[CareItem, ...] = ()
    advice: tuple[CareItem, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    questions: tuple[Question, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    needs_sign_off: tuple[SignOff, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    gaps: tuple[Blocked, ...] = ()
    """What keeps a plan to the dose alone: no product here, or none whose rates were seen."""
    sources: dict[str, Cited] = {}


def infusion_id(plan: str, day: int) -> str:
    """The id of the infusion of one day of a plan: "e3ddd26b5ee7fc54-1"."""
    return f"{plan}-{day}"


def to_json(plan: Plan) -> bytes:
    """The plan as JSON; numbers are JSON numbers with their decimals kept (40.50 stays 40.50)."""
    return msgspec.json.Encoder(decimal_format="number", order="deterministic").encode(plan)
