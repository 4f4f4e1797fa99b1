"""Total IgG of the possible persons of an estimate over time, under its doses or under others."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import msgspec

from ivigil.kinetics.estimate import Band, Estimate, Person, bands, physical, tails
from ivigil.kinetics.levels import Given
from ivigil.kinetics.physics import at_rest, run, schedule
from ivigil.kinetics.values import Schedule
from ivigil.knowledge.store import Knowledge


class Courses(msgspec.Struct, frozen=True):
    """Bands at the same moments."""

    together: tuple[Band, ...]
    """Of all models; empty if none could be fitted."""
    by_model: dict[str, tuple[Band, ...]]
    """Of the models that keep a share; empty where they were not asked for apart."""


def courses(
    estimate: Estimate,
    doses: Iterable[Given],
    times_days: Sequence[float],
    knowledge: Knowledge,
    *,
    apart: bool = True,
) -> Courses:
    """The weighted persons of the estimate, run under ``doses`` (all since day 0).

    ``times_days``: in order, from day 0 of the estimate on. ``apart``: each model by itself too, which takes
    as long again.
    """
    given, steps, shares = tuple(doses), dict[float, Schedule](), tails(knowledge)
    people = [person for person in estimate.people if person.weight]
    for factor in {person.facilitated for person in people}:
        steps[factor] = schedule(physical(given, estimate.levels.origin, factor), times_days, 0.0)
    ran = [_course(person, steps[person.facilitated], len(times_days)) for person in people]

    def of(models: Container[str]) -> tuple[Band, ...]:
        mine = [place for place, person in enumerate(people) if person.model in models]
        weights = [people[place].weight for place in mine]
        return bands(times_days, [ran[place] for place in mine], weights, shares)

    used = [fitted.model for fitted in estimate.models if fitted.weight]
    return Courses(of(used), {model: of((model,)) for model in used if apart})


def _course(person: Person, steps: Schedule, count: int) -> list[float]:
    levels = [0.0] * count
    run(person.parameters, steps, 1.0, at_rest(person.parameters), levels)
    return levels
