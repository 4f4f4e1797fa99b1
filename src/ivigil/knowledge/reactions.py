"""Reactions at the chair and in the days after: what they look like, what to do, how soon.

One list of symptoms serves stop rules, reactions, triage and warning signs; everything here
refers to a symptom, measure, reaction, drug or test panel by its id. What a source states
and what we propose are separate records: a proposal is ``synthesis`` and ``seen = false``,
acts at once where it restricts or raises, and permits nothing until a site signs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record

Population = Literal["any", "adult", "child"]
"""A child is under 18 years unless the record gives ages. An unknown age takes the records of both."""

Urgency = Literal["self_care", "next_visit", "same_day", "emergency_now"]
"""same_day means reached on that day, after hours included."""

Severity = Literal["info", "self_limited", "moderate", "serious"]


URGENCIES: tuple[Urgency, ...] = ("self_care", "next_visit", "same_day", "emergency_now")
"""From the least to the most urgent."""


def most_urgent(urgencies: Iterable[Urgency]) -> Urgency | None:
    """The most urgent of these; None if there are none."""
    return max(urgencies, key=URGENCIES.index, default=None)


class OtherUnit(Fact):
    """A unit of one substance alone: what it is worth hangs on the molar mass."""

    unit: str
    """UCUM."""
    factor: Decimal
    """A value in it, times this, is the value in the measure's unit."""


class Measure(Fact):
    """A vital sign or laboratory value that a rule here reads."""

    name: str
    kind: Literal["vital_sign", "laboratory"]
    unit: str
    """UCUM unit; the id carries it too."""
    loinc: tuple[str, ...] = ()
    other_units: tuple[OtherUnit, ...] = ()
    plausible_min: Decimal | None = None
    """What is measured in people, ill or well: outside of it a value was probably mistyped."""
    plausible_max: Decimal | None = None

    def is_plausible(self, value: Decimal) -> bool:
        """Does it lie within the range, both ends included?"""
        low, high = self.plausible_min, self.plausible_max
        return (low is None or low <= value) and (high is None or value <= high)


class Limit(Record):
    """A measure compared with a number, or its change compared with a number.

    ``of`` says what is compared: the value itself; its rise, fall or change in either
    direction from the patient's baseline, in the measure's unit; the same as a percentage
    of the baseline; or the value as a multiple of the baseline or of the laboratory's upper
    limit of normal. One bound, or a lower and an upper one. Above and below are strict.
    """

    measure: str
    of: Literal[
        "value",
        "rise",
        "fall",
        "change",
        "rise_percent",
        "fall_percent",
        "times_baseline",
        "times_upper_normal",
    ] = "value"
    above: Decimal | None = None
    at_least: Decimal | None = None
    below: Decimal | None = None
    at_most: Decimal | None = None
    per_year_of_age: Decimal | None = None
    """Added to the bound for each completed year of age."""
    below_lower_normal: bool = False
    """Also below the laboratory's lower limit of normal."""
    within_hours: Decimal | None = None
    """A change must have come about within this time; a value must have lasted this long."""

    def __post_init__(self) -> None:
        lower = [bound for bound in (self.above, self.at_least) if bound is not None]
        upper = [bound for bound in (self.below, self.at_most) if bound is not None]
        if len(lower) > 1 or len(upper) > 1 or not (lower or upper):
            raise ValueError(
                f"limit on {self.measure!r} needs one lower bound, one upper bound or one of each"
            )
        if lower and upper and lower[0] > upper[0]:
            raise ValueError(f"limit on {self.measure!r} is empty: {lower[0]} to {upper[0]}")


