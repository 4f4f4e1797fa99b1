"""The most probable parameters of one person, given levels and a population model (maximum a posteriori).

Minimised is the sum over the levels of weight * (ln s^2 + (y - f)^2 / s^2), with the variance
s^2 = (proportional * f)^2 + additive^2, plus eta' * precision * eta. A level below a limit y counts
-2 * weight * ln(probability of a level below y) instead (Beal, J Pharmacokinet Pharmacodyn
2001;28:481-504, method M3). Each eta multiplies one or more parameters by its exponential. Slopes of f by
differences; Fisher scoring gives the first metric and BFGS bends it (Nocedal and Wright, Numerical
Optimization, 2nd edition, 2006, chapters 6 and 10).

Runs as it is for one person and is compiled for many: plain arithmetic on floats and sequences.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from ivigil.kinetics.running import run
from ivigil.kinetics.saturable import at_rest, clearance, endogenous
from ivigil.kinetics.values import Parameters, Schedule, room

CL, VC, Q, VP, KA, BIOAVAILABILITY, ENDOGENOUS = range(7)
"""What an eta may carry. ENDOGENOUS is the IgG level before any dose, which production follows."""

DIFFERENCE = 1e-6
"""Of an eta, for slopes of a linear model to one side, whose levels are exact to rounding."""
WIDE_DIFFERENCE = 1e-4
"""To both sides, for a saturable model, whose levels have the error of its integrator."""
STEPS = 60
HALVINGS = 30
LARGEST_STEP = 1.5
"""Of any eta in one step."""
FAR_BELOW = -20.0
"""Standard deviations from which the normal tail is a series: its probability leaves the range of floats."""
SETTLED = 1e-12
"""What a further step would still gain of the objective, at most, when the fit has converged."""


class Fit(NamedTuple):
    """Where the optimiser ended. Use it only if ``converged``."""

    eta: list[float]
    objective: float
    to_gain: float
    """What one more step would gain by the last metric."""
    steps: int
    starts: int
    converged: bool


class Problem(NamedTuple):
    """One person's levels and the population that the person comes from."""

    typical: Parameters
    carried: Sequence[int]
    """Parameters that an eta carries: CL, VC, ..."""
    carrier: Sequence[int]
    """For each, which eta; one eta may carry several."""
    precision: Sequence[float]
    """Inverse of the covariance of the etas, row by row."""
    schedule: Schedule
    """With one sample for each level."""
    scale: float
    """Times the grams of the schedule."""
    levels_g_per_l: Sequence[float]
    weights: Sequence[float]
    """1, or less for a level that counts less."""
    proportional: float
    """Residual standard deviation as a share of the level."""
    additive_g_per_l: float
    below: Sequence[bool]
    """Whether a level is only known to lie below its figure."""


def individual(problem: Problem, eta: Sequence[float]) -> Parameters:
    """Parameters of a person with these etas."""
    typical = problem.typical
    cl, vc, q, vp = typical.cl_l_per_day, typical.vc_l, typical.q_l_per_day, typical.vp_l
    ka, bioavailability, level = typical.ka_per_day, typical.bioavailability, endogenous(typical)
    for i in range(len(problem.carried)):
        what, factor = problem.carried[i], math.exp(eta[problem.carrier[i]])
        if what == CL:
            cl *= factor
        elif what == VC:
            vc *= factor
        elif what == Q:
            q *= factor
        elif what == VP:
            vp *= factor
        elif what == KA:
            ka *= factor
        elif what == BIOAVAILABILITY:
            bioavailability *= factor
        else:
            level *= factor
    rise, half = typical.clearance_rise, typical.half_rise_g_per_l
    made = level * cl
    if rise != 0.0:
        made = level * clearance(Parameters(cl, vc, q, vp, ka, bioavailability, 0.0, rise, half), level)
    return Parameters(cl, vc, q, vp, ka, bioavailability, made, rise, half)


def predict(problem: Problem, eta: Sequence[float], levels: MutableSequence[float]) -> None:
    """Total IgG in g/L at every sample, into ``levels``."""
    own = individual(problem, eta)
    run(own, problem.schedule, problem.scale, at_rest(own), levels)


