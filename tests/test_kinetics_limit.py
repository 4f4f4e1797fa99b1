"""A level below a limit counts as the probability of lying there: in the mode, its slopes, the draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import NormalDist

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from ivigil.kinetics import population
from ivigil.kinetics.estimate import Fitted, estimate
from ivigil.kinetics.fitting import CL, VC, Problem, curvature, log_below, map_fit, predict, slopes
from ivigil.kinetics.levels import Level
from ivigil.kinetics.loops import Prior
from ivigil.kinetics.physics import Dose, Parameters, schedule
from ivigil.kinetics.sampling import ENOUGH
from tests.support.kinetics_person import EVERY, case, day
from tests.support.orders import knowledge

TYPICAL = Parameters(0.15, 3.5, 0.5, 3.0, 0.25, 0.67, 0.45)
DOSES = [Dose(0.0, 35.0, 1 / 6), Dose(28.0, 35.0, 1 / 6)]
TIMES = [14.0, 28.0, 56.0]
PRECISION = [1 / 0.09, 0.0, 0.0, 1 / 0.04]
ERROR = (0.1, 0.5)


def problem(levels: Sequence[float], below: Sequence[bool], weights: Sequence[float] = (1, 1, 1)) -> Problem:
    return Problem(
        TYPICAL,
        [CL, VC],
        [0, 1],
        PRECISION,
        schedule(DOSES, TIMES),
        1.0,
        levels,
        weights,
        *ERROR,
        below,
    )


def by_hand(of: Problem, eta: Sequence[float]) -> float:
    """Twice the negative logarithm of the posterior, from normal distributions, up to a constant."""
    levels = [0.0] * len(TIMES)
    predict(of, eta, levels)
    total = sum(eta[k] ** 2 * PRECISION[3 * k] for k in range(2))
    for seen, level, below, weight in zip(of.levels_g_per_l, levels, of.below, of.weights, strict=True):
        shape = NormalDist(level, math.hypot(ERROR[0] * level, ERROR[1]))
        total -= 2 * weight * math.log(shape.cdf(seen) if below else shape.pdf(seen))
    return total


CASES = [
    problem([9.0, 5.0, 6.0], [False, True, False]),
    problem([9.0, 9.0, 9.0], [True, True, True]),
    problem([4.0, 3.0, 3.5], [True, True, False]),
    problem([9.0, 4.0, 6.0], [False, True, False], (1, 0.5, 0.7)),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_mode_is_that_of_the_probabilities(number: int) -> None:
    of = CASES[number]
    found = map_fit(of)
    assert found.converged
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    other = minimize(lambda eta: by_hand(of, list(eta)), np.zeros(2), method="Nelder-Mead", options=options)
    assert found.eta == pytest.approx(other.x, abs=2e-4)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_slopes_and_curvature_are_those_of_the_probabilities(number: int) -> None:
    of = CASES[number]
    eta = [0.1, -0.05]
    levels, gradient, information = [0.0] * 3, [0.0] * 2, [0.0] * 4
    predict(of, eta, levels)
    slopes(of, eta, levels, gradient, information)
    assert gradient == pytest.approx(
        approx_fprime(np.array(eta), lambda at: by_hand(of, list(at)), 1e-6), abs=2e-3
    )
    assert np.linalg.eigvalsh(np.array(information).reshape(2, 2)).min() > 0
    mode = map_fit(of).eta
    step = 1e-3

    def at(*moved: float) -> float:
        return by_hand(of, [value + step * off for value, off in zip(mode, moved, strict=True)])

    second = np.array(curvature(of, mode)).reshape(2, 2)
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step * step)
    assert second[0, 1] == pytest.approx(mixed, rel=2e-3, abs=0.02)
    for k, unit in enumerate(((1, 0), (0, 1))):
        straight = (at(*unit) - 2 * at(0, 0) + at(*(-u for u in unit))) / (step * step)
        assert second[k, k] == pytest.approx(straight, rel=2e-3, abs=0.02)


@given(z=st.floats(-1e4, 8.0))
def test_the_logarithm_of_the_tail_against_many_digits(z: float) -> None:
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.erfc(-mpmath.mpf(z) / mpmath.sqrt(2)) / 2)
    assert log_below(z) == pytest.approx(float(exact), rel=1e-8, abs=1e-15)


def test_compiled_fits_know_the_limit() -> None:
    prior = Prior([CL, VC], [0, 1], PRECISION, *ERROR)
    people = population.gather([TYPICAL] * len(CASES), schedule(DOSES, TIMES))
    levels, weights = (
        np.array([getattr(of, name) for of in CASES], float) for name in ("levels_g_per_l", "weights")
    )
    below = np.array([of.below for of in CASES])
    found = population.map_fits(people, prior, levels, weights, below=below)
    assert found.converged.all()
    for eta, of in zip(found.eta, CASES, strict=True):
        assert eta.tolist() == pytest.approx(map_fit(of).eta, abs=1e-5)


def fitted(limit: str) -> Fitted:
    level = Level(g_per_l=Decimal(limit), taken=day(EVERY * 7).date(), before_dose=True, limit="below")
    model = knowledge().population_models["navarromora2022"]
    return estimate([model], case([level]), [day(EVERY * 8)], knowledge(), 1).models[0]


def test_a_low_limit_moves_the_person_and_a_high_one_says_nothing() -> None:
    """Below 4 g/L where some 8 are expected: clearance is high. Below 30: nothing is learned."""
    factors = [
        next(item.factor for item in fitted(limit).moved if item.parameter == "cl_l_per_day")
        for limit in ("30", "9", "7", "5", "4")
    ]
    assert factors[0] == pytest.approx(1, abs=1e-6)
    assert all(later > earlier for earlier, later in pairwise(factors))
    assert factors[-1] > 1.3


def test_the_band_lies_around_the_mode_of_a_level_below_a_limit() -> None:
    """Mode and draws rest on one objective: the trough at the mode lies inside the band of the troughs."""
    found = fitted("5")
    (band,) = found.bands
    assert band.low < found.residuals[0].fitted_g_per_l < band.high
    assert found.effective_draws >= ENOUGH


def test_a_limit_that_is_met_is_no_misfit_and_one_that_cannot_be_met_is_one() -> None:
    met, never = fitted("9"), fitted("0.5")
    assert met.residuals[0].standard_deviations == 0
    assert met.misfits == ()
    assert never.residuals[0].standard_deviations < 0
    assert never.misfits
