"""Products: presentation, composition, licence, rates. One file a product in ``facts/products``."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record
from ivigil.units import RateUnit

Route = Literal["IV", "SC"]
RiskGroup = Literal["renal", "thrombosis", "volume", "age_over_65"]
Experience = Literal["any", "naive", "experienced"]

PropertyName = Literal[
    "stabiliser",  # text, one per stabiliser: glycine, l-proline, maltose, sorbitol, glucose, sucrose...
    "sugar_g_per_g_protein",
    "sugar_g_per_l",
    "iga_ug_per_ml_typical",
    "iga_ug_per_ml_max",
    "sodium_mmol_per_l_min",
    "sodium_mmol_per_l_max",
    "sodium_mmol_per_l_typical",
    "osmolality_mosm_per_kg_min",
    "osmolality_mosm_per_kg_max",
    "osmolality_mosm_per_kg_typical",
    "ph_min",
    "ph_max",
    "ph_typical",
    "acid_load_meq_per_g_protein",
    "glucose_meter_interference",  # flag
    "isoagglutinin_reduced",  # flag: a step lowers anti-A and anti-B
    "corn_allergy",  # text: contraindication | warning
    "latex_free",  # flag
    "preservative_free",  # flag
    "dilution",  # text
    "flush",  # items
    "filter",  # text
    "saline_compatible",  # flag
    "venting",  # text
    "warming",  # text
    "pooling_allowed",  # flag
    "pooled_use_within_h",  # number
    "boxed_warning",  # items
    "observation_min_after_infusion",
    "observation_min_after_infusion_first_or_high_rate",
    "other",  # text: anything a plan does not use but a person may look up
]


class Property(Fact):
    """One figure of a product. Exactly one of number, text, flag, items."""

    name: PropertyName
    number: Decimal | None = None
    comparator: Literal["<", "<=", ">", ">=", ""] = ""
    text: str | None = None
    flag: bool | None = None
    items: tuple[str, ...] | None = None
    applies_to: str = ""
    """If the figure holds for one strength or presentation only, which."""


class Vial(Fact):
    """A container as sold."""

    grams: Decimal
    volume_ml: Decimal
    container: Literal["vial", "bottle", "prefilled_syringe", "bag", "kit"] = "vial"


class LabelUse(Fact):
    """A licensed use with its label dose, if the dose was seen."""

    indication: str
    """Id of a LabelIndication ("PI", "KD")."""
    phase: str = "unspecified"
    dose_g_per_kg_min: Decimal | None = None
    dose_g_per_kg_max: Decimal | None = None
    dose_per: Literal["infusion", "course", "month", "week", ""] = ""
    daily_dose_g_per_kg: Decimal | None = None
    split_days_min: int | None = None
    split_days_max: int | None = None
    interval_weeks_min: Decimal | None = None
    interval_weeks_max: Decimal | None = None
    age_min_years: Decimal | None = None
    age_max_years: Decimal | None = None
    trough_floor_g_per_l: Decimal | None = None


class RateStep(Record):
    """One step of a label's ladder, in the schedule's unit. No minutes: until the end."""

    rate: Decimal
    minutes: int | None = None


class PrintedRates(Record):
    """Start and maximum as the source prints them once more, in another unit; digits as printed."""

    unit: RateUnit
    start: Decimal | None = None
    max: Decimal


class Schedule(Fact):
    """How fast one product may run for the named uses, in the source's own unit."""

    indications: tuple[str, ...]
    """LabelIndication ids; "ANY" for a table not tied to a use."""
    plannable: bool
    """True if the product's rates were seen complete for these uses. False: shown, needs sign-off."""
    g_per_100_ml: Decimal
    unit: RateUnit
    start_rate: Decimal
    max_rate: Decimal
    max_strict: bool = False
    """True if the source says "less than" the maximum."""
    start_minutes: int | None = None
    step_minutes_min: int | None = None
    step_minutes_max: int | None = None
    steps: tuple[RateStep, ...] = ()
    """The printed ladder; empty if only start and maximum (and maybe the interval) are stated."""
    step_rates: tuple[Decimal, ...] = ()
    """Printed rates in rising order whose durations were not seen; ``steps`` is then empty."""
    also_printed: tuple[PrintedRates, ...] = ()
    """The same start and maximum in the other units that the source prints: a check, never planned from."""
    experience: Experience = "any"
    """Whom the schedule is for. "experienced" schedules permit more and never serve a naive patient."""
    infusions_tolerated_min: int | None = None
    """Earlier tolerated infusions of this product that the schedule asks for."""
    tolerated_rate_min: Decimal | None = None
    """Rate (same unit) that the patient must have tolerated before."""
    age_min_years: Decimal | None = None
    weight_kg_min: Decimal | None = None
    weight_kg_max: Decimal | None = None
    weight_kg_below: Decimal | None = None
    population: str = ""
    """The source's own words for whom, if narrower than the fields above."""


class AtRiskRate(Fact):
    """What the label says of the rate in patients at risk."""

    groups: tuple[RiskGroup, ...]
    rule: Literal["maximum", "minimum_practicable"]
    rate: Decimal | None = None
    unit: RateUnit | None = None
    strict: bool = False
    """True if the label says "less than"."""


class Contraindication(Fact):
    """A label contraindication, by code; hazards act on them."""

    code: str


