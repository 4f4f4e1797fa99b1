"""A dose for a trough and its neighbours: by hand, by simulation, and where no dose may be sought."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.aim import (
    Cycle,
    RefusedError,
    dose_for_trough,
    intervals,
    missed_dose,
    people,
    refusals,
    repeated,
    time_to_steady,
    wash_out,
)
from ivigil.kinetics.estimate import Case, Estimate, Person, estimate, physical
from ivigil.kinetics.levels import Level
from ivigil.kinetics.physics import concentrations
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.store import Knowledge
from tests.support.kinetics_people import CL, ONE, OWN, K, V
from tests.support.kinetics_person import ADULT, EVERY, FIRST, case, day, monthly
from tests.support.orders import knowledge as base_knowledge


@cache
def knowledge() -> Knowledge:
    """At a site that switched individual doses on."""
    return switched(base_knowledge(), "on")


def switched(base: Knowledge, choice: str) -> Knowledge:
    policies = tuple(
        replace(item, choice=choice) if item.id == "policy.individual_dosing" else item
        for item in base.facts.policy
    )
    return replace(base, facts=replace(base.facts, policy=policies))


MONTHLY = Cycle(interval_days=28)
THREE_HOURS = Cycle(interval_days=28, hours=Decimal(3))


def trough(value: str, number: int) -> Level:
    return Level(g_per_l=Decimal(value), taken=day(EVERY * number).date(), before_dose=True)


FITTED = case([trough("7.9", 5), trough("8.4", 7)])


def found(asked: Case = FITTED, base: Knowledge | None = None) -> Estimate:
    base = base or knowledge()
    return estimate(base.facts.population_model, asked, [day(EVERY * 8 - 0.01)], base, 1)


def steady_trough(grams: float, interval: float) -> float:
    """Textbook: dose / V x e^(-k tau) / (1 - e^(-k tau)), above the own level."""
    left = math.exp(-K * interval)
    return OWN + grams / V * left / (1 - left)


def test_trough_and_peak_of_a_repeated_dose_by_hand() -> None:
    told = repeated([ONE], Decimal(30), MONTHLY, knowledge())
    assert told.trough_g_per_l.median == pytest.approx(steady_trough(30, 28), rel=1e-9)
    assert told.peak_g_per_l.median == pytest.approx(steady_trough(30, 28) + 30 / V, rel=1e-9)
    assert told.above_peak_limit == 0


def test_the_peak_after_an_infusion_lies_below_that_of_a_bolus() -> None:
    """Constant input over T: rate / CL x (1 - e^(-k T)) on what is left."""
    told = repeated([ONE], Decimal(30), THREE_HOURS, knowledge())
    hours = 3 / 24
    entering = 30 / hours / CL * (1 - math.exp(-K * hours))
    steady = entering * math.exp(-K * (28 - hours)) / (1 - math.exp(-K * 28))
    by_hand = OWN + steady * math.exp(-K * hours) + entering
    assert told.peak_g_per_l.median == pytest.approx(by_hand, rel=1e-9)


def test_a_very_high_peak_is_flagged() -> None:
    """policy.kinetics_peak: 50 g/L; 250 g into 4 L is more."""
    assert repeated([ONE], Decimal(250), MONTHLY, knowledge()).above_peak_limit == 1


def test_what_a_missed_dose_does_by_hand() -> None:
    told = missed_dose([ONE], Decimal(30), MONTHLY, knowledge())
    low = steady_trough(30, 28)
    assert told.trough_g_per_l.median == pytest.approx(low, rel=1e-9)
    assert told.after_missed_g_per_l.median == pytest.approx(OWN + (low - OWN) * math.exp(-K * 28), rel=1e-9)


def test_time_to_steady_state_by_hand() -> None:
    """The trough misses the last by e^(-k n tau) of what was infused; within 5 % of the whole level."""
    final = steady_trough(30, 28)
    cycles = next(n for n in range(1, 60) if (final - OWN) * math.exp(-K * 28 * n) <= 0.05 * final)
    assert time_to_steady([ONE], Decimal(30), MONTHLY, knowledge()).median == cycles * 28


def test_wash_out_by_hand() -> None:
    """One dose of 30 g: 7.5 g/L above 3 g/L, gone when no more than 0.3 g/L is left."""
    gone = wash_out([ONE], monthly(1), FIRST, knowledge())
    assert gone is not None
    assert gone.days is not None
    assert gone.days.median == pytest.approx(math.log(7.5 / 0.3) / K, abs=1)


def test_wash_out_needs_an_own_level() -> None:
    none = Person("in total", ONE.parameters._replace(production_g_per_day=0.0), None, 1.0, 1.0, ())
    assert wash_out([none], monthly(1), FIRST, knowledge()) is None


def test_a_shorter_interval_at_the_same_grams_a_day_lifts_the_trough_and_lowers_the_peak() -> None:
    """The direction of the table in the notes: q2w 10.1 and 15.6, q4w 8.9 and 19.9 g/L."""
    cycles = [Cycle(interval_days=n) for n in (14, 21, 28, 35)]
    told = intervals([ONE], Decimal(30) / 28, cycles, knowledge())
    lows = [item.trough_g_per_l.median for item in told]
    highs = [item.peak_g_per_l.median for item in told]
    assert lows == sorted(lows, reverse=True)
    assert highs == sorted(highs)


def test_people_stand_for_the_models_by_their_weight() -> None:
    known = found()
    drawn = people(known, "IV", knowledge())
    assert len(drawn) == 200
    for fitted in known.models:
        share = sum(person.model == fitted.model for person in drawn) / len(drawn)
        assert share == pytest.approx(fitted.weight, abs=0.01)


def test_the_dose_reaches_the_target_when_it_is_given_for_long() -> None:
    """The middle of the exact doses, simulated dose by dose for two years in every person."""
    known = found()
    told = dose_for_trough(known, FITTED, THREE_HOURS, knowledge(), target_g_per_l=Decimal(9))
    grams = Decimal(repr(told.exact_grams.median))
    doses = [replace(monthly(1)[0], start=day(EVERY * k), grams=grams) for k in range(30)]
    ends = sorted(
        concentrations(person.parameters, physical(doses, FIRST, 1.0), [EVERY * 30.0])[0]
        for person in people(known, "IV", knowledge())
    )
    assert ends[100] == pytest.approx(9, abs=0.1)


@given(
    target=st.decimals("6", "10", places=1), sizes=st.sets(st.sampled_from([1, 2, 5, 6, 10, 20]), min_size=1)
)
@settings(max_examples=15, deadline=None)
def test_vials_add_up_and_no_neighbour_is_better(target: Decimal, sizes: set[int]) -> None:
    vials = [Decimal(size) for size in sizes]
    known = found()
    told = dose_for_trough(known, FITTED, THREE_HOURS, knowledge(), target_g_per_l=target, vials_g=vials)
    assert sum(told.vials) == told.chosen.grams
    assert set(told.vials) <= set(vials)
    assert told.chosen.in_window is not None
    assert all((item.in_window or 0) <= told.chosen.in_window for item in told.beside)
    assert told.chosen.grams <= Decimal("0.902") * 70


def test_a_higher_target_never_asks_for_less() -> None:
    doses = [
        dose_for_trough(found(), FITTED, THREE_HOURS, knowledge(), target_g_per_l=Decimal(t)).exact_grams
        for t in (7, 8, 9, 10)
    ]
    assert [item.median for item in doses] == sorted(item.median for item in doses)
    assert all(item.low < item.median < item.high for item in doses)


def test_it_rests_on_facts() -> None:
    told = dose_for_trough(found(), FITTED, THREE_HOURS, knowledge(), target_g_per_l=Decimal(8))
    assert set(told.rests_on) <= set(knowledge().by_id)
    assert "policy.kinetics_target_window" in told.rests_on


def test_other_intervals_than_a_model_was_fitted_to_are_named() -> None:
    weekly = replace(THREE_HOURS, interval_days=7)
    told = dose_for_trough(found(), FITTED, weekly, knowledge(), target_g_per_l=Decimal(8))
    assert "navarromora2022" in told.interval_outside


def test_under_the_skin_only_models_that_know_the_route_count() -> None:
    """lee2021 was fitted to infusions alone. A weekly dose under the skin makes a flat course."""
    known = found()
    weekly = Cycle(interval_days=7, route="SC")
    drawn = people(known, "SC", knowledge())
    assert "lee2021" not in {person.model for person in drawn}
    assert "lee2021" in {person.model for person in people(known, "IV", knowledge())}
    told = dose_for_trough(known, FITTED, weekly, knowledge(), target_g_per_l=Decimal(9))
    middle = told.chosen.trough_g_per_l.median
    assert middle == pytest.approx(9, abs=0.7)
    assert middle < told.chosen.peak_g_per_l.median < 1.2 * middle


def test_a_route_that_no_model_knows_is_refused() -> None:
    base = knowledge()
    (model,) = [item for item in base.facts.population_model if item.id == "lee2021"]
    known = estimate([model], FITTED, [day(EVERY * 8 - 0.01)], base, 1)
    with pytest.raises(RefusedError) as refused:
        dose_for_trough(known, FITTED, Cycle(interval_days=7, route="SC"), base, target_g_per_l=Decimal(9))
    assert refused.value.reasons == ("other_route",)


REFUSED: dict[str, Case] = {
    "no_model": replace(FITTED, subject=replace(ADULT, weight_kg=None)),
    "voiding_medicine": replace(FITTED, subject=replace(ADULT, medicines=("voiding.efgartigimod",))),
    "medicines_not_asked": replace(FITTED, subject=replace(ADULT, medicines=None)),
    "history_incomplete": replace(FITTED, complete=None),
    "no_levels": case(),
    "misfit": case([trough("11", 6), trough("2.5", 7)]),
    "models_extrapolated": replace(
        FITTED, subject=replace(ADULT, condition="guillain_barre", endogenous_igg_g_per_l=Decimal(8))
    ),
    "dose_outside_range": FITTED,
    "target_below_own": FITTED,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_no_dose_is_sought(reason: str) -> None:
    target = {"dose_outside_range": 25, "target_below_own": 2}.get(reason, 8)
    asked = REFUSED[reason]
    with pytest.raises(RefusedError) as refused:
        dose_for_trough(found(asked), asked, THREE_HOURS, knowledge(), target_g_per_l=Decimal(target))
    assert reason in refused.value.reasons


def test_no_dose_is_sought_until_a_site_switches_it_on() -> None:
    assert isinstance(base_knowledge().policies["policy.individual_dosing"], Policy)
    assert "switched_off" in refusals(found(), FITTED, base_knowledge())
    assert "switched_off" not in refusals(found(), FITTED, knowledge())
