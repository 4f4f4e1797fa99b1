"""Two ways of giving immunoglobulin to one person, by the models that know both.

Nothing is sought here: both doses were asked for, and each is described for the same possible persons. The
average over an interval is that of ``switching``: in a linear model, above the own level, what reaches the
blood in a day over the clearance.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil.kinetics.aim import Cycle, Spread, evenly, repeated, spread
from ivigil.kinetics.estimate import Estimate, Person
from ivigil.kinetics.saturable import endogenous
from ivigil.knowledge.store import Knowledge


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A dose that is repeated."""

    grams: Decimal
    cycle: Cycle


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One way at its steady state, in g/L."""

    way: Way
    average_g_per_l: Spread
    trough_g_per_l: Spread
    peak_g_per_l: Spread


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Both ways for the same persons."""

    estimate: Estimate
    """Of the models that know both ways alone: ``aim.PEOPLE`` persons of equal weight."""
    sides: tuple[Side, Side]
    left_out: tuple[str, ...]
    """Models that were fitted for one of the ways and do not know both."""


def beside(
    estimates: tuple[Estimate, Estimate], ways: tuple[Way, Way], knowledge: Knowledge
) -> Beside | None:
    """Each way at its steady state; None if no model knows both.

    estimates: of the same doses and levels, each judged with one of the ways planned.
    """
    first, second = estimates
    weights = [{item.model: item.weight for item in each.models if item.weight} for each in estimates]
    able = weights[0].keys() & weights[1].keys()
    persons = evenly([person for person in second.people if person.model in able])
    if not persons:
        return None
    share = sum(weights[1][model] for model in able)
    even = tuple(replace(person, weight=1.0 / len(persons)) for person in persons)
    common = replace(
        second,
        models=tuple(
            replace(item, weight=item.weight / share if item.model in able else 0.0) for item in second.models
        ),
        people=even,
        misfit=all(item.misfits for item in second.models if item.model in able),
        warnings=tuple(dict.fromkeys((*first.warnings, *second.warnings))),
    )
    return Beside(
        estimate=common,
        sides=(_side(even, ways[0], knowledge), _side(even, ways[1], knowledge)),
        left_out=tuple(sorted((weights[0].keys() | weights[1].keys()) - able)),
    )


def average(person: Person, grams: float, cycle: Cycle) -> float:
    """Total IgG in g/L over an interval of the steady state: own level + F x grams / (CL x interval)."""
    parameters = person.parameters
    if parameters.clearance_rise:
        raise ValueError(f"{person.model}: a linear model is accepted")
    relative = person.facilitated if cycle.route == "facilitated_SC" else 1.0
    reaching = 1.0 if cycle.route == "IV" else parameters.bioavailability * relative
    daily = grams * reaching / cycle.interval_days
    return endogenous(parameters) + daily / parameters.cl_l_per_day


def _side(persons: Sequence[Person], way: Way, knowledge: Knowledge) -> Side:
    steady = repeated(persons, way.grams, way.cycle, knowledge)
    means = [average(person, float(way.grams), way.cycle) for person in persons]
    return Side(
        way=way,
        average_g_per_l=spread(means, knowledge),
        trough_g_per_l=steady.trough_g_per_l,
        peak_g_per_l=steady.peak_g_per_l,
    )