class Storage(Fact):
    temp_min_c: Decimal
    temp_max_c: Decimal
    max_months: int | None = None
    condition: str = ""


class Conversion(Fact):
    """IV to SC: weekly grams = IV grams / weeks between doses x factor."""

    convert_from: Literal["IV", "SC"]
    factor: Decimal
    indications: tuple[str, ...] = ()
    """Empty: any use of the product."""


class StartAfter(Fact):
    """When the first SC dose follows the last dose by the other route."""

    schedule: str
    """The source's own words for whom and for which interval."""
    last_route: Literal["IV", "SC"]
    weeks_min: Decimal
    weeks_max: Decimal
    interval_days_min: int | None = None
    interval_days_max: int | None = None
    """Interval of the new doses that this is stated for; neither: any."""
    indications: tuple[str, ...] = ()
    """Empty: any use of the product."""


class SiteLimit(Fact):
    """Volume and rate per SC site, and number of sites.

    Lower ends of age and weight are inclusive, upper ends exclusive: labels print "under 40 kg"
    and "40 kg and over". ``infusions_from`` and ``infusions_to`` are both inclusive; 1 is the
    first infusion of this product.
    """

    applies: Literal["first", "initial", "later", "max", "any"]
    """first: the first infusion; initial: the first few; later: as tolerated; max: never above."""
    volume_ml_per_site: Decimal | None = None
    volume_ml_per_kg_per_site: Decimal | None = None
    rate_ml_per_h_per_site_min: Decimal | None = None
    rate_ml_per_h_per_site: Decimal | None = None
    rate_ml_per_h_total: Decimal | None = None
    rate_ml_per_kg_h_per_site: Decimal | None = None
    sites_max: int | None = None
    site_distance_cm: Decimal | None = None
    infusions_from: int | None = None
    infusions_to: int | None = None
    weight_kg_min: Decimal | None = None
    weight_kg_below: Decimal | None = None
    age_min_years: Decimal | None = None
    age_max_years: Decimal | None = None
    indications: tuple[str, ...] = ()


class SubcutaneousDose(Fact):
    """A label's SC dose and intervals for a use.

    ``total_g_per_kg`` is one whole loading, or one infusion at the stated interval.
    """

    indication: str
    phase: Literal["loading", "maintenance", "start"] = "maintenance"
    weight_kg_min: Decimal | None = None
    weight_kg_below: Decimal | None = None
    g_per_kg_per_week_min: Decimal | None = None
    g_per_kg_per_week_max: Decimal | None = None
    g_per_kg_per_month_min: Decimal | None = None
    g_per_kg_per_month_max: Decimal | None = None
    total_g_per_kg_min: Decimal | None = None
    total_g_per_kg_max: Decimal | None = None
    g_per_kg_per_day_max: Decimal | None = None
    g_per_day_max: Decimal | None = None
    interval_days_min: int | None = None
    interval_days_max: int | None = None
    unless_from_iv: bool = False
    """True if the dose is not stated for patients who come from intravenous doses."""
    text: str = ""


class RampStep(Record):
    week: int
    dose_weeks: Decimal
    """Grams of this infusion = weekly grams x dose_weeks; 0: no infusion that week."""


class RampUp(Fact):
    """How facilitated SC starts with part doses at short intervals."""

    indications: tuple[str, ...]
    steps: tuple[RampStep, ...]
    interval_weeks: Decimal | None = None
    """The maintenance interval that this table is for."""


class TroughAdjustment(Fact):
    """One cell of a product's own table: change of dose by difference to the target trough."""

    interval: Literal["weekly", "biweekly"]
    trough_difference_g_per_l: Decimal
    change_ml: Decimal
    weight_kg: Decimal | None = None
    """The printed weight column, or the band below."""
    weight_kg_above: Decimal | None = None
    weight_kg_up_to: Decimal | None = None


class Product(Fact):
    """Brand + strength + route in one jurisdiction. The evidence is for its identity."""

    brand: str
    name: str
    """With strength, as a person says it: "Octagam 10%"."""
    manufacturer: str
    jurisdiction: str
    route: Route
    form: Literal["liquid", "lyophilised"]
    g_per_100_ml: Decimal
    """Strength as infused. A product that can be made up to two strengths is two products."""
    facilitated: bool = False
    """Given with recombinant hyaluronidase."""
    vials: tuple[Vial, ...] = ()
    properties: tuple[Property, ...] = ()
    uses: tuple[LabelUse, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    at_risk_rates: tuple[AtRiskRate, ...] = ()
    contraindications: tuple[Contraindication, ...] = ()
    storage: tuple[Storage, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    starts_after: tuple[StartAfter, ...] = ()
    site_limits: tuple[SiteLimit, ...] = ()
    subcutaneous_doses: tuple[SubcutaneousDose, ...] = ()
    ramp_ups: tuple[RampUp, ...] = ()
    trough_adjustments: tuple[TroughAdjustment, ...] = ()
    synonyms: tuple[str, ...] = ()

    def properties_named(self, name: PropertyName) -> tuple[Property, ...]:
        """All records of one property, in authored order."""
        return tuple(item for item in self.properties if item.name == name)


class LabelIndication(Fact):
    """A label's indication and the conditions of an order that it covers."""

    name: str
    conditions: tuple[str, ...]
