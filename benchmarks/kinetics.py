"""How fast IgG levels are simulated, fitted and aimed at: problems A to E of the kinetics benchmark.

    python -m benchmarks.kinetics [--write]

10,000 fictional patients for a year, a level a day. Units day, L, g, g/L. Every figure is the best of many
rounds of one run: other work on the machine makes a round slower, never faster. ``--write`` puts the table
into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ivigil.cli import levels as asked
from ivigil.intake.disk import read_levels
from ivigil.kinetics import population
from ivigil.kinetics.fitting import CL, ENDOGENOUS, VC, Fit, Problem, map_fit
from ivigil.kinetics.loops import People, Prior
from ivigil.kinetics.physics import (
    Dose,
    Parameters,
    at_rest,
    clearance,
    concentrations,
    run,
    schedule,
)
from ivigil.kinetics.population import Floats
from ivigil.knowledge.store import load
from tools.report import DOCS, table, write_section

PATIENTS = 10_000
FITTED = 1_000
CL_70, VC_70, Q_70, VP_70, C0_70 = 0.15, 3.5, 0.5, 3.0, 3.0
KA, BIOAVAILABILITY, HALF_RISE = 0.25, 0.67, 20.0
PROPORTIONAL = 0.15
OMEGA = [math.sqrt(math.log(1 + cv * cv)) for cv in (0.30, 0.20, 0.40)]
"""Of CL, Vc and the endogenous level."""
WEIGHT_OMEGA = math.sqrt(math.log(1 + 0.20 * 0.20))
DAYS = [float(day) for day in range(1, 366)]
UNEVEN = sorted({round(365 * (n / 365) ** 1.5, 6) for n in range(1, 366)})
"""A year in which no interval comes twice."""
INFUSIONS = [Dose(28.0 * n, 0.5, 4 / 24) for n in range(13)]
"""In g/kg."""
WEEKLY = [Dose(7.0 * n, 0.125, 0.0, "SC") for n in range(52)]
FIT_SCHEDULE = schedule(INFUSIONS[:3], [0.0, 1.0, 28.0, 84.0])
AIM_SCHEDULE = schedule([Dose(28.0 * n, 1.0, 4 / 24) for n in range(6)], [168.0])
"""In g."""
TARGET, AIM_ERROR = 9.0, 1e-6
PRIOR = Prior(
    [CL, VC, ENDOGENOUS],
    [0, 1, 2],
    [1 / OMEGA[i] ** 2 if i == j else 0.0 for i in range(3) for j in range(3)],
    PROPORTIONAL,
    0.0,
)

LEVELS = DOCS.parent / "examples/levels/immunodeficiency.toml"

CHECKED = (1, 28, 365)
CHECK_A = ((7.89423344515, 2.98209602293, 8.11503482791), (11.3381694057, 2.65458497709, 5.14734024554))
CHECK_B = ((3.84406060737, 6.14365665384, 10.5182848674), (2.59985685737, 4.88529014495, 7.32328575148))
CHECK_C = ((11.3295667777, 5.98475740983, 8.45318286648), (13.1812386098, 4.19620247884, 5.34065341564))
SUM_A, SUM_B = 27993722.2656, 30153756.8402
AIMED_LINEAR, AIMED_SATURABLE = 23.27384653781, 36.71764
ROUNDS = 30

Row = tuple[str, str, str, str]
"""What, clock, processor time of one core, aim."""


def main() -> None:
    """Measure, check and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    rows = [*_many(), *_fits(), *_posterior(), *_aims(), *_cold()]
    check_alone()
    head = (
        f"## IgG kinetics\n\n{os.cpu_count()} cores, with a load of {load:.1f} from other work at the start. "
        f"Best of {ROUNDS} rounds. 10,000 patients\nfor a year unless said otherwise, on all cores by the "
        "clock, and in processor time with one thread. All check values hold.\n"
    )
    text = f"{head}\n{table(['problem', 'clock', 'one thread, processor', 'aim (clock)'], rows)}"
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "kinetics", text)


def draws(count: int = PATIENTS) -> Floats:
    """Standard normal numbers: weight, eta CL, eta Vc, eta C0 of each patient."""
    return np.random.default_rng(20240501).standard_normal((PATIENTS, 4))[:count]


def weight(z: Sequence[float]) -> float:
    """In kg."""
    return 70 * math.exp(WEIGHT_OMEGA * z[0])


def patient(z: Sequence[float], rise: float = 0.0) -> Parameters:
    """A patient's true parameters; production balances the endogenous level."""
    flow, size = (weight(z) / 70) ** 0.75, weight(z) / 70
    cl, vc, level = (
        typical * math.exp(omega * eta)
        for typical, omega, eta in zip((CL_70 * flow, VC_70 * size, C0_70), OMEGA, z[1:], strict=True)
    )
    bare = Parameters(
        cl, vc, Q_70 * flow, VP_70 * size, KA, BIOAVAILABILITY, 0.0, rise, HALF_RISE if rise else 0.0
    )
    return bare._replace(production_g_per_day=clearance(bare, level) * level)


