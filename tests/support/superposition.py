"""IgG levels of a linear model as sums of exponentials: a solution of the tests' own.

Textbook formulae (Gibaldi and Perrier, Pharmacokinetics): the response to one gram, and superposition.
It shares nothing with ``ivigil.kinetics.physics``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt

import msgspec

from ivigil.kinetics.individual import Typical


class Given(msgspec.Struct, frozen=True):
    """One bolus: g at a day, IV or under the skin."""

    day: float
    grams: float
    route: str


def rates(found: Typical) -> tuple[tuple[float, float], ...]:
    """Terms (height in 1/L, rate in 1/day) of the level after 1 g into a vein."""
    values = found.values
    vc = values["vc_l"]
    k10 = values["kel_per_day"] if "kel_per_day" in values else values["cl_l_per_day"] / vc
    if "q_l_per_day" not in values:
        return ((1 / vc, k10),)
    k12, k21 = values["q_l_per_day"] / vc, values["q_l_per_day"] / values["vp_l"]
    total = k10 + k12 + k21
    root = sqrt(total**2 - 4 * k10 * k21)
    fast, slow = (total + root) / 2, (total - root) / 2
    return ((fast - k21) / (vc * (fast - slow)), fast), ((k21 - slow) / (vc * (fast - slow)), slow)


def half_life_days(found: Typical) -> float:
    """ln 2 over the slowest rate."""
    return log(2) / min(rate for _, rate in rates(found))


def terms(found: Typical, route: str) -> tuple[tuple[float, float], ...]:
    """The same after 1 g by any route (Bateman under the skin)."""
    if route == "IV":
        return rates(found)
    ka = found.values["ka_per_day"]
    share = found.values["f_sc" if route == "SC" else "f_facilitated_sc"]
    parts = [(height * share * ka / (ka - rate), rate) for height, rate in rates(found)]
    return (*parts, (-sum(height for height, _ in parts), ka))


def infused(found: Typical, doses: Sequence[Given], day: float) -> float:
    """Infused IgG in g/L on a day; a dose on that very day is not in yet."""
    return sum(
        dose.grams * height * exp(-rate * (day - dose.day))
        for dose in doses
        if dose.day < day
        for height, rate in terms(found, dose.route)
    )


def infused_auc(found: Typical, doses: Sequence[Given], start: float, end: float) -> float:
    """Area under the infused IgG between two days, g d/L."""
    return sum(
        dose.grams * height / rate * (exp(-rate * max(start - dose.day, 0)) - exp(-rate * (end - dose.day)))
        for dose in doses
        if dose.day < end
        for height, rate in terms(found, dose.route)
    )
