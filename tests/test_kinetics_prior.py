"""A published model handed to the physics: by hand, by the tests' own solution, by published results."""

from __future__ import annotations

from decimal import Decimal
from math import exp, log1p

import pytest
from msgspec.structs import replace

from ivigil.kinetics.fitting import CL, VC
from ivigil.kinetics.individual import Subject, typical
from ivigil.kinetics.physics import clearance, concentrations, endogenous
from ivigil.kinetics.prior import NotAPriorError, dose, prior
from ivigil.kinetics.simulate import parameters_of
from ivigil.kinetics.values import Dose
from tests.support.kinetics_cases import Case, cases, given, own_level
from tests.support.orders import knowledge
from tests.support.superposition import infused

CASES = cases()
ADULT = Subject(
    condition="primary_immunodeficiency",
    route="IV",
    weight_kg=Decimal(70),
    height_cm=Decimal(170),
    sex="male",
    age_years=Decimal(40),
    igm_g_per_l=Decimal(1),
    endogenous_igg_g_per_l=Decimal(2),
    medicines=(),
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_published_results_through_the_physics(case: Case) -> None:
    """Every linear model of every case gives the levels of the tests' own sums of exponentials, which
    ``test_kinetics_published`` holds against what was printed."""
    for name in case.models:
        model = knowledge().population_models[name]
        if model.elimination == "saturable_recycling":
            continue
        own = own_level(case, typical(model, case.subject, knowledge()))
        subject = replace(case.subject, endogenous_igg_g_per_l=Decimal(own))
        found = typical(model, subject, knowledge())
        if own and "endogenous_g_per_l" not in found.values:
            found = replace(found, values={**found.values, "endogenous_g_per_l": own})
        for regimen in case.regimen.values():
            boluses = given(regimen, subject)
            end = float(regimen.last_interval[1])
            times = [0.0, boluses[-1].day + 1e-6, end / 2, end]
            relative = found.facilitated
            doses = [dose(item.day, item.grams, item.route, relative) for item in boluses]  # type: ignore[arg-type]
            expected = [own + infused(found, boluses, time) for time in times]
            assert concentrations(parameters_of(found), doses, times) == pytest.approx(expected, rel=1e-9)


def test_one_compartment_by_hand() -> None:
    """lee2021 is one compartment: own level + dose / V exp(-CL t / V)."""
    found = typical(knowledge().population_models["lee2021"], ADULT, knowledge())
    cl, vc = found.clearance_l_per_day, found.values["vc_l"]
    assert cl is not None
    (level,) = concentrations(parameters_of(found), [Dose(0.0, 30.0)], [21.0])
    assert level == pytest.approx(2 + 30 / vc * exp(-cl / vc * 21), rel=1e-12)


@pytest.mark.parametrize("level", [0.0, 4.0, 8.0, 12.0, 30.0])
def test_the_saturable_curve_is_that_of_the_paper(level: float) -> None:
    """Kim 2007: FCR = 0.18 - 147 / (42 (21 + C)) per day, of a plasma pool of 42 mL/kg."""
    high = replace(ADULT, dose_g_per_kg=Decimal(2), endogenous_igg_g_per_l=Decimal(10))
    found = typical(knowledge().population_models["kim2cmt_project"], high, knowledge())
    person = parameters_of(found)
    by_hand = (0.18 - 147 / (42 * (21 + level))) * 0.042 * 70
    assert clearance(person, level) == pytest.approx(by_hand, rel=1e-12)
    assert endogenous(person) == pytest.approx(10, rel=1e-9)


def test_a_rate_constant_stands_still_when_the_volume_differs() -> None:
    models = knowledge().facts.population_model
    (model, *_) = [m for m in models if m.elimination == "rate_constant" and m.verdict.status == "usable"]
    found = prior(model, replace(ADULT, condition="mmn"), knowledge())
    place = found.names.index("vc_l")
    moved = {found.carried[i] for i in range(len(found.carried)) if found.carrier[i] == place}
    assert moved == {VC, CL}


def test_the_population_s_own_level_is_replaced_by_the_patient_s_with_the_error_of_measuring() -> None:
    cheng = knowledge().population_models["cheng2026"]
    without = prior(cheng, replace(ADULT, endogenous_igg_g_per_l=None), knowledge())
    measured = prior(cheng, replace(ADULT, endogenous_igg_g_per_l=Decimal(8)), knowledge())
    assert endogenous(measured.typical) == pytest.approx(8)
    assert endogenous(without.typical) != pytest.approx(8)
    place = measured.names.index("endogenous_g_per_l")
    assert measured.omega2[place] == pytest.approx(log1p(0.117**2 + (0.812 / 8) ** 2))
    assert measured.omega2[place] < without.omega2[without.names.index("endogenous_g_per_l")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("zhang2020", "typical_values_only"),
        ("kim2cmt_project", "typical_values_only"),
        ("tegenge2020", "refused"),
        ("fokkink2022", "refused"),
    ],
)
def test_what_is_no_prior_is_refused_with_the_fact_that_ruled(name: str, reason: str) -> None:
    with pytest.raises(NotAPriorError) as refused:
        prior(knowledge().population_models[name], ADULT, knowledge())
    assert refused.value.reason == reason
    assert refused.value.facts[0] in knowledge().by_id


def test_what_is_not_known_is_not_guessed() -> None:
    with pytest.raises(NotAPriorError) as refused:
        prior(knowledge().population_models["navarromora2022"], replace(ADULT, weight_kg=None), knowledge())
    assert refused.value.reason == "missing"


@pytest.mark.parametrize(
    "name", [m.id for m in knowledge().facts.population_model if m.verdict.status == "usable"]
)
def test_every_usable_model_is_a_prior(name: str) -> None:
    model = knowledge().population_models[name]
    fitted = model.fitted
    assert fitted is not None
    found = prior(model, replace(ADULT, condition=fitted.conditions[0]), knowledge())
    assert all(value > 0 for value in found.omega2)
    assert found.error.proportional > 0
    assert len(found.carried) == len(found.carrier)
