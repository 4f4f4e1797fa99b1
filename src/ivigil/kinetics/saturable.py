"""Saturable kinetics: clearance rises with total IgG, as FcRn recycling saturates.

The concentrations are expanded in a power series of time whose terms follow from one another (Taylor's
method; Jorba and Zou, Experimental Mathematics 2005;14:99-117). The last terms give the length over which
the series holds to the tolerance; samples within it are read off. It is expanded anew there, and where an
input changes.

Runs as it is for one person and is compiled for many: plain arithmetic on floats and sequences.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence

from ivigil.kinetics.linear import lasting
from ivigil.kinetics.values import Parameters, Schedule, State

ORDER = 14
ROOT, ROOT_BEFORE = 1.0 / ORDER, 1.0 / (ORDER - 1)
TOLERANCE = 5e-9
"""Error of one expansion, relative to the concentration."""
LEAST_G_PER_L = 1e-9
"""Below it the error is held against this level: an infusion under the skin of somebody without IgG starts
from nothing."""
ACCIDENT = 100.0
"""The term before the last is by rights larger, but not so many times what is allowed."""

Series = tuple[
    float, float, float, float, float, float, float, float, float, float, float, float, float, float, float
]
"""Terms of a power series of time in days, from order 0 to ORDER."""
NOTHING: Series = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def clearance(parameters: Parameters, concentration: float) -> float:
    """In L/day, at a total IgG in g/L."""
    if parameters.clearance_rise == 0.0:
        return parameters.cl_l_per_day
    share = concentration / (parameters.half_rise_g_per_l + concentration)
    return parameters.cl_l_per_day * (1.0 + parameters.clearance_rise * share)


def endogenous(parameters: Parameters) -> float:
    """Total IgG in g/L at which production and clearance balance."""
    cl, made = parameters.cl_l_per_day, parameters.production_g_per_day
    if parameters.clearance_rise == 0.0:
        return made / cl
    half = parameters.half_rise_g_per_l
    lean = cl * half - made
    root = math.sqrt(lean * lean + 4.0 * cl * (1.0 + parameters.clearance_rise) * made * half)
    if lean >= 0.0:
        return 2.0 * made * half / (lean + root) if made > 0.0 else 0.0
    return (root - lean) / (2.0 * cl * (1.0 + parameters.clearance_rise))


def at_rest(parameters: Parameters) -> State:
    """The endogenous steady state."""
    level = endogenous(parameters)
    return State(level * parameters.vc_l, level * parameters.vp_l, 0.0)


def expand(  # noqa: PLR0915, PLR0917 - a table of fourteen orders, twice as fast as loops over lists
    parameters: Parameters,
    inflow: float,
    absorbed: float,
    c0: float,
    p0: float,
    days: float,
) -> tuple[Series, Series, float]:
    """Series from their first terms, and the days over which they hold.

    ``c`` is the concentration, ``p`` the peripheral amount over the central volume, ``v`` is
    c / (half_rise + c). Terms of order k are what the slope at the first term makes of those of order k - 1,
    less the bend: what the earlier terms alone, multiplied with each other, add to the clearance. ``inflow``
    enters at a constant rate, ``absorbed`` at one that decays with ka, both in g/L a day. The error is held
    against what stands there, and what they bring in so many ``days``. Each sum ends with its newest terms,
    for which the others do not wait.
    """
    k10 = parameters.cl_l_per_day / parameters.vc_l
    k12 = parameters.q_l_per_day / parameters.vc_l
    k21 = parameters.q_l_per_day / parameters.vp_l if parameters.q_l_per_day > 0.0 else 0.0
    ka, rise = parameters.ka_per_day, parameters.clearance_rise
    inverse = 1.0 / (parameters.half_rise_g_per_l + c0)
    share = c0 * inverse
    leaving = k12 + k10 * (1.0 + rise * share * (2.0 - share))
    bending = k10 * rise * (1.0 - share)
    steep = inverse * (1.0 - share)
    entering = inflow + absorbed
    c1 = entering - (k12 + k10 * (1.0 + rise * share)) * c0 + k21 * p0
    p1 = k12 * c0 - k21 * p0
    absorbed *= -ka
    v1 = steep * c1
    c2 = (absorbed + k21 * p1 - leaving * c1) * (1.0 / 2.0)
    p2 = (k12 * c1 - k21 * p1) * (1.0 / 2.0)
    absorbed *= -ka * (1.0 / 2.0)
    bent = c1 * v1
    v2 = steep * c2 - inverse * bent
    c3 = (absorbed + k21 * p2 - leaving * c2 - bending * bent) * (1.0 / 3.0)
    p3 = (k12 * c2 - k21 * p2) * (1.0 / 3.0)
    absorbed *= -ka * (1.0 / 3.0)
    bent = c2 * v1 + c1 * v2
    v3 = steep * c3 - inverse * bent
    c4 = (absorbed + k21 * p3 - leaving * c3 - bending * bent) * (1.0 / 4.0)
    p4 = (k12 * c3 - k21 * p3) * (1.0 / 4.0)
    absorbed *= -ka * (1.0 / 4.0)
    bent = c2 * v2 + c3 * v1 + c1 * v3
    v4 = steep * c4 - inverse * bent
    c5 = (absorbed + k21 * p4 - leaving * c4 - bending * bent) * (1.0 / 5.0)
    p5 = (k12 * c4 - k21 * p4) * (1.0 / 5.0)
    absorbed *= -ka * (1.0 / 5.0)
    bent = c3 * v2 + c2 * v3 + c4 * v1 + c1 * v4
    v5 = steep * c5 - inverse * bent
    c6 = (absorbed + k21 * p5 - leaving * c5 - bending * bent) * (1.0 / 6.0)
    p6 = (k12 * c5 - k21 * p5) * (1.0 / 6.0)
    absorbed *= -ka * (1.0 / 6.0)
    bent = c3 * v3 + c4 * v2 + c2 * v4 + c5 * v1 + c1 * v5
    v6 = steep * c6 - inverse * bent
    c7 = (absorbed + k21 * p6 - leaving * c6 - bending * bent) * (1.0 / 7.0)
    p7 = (k12 * c6 - k21 * p6) * (1.0 / 7.0)
    absorbed *= -ka * (1.0 / 7.0)
    bent = c4 * v3 + c3 * v4 + c5 * v2 + c2 * v5 + c6 * v1 + c1 * v6
    v7 = steep * c7 - inverse * bent
    c8 = (absorbed + k21 * p7 - leaving * c7 - bending * bent) * (1.0 / 8.0)
    p8 = (k12 * c7 - k21 * p7) * (1.0 / 8.0)
    absorbed *= -ka * (1.0 / 8.0)
    bent = c4 * v4 + c5 * v3 + c3 * v5 + c6 * v2 + c2 * v6 + c7 * v1 + c1 * v7
    v8 = steep * c8 - inverse * bent
    c9 = (absorbed + k21 * p8 - leaving * c8 - bending * bent) * (1.0 / 9.0)
    p9 = (k12 * c8 - k21 * p8) * (1.0 / 9.0)
    absorbed *= -ka * (1.0 / 9.0)
    bent = c5 * v4 + c4 * v5 + c6 * v3 + c3 * v6 + c7 * v2 + c2 * v7 + c8 * v1 + c1 * v8
    v9 = steep * c9 - inverse * bent
    c10 = (absorbed + k21 * p9 - leaving * c9 - bending * bent) * (1.0 / 10.0)
    p10 = (k12 * c9 - k21 * p9) * (1.0 / 10.0)
    absorbed *= -ka * (1.0 / 10.0)
    bent = c5 * v5 + c6 * v4 + c4 * v6 + c7 * v3 + c3 * v7 + c8 * v2 + c2 * v8 + c9 * v1 + c1 * v9
    v10 = steep * c10 - inverse * bent
    c11 = (absorbed + k21 * p10 - leaving * c10 - bending * bent) * (1.0 / 11.0)
    p11 = (k12 * c10 - k21 * p10) * (1.0 / 11.0)
    absorbed *= -ka * (1.0 / 11.0)
    bent = c6 * v5 + c5 * v6 + c7 * v4 + c4 * v7 + c8 * v3 + c3 * v8 + c9 * v2 + c2 * v9 + c10 * v1 + c1 * v10
    v11 = steep * c11 - inverse * bent
    c12 = (absorbed + k21 * p11 - leaving * c11 - bending * bent) * (1.0 / 12.0)
    p12 = (k12 * c11 - k21 * p11) * (1.0 / 12.0)
    absorbed *= -ka * (1.0 / 12.0)
    bent = (
        c6 * v6
        + c7 * v5
        + c5 * v7
        + c8 * v4
        + c4 * v8
        + c9 * v3
        + c3 * v9
        + c10 * v2
        + c2 * v10
        + c11 * v1
        + c1 * v11
    )
    v12 = steep * c12 - inverse * bent
    c13 = (absorbed + k21 * p12 - leaving * c12 - bending * bent) * (1.0 / 13.0)
    p13 = (k12 * c12 - k21 * p12) * (1.0 / 13.0)
    absorbed *= -ka * (1.0 / 13.0)
    bent = (
        c7 * v6
        + c6 * v7
        + c8 * v5
        + c5 * v8
        + c9 * v4
        + c4 * v9
        + c10 * v3
        + c3 * v10
        + c11 * v2
        + c2 * v11
        + c12 * v1
        + c1 * v12
    )
    c14 = (absorbed + k21 * p13 - leaving * c13 - bending * bent) * (1.0 / 14.0)
    p14 = (k12 * c13 - k21 * p13) * (1.0 / 14.0)
    allowed = TOLERANCE * max(c0, p0, entering * min(days, 1.0 / leaving), LEAST_G_PER_L)
    reach = holding(max(abs(c13), abs(p13)), max(abs(c14), abs(p14)), allowed)
    return (
        (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14),
        (p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14),
        reach,
    )


def holding(before: float, last: float, allowed: float) -> float:
    """Days over which the last term of a series stays within what is allowed.

    The term before it guards against a last term that is small by accident.
    """
    if last == 0.0:
        return math.inf
    reach = math.exp(ROOT * math.log(allowed / last))
    if before > ACCIDENT * reach * last:
        return math.exp(ROOT_BEFORE * math.log(allowed / before))
    return reach


def read(series: Series, days: float) -> float:
    """Value of a series after so many days: in pairs, which do not wait for each other (Estrin's scheme)."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14 = series
    days2 = days * days
    days4 = days2 * days2
    low = (c0 + c1 * days + (c2 + c3 * days) * days2) + (c4 + c5 * days + (c6 + c7 * days) * days2) * days4
    high = (c8 + c9 * days + (c10 + c11 * days) * days2) + (c12 + c13 * days + c14 * days2) * days4
    return low + high * (days4 * days4)


def run_saturable(
    parameters: Parameters,
    schedule: Schedule,
    scale: float,
    start: State,
    levels: MutableSequence[float],
) -> State:
    """Total IgG in g/L at every sample, into ``levels``; the state after the last step.

    All grams of the schedule are multiplied by ``scale``.
    """
    vc, ka = parameters.vc_l, parameters.ka_per_day
    per_litre, under_skin = 1.0 / vc, scale * parameters.bioavailability
    c_now, p_now, depot = start.central_g * per_litre, start.peripheral_g * per_litre, start.depot_g
    c, p, reach, current = NOTHING, NOTHING, 0.0, False
    at, known_rate, known_depot_rate = 0.0, 0.0, 0.0
    for i in range(len(schedule.steps)):
        step = schedule.steps[i]
        gap, sample = step.gap_days, step.sample
        rate, depot_rate = step.central_g_per_day, step.depot_g_per_day
        bolus, depot_bolus = step.central_g, step.depot_g
        if gap > 0.0 and (rate != known_rate or depot_rate != known_depot_rate):
            if current:
                c_now, p_now = read(c, at), read(p, at)
                depot = remaining(depot, under_skin * known_depot_rate, ka, at)
            current, known_rate, known_depot_rate = False, rate, depot_rate
        to_go = gap
        while to_go > 0.0 and not (current and at + to_go <= reach):
            if current:
                to_go -= reach - at
                c_now, p_now = read(c, reach), read(p, reach)
                depot = remaining(depot, under_skin * known_depot_rate, ka, reach)
            entering = under_skin * known_depot_rate
            inflow = (parameters.production_g_per_day + scale * known_rate + entering) * per_litre
            c, p, reach = expand(parameters, inflow, (ka * depot - entering) * per_litre, c_now, p_now, to_go)
            at, current = 0.0, True
        at += to_go
        if sample >= 0:
            levels[sample] = read(c, at) if current else c_now
        if bolus != 0.0 or depot_bolus != 0.0:
            if current:
                c_now, p_now = read(c, at), read(p, at)
                depot = remaining(depot, under_skin * known_depot_rate, ka, at)
            c_now += scale * bolus * per_litre
            depot += under_skin * depot_bolus
            at, current = 0.0, False
    if current:
        c_now, p_now = read(c, at), read(p, at)
        depot = remaining(depot, under_skin * known_depot_rate, ka, at)
    return State(c_now * vc, p_now * vc, depot)


def remaining(depot: float, entering: float, ka: float, days: float) -> float:
    """Amount under the skin after so many days."""
    if depot == 0.0 and entering == 0.0:
        return 0.0
    return depot * math.exp(-ka * days) + entering * lasting(ka, days)
