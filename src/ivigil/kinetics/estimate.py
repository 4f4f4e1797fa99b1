"""What measured levels say about a person, by every published model that applies, side by side and together.

For each model: the most probable parameters, Laplace's covariance, the posterior by importance sampling, its
band. Together: the models weighted by their evidence and range, and by how probable they make the levels.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from ivigil.kinetics import regimen
from ivigil.kinetics.applicability import Applicability
from ivigil.kinetics.fitting import Problem, curvature, individual, map_fit, solve
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.judging import COURSE_DAYS, extremes, judged, strictest
from ivigil.kinetics.levels import Given, Level, Levels, Used, days, read
from ivigil.kinetics.physics import schedule
from ivigil.kinetics.prior import NotAPriorError, Prior, dose, prior
from ivigil.kinetics.prior import Reason as NoPrior
from ivigil.kinetics.running import run
from ivigil.kinetics.sampling import Draw, quantiles, sample
from ivigil.kinetics.saturable import at_rest, endogenous
from ivigil.kinetics.values import Dose, Parameters
from ivigil.knowledge.kinetics import ParameterName, PopulationModel
from ivigil.knowledge.store import Knowledge, KnowledgeError, all_facts

BAND = "policy.kinetics_band"
RESIDUAL = "policy.kinetics_misfit_residual"
PERSON = "policy.kinetics_misfit_person"
FAST = "policy.kinetics_fast_clearance"
OUTSIDE = "policy.kinetics_outside_range"
LEAST = "policy.kinetics_least_sample"
GRADE = "policy.kinetics_grade_"

Misfit = Literal["level_far_off", "person_far_off"]
Warn = Literal[
    "fast_clearance",
    "few_effective_draws",
    "history_incomplete",
    "medicines_not_asked",
    "models_extrapolated",
    "no_levels",
    "outside_range",
]
"""fast_clearance: a loss of protein, another medicine, a wrong dose or a wrong time."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A person, what was given and measured, and what is planned."""

    subject: Subject
    """Route, dose, interval and level in question are taken from the doses and levels."""
    doses: tuple[Given, ...]
    levels: tuple[Level, ...] = ()
    planned: tuple[Given, ...] = ()
    complete: bool | None = None
    """Whether ``doses`` holds every dose since the first ever; None: nobody said."""


class Band(msgspec.Struct, frozen=True):
    """Total IgG in g/L at one moment; a level that is measured scatters about it by the residual error."""

    time_days: float
    low: float
    median: float
    high: float


class Residual(msgspec.Struct, frozen=True):
    """A level against the fit; ``place``: in the list of levels as given."""

    place: int
    fitted_g_per_l: float
    standard_deviations: float
    """Of the residual error; above 0: the level is higher. 0 for a level below a limit that is met."""


class Moved(msgspec.Struct, frozen=True):
    """How far the person lies from the population in one parameter."""

    parameter: ParameterName
    factor: float
    """Of the typical value."""
    standard_deviations: float
    """Of the population."""
    certain: float
    """Standard deviation of the logarithm that is left, by Laplace."""


