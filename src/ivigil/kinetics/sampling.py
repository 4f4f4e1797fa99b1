"""The posterior of one person's parameters, by importance sampling around its mode.

Draws come from Student's t, wider than Laplace's covariance; each is weighted by the true posterior over the
density that it was drawn from. The mean weight estimates the probability of the levels under the model.
Geweke, Econometrica 1989;57:1317-1339.

Troughs alone leave a bent ridge of clearance against volume, which no covariance at its mode describes.
Where too few draws count, further rounds come from Student's t with the mean and covariance of the weighted
draws so far, and every draw is weighted by the mixture of all rounds: adaptive multiple importance sampling,
Cornuet and others, Scandinavian Journal of Statistics 2012;39.

The draws are even: points that fill the unit cube without clumps, shifted at random, each coordinate through
an inverse distribution (Kronecker's sequence, by powers of the root of x^(n+1) = x + 1; Niederreiter, Random
Number Generation and Quasi-Monte Carlo Methods, 1992, chapter 3). So a median scatters half as much.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from statistics import NormalDist
from typing import NamedTuple

from ivigil.kinetics.fitting import Problem, factorise, individual, objective
from ivigil.kinetics.running import run
from ivigil.kinetics.saturable import at_rest
from ivigil.kinetics.values import Parameters, Schedule

DRAWS = 300
"""Of a round."""
ROUNDS = 5
"""At most."""
ENOUGH = 150
"""Effective draws after which no further round is drawn."""
FREEDOM = 6
"""Degrees of freedom of Student's t; ``_chi_squared`` is for these."""
WIDER = 2.0
"""Times the covariance: too wide costs draws, too narrow leaves a part of the posterior unseen."""


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


class _Proposal(NamedTuple):
    """Student's t around a centre."""

    centre: Sequence[float]
    factor: list[float]
    """Cholesky's, of the covariance, row by row."""
    constant: float
    """Logarithm of the density at the centre."""


class _Drawn(NamedTuple):
    eta: list[float]
    square: float
    """Of the distance from the centre that it was drawn around, by that covariance."""
    parameters: Parameters
    log_joint: float
    """Of the density of the levels and of these etas."""
    course: list[float]


def sample(
    problem: Problem,
    mode: Sequence[float],
    covariance: Sequence[float],
    *,
    forecast: Schedule,
    seed: str,
) -> Sample:
    """Draws of the posterior, with the course of each.

    ``covariance``: row by row. ``forecast``: samples the levels of the problem first, in their order, then
    the times asked for. Raises ArithmeticError if the covariance is none, or if no draw is possible.
    """
    count, constant = len(problem.levels_g_per_l), _constant(problem, len(mode))
    points = _points(len(mode) + 1, random.Random(seed))
    samples = sum(step.sample >= 0 for step in forecast.steps)
    rounds = [_proposal(mode, covariance)]
    found: list[_Drawn] = []
    while True:
        for point in islice(points, DRAWS):
            eta, square = _draw(rounds[-1], point)
            person = individual(problem, eta)
            course = [0.0] * samples
            run(person, forecast, problem.scale, at_rest(person), course)
            value = constant - 0.5 * objective(problem, eta, course)
            found.append(_Drawn(eta, square, person, value, course[count:]))
        weighed = _weighed(found, rounds)
        if weighed.effective >= ENOUGH or len(rounds) == ROUNDS:
            return weighed
        rounds.append(_refined(found, weighed, rounds[0]))


def _constant(problem: Problem, size: int) -> float:
    """What the objective leaves out of the logarithm of the density of levels and etas."""
    exact = sum(weight for weight, below in zip(problem.weights, problem.below, strict=True) if not below)
    return 0.5 * (_log_determinant(problem.precision, size) - (size + exact) * math.log(2.0 * math.pi))


def cholesky(matrix: Sequence[float], size: int) -> list[float]:
    """Lower factor, row by row. Raises ArithmeticError if the matrix is not positive definite."""
    factor = [0.0] * (size * size)
    if not factorise(matrix, size, factor):
        raise ArithmeticError("no covariance: the mode is no maximum")
    return factor


def _proposal(centre: Sequence[float], covariance: Sequence[float]) -> _Proposal:
    size = len(centre)
    factor = cholesky([WIDER * value for value in covariance], size)
    log_determinant = sum(math.log(factor[i * size + i]) for i in range(size))
    constant = math.lgamma(0.5 * (FREEDOM + size)) - math.lgamma(0.5 * FREEDOM)
    constant -= 0.5 * size * math.log(FREEDOM * math.pi) + log_determinant
    return _Proposal(centre, factor, constant)


def _points(size: int, source: random.Random) -> Iterator[list[float]]:
    """Points that fill the unit cube evenly, however many are taken; each alone is uniform in it."""
    root = 1.0
    for _ in range(_SETTLED):
        root = (1.0 + root) ** (1.0 / (size + 1))
    strides = [root ** -(k + 1) for k in range(size)]
    point = [source.random() for _ in range(size)]
    while True:
        yield point
        point = [(place + stride) % 1.0 for place, stride in zip(point, strides, strict=True)]


