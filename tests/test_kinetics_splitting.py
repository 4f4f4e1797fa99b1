"""A dose over one day or several: by hand, and what true kinetics cannot break."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.aim import Cycle, missed_dose
from ivigil.kinetics.estimate import Case, Person
from ivigil.kinetics.splitting import divided, next_splits, steady_splits
from tests.support.kinetics_people import CL, ONE, OWN, K, V, people
from tests.support.kinetics_person import ADULT, FIRST, day, monthly
from tests.support.orders import knowledge

HOURS = st.sampled_from([Decimal(0), Decimal(4), Decimal(10)])


@given(who=people, grams=st.integers(10, 200), hours=HOURS, interval=st.sampled_from([14, 21, 28]))
@settings(max_examples=40, deadline=None)
def test_more_days_never_raise_the_peak_and_never_lower_the_trough(
    who: Person, grams: int, hours: Decimal, interval: int
) -> None:
    """The response to a gram only falls within an interval: later parts meet less of the earlier ones, and
    are nearer to the next dose."""
    cycle = Cycle(interval_days=interval, hours=hours)
    told = steady_splits([who], Decimal(grams), cycle, 5, knowledge())
    peaks = [split.peak_g_per_l.median for split in told]
    troughs = [split.trough_g_per_l.median for split in told if split.trough_g_per_l]
    assert all(later <= sooner * (1 + 1e-9) for sooner, later in pairwise(peaks))
    assert all(later >= sooner * (1 - 1e-9) for sooner, later in pairwise(troughs))
    assert len(peaks) == len(troughs) == 5


def test_two_days_by_hand() -> None:
    """One compartment: half the dose on what is left of the other half and of all cycles before."""
    (_, two) = steady_splits([ONE], Decimal(40), Cycle(interval_days=28), 2, knowledge())
    last = 20 / V * (1 + math.exp(-K)) / (1 - math.exp(-K * 28))
    assert two.peak_g_per_l.median == pytest.approx(OWN + last, rel=1e-9)
    left = 20 / V * (math.exp(-K * 28) + math.exp(-K * 27)) / (1 - math.exp(-K * 28))
    assert two.trough_g_per_l is not None
    assert two.trough_g_per_l.median == pytest.approx(OWN + left, rel=1e-9)
    cycle = Cycle(interval_days=28, over_days=2)
    missed = missed_dose([ONE], Decimal(40), cycle, knowledge())
    assert missed.trough_g_per_l.median == pytest.approx(OWN + left, rel=1e-9)
    assert missed.after_missed_g_per_l.median == pytest.approx(OWN + left * math.exp(-K * 28), rel=1e-9)


def test_a_peak_above_the_sites_limit_is_flagged_and_splitting_may_bring_it_below() -> None:
    """policy.kinetics_peak: 50 g/L. 200 g into 4 L are 50 g/L on top of the own 3 g/L."""
    whole, *_, five = steady_splits([ONE], Decimal(200), Cycle(interval_days=400), 20, knowledge())
    assert whole.peak_limit_g_per_l == 50
    assert (whole.above_peak_limit, five.above_peak_limit) == (1, 0)


def planned(times: int, grams: int = 60) -> Case:
    given_ = monthly(times + 1, grams)
    return Case(subject=ADULT, doses=given_[:1], planned=given_[1:])


def test_the_first_planned_dose_by_hand() -> None:
    """60 g at day 0 over 3 h, then 60 g at day 28 over 1 or 2 days."""
    one, two = next_splits([ONE], planned(2), FIRST, 2, knowledge())
    hours = 3 / 24

    def infused(grams: float, duration: float, start: float, at: float) -> float:
        rate = grams / duration / CL
        done = min(max(at - start, 0.0), duration)
        return rate * (1 - math.exp(-K * done)) * math.exp(-K * max(at - start - duration, 0.0))

    end = 28 + hours
    assert one.peak_g_per_l.median == pytest.approx(
        OWN + infused(60, hours, 0, end) + infused(60, hours, 28, end), rel=1e-9
    )
    end, half = 29 + hours / 2, hours / 2
    by_hand = infused(60, hours, 0, end) + infused(30, half, 28, end) + infused(30, half, 29, end)
    assert two.peak_g_per_l.median == pytest.approx(OWN + by_hand, rel=1e-9)
    assert one.trough_g_per_l is not None
    low = infused(60, hours, 0, 56) + infused(60, hours, 28, 56)
    assert one.trough_g_per_l.median == pytest.approx(OWN + low, rel=1e-9)


def test_without_a_dose_after_it_there_is_no_trough() -> None:
    (told,) = next_splits([ONE], planned(1), FIRST, 1, knowledge())
    assert told.trough_g_per_l is None


def test_divided_doses_add_up() -> None:
    parts = divided(monthly(1, 60)[0], 4)
    assert sum(part.grams for part in parts) == 60
    assert sum(part.hours for part in parts) == 3
    assert [part.start for part in parts] == [day(k) for k in range(4)]


@pytest.mark.parametrize("days", [0, 29])
def test_days_that_do_not_fit_are_refused(days: int) -> None:
    with pytest.raises(ValueError, match="accepted"):
        steady_splits([ONE], Decimal(40), Cycle(interval_days=28), days, knowledge())
    with pytest.raises(ValueError, match="accepted"):
        next_splits([ONE], planned(2), FIRST, days, knowledge())


def test_only_an_infusion_is_divided() -> None:
    with pytest.raises(ValueError, match="intravenous"):
        steady_splits([ONE], Decimal(8), Cycle(interval_days=7, route="SC"), 2, knowledge())
    skin = replace(planned(1), planned=tuple(replace(item, route="SC") for item in planned(1).planned))
    with pytest.raises(ValueError, match="intravenous"):
        next_splits([ONE], skin, FIRST, 2, knowledge())
    with pytest.raises(ValueError, match="at least one"):
        next_splits([ONE], replace(skin, planned=()), FIRST, 2, knowledge())