class Fitted(msgspec.Struct, frozen=True, kw_only=True):
    """One model against the levels; what is empty was not computed, and ``why_not`` says why."""

    model: str
    applicability: Applicability
    why_not: NoPrior | Literal["does_not_apply", "not_converged", ""] = ""
    facts: tuple[str, ...] = ()
    """What rules ``why_not``."""
    parameters: Parameters | None = None
    """At the mode."""
    moved: tuple[Moved, ...] = ()
    residuals: tuple[Residual, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    fast_clearance: bool = False
    starts: int = 0
    """Starting points that the optimiser needed."""
    effective_draws: float = 0.0
    log_evidence: float = 0.0
    weight: float = 0.0
    """Share in the average."""
    bands: tuple[Band, ...] = ()


class Person(msgspec.Struct, frozen=True):
    """One draw of the average over all models."""

    model: str
    parameters: Parameters
    own_g_per_l: float | None
    """Untreated level; None where the model has none."""
    facilitated: float
    weight: float
    course: tuple[float, ...]
    """Total IgG in g/L at the times asked for."""


class _Outcome(NamedTuple):
    """What came of one model."""

    fitted: Fitted
    draws: Sequence[Draw] = ()
    facilitated: float = 1.0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the levels say."""

    levels: Levels
    models: tuple[Fitted, ...]
    bands: tuple[Band, ...]
    """Of all models together; empty if none could be fitted."""
    band_percent: float
    effective_draws: float
    misfit: bool
    """No model explains the levels: every one that was fitted is a misfit, or none could be fitted."""
    warnings: tuple[Warn, ...]
    rests_on: tuple[str, ...]
    """Ids of the facts: the models that were used, their parameters, the policies."""
    people: tuple[Person, ...] = ()


def estimate(
    models: Iterable[PopulationModel],
    case: Case,
    at: Sequence[dt.datetime],
    knowledge: Knowledge,
    seed: int,
) -> Estimate:
    """Fit every model and say what total IgG was and will be at the moments ``at``.

    at: (moments,), aware. ``bands`` is (moments,), low, median and high of total IgG in g/L; ``people`` is
    (draws,), each with its weight and a ``course`` of (moments,) in g/L. Without levels the posterior is the
    prior. Raises ValueError if there is neither a dose nor a dated level,
    or a moment lies before the first of them.
    """
    found = read(case.levels, case.doses, knowledge)
    moments = [days(moment, found.origin) for moment in at]
    early = [moment for moment, day in zip(at, moments, strict=True) if day < 0]
    if early:
        raise ValueError(f"at {early[0].isoformat()}: a moment from the first dose or level on is accepted")
    shares, subjects = tails(knowledge), _extremes(case, found, knowledge)
    each = [
        _fit(
            model,
            case,
            found,
            subjects=subjects,
            moments=moments,
            shares=shares,
            knowledge=knowledge,
            seed=seed,
        )
        for model in models
    ]
    weights = _weights([one.fitted for one in each], knowledge)
    fits = tuple(replace(one.fitted, weight=weights[one.fitted.model]) for one in each)
    people = tuple(
        person for one, fit in zip(each, fits, strict=True) for person in _people(one, fit.weight, knowledge)
    )
    used = [fitted for fitted in fits if fitted.weight]
    squares = sum(person.weight**2 for person in people)
    effective = 1.0 / squares if squares else 0.0
    return Estimate(
        levels=found,
        models=fits,
        bands=bands(moments, [person.course for person in people], [p.weight for p in people], shares),
        band_percent=100.0 * (shares[1] - shares[0]),
        effective_draws=effective,
        misfit=not any(not fitted.misfits for fitted in used),
        warnings=_warnings(case, found, used, effective, knowledge),
        rests_on=_rests_on(used, knowledge),
        people=people,
    )


def number(knowledge: Knowledge, policy: str) -> float:
    """The number of a policy. Raises KnowledgeError if the fact base lacks it."""
    found = knowledge.policies.get(policy)
    if found is None or found.number is None:
        raise KnowledgeError([f"{policy} has no number"])
    return float(found.number)


def tails(knowledge: Knowledge) -> tuple[float, float]:
    """Shares of the persons below the band, and up to its end."""
    outside = 1.0 - number(knowledge, BAND) / 100.0
    return 0.5 * outside, 1.0 - 0.5 * outside


def _fit(
    model: PopulationModel,
    case: Case,
    levels: Levels,
    *,
    subjects: Sequence[Subject],
    moments: Sequence[float],
    shares: tuple[float, float],
    knowledge: Knowledge,
    seed: int,
) -> _Outcome:
    judgement = strictest(judged(model, subjects, knowledge))
    if judgement.outcome == "refused":
        facts = tuple(dict.fromkeys(refusal.fact for refusal in judgement.refusals if refusal.fact))
        return _Outcome(
            Fitted(model=model.id, applicability=judgement, why_not="does_not_apply", facts=facts)
        )
    try:
        population = prior(model, case.subject, knowledge)
    except NotAPriorError as error:
        return _Outcome(
            Fitted(model=model.id, applicability=judgement, why_not=error.reason, facts=error.facts)
        )
    given = physical((*case.doses, *case.planned), levels.origin, population.facilitated)
    problem = _problem(population, given, levels.used)
    fit = map_fit(problem)
    forecast = schedule(given, [*(used.time_days for used in levels.used), *moments], 0.0)
    try:
        if not fit.converged:
            raise ArithmeticError("the optimiser has not settled")
        covariance = _covariance(problem, fit.eta)
        drawn = sample(problem, fit.eta, covariance, forecast=forecast, seed=f"{seed} {model.id}")
    except ArithmeticError:
        failed = Fitted(model=model.id, applicability=judgement, why_not="not_converged", starts=fit.starts)
        return _Outcome(failed)
    residuals = _residuals(problem, levels.used, fit.eta)
    moved = _moved(population, fit.eta, covariance)
    fast = any(m.standard_deviations > number(knowledge, FAST) for m in moved if m.parameter in _CLEARANCES)
    fitted = Fitted(
        model=model.id,
        applicability=judgement,
        parameters=individual(problem, fit.eta),
        moved=moved,
        residuals=residuals,
        misfits=_misfits(residuals, moved, knowledge),
        fast_clearance=fast,
        starts=fit.starts,
        effective_draws=drawn.effective,
        log_evidence=drawn.log_evidence,
        bands=bands(moments, [d.course for d in drawn.draws], [d.weight for d in drawn.draws], shares),
    )
    return _Outcome(fitted, drawn.draws, population.facilitated)


_CLEARANCES: tuple[ParameterName, ...] = ("cl_l_per_day", "kel_per_day")


def physical(doses: Iterable[Given], origin: dt.datetime, facilitated: float) -> list[Dose]:
    """Doses as the physics takes them."""
    return [
        dose(days(item.start, origin), float(item.grams), item.route, facilitated, float(item.hours) / 24.0)
        for item in doses
    ]


def _problem(population: Prior, given: Sequence[Dose], used: Sequence[Used]) -> Problem:
    return Problem(
        typical=population.typical,
        carried=population.carried,
        carrier=population.carrier,
        precision=population.precision,
        schedule=schedule(given, [item.time_days for item in used], 0.0),
        scale=1.0,
        levels_g_per_l=[item.g_per_l for item in used],
        weights=[item.weight for item in used],
        proportional=population.error.proportional,
        additive_g_per_l=population.error.additive_g_per_l,
        below=[item.below for item in used],
    )


def _covariance(problem: Problem, eta: Sequence[float]) -> list[float]:
    """Twice the inverse of the curvature of the objective (Laplace). Raises ArithmeticError at no maximum."""
    size = len(eta)
    bent = curvature(problem, eta)
    found = [0.0] * (size * size)
    for column in range(size):
        unit, solved = [0.0] * size, [0.0] * size
        unit[column] = 2.0
        if not solve(bent, unit, solved):
            raise ArithmeticError("no covariance: the mode is no maximum")
        for row in range(size):
            found[row * size + column] = solved[row]
    return found


def _residuals(problem: Problem, used: Sequence[Used], eta: Sequence[float]) -> tuple[Residual, ...]:
    predicted = [0.0] * len(used)
    own = individual(problem, eta)
    run(own, problem.schedule, 1.0, at_rest(own), predicted)
    found = []
    for item, level in zip(used, predicted, strict=True):
        spread = math.hypot(problem.proportional * level, problem.additive_g_per_l)
        away = (item.g_per_l - level) / spread
        found.append(Residual(item.place, level, min(away, 0.0) if item.below else away))
    return tuple(found)


def _moved(population: Prior, eta: Sequence[float], covariance: Sequence[float]) -> tuple[Moved, ...]:
    size = len(eta)
    return tuple(
        Moved(
            name,
            math.exp(eta[k]),
            eta[k] / math.sqrt(population.omega2[k]),
            math.sqrt(covariance[k * size + k]),
        )
        for k, name in enumerate(population.names)
    )


def _misfits(
    residuals: Sequence[Residual], moved: Sequence[Moved], knowledge: Knowledge
) -> tuple[Misfit, ...]:
    found = list[Misfit]()
    if any(abs(item.standard_deviations) > number(knowledge, RESIDUAL) for item in residuals):
        found.append("level_far_off")
    if any(abs(item.standard_deviations) > number(knowledge, PERSON) for item in moved):
        found.append("person_far_off")
    return tuple(found)


def _people(one: _Outcome, weight: float, knowledge: Knowledge) -> list[Person]:
    """The draws of a model, whose weights add up to ``weight``."""
    model = knowledge.population_models[one.fitted.model]
    in_total = model.endogenous == "in_total"
    return [
        Person(
            model.id,
            draw.parameters,
            None if in_total else endogenous(draw.parameters),
            one.facilitated,
            draw.weight * weight,
            tuple(draw.course),
        )
        for draw in one.draws
    ]


def bands(
    moments: Sequence[float],
    courses: Sequence[Sequence[float]],
    weights: Sequence[float],
    shares: tuple[float, float],
) -> tuple[Band, ...]:
    """Of weighted courses, each at all moments; empty without any."""
    if not courses:
        return ()
    found = []
    for time, values in zip(moments, zip(*courses, strict=True), strict=True):
        low, middle, high = quantiles(values, weights, (shares[0], 0.5, shares[1]))
        found.append(Band(time, low, middle, high))
    return tuple(found)


def _weights(fits: Sequence[Fitted], knowledge: Knowledge) -> dict[str, float]:
    """Shares of the models: evidence and range before the levels, times the density of the levels.

    A misfit keeps no share beside a model that fits.
    """
    fitted = [fit for fit in fits if not fit.why_not]
    used = [fit for fit in fitted if not fit.misfits] or fitted
    found = dict.fromkeys((fit.model for fit in fits), 0.0)
    highest = max((fit.log_evidence for fit in used), default=0.0)
    for fit in used:
        before = number(knowledge, GRADE + knowledge.population_models[fit.model].verdict.grade)
        outside = any(check.place == "outside" for check in fit.applicability.ranges)
        if outside or fit.applicability.extrapolated:
            before *= number(knowledge, OUTSIDE) / 100.0
        found[fit.model] = before * math.exp(fit.log_evidence - highest)
    total = sum(found.values())
    return {model: weight / total if total else 0.0 for model, weight in found.items()}


def _extremes(case: Case, levels: Levels, knowledge: Knowledge) -> tuple[Subject, ...]:
    """Of all that was given and is planned, and of every level."""
    doses = [
        regimen.Given(days(item.start, levels.origin), float(item.grams), route=item.route)
        for item in (*case.doses, *case.planned)
    ]
    found = [used.g_per_l for used in levels.used]
    return extremes(case.subject, doses, knowledge, levels_g_per_l=found)


def _warnings(
    case: Case, levels: Levels, used: Sequence[Fitted], effective: float, knowledge: Knowledge
) -> tuple[Warn, ...]:
    least = number(knowledge, LEAST)
    outside = any(c.place == "outside" for fit in used for c in fit.applicability.ranges)
    holds: dict[Warn, bool] = {
        "no_levels": not levels.used,
        "history_incomplete": case.complete is not True,
        "medicines_not_asked": case.subject.medicines is None,
        "models_extrapolated": any(fit.applicability.extrapolated for fit in used),
        "outside_range": outside,
        "fast_clearance": any(fit.fast_clearance for fit in used),
        "few_effective_draws": bool(used)
        and (effective < least or any(fit.effective_draws < least for fit in used)),
    }
    return tuple(name for name, true in holds.items() if true)


def _rests_on(used: Sequence[Fitted], knowledge: Knowledge) -> tuple[str, ...]:
    policies = (BAND, RESIDUAL, PERSON, FAST, OUTSIDE, LEAST, COURSE_DAYS)
    found = dict.fromkeys(policies)
    for fit in used:
        model = knowledge.population_models[fit.model]
        found |= dict.fromkeys(fact.id for fact in all_facts(model) if ".reference" not in fact.id)
        found[GRADE + model.verdict.grade] = None
    return tuple(found)
