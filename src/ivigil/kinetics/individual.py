"""A published model for one patient: its typical parameters, how far patients differ, its error.

Here the decimals of the fact base become floats. A covariate that is not known is never guessed: what
depends on it is missing, and the model does not apply.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.knowledge.kinetics import (
    Covariate,
    ErrorModel,
    KineticRoute,
    LeanBodyMassFormula,
    ParameterName,
    PopulationModel,
)
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Sex

Known = Literal[
    "age_years",
    "concentration_g_per_l",
    "condition",
    "dose_g_per_kg",
    "endogenous_igg_g_per_l",
    "height_cm",
    "igm_g_per_l",
    "interval_days",
    "lean_body_mass_kg",
    "route",
    "sex",
    "weight_kg",
]
"""What may be known of a subject. lean_body_mass_kg is missing by itself where no formula is for the age."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a model asks of a patient and a treatment. None is not known."""

    condition: str | None = None
    route: KineticRoute | None = None
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    sex: Sex | None = None
    age_years: Decimal | None = None
    igm_g_per_l: Decimal | None = None
    endogenous_igg_g_per_l: Decimal | None = None
    """The patient's own level, before any immunoglobulin."""
    dose_g_per_kg: Decimal | None = None
    """The largest course, all its days together."""
    interval_days: int | None = None
    concentration_g_per_l: Decimal | None = None
    """Total IgG in question: the lowest and highest are asked one after the other."""
    medicines: tuple[str, ...] | None = None
    """Ids of the ``VoidingMedicine`` records that the patient has; None: nobody asked."""


class Typical(msgspec.Struct, frozen=True):
    """Typical parameters of a model for a subject, in the units of their names.

    ``values`` holds what could be computed; ``missing`` says what to know for each other parameter.
    """

    model: str
    values: dict[ParameterName, float]
    missing: dict[ParameterName, tuple[Known, ...]]
    lean_body_mass_kg: float | None = None
    clipped: tuple[ParameterName, ...] = ()
    """Parameters whose covariate was held at the end of its range."""
    endogenous_of: Literal["patient", "model", "none", "unknown"] = "unknown"
    """Whose untreated level ``values`` holds. none: the model adds none."""

    @property
    def clearance_l_per_day(self) -> float | None:
        """CL, or kel x Vc; None for a saturable model (see ``clearance_at``) or if not known."""
        if "kel_per_day" in self.values and "vc_l" in self.values:
            return self.values["kel_per_day"] * self.values["vc_l"]
        return self.values.get("cl_l_per_day")

    @property
    def facilitated(self) -> float:
        """Bioavailability after hyaluronidase over that without, as ``Dose.relative_bioavailability`` has it;
        1 where either is not known."""
        if "f_sc" in self.values and "f_facilitated_sc" in self.values:
            return self.values["f_facilitated_sc"] / self.values["f_sc"]
        return 1.0

    @property
    def steady_volume_l(self) -> float | None:
        """Vc + Vp; None if not known."""
        if "vc_l" not in self.values or "vp_l" in self.missing:
            return None
        return self.values["vc_l"] + self.values.get("vp_l", 0.0)

    @property
    def half_life_days(self) -> float | None:
        """Terminal half-life of a linear model; None for a saturable one, or if not known."""
        clearance = self.clearance_l_per_day
        if clearance is None or "vc_l" not in self.values or {"q_l_per_day", "vp_l"} & set(self.missing):
            return None
        return math.log(2) / self._terminal_rate(clearance)

    def _terminal_rate(self, clearance_l_per_day: float) -> float:
        """The slow eigenvalue, as k10 k21 / alpha: the difference of two near numbers loses digits."""
        k10 = clearance_l_per_day / self.values["vc_l"]
        if "q_l_per_day" not in self.values:
            return k10
        k12 = self.values["q_l_per_day"] / self.values["vc_l"]
        k21 = self.values["q_l_per_day"] / self.values["vp_l"]
        total = k10 + k12 + k21
        return k10 * k21 * 2.0 / (total + math.sqrt(total * total - 4.0 * k10 * k21))

    def clearance_at(self, concentration_g_per_l: float) -> float | None:
        """Clearance of a saturable model at a total IgG, L/day (Kim 2007); of any other its clearance."""
        needed: tuple[ParameterName, ...] = ("jmax_g_per_day", "km_g_per_l", "kint_per_day", "vc_l")
        if any(name not in self.values for name in needed):
            return self.clearance_l_per_day
        jmax, km, kint, volume = (self.values[name] for name in needed)
        return kint * volume - jmax / (km + concentration_g_per_l)


class Error(msgspec.Struct, frozen=True):
    """Residual error of a measured total IgG, as standard deviations."""

    proportional: float
    """A fraction of the level."""
    additive_g_per_l: float


