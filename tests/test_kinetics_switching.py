"""Intravenous to subcutaneous by average and by trough: by hand, by simulation, beside labels' factors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.aim import Cycle, RefusedError
from ivigil.kinetics.beside import Way, beside
from ivigil.kinetics.beside import average as steady_average
from ivigil.kinetics.estimate import Estimate, Person, estimate
from ivigil.kinetics.levels import Given
from ivigil.kinetics.physics import concentrations, steady_state
from ivigil.kinetics.prior import dose
from ivigil.kinetics.switching import Switch, match, same_average, same_trough, switch
from ivigil.knowledge.store import Knowledge
from tests.support.individual import signed
from tests.support.kinetics_people import people, person
from tests.support.kinetics_person import case
from tests.support.orders import knowledge
from tests.test_kinetics_aim import FITTED

MONTHLY = Cycle(interval_days=28)
WEEKLY = Cycle(interval_days=7, route="SC")
STEPS = 40
"""Of an interval, for the average by Simpson's rule."""


def steady(who: Person, grams: float, cycle: Cycle) -> list[float]:
    """Levels over one interval of the steady state, as the physics has them."""
    given_ = dose(0.0, grams, cycle.route, who.facilitated)
    start = steady_state(who.parameters, [given_], cycle.interval_days)
    times = [cycle.interval_days * k / STEPS for k in range(1, STEPS + 1)]
    after = start
    if cycle.route == "IV":
        after = start._replace(central_g=start.central_g + grams)
        return [
            after.central_g / who.parameters.vc_l,
            *concentrations(who.parameters, [], times, after),
        ]
    return [
        start.central_g / who.parameters.vc_l,
        *concentrations(who.parameters, [given_], times, start),
    ]


def average(levels: list[float]) -> float:
    """Simpson's rule over an even number of steps."""
    odd, even = sum(levels[1:-1:2]), sum(levels[2:-1:2])
    return (levels[0] + 4 * odd + 2 * even + levels[-1]) / (3 * (len(levels) - 1))


@given(who=people, grams=st.floats(5, 80), sc_days=st.sampled_from([1, 7, 14, 28]))
@settings(max_examples=60, deadline=None)
def test_the_matched_doses_give_the_same_average_and_the_same_trough(
    who: Person, grams: float, sc_days: int
) -> None:
    skin = Cycle(interval_days=sc_days, route="SC")
    before = steady(who, grams, MONTHLY)
    by_average = steady(who, same_average(who, grams, MONTHLY, skin), skin)
    by_trough = steady(who, same_trough(who, grams, MONTHLY, skin), skin)
    assert average(by_average) == pytest.approx(average(before), rel=3e-3)
    assert by_trough[-1] == pytest.approx(before[-1], rel=1e-9)


@given(who=people, grams=st.floats(5, 80))
@settings(max_examples=40, deadline=None)
def test_a_steadier_way_needs_less_for_the_same_trough_than_for_the_same_average(
    who: Person, grams: float
) -> None:
    """The trough of weekly doses lies nearer to their average."""
    assert same_trough(who, grams, MONTHLY, WEEKLY) < same_average(who, grams, MONTHLY, WEEKLY)


def test_by_average_by_hand() -> None:
    """30 g every 28 days are 7.5 g a week; at a bioavailability of 0.7 it takes 10.71 g under the skin."""
    told = match([person()], Decimal(30), (MONTHLY, WEEKLY), knowledge())
    assert told.same_average_g.median == pytest.approx(7.5 / 0.7)
    assert told.average_factor.median == pytest.approx(1 / 0.7)
    facilitated = replace(WEEKLY, route="facilitated_SC")
    told = match([person()], Decimal(30), (MONTHLY, facilitated), knowledge())
    assert told.average_factor.median == pytest.approx(1 / (0.7 * 1.1))


def found(base: Knowledge) -> Estimate:
    return estimate(base.facts.population_model, FITTED, [], base, 1)


def matched(base: Knowledge) -> Switch:
    return switch(found(base), FITTED, base, grams=Decimal(30), intravenous=MONTHLY, subcutaneous=WEEKLY)


