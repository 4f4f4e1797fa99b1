"""Simulated levels against formulas by hand, and what a simulation may not do."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.individual import Subject, typical, variability
from ivigil.kinetics.regimen import Given, Regimen, changed, doses, late, loaded, missed
from ivigil.kinetics.simulate import (
    COMPILED_FROM,
    Before,
    NoVariabilityError,
    Plan,
    Population,
    SimulationError,
    drawn,
    judged,
    one,
    parameters_of,
    population,
    steady_levels,
)
from ivigil.knowledge.kinetics import PopulationModel
from tests.support.orders import knowledge
from tests.support.superposition import Given as ByHand
from tests.support.superposition import infused

ADULT = Subject(
    condition="primary_immunodeficiency",
    route="IV",
    weight_kg=Decimal(70),
    height_cm=Decimal(170),
    sex="male",
    age_years=Decimal(40),
    endogenous_igg_g_per_l=Decimal(4),
    medicines=(),
)
MONTHLY = Regimen(grams=35, interval_days=28)
TROUGHS = tuple(28.0 * n for n in range(14))
DAILY = tuple(float(n) for n in range(365))


def model(name: str) -> PopulationModel:
    return knowledge().population_models[name]


def plan(times: tuple[float, ...] = TROUGHS, regimen: Regimen = MONTHLY) -> Plan:
    return Plan(doses(regimen.until(365)), times)


def people(patients: int = 60, seed: int = 1, of: Plan | None = None) -> Population:
    subject = replace(ADULT, endogenous_igg_g_per_l=None)
    return population(
        model("navarromora2022"), subject, of or plan(), knowledge(), patients=patients, seed=seed
    )


def test_one_compartment_by_hand() -> None:
    """Dumas 2019 has one compartment: the sum of dose / V exp(-k t) over the boluses, nothing added."""
    found = typical(model("dumas2019"), ADULT, knowledge())
    assert "q_l_per_day" not in found.values
    volume, clearance = found.values["vc_l"], found.clearance_l_per_day
    assert clearance is not None
    k = clearance / volume
    levels = one(model("dumas2019"), ADULT, plan((100.0, 300.0)), knowledge())
    for time, level in zip((100.0, 300.0), levels, strict=True):
        by_hand = sum(35 / volume * math.exp(-k * (time - 28 * n)) for n in range(14) if 28 * n < time)
        assert level == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("name", ["navarromora2022", "li2022", "tortorici2019", "zhang2020", "lee2021"])
def test_published_models_by_the_tests_own_superposition(name: str) -> None:
    found = typical(model(name), ADULT, knowledge())
    boluses = [ByHand(28 * n, 35, "IV") for n in range(14)]
    times = (3.0, 28.5, 200.0, 364.0)
    for time, level in zip(times, one(model(name), ADULT, plan(times), knowledge()), strict=True):
        own = found.values.get("endogenous_g_per_l", 0.0)
        assert level == pytest.approx(own + infused(found, boluses, time), rel=1e-9)


@pytest.mark.parametrize("route", ["SC", "facilitated_SC"])
def test_facilitated_doses_have_their_own_bioavailability(route: str) -> None:
    regimen = Regimen(grams=10, interval_days=7, route=route)  # type: ignore[arg-type]
    found = typical(model("li2022"), ADULT, knowledge())
    boluses = [ByHand(7 * n, 10, route) for n in range(20)]
    (level,) = one(model("li2022"), ADULT, plan((130.0,), regimen), knowledge())
    assert level == pytest.approx(4 + infused(found, boluses, 130), rel=1e-9)


def test_a_saturable_model_loses_at_rest_what_it_makes() -> None:
    subject = replace(ADULT, condition="cidp", endogenous_igg_g_per_l=Decimal(10))
    found = typical(model("kim2cmt_project"), subject, knowledge())
    at_ten = found.clearance_at(10)
    assert at_ten is not None
    assert parameters_of(found).production_g_per_day == pytest.approx(10 * at_ten, rel=1e-12)
    later = Plan((Given(400.0, 140.0),), (0.0, 399.0))
    assert one(model("kim2cmt_project"), subject, later, knowledge()) == pytest.approx((10, 10), rel=1e-7)


def test_steady_state_is_the_end_of_a_long_run() -> None:
    found = typical(model("navarromora2022"), ADULT, knowledge())
    long = Plan(doses(MONTHLY.until(28 * 60)), (28.0 * 60 - 1e-6, 28.0 * 59 + 1e-9))
    trough, peak = steady_levels(found, Before(MONTHLY.course(0), 28))
    assert (trough, peak) == pytest.approx(one(model("navarromora2022"), ADULT, long, knowledge()), rel=1e-6)


def test_a_treatment_that_went_on_for_ever_stays_as_it_is() -> None:
    before = Before(MONTHLY.course(0), 28)
    kept = Plan(doses(MONTHLY.until(365)), TROUGHS, before)
    levels = one(model("navarromora2022"), ADULT, kept, knowledge())
    assert levels == pytest.approx([levels[0]] * len(levels), rel=1e-9)


def test_a_missed_dose_lowers_and_a_loading_dose_raises() -> None:
    name, usual = "navarromora2022", MONTHLY.until(365)
    base = one(model(name), ADULT, plan(), knowledge())
    without = one(model(name), ADULT, Plan(doses(missed(usual, 4)), TROUGHS), knowledge())
    assert without[:4] == base[:4]
    assert all(low < high for low, high in zip(without[4:], base[4:], strict=True))
    more = one(model(name), ADULT, Plan(doses(loaded(usual, 70)), TROUGHS), knowledge())
    assert all(high > low for low, high in zip(base[1:], more[1:], strict=True))


def test_late_doses() -> None:
    usual = MONTHLY.until(120)
    starts = [dose.time_days for dose in doses(usual)]
    assert starts == [0, 28, 56, 84, 112]
    assert [dose.time_days for dose in doses(late(usual, 2, 5))] == [0, 33, 56, 84, 112]
    assert [dose.time_days for dose in doses(late(usual, 2, 5, then_on_time=False))] == [0, 33, 61, 89, 117]
    for number in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            late(usual, number, 5)


def test_a_switch_to_subcutaneous_doses() -> None:
    weekly = Regimen(grams=12, interval_days=7, route="SC")
    found = doses(changed(MONTHLY.until(90), weekly, 91, 112))
    assert [(dose.time_days, dose.route) for dose in found] == [
        (0, "IV"),
        (28, "IV"),
        (56, "IV"),
        (84, "IV"),
        (91, "SC"),
        (98, "SC"),
        (105, "SC"),
    ]
    both = judged(model("navarromora2022"), ADULT, Plan(found, (0.0,)), knowledge())
    assert len(both) == 2
    with pytest.raises(SimulationError):
        one(model("cheng2026"), ADULT, Plan(found, (0.0,)), knowledge())


def test_a_course_over_days_is_judged_whole() -> None:
    """Five times 0.4 g/kg is 2 g/kg: a replacement model does not answer as if it were 0.4."""
    five = Regimen(grams=140, interval_days=28, over_days=5, duration_days=0.2)
    for item in judged(model("navarromora2022"), ADULT, plan(regimen=five), knowledge()):
        assert [check.place for check in item.ranges if check.of == "dose_g_per_kg"] == ["outside"] * 2
    restricted = [
        name
        for name, found in knowledge().population_models.items()
        for item in found.restrictions
        if item.of == "dose_g_per_kg" and found.verdict.status == "usable"
    ]
    for name in restricted:
        with pytest.raises(SimulationError):
            one(model(name), ADULT, plan(regimen=five), knowledge())


@pytest.mark.parametrize(
    "fields",
    [
        {"grams": 0, "interval_days": 28},
        {"grams": 30, "interval_days": 0},
        {"grams": 30, "interval_days": 28, "over_days": 0},
        {"grams": 30, "interval_days": 3, "over_days": 5},
        {"grams": 30, "interval_days": 4, "over_days": 5},
        {"grams": 30, "interval_days": 28, "duration_days": 1.5},
        {"grams": 30, "interval_days": 28, "duration_days": -1},
    ],
)
def test_what_cannot_be_given_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="accepted"):
        Regimen(**fields)  # type: ignore[arg-type]


def test_the_smallest_course_counts_too() -> None:
    """Kim under-predicts replacement troughs: 2 g/kg first does not open it for 0.4 g/kg after."""
    cidp = replace(ADULT, condition="cidp", endogenous_igg_g_per_l=Decimal(10))
    high = Regimen(grams=140, interval_days=28)
    assert one(model("kim2cmt_project"), cidp, plan(regimen=high), knowledge())
    lower = Plan(doses(changed(high.until(28), MONTHLY, 28, 100)), (99.0,))
    with pytest.raises(SimulationError):
        one(model("kim2cmt_project"), cidp, lower, knowledge())


def test_daily_injections_are_judged_by_the_week() -> None:
    """0.1 g/kg a day is 0.7 g/kg a week; what the end of the plan cuts off is the smallest course."""
    daily = Regimen(grams=7, interval_days=1, route="SC")
    found = judged(model("navarromora2022"), ADULT, plan(regimen=daily), knowledge())
    checks = [check for item in found for check in item.ranges]
    assert {check.value for check in checks if check.of == "dose_g_per_kg"} == {
        Decimal("0.1"),
        Decimal("0.7"),
    }
    assert {check.value for check in checks if check.of == "interval_days"} == {7}


def test_no_simulation_without_a_dose() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Plan((), (0.0,))


def test_the_same_seed_gives_the_same_patients_and_more_add_to_them() -> None:
    assert people(20) == people(20)
    assert people(40).levels_g_per_l[:20] == people(20).levels_g_per_l
    assert people(20, seed=2) != people(20)


def test_virtual_patients_vary_as_published() -> None:
    """The logarithms of drawn clearances have the published variance; 4,000 patients, within 4 errors."""
    subject = replace(ADULT, endogenous_igg_g_per_l=None)
    of = model("navarromora2022")
    centre = typical(of, subject, knowledge()).values
    found = [item.values for item in drawn(of, subject, knowledge(), 4000, seed=3)]
    for name, omega2 in variability(of, knowledge()).items():
        etas = [math.log(values[name] / centre[name]) for values in found]
        mean = sum(etas) / len(etas)
        variance = sum((eta - mean) ** 2 for eta in etas) / (len(etas) - 1)
        assert abs(mean) < 4 * math.sqrt(omega2 / len(etas))
        assert abs(variance / omega2 - 1) < 4 * math.sqrt(2 / len(etas))


def test_the_patients_own_level_is_kept() -> None:
    for item in drawn(model("li2022"), ADULT, knowledge(), 10, seed=1):
        assert item.values["endogenous_g_per_l"] == 4


def test_percentiles_rise_and_the_median_is_the_typical_one() -> None:
    found = people(301)
    rows = found.percentiles((5, 25, 50, 75, 95))
    for column in zip(*rows, strict=True):
        assert all(low <= high for low, high in pairwise(column))
    typical_one = one(
        model("navarromora2022"), replace(ADULT, endogenous_igg_g_per_l=None), plan(), knowledge()
    )
    assert found.percentiles((50,))[0] == pytest.approx(typical_one, rel=0.1)


def test_a_percentile_by_hand() -> None:
    """Of 1, 2, 4, 8: the quarter lies three quarters of the way from 1 to 2."""
    found = Population((0.0,), ((4.0,), (1.0,), (8.0,), (2.0,)))
    assert [row[0] for row in found.percentiles((0, 25, 50, 100))] == [1, 1.75, 3, 8]
    assert found.share_above(4) == (0.5,)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 40), min_size=2, max_size=5))
def test_the_share_above_a_target_falls_with_the_target(targets: list[float]) -> None:
    shares = [POPULATION.share_above(target) for target in sorted(targets)]
    for row in shares:
        assert all(0 <= share <= 1 for share in row)
    for lower, higher in pairwise(shares):
        assert all(high <= low for low, high in zip(lower, higher, strict=True))


POPULATION = people(50)


def test_typical_values_give_a_curve_and_no_population() -> None:
    for name in ("zhang2020", "landersdorfer2013", "luo2020"):
        assert len(one(model(name), ADULT, plan(), knowledge())) == len(TROUGHS)
        with pytest.raises(NoVariabilityError):
            population(model(name), ADULT, plan(), knowledge(), patients=5, seed=1)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("tegenge2020", ADULT),
        ("navarromora2022", replace(ADULT, condition="cidp")),
        ("navarromora2022", replace(ADULT, medicines=("voiding.efgartigimod",))),
        ("navarromora2022", replace(ADULT, weight_kg=None)),
        ("li2022", replace(ADULT, height_cm=None)),
        ("lee2021", replace(ADULT, endogenous_igg_g_per_l=None)),
    ],
)
def test_a_refused_model_is_not_simulated(name: str, subject: Subject) -> None:
    for simulate in (
        lambda: one(model(name), subject, plan(), knowledge()),
        lambda: population(model(name), subject, plan(), knowledge(), patients=2, seed=1),
    ):
        with pytest.raises(SimulationError) as refused:
            simulate()
        assert any(item.refusals for item in refused.value.judged)


def test_compiled_and_plain_agree() -> None:
    pytest.importorskip("numba")
    regimen = Regimen(grams=10, interval_days=7, route="facilitated_SC")
    for of in (plan(), plan(regimen=regimen)):
        plain, compiled = (
            population(model("li2022"), ADULT, of, knowledge(), patients=30, seed=5, compiled=way)
            for way in (False, True)
        )
        for left, right in zip(plain.levels_g_per_l, compiled.levels_g_per_l, strict=True):
            assert left == pytest.approx(right, rel=1e-9)


def test_without_the_extra_a_large_population_runs_in_plain_python() -> None:
    """So many steps that compiled code would be used, were it there."""
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from tests.test_kinetics_simulate import COMPILED_FROM, DAILY, people, plan\n"
        "print(*people(COMPILED_FROM // len(DAILY), of=plan(DAILY)).levels_g_per_l[-1])"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    levels = [float(level) for level in ended.stdout.split()]
    compiled = people(COMPILED_FROM // len(DAILY), of=plan(DAILY)).levels_g_per_l[-1]
    assert levels == pytest.approx(compiled, rel=1e-9)


def test_progress_is_told() -> None:
    told: list[int] = []
    population(model("navarromora2022"), ADULT, plan(), knowledge(), patients=250, seed=1, report=told.append)
    assert told == [100, 200]