def drug_alone(parameters: Parameters) -> Parameters:
    """Without endogenous IgG."""
    return parameters._replace(production_g_per_day=0.0)


def in_grams(doses: Sequence[Dose], weight_kg: float) -> list[Dose]:
    """Doses per kg, for one weight."""
    return [dose._replace(grams=dose.grams * weight_kg) for dose in doses]


def people_a(times: Sequence[float] = DAYS, count: int = PATIENTS) -> People:
    """Problem A: the drug part of thirteen infusions."""
    z = draws(count).tolist()
    return population.gather(
        [drug_alone(patient(row)) for row in z],
        schedule(INFUSIONS, times),
        np.array([weight(row) for row in z]),
    )


def people_b(count: int = PATIENTS) -> People:
    """Problem B: weekly doses under the skin."""
    z = draws(count).tolist()
    return population.gather(
        [patient(row) for row in z], schedule(WEEKLY, DAYS), np.array([weight(row) for row in z])
    )


def people_c(count: int = PATIENTS) -> People:
    """Problem C: A with clearance that rises."""
    z = draws(count).tolist()
    return population.gather(
        [patient(row, 1.0) for row in z], schedule(INFUSIONS, DAYS), np.array([weight(row) for row in z])
    )


def fit_problem(z: Sequence[float], noise: Sequence[float]) -> Problem:
    """Problem D of one patient: levels with their residual error."""
    levels = [0.0] * 4
    own = patient(z)
    run(own, FIT_SCHEDULE, weight(z), at_rest(own), levels)
    seen = [level * (1 + PROPORTIONAL * error) for level, error in zip(levels, noise, strict=True)]
    typical = patient([z[0], 0.0, 0.0, 0.0])
    ones = [1.0] * 4
    return Problem(
        typical,
        PRIOR.carried,
        PRIOR.carrier,
        PRIOR.precision,
        FIT_SCHEDULE,
        weight(z),
        seen,
        ones,
        PROPORTIONAL,
        0.0,
        [False] * 4,
    )


def fit_problems(count: int = FITTED) -> list[Problem]:
    """Problem D; the benchmark leaves the residual errors open: the next numbers of a second stream."""
    noise = np.random.default_rng(20240502).standard_normal((FITTED, 4)).tolist()
    return [fit_problem(z, errors) for z, errors in zip(draws(count).tolist(), noise, strict=False)]


def grams_for_trough(parameters: Parameters) -> float:
    """Problem E: six equal infusions that lead to the target; by secants from the linear dose."""
    start, found = at_rest(parameters), [0.0]

    def missed(grams: float) -> float:
        run(parameters, AIM_SCHEDULE, grams, start, found)
        return found[0] - TARGET

    low, grams = 0.0, 30.0
    low_error, error = start.central_g / parameters.vc_l - TARGET, missed(grams)
    while abs(error) >= AIM_ERROR:
        low, grams = grams, grams - error * (grams - low) / (error - low_error)
        low_error, error = error, missed(grams)
    return grams


def check_alone() -> None:
    """Check values of the first two patients, in plain Python, and of E."""
    for z, a, b, c in zip(draws(2).tolist(), CHECK_A, CHECK_B, CHECK_C, strict=True):
        for parameters, doses, expected, allowed in (
            (drug_alone(patient(z)), INFUSIONS, a, 1e-11),
            (patient(z), WEEKLY, b, 1e-11),
            (patient(z, 1.0), INFUSIONS, c, 1e-6),
        ):
            levels = concentrations(parameters, in_grams(doses, weight(z)), DAYS)
            _agree([levels[day - 1] for day in CHECKED], expected, allowed)
    first = draws(1).tolist()[0]
    _agree([grams_for_trough(patient(first))], [AIMED_LINEAR], 1e-7)
    _agree([grams_for_trough(patient(first, 1.0))], [AIMED_SATURABLE], 1e-6)


def check_many(levels: Sequence[Floats] | None = None) -> None:
    """Check values and sums of A, B and C, compiled."""
    a, b, c = levels or [population.concentrations(people()) for people in (people_a, people_b, people_c)]
    for found, expected, allowed in ((a, CHECK_A, 1e-11), (b, CHECK_B, 1e-11), (c, CHECK_C, 1e-6)):
        for row, values in zip(found.reshape(PATIENTS, -1), expected, strict=False):
            _agree([row[day - 1] for day in CHECKED], values, allowed)
    _agree([a.sum(), b.sum()], [SUM_A, SUM_B], 1e-11)


