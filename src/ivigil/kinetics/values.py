"""What the physics is told and what it hands on. Units: day, L, g, g/L."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ivigil.order import Route


class Parameters(NamedTuple):
    """IgG kinetics of one person, endogenous and infused alike.

    Clearance at a total IgG of C g/L is CL * (1 + rise * C / (half_rise + C)). With a rise of 0 the model is
    linear. The fractional catabolic rate a - b / (c * (d + C)) of Kim 2007 (doi 10.1016/j.clim.2006.09.001),
    for a central volume Vc, is CL = Vc * (a - b / (c * d)), rise = Vc * b / (c * d * CL), half_rise = d.
    """

    cl_l_per_day: float
    """Clearance; in a saturable model that at no IgG, where recycling is greatest."""
    vc_l: float
    q_l_per_day: float = 0.0
    """0: one compartment."""
    vp_l: float = 0.0
    ka_per_day: float = 0.0
    """Absorption from under the skin; needed if anything is given there."""
    bioavailability: float = 1.0
    """Share of a subcutaneous dose that reaches the blood; see ``Dose.relative_bioavailability``."""
    production_g_per_day: float = 0.0
    """Endogenous IgG. The constant BL that a linear model adds is a production of CL * BL."""
    clearance_rise: float = 0.0
    """Share by which clearance rises at most."""
    half_rise_g_per_l: float = 0.0
    """Total IgG at which half of the rise is reached."""


class State(NamedTuple):
    """Amounts of total IgG."""

    central_g: float
    peripheral_g: float
    depot_g: float
    """Under the skin, of which ``bioavailability`` will arrive is already taken off."""


class Dose(NamedTuple):
    """One infusion or injection; several may overlap."""

    time_days: float
    """Of its start."""
    grams: float
    duration_days: float = 0.0
    """0: a bolus."""
    route: Route = "IV"
    relative_bioavailability: float = 1.0
    """Against ``Parameters.bioavailability``; other than 1 where a product is absorbed otherwise
    (facilitated)."""


class Step(NamedTuple):
    """Waits under its rates, then takes its sample, then adds its boluses."""

    gap_days: float
    central_g_per_day: float
    depot_g_per_day: float
    sample: int
    """Place of the sample in the output; -1: none."""
    central_g: float
    depot_g: float
    alike: int
    """The first step whose gap is the same, but for the rounding of times; itself if it is the first."""


class Schedule(NamedTuple):
    """Doses and sampling times as steps of time, made once and run for any parameters."""

    steps: Sequence[Step]
    """A list for one person, an array of records for many."""
    subcutaneous: bool
    """False: nothing is given under the skin."""


def room(size: int) -> list[float]:
    """Zeros to write on: a list for one person, an array in compiled code, where a list is slow."""
    return [0.0] * size