class Symptom(Fact):
    """One thing that a patient feels or a nurse sees. The evidence is that a source names it."""

    name: str
    """As a clinician writes it."""
    plain: str
    """As it stands on a list that a patient ticks."""
    question: str = ""
    """As a yes/no question to a patient. Empty for a sign that only a clinician can find, and for
    a general word (headache) whose kinds are asked instead."""
    area: Literal[
        "breathing",
        "allergy",
        "skin",
        "heart",
        "brain",
        "head",
        "limb",
        "urine",
        "blood",
        "gut",
        "general",
        "glucose",
        "site",
    ]
    synonyms: tuple[str, ...] = ()
    """Other words for it, for matching free text."""
    said_as: tuple[tuple[tuple[str, ...], ...], ...] = ()
    """Word groups for matching free text: of each group one word, near to each other."""
    implies: tuple[str, ...] = ()
    """Symptoms that are present whenever this one is: a severe headache is a headache."""
    ask_first: bool = False
    """May mean danger to life: asked before everything else."""
    age_months_below: int | None = None
    """Asked only of patients younger than this; None: of all."""
    circumstance: bool = False
    """No complaint by itself: it changes what a complaint means."""
    limits: tuple[Limit, ...] = ()
    """Measured values that count as this symptom, any of them; by age, see ``AgeLimit``."""

    def concerns(self, age_months: int | None) -> bool:
        """Is a patient of this age (completed months) asked? An unknown age is."""
        return self.age_months_below is None or age_months is None or age_months < self.age_months_below


class AgeLimit(Fact):
    """A measured value that counts as a symptom in this age band (low blood pressure)."""

    symptom: str
    age_months_min: int = 0
    age_months_below: int | None = None
    limit: Limit


class Window(Fact):
    """One statement about time. Hours and days are kept as the source gives them.

    A missing minimum is the start of the infusion; a missing maximum is open.
    """

    of: Literal["onset", "duration", "recovery", "lowest_value", "confirmation", "risk", "recurrence"]
    counted_from: Literal["start", "end", "onset", "unstated"] = "unstated"
    hours_min: Decimal | None = None
    hours_max: Decimal | None = None
    days_min: Decimal | None = None
    days_max: Decimal | None = None
    share_percent: Decimal | None = None
    """Share of the cases that fall in the window."""
    outlier: bool = False
    """The rim of what was described, not the usual range."""
    population: Population = "any"
    text: str = ""
    """What the numbers leave out ("several hours")."""

    @property
    def span_hours(self) -> tuple[Decimal | None, Decimal | None]:
        """Both ends in hours; None is an open end."""
        return _hours(self.hours_min, self.days_min), _hours(self.hours_max, self.days_max)


def _hours(hours: Decimal | None, days: Decimal | None) -> Decimal | None:
    return hours if days is None else days * 24


class TimingClass(Fact):
    """Immediate, delayed, late: how reactions as a whole divide by onset."""

    name: str
    hours_min: Decimal
    hours_max: Decimal | None = None
    share_percent: Decimal | None = None
    share_is_upper_bound: bool = False
    """The source says "less than" this share."""


class Presentation(Fact):
    """Symptoms that a source, or we, tie to the reaction."""

    symptoms: tuple[str, ...]
    text: str = ""


Do = Literal[
    "observe",
    "check_vital_signs",
    "call_prescriber",
    "call_emergency_team",
    "keep_line_open",
    "give",
    "support_airway",
    "look_for_infection",
    "neurological_examination",
    "admit",
    "allergy_review",
    "keep_product_and_lines",
    "check_with_laboratory_glucose",
    "keep_fluids",
    "report",
]

DrugClass = Literal[
    "epinephrine",
    "h1_antihistamine",
    "h2_antagonist",
    "corticosteroid",
    "bronchodilator",
    "analgesic_antipyretic",
    "glucagon",
    "fluid",
    "oxygen",
]

If = Literal[
    "",
    "anaphylaxis_criteria_met",
    "wheeze",
    "hypotension",
    "low_oxygen",
    "wanted",
    "needed",
    "on_beta_blocker",
]


