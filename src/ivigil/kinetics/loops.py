"""The same work for many people, one after the other; compiled by ``population``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from ivigil.kinetics.fitting import Problem, map_fit
from ivigil.kinetics.running import run
from ivigil.kinetics.saturable import at_rest
from ivigil.kinetics.values import Parameters, Schedule

Floats: TypeAlias = Any
"""Array of floats; typed in ``population``, since no Sequence describes an array."""
Integers: TypeAlias = Any


class People(NamedTuple):
    """Of each person: parameters, the steps of the schedule, the factor of its grams, the place of the
    levels."""

    parameters: Floats
    """(people, 9), columns as in ``Parameters``."""
    schedule: Schedule
    """Of all schedules, end to end."""
    first_step: Integers
    end_step: Integers
    scale: Floats
    first_level: Integers
    end_level: Integers


class Prior(NamedTuple):
    """What the fits of a population share; see ``fitting.Problem``."""

    carried: Sequence[int]
    carrier: Sequence[int]
    precision: Sequence[float]
    proportional: float
    additive_g_per_l: float


class Readings(NamedTuple):
    """Measured levels, in the places that ``People`` gives."""

    levels_g_per_l: Floats
    weights: Floats
    below: Floats


class Ends(NamedTuple):
    """Where the fits are written."""

    eta: Floats
    """(people, etas)."""
    outcome: Floats
    """(people, 5): objective, gain, steps, starts, 1 if converged."""


def own_parameters(people: People, i: int) -> Parameters:
    """Parameters of person i."""
    row = people.parameters[i]
    return Parameters(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])


def own_schedule(people: People, i: int) -> Schedule:
    """Schedule of person i."""
    return Schedule(
        people.schedule.steps[people.first_step[i] : people.end_step[i]], people.schedule.subcutaneous
    )


def simulate(people: People, first: int, end: int, levels: Floats) -> None:
    """Levels of the people from ``first`` to before ``end``, from their endogenous steady state."""
    schedule = own_schedule(people, first)
    for i in range(first, end):
        if people.first_step[i] != people.first_step[max(i - 1, first)]:
            schedule = own_schedule(people, i)
        own = own_parameters(people, i)
        place = levels[people.first_level[i] : people.end_level[i]]
        run(own, schedule, people.scale[i], at_rest(own), place)


def fit(
    people: People,
    span: tuple[int, int],
    prior: Prior,
    readings: Readings,
    ends: Ends,
) -> None:
    """Fits of the people of the span, its end left out."""
    for i in range(span[0], span[1]):
        a, b = people.first_level[i], people.end_level[i]
        found = map_fit(
            Problem(
                own_parameters(people, i),
                prior.carried,
                prior.carrier,
                prior.precision,
                own_schedule(people, i),
                people.scale[i],
                readings.levels_g_per_l[a:b],
                readings.weights[a:b],
                prior.proportional,
                prior.additive_g_per_l,
                readings.below[a:b],
            )
        )
        for k in range(len(found.eta)):
            ends.eta[i, k] = found.eta[k]
        ends.outcome[i, 0] = found.objective
        ends.outcome[i, 1] = found.to_gain
        ends.outcome[i, 2] = found.steps
        ends.outcome[i, 3] = found.starts
        ends.outcome[i, 4] = 1.0 if found.converged else 0.0
