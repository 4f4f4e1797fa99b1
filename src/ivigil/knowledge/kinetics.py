"""Published models of how IgG spreads and leaves the body, as data.

A model is a structure, its parameters, how covariates move them, how far patients differ, how well
it fitted, and the range it was fitted in. Every relation is structured; no formula is parsed from
text. What a source states and what we judge of it (status, cautions, restrictions) are separate
facts: a judgement is ``synthesis`` and may only warn, restrict or refuse.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record

Structure = Literal["one_compartment", "two_compartment", "not_read"]

Elimination = Literal["clearance", "rate_constant", "saturable_recycling", "not_read"]
"""clearance: CL; rate_constant: kel, so CL = kel x Vc; saturable_recycling: the fraction of the
plasma pool lost per day at a total IgG of C is kint - Jmax / (Vc x (Km + C)), against a constant
production that balances the untreated level."""

KineticRoute = Literal["IV", "SC", "facilitated_SC"]
"""facilitated_SC: after hyaluronidase, with its own bioavailability."""

ParameterName = Literal[
    "cl_l_per_day",
    "kel_per_day",
    "vc_l",
    "q_l_per_day",
    "vp_l",
    "ka_per_day",
    "f_sc",
    "f_facilitated_sc",
    "endogenous_g_per_l",
    "jmax_g_per_day",
    "km_g_per_l",
    "kint_per_day",
]
"""The unit is in the name; f_sc is a fraction of the dose. A figure per kg of body weight is written
as the value at 1 kg with weight as a covariate of exponent 1."""

CovariateName = Literal["weight_kg", "lean_body_mass_kg", "igm_g_per_l", "condition"]

RangeOf = Literal[
    "dose_g_per_kg",
    "interval_days",
    "concentration_g_per_l",
    "weight_kg",
    "lean_body_mass_kg",
    "age_years",
]


class Covariate(Record):
    """One covariate of a parameter; several multiply. The evidence is the parameter's.

    power: (value / reference) to the exponent; condition_ratio: ``factor`` in these conditions, else 1.
    """

    form: Literal["power", "condition_ratio"]
    of: CovariateName
    reference: Decimal | None = None
    """In the covariate's unit."""
    exponent: Decimal | None = None
    exponent_fixed: bool = False
    """Set by the authors, not estimated."""
    clip_min: Decimal | None = None
    clip_max: Decimal | None = None
    """The covariate is held within these. Our restriction, never the authors'."""
    factor: Decimal | None = None
    conditions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        power = self.reference is not None and self.exponent is not None and self.of != "condition"
        ratio = self.factor is not None and bool(self.conditions) and self.of == "condition"
        if not (power if self.form == "power" else ratio):
            raise ValueError(
                f"{self.form} of {self.of}: a power needs reference and exponent, "
                "a condition_ratio needs factor and conditions of the covariate 'condition'"
            )
        if self.reference is not None and self.reference <= 0:
            raise ValueError(f"{self.form} of {self.of}: the reference {self.reference} is not above 0")


class Parameter(Fact):
    """The typical value of one parameter at the covariates' references."""

    name: ParameterName
    value: Decimal
    fixed: bool = False
    """Held in the fit, not estimated."""
    covariates: tuple[Covariate, ...] = ()
    printed: str = ""
    """As the source prints it, where the unit or the form was changed."""


class Variability(Fact):
    """How far patients differ in one parameter: log-normal, as an apparent coefficient of variation.

    The variance of the logarithm is ln(1 + CV^2).
    """

    parameter: ParameterName
    cv_percent: Decimal


class ErrorModel(Fact):
    """One reading of the residual error of a measured total IgG: y = C (1 + e_p) + e_a."""

    reading: Literal["standard_deviation", "variance"]
    """What the two figures are. A variance is in 1 and in (g/L)^2."""
    proportional: Decimal | None = None
    """As a fraction, not a percentage."""
    additive_g_per_l: Decimal | None = None
    chosen: bool = True
    """Exactly one reading of a model is used; the others are kept because the source is ambiguous."""


class FittedDose(Record):
    """Doses that the data held. Several rows of one route are alternatives."""

    route: KineticRoute
    dose_g_per_kg_min: Decimal | None = None
    dose_g_per_kg_max: Decimal | None = None
    """All days of one course together."""
    interval_days_min: int | None = None
    interval_days_max: int | None = None


class FittedRange(Fact):
    """The data that a model was fitted to; None: not stated."""

    conditions: tuple[str, ...]
    doses: tuple[FittedDose, ...]
    age_years_min: Decimal | None = None
    age_years_max: Decimal | None = None
    weight_kg_min: Decimal | None = None
    weight_kg_max: Decimal | None = None
    lean_body_mass_kg_min: Decimal | None = None
    lean_body_mass_kg_max: Decimal | None = None
    concentration_g_per_l_min: Decimal | None = None
    concentration_g_per_l_max: Decimal | None = None
    """Total IgG."""


class Restriction(Fact):
    """Outside this range, or where the value is not known, the model is refused. Ours."""

    of: RangeOf
    min: Decimal | None = None
    max: Decimal | None = None
    text: str = ""


