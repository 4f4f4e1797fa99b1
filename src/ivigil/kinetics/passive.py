"""When an antibody that came with the infusions has fallen below a level: the infused part alone.

An antibody is taken for IgG like all other: it leaves the blood as the model says of total IgG. What the
person makes, by vaccination or infection, is not in it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ivigil.kinetics.aim import Spread, spread
from ivigil.kinetics.estimate import Person, physical
from ivigil.kinetics.levels import Given, days
from ivigil.kinetics.linear import modes
from ivigil.kinetics.physics import concentrations
from ivigil.kinetics.values import State
from ivigil.knowledge.store import Knowledge

EMPTY = State(0.0, 0.0, 0.0)
FOLLOWED_DAYS = 800
"""After the last dose: 2^-16 is left after 800 days even of a half-life of 50."""


class Antibody(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of an antibody, in any one unit: what a gram carries, or a level measured after a dose."""

    units_per_g: Decimal | None = None
    """Of IgG in the product, as its lot was tested."""
    units_per_l: Decimal | None = None
    """In the blood at ``taken``, nothing of it the person's own."""
    taken: dt.datetime | None = None
    below_units_per_l: Decimal


class Fall(msgspec.Struct, frozen=True):
    """Days from the end of the last dose until the infused antibody stays below the level asked for."""

    days: Spread | None
    """``high``, the slower end of the band, is for whom early would harm. None: longer in most persons."""
    beyond: float
    """Share of the persons in whom it takes longer than was followed."""
    followed_days: int
    at_the_end_units_per_l: Spread
    """At the end of the last dose."""
    half_life_days: Spread
    """Terminal."""


def fall(
    persons: Sequence[Person],
    doses: Sequence[Given],
    origin: dt.datetime,
    antibody: Antibody,
    knowledge: Knowledge,
) -> Fall | None:
    """When the antibody of all ``doses`` is below the threshold for good; None where nobody can tell.

    persons: (persons,) of equal weight; those of a model that tells total IgG alone are left out. Raises
    ValueError for a model that is not linear, in which the infused part cannot be told from the rest, and for
    a level measured when nothing was infused yet.
    """
    able = [person for person in persons if person.own_g_per_l is not None]
    if not able or not doses:
        return None
    last = max(days(item.end, origin) for item in doses)
    reached, starting, lives = [], [], []
    for person in able:
        infused = _infused(person, doses, origin, [last + day for day in range(FOLLOWED_DAYS + 1)])
        units = _units_per_g(person, doses, origin, antibody)
        late = [
            day for day, level in enumerate(infused) if level * units >= float(antibody.below_units_per_l)
        ]
        reached.append(float(late[-1] + 1 if late else 0))
        starting.append(infused[0] * units)
        lives.append(half_life(person))
    beyond = sum(day > FOLLOWED_DAYS for day in reached) / len(reached)
    return Fall(
        spread(reached, knowledge) if beyond < 0.5 else None,
        beyond,
        FOLLOWED_DAYS,
        spread(starting, knowledge),
        spread(lives, knowledge),
    )


def half_life(person: Person) -> float:
    """Terminal half-life of a linear model in days: ln 2 over the slower of its two rates (Gibaldi and
    Perrier, Pharmacokinetics, 2nd edition, 1982, chapter 2)."""
    found = modes(person.parameters)
    one_compartment = person.parameters.q_l_per_day == 0.0
    return math.log(2.0) / (found.fast_per_day if one_compartment else found.slow_per_day)


def _units_per_g(person: Person, doses: Sequence[Given], origin: dt.datetime, antibody: Antibody) -> float:
    if antibody.units_per_g is not None:
        return float(antibody.units_per_g)
    assert antibody.units_per_l is not None
    assert antibody.taken is not None
    (level,) = _infused(person, doses, origin, [days(antibody.taken, origin)])
    if level <= 0.0:
        raise ValueError(f"taken {antibody.taken.isoformat()}: a moment after a dose is accepted")
    return float(antibody.units_per_l) / level


def _infused(
    person: Person, doses: Sequence[Given], origin: dt.datetime, moments: Sequence[float]
) -> list[float]:
    """g/L of the infused IgG alone."""
    if person.parameters.clearance_rise:
        raise ValueError(f"{person.model}: a linear model is accepted")
    alone = person.parameters._replace(production_g_per_day=0.0)
    return concentrations(alone, physical(doses, origin, person.facilitated), moments, EMPTY)
