"""A published model for one patient: covariates, what is missing, where it applies, what refuses it."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.applicability import Applicability, applicability, applicable
from ivigil.kinetics.individual import Subject, error, lean_body_mass_kg, omega2, typical, variability
from ivigil.knowledge.kinetics import PopulationModel
from ivigil.knowledge.model_check import model_faults
from ivigil.knowledge.store import Knowledge
from tests.support.orders import knowledge

ADULT = Subject(
    condition="primary_immunodeficiency",
    route="IV",
    weight_kg=Decimal(70),
    height_cm=Decimal(170),
    sex="male",
    age_years=Decimal(40),
    dose_g_per_kg=Decimal("0.4"),
    interval_days=28,
    medicines=(),
)
USED = [model for model in knowledge().facts.population_model if model.verdict.status != "refused"]


def model(name: str) -> PopulationModel:
    return knowledge().population_models[name]


def judged(name: str, subject: Subject) -> Applicability:
    return applicability(model(name), subject, knowledge())


def test_lean_body_mass_of_a_man_as_the_review_computed_it() -> None:
    """0.407 x 70 + 0.267 x 170 - 19.2 = 54.68 (nlmixr2lib article, virtual cohort)."""
    assert lean_body_mass_kg(ADULT, knowledge().facts.lean_body_mass) == pytest.approx(54.68)


def test_lean_body_mass_of_a_woman() -> None:
    """0.252 x 60 + 0.473 x 160 - 48.3 = 42.5, a worked example of the formula on a teaching page."""
    woman = replace(ADULT, sex="female", weight_kg=Decimal(60), height_cm=Decimal(160))
    assert lean_body_mass_kg(woman, knowledge().facts.lean_body_mass) == pytest.approx(42.5, abs=0.005)


@pytest.mark.parametrize("unknown", ["weight_kg", "height_cm", "sex", "age_years"])
def test_lean_body_mass_is_never_guessed(unknown: str) -> None:
    subject = replace(ADULT, **{unknown: None})
    assert lean_body_mass_kg(subject, knowledge().facts.lean_body_mass) is None
    refusals = judged("li2022", subject).refusals
    assert {item.missing for item in refusals if item.why == "covariate"} == {(unknown,)}


def test_a_child_has_no_lean_body_mass_here() -> None:
    child = replace(ADULT, weight_kg=Decimal(20), height_cm=Decimal(110), age_years=Decimal(6))
    assert judged("li2022", child).outcome == "refused"
    assert typical(model("li2022"), child, knowledge()).missing["cl_l_per_day"] == ("lean_body_mass_kg",)
    assert judged("navarromora2022", child).outcome != "refused"


@pytest.mark.parametrize(
    ("cv_percent", "expected"),
    [("28.9", 0.080216), ("19.3", 0.036572), ("82.3", 0.517203), ("252.77", 2.000029), ("325.4", 2.450015)],
)
def test_a_coefficient_of_variation_becomes_the_variance_that_the_library_prints(
    cv_percent: str, expected: float
) -> None:
    assert omega2(Decimal(cv_percent)) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(
    ("name", "proportional", "additive"),
    [
        ("navarromora2022", 0.053009, 0.817313),
        ("zhang2020", 0.100499, 0.079498),
        ("li2024b", 0.095131, 0.0),
        ("tortorici2019", 0.071, 0.93),
        ("li2022", 0.108, 0.962),
    ],
)
def test_a_printed_variance_becomes_the_deviation_that_the_library_prints(
    name: str, proportional: float, additive: float
) -> None:
    chosen = model(name).error
    assert chosen is not None
    found = error(chosen)
    assert found.proportional == pytest.approx(proportional, abs=5e-7)
    assert found.additive_g_per_l == pytest.approx(additive, abs=5e-7)


def test_an_ambiguous_error_keeps_both_readings() -> None:
    readings = {item.reading: item.chosen for item in model("li2022").errors}
    assert readings == {"standard_deviation": True, "variance": False}


def test_ten_patients_are_no_prior() -> None:
    assert variability(model("lee2021"), knowledge()) == {
        name: value
        for name, value in variability(model("navarromora2022"), knowledge()).items()
        if name in ("cl_l_per_day", "vc_l")
    }


def test_the_patients_own_untreated_level_replaces_any_other() -> None:
    xla = replace(ADULT, endogenous_igg_g_per_l=Decimal("0.7"))
    for name in ("navarromora2022", "li2022", "lee2021", "cheng2026"):
        found = typical(model(name), xla, knowledge())
        assert (found.values["endogenous_g_per_l"], found.endogenous_of) == (0.7, "patient")
    assert typical(model("navarromora2022"), ADULT, knowledge()).values["endogenous_g_per_l"] == 4


def test_a_model_of_total_igg_adds_no_level_of_its_own() -> None:
    found = typical(model("dumas2019"), replace(ADULT, endogenous_igg_g_per_l=Decimal(4)), knowledge())
    assert (found.endogenous_of, "endogenous_g_per_l" in found.values) == ("none", False)


def test_a_model_that_needs_the_own_level_does_not_apply_without_it() -> None:
    cidp = replace(ADULT, condition="cidp", dose_g_per_kg=Decimal(1), interval_days=21)
    (refusal,) = judged("tortorici2021", cidp).refusals
    assert (refusal.why, refusal.missing) == ("covariate", ("endogenous_igg_g_per_l",))
    known = replace(cidp, endogenous_igg_g_per_l=Decimal("12.5"))
    assert judged("tortorici2021", known).outcome == "applies"


def test_a_volume_with_an_extreme_exponent_is_held_within_its_cohort() -> None:
    """At 40 kg lean the formula alone gives 6.48 (40 / 56.54)^2.17 = 3.05 L; held to 50 kg 4.96 L."""
    small = replace(ADULT, weight_kg=Decimal(50), height_cm=Decimal(150))
    found = typical(model("li2024b"), small, knowledge())
    assert found.values["vc_l"] == pytest.approx(6.48 * (50 / 56.54) ** 2.17)
    assert found.clipped == ("vc_l",)


def test_the_ratio_of_secondary_deficiency() -> None:
    """Cheng 2026, Table 4: clearance 0.542 times, own IgG 0.541 times that of primary deficiency."""
    child = replace(ADULT, weight_kg=Decimal(70), igm_g_per_l=Decimal("0.21"), age_years=Decimal(16))
    secondary = replace(child, condition="secondary_immunodeficiency_car_t")
    first = typical(model("cheng2026"), child, knowledge()).values
    second = typical(model("cheng2026"), secondary, knowledge()).values
    assert (first["cl_l_per_day"], first["endogenous_g_per_l"]) == pytest.approx((0.308, 5.67))
    assert second["cl_l_per_day"] == pytest.approx(0.308 * 0.542)
    assert second["endogenous_g_per_l"] == pytest.approx(5.67 * 0.541)


@pytest.mark.parametrize(
    ("concentration", "ml_per_day_per_kg"), [(4, 1.68), (8, 2.49), (12.1, 3.12), (20, 3.97), (30, 4.68)]
)
def test_saturable_clearance_by_hand(concentration: float, ml_per_day_per_kg: float) -> None:
    """Kim 2007: (0.18 - 147 / (42 (21 + C))) x 42 mL/kg/d."""
    by_hand = (0.18 - 147 / (42 * (21 + concentration))) * 42
    assert by_hand == pytest.approx(ml_per_day_per_kg, abs=0.006)
    found = typical(model("kim2cmt_project"), replace(ADULT, weight_kg=Decimal(1)), knowledge())
    assert (found.clearance_at(concentration) or 0) * 1000 == pytest.approx(by_hand)
    assert found.half_life_days is None


def test_the_first_model_in_primary_immunodeficiency() -> None:
    ranked = [item for item in applicable(ADULT, knowledge()) if item.outcome != "refused"]
    assert ranked[0].model == "navarromora2022"
    assert ranked[0].outcome == "applies"
    assert {item.model for item in ranked} == {
        "navarromora2022",
        "li2022",
        "tortorici2019",
        "luo2020",
        "zhang2020",
        "landersdorfer2013",
        "dumas2019",
    }
    assert all(item.second_hand for item in ranked)


def test_no_replacement_model_is_carried_to_two_grams_per_kg() -> None:
    course = replace(ADULT, dose_g_per_kg=Decimal(2), endogenous_igg_g_per_l=Decimal(8))
    assert all(item.outcome == "refused" for item in applicable(course, knowledge()))


@pytest.mark.parametrize("condition", ["guillain_barre", "kawasaki_disease", "itp_adult"])
def test_two_grams_per_kg_without_a_model_of_its_own_gets_a_marked_band(condition: str) -> None:
    course = replace(ADULT, condition=condition, dose_g_per_kg=Decimal(2), endogenous_igg_g_per_l=Decimal(10))
    found = [item for item in applicable(course, knowledge()) if item.outcome != "refused"]
    assert [item.model for item in found] == ["tortorici2021", "kim2cmt_project"]
    assert all(item.extrapolated and item.outcome == "with_warnings" for item in found)


@pytest.mark.parametrize("medicine", [item.id for item in knowledge().facts.voiding_medicine])
def test_no_model_holds_under_an_fcrn_blocker(medicine: str) -> None:
    treated = replace(ADULT, medicines=(medicine,), endogenous_igg_g_per_l=Decimal(8))
    for item in applicable(treated, knowledge()):
        assert item.outcome == "refused"
        assert any(refusal.fact == medicine for refusal in item.refusals)


def test_medicines_that_nobody_asked_for_are_a_warning() -> None:
    found = judged("navarromora2022", replace(ADULT, medicines=None))
    assert (found.outcome, found.medicines_assumed) == ("with_warnings", True)


@pytest.mark.parametrize("name", ["luo2020", "zhang2020"])
@pytest.mark.parametrize("age", [None, Decimal(17)])
def test_adults_only_where_volumes_carry_no_weight(name: str, age: Decimal | None) -> None:
    found = judged(name, replace(ADULT, age_years=age))
    assert [item.why for item in found.refusals] == ["restriction"]


def test_outside_the_fitted_range_is_said_and_not_refused() -> None:
    found = judged("navarromora2022", replace(ADULT, weight_kg=Decimal(160)))
    assert found.outcome == "with_warnings"
    assert [(item.of, item.place) for item in found.ranges if item.place != "inside"] == [
        ("weight_kg", "outside")
    ]


def test_a_route_that_the_model_does_not_know() -> None:
    facilitated = replace(ADULT, route="facilitated_SC", interval_days=28)
    left = [item.model for item in applicable(facilitated, knowledge()) if item.outcome != "refused"]
    assert left == ["li2022"]


@pytest.mark.parametrize(
    "name", ["kim2007", "tortorici2019_sid", "tegenge2020", "fokkink2022", "pharmacolibrary"]
)
def test_nonsense_is_refused_with_its_reason(name: str) -> None:
    found = judged(name, ADULT)
    assert found.outcome == "refused"
    assert found.refusals[0].fact == f"{name}.verdict"
    assert model(name).verdict.reason


@pytest.mark.parametrize("unknown", [name for name in Subject.__struct_fields__ if name != "medicines"])
@pytest.mark.parametrize("one", USED, ids=lambda one: one.id)
def test_forgetting_never_makes_a_model_apply(one: PopulationModel, unknown: str) -> None:
    """Less known: never fewer refusals for another reason, never a better outcome."""
    order = ("applies", "with_warnings", "refused")
    for condition in ("primary_immunodeficiency", "cidp", "mmn"):
        whole = replace(
            ADULT,
            condition=condition,
            endogenous_igg_g_per_l=Decimal(8),
            igm_g_per_l=Decimal(1),
            concentration_g_per_l=Decimal(10),
        )
        less = replace(whole, **{unknown: None})
        before, after = judged(one.id, whole), judged(one.id, less)
        if unknown == "endogenous_igg_g_per_l" and one.endogenous in ("fixed", "estimated", "in_total"):
            continue  # the population's own figure stands in
        assert order.index(after.outcome) >= order.index(before.outcome)


@given(weight=st.decimals("5", "150", places=1), heavier=st.decimals("1.01", "3", places=2))
def test_a_heavier_patient_never_clears_less(weight: Decimal, heavier: Decimal) -> None:
    for one in USED:
        light = typical(one, replace(ADULT, weight_kg=weight), knowledge())
        heavy = typical(one, replace(ADULT, weight_kg=weight * heavier), knowledge())
        for name, value in light.values.items():
            assert math.isfinite(value)
            assert value > 0
            assert heavy.values[name] >= value


def altered(name: str, **changes: object) -> Knowledge:
    """The fact base with one model changed."""
    facts = knowledge().facts
    models = tuple(replace(item, **changes) if item.id == name else item for item in facts.population_model)
    return Knowledge(replace(facts, population_model=models), "test")


def test_a_model_without_a_published_figure_is_a_fault() -> None:
    assert "navarromora2022: no published figure to test it by" in tuple(
        model_faults(altered("navarromora2022", reference_values=()))
    )


def test_a_model_without_its_volume_is_a_fault() -> None:
    fewer = tuple(item for item in model("navarromora2022").parameters if item.name != "vp_l")
    assert "navarromora2022: needs vp_l" in tuple(model_faults(altered("navarromora2022", parameters=fewer)))


def test_two_chosen_errors_are_a_fault() -> None:
    both = tuple(replace(item, chosen=True) for item in model("li2022").errors)
    found = tuple(model_faults(altered("li2022", errors=both)))
    assert "li2022: exactly one reading of the residual error is chosen" in found


def test_a_chain_to_nowhere_is_a_fault() -> None:
    found = tuple(model_faults(altered("li2022", chain=("pk.nlmixr2lib", "pk.nowhere"))))
    assert "li2022: unknown source 'pk.nowhere' in the chain" in found
