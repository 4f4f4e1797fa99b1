"""What documents printed about IgG levels, against the models and a solution of the tests' own."""

from __future__ import annotations

import pytest

from ivigil.kinetics.individual import Subject, typical
from ivigil.knowledge.kinetics import PopulationModel, ReferenceValue
from tests.support.kinetics_cases import Case, cases, measured
from tests.support.orders import knowledge
from tests.support.superposition import Given, half_life_days, infused_auc

CASES = cases()
REFERENCES = [
    pytest.param(model, item, id=item.id)
    for model in knowledge().facts.population_model
    for item in model.reference_values
]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_published_result_is_given_back(case: Case) -> None:
    for expect in case.expect:
        low, high = expect.bounds
        for who, figure in measured(case, expect, knowledge()).items():
            assert low <= figure <= high, f"{who}: {expect.of} {figure:.4g}, accepted {low:.4g} to {high:.4g}"


@pytest.mark.parametrize(("model", "item"), REFERENCES)
def test_a_model_gives_back_its_reference_value(model: PopulationModel, item: ReferenceValue) -> None:
    """The figures that library and paper printed: CL, F dose / CL, AUC of the first interval."""
    figure = {
        "cl": _clearance,
        "auc_exogenous": _steady_auc,
        "auc_total_first_interval": _first_auc,
        "recycling_over_catabolic_rate": _recycling,
    }[item.of](model, item)
    assert figure == pytest.approx(float(item.value), abs=float(item.tolerance)), item.why_tolerance


def _subject(item: ReferenceValue) -> Subject:
    child = item.igm_g_per_l is not None
    return Subject(
        condition="primary_immunodeficiency",
        weight_kg=item.weight_kg,
        height_cm=item.height_cm,
        sex=item.sex,
        age_years=None if child else knowledge().facts.standard_patient[0].age_years,
        igm_g_per_l=item.igm_g_per_l,
    )


def _clearance(model: PopulationModel, item: ReferenceValue) -> float:
    found = typical(model, _subject(item), knowledge()).clearance_l_per_day
    assert found is not None
    return found


def _steady_auc(model: PopulationModel, item: ReferenceValue) -> float:
    """F x dose / CL, and the same by summing doses until nothing changes: the two must agree."""
    assert item.dose_g_per_kg is not None
    assert item.interval_days is not None
    found = typical(model, _subject(item), knowledge())
    grams = float(item.dose_g_per_kg * item.weight_kg)
    share = found.values["f_sc"] if item.route == "SC" else 1.0
    by_hand = share * grams / _clearance(model, item)
    days = 5000
    doses = [Given(day, grams, item.route or "IV") for day in range(0, days, item.interval_days)]
    start = doses[-1].day
    summed = infused_auc(found, doses, start, start + item.interval_days)
    assert summed == pytest.approx(by_hand, rel=1e-6)
    return by_hand


def _first_auc(model: PopulationModel, item: ReferenceValue) -> float:
    assert item.dose_g_per_kg is not None
    assert item.interval_days is not None
    found = typical(model, _subject(item), knowledge())
    doses = [Given(0, float(item.dose_g_per_kg * item.weight_kg), "IV")]
    own = found.values["endogenous_g_per_l"] * item.interval_days
    return infused_auc(found, doses, 0, item.interval_days) + own


def _recycling(model: PopulationModel, item: ReferenceValue) -> float:
    """Kim 2007, equations 2 and 3: recycling Jmax / (V (Km + C)) over the net loss kint - recycling."""
    assert item.concentration_g_per_l is not None
    values = typical(model, _subject(item), knowledge()).values
    recycled = values["jmax_g_per_day"] / (
        values["vc_l"] * (values["km_g_per_l"] + float(item.concentration_g_per_l))
    )
    return recycled / (values["kint_per_day"] - recycled)


@pytest.mark.parametrize(
    "model",
    [
        model
        for model in knowledge().facts.population_model
        if model.verdict.status != "refused" and model.elimination != "saturable_recycling"
    ],
    ids=lambda model: model.id,
)
def test_half_life_and_clearance_agree_with_the_rates_by_hand(model: PopulationModel) -> None:
    (standard,) = knowledge().facts.standard_patient
    subject = Subject(
        condition="primary_immunodeficiency",
        weight_kg=standard.weight_kg,
        height_cm=standard.height_cm,
        sex=standard.sex,
        age_years=standard.age_years,
    )
    found = typical(model, subject, knowledge())
    assert found.half_life_days == pytest.approx(half_life_days(found), rel=1e-9)
    assert 10 < half_life_days(found) < 50
    whole = infused_auc(found, [Given(0, 1, "IV")], 0, 1e5)
    assert whole * (found.clearance_l_per_day or 0) == pytest.approx(1, rel=1e-9)
