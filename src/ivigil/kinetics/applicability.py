"""Whether a published model may be used for a patient: every range, every reason against, every caution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.kinetics.individual import Known, Subject, lean_body_mass_kg, typical
from ivigil.knowledge.kinetics import (
    FittedDose,
    FittedRange,
    ParameterName,
    PopulationModel,
    RangeOf,
    Restriction,
)
from ivigil.knowledge.store import Knowledge

Place = Literal["inside", "outside", "unknown"]
_Bounds = tuple[Decimal | None, Decimal | None]
_Values = Mapping[RangeOf, Decimal | None]


class RangeCheck(msgspec.Struct, frozen=True):
    """One range and the subject's place in it."""

    of: RangeOf
    value: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    place: Place
    fact: str
    """The FittedRange or Restriction."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a model is not used for this subject, with what ruled or what is missing."""

    why: Literal["model", "medicine", "condition", "route", "restriction", "covariate"]
    fact: str = ""
    missing: tuple[Known, ...] = ()


class Applicability(msgspec.Struct, frozen=True):
    """Whether a model may be used for a subject. Any refusal refuses."""

    model: str
    outcome: Literal["applies", "with_warnings", "refused"]
    typical_values_only: bool
    second_hand: bool
    extrapolated: bool
    """The condition was not in the data; the model is shown for want of another."""
    medicines_assumed: bool
    """Nobody asked for medicines that void every model."""
    ranges: tuple[RangeCheck, ...]
    refusals: tuple[Refusal, ...]
    cautions: tuple[str, ...]
    """Ids of the model's cautions."""


def applicable(subject: Subject, knowledge: Knowledge) -> tuple[Applicability, ...]:
    """Every model against the subject: those that apply first, the better graded and those named for the
    condition before the others; refused ones last, in authored order."""
    grades = ("good", "fair", "poor", "")
    models = knowledge.facts.population_model
    ranked = sorted(
        models,
        key=lambda model: (
            subject.condition not in model.verdict.default_for,
            grades.index(model.verdict.grade),
        ),
    )
    judged = [applicability(model, subject, knowledge) for model in ranked]
    return tuple(sorted(judged, key=lambda item: item.outcome == "refused"))


def applicability(model: PopulationModel, subject: Subject, knowledge: Knowledge) -> Applicability:
    """Whether the model may be used for the subject, with every range and every reason against it."""
    known = _values(subject, knowledge)
    restrictions = tuple(_restricted(model, known))
    ranges = (*_fitted(model.fitted, subject, known), *(check for check, _ in restrictions))
    refusals = (
        *_void(model, subject),
        *_elsewhere(model, subject),
        *(refusal for _, refusal in restrictions if refusal is not None),
        *_unknown(model, subject, knowledge),
    )
    extrapolated = subject.condition in model.verdict.also_for
    warned = extrapolated or subject.medicines is None or any(check.place != "inside" for check in ranges)
    return Applicability(
        model=model.id,
        outcome="refused" if refusals else "with_warnings" if warned else "applies",
        typical_values_only=model.verdict.status == "typical_values_only",
        second_hand=model.second_hand,
        extrapolated=extrapolated,
        medicines_assumed=subject.medicines is None,
        ranges=ranges,
        refusals=refusals,
        cautions=tuple(item.id for item in model.cautions),
    )


def _void(model: PopulationModel, subject: Subject) -> Iterator[Refusal]:
    if model.verdict.status == "refused":
        yield Refusal("model", model.verdict.id)
    yield from (Refusal("medicine", name) for name in subject.medicines or ())


def _elsewhere(model: PopulationModel, subject: Subject) -> Iterator[Refusal]:
    meant = (*(model.fitted.conditions if model.fitted else ()), *model.verdict.also_for)
    if subject.condition is None or subject.condition not in meant:
        missing: tuple[Known, ...] = ("condition",) if subject.condition is None else ()
        yield Refusal("condition", model.fitted.id if model.fitted else model.verdict.id, missing)
    if subject.route is None or subject.route not in model.routes:
        yield Refusal("route", model.id, ("route",) if subject.route is None else ())


def _unknown(model: PopulationModel, subject: Subject, knowledge: Knowledge) -> Iterator[Refusal]:
    """What the model needs to know; a parameter of a route that is not used is not needed."""
    unused: dict[ParameterName, tuple[str, ...]] = {
        "ka_per_day": ("SC", "facilitated_SC"),
        "f_sc": ("SC",),
        "f_facilitated_sc": ("facilitated_SC",),
    }
    for name, needed in typical(model, subject, knowledge).missing.items():
        if name not in unused or subject.route in unused[name]:
            parameter = model.parameter(name)
            yield Refusal("covariate", parameter.id if parameter else model.id, needed)


def _restricted(model: PopulationModel, known: _Values) -> Iterator[tuple[RangeCheck, Refusal | None]]:
    for item in model.restrictions:
        check = _check(item.of, (item.min, item.max), known, item.id)
        yield check, None if check.place == "inside" else _refused(item, check)


def _refused(item: Restriction, check: RangeCheck) -> Refusal:
    return Refusal("restriction", item.id, (item.of,) if check.place == "unknown" else ())


def _fitted(fitted: FittedRange | None, subject: Subject, known: _Values) -> Iterator[RangeCheck]:
    """Ranges that the source states; one that it does not state is left out."""
    if fitted is None:
        return
    names: tuple[RangeOf, ...] = ("age_years", "weight_kg", "lean_body_mass_kg", "concentration_g_per_l")
    stated = [(of, (getattr(fitted, f"{of}_min"), getattr(fitted, f"{of}_max"))) for of in names]
    rows = [_bounds(row) for row in fitted.doses if row.route == subject.route]
    nearest = max(rows, key=lambda row: _fit(row, known), default={})
    for of, bounds in (*stated, *nearest.items()):
        if bounds != (None, None):
            yield _check(of, bounds, known, fitted.id)


def _bounds(row: FittedDose) -> dict[RangeOf, _Bounds]:
    return {
        "dose_g_per_kg": (row.dose_g_per_kg_min, row.dose_g_per_kg_max),
        "interval_days": (_decimal(row.interval_days_min), _decimal(row.interval_days_max)),
    }


def _fit(row: Mapping[RangeOf, _Bounds], known: _Values) -> tuple[bool, ...]:
    """Of alternative rows the one that holds the dose, and then the interval, is compared."""
    return tuple(_place(known[of], bounds) == "inside" for of, bounds in row.items())


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _values(subject: Subject, knowledge: Knowledge) -> _Values:
    lean = lean_body_mass_kg(subject, knowledge.facts.lean_body_mass)
    return {
        "dose_g_per_kg": subject.dose_g_per_kg,
        "interval_days": _decimal(subject.interval_days),
        "concentration_g_per_l": subject.concentration_g_per_l,
        "weight_kg": subject.weight_kg,
        "lean_body_mass_kg": _decimal(lean),
        "age_years": subject.age_years,
    }


def _check(of: RangeOf, bounds: _Bounds, known: _Values, fact: str) -> RangeCheck:
    return RangeCheck(of, known[of], *bounds, _place(known[of], bounds), fact)


def _place(value: Decimal | None, bounds: _Bounds) -> Place:
    if value is None:
        return "unknown"
    low, high = bounds
    below = low is not None and value < low
    above = high is not None and value > high
    return "outside" if below or above else "inside"