def objective(problem: Problem, eta: Sequence[float], predicted: Sequence[float]) -> float:
    """Twice the negative log posterior, less a constant; infinite where no residual is possible."""
    size = len(eta)
    total = 0.0
    for i in range(size):
        for j in range(size):
            total += eta[i] * problem.precision[i * size + j] * eta[j]
    for i in range(len(problem.levels_g_per_l)):
        variance = (problem.proportional * predicted[i]) ** 2 + problem.additive_g_per_l**2
        if not 0.0 < variance < math.inf:
            return math.inf
        residual = problem.levels_g_per_l[i] - predicted[i]
        if problem.below[i]:
            total -= 2.0 * problem.weights[i] * log_below(residual / math.sqrt(variance))
        else:
            total += problem.weights[i] * (math.log(variance) + residual * residual / variance)
    return total


def log_below(z: float) -> float:
    """Logarithm of the probability that a standard normal number lies below ``z``."""
    if z > FAR_BELOW:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2.0)))
    series = 1.0 - 1.0 / z**2 + 3.0 / z**4
    return -0.5 * z * z - math.log(-z * math.sqrt(2.0 * math.pi)) + math.log(series)


def slopes(
    problem: Problem,
    eta: MutableSequence[float],
    predicted: Sequence[float],
    gradient: MutableSequence[float],
    information: MutableSequence[float],
) -> None:
    """Gradient of the objective and its expected second derivatives, row by row."""
    size, count = len(eta), len(problem.levels_g_per_l)
    linear = problem.typical.clearance_rise == 0.0
    up, down = room(count), room(count)
    by_eta = room(size * count)
    for k in range(size):
        here = eta[k]
        eta[k] = here + (DIFFERENCE if linear else WIDE_DIFFERENCE)
        predict(problem, eta, up)
        if not linear:
            eta[k] = here - WIDE_DIFFERENCE
            predict(problem, eta, down)
        eta[k] = here
        for i in range(count):
            if linear:
                by_eta[k * count + i] = (up[i] - predicted[i]) / DIFFERENCE
            else:
                by_eta[k * count + i] = (up[i] - down[i]) / (2.0 * WIDE_DIFFERENCE)
    for k in range(size):
        gradient[k] = 0.0
        for m in range(size):
            gradient[k] += 2.0 * problem.precision[k * size + m] * eta[m]
            information[k * size + m] = 2.0 * problem.precision[k * size + m]
    for i in range(count):
        level, weight = predicted[i], problem.weights[i]
        variance = (problem.proportional * level) ** 2 + problem.additive_g_per_l**2
        rising = 2.0 * problem.proportional**2 * level / variance
        residual = problem.levels_g_per_l[i] - level
        if problem.below[i]:
            z = residual / math.sqrt(variance)
            density = math.exp(-0.5 * z * z - log_below(z)) / math.sqrt(2.0 * math.pi)
            nearer = 1.0 / math.sqrt(variance) + 0.5 * rising * z
            slope = 2.0 * weight * density * nearer
            expected = 2.0 * weight * density * max(z + density, 0.0) * nearer * nearer
        else:
            slope = weight * (rising * (1.0 - residual * residual / variance) - 2.0 * residual / variance)
            expected = weight * (2.0 / variance + rising * rising)
        for k in range(size):
            gradient[k] += slope * by_eta[k * count + i]
            for m in range(size):
                information[k * size + m] += expected * by_eta[k * count + i] * by_eta[m * count + i]


def factorise(matrix: Sequence[float], size: int, factor: MutableSequence[float]) -> bool:
    """Cholesky's lower factor, row by row, into ``factor``; False if the matrix is not positive definite."""
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i * size + j]
            for k in range(j):
                rest -= factor[i * size + k] * factor[j * size + k]
            if i > j:
                factor[i * size + j] = rest / factor[j * size + j]
            elif rest > 0.0:
                factor[i * size + i] = math.sqrt(rest)
            else:
                return False
    return True


def solve(matrix: Sequence[float], right: Sequence[float], found: MutableSequence[float]) -> bool:
    """Solve by Cholesky's factors; False if the matrix is not positive definite."""
    size = len(right)
    factor = room(size * size)
    if not factorise(matrix, size, factor):
        return False
    for i in range(size):
        rest = right[i]
        for k in range(i):
            rest -= factor[i * size + k] * found[k]
        found[i] = rest / factor[i * size + i]
    for i in range(size - 1, -1, -1):
        rest = found[i]
        for k in range(i + 1, size):
            rest -= factor[k * size + i] * found[k]
        found[i] = rest / factor[i * size + i]
    return True