class Action(Record):
    """One thing to do. ``give`` names the class of drug; doses are in ``EmergencyDrug``."""

    do: Do
    drug_class: DrugClass | None = None
    if_: If = ""
    """Only then; empty: always."""

    def __post_init__(self) -> None:
        if (self.do == "give") != (self.drug_class is not None):
            raise ValueError("give needs a drug_class, and nothing else has one")


class FirstAction(Fact):
    """What to do first when this reaction is suspected."""

    actions: tuple[Action, ...]
    text: str = ""


class Outcome(Fact):
    """How it ends or comes back: a figure or a short statement."""

    text: str
    percent: Decimal | None = None


Lever = Literal["stop_product", "slower", "premedicate", "hydrate", "split", "switch_product", "change_route"]
"""What can be changed at the next infusion."""


class NextTime(Fact):
    """What may be changed at the next infusion: a proposal that an order picks up."""

    lever: Lever
    helps: bool
    """False: the source says that it does not help."""
    text: str


class Reaction(Fact):
    """One reaction or look-alike. The evidence is for the reaction as a whole."""

    name: str
    plain: str
    timing: tuple[Literal["immediate", "delayed", "late"], ...]
    severity: Severity
    kind: Literal["reaction", "laboratory_artefact", "look_alike", "treatment_failure"] = "reaction"
    """look_alike: not caused by immunoglobulin, but must not be missed."""
    windows: tuple[Window, ...] = ()
    presentations: tuple[Presentation, ...] = ()
    first_actions: tuple[FirstAction, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    next_time: tuple[NextTime, ...] = ()
    panels: tuple[str, ...] = ()
    """Ids of test panels."""
    incidence: tuple[str, ...] = ()
    risk_hazards: tuple[str, ...] = ()
    """Ids of hazards that make it likelier."""
    stabilisers: tuple[str, ...] = ()
    """If not empty, it comes only with products that hold one of these."""
    conditions: tuple[str, ...] = ()
    """If not empty, it concerns only these conditions."""
    grading: tuple[str, ...] = ()
    """Ids of CTCAE terms."""

    @property
    def symptoms(self) -> tuple[str, ...]:
        """Every symptom of every presentation, once."""
        return tuple(dict.fromkeys(name for part in self.presentations for name in part.symptoms))


class CtcaeGrade(Fact):
    """One grade of a term, in short words. ``limits`` hold together."""

    grade: Literal[1, 2, 3, 4, 5]
    criterion: str
    limits: tuple[Limit, ...] = ()
    """Numbers of the criterion; empty if it is judged in words."""


class CtcaeTerm(Fact):
    """A term of the Common Terminology Criteria for Adverse Events."""

    term: str
    version: str
    meddra_version: str
    soc: str
    """System organ class."""
    meddra_llt: str
    grades: tuple[CtcaeGrade, ...]
    """A grade that the standard leaves out is absent."""


class Cluster(Record):
    """One arm of a criterion: any of these symptoms."""

    name: str
    symptoms: tuple[str, ...]


class AnaphylaxisCriterion(Fact):
    """One criterion of a definition, or one step of a severity scale.

    It is met if every required cluster and ``at_least`` of the other clusters are present.
    """

    scale: str
    code: str
    use: Literal["diagnosis", "severity"]
    criterion: str
    clusters: tuple[Cluster, ...] = ()
    """Empty if it is judged in words only."""
    required: tuple[str, ...] = ()
    """Names of the clusters that must each be present."""
    at_least: int = 0


Flow = Literal["continue", "previous_rate", "slow", "pause", "stop"]
"""What happens to the infusion. pause: halted, may go on; stop: ended for this day."""

FLOWS: tuple[Flow, ...] = ("continue", "previous_rate", "slow", "pause", "stop")
"""From the mildest to the strictest."""


class StopRule(Fact):
    """A sign that slows, halts or ends the infusion. Acts before any signature.

    It fires if any of ``symptoms`` is present or if ``limits`` hold. ``flow`` lists what the
    claim allows, mildest first: a strong or signed rule offers the first and the stricter
    ones; a weak rule asks for the strictest listed.
    """

    trigger: str
    flow: tuple[Flow, ...]
    symptoms: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    limits_match: Literal["any", "all"] = "any"
    population: Population = "any"
    actions: tuple[Action, ...] = ()
    reactions: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    """Rules for going on that the same source states; empty: those of the label."""
    hours_after_end_max: Decimal | None = None
    """The sign still counts this long after the end."""


class GradeAction(Fact):
    """What to do at a grade, or in a situation that a source describes in words.

    ``flow`` reads as in ``StopRule``. ``restart`` names the rules for going on.
    """

    situation: str
    flow: tuple[Flow, ...]
    grades: tuple[int, ...] = ()
    """CTCAE grades of an infusion related reaction; empty if the source names none."""
    severity: Literal["mild", "moderate", "severe", "any", ""] = ""
    symptoms: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    restart: tuple[str, ...] = ()
    analogue: bool = False
    """Stated for another infused antibody, not for immunoglobulin."""


class RestartRule(Fact):
    """Whether and how an infusion goes on after a pause or stop."""

    text: str
    grades: tuple[int, ...] = ()
    reactions: tuple[str, ...] = ()
    allowed: Literal["yes", "clinician_decides", "no"]
    symptoms_cleared: bool = False
    """Only when the symptoms have gone."""
    rate: Literal["slower", "factor", "previous_step", ""] = ""
    rate_factor: Decimal | None = None
    """Of the rate at the time of the reaction."""
    within_hours: Decimal | None = None
    """The time after the stop that the rule speaks of."""
    withdraw_at_recurrence: int | None = None
    """Not again when it has come this many times."""
    scope: Literal["same_day", "later_day", "any"] = "same_day"
    """Which infusion the rule speaks of."""
    analogue: bool = False


class ReactionObservation(Fact):
    """How long a patient stays after a reaction: from the end, its last sign or its last dose of
    epinephrine, whichever came last.

    The shortest stay of a reaction whose terms are shown to be met holds.
    """

    reaction: str
    who: str
    minutes: int
    epinephrine_doses: int | None = None
    """Only after exactly so many doses; None: whatever was given."""
    not_with: tuple[str, ...] = ()
    """Not if one of these symptoms was seen."""
    grade_below: int | None = None
    """Only if a clinician graded the reaction, and never at this CTCAE grade or above."""


class EmergencyDrug(Fact):
    """One dose of one reaction drug for one population. Doses are single doses.

    A weight-based dose is never above ``max_mg``. ``default`` marks the record that is
    computed unless a site chooses another; at most one a drug, route and age or weight band.
    """

    drug: str
    also_called: tuple[str, ...] = ()
    """Other names under which it may be written down."""
    drug_class: DrugClass
    line: Literal["first", "second", "adjunct"]
    indication: str
    route: str
    population: Population = "any"
    default: bool = False
    device: bool = False
    """A fixed-dose device: recorded as given, never computed."""
    strength_mg_per_ml: Decimal | None = None
    site: str = ""
    age_months_min: int | None = None
    age_months_below: int | None = None
    weight_kg_min: Decimal | None = None
    weight_kg_below: Decimal | None = None
    dose_mg_min: Decimal | None = None
    dose_mg_max: Decimal | None = None
    dose_mg_per_kg_min: Decimal | None = None
    dose_mg_per_kg_max: Decimal | None = None
    max_mg: Decimal | None = None
    dose_ml_min: Decimal | None = None
    dose_ml_max: Decimal | None = None
    dose_ml_per_kg_min: Decimal | None = None
    dose_ml_per_kg_max: Decimal | None = None
    infusion_ug_per_kg_per_min_min: Decimal | None = None
    infusion_ug_per_kg_per_min_max: Decimal | None = None
    infusion_max_ug_per_min: Decimal | None = None
    flow_l_per_min_min: Decimal | None = None
    flow_l_per_min_max: Decimal | None = None
    target_spo2_percent_min: Decimal | None = None
    over_minutes: Decimal | None = None
    repeat_minutes_min: int | None = None
    repeat_minutes_max: int | None = None
    interval_hours_min: int | None = None
    interval_hours_max: int | None = None
    course_days_min: int | None = None
    course_days_max: int | None = None
    max_mg_per_day: Decimal | None = None
    doses_per_day_max: int | None = None
    contraindicated: tuple[str, ...] = ()
    """In words; an age limit is in the age fields."""
    caution: str = ""

    def serves(self, age_months: int, weight_kg: Decimal, population: Population) -> bool:
        """Is the record meant for a patient of this age (completed months) and weight?

        A record without ages goes by its population.
        """
        aged = self.age_months_min is not None or self.age_months_below is not None
        return (
            (aged or self.population in ("any", population))
            and (self.age_months_min is None or age_months >= self.age_months_min)
            and (self.age_months_below is None or age_months < self.age_months_below)
            and (self.weight_kg_min is None or weight_kg >= self.weight_kg_min)
            and (self.weight_kg_below is None or weight_kg < self.weight_kg_below)
        )

    def dose_mg(self, weight_kg: Decimal) -> tuple[Decimal, Decimal] | None:
        """Lowest and highest single dose in mg for this weight, capped; None if not stated by mass."""
        low = _dose(self.dose_mg_min, self.dose_mg_per_kg_min, weight_kg)
        high = _dose(self.dose_mg_max, self.dose_mg_per_kg_max, weight_kg)
        if low is None or high is None:
            return None
        if self.max_mg is not None:
            low, high = min(low, self.max_mg), min(high, self.max_mg)
        return low, high


def _dose(fixed: Decimal | None, per_kg: Decimal | None, weight_kg: Decimal) -> Decimal | None:
    return fixed if per_kg is None else per_kg * weight_kg


Says = Literal[
    "emergency_help",  # get emergency help
    "doctor_or_emergency_at_once",  # call a doctor or get emergency care immediately
    "doctor_at_once",  # report to a doctor immediately
    "doctor",  # call or report to a doctor; as soon as possible
    "tell_provider",  # tell the provider, no time given
    "if_it_lasts",  # normal if mild; ask if it lasts or bothers
    "home",  # can be managed at home
]


class SymptomUrgency(Fact):
    """How soon a set of symptoms needs care.

    It holds if all of ``all_of`` and, unless empty, at least one of ``any_of`` are present.
    A stated row (``says`` is given) carries the mildest urgency that its words allow. A row
    without ``says`` is our proposal. Triage takes the most urgent row that holds, so that
    more symptoms never lower the answer.
    """

    urgency: Urgency
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    says: Says | None = None
    call_now: bool = False
    """Phone now, whatever the hour."""
    reactions: tuple[str, ...] = ()
    """Suspected reactions."""
    reason: str = ""
    advice: str = ""
    """What to do meanwhile, in plain words."""
    asks_for: str = ""
    """Measure id that the advice asks the patient to take."""
    advice_measured: str = ""
    """The advice to whoever has told that measure."""
    population: Population = "any"
    conditions: tuple[str, ...] = ()
    stabilisers: tuple[str, ...] = ()
    hours_after_end_min: Decimal | None = None
    age_months_below: int | None = None
    """Only for patients younger than this."""

    def holds(self, present: frozenset[str]) -> bool:
        """Do these symptoms (with what they imply) fulfil the row's set?"""
        return all(name in present for name in self.all_of) and (
            not self.any_of or any(name in present for name in self.any_of)
        )

    def smallest_sets(self) -> tuple[frozenset[str], ...]:
        """The least sets of symptoms that fulfil the row."""
        needed = frozenset(self.all_of)
        return tuple(needed | {name} for name in self.any_of) or (needed,)


class WarningSign(Fact):
    """A line of the patient sheet: what to report and how soon.

    The evidence is that a source tells patients to report it. ``urgency`` is what triage
    gives for these symptoms; ``because`` names the rows that it comes from.
    """

    symptoms: tuple[str, ...]
    together: bool = False
    """True: the symptoms as a group; False: any one of them."""
    text: str
    means: str
    """What it may be a sign of, in plain words."""
    urgency: Urgency
    because: tuple[str, ...]
    reactions: tuple[str, ...] = ()
    population: Population = "any"
    hours_max: Decimal | None = None
    days_max: Decimal | None = None
    """Until when to look out for it, from the end of the infusion; None: not limited."""
    order: int
    """Place on the sheet: life-threatening first."""


class Incidence(Fact):
    """One frequency with its denominator."""

    reaction: str
    """Id of a reaction; empty for a figure about all reactions."""
    what: str
    unit: Literal[
        "percent",
        "per_10000",
        "per_1000_kg",
        "per_10000_person_days",
        "odds_ratio",
        "reports",
        "cases",
    ]
    of: str
    """What is counted: patients, infusions, courses."""
    population: str
    value: Decimal
    value_max: Decimal | None = None
    value_is_upper_bound: bool = False
    events: int | None = None
    n: int | None = None
    ci_low: Decimal | None = None
    ci_high: Decimal | None = None


class PanelTest(Fact):
    """One test of a panel."""

    name: str
    loinc: tuple[str, ...] = ()
    measure: str = ""
    """Id of the measure, if a rule reads the result."""
    expected: str = ""
    """What it shows if the suspicion is right."""


class PanelTiming(Fact):
    """When to draw it."""

    text: str
    counted_from: Literal["end", "onset", "first_day"] = "onset"
    hours_min: Decimal | None = None
    hours_max: Decimal | None = None
    days_min: Decimal | None = None
    days_max: Decimal | None = None
    who: str = ""


class TestPanel(Fact):
    """Tests for a suspected reaction."""

    name: str
    reactions: tuple[str, ...]
    tests: tuple[PanelTest, ...]
    timings: tuple[PanelTiming, ...]


class ResultRule(Fact):
    """What a result means."""

    reaction: str
    meaning: str
    limits: tuple[Limit, ...]
    """Any one of them."""
    severity: Literal["mild", "severe", "stage_1", "stage_2", "stage_3", "present"] = "present"


Form = Literal["text", "time", "number", "quantity"]


class ReportField(Fact):
    """A field of an adverse event report."""

    standard: str
    code: str
    name: str
    required: bool
    """To be answered in a report on immunoglobulin, if only with "unknown". Our judgement."""
    form: Form = "text"
    """time: a day, or an instant with its offset; quantity: a number and a UCUM unit ("34 a")."""
    past: bool = False
    """True if its day cannot lie after the report's."""
    max_length: int | None = None
    conformance: str = ""
    allowed: tuple[str, ...] = ()
    """Coded answers, as "1 suspect": the first word is the code."""
    several: bool = False
    """True if more than one allowed answer may be given."""
    unknown: str = ""
    """How "unknown" is written: a null flavour, an allowed code, or "omitted" if the element is then
    left out; empty: it cannot be unknown."""
    masked: bool = False
    """True if it may be withheld for privacy (null flavour MSK)."""


class TermCode(Fact):
    """A concept in a terminology."""

    system: str
    """SNOMED CT, LOINC, MedDRA LLT, MedDRA PT, EDQM."""
    code: str
    """Empty if only the term's name was seen."""
    display: str
    concept: str
    """Id of what it codes: a symptom, reaction, measure or CTCAE term; a plain name otherwise."""
    version: str = ""
    status: Literal["active", "discouraged", "superseded", "name_only"] = "active"