def test_each_model_stands_beside_all_together() -> None:
    told = matched(signed())
    names = {item.model for item in told.models}
    assert "navarromora2022" in names
    assert "lee2021" in told.left_out  # fitted to infusions alone
    assert sum(item.weight for item in told.models) == pytest.approx(1)
    ends = [item.same_trough_g for item in told.models]
    middle = told.together.same_trough_g
    assert min(e.low for e in ends) <= middle.low <= middle.median <= middle.high <= max(e.high for e in ends)


def test_labels_factors_lie_near_those_of_the_models() -> None:
    """The US factors above 1 in the fact base, for conventional products. Bioavailability varies in none of
    these models: the factor by average is the model's alone and does not depend on the levels."""
    stated = [
        float(factor.factor)
        for product in knowledge().facts.product
        if product.jurisdiction == "US" and not product.facilitated
        for factor in product.conversions
        if factor.convert_from == "IV" and factor.factor > 1
    ]
    assert len(stated) > 3
    for item in matched(signed()).models:
        spread = item.average_factor
        assert spread.high - spread.low < 1e-9
        assert 0.95 * min(stated) <= spread.median <= 1.05 * max(stated)


def test_the_same_grams_a_week_give_a_higher_trough() -> None:
    """Berger 2011: at equal total dose the level lies above the monthly trough, so that the factor by trough
    is below 1 (the scenario berger-equal-dose has the figures)."""
    told = {item.model: item for item in matched(signed()).models}
    assert told["navarromora2022"].trough_factor.median < 1
    assert told["li2022"].trough_factor.median < 1


def test_no_dose_is_matched_where_none_may_be_sought() -> None:
    with pytest.raises(RefusedError) as refused:
        matched(knowledge())
    assert refused.value.reasons == ("switched_off",)
    base = signed()
    unknown = case((), 8)
    known = estimate(base.facts.population_model, unknown, [], base, 1)
    with pytest.raises(RefusedError) as refused:
        switch(known, unknown, base, grams=Decimal(30), intravenous=MONTHLY, subcutaneous=WEEKLY)
    assert refused.value.reasons == ("no_levels",)


def test_the_same_average_weekly_lifts_the_trough_and_lowers_the_peak() -> None:
    told = matched(signed())
    assert told.trough_by_average_g_per_l.median > told.trough_now_g_per_l.median
    assert told.peak_by_average_g_per_l.high < told.peak_now_g_per_l.high


@given(who=people, grams=st.floats(5, 80), cycle=st.sampled_from([MONTHLY, WEEKLY]))
@settings(max_examples=30, deadline=None)
def test_the_average_of_a_way_is_that_over_an_interval(who: Person, grams: float, cycle: Cycle) -> None:
    """By Simpson's rule over the levels themselves."""
    assert steady_average(who, grams, cycle) == pytest.approx(average(steady(who, grams, cycle)), rel=0.01)


def test_two_ways_are_compared_by_the_models_that_know_both() -> None:
    """Each model that is left out was fitted for one way alone; the rest carry all the weight."""
    history, ways = case([]), (Way(grams=Decimal(30), cycle=MONTHLY), Way(grams=Decimal("7.5"), cycle=WEEKLY))
    start = history.doses[-1].start + dt.timedelta(days=28)
    both = []
    for way in ways:
        dose_ = Given(start=start, grams=way.grams, route=way.cycle.route)
        asked = replace(history, planned=(dose_,))
        both.append(estimate(knowledge().facts.population_model, asked, (), knowledge(), 1))
    found = beside((both[0], both[1]), ways, knowledge())
    assert found is not None and found.left_out
    used = {item.model for item in found.estimate.models if item.weight}
    assert sum(item.weight for item in found.estimate.models) == pytest.approx(1)
    assert all({"IV", "SC"} <= set(knowledge().population_models[name].routes) for name in used)
    assert all("SC" not in knowledge().population_models[name].routes for name in found.left_out)
    assert {each.model for each in found.estimate.people} <= used
    vein, skin = found.sides
    assert vein.trough_g_per_l.median < vein.average_g_per_l.median < vein.peak_g_per_l.median
    assert skin.average_g_per_l.median < vein.average_g_per_l.median, "not all reaches the blood"
