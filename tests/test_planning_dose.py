"""The dose of a course: what the regimen allows, what was ordered, and every cap."""

from __future__ import annotations

from typing import Any

import pytest

from ivigil.course import Dose
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.doses import daily_range, either, total_range
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.weights import DoseCap
from ivigil.planning.dose import NoDose, choose, settled, within
from ivigil.planning.weight import Weight
from tests.support import small
from tests.support.small import D, made, order, regimen, silent


def weight(kg: str = "70", actual: str | None = None, **fields: Any) -> Weight:
    usual: dict[str, Any] = {"ideal_kg": None, "adjusted_kg": None, "facts": ("weights", "weights.line")}
    return Weight(**{"kg": D(kg), "kind": "actual", "actual_kg": D(actual or kg), **usual, **fields})


def chosen(rule: Regimen, known: Knowledge | None = None, **fields: Any) -> Dose:
    found = choose(order(**fields), rule, weight(), known or small.knowledge())
    assert isinstance(found, Dose)
    return found


def refused(rule: Regimen, known: Knowledge | None = None, **fields: Any) -> NoDose:
    found = choose(order(**fields), rule, weight(), known or small.knowledge())
    assert isinstance(found, NoDose)
    return found


# What a regimen allows, in g/kg.


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [("1", "2", ("1", "2")), ("1", None, ("1", "1")), (None, "2", ("2", "2")), (None, None, None)],
)
def test_an_end_that_is_not_stated_permits_nothing_beyond_the_other(
    low: str | None, high: str | None, bounds: tuple[str, str] | None
) -> None:
    found = either(low and D(low), high and D(high))  # type: ignore[arg-type]
    assert found == (None if bounds is None else (D(bounds[0]), D(bounds[1])))


TOTALS: list[tuple[Regimen, tuple[str, str] | None, tuple[str, str] | None]] = [
    # regimen, its total, its daily dose
    (regimen(), ("2", "2"), ("0.4", "1")),  # 2 g/kg over 2 or 5 days
    (regimen(allowed_days=()), ("2", "2"), None),
    (silent(), None, None),
    (silent(total_dose_g_per_kg_max=D(3), allowed_days=(3, 6)), ("3", "3"), ("0.5", "1")),
    (silent(daily_dose_g_per_kg_min=D("0.4"), daily_dose_g_per_kg_max=D(1)), None, ("0.4", "1")),
    (
        silent(daily_dose_g_per_kg_min=D("0.4"), daily_dose_g_per_kg_max=D(1), allowed_days=(2, 5)),
        ("0.8", "5"),
        ("0.4", "1"),
    ),
    (regimen(total_dose_g_per_kg_min=D(1)), ("1", "2"), ("0.2", "1")),
    (silent(daily_dose_g_per_kg_max=D("0.5"), allowed_days=(4,)), ("2", "2"), ("0.5", "0.5")),
    (regimen(day_doses_g_per_kg=(D("0.5"), D(1))), ("1.5", "1.5"), ("0.5", "1")),
    (
        regimen(daily_dose_g_per_kg_min=D("0.3"), daily_dose_g_per_kg_max=D("0.6")),
        ("2", "2"),
        ("0.3", "0.6"),
    ),
]


@pytest.mark.parametrize(("rule", "total", "daily"), TOTALS)
def test_total_and_daily_dose_follow_from_one_another(
    rule: Regimen, total: tuple[str, str] | None, daily: tuple[str, str] | None
) -> None:
    assert total_range(rule) == (None if total is None else (D(total[0]), D(total[1])))
    assert daily_range(rule) == (None if daily is None else (D(daily[0]), D(daily[1])))


@pytest.mark.parametrize(
    ("policy", "g_per_kg"),
    [("lowest", "1"), ("middle", "1.5"), ("highest", "2"), ("", "1"), ("a misspelling", "1")],
)
def test_a_range_is_planned_by_policy_the_lowest_unless_a_site_says_so(policy: str, g_per_kg: str) -> None:
    known = small.knowledge(policies={"policy.dose_within_range": policy})
    assert within((D(1), D(2)), known) == D(g_per_kg)
    rule = regimen(total_dose_g_per_kg_min=D(1))
    assert chosen(rule, known).grams == D(g_per_kg) * 70
    assert chosen(rule, known).facts == (rule.id, "policy.dose_within_range", "weights", "weights.line")