def omega2(cv_percent: Decimal) -> float:
    """Variance of the logarithm of a log-normal parameter: ln(1 + CV^2).

    The review harmonised every variability to such a CV (van der Zeeuw 2026, section 2.3, as transcribed in
    the nlmixr2lib article).
    """
    return math.log1p((float(cv_percent) / 100.0) ** 2)


def variability(model: PopulationModel, knowledge: Knowledge) -> dict[ParameterName, float]:
    """Omega squared by parameter: the model's own, or that of the model it borrows from."""
    donor = knowledge.population_models.get(model.verdict.variability_of, model)
    known = {item.name for item in model.parameters}
    return {item.parameter: omega2(item.cv_percent) for item in donor.variability if item.parameter in known}


def error(reading: ErrorModel) -> Error:
    """The two standard deviations of a reading of the residual error; an absent part is 0."""
    parts = (float(part or 0) for part in (reading.proportional, reading.additive_g_per_l))
    return Error(*(math.sqrt(part) if reading.reading == "variance" else part for part in parts))


def lean_body_mass_kg(subject: Subject, formulas: Iterable[LeanBodyMassFormula]) -> float | None:
    """By the formula of the subject's sex; None if weight, height, sex or age is unknown.

    None too in a child, for whom no formula was read.
    """
    if subject.weight_kg is None or subject.height_cm is None or subject.age_years is None:
        return None
    for formula in formulas:
        if formula.sex == subject.sex and subject.age_years >= formula.age_years_min:
            by_weight, by_height = (
                formula.weight_factor * subject.weight_kg,
                formula.height_factor * subject.height_cm,
            )
            mass = by_weight + by_height - formula.offset_kg
            return float(mass) if mass > 0 else None
    return None


def typical(model: PopulationModel, subject: Subject, knowledge: Knowledge) -> Typical:
    """The model's parameters for a patient like this one, as far as the covariates are known."""
    lean = lean_body_mass_kg(subject, knowledge.facts.lean_body_mass)
    values: dict[ParameterName, float] = {}
    missing: dict[ParameterName, tuple[Known, ...]] = {}
    clipped: list[ParameterName] = []
    for parameter in model.parameters:
        value, unknown = float(parameter.value), dict[Known, None]()
        for covariate in parameter.covariates:
            found = _covariate(covariate, subject, lean)
            if found is None:
                unknown |= dict.fromkeys(_needed(covariate, subject))
                continue
            held = _held(found, covariate)
            if held != found:
                clipped.append(parameter.name)
            value *= _effect(held, covariate)
        if unknown:
            missing[parameter.name] = tuple(unknown)
        else:
            values[parameter.name] = value
    owner = _endogenous(model, subject, values, missing)
    return Typical(model.id, values, missing, lean, tuple(clipped), owner)


def _covariate(covariate: Covariate, subject: Subject, lean: float | None) -> float | None:
    """The covariate's value; for a condition 1 if it is one of those named, else 0."""
    match covariate.of:
        case "weight_kg":
            return None if subject.weight_kg is None else float(subject.weight_kg)
        case "lean_body_mass_kg":
            return lean
        case "igm_g_per_l":
            return (
                None
                if subject.igm_g_per_l is None or subject.igm_g_per_l <= 0
                else float(subject.igm_g_per_l)
            )
        case "condition":
            return None if subject.condition is None else float(subject.condition in covariate.conditions)


def _needed(covariate: Covariate, subject: Subject) -> tuple[Known, ...]:
    if covariate.of != "lean_body_mass_kg":
        return (covariate.of,)
    needed: tuple[Known, ...] = ("weight_kg", "height_cm", "sex", "age_years")
    return tuple(name for name in needed if getattr(subject, name) is None) or ("lean_body_mass_kg",)


def _held(value: float, covariate: Covariate) -> float:
    low = -math.inf if covariate.clip_min is None else float(covariate.clip_min)
    high = math.inf if covariate.clip_max is None else float(covariate.clip_max)
    return min(max(value, low), high)


def _effect(value: float, covariate: Covariate) -> float:
    if covariate.form == "condition_ratio":
        assert covariate.factor is not None
        return float(covariate.factor) if value else 1.0
    assert covariate.reference is not None
    assert covariate.exponent is not None
    return math.pow(value / float(covariate.reference), float(covariate.exponent))


def _endogenous(
    model: PopulationModel,
    subject: Subject,
    values: dict[ParameterName, float],
    missing: dict[ParameterName, tuple[Known, ...]],
) -> Literal["patient", "model", "none", "unknown"]:
    """Put the untreated level in its place. The patient's own is always better than a population's."""
    name: ParameterName = "endogenous_g_per_l"
    if model.endogenous == "in_total":
        return "none"
    if subject.endogenous_igg_g_per_l is not None:
        values[name] = float(subject.endogenous_igg_g_per_l)
        missing.pop(name, None)
        return "patient"
    if name in values:
        return "model"
    missing[name] = missing.get(name, ("endogenous_igg_g_per_l",))
    return "unknown"