def _agree(found: Sequence[float], expected: Sequence[float], allowed: float) -> None:
    for value, wanted in zip(found, expected, strict=True):
        if not abs(value / wanted - 1) <= allowed:
            raise AssertionError(f"{value!r}, but the check value is {wanted!r}")


def _best(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds."""
    spans = []
    for _ in range(ROUNDS):
        begin = clock()
        work()
        spans.append(clock() - begin)
    return 1000 * min(spans)


def _both(what: str, work: Callable[[int | None], object], aim: str) -> Row:
    clock = _best(lambda: work(None))
    own = _best(lambda: work(1), time.thread_time)
    return (what, f"{clock:.1f} ms", f"{own:.1f} ms", aim)


def _many() -> list[Row]:
    rows, kept = [], []
    for what, people, aim in (
        ("A: thirteen infusions", people_a(), "10 ms"),
        ("A-any: the same at 365 uneven times", people_a(UNEVEN), "40 ms"),
        ("B: 52 doses under the skin", people_b(), "15 ms"),
        ("C: A with saturable clearance", people_c(), "60 ms"),
    ):
        out = population.concentrations(people)
        rows.append(_both(what, partial(population.concentrations, people, out), aim))
        kept.append(out)
    check_many([kept[0], kept[2], kept[3]])
    rows.append(("memory of A at its peak, in outputs", f"{_memory():.2f}", "", "2"))
    return rows


def _memory() -> float:
    people = people_a()
    tracemalloc.start()
    out = population.concentrations(people)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / out.nbytes


def _fits() -> list[Row]:
    problems = fit_problems()
    people = population.gather(
        [problem.typical for problem in problems],
        FIT_SCHEDULE,
        np.array([problem.scale for problem in problems]),
    )
    levels = np.array([problem.levels_g_per_l for problem in problems])
    found = population.map_fits(people, PRIOR, levels)
    if not found.converged.all():
        raise AssertionError(f"{(~found.converged).sum()} fits did not converge")
    one = population.gather([problems[0].typical], FIT_SCHEDULE, np.array([problems[0].scale]))
    alone: list[Fit] = []
    compiled = _best(lambda: population.map_fits(one, PRIOR, levels[:1]))
    plain = _best(lambda: alone.append(map_fit(problems[0])))
    _agree(alone[0].eta, found.eta[0].tolist(), 1e-5)
    return [
        _both("D: 1,000 fits", lambda n: population.map_fits(people, PRIOR, levels, None, n), "20 ms"),
        ("D: one fit, warm, plain Python", f"{plain:.2f} ms", "", "1 ms"),
        ("D: one fit, warm, compiled", f"{compiled:.2f} ms", "", "1 ms"),
    ]


def _posterior() -> list[Row]:
    """From the levels of the example to a band and a band of all models, as ``ivigil forecast`` asks it."""
    knowledge = load()
    case = read_levels(str(LEVELS), knowledge).case
    moments = asked.moments(case, asked.WEEKS)
    found = asked.fitted(case, moments, asked.SEED, knowledge).estimate
    spent = _best(lambda: asked.fitted(case, moments, asked.SEED, knowledge))
    draws = f"{sum(fitted.weight > 0 for fitted in found.models)} models, {len(found.people):,} draws"
    return [(f"posterior of one patient, {draws}, warm, plain Python", f"{spent:.0f} ms", "", "50 ms")]


def _aims() -> list[Row]:
    first = draws(1).tolist()[0]
    rows = []
    for what, parameters, aim in (
        ("E1: dose for a trough, linear, plain Python", patient(first), "1 ms"),
        ("E2: the same, saturable, plain Python", patient(first, 1.0), "2 ms"),
    ):
        spent = _best(partial(grams_for_trough, parameters))
        rows.append((what, f"{spent:.2f} ms", "", aim))
    return rows


def _cold() -> list[Row]:
    """A process that simulates once, over one that does nothing."""
    alone = (
        "from ivigil.kinetics.physics import *; "
        "concentrations(Parameters(.15, 3.5, .5, 3.), [Dose(0., 35.)], [28.])"
    )
    many = "from benchmarks import kinetics as b; b.population.concentrations(b.people_a(count=100))"
    forecast = f"from ivigil.cli.main import main; main(['forecast', {str(LEVELS)!r}])"
    bare = _process("pass")
    return [
        ("`ivigil forecast`, cold process", f"{_process(forecast) / 1000:.2f} s", "", "0.6 s"),
        (
            "one person simulated, cold process, over a bare interpreter",
            f"{_process(alone) - bare:.0f} ms",
            "",
            "",
        ),
        ("100 people, cold process, code compiled before", f"{_process(many) - bare:.0f} ms", "", ""),
    ]


def _process(code: str) -> float:
    """Milliseconds; the best of a few."""
    spans = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        spans.append(time.perf_counter() - begin)
    return 1000 * min(spans)


if __name__ == "__main__":
    main()