_SETTLED = 60
"""Steps to a root: each leaves less than half of the error."""
_EDGE = 2.0**-53
_normal = NormalDist().inv_cdf


def _draw(proposal: _Proposal, point: Sequence[float]) -> tuple[list[float], float]:
    """Etas, and the square of their distance from the centre by the covariance.

    ``point``: one coordinate for each eta, and one for the stretch that makes a t of a normal.
    """
    size, factor = len(proposal.centre), proposal.factor
    squared_stretch = FREEDOM / _chi_squared(point[size])
    stretch = math.sqrt(squared_stretch)
    eta, square = list(proposal.centre), 0.0
    for k in range(size):
        z = _normal(point[k] or _EDGE)
        square += z * z
        for i in range(k, size):
            eta[i] += stretch * factor[i * size + k] * z
    return eta, squared_stretch * square


def _chi_squared(above: float) -> float:
    """The value that chi squared with 6 degrees of freedom exceeds with this probability.

    Half of it is the x with (1 + x + x^2 / 2) exp(-x) = ``above``: Newton's steps on the logarithm, from
    Wilson and Hilferty's approximation (Proceedings of the National Academy of Sciences 1931;17:684-688),
    near 0 from the cube that the lower tail begins with.
    """
    above = min(max(above, _EDGE), 1.0 - _EDGE)
    x: float = 3.0 * max(26.0 / 27.0 - _normal(above) / math.sqrt(27.0), 0.0) ** 3
    x = max(x, (6.0 * (1.0 - above)) ** (1.0 / 3.0))
    for _ in range(_NEWTON):
        terms = 1.0 + x + 0.5 * x * x
        x += (math.log(terms / above) - x) * terms / (0.5 * x * x)
    return 2.0 * x


_NEWTON = 3
"""Steps after which the probability is right to eight digits."""


def _log_density(proposal: _Proposal, square: float) -> float:
    """``square``: of the distance from the centre, by the covariance."""
    return proposal.constant - 0.5 * (FREEDOM + len(proposal.centre)) * math.log1p(square / FREEDOM)


def _square(proposal: _Proposal, eta: Sequence[float]) -> float:
    size, factor = len(eta), proposal.factor
    z, square = [0.0] * size, 0.0
    for i in range(size):
        rest = eta[i] - proposal.centre[i]
        for k in range(i):
            rest -= factor[i * size + k] * z[k]
        z[i] = rest / factor[i * size + i]
        square += z[i] * z[i]
    return square


def _mixture(rounds: Sequence[_Proposal], drawn: _Drawn) -> float:
    """Logarithm of the mean density: every round has as many draws."""
    if len(rounds) == 1:
        return _log_density(rounds[0], drawn.square)
    each = [_log_density(proposal, _square(proposal, drawn.eta)) for proposal in rounds]
    highest = max(each)
    return highest + math.log(sum(math.exp(value - highest) for value in each) / len(each))


def _weighed(found: Sequence[_Drawn], rounds: Sequence[_Proposal]) -> Sample:
    logs = [item.log_joint - _mixture(rounds, item) for item in found]
    highest = max(logs)
    if not math.isfinite(highest):
        raise ArithmeticError("no draw is possible")
    weights = [math.exp(value - highest) for value in logs]
    total = sum(weights)
    draws = [
        Draw(item.parameters, weight / total, item.course)
        for item, weight in zip(found, weights, strict=True)
    ]
    effective = total * total / sum(weight * weight for weight in weights)
    return Sample(draws, effective, highest + math.log(total / len(found)))


def _refined(found: Sequence[_Drawn], weighed: Sample, first: _Proposal) -> _Proposal:
    """Around the mean of the weighted draws; the first again if they span no covariance."""
    size = len(first.centre)
    weights = [draw.weight for draw in weighed.draws]
    centre = [
        sum(weight * item.eta[k] for weight, item in zip(weights, found, strict=True)) for k in range(size)
    ]
    off = [[item.eta[k] - centre[k] for k in range(size)] for item in found]
    covariance = [
        sum(weight * row[i] * row[j] for weight, row in zip(weights, off, strict=True))
        for i in range(size)
        for j in range(size)
    ]
    try:
        return _proposal(centre, covariance)
    except ArithmeticError:
        return first


def _log_determinant(matrix: Sequence[float], size: int) -> float:
    factor = cholesky(matrix, size)
    return 2.0 * sum(math.log(factor[i * size + i]) for i in range(size))


def quantiles(values: Sequence[float], weights: Sequence[float], shares: Sequence[float]) -> list[float]:
    """For each share the value below which so much of the weight lies."""
    order = sorted(range(len(values)), key=values.__getitem__)
    reached = list(accumulate(map(weights.__getitem__, order)))
    total = reached[-1]
    return [values[order[min(bisect_left(reached, share * total), len(order) - 1)]] for share in shares]