def bend(metric: MutableSequence[float], step: Sequence[float], change: Sequence[float]) -> None:
    """BFGS: make the metric agree with how the gradient changed over the step; it stays positive definite."""
    size = len(step)
    seen = room(size)
    along, expected = 0.0, 0.0
    for i in range(size):
        for j in range(size):
            seen[i] += metric[i * size + j] * step[j]
        along += step[i] * change[i]
        expected += step[i] * seen[i]
    if along <= 1e-8 * expected:
        return
    for i in range(size):
        for j in range(size):
            metric[i * size + j] += change[i] * change[j] / along - seen[i] * seen[j] / expected


def descend(problem: Problem, eta: MutableSequence[float]) -> tuple[float, float, int, bool]:
    """Go down from ``eta``, in place; objective, what is still to gain, steps, and whether it has settled."""
    size, count = len(eta), len(problem.levels_g_per_l)
    predicted, tried = room(count), room(size)
    gradient, before, step = room(size), room(size), room(size)
    metric, information = room(size * size), room(size * size)
    predict(problem, eta, predicted)
    value = objective(problem, eta, predicted)
    if not value < math.inf:
        return math.inf, math.inf, 0, False
    slopes(problem, eta, predicted, gradient, metric)
    gain = math.inf
    for steps in range(STEPS):
        if not solve(metric, gradient, step):
            return value, gain, steps, False
        gain, largest = 0.0, 0.0
        for k in range(size):
            gain += 0.5 * gradient[k] * step[k]
            largest = max(largest, abs(step[k]))
            before[k] = gradient[k]
        if gain <= SETTLED:
            return value, gain, steps, True
        share = min(1.0, LARGEST_STEP / largest)
        lower = math.inf
        for _ in range(HALVINGS):
            for k in range(size):
                tried[k] = eta[k] - share * step[k]
            predict(problem, tried, predicted)
            lower = objective(problem, tried, predicted)
            if lower <= value - 1e-4 * share * gain:
                break
            share *= 0.5
        if not lower < value:
            return value, gain, steps, gain <= 1e-9 * max(1.0, abs(value))
        value = lower
        for k in range(size):
            step[k] = tried[k] - eta[k]
            eta[k] = tried[k]
        slopes(problem, eta, predicted, gradient, information)
        for k in range(size):
            before[k] = gradient[k] - before[k]
        bend(metric, step, before)
    return value, gain, STEPS, False


def map_fit(problem: Problem) -> Fit:
    """Fit from the population's centre; if that fails, from one standard deviation to either side of it.

    The first converged end is returned, else the lowest with ``converged`` False. A precision that is not
    positive definite fits nothing.
    """
    size = int(math.sqrt(len(problem.precision)) + 0.5)
    eta = room(size)
    if not solve(problem.precision, eta, room(size)):
        return Fit(eta, math.inf, math.inf, 0, 0, False)
    value, gain, steps, settled = descend(problem, eta)
    best = Fit(eta, value, gain, steps, 1, settled)
    if settled:
        return best
    for start in range(2 * size):
        k = start // 2
        other = room(size)
        away = 1.0 / math.sqrt(problem.precision[k * size + k])
        other[k] = away if start % 2 == 0 else -away
        value, gain, steps, settled = descend(problem, other)
        if settled or value < best.objective:
            best = Fit(other, value, gain, steps, start + 2, settled)
        if settled:
            return best
    return best


def curvature(problem: Problem, eta: Sequence[float]) -> list[float]:
    """Second derivatives of the objective, row by row; at the mode, half of them invert to Laplace's
    covariance."""
    size = len(eta)
    found, unused = room(size * size), room(size * size)
    here = room(size)
    predicted = room(len(problem.levels_g_per_l))
    up, down = room(size), room(size)
    for k in range(size):
        here[k] = eta[k]
    for k in range(size):
        here[k] = eta[k] + 10.0 * WIDE_DIFFERENCE
        predict(problem, here, predicted)
        slopes(problem, here, predicted, up, unused)
        here[k] = eta[k] - 10.0 * WIDE_DIFFERENCE
        predict(problem, here, predicted)
        slopes(problem, here, predicted, down, unused)
        here[k] = eta[k]
        for m in range(size):
            found[k * size + m] += (up[m] - down[m]) / (40.0 * WIDE_DIFFERENCE)
            found[m * size + k] += (up[m] - down[m]) / (40.0 * WIDE_DIFFERENCE)
    return found
