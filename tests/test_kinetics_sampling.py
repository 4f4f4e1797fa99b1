"""Draws of a posterior that is bent: enough of them count, and they lie where the posterior lies."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import mean

import pytest

from ivigil.kinetics import sampling
from ivigil.kinetics.estimate import Fitted, estimate
from ivigil.kinetics.levels import Level
from ivigil.kinetics.sampling import quantiles
from tests.support.kinetics_person import EVERY, case, day
from tests.support.orders import knowledge
from tests.test_kinetics_estimate import by_integration

AHEAD = EVERY * 8 - 0.01
TROUGHS = [("7.0", 5), ("8.1", 6), ("8.4", 7)]
"""Of one compartment: clearance and volume trade against each other over a wide range."""


def fitted(count: int, seed: int = 1) -> Fitted:
    """The last troughs, by the model of one compartment."""
    levels = [Level(g_per_l=Decimal(value), taken=day(EVERY * number)) for value, number in TROUGHS[-count:]]
    model = knowledge().population_models["dumas2019"]
    return estimate([model], case(levels), [day(AHEAD)], knowledge(), seed).models[0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_bent_posterior_has_enough_effective_draws(count: int) -> None:
    assert fitted(count).effective_draws >= sampling.ENOUGH


def test_a_bent_posterior_is_the_integral_by_hand() -> None:
    """The mean of some runs: a single one scatters by a few hundredths of the band."""
    forecasts, weights, density = by_integration([(8.4, 7, False)], AHEAD)
    runs = [fitted(1, seed) for seed in range(12)]
    low, high = quantiles(forecasts, weights, (0.05, 0.95))
    spread = high - low
    for share, name in ((0.05, "low"), (0.5, "median"), (0.95, "high")):
        found = mean(getattr(run.bands[0], name) for run in runs)
        assert found == pytest.approx(quantiles(forecasts, weights, (share,))[0], abs=0.04 * spread)
    assert mean(run.log_evidence for run in runs) == pytest.approx(math.log(density), abs=0.05)