# The grams.


def test_two_grams_per_kg_for_70_kg() -> None:
    found = chosen(regimen())
    assert (found.grams, found.g_per_kg, found.capped_by) == (D(140), D(2), "")
    assert found.facts == ("two-grams", "weights", "weights.line")
    assert found.saw == (Saw("weight_kg", "70", D(70)),)
    assert str(found.grams) == "140"
    assert str(found.g_per_kg) == "2"


def test_both_weights_and_the_grams_on_the_actual_one_are_shown() -> None:
    """82.28 kg adjusted for 100 kg (ideal 70.46): 2 g/kg are 164.56 g instead of 200 g."""
    body = weight(
        "82.28",
        "100",
        kind="adjusted",
        ideal_kg=D("70.46"),
        adjusted_kg=D("82.28"),
        saw=(Saw("bmi_kg_per_m2", "32.65", D("32.65")),),
    )
    found = choose(order(), regimen(), body, small.knowledge())
    assert isinstance(found, Dose)
    assert found.grams == D("164.56")
    assert found.g_per_kg == D(2)
    assert (found.dosing_weight_kg, found.weight_kind, found.actual_weight_kg) == (
        D("82.28"),
        "adjusted",
        D(100),
    )
    assert (found.ideal_weight_kg, found.adjusted_weight_kg) == (D("70.46"), D("82.28"))
    assert found.grams_on_actual_weight == 200
    assert found.saw == (
        Saw("weight_kg", "100", D(100)),
        Saw("bmi_kg_per_m2", "32.65", D("32.65")),
    )


def test_milligrams_are_cut_not_rounded_up() -> None:
    """0.4 g/kg of 14.2345 kg are 5.6938 g."""
    found = choose(order(total_dose_g_per_kg=D("0.4")), silent(), weight("14.2345"), small.knowledge())
    assert isinstance(found, Dose)
    assert str(found.grams) == "5.693"
    assert str(found.g_per_kg) == "0.4"


@pytest.mark.parametrize(
    ("rule", "ordered", "grams"),
    [
        (regimen(), {"total_dose_g": D(130)}, "130"),
        (regimen(), {"total_dose_g_per_kg": D("1.5")}, "105"),
        (regimen(), {"total_dose_g": D(130), "total_dose_g_per_kg": D("1.5")}, "130"),
        (silent(fixed_daily_dose_g=D(25), allowed_days=(3, 2)), {}, "50"),  # the fewest days
        (silent(fixed_daily_dose_g=D(25), allowed_days=(3, 2)), {"total_dose_g": D(20)}, "20"),
        (silent(), {"total_dose_g_per_kg": D(1)}, "70"),
        (silent(), {"total_dose_g": D(60)}, "60"),
    ],
)
def test_what_was_ordered_comes_before_what_the_regimen_suggests(
    rule: Regimen, ordered: dict[str, Any], grams: str
) -> None:
    found = chosen(rule, **ordered)
    assert found.grams == D(grams)
    assert "policy.dose_within_range" not in found.facts


@pytest.mark.parametrize(
    ("rule", "ordered", "code", "value"),
    [
        (silent(), {}, "regimen_states_no_dose", ""),
        (silent(fixed_daily_dose_g=D(25)), {}, "regimen_states_no_dose", ""),  # on how many days?
        (regimen(), {"total_dose_g_per_kg": D("2.001")}, "dose_above_regimen", "2.001"),
        (regimen(), {"total_dose_g": D(161)}, "dose_above_regimen", "2.300"),
        (regimen(), {"days": 1}, "days_below_regimen", "1"),
    ],
)
def test_a_dose_that_nobody_states_or_that_passes_the_regimen_is_none(
    rule: Regimen, ordered: dict[str, Any], code: str, value: str
) -> None:
    assert refused(rule, **ordered) == NoDose(code, (rule.id,), value)


