"""IgG kinetics against independent solutions, physical laws and the check values of the benchmark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from benchmarks import kinetics as benchmark
from ivigil.kinetics.linear import modes
from ivigil.kinetics.physics import (
    Dose,
    Parameters,
    State,
    at_rest,
    clearance,
    concentrations,
    endogenous,
    run,
    schedule,
    steady_state,
)
from ivigil.order import Route

ADULT = Parameters(0.15, 3.5, 0.5, 3.0, 0.25, 0.67, 0.45)
KIM = Parameters(0.0392, 2.94, 0.63, 3.5, 0.25, 0.67, 2.64, 12.5, 21.0)
"""70 kg; clearance of Kim 2007: 0.56 mL/day/kg without IgG, which rises 12.5 times its own at most."""
SATURABLE = ADULT._replace(clearance_rise=1.0, half_rise_g_per_l=20.0, production_g_per_day=0.5)
MIXED = [
    Dose(0.0, 35.0, 1 / 6),
    Dose(28.0, 30.0, 0.25),
    Dose(28.1, 10.0, 0.5),
    Dose(30.0, 12.0, 0.0, "SC"),
    Dose(37.0, 12.0, 0.1, "SC", 1.2),
    Dose(37.05, 5.0),
]
ROUTES: list[Route] = ["IV", "SC"]
TIMES = [0.0, 0.05, 1 / 6, 1.0, 7.0, 28.0, 28.2, 29.0, 30.0, 33.0, 37.0, 37.05, 37.08, 40.0, 90.0, 400.0]

linear_parameters = st.tuples(
    st.floats(0.02, 2),
    st.floats(1, 12),
    st.floats(0.01, 3),
    st.floats(0.5, 12),
    st.floats(0.05, 2),
    st.floats(0.5, 1),
    st.floats(0, 3),
).map(lambda values: Parameters(*values))
saturable_parameters = st.builds(
    lambda linear, rise, half: linear._replace(clearance_rise=rise, half_rise_g_per_l=half),
    linear_parameters,
    st.floats(0.1, 15),
    st.floats(1, 60),
)
some_doses = st.lists(
    st.tuples(
        st.floats(0, 100),
        st.floats(0.1, 140),
        st.one_of(st.just(0.0), st.floats(0.01, 3)),
        st.sampled_from(ROUTES),
    ).map(lambda values: Dose(*values)),
    min_size=1,
    max_size=5,
)
some_times = st.lists(st.floats(0, 300), min_size=1, max_size=6)


def matrix(parameters: Parameters) -> list[list[float]]:
    """Central, peripheral, depot, and a constant 1 that carries the production."""
    cl, vc, q, vp, ka, _, made, _, _ = parameters
    back = q / vp if q else 0.0
    return [[-cl / vc - q / vc, back, ka, made], [q / vc, -back, 0, 0], [0, 0, -ka, 0], [0, 0, 0, 0]]


def by_matrix(parameters: Parameters, doses: Sequence[Dose], times: Sequence[float]) -> list[float]:
    """The linear system by a matrix exponential in 40 digits: one piece of constant input after the other."""
    with mpmath.workdps(40):
        system = mpmath.matrix(matrix(parameters))
        level = mpmath.mpf(parameters.production_g_per_day) / mpmath.mpf(parameters.cl_l_per_day)
        begin = min([*times, *(dose.time_days for dose in doses)])
        state = mpmath.matrix([level * parameters.vc_l, level * parameters.vp_l, 0, 1])
        found = {}
        ends = {dose.time_days + dose.duration_days for dose in doses}
        stops = sorted({*times, *ends, *(dose.time_days for dose in doses)})
        now = begin
        for stop in stops:
            if stop > now:
                pushed = system.copy()
                for dose in doses:
                    if dose.time_days <= now < dose.time_days + dose.duration_days:
                        length = (dose.time_days + dose.duration_days) - dose.time_days
                        pushed[_row(dose), 3] += mpmath.mpf(_arriving(parameters, dose)) / length
                state = mpmath.expm(pushed * (mpmath.mpf(stop) - mpmath.mpf(now))) * state
                now = stop
            found[stop] = float(state[0] / parameters.vc_l)
            for dose in doses:
                if dose.time_days == stop and dose.duration_days == 0:
                    state[_row(dose)] += _arriving(parameters, dose)
        return [found[time] for time in times]


def by_steps(parameters: Parameters, doses: Sequence[Dose], times: Sequence[float]) -> list[float]:
    """The saturable system by a Runge-Kutta method of order 8 at the tightest tolerance."""
    cl, vc, q, vp, ka, _, made, rise, half = parameters
    level = endogenous(parameters)
    state = np.array([level * vc, level * vp, 0.0])
    stops = sorted(
        {*times, *(dose.time_days for dose in doses), *(d.time_days + d.duration_days for d in doses)}
    )
    now, found = stops[0], {}
    for stop in stops:
        if stop > now:
            rates = [0.0, 0.0, 0.0]
            for dose in doses:
                if dose.time_days <= now < dose.time_days + dose.duration_days:
                    rates[_row(dose)] += _arriving(parameters, dose) / dose.duration_days

            def slope(_: float, a: Sequence[float], rates: list[float] = rates) -> list[float]:
                c, exchanged = a[0] / vc, (q * (a[0] / vc - a[1] / vp) if q else 0.0)
                cleared = cl * (1 + rise * c / (half + c)) * c
                return [made + rates[0] + ka * a[2] - cleared - exchanged, exchanged, rates[2] - ka * a[2]]

            state = solve_ivp(slope, (now, stop), state, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
            now = stop
        found[stop] = state[0] / vc
        for dose in doses:
            if dose.time_days == stop and dose.duration_days == 0:
                state[_row(dose)] += _arriving(parameters, dose)
    return [found[time] for time in times]


def _row(dose: Dose) -> int:
    return 2 if dose.route == "SC" else 0


def _arriving(parameters: Parameters, dose: Dose) -> float:
    return dose.grams * (
        parameters.bioavailability * dose.relative_bioavailability if dose.route == "SC" else 1
    )


def simulated(parameters: Parameters, doses: Sequence[Dose], days: float) -> State:
    """State after so many days of doses, by a long run."""
    return run(parameters, schedule(doses, [days], 0.0), 1.0, at_rest(parameters), [0.0])


@pytest.mark.parametrize(
    "parameters",
    [
        ADULT,
        ADULT._replace(q_l_per_day=0.0, vp_l=0.0),
        ADULT._replace(q_l_per_day=1e-9),
        ADULT._replace(q_l_per_day=0.15, vp_l=3.5 + 1e-9, vc_l=3.5, cl_l_per_day=1e-9),
        ADULT._replace(ka_per_day=modes(ADULT).fast_per_day),
        ADULT._replace(ka_per_day=modes(ADULT).slow_per_day * (1 + 1e-9)),
        ADULT._replace(ka_per_day=modes(ADULT).fast_per_day * (1 - 1e-13)),
        ADULT._replace(production_g_per_day=0.0, cl_l_per_day=6.0),
    ],
    ids=["adult", "one", "hardly two", "equal rates", "ka fast", "ka near slow", "ka nearer", "quick"],
)
def test_linear_agrees_with_matrix_exponential(parameters: Parameters) -> None:
    expected = by_matrix(parameters, MIXED, TIMES)
    assert concentrations(parameters, MIXED, TIMES) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(linear_parameters, some_doses, some_times)
def test_linear_agrees_with_matrix_exponential_anywhere(
    parameters: Parameters, doses: list[Dose], times: list[float]
) -> None:
    expected = by_matrix(parameters, doses, times)
    assert concentrations(parameters, doses, times) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("parameters", [SATURABLE, KIM, KIM._replace(q_l_per_day=0.0, vp_l=0.0)])
def test_saturable_agrees_with_runge_kutta(parameters: Parameters) -> None:
    expected = by_steps(parameters, MIXED, TIMES)
    assert concentrations(parameters, MIXED, TIMES) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=15, deadline=None)
@example(
    Parameters(0.0625, 1.0, 0.0625, 1.0, 1.0, clearance_rise=1.0, half_rise_g_per_l=1.0),
    [Dose(0.0, 1.0, 0.0625)],
    [1.0],
)
@given(saturable_parameters, some_doses, some_times)
def test_saturable_agrees_with_runge_kutta_anywhere(
    parameters: Parameters, doses: list[Dose], times: list[float]
) -> None:
    expected = by_steps(parameters, doses, times)
    assert concentrations(parameters, doses, times) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_an_infusion_under_the_skin_of_somebody_without_igg_comes_to_an_end() -> None:
    nobody = SATURABLE._replace(production_g_per_day=0.0)
    doses = [Dose(0.0, 10.0, 0.5, "SC")]
    expected = by_steps(nobody, doses, TIMES)
    assert concentrations(nobody, doses, TIMES) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_gaps_that_differ_by_rounding_are_alike() -> None:
    """A third of a day and what is left of the day, whatever the day."""
    steps = schedule([], [day + part for day in range(300) for part in (0.0, 1 / 3)], -1.0).steps
    assert steps[0].gap_days == 1.0
    assert [step.alike for step in steps[1:]] == [1, 2] * 299 + [1]
    assert [step.alike for step in schedule([], [0.0, 1.0, 2.0 + 1e-9]).steps] == [0, 1, 2]


def test_expm_of_scipy_agrees_too() -> None:
    state = expm(np.array(matrix(ADULT)) * 5.0) @ np.array([40.0, 9.0, 3.0, 1.0])
    found = run(ADULT, schedule([], [5.0], 0.0), 1.0, State(40.0, 9.0, 3.0), [0.0])
    assert found == pytest.approx(state[:3], rel=1e-10)


def test_sample_at_start_of_dose_is_before_it() -> None:
    assert concentrations(ADULT, [Dose(5.0, 35.0)], [5.0]) == [pytest.approx(3.0)]
    after = concentrations(ADULT, [Dose(5.0, 35.0)], [math.nextafter(5.0, 6.0)])
    assert after == [pytest.approx(13.0)]


def test_order_of_samples_does_not_matter() -> None:
    shuffled = [TIMES[i] for i in (5, 2, 9, 9, 0, 14, 3)]
    every = dict(zip(TIMES, concentrations(SATURABLE, MIXED, TIMES), strict=True))
    found = concentrations(SATURABLE, MIXED, shuffled)
    assert found == pytest.approx([every[time] for time in shuffled], rel=1e-7)


@settings(max_examples=50, deadline=None)
@given(linear_parameters, some_doses, some_doses, some_times)
def test_superposition(
    parameters: Parameters, some: list[Dose], more: list[Dose], times: list[float]
) -> None:
    rest = endogenous(parameters)
    both = concentrations(parameters, [*some, *more], times)
    one, other = (concentrations(parameters, doses, times) for doses in (some, more))
    assert both == pytest.approx([a + b - rest for a, b in zip(one, other, strict=True)], rel=1e-9, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(linear_parameters, some_doses, some_times, st.floats(0.1, 5))
def test_linear_in_dose(
    parameters: Parameters, doses: list[Dose], times: list[float], times_as_much: float
) -> None:
    rest = endogenous(parameters)
    once = concentrations(parameters, doses, times)
    more = concentrations(parameters, [d._replace(grams=d.grams * times_as_much) for d in doses], times)
    assert more == pytest.approx([rest + times_as_much * (c - rest) for c in once], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "dose", [Dose(0.0, 35.0, 0.25), Dose(0.0, 10.0, 0.0, "SC"), Dose(0.0, 9.0, 2.0, "SC")]
)
def test_area_under_the_drug_is_dose_over_clearance(dose: Dose) -> None:
    drug = ADULT._replace(production_g_per_day=0.0)
    points, weights = np.polynomial.legendre.leggauss(20)
    pieces = [0.0, dose.duration_days, dose.duration_days + 1, *range(5, 1000, 5)]
    area = 0.0
    for low, high in pairwise(pieces):
        half = (high - low) / 2
        area += half * float(
            np.dot(weights, concentrations(drug, [dose], (low + half + half * points).tolist()))
        )
    assert area == pytest.approx(_arriving(drug, dose) / drug.cl_l_per_day, rel=1e-8)


def test_terminal_half_life() -> None:
    """ln 2 over the smaller root of s^2 + (k10 + k12 + k21) s + k10 k21."""
    drug = ADULT._replace(production_g_per_day=0.0)
    k10, k12, k21 = 0.15 / 3.5, 0.5 / 3.5, 0.5 / 3.0
    half_life = math.log(2) / -max(np.roots([1, k10 + k12 + k21, k10 * k21]).real)
    late, later = concentrations(drug, [Dose(0.0, 35.0)], [300.0, 300.0 + half_life])
    assert later / late == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("parameters", [ADULT, SATURABLE])
@pytest.mark.parametrize("route", ROUTES)
def test_short_infusion_becomes_a_bolus(parameters: Parameters, route: Route) -> None:
    times = [1.0, 10.0, 28.0]
    bolus = concentrations(parameters, [Dose(0.0, 35.0, 0.0, route)], times)
    short = concentrations(parameters, [Dose(0.0, 35.0, 1e-9, route)], times)
    assert short == pytest.approx(bolus, rel=1e-7)


@pytest.mark.parametrize("parameters", [ADULT, SATURABLE, KIM])
def test_long_intervals(parameters: Parameters) -> None:
    """A million days do not overflow: what is left is the endogenous level."""
    found = concentrations(parameters, [Dose(0.0, 35.0), Dose(1.0, 9.0, 0.0, "SC")], [1e6])
    assert found == [pytest.approx(endogenous(parameters), rel=1e-6)]


@settings(max_examples=50, deadline=None)
@given(st.one_of(linear_parameters, saturable_parameters), some_times)
def test_without_doses_nothing_changes(parameters: Parameters, times: list[float]) -> None:
    level = endogenous(parameters)
    assert clearance(parameters, level) * level == pytest.approx(parameters.production_g_per_day, rel=1e-9)
    assert concentrations(parameters, [], times) == pytest.approx([level] * len(times), rel=1e-7)


@pytest.mark.parametrize("parameters", [ADULT, SATURABLE, KIM, ADULT._replace(q_l_per_day=0.0, vp_l=0.0)])
@pytest.mark.parametrize(
    "cycle",
    [
        [Dose(0.0, 35.0, 1 / 6)],
        [Dose(0.0, 8.0, 0.0, "SC"), Dose(7.0, 9.0, 0.1, "SC"), Dose(14.0, 20.0), Dose(20.0, 9.0, 0.0, "SC")],
    ],
)
def test_steady_state_is_where_a_long_run_ends(parameters: Parameters, cycle: list[Dose]) -> None:
    cycles = 150
    doses = [dose._replace(time_days=dose.time_days + 28 * n) for n in range(cycles) for dose in cycle]
    expected = simulated(parameters, doses, 28.0 * cycles)
    assert steady_state(parameters, cycle, 28.0) == pytest.approx(expected, rel=1e-7)


def test_steady_state_average_is_dose_over_clearance() -> None:
    """C_avg = dose / (CL * interval) + BL; the trough q1d differs little from it."""
    found = steady_state(ADULT, [Dose(0.0, 0.01)], 0.01)
    assert found.central_g / ADULT.vc_l == pytest.approx(1.0 / 0.15 + 3.0, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(linear_parameters, some_doses, some_times)
def test_clearance_that_never_rises_is_linear(
    parameters: Parameters, doses: list[Dose], times: list[float]
) -> None:
    flat = parameters._replace(clearance_rise=1.0, half_rise_g_per_l=1e13)
    expected = concentrations(parameters, doses, times)
    assert concentrations(flat, doses, times) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_clearance_of_kim_2007() -> None:
    """Mass of IgG lost a day per plasma pool: Kim 2007, as in the derived values of the fact base."""
    per_kg = Parameters(0.56e-3, 42e-3, clearance_rise=12.5, half_rise_g_per_l=21.0)
    for level, lost_per_day in ((4, 0.0400), (8, 0.0593), (12.1, 0.0743), (20, 0.0946), (30, 0.1114)):
        assert clearance(per_kg, level) / per_kg.vc_l == pytest.approx(lost_per_day, abs=6e-5)


@pytest.mark.parametrize(
    ("parameters", "doses", "times", "named"),
    [
        (ADULT._replace(cl_l_per_day=0.0), [], [1.0], "cl_l_per_day 0.0"),
        (ADULT._replace(vc_l=math.nan), [], [1.0], "vc_l nan"),
        (ADULT._replace(vp_l=0.0), [], [1.0], "vp_l 0"),
        (SATURABLE._replace(half_rise_g_per_l=0.0), [], [1.0], "half_rise_g_per_l 0"),
        (ADULT._replace(ka_per_day=0.0), [Dose(0.0, 1.0, 0.0, "SC")], [1.0], "ka_per_day 0"),
        (ADULT, [Dose(0.0, -1.0)], [1.0], "dose 1: grams -1.0"),
        (ADULT, [Dose(0.0, 1.0, math.inf)], [1.0], "dose 1: duration_days inf"),
        (ADULT, [], [math.nan], "sampling time nan"),
    ],
)
def test_what_cannot_be_is_refused(
    parameters: Parameters, doses: list[Dose], times: list[float], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        concentrations(parameters, doses, times)


def test_nothing_before_a_given_start() -> None:
    with pytest.raises(ValueError, match=r"dose 1: time_days -1\.0"):
        concentrations(ADULT, [Dose(-1.0, 5.0)], [1.0], at_rest(ADULT))


def test_check_values_in_plain_python() -> None:
    benchmark.check_alone()


def test_check_values_compiled() -> None:
    benchmark.check_many()
