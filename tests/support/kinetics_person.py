"""A fictional adult on replacement, and levels that a model would give without error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from ivigil.kinetics.estimate import Case, physical
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.levels import Given, Level
from ivigil.kinetics.physics import concentrations
from ivigil.kinetics.values import Parameters

ZONE = dt.timezone(dt.timedelta(hours=-6))
FIRST = dt.datetime(2026, 1, 5, 9, tzinfo=ZONE)
ADULT = Subject(
    condition="primary_immunodeficiency",
    weight_kg=Decimal(70),
    height_cm=Decimal(170),
    sex="female",
    age_years=Decimal(40),
    endogenous_igg_g_per_l=Decimal(3),
    medicines=(),
)
EVERY = 28


def day(number: float) -> dt.datetime:
    return FIRST + dt.timedelta(days=number)


def monthly(times: int, grams: int = 30) -> tuple[Given, ...]:
    return tuple(
        Given(start=day(EVERY * place), grams=Decimal(grams), route="IV", hours=Decimal(3))
        for place in range(times)
    )


def true_levels(truth: Parameters, doses: Sequence[Given], at: Sequence[float]) -> tuple[Level, ...]:
    """What a person of these parameters would measure, without any error."""
    found = concentrations(truth, physical(doses, FIRST, 1.0), at)
    return tuple(
        Level(g_per_l=Decimal(repr(level)), taken=day(time)) for level, time in zip(found, at, strict=True)
    )


def case(levels: Sequence[Level] = (), times: int = 8) -> Case:
    return Case(subject=ADULT, doses=monthly(times), levels=tuple(levels), complete=True)
