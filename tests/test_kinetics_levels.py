"""A level counts only with a time that places it among the doses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ivigil.kinetics.levels import Level, read
from tests.support.kinetics_person import day, monthly
from tests.support.orders import knowledge

DOSES = monthly(3)
SIX = Decimal(6)


@pytest.mark.parametrize(
    ("level", "why"),
    [
        (Level(g_per_l=SIX), "no_time"),
        (Level(g_per_l=SIX, taken=dt.datetime(2026, 2, 1, 9)), "no_time"),
        (Level(g_per_l=SIX, taken=day(28).date()), "day_of_a_dose"),
        (Level(g_per_l=SIX, taken=day(28) + dt.timedelta(hours=2)), "during_a_dose"),
        (Level(g_per_l=SIX, taken=day(27).date(), before_dose=True), "no_dose_that_day"),
        (Level(g_per_l=SIX, taken=day(28.5), before_dose=True), "after_that_dose"),
        (Level(g_per_l=SIX, taken=day(20), of="infused"), "infused_only"),
        (Level(g_per_l=SIX, taken=day(20), limit="above"), "above_range"),
    ],
)
def test_a_level_that_says_nothing_is_rejected_with_the_reason(level: Level, why: str) -> None:
    found = read([level], DOSES, knowledge())
    assert found.used == ()
    assert [(item.place, item.why) for item in found.rejected] == [(0, why)]


def test_a_trough_by_its_date_is_drawn_at_the_start_of_the_dose() -> None:
    (used,) = read([Level(g_per_l=SIX, taken=day(28).date(), before_dose=True)], DOSES, knowledge()).used
    assert used.time_days == 28


def test_a_trough_by_its_time_keeps_its_time() -> None:
    level = Level(g_per_l=SIX, taken=day(28 - 1 / 24), before_dose=True)
    (used,) = read([level], DOSES, knowledge()).used
    assert used.time_days == pytest.approx(28 - 1 / 24)


def test_a_date_between_doses_is_noon() -> None:
    (used,) = read([Level(g_per_l=SIX, taken=day(20).date())], DOSES, knowledge()).used
    assert used.time_days == pytest.approx(20 + 3 / 24)


def test_a_level_before_the_first_dose_is_day_zero() -> None:
    before = Level(g_per_l=Decimal(3), taken=day(-7))
    found = read([before], DOSES, knowledge())
    assert (found.origin, found.used[0].time_days) == (day(-7), 0)


def test_the_same_figure_of_one_sample_counts_once() -> None:
    level = Level(g_per_l=SIX, taken=day(20))
    found = read([level, level], DOSES, knowledge())
    assert [item.weight for item in found.used] == [1]
    assert [(item.place, item.why) for item in found.rejected] == [(1, "repeated")]


def test_two_figures_of_one_sample_share_the_weight_of_one() -> None:
    levels = [Level(g_per_l=SIX, taken=day(20)), Level(g_per_l=Decimal("6.4"), taken=day(20))]
    assert [item.weight for item in read(levels, DOSES, knowledge()).used] == [0.5, 0.5]


def test_a_level_a_year_older_counts_half() -> None:
    """policy.kinetics_old_level."""
    levels = [Level(g_per_l=SIX, taken=day(10)), Level(g_per_l=SIX, taken=day(10 + 365))]
    assert [item.weight for item in read(levels, DOSES, knowledge()).used] == [0.5, 1]


def test_every_level_is_used_or_rejected_once() -> None:
    levels = [Level(g_per_l=SIX, taken=day(n / 4)) for n in range(0, 240, 7)]
    found = read(levels, DOSES, knowledge())
    places = [*(u.place for u in found.used), *(r.place for r in found.rejected)]
    assert sorted(places) == list(range(len(levels)))


def test_neither_dose_nor_dated_level() -> None:
    with pytest.raises(ValueError, match="at least one dose"):
        read([Level(g_per_l=SIX)], (), knowledge())
