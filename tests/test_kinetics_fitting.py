"""The most probable parameters: against another optimiser, and against what must be true of them."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from benchmarks import kinetics as benchmark
from ivigil.kinetics import population
from ivigil.kinetics.fitting import (
    BIOAVAILABILITY,
    CL,
    ENDOGENOUS,
    KA,
    VC,
    VP,
    Problem,
    Q,
    curvature,
    individual,
    map_fit,
    objective,
    predict,
)
from ivigil.kinetics.physics import Dose, Parameters, clearance, concentrations, endogenous, schedule

TYPICAL = Parameters(0.15, 3.5, 0.5, 3.0, 0.25, 0.67, 0.45)
SATURABLE = Parameters(0.08, 3.5, 0.5, 3.0, 0.25, 0.67, 0.5, 6.0, 20.0)
LIMITS = [(0.02, 2), (1, 12), (0.01, 3), (0.5, 12), (0.05, 2), (0.5, 1), (0, 3)]
"""Of the parameters of a linear model, in their order."""
DOSES = [
    Dose(0.0, 35.0, 1 / 6),
    Dose(28.0, 35.0, 1 / 6),
    Dose(56.0, 12.0, 0.0, "SC"),
    Dose(63.0, 12.0, 0.0, "SC"),
]


def problem(
    typical: Parameters,
    carried: Sequence[int],
    true: Sequence[float],
    times: Sequence[float],
    error: tuple[float, float] = (0.1, 0.5),
) -> Problem:
    """Levels without error of a person with the etas ``true``."""
    size = len(carried)
    precision = [1 / 0.09 if i == j else 1.0 for i in range(size) for j in range(size)]
    blank = Problem(
        typical,
        carried,
        range(size),
        precision,
        schedule(DOSES, times),
        1.0,
        [0.0] * len(times),
        [1.0] * len(times),
        *error,
        [False] * len(times),
    )
    levels = [0.0] * len(times)
    predict(blank, true, levels)
    return blank._replace(levels_g_per_l=levels)


def value(of: Problem, eta: Sequence[float]) -> float:
    """Objective with the levels predicted."""
    levels = [0.0] * len(of.levels_g_per_l)
    predict(of, eta, levels)
    return objective(of, eta, levels)


PROBLEMS = [
    *benchmark.fit_problems(6),
    problem(TYPICAL, [CL, VC, KA, BIOAVAILABILITY], [0.3, -0.2, 0.2, 0.1], [27.0, 55.0, 60.0, 66.0, 80.0]),
    problem(TYPICAL, [CL, VC, Q, VP, ENDOGENOUS], [-0.5, 0.3, 0.1, 0.2, 0.4], [0.0, 1.0, 30.0], (0.0, 0.8)),
    problem(SATURABLE, [CL, VC, ENDOGENOUS], [0.4, 0.1, -0.3], [0.0, 1.0, 28.0, 84.0], (0.12, 0.0)),
]


@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_no_other_optimiser_finds_lower(number: int) -> None:
    of = PROBLEMS[number]
    found = map_fit(of)
    assert found.converged
    assert value(of, found.eta) == pytest.approx(found.objective, abs=1e-12)
    rng = np.random.default_rng(number)
    options = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000, "adaptive": True}
    for start in (np.zeros(len(found.eta)), rng.normal(0, 0.3, len(found.eta))):
        other = minimize(lambda eta: value(of, list(eta)), start, method="Nelder-Mead", options=options)
        assert found.objective <= other.fun + 1e-8
        assert found.eta == pytest.approx(other.x, abs=2e-4)


@pytest.mark.parametrize("number", range(len(PROBLEMS)))
def test_gradient_vanishes_and_curvature_is_that_of_the_objective(number: int) -> None:
    of = PROBLEMS[number]
    eta = map_fit(of).eta
    size = len(eta)
    second = np.array(curvature(of, eta)).reshape(size, size)
    assert np.linalg.eigvalsh(second).min() > 0
    step = 1e-3
    for k in range(size):
        for m in range(size):
            moved = [
                value(of, [e + a * step * (j == k) + b * step * (j == m) for j, e in enumerate(eta)])
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            mixed = (moved[0] - moved[1] - moved[2] + moved[3]) / (4 * step * step)
            assert second[k, m] == pytest.approx(mixed, rel=2e-3, abs=0.02)
    gradient = approx_fprime(np.array(eta), lambda at: value(of, list(at)), 1e-7)
    assert np.abs(gradient).max() < 1e-3


def test_without_levels_the_fit_is_the_population() -> None:
    of = problem(TYPICAL, [CL, VC], [0.5, 0.5], [])
    assert map_fit(of).eta == [0.0, 0.0]


def test_a_level_without_weight_changes_nothing() -> None:
    of = problem(TYPICAL, [CL, VC], [0.4, -0.2], [1.0, 28.0, 56.0])
    spoilt = of._replace(levels_g_per_l=[*of.levels_g_per_l[:2], 99.0], weights=[1.0, 1.0, 0.0])
    without = problem(TYPICAL, [CL, VC], [0.4, -0.2], [1.0, 28.0])
    assert map_fit(spoilt).eta == pytest.approx(map_fit(without).eta, abs=1e-6)


def test_many_levels_find_the_truth() -> None:
    true = [0.4, -0.2, 0.3]
    of = problem(TYPICAL, [CL, VC, ENDOGENOUS], true, [0.5 * n for n in range(400)], (0.02, 0.0))
    assert map_fit(of).eta == pytest.approx(true, abs=5e-3)


def test_etas_multiply_parameters_and_production_follows_the_endogenous_level() -> None:
    of = problem(SATURABLE, [CL, ENDOGENOUS], [0.0, 0.0], [1.0])
    own = individual(of, [0.2, -0.1])
    assert own.cl_l_per_day == pytest.approx(SATURABLE.cl_l_per_day * np.exp(0.2))
    assert endogenous(own) == pytest.approx(endogenous(SATURABLE) * np.exp(-0.1))
    assert own.production_g_per_day == pytest.approx(clearance(own, endogenous(own)) * endogenous(own))


def test_one_eta_may_carry_two_parameters() -> None:
    """A model with a fixed rate of elimination: clearance goes with volume."""
    of = problem(TYPICAL, [CL, VC], [0.0, 0.0], [1.0])._replace(carrier=[0, 0], precision=[10.0])
    own = individual(of, [0.3])
    assert own.cl_l_per_day / own.vc_l == pytest.approx(TYPICAL.cl_l_per_day / TYPICAL.vc_l)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"levels_g_per_l": [float("nan"), 8.0, 7.0]},
        {"proportional": 0.0, "additive_g_per_l": 0.0},
        {"precision": [1.0, 2.0, 2.0, 1.0]},
    ],
    ids=["no level", "no residual error", "no covariance"],
)
def test_the_optimiser_says_when_it_failed(spoilt: dict[str, object]) -> None:
    of = problem(TYPICAL, [CL, VC], [0.4, -0.2], [1.0, 28.0, 56.0], (0.001, 0.0))._replace(**spoilt)  # type: ignore[arg-type]
    assert not map_fit(of).converged


def test_compiled_fits_are_those_of_plain_python() -> None:
    problems = benchmark.fit_problems(20)
    people = population.gather(
        [of.typical for of in problems], benchmark.FIT_SCHEDULE, np.array([of.scale for of in problems])
    )
    found = population.map_fits(people, benchmark.PRIOR, np.array([of.levels_g_per_l for of in problems]))
    assert found.converged.all()
    for eta, of in zip(found.eta, problems, strict=True):
        assert eta.tolist() == pytest.approx(map_fit(of).eta, abs=1e-5)


def test_people_with_their_own_schedules() -> None:
    own = [TYPICAL, SATURABLE, TYPICAL._replace(q_l_per_day=0.0, vp_l=0.0)]
    doses = [DOSES, DOSES[:1], [Dose(3.0, 20.0)]]
    times = [[1.0, 80.0], [0.5, 10.0, 28.0], [100.0]]
    people = population.gather(own, [schedule(d, t) for d, t in zip(doses, times, strict=True)])
    expected = [level for p, d, t in zip(own, doses, times, strict=True) for level in concentrations(p, d, t)]
    assert population.concentrations(people).tolist() == pytest.approx(expected, rel=1e-12)
    assert population.concentrations(people, workers=2).tolist() == pytest.approx(expected, rel=1e-12)


def test_compiled_levels_are_those_of_plain_python() -> None:
    """People, doses and times at random: both structures, kinetics and routes, infusions that overlap.

    To rounding, or to the tolerance of a series, whose reach near a steady state is a matter of rounding.
    """
    rng = random.Random(3)
    own, doses, times = list[Parameters](), list[list[Dose]](), list[list[float]]()
    for number in range(60):
        linear = Parameters(*(rng.uniform(*ends) for ends in LIMITS))
        bare = linear._replace(q_l_per_day=0.0, vp_l=0.0) if number % 3 == 0 else linear
        rise = {"clearance_rise": rng.uniform(0.1, 15), "half_rise_g_per_l": rng.uniform(1, 60)}
        own.append(bare._replace(**rise) if number % 2 else bare)
        doses.append(
            [
                Dose(rng.uniform(0, 60), rng.uniform(1, 140), rng.choice([0.0, 0.2, 2.0]), route)
                for route in ("IV", "SC", "IV", "SC")
            ]
        )
        times.append([float(day) for day in range(90)] + [rng.uniform(0, 90) for _ in range(5)])
    people = population.gather(own, [schedule(d, t) for d, t in zip(doses, times, strict=True)])
    found = population.concentrations(people).reshape(60, -1)
    for p, d, t, levels in zip(own, doses, times, found, strict=True):
        allowed = 1e-7 if p.clearance_rise else 1e-11
        assert levels.tolist() == pytest.approx(concentrations(p, d, t), rel=allowed, abs=1e-12)


def test_people_who_cannot_be_computed_are_named() -> None:
    with pytest.raises(ValueError, match="1 of 2 people cannot be computed; first is row 1: cl_l_per_day 0"):
        population.gather([TYPICAL, TYPICAL._replace(cl_l_per_day=0.0)], schedule([], [1.0]))


def test_one_person_needs_no_numeric_library() -> None:
    code = (
        "import sys; import ivigil.kinetics.physics, ivigil.kinetics.fitting; "
        "sys.exit(bool({'numpy', 'numba', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_extra_populations_say_what_is_missing() -> None:
    code = "import sys; sys.modules['numba'] = None; import ivigil.kinetics.population"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.stderr.splitlines()[-1].endswith(
        "numba is missing: populations need the extra 'kinetics' (pip install 'ivigil[kinetics]')"
    )
