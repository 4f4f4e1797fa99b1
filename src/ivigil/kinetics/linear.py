"""Linear kinetics in closed form: two compartments, or one, and a depot under the skin.

The deviation from the endogenous steady state is held as the amounts of the two modes of the system, each of
which only decays; both add up to the central amount. Every exponential is a decaying one. Formulae: Gibaldi
and Perrier, Pharmacokinetics, 2nd edition, 1982, chapter 2; written so that no difference loses digits.

Runs as it is for one person and is compiled for many: plain arithmetic on floats and sequences.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence
from typing import NamedTuple

from ivigil.kinetics.values import Parameters, Schedule, State, room


class Modes(NamedTuple):
    """The two exponentials of disposition."""

    fast_per_day: float
    slow_per_day: float
    fast_share: float
    """Of what enters the central compartment."""
    slow_share: float
    exchange: float
    """k21 over the distance of the rates."""


def modes(parameters: Parameters) -> Modes:
    """The slow rate comes as k10 * k21 / fast, since a difference would lose its digits."""
    k10 = parameters.cl_l_per_day / parameters.vc_l
    k12 = 0.0
    k21 = 0.0
    if parameters.q_l_per_day > 0.0:
        k12 = parameters.q_l_per_day / parameters.vc_l
        k21 = parameters.q_l_per_day / parameters.vp_l
    lean = k10 + k12 - k21
    distance = math.hypot(lean, 2.0 * math.sqrt(k12 * k21))
    fast = 0.5 * (k10 + k12 + k21 + distance)
    larger = 0.5 * (1.0 + abs(lean) / distance)
    smaller = k12 * k21 / (distance * distance * larger)
    if lean >= 0.0:
        return Modes(fast, k10 * k21 / fast, larger, smaller, k21 / distance)
    return Modes(fast, k10 * k21 / fast, smaller, larger, k21 / distance)


def lasting(rate_per_day: float, gap_days: float) -> float:
    """Integral of exp(-rate * t) over the gap, in days."""
    if rate_per_day * gap_days == 0.0:
        return gap_days
    return -math.expm1(-rate_per_day * gap_days) / rate_per_day


def passing(first_per_day: float, second_per_day: float, gap_days: float) -> float:
    """What goes in at the one rate and out at the other: the convolution of both exponentials, in days.

    Even where both rates are all but equal.
    """
    lower = min(first_per_day, second_per_day)
    return math.exp(-lower * gap_days) * lasting(abs(first_per_day - second_per_day), gap_days)


def run_linear(
    parameters: Parameters,
    schedule: Schedule,
    scale: float,
    start: State,
    levels: MutableSequence[float],
) -> State:
    """Total IgG in g/L at every sample, into ``levels``; the state after the last step.

    All grams of the schedule are multiplied by ``scale``.
    """
    fast, slow, fast_share, slow_share, exchange = modes(parameters)
    vc, ka = parameters.vc_l, parameters.ka_per_day
    endogenous = parameters.production_g_per_day / parameters.cl_l_per_day
    per_litre = 1.0 / vc
    under_skin = scale * parameters.bioavailability
    central, peripheral = start.central_g - endogenous * vc, start.peripheral_g - endogenous * parameters.vp_l
    x = fast_share * central - exchange * peripheral
    y = slow_share * central + exchange * peripheral
    depot = start.depot_g
    steps, skin = schedule.steps, schedule.subcutaneous or depot != 0.0
    x_kept, y_kept = room(len(steps)), room(len(steps))
    infused, x_entered, y_entered = -1, 0.0, 0.0
    absorbed, depot_kept, x_passed, y_passed = -1, 1.0, 0.0, 0.0
    for i in range(len(steps)):
        step = steps[i]
        first, rate = step.alike, step.central_g_per_day
        if first == i:
            x_kept[i], y_kept[i] = math.exp(-fast * step.gap_days), math.exp(-slow * step.gap_days)
        x *= x_kept[first]
        y *= y_kept[first]
        if rate != 0.0:
            if first != infused:
                infused = first
                x_entered = scale * fast_share * lasting(fast, step.gap_days)
                y_entered = scale * slow_share * lasting(slow, step.gap_days)
            x += rate * x_entered
            y += rate * y_entered
        if skin:
            gap, entering = step.gap_days, under_skin * step.depot_g_per_day
            if first != absorbed:
                absorbed, depot_kept = first, math.exp(-ka * gap)
                x_passed = fast_share * ka * passing(fast, ka, gap)
                y_passed = slow_share * ka * passing(slow, ka, gap)
            x += x_passed * depot
            y += y_passed * depot
            depot *= depot_kept
            if entering != 0.0:
                x += entering * (fast_share * lasting(fast, gap) - x_passed / ka)
                y += entering * (slow_share * lasting(slow, gap) - y_passed / ka)
                depot += entering * lasting(ka, gap)
            depot += under_skin * step.depot_g
        sample, bolus = step.sample, step.central_g
        if sample >= 0:
            levels[sample] = endogenous + (x + y) * per_litre
        if bolus != 0.0:
            x += fast_share * scale * bolus
            y += slow_share * scale * bolus
    if exchange > 0.0:
        peripheral = (fast_share * y - slow_share * x) / exchange
    return State(endogenous * vc + x + y, endogenous * parameters.vp_l + peripheral, depot)