@pytest.mark.parametrize(("rule", "days"), [(regimen(), 2), (regimen(), 9), (regimen(allowed_days=()), 1)])
def test_more_days_than_the_regimen_s_fewest_may_be_ordered(rule: Regimen, days: int) -> None:
    assert chosen(rule, days=days).grams == 140


def test_the_highest_dose_of_the_range_may_be_ordered() -> None:
    assert chosen(regimen(), total_dose_g_per_kg=D(2)).grams == 140


# Caps.


def cap(name: str, **fields: Any) -> DoseCap:
    return made(DoseCap, name, **{"conditions": (small.FEVER,), **fields})


@pytest.mark.parametrize(
    ("rule", "caps", "grams", "by"),
    [
        (regimen(max_total_dose_g=D(100)), (), "100", "two-grams"),
        (regimen(max_total_dose_g_per_kg=D(1)), (), "70", "two-grams"),
        (regimen(), (cap("c", max_total_g=D(100)),), "100", "c"),
        (regimen(), (cap("c", max_g_per_dose=D(70)),), "70", "c"),
        (regimen(), (cap("c", max_g_per_kg=D(1)),), "70", "c"),
        (regimen(), (cap("c", max_g_per_kg=D(1), max_total_g=D(60), max_g_per_dose=D(65)),), "60", "c"),
        (regimen(), (cap("c", max_total_g=D(100)), cap("d", max_total_g=D(90))), "90", "d"),
        (regimen(max_total_dose_g=D(80)), (cap("c", max_total_g=D(100)),), "80", "two-grams"),
        (regimen(max_total_dose_g=D(140)), (), "140", ""),  # met, not lowered
        (regimen(max_total_dose_g=D(200)), (cap("c", max_total_g=D(150)),), "140", ""),
        (regimen(), (cap("c", conditions=("another",), max_total_g=D(10)),), "140", ""),
        (regimen(), (cap("c", conditions=("another",)), cap("d", max_total_g=D(90))), "90", "d"),
        (regimen(), (cap("c", jurisdiction="US", max_total_g=D(100)),), "100", "c"),
        (regimen(), (cap("c", jurisdiction="CA", max_total_g=D(100)),), "140", ""),
    ],
)
def test_the_lowest_cap_binds_and_is_named(
    rule: Regimen, caps: tuple[DoseCap, ...], grams: str, by: str
) -> None:
    found = chosen(rule, small.knowledge(dose_cap=caps))
    assert (found.grams, found.capped_by) == (D(grams), by)
    assert found.facts == (rule.id, "weights", "weights.line", *((by,) if by else ()))


def test_a_cap_of_a_country_holds_in_its_province() -> None:
    known = small.knowledge(dose_cap=(cap("c", jurisdiction="CA", max_total_g=D(100)),))
    assert chosen(regimen(), known, jurisdiction="CA-ON").grams == 100


def test_an_ordered_dose_is_capped_too_and_then_held_against_the_regimen() -> None:
    known = small.knowledge(dose_cap=(cap("c", max_total_g=D(100)),))
    assert chosen(regimen(), known, total_dose_g=D(300)).grams == 100
    assert refused(regimen(), known=None, total_dose_g=D(300)).code == "dose_above_regimen"


def test_a_dose_that_another_step_chose_keeps_its_reasons_and_is_capped() -> None:
    known = small.knowledge(dose_cap=(cap("c", max_total_g=D(10)),))
    found = settled(
        D("12.5"), order(), silent(), weight(), known, facts=("factor",), saw=(Saw("grams", "30", D(30)),)
    )
    assert (found.grams, found.capped_by) == (D(10), "c")
    assert found.facts == ("factor", "weights", "weights.line", "c")
    assert found.saw == (Saw("weight_kg", "70", D(70)), Saw("grams", "30", D(30)))
    assert str(found.g_per_kg) == "0.142857"
    per_kg = small.knowledge(dose_cap=(cap("c", max_g_per_kg=D("0.1")),))
    assert settled(D(10), order(), silent(), weight(), per_kg, facts=(), saw=()).grams == 7


def test_a_round_weight_is_shown_in_plain_digits() -> None:
    found = choose(order(), regimen(), weight("1E+2"), small.knowledge())
    assert isinstance(found, Dose)
    assert found.saw == (Saw("weight_kg", "100", D(100)),)
