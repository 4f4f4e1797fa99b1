"""A simulated trial of forecasts: fictional patients drawn from one model and fitted by every other.

    python -m benchmarks.trial [--patients N] [--crossed N] [--seed N] [--write]

A patient has a weight and an own level that was measured; the true parameters are drawn from the model as a
prior for just that patient. Doses are whole vials; troughs are measured with the model's residual error. The
forecasts are held against the true IgG of two troughs to come. ``--write`` puts the tables into
docs/kinetics-trial.md and every pair into docs/kinetics-trial.csv.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from random import Random
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.progress import track

from benchmarks import trial_page
from benchmarks.trial_score import AVERAGE, OTHERS, Forecast, Key
from ivigil.kinetics.applicability import applicability
from ivigil.kinetics.estimate import Band, Case, Estimate, Person, bands, estimate, physical, tails
from ivigil.kinetics.fitting import Problem, individual
from ivigil.kinetics.individual import Error, Subject
from ivigil.kinetics.levels import Given, Level
from ivigil.kinetics.physics import concentrations, schedule
from ivigil.kinetics.prior import prior
from ivigil.kinetics.values import Parameters
from ivigil.knowledge.kinetics import PopulationModel
from ivigil.knowledge.store import Knowledge, load

PATIENTS, CROSSED, SEED = 1000, 150, 1
COUNTS = (0, 1, 2, 3)
"""Levels that are known."""
GIVEN, PLANNED = 8, 6
"""Doses before the forecast, and after the first trough that is forecast."""
FIRST = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
VIAL_G = 5
HOURS = Decimal(3)


class Course(NamedTuple):
    """A kind of patient and how they are treated: settings of the trial, advice for nobody."""

    id: str
    title: str
    condition: str
    age_years: tuple[int, int]
    weight_kg: tuple[float, float]
    """At the ends of the ages in children; drawn apart from the age in adults."""
    height_cm: tuple[float, float] | None
    own_g_per_l: tuple[float, float]
    g_per_kg: tuple[float, ...]
    every_days: int
    then: float
    """Times the dose, from the first trough that is forecast."""


COURSES = (
    Course(
        "adults",
        "Adults with primary immunodeficiency",
        "primary_immunodeficiency",
        (18, 75),
        (50, 90),
        (155, 185),
        (0.5, 5.0),
        (0.4, 0.5, 0.6),
        28,
        1.25,
    ),
    Course(
        "children",
        "Children with primary immunodeficiency",
        "primary_immunodeficiency",
        (5, 15),
        (18, 55),
        None,
        (0.5, 5.0),
        (0.4, 0.5, 0.6),
        28,
        1.25,
    ),
    Course(
        "mmn",
        "Adults with multifocal motor neuropathy",
        "mmn",
        (31, 72),
        (57, 100),
        (155, 185),
        (8.0, 15.0),
        (1.0,),
        28,
        0.75,
    ),
    Course(
        "cidp", "Adults with CIDP", "cidp", (22, 80), (50, 110), (155, 185), (8.0, 15.0), (1.0,), 21, 0.75
    ),
)


class Task(NamedTuple):
    """One patient."""

    course: str
    truth: str
    levels: int
    number: int
    crossed: bool
    """Fitted by every model of the course, and not by the true one alone."""
    seed: int

    @property
    def draws(self) -> int:
        """Seed of the estimate."""
        return self.seed * 1_000_000 + self.number


@cache
def facts() -> Knowledge:
    """Read once a process."""
    return load()


@cache
def models(course: Course) -> tuple[PopulationModel, ...]:
    """Every usable model that applies to a patient in the middle of the course."""
    middle = msgspec.structs.replace(
        subject(course, Random(0)), route="IV", dose_g_per_kg=Decimal(1), interval_days=course.every_days
    )
    return tuple(
        model
        for model in facts().facts.population_model
        if model.verdict.status == "usable" and applicability(model, middle, facts()).outcome != "refused"
    )


def subject(course: Course, source: Random) -> Subject:
    """A fictional patient."""
    share = source.random()
    low, high = course.age_years
    light, heavy = course.weight_kg
    size = share if course.height_cm is None else source.random()
    return Subject(
        condition=course.condition,
        age_years=Decimal(round(low + share * (high - low))),
        weight_kg=Decimal(round(light + size * (heavy - light))),
        height_cm=None if course.height_cm is None else Decimal(round(source.uniform(*course.height_cm))),
        sex=source.choice(("female", "male")),
        endogenous_igg_g_per_l=Decimal(str(round(source.uniform(*course.own_g_per_l), 1))),
        medicines=(),
    )


def drawn(model: PopulationModel, who: Subject, source: Random) -> tuple[Parameters, Error]:
    """True parameters out of the model's prior for this patient, and how levels are measured."""
    population = prior(model, who, facts())
    blank = Problem(
        population.typical,
        population.carried,
        population.carrier,
        population.precision,
        schedule([], []),
        1.0,
        [],
        [],
        0.0,
        0.0,
        [],
    )
    eta = [source.gauss(0.0, math.sqrt(variance)) for variance in population.omega2]
    return individual(blank, eta), population.error


