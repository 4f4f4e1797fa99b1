"""From a repeated intravenous dose to the subcutaneous one with the same average level, or the same trough.

In a linear model the steady-state average above the own level is F x grams / (CL x interval), and the trough
above it is a gain times the grams. Both matches are therefore exact, person by person: by average
SC grams = IV grams x (SC interval / IV interval) / F, by trough SC grams = IV grams x IV gain / SC gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil.kinetics.aim import (
    Cycle,
    Refused,
    RefusedError,
    Spread,
    evenly,
    people,
    refusals,
    repeated,
    spread,
    trough_line,
)
from ivigil.kinetics.estimate import Case, Estimate, Person
from ivigil.knowledge.store import Knowledge


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The subcutaneous dose that one model, or all together, put in place of an intravenous one."""

    model: str = ""
    """Empty: all models that know the route, by their weight."""
    weight: float = 1.0
    """Share of the model among those that know the route; 1 for all together."""
    same_average_g: Spread
    """Of one subcutaneous dose, for the same average level over an interval."""
    same_trough_g: Spread
    """Of one subcutaneous dose, for the same level before the next dose."""
    average_factor: Spread
    """Subcutaneous over intravenous grams a week, as labels state theirs."""
    trough_factor: Spread


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Both matches, and what the levels are before and after."""

    intravenous_g: Decimal
    intravenous: Cycle
    subcutaneous: Cycle
    together: Match
    models: tuple[Match, ...]
    trough_now_g_per_l: Spread
    """At the steady state of the intravenous dose, by the models that know both routes."""
    peak_now_g_per_l: Spread
    trough_by_average_g_per_l: Spread
    """After the change, with the middle of the dose of the same average."""
    peak_by_average_g_per_l: Spread
    left_out: tuple[str, ...]
    """Models that fit the levels and do not know the route."""
    rests_on: tuple[str, ...]


def switch(
    estimate: Estimate,
    case: Case,
    knowledge: Knowledge,
    *,
    grams: Decimal,
    intravenous: Cycle,
    subcutaneous: Cycle,
) -> Switch:
    """Match ``grams`` every ``intravenous.interval_days`` by doses under the skin at the other interval.

    Raises RefusedError with every reason for which no dose may be sought from this estimate.
    """
    reasons: tuple[Refused, ...] = refusals(estimate, case, knowledge)
    if reasons:
        raise RefusedError(reasons)
    drawn = people(estimate, subcutaneous.route, knowledge)
    if not drawn:
        raise RefusedError(("other_route",))
    used = {fitted.model: fitted.weight for fitted in estimate.models if fitted.weight}
    able = {model: used[model] for model in used if any(person.model == model for person in drawn)}
    cycles = (intravenous, subcutaneous)
    together = match(drawn, grams, cycles, knowledge)
    models = tuple(
        replace(
            match(evenly([p for p in estimate.people if p.model == model]), grams, cycles, knowledge),
            model=model,
            weight=weight / sum(able.values()),
        )
        for model, weight in able.items()
    )
    now = repeated(drawn, grams, intravenous, knowledge)
    then = repeated(drawn, Decimal(repr(together.same_average_g.median)), subcutaneous, knowledge)
    return Switch(
        intravenous_g=grams,
        intravenous=intravenous,
        subcutaneous=subcutaneous,
        together=together,
        models=models,
        trough_now_g_per_l=now.trough_g_per_l,
        peak_now_g_per_l=now.peak_g_per_l,
        trough_by_average_g_per_l=then.trough_g_per_l,
        peak_by_average_g_per_l=then.peak_g_per_l,
        left_out=tuple(model for model in used if model not in able),
        rests_on=estimate.rests_on,
    )


def same_average(person: Person, grams: float, intravenous: Cycle, subcutaneous: Cycle) -> float:
    """Grams of one subcutaneous dose: what reaches the blood in a day is the same."""
    relative = person.facilitated if subcutaneous.route == "facilitated_SC" else 1.0
    reaching = person.parameters.bioavailability * relative
    return grams * subcutaneous.interval_days / intravenous.interval_days / reaching


def same_trough(person: Person, grams: float, intravenous: Cycle, subcutaneous: Cycle) -> float:
    """Grams of one subcutaneous dose: the level before the next dose is the same."""
    _, gain = trough_line(person, intravenous)
    _, under_the_skin = trough_line(person, subcutaneous)
    return grams * gain / under_the_skin


def match(
    persons: Sequence[Person], grams: Decimal, cycles: tuple[Cycle, Cycle], knowledge: Knowledge
) -> Match:
    """Both matches over persons of equal weight; persons: (persons,); cycles: intravenous, subcutaneous."""
    intravenous, subcutaneous = cycles
    average = [same_average(person, float(grams), *cycles) for person in persons]
    trough = [same_trough(person, float(grams), *cycles) for person in persons]
    replaced = float(grams) * subcutaneous.interval_days / intravenous.interval_days
    return Match(
        same_average_g=spread(average, knowledge),
        same_trough_g=spread(trough, knowledge),
        average_factor=spread([value / replaced for value in average], knowledge),
        trough_factor=spread([value / replaced for value in trough], knowledge),
    )
