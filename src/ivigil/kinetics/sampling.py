"""The posterior of one person's parameters, by importance sampling around its mode.

Draws come from Student's t with Laplace's covariance, whose tails are wider than a posterior's; each is
weighted by the true posterior over the density that it was drawn from. The mean weight estimates the
probability of the levels under the model. Geweke, Econometrica 1989;57:1317-1339.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ivigil.kinetics.fitting import Problem, factorise, individual
from ivigil.kinetics.levels import Used
from ivigil.kinetics.running import run
from ivigil.kinetics.saturable import at_rest
from ivigil.kinetics.values import Parameters, Schedule

DRAWS = 400
FREEDOM = 6
"""Degrees of freedom of Student's t."""


class Draw(NamedTuple):
    """One possible person."""

    parameters: Parameters
    weight: float
    """All weights of a posterior add up to 1."""
    course: list[float]
    """Total IgG in g/L at the times asked for."""


class Sample(NamedTuple):
    draws: list[Draw]
    effective: float
    """Number of draws of equal weight that would say as much."""
    log_evidence: float
    """Logarithm of the density of the levels under model and population."""


def sample(
    problem: Problem,
    levels: Sequence[Used],
    mode: Sequence[float],
    covariance: Sequence[float],
    *,
    forecast: Schedule,
    seed: str,
) -> Sample:
    """Draws of the posterior, with the course of each.

    ``levels``: those of the problem with their weights, limits of quantification among them.
    ``covariance``: row by row. ``forecast``: samples the levels first, in their order, then the times asked
    for.
    """
    size, count = len(mode), len(levels)
    factor = cholesky(covariance, size)
    source = random.Random(seed)
    prior = -0.5 * (size * math.log(2.0 * math.pi) - _log_determinant(problem.precision, size))
    samples = sum(step.sample >= 0 for step in forecast.steps)
    found: list[tuple[Parameters, float, list[float]]] = []
    for _ in range(DRAWS):
        eta, log_density = _draw(mode, factor, source)
        person = individual(problem, eta)
        course = [0.0] * samples
        run(person, forecast, problem.scale, at_rest(person), course)
        value = prior - 0.5 * _square(problem.precision, eta) + likelihood(problem, levels, course[:count])
        found.append((person, value - log_density, course[count:]))
    return _weighed(found)


def likelihood(problem: Problem, levels: Sequence[Used], predicted: Sequence[float]) -> float:
    """Logarithm of the density of the levels; of one below a limit the probability of lying there."""
    total = 0.0
    for item, level in zip(levels, predicted, strict=True):
        spread = math.hypot(problem.proportional * level, problem.additive_g_per_l)
        if not spread > 0.0:
            return -math.inf
        z = (item.g_per_l - level) / spread
        if item.below:
            share = 0.5 * math.erfc(-z / math.sqrt(2.0))
            total += item.weight * (math.log(share) if share > 0.0 else -0.5 * z * z)
        else:
            total -= item.weight * (0.5 * (z * z + math.log(2.0 * math.pi)) + math.log(spread))
    return total


def cholesky(matrix: Sequence[float], size: int) -> list[float]:
    """Lower factor, row by row. Raises ArithmeticError if the matrix is not positive definite."""
    factor = [0.0] * (size * size)
    if not factorise(matrix, size, factor):
        raise ArithmeticError("no covariance: the mode is no maximum")
    return factor


def _draw(mode: Sequence[float], factor: Sequence[float], source: random.Random) -> tuple[list[float], float]:
    """A draw and the logarithm of its density."""
    size = len(mode)
    z = [source.gauss(0.0, 1.0) for _ in range(size)]
    stretch = math.sqrt(FREEDOM / source.gammavariate(0.5 * FREEDOM, 2.0))
    eta, log_determinant = list(mode), 0.0
    for i in range(size):
        log_determinant += math.log(factor[i * size + i])
        for k in range(i + 1):
            eta[i] += stretch * factor[i * size + k] * z[k]
    square = stretch * stretch * sum(item * item for item in z)
    half = 0.5 * (FREEDOM + size)
    constant = math.lgamma(half) - math.lgamma(0.5 * FREEDOM) - 0.5 * size * math.log(FREEDOM * math.pi)
    return eta, constant - log_determinant - half * math.log1p(square / FREEDOM)


def _weighed(found: Sequence[tuple[Parameters, float, list[float]]]) -> Sample:
    highest = max(weight for _, weight, _ in found)
    if not math.isfinite(highest):
        raise ArithmeticError("no draw is possible")
    weights = [math.exp(weight - highest) for _, weight, _ in found]
    total = sum(weights)
    draws = [
        Draw(person, weight / total, course)
        for (person, _, course), weight in zip(found, weights, strict=True)
    ]
    effective = total * total / sum(weight * weight for weight in weights)
    return Sample(draws, effective, highest + math.log(total / len(found)))


def _square(matrix: Sequence[float], eta: Sequence[float]) -> float:
    size = len(eta)
    return sum(eta[i] * matrix[i * size + j] * eta[j] for i in range(size) for j in range(size))


def _log_determinant(matrix: Sequence[float], size: int) -> float:
    factor = cholesky(matrix, size)
    return 2.0 * sum(math.log(factor[i * size + i]) for i in range(size))


def quantiles(values: Sequence[float], weights: Sequence[float], shares: Sequence[float]) -> list[float]:
    """For each share the value below which so much of the weight lies."""
    order = sorted(range(len(values)), key=values.__getitem__)
    reached = list(accumulate(weights[place] for place in order))
    total = sum(weights)
    return [values[order[min(bisect_left(reached, share * total), len(order) - 1)]] for share in shares]