CautionKind = Literal[
    "absorption_outlier",
    "apparent_clearance",
    "baseline_uncertain",
    "error_ambiguous",
    "extreme_exponent",
    "exposure_outlier",
    "extrapolation_down",
    "implausible_variability",
    "no_error_model",
    "no_variability",
    "peaks_not_informed",
    "small_cohort",
    "source_conflict",
    "under_predicts_trough",
    "unfitted",
    "volumes_not_scaled",
]


class ModelCaution(Fact):
    """What a person must know before using the model."""

    kind: CautionKind
    text: str


class Verdict(Fact):
    """Our judgement of the model: what it may be used for, and how far it is trusted."""

    status: Literal["usable", "typical_values_only", "refused"]
    """typical_values_only: a curve without a band, never a prior; refused: never computed with."""
    reason: Literal[
        "",
        "comparator_only",
        "half_life_implausible",
        "machine_made",
        "no_human_parameters",
        "out_of_scope",
        "parameters_not_read",
        "volume_implausible",
    ] = ""
    """Why it is refused."""
    grade: Literal["good", "fair", "poor", ""] = ""
    """Weight among the models that apply; empty if refused."""
    default_for: tuple[str, ...] = ()
    """Conditions in which it is shown first."""
    also_for: tuple[str, ...] = ()
    """Conditions without a model of their own in which it is shown, marked as extrapolated."""
    variability_of: str = ""
    """Id of the model whose variability is used instead of the printed one, because it is wider."""
    text: str = ""


class ReferenceValue(Fact):
    """A published figure that the model must give back, for one patient and one regimen.

    cl: typical clearance, L/d; auc_exogenous: g d/L over one interval at steady state, infused IgG
    alone; auc_total_first_interval: g d/L from the first dose to ``interval_days``, own IgG included;
    recycling_over_catabolic_rate: at ``concentration_g_per_l``, a fraction.
    """

    of: Literal["cl", "auc_exogenous", "auc_total_first_interval", "recycling_over_catabolic_rate"]
    value: Decimal
    tolerance: Decimal
    """Largest difference that rounding or the source's own method explains; absolute."""
    why_tolerance: str
    weight_kg: Decimal
    height_cm: Decimal | None = None
    sex: Literal["male", "female"] | None = None
    igm_g_per_l: Decimal | None = None
    concentration_g_per_l: Decimal | None = None
    route: KineticRoute | None = None
    dose_g_per_kg: Decimal | None = None
    interval_days: int | None = None


class PopulationModel(Fact):
    """One published (or, if it says so, our own) model of total IgG in serum.

    The evidence is for what describes it; parameters carry their own.
    """

    name: str
    structure: Structure
    elimination: Elimination
    endogenous: Literal["fixed", "estimated", "own", "in_total", "production", "not_read"]
    """Where the untreated IgG comes from. fixed: held in the fit; estimated: a parameter; own: the
    patient's level before any immunoglobulin, without which the model does not apply; in_total: the
    fit was to total IgG and nothing is added; production: as own, with a production that balances it."""
    chain: tuple[str, ...]
    """Source ids from the document that was read to the primary one. More than one: second-hand."""
    patients: int | None = None
    studies: int | None = None
    trials: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    variability: tuple[Variability, ...] = ()
    correlations: Literal["none_stated", "not_published"] = "none_stated"
    """not_published: fitted, but only the variances were printed."""
    errors: tuple[ErrorModel, ...] = ()
    fitted: FittedRange | None = None
    restrictions: tuple[Restriction, ...] = ()
    cautions: tuple[ModelCaution, ...] = ()
    verdict: Verdict
    reference_values: tuple[ReferenceValue, ...] = ()

    @property
    def second_hand(self) -> bool:
        """True if the document that was read quotes another one."""
        return len(self.chain) > 1

    @property
    def error(self) -> ErrorModel | None:
        """The reading of the residual error that is used."""
        return next((item for item in self.errors if item.chosen), None)

    def parameter(self, name: ParameterName) -> Parameter | None:
        """The parameter of this name, if the model has it."""
        return next((item for item in self.parameters if item.name == name), None)

    @property
    def routes(self) -> tuple[KineticRoute, ...]:
        """Routes that the parameters can describe."""
        under_skin = self.parameter("ka_per_day") is not None
        return (
            "IV",
            *(("SC",) if under_skin and self.parameter("f_sc") else ()),
            *(("facilitated_SC",) if under_skin and self.parameter("f_facilitated_sc") else ()),
        )


class LeanBodyMassFormula(Fact):
    """Lean body mass, kg = weight_factor x kg + height_factor x cm - offset."""

    sex: Literal["male", "female"]
    weight_factor: Decimal
    height_factor: Decimal
    offset_kg: Decimal
    age_years_min: Decimal
    """Not used below this age."""


class StandardPatient(Fact):
    """The patient for whom models are compared when none is given."""

    sex: Literal["male", "female"]
    weight_kg: Decimal
    height_cm: Decimal
    age_years: Decimal
    """An adult; no model here depends on the age itself."""


class VoidingMedicine(Fact):
    """A medicine under which no model of IgG here holds."""

    name: str
    brands: tuple[str, ...] = ()
    mechanism: Literal["fcrn_blocker"]
    """The vocabulary flag by which it is asked for."""
    weeks_after: int | None = None
    """For at least this long after the last dose; None: not stated."""
    text: str = ""
