"""What a model is compared with: courses, intervals and levels of a whole treatment."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigil.kinetics import levels
from ivigil.kinetics.estimate import estimate
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.judging import extremes, judged, strictest
from ivigil.kinetics.regimen import Given
from ivigil.kinetics.simulate import Plan
from ivigil.kinetics.simulate import judged as judged_plan
from ivigil.knowledge.kinetics import RangeOf
from tests.support.kinetics_person import ADULT, case, day
from tests.support.orders import knowledge

USABLE = [model.id for model in knowledge().facts.population_model if model.verdict.status == "usable"]


def compared(
    of: RangeOf, doses: Sequence[Given], subject: Subject = ADULT, model: str = "navarromora2022"
) -> set[Decimal | None]:
    subjects = extremes(subject, doses, knowledge())
    found = judged(knowledge().population_models[model], subjects, knowledge())
    return {check.value for item in found for check in item.ranges if check.of == of}


def weekly(grams: float, times: int, early_days: float = 0.0) -> list[Given]:
    """Every second dose comes early."""
    return [Given(7.0 * n - early_days * (n % 2), grams, route="SC") for n in range(times)]


def test_a_course_over_five_days_is_one_dose() -> None:
    five = [Given(28.0 * n + k, 28.0, 0.25) for n in range(3) for k in range(5)]
    assert compared("dose_g_per_kg", five) == {Decimal(2)}
    assert compared("interval_days", five) == {Decimal(28)}


@pytest.mark.parametrize("early", [0.0, 1 / 24, 0.4])
def test_nobody_keeps_to_the_hour(early: float) -> None:
    """14 g a week in 70 kg is 0.2 g/kg, whether in the morning or in the evening."""
    assert compared("dose_g_per_kg", weekly(14, 8, early)) == {Decimal("0.2")}
    assert compared("interval_days", weekly(14, 8, early)) == {Decimal(7)}


def test_two_injections_within_a_week_are_one_dose() -> None:
    twice = [Given(7.0 * n + k, 7.0, route="SC") for n in range(6) for k in (0.0, 3.0)]
    assert compared("dose_g_per_kg", twice) == {Decimal("0.2")}
    assert compared("interval_days", twice) == {Decimal(7)}


def test_the_largest_course_and_the_smallest() -> None:
    loaded = [Given(0.0, 63.0), *(Given(28.0 * n, 28.0) for n in range(1, 5))]
    assert compared("dose_g_per_kg", loaded) == {Decimal("0.9"), Decimal("0.4")}


def test_each_route_by_itself() -> None:
    switched = [
        Given(0.0, 35.0),
        Given(28.0, 35.0),
        *(Given(56 + d.time_days, 14, route="SC") for d in weekly(14, 3)),
    ]
    assert compared("dose_g_per_kg", switched) == {Decimal("0.5"), Decimal("0.2")}
    assert compared("interval_days", switched) == {Decimal(28), Decimal(7)}


def test_without_a_dose_what_the_subject_says_is_judged() -> None:
    asked = replace(ADULT, route="IV", interval_days=21)
    assert compared("interval_days", [], asked) == {Decimal(21)}
    assert compared("dose_g_per_kg", [], asked) == {None}


@pytest.mark.parametrize("model", USABLE)
@pytest.mark.parametrize(
    "doses",
    [
        [Given(28.0 * n, 35.0) for n in range(6)],
        [Given(28.0 * n + k, 28.0) for n in range(3) for k in range(5)],
        weekly(8.4, 9),
    ],
    ids=["replacement", "high dose", "under the skin"],
)
def test_levels_and_simulation_judge_one_treatment_alike(model: str, doses: list[Given]) -> None:
    given = tuple(
        levels.Given(start=day(dose.time_days), grams=Decimal(str(dose.grams)), route=dose.route)
        for dose in doses
    )
    of = knowledge().population_models[model]
    (fitted,) = estimate([of], replace(case(), doses=given), [day(200)], knowledge(), 1).models
    plan = Plan(tuple(doses), (0.0,))
    assert fitted.applicability == strictest(judged_plan(of, ADULT, plan, knowledge()))