def measured(level: float, error: Error, source: Random) -> Decimal:
    """With the residual error; nothing at or below 0 is measured."""
    spread = math.hypot(error.proportional * level, error.additive_g_per_l)
    found = 0.0
    while found <= 0.0:
        found = source.gauss(level, spread)
    return Decimal(repr(found))


def doses(course: Course, grams: int, numbers: Iterable[int]) -> tuple[Given, ...]:
    """Doses of these places in the course."""
    return tuple(
        Given(start=_day(course, place), grams=Decimal(grams), route="IV", hours=HOURS) for place in numbers
    )


def _day(course: Course, place: int) -> dt.datetime:
    return FIRST + dt.timedelta(days=course.every_days * place)


def _vials(grams: float) -> int:
    return max(1, round(grams / VIAL_G)) * VIAL_G


def patient(task: Task) -> list[tuple[Key, Forecast]]:
    """Everything that was forecast for one patient."""
    course = _course(task)
    source = Random(f"{task.seed} {task.course} {task.truth} {task.levels} {task.number}")
    who = subject(course, source)
    truth = facts().population_models[task.truth]
    grams = source.choice(course.g_per_kg) * float(who.weight_kg or 0)
    given = doses(course, _vials(grams), range(GIVEN))
    planned = doses(course, _vials(grams * course.then), range(GIVEN, GIVEN + PLANNED))
    parameters, error = drawn(truth, who, source)
    known = range(GIVEN - task.levels, GIVEN)
    ahead = [_day(course, GIVEN), _day(course, GIVEN + PLANNED)]
    days = [(moment - FIRST).days for moment in (*(_day(course, place) for place in known), *ahead)]
    exact = concentrations(parameters, physical((*given, *planned), FIRST, 1.0), days)
    levels = tuple(
        Level(g_per_l=measured(level, error, source), taken=_day(course, place))
        for level, place in zip(exact, known, strict=False)
    )
    case = Case(subject=who, doses=given, planned=planned, levels=levels, complete=True)
    fitting = models(course) if task.crossed else (truth,)
    found = estimate(fitting, case, ahead, facts(), task.draws)
    return list(_forecasts(task, found, case, ahead, exact[-2:]))


def _forecasts(
    task: Task, found: Estimate, case: Case, ahead: Sequence[dt.datetime], exact: Sequence[float]
) -> Iterator[tuple[Key, Forecast]]:
    def of(by: str, ends: Sequence[tuple[float, ...]], misfit: bool) -> tuple[Key, Forecast]:
        return Key(task.course, task.truth, by, task.levels), Forecast(tuple(exact), tuple(ends), misfit)

    for fitted in found.models:
        yield of(fitted.model, _ends(fitted.bands), bool(fitted.misfits))
    if len(found.models) > 1:
        yield of(AVERAGE, _ends(found.bands), found.misfit)
        others = [person for person in found.people if person.model != task.truth]
        if sum(person.weight for person in others) == 0.0:
            rest = [model for model in models(_course(task)) if model.id != task.truth]
            others = list(estimate(rest, case, ahead, facts(), task.draws).people)
        yield of(OTHERS, _together(others), found.misfit)


def _course(task: Task) -> Course:
    return next(item for item in COURSES if item.id == task.course)


def _together(people: Sequence[Person]) -> list[tuple[float, ...]]:
    """The bands of people of several models, as ``estimate`` makes them of all."""
    courses, weights = [person.course for person in people], [person.weight for person in people]
    return _ends(bands((0.0, 1.0), courses, weights, tails(facts())))


def _ends(made: Iterable[Band]) -> list[tuple[float, ...]]:
    return [(band.low, band.median, band.high) for band in made]


def tasks(patients: int, crossed: int, seed: int) -> Iterator[Task]:
    """Patients of every model: ``crossed`` in each course, the rest in the first course of the model."""
    seen = set[str]()
    for course in COURSES:
        for model in models(course):
            many = crossed if model.id in seen else patients
            seen.add(model.id)
            for levels in COUNTS:
                for place in range(many):
                    yield Task(course.id, model.id, levels, place, place < crossed, seed)


def trial(patients: int, crossed: int, seed: int) -> dict[Key, list[Forecast]]:
    """Every forecast, on all cores. The same numbers give the same forecasts."""
    every = list(tasks(patients, crossed, seed))
    found: dict[Key, list[Forecast]] = {}
    screen = Console(stderr=True)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        rows = track(
            pool.imap(patient, every, chunksize=25),
            "patients",
            total=len(every),
            console=screen,
            disable=not screen.is_terminal,
        )
        for row in rows:
            for key, forecast in row:
                found.setdefault(key, []).append(forecast)
    return found


def main() -> None:
    """Run the trial and print its tables; write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS, help="of a model and a number of levels")
    parser.add_argument("--crossed", type=int, default=CROSSED, help="of them fitted by every model")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help="write docs/kinetics-trial.md and .csv")
    options = parser.parse_args()
    found = trial(options.patients, min(options.crossed, options.patients), options.seed)
    titles = {course.id: course.title for course in COURSES}
    text = trial_page.page(found, titles, options.seed)
    print(text)
    if options.write:
        trial_page.write(found, text)


if __name__ == "__main__":
    main()
