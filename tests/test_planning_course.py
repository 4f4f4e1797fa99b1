"""The course: days, vials, volume, time and the price of the neighbours, worked out by hand.

One product (10 %, vials of 5 and 10 g), one adult of 70 kg. At 10 %, 1 g is 10 mL.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivigil.course import Course, Neighbour, Reason, Vial
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.hazards import CapDailyDose, CapDailyVolume, MinimumDays, MinimumHours
from ivigil.knowledge.products import Product, Property
from ivigil.planning import course
from ivigil.planning.course import (
    Built,
    Filled,
    Misfit,
    NoCourse,
    build,
    change_percent,
    neighbours,
    start_of,
)
from ivigil.planning.rates import Ladder, ladder
from ivigil.planning.situation import Situation
from ivigil.planning.stock import Shelf
from tests.support import small
from tests.support.small import (
    D,
    at,
    condition,
    entry,
    knowledge,
    made,
    product,
    regimen,
    schedule,
    silent,
    situation,
)


def climbed(of: Product, where: Situation) -> Ladder:
    found = ladder(of, where)
    assert isinstance(found, Ladder)
    return found


def tried(where: Situation, of: Product | None = None) -> Built | NoCourse:
    of = of or product()
    return build(of, climbed(of, where), where)


def built(where: Situation, of: Product | None = None) -> Built:
    found = tried(where, of)
    assert isinstance(found, Built), found
    return found


def misfits(where: Situation, of: Product | None = None) -> list[tuple[int, str, str]]:
    """(days, code, fact) of every day count that did not fit."""
    found = tried(where, of)
    assert isinstance(found, NoCourse), found
    return [(m.days, m.reason.code, m.reason.fact) for m in found.misfits]


def grams(found: Built) -> list[str]:
    return [f"{day.grams:f}" for day in found.days]


# How many days.


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({}, 2),  # the shortest that the regimen allows
        ({"days": 5}, 5),
        ({"days": 3}, 3),  # ordered, though the regimen does not name it
        ({"rule": regimen(allowed_days=(5, 3))}, 3),
        # silent: by the daily dose, rounded up to whole days
        ({"rule": silent(daily_dose_g_per_kg_max=D("0.4"))}, 5),
        ({"rule": silent(daily_dose_g_per_kg_max=D("0.6"))}, 4),
        ({"rule": silent(daily_dose_g_per_kg_min=D("0.3"), daily_dose_g_per_kg_max=D(1))}, 2),
        # silent altogether: one for replacement, else the policy
        ({"rule": silent()}, 5),
        ({"rule": silent(), "of": condition(purpose="replacement")}, 1),
        ({"rule": silent(), "known": knowledge(policies={"policy.days_not_stated": 4})}, 4),
    ],
)
def test_the_number_of_days(fields: dict[str, Any], days: int) -> None:
    found = built(situation(**fields))
    assert (len(found.days), found.course.days) == (days, days)


def test_days_are_lengthened_when_the_shorter_do_not_fit() -> None:
    """140 g under a cap of 40 g a day: 2 days (70 g) do not fit, 5 (28 g, whole vials 25 or 30) do."""
    cap = entry(CapDailyDose, "cap", grams=D(40))
    found = built(situation(limits=(cap,)))
    assert found.course.days == 5
    assert found.course.days_because == (Reason(code="daily_dose", finding="cap's finding", fact="cap"),)


def test_beyond_the_allowed_days_only_up_to_the_policy_s_longest_course() -> None:
    cap = entry(CapDailyDose, "cap", grams=D(40))
    found = built(situation(limits=(cap,), rule=regimen(allowed_days=(2, 3))))
    assert found.course.days == 4
    assert found.course.days_because == (
        Reason(code="daily_dose", finding="cap's finding", fact="cap"),
        Reason(code="lengthened", fact="policy.longest_course"),
    )
    short = knowledge(policies={"policy.longest_course": 3})
    assert misfits(situation(limits=(cap,), rule=regimen(allowed_days=(2, 3)), known=short)) == [
        (2, "daily_dose", "cap"),
        (3, "daily_dose", "cap"),
    ]
    long = knowledge(policies={"policy.longest_course": 7})
    tight = entry(CapDailyDose, "cap", grams=D(20))
    assert built(situation(limits=(tight,), rule=regimen(allowed_days=(2,)), known=long)).course.days == 7


SINGLE = regimen(allowed_days=(1,))
ONE_TIME = condition(course="one_time")


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        # ordinary: each count up to the longest course is tried
        ({"rule": SINGLE}, [1, 2, 3, 4, 5]),
        # a single infusion of a one-time course is not divided...
        ({"rule": SINGLE, "of": ONE_TIME}, [1]),
        ({"rule": regimen(allowed_days=(1, 2)), "of": ONE_TIME}, [1, 2, 3, 4, 5]),
        # ...nor an infusion of prescribed hours, nor days whose doses are printed
        ({"rule": regimen(allowed_days=(2,), infusion_hours_max=D(12))}, [2]),
        ({"rule": regimen(allowed_days=(2,), infusion_hours_min=D(4))}, [2]),
        ({"rule": regimen(allowed_days=(2,), day_doses_g_per_kg=(D(1), D(1)))}, [2]),
    ],
)
def test_what_may_be_divided_further(fields: dict[str, Any], counts: list[int]) -> None:
    """The regimen's own cap of 1 g a day fits no count, so every count that may be tried is."""
    own = entry(CapDailyDose, "own", grams=D(1))
    own = type(own)(own.effect, small.FEVER)
    assert [m[0] for m in misfits(situation(limits=(own,), **fields))] == counts


@pytest.mark.parametrize(
    ("effect", "counts"),
    [
        (entry(CapDailyDose, "cap", grams=D(1)), [1, 2, 3, 4, 5]),
        (entry(MinimumDays, "cap", days=9), [1, 2, 3, 4, 5]),
        (entry(CapDailyVolume, "cap", ml_per_kg=D("0.1")), [1]),
    ],
)
def test_a_finding_that_caps_the_day_divides_even_a_single_infusion(effect: Any, counts: list[int]) -> None:
    where = situation(limits=(effect,), rule=SINGLE, of=ONE_TIME)
    assert [m[0] for m in misfits(where)] == counts
    printed = regimen(allowed_days=(1,), day_doses_g_per_kg=(D(2),))
    assert [m[0] for m in misfits(situation(limits=(effect,), rule=printed))] == [1]


def test_a_finding_may_ask_for_more_days() -> None:
    three = entry(MinimumDays, "three", days=3)
    found = built(situation(limits=(three,)))
    assert found.course.days == 5
    assert found.course.days_because == (
        Reason(code="minimum_days", finding="three's finding", fact="three"),
    )
    two = entry(MinimumDays, "two", days=2)
    assert built(situation(limits=(two,))).course.days_because == ()


# Whole vials, near-equal days.


@pytest.mark.parametrize(
    ("dose", "days", "sizes", "expected"),
    [
        ("140", 2, "5 10", ["70", "70"]),
        ("140", 5, "5 10", ["30", "30", "30", "25", "25"]),  # 28 a day: the larger days first
        ("28.4", 2, "5", ["14.2", "14.2"]),  # whole vials would miss 12 %: part vials
        ("57", 2, "5 10", ["30", "25"]),
        ("59.9", 2, "5 10", ["30", "25"]),
        ("60", 2, "5 10", ["30", "30"]),
        ("100", 3, "10", ["40", "30", "30"]),
    ],
)
def test_days_are_near_equal_whole_vials_and_never_more_than_ordered(
    dose: str, days: int, sizes: str, expected: list[str]
) -> None:
    found = built(situation(dose, days=days), product(sizes=sizes))
    assert [D(g) for g in grams(found)] == [D(g) for g in expected]
    assert found.course.grams == sum(map(Decimal, expected))
    assert found.course.grams <= D(dose)
    assert [sum(v.grams * v.count for v in d.vials) - d.discard_g for d in found.days] == [
        d.grams for d in found.days
    ]


NEAREST = knowledge(policies={"policy.rounding": "nearest"})


@pytest.mark.parametrize(
    ("dose", "days", "expected"),
    [
        ("57", 2, ["30", "25"]),  # 55 is nearer than 60
        ("58", 2, ["30", "30"]),  # 60 is nearer than 55
        ("57.5", 2, ["30", "25"]),  # a tie stays below
        ("142", 5, ["30", "30", "30", "25", "25"]),
        ("143", 5, ["30", "30", "30", "30", "25"]),
    ],
)
def test_a_site_may_round_to_the_nearest(dose: str, days: int, expected: list[str]) -> None:
    found = built(situation(dose, days=days, known=NEAREST))
    assert [D(g) for g in grams(found)] == [D(g) for g in expected]


def test_rounding_up_never_passes_the_cap_of_a_day() -> None:
    """58 g on 2 days to the nearest would be 30 + 30; a cap of 29 g leaves 25 + 25 (-14 %): part vials."""
    cap = entry(CapDailyDose, "cap", g_per_kg=D(29) / 70)
    found = built(situation("58", days=2, known=NEAREST, limits=(cap,)))
    assert [day.grams for day in found.days] == [29, 29]
    loose = entry(CapDailyDose, "cap", g_per_kg=D(30) / 70)
    assert [D(g) for g in grams(built(situation("58", days=2, known=NEAREST, limits=(loose,))))] == [30, 30]
    # as volume: 4.2 mL/kg are 294 mL, 29.4 g; 4.3 mL/kg are 30.1 g
    for ml_per_kg, day in (("4.2", 29), ("4.3", 30)):
        volume = entry(CapDailyVolume, "cap", ml_per_kg=D(ml_per_kg))
        found = built(situation("58", days=2, known=NEAREST, limits=(volume,)))
        assert [d.grams for d in found.days] == [day, day]


def test_printed_day_doses_are_kept() -> None:
    """0.5 g/kg, then 1 g/kg: 105 g are 35 and 70 g."""
    rule = regimen(day_doses_g_per_kg=(D("0.5"), D(1)), allowed_days=(2,))
    assert [D(g) for g in grams(built(situation("105", rule=rule)))] == [35, 70]
    # another number of days than printed is near-equal
    assert [D(g) for g in grams(built(situation("105", rule=rule, days=3)))] == [35, 35, 35]


@pytest.mark.parametrize(
    ("dose", "tolerance", "expected", "discard"),
    [
        ("28", 10, "28", "2"),  # 25 g is 10.7 % less: 28 g of 30 g drawn
        ("27.5", 10, "25", "0"),  # 9.1 % less
        ("27.7", 10, "25", "0"),  # 9.7 %
        ("27.8", 10, "27.8", "2.2"),  # 10.07 %
        ("28", 11, "25", "0"),
        ("27.5", 9, "27.5", "2.5"),
        ("4", 10, "4", "1"),  # not even one vial
    ],
)
def test_a_part_vial_where_whole_vials_miss_the_tolerance(
    dose: str, tolerance: int, expected: str, discard: str
) -> None:
    known = knowledge(policies={"policy.rounding_tolerance": tolerance})
    found = built(situation(dose, days=1, known=known))
    assert [D(g) for g in grams(found)] == [D(expected)]
    assert found.days[0].discard_g == D(discard)
    assert found.course.discard_g == D(discard)
    whole = discard == "0"
    assert ("policy.part_vial_step" in found.course.facts) is not whole


def test_exactly_the_tolerance_is_still_a_whole_vial() -> None:
    found = built(situation("50", days=1), product(sizes="45"))
    assert grams(found) == ["45"]  # 10 % less


def test_a_part_vial_is_measured_to_the_millilitre_and_down() -> None:
    """14.23 g of 10 % are 142.3 mL: 142 mL, 14.2 g, of a 10 and a 5 g vial."""
    found = built(situation("14.23", days=1), product(sizes="5 10"))
    (day,) = found.days
    assert (day.grams, day.volume_ml, day.discard_g) == (D("14.2"), D(142), D("0.8"))
    assert day.vials == (
        Vial(grams=D(10), count=1, volume_ml=D(100)),
        Vial(grams=D(5), count=1, volume_ml=D(50)),
    )
    coarse = knowledge(policies={"policy.part_vial_step": 5})
    assert grams(built(situation("14.23", days=1, known=coarse))) == ["14.0"]
    five_percent = product(percent=5, schedules=(schedule(g_per_100_ml=D(5)),))
    assert grams(built(situation("14.23", days=1), five_percent)) == ["14.20"]


def test_a_dose_below_the_smallest_measure_fits_no_vial() -> None:
    """0.09 g of 10 % are 0.9 mL."""
    assert misfits(situation("0.09", days=1, rule=silent())) == [
        (1, "no_vial_fits", "iggy"),
        *((n, "no_vial_fits", "iggy") for n in range(2, 6)),
    ]


def test_a_product_whose_presentation_was_not_seen_has_no_course() -> None:
    unseen = product(vials=(small.vial("5", seen=False),))
    where = situation()
    assert build(unseen, climbed(unseen, where), where) == NoCourse(
        (Misfit(0, Reason(code="no_presentation_seen", fact="iggy")),)
    )


# Limits on a day.


@pytest.mark.parametrize(
    ("effect", "fits"),
    [
        (entry(CapDailyDose, "cap", grams=D(70)), True),
        (entry(CapDailyDose, "cap", grams=D("69.9")), False),
        (entry(CapDailyDose, "cap", g_per_kg=D(1)), True),
        (entry(CapDailyDose, "cap", g_per_kg=D("0.99")), False),
        (entry(CapDailyDose, "cap", g_per_kg=D(2), grams=D(60)), False),
        (entry(CapDailyDose, "cap", g_per_kg=D("0.9"), grams=D(100)), False),
        (entry(CapDailyVolume, "cap", ml_per_kg=D(10)), True),
        (entry(CapDailyVolume, "cap", ml_per_kg=D("9.9")), False),
    ],
)
def test_a_limit_on_the_day_is_met_or_passed(effect: Any, fits: bool) -> None:
    """140 g on 2 days: 70 g, 1 g/kg, 700 mL, 10 mL/kg a day; 70 g printed as whole vials."""
    rule = regimen(allowed_days=(2,), day_doses_g_per_kg=(D(1), D(1)))
    where = situation(rule=rule, limits=(effect,))
    found = tried(where)
    assert isinstance(found, Built) is fits
    if not fits:
        code = "daily_volume" if isinstance(effect.effect, CapDailyVolume) else "daily_dose"
        assert found == NoCourse((Misfit(2, Reason(code=code, finding="cap's finding", fact="cap")),))


def test_the_largest_day_is_the_one_that_is_held_against_the_limit() -> None:
    rule = regimen(day_doses_g_per_kg=(D("0.5"), D(1)), allowed_days=(2,))
    cap = entry(CapDailyDose, "cap", grams=D(69))
    assert misfits(situation("105", rule=rule, limits=(cap,))) == [(2, "daily_dose", "cap")]


# Time.


def rate_of(ml_per_kg_h: str, **fields: Any) -> Product:
    """A product that runs at one rate only."""
    one = schedule(start_rate=D(ml_per_kg_h), max_rate=D(ml_per_kg_h))
    return product(schedules=(one,), **fields)


def test_a_day_says_when_how_much_and_how_fast() -> None:
    """35 g are 350 mL at 70 mL/h: 5 hours."""
    found = built(situation("35", days=1), rate_of("1"))
    (day,) = found.days
    assert (day.number, day.date, day.start, day.end) == (1, dt.date(2026, 11, 23), at(8), at(13))
    assert (day.grams, day.volume_ml, day.duration_min, day.discard_g) == (D(35), D(350), 300, D(0))
    assert day.vials == (
        Vial(grams=D(10), count=3, volume_ml=D(100)),
        Vial(grams=D(5), count=1, volume_ml=D(50)),
    )
    assert [(s.rate_ml_per_h, s.minutes, s.volume_ml) for s in day.steps] == [(D(70), 300, D(350))]
    assert found.rates.schedule == "rates"


def test_the_days_follow_one_another_at_the_same_hour() -> None:
    found = built(situation("70", days=2), rate_of("1"))
    assert [(d.number, d.start) for d in found.days] == [(1, at(8)), (2, at(8, day=24))]


def test_the_hour_on_the_wall_stays_across_a_change_of_the_clocks() -> None:
    """Stockholm, 25 October 2026: the clocks go back. 9 o'clock stays 9 o'clock."""
    stockholm = ZoneInfo("Europe/Stockholm")
    start = dt.datetime(2026, 10, 24, 7, tzinfo=dt.UTC)
    where = situation(start=start, known=knowledge(zone=stockholm))
    days = [start_of(number, where) for number in (1, 2)]
    assert [(day.hour, day.day) for day in days] == [(9, 24), (9, 25)]
    assert (days[1] - days[0].astimezone(dt.UTC)) == dt.timedelta(hours=25)
    assert all(day.tzinfo is stockholm for day in days)
    # an hour that does not exist becomes one that does
    spring = situation(start=dt.datetime(2026, 3, 28, 1, 30, tzinfo=dt.UTC), known=knowledge(zone=stockholm))
    assert [start_of(n, spring).hour for n in (1, 2, 3)] == [2, 3, 2]
    # without a zone the order's own offset is kept
    fixed = dt.timezone(dt.timedelta(hours=-5))
    plain = situation(start=dt.datetime(2026, 11, 23, 8, tzinfo=fixed))
    assert [start_of(n, plain).isoformat() for n in (1, 2)] == [
        "2026-11-23T08:00:00-05:00",
        "2026-11-24T08:00:00-05:00",
    ]


def test_each_day_opens_the_vials_that_it_gives() -> None:
    """140 g on 5 days: 30 30 30 of three vials of 10 g, 25 25 of two and one of 5 g."""
    days = built(situation(days=5)).days
    assert [sum(vial.grams * vial.count for vial in day.vials) for day in days] == [30, 30, 30, 25, 25]
    assert [len(day.vials) for day in days] == [1, 1, 1, 2, 2]


# The regimen's hours: at least...


def test_an_infusion_is_stretched_to_the_prescribed_hours() -> None:
    """35 g, 350 mL, at up to 280 mL/h; in 7 hours (420 min) at most 50 mL/h: 420 min exactly."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(7))
    found = built(situation("35", rule=rule), rate_of("4"))
    assert [(s.rate_ml_per_h, s.limit_ml_per_h) for s in found.days[0].steps] == [(D(50), D(50))]
    assert found.days[0].duration_min == 420


def test_stretching_takes_the_fastest_setting_that_still_takes_the_time() -> None:
    """350 mL in at least 6 h: 58 mL/h takes 362.07 (363) min, 59 mL/h 355.9 (356) min."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(6))
    found = built(situation("35", rule=rule), rate_of("4"))
    assert (found.days[0].steps[0].rate_ml_per_h, found.days[0].duration_min) == (D(58), 363)


@pytest.mark.parametrize("pump", ["1", "0.1", "5"])
@pytest.mark.parametrize("hours", ["1.5", "2", "3.3", "4", "5", "7.5", "11"])
def test_stretching_against_every_setting_tried_out(hours: str, pump: str) -> None:
    """350 mL at one rate: the fastest multiple of the pump's step that takes the hours, in whole minutes."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(hours))
    (day,) = built(situation("35", rule=rule, pump_step_ml_per_h=D(pump)), rate_of("4")).days
    tried_out = [n * D(pump) for n in range(1, int(280 / D(pump)) + 1)]
    slow_enough = [rate for rate in tried_out if ceil(D(350) * 60 / rate) >= D(hours) * 60]
    assert day.steps[0].rate_ml_per_h == max(slow_enough)


def test_an_infusion_that_takes_the_time_anyway_is_left_alone() -> None:
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(5))
    found = built(situation("35", rule=rule), rate_of("1"))
    assert (found.days[0].steps[0].rate_ml_per_h, found.days[0].duration_min) == (D(70), 300)
    assert found.days[0].steps[0].limit_ml_per_h == 70


def test_an_infusion_that_takes_exactly_the_time_keeps_the_label_s_limit() -> None:
    """1.005 mL/kg/h are 70.35 mL/h, 70 on the pump: 350 mL take 5 h, as prescribed."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(5))
    (step,) = built(situation("35", rule=rule), rate_of("1.005")).days[0].steps
    assert (step.rate_ml_per_h, step.limit_ml_per_h, step.minutes) == (D(70), D("70.35"), 300)


def test_stretching_goes_down_to_a_single_step_of_the_pump() -> None:
    """5 mL in at least 5 h: 1 mL/h."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(5))
    (day,) = built(situation("0.5", rule=rule, of=ONE_TIME), rate_of("4", sizes="0.5")).days
    assert (day.steps[0].rate_ml_per_h, day.duration_min) == (D(1), 300)


def test_a_pump_that_cannot_go_slowly_enough_is_too_coarse() -> None:
    """5 mL in at least 12 h: even 1 mL/h takes 5 h only; at 0.1 mL/h steps 0.4 mL/h takes 12.5 h."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(12))
    of = rate_of("4", sizes="0.5")
    assert tried(situation("0.5", rule=rule, of=ONE_TIME), of) == NoCourse(
        (Misfit(1, Reason(code="pump_step_too_coarse", value="1")),)
    )
    fine = built(situation("0.5", rule=rule, of=ONE_TIME, pump_step_ml_per_h=D("0.1")), of)
    assert (fine.days[0].steps[0].rate_ml_per_h, fine.days[0].duration_min) == (D("0.4"), 750)


@pytest.mark.parametrize(
    ("limits", "rule", "minutes"),
    [
        ((entry(MinimumHours, "h", hours=D(7)),), regimen(allowed_days=(1,)), 420),
        ((entry(MinimumHours, "h", hours=D(7)), entry(MinimumHours, "i", hours=D(5))), SINGLE, 420),
        (
            (entry(MinimumHours, "h", hours=D(5)),),
            regimen(allowed_days=(1,), infusion_hours_min=D(7)),
            420,
        ),
        ((), SINGLE, 75),  # 280 mL/h
    ],
)
def test_the_longest_of_the_shortest_times_binds(limits: Any, rule: Regimen, minutes: int) -> None:
    assert built(situation("35", rule=rule, limits=limits), rate_of("4")).days[0].duration_min == minutes


def test_nothing_prescribed_is_nothing_stretched() -> None:
    """10 g, 100 mL at 280 mL/h."""
    assert built(situation("10", days=1), rate_of("4")).days[0].duration_min == 22


def test_prescribed_hours_are_those_of_the_regimen_s_own_number_of_infusions() -> None:
    """10 to 12 h for a single infusion; divided over 2 days each day takes what its rate takes."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(7), infusion_hours_max=D(8))
    divided = built(situation("70", rule=rule, days=2), rate_of("4"))
    assert [day.duration_min for day in divided.days] == [75, 75]
    own = silent(infusion_hours_min=D(7))
    assert built(situation("35", rule=own, days=1), rate_of("4")).days[0].duration_min == 420


# ... and at most.


@pytest.mark.parametrize(("hours", "fits"), [("5", True), ("4.99", False), ("6", True)])
def test_the_regimen_s_longest_hours(hours: str, fits: bool) -> None:
    """350 mL at 70 mL/h: 5.0 h."""
    rule = regimen(allowed_days=(1,), infusion_hours_max=D(hours))
    found = tried(situation("35", rule=rule), rate_of("1"))
    assert isinstance(found, Built) is fits
    if not fits:
        assert found == NoCourse((Misfit(1, Reason(code="infusion_hours", fact="two-grams", value="5.0")),))


def test_a_stretched_infusion_is_not_refused_for_the_pump_s_last_minutes() -> None:
    """6 to 6 h: 58 mL/h takes 6.05 h, the nearest that the pump can do without being too fast."""
    rule = regimen(allowed_days=(1,), infusion_hours_min=D(6), infusion_hours_max=D(6))
    assert built(situation("35", rule=rule), rate_of("4")).days[0].duration_min == 363


def test_longest_hours_do_not_bind_a_divided_infusion() -> None:
    rule = regimen(allowed_days=(1,), infusion_hours_max=D(4))
    assert built(situation("70", rule=rule, days=2), rate_of("1")).days[0].duration_min == 300


@pytest.mark.parametrize(("hours", "days"), [("5", 1), ("4.9", 2)])
def test_opening_hours_and_hours_of_pooled_use_lengthen_the_course(hours: str, days: int) -> None:
    """350 mL at 70 mL/h: 5.0 h on one day, 2.9 h on the longer of two."""
    one = situation("35", days=1, known=knowledge(policies={"policy.opening_hours": D(hours)}))
    opened = built(one, rate_of("1"))
    pool = made(Property, "pool", name="pooled_use_within_h", number=D(hours))
    unknown = made(Property, "text", name="pooled_use_within_h", text="soon")
    pooled = built(situation("35", days=1), rate_of("1", properties=(unknown, pool)))
    assert (opened.course.days, pooled.course.days) == (days, days)
    if days == 2:
        assert opened.course.days_because[0] == Reason(
            code="opening_hours", fact="policy.opening_hours", value="5.0"
        )
        assert pooled.course.days_because[0] == Reason(code="pooled_use", fact="pool", value="5.0")


@pytest.mark.parametrize(
    ("dose", "ml_per_kg_h", "size", "hours"),
    [
        ("70", "0.42", "5 10", "24.2"),  # 700 mL at 29 mL/h: 1,449 min
        ("69.6", "0.42", "34.8 69.6", "24.0"),  # 696 mL at 29 mL/h: a day exactly
        ("70", "0.43", "5 10", ""),  # 30 mL/h: 23.3 h
    ],
)
def test_no_infusion_lasts_a_day_or_more(dose: str, ml_per_kg_h: str, size: str, hours: str) -> None:
    found = built(situation(dose, days=1, rule=silent()), rate_of(ml_per_kg_h, sizes=size))
    reasons = (Reason(code="longer_than_a_day", value=hours),) if hours else ()
    assert found.course.days_because == reasons
    assert len(found.days) == (2 if hours else 1)


def test_a_pump_that_is_too_coarse_is_named_with_its_step() -> None:
    where = situation("35", days=1, known=knowledge(policies={"policy.pump_step": D("99.50")}))
    found = tried(where, rate_of("1"))
    assert isinstance(found, NoCourse)
    assert found.misfits[0] == Misfit(1, Reason(code="pump_step_too_coarse", value="99.50"))
    own = situation("35", days=1, pump_step_ml_per_h=D(80))
    coarse = tried(own, rate_of("1"))
    assert isinstance(coarse, NoCourse)
    assert coarse.misfits[0].reason.value == "80"


# The course as a whole, and its neighbours.


def test_the_course_sums_up() -> None:
    """140 g on 5 days of 28: 30 30 30 25 25, 3 vials a day."""
    found = built(situation(days=5))
    assert found.course == Course(
        days=5,
        grams=D(140),
        change_percent=D("0.00"),
        vials=15,
        discard_g=D(0),
        days_because=(),
        neighbours=(
            # 30 g for one of the days of 25: 2 x 10 + 5 becomes 3 x 10
            neighbour("up", "145", "3.57", 15, 5),
            # 20 g for one of them
            neighbour("fewer", "135", "-3.57", 14, 5),
        ),
        facts=("two-grams", "policy.rounding", "policy.rounding_tolerance", "policy.stock"),
    )


def test_the_policy_for_days_is_named_where_it_was_used() -> None:
    assert built(situation(rule=silent())).course.facts == (
        "silent",
        "policy.rounding",
        "policy.rounding_tolerance",
        "policy.stock",
        "policy.days_not_stated",
    )
    assert "policy.days_not_stated" not in built(situation(rule=silent(), days=3)).course.facts


@pytest.mark.parametrize(
    ("given", "ordered", "percent"),
    [("135", "140", "-3.57"), ("145", "140", "3.57"), ("140", "140", "0.00"), ("25", "27.5", "-9.09")],
)
def test_the_change_in_percent(given: str, ordered: str, percent: str) -> None:
    found = change_percent(D(given), D(ordered))
    assert str(found) == percent
    assert str(change_percent(D("139.9999"), D(140))) == "0.00"  # not minus nothing


def near(dose: str, days: int, sizes: str, *vials: str, **policies: Any) -> tuple[Neighbour, ...]:
    """Neighbours of days filled as written: "10 5" is a day of a 10 and a 5 g vial."""
    taken = tuple(tuple(D(v) for v in day.split()) for day in vials)
    filled = Filled(tuple(sum(day, D(0)) for day in taken), taken)
    where = situation(dose, days=days, known=knowledge(policies=policies))
    return neighbours(filled, Shelf(dict.fromkeys(D(s) for s in sizes.split())), where)


def neighbour(kind: str, grams_: str, percent: str, vials: int, days: int) -> Neighbour:
    return Neighbour(
        kind="round_up" if kind == "up" else "fewer_vials",
        grams=D(grams_),
        change_percent=D(percent),
        vials=vials,
        days=days,
    )


def test_the_next_dose_up_and_one_that_saves_a_vial() -> None:
    """27 g ordered, 25 given (10 10 5): up 30 (10 10 10). Fewer vials: 20 g is 26 % less, too far."""
    assert near("27", 1, "5 10", "10 10 5") == (neighbour("up", "30", "11.11", 3, 1),)
    # 32 g ordered, 30.5 given as 10 10 10 0.5: 30 g saves the small vial
    assert near("32", 1, "0.5 10", "10 10 10 0.5") == (
        neighbour("up", "31", "-3.12", 5, 1),
        neighbour("fewer", "30", "-6.25", 3, 1),
    )


def test_a_neighbour_that_saves_nothing_is_passed_over() -> None:
    """46 g (10 x4, 2 x3): 44 needs 4 + 2, saves one."""
    found = near("46", 1, "2 10", "10 10 10 10 2 2 2")
    assert found[1] == neighbour("fewer", "44", "-4.35", 6, 1)
    # 20 g of two 10s: 18 (10 2 2 2 2) saves none, and 16 is too far
    assert near("20", 1, "2 10", "10 10") == (neighbour("up", "22", "10.00", 3, 1),)
    # 41 g of 10 10 10 10 1: the 1 is saved
    assert near("41", 1, "1 10", "10 10 10 10 1")[1] == neighbour("fewer", "40", "-2.44", 4, 1)


def test_only_one_day_changes_and_it_is_the_smallest() -> None:
    """60 g on 2 days of 30: up 35 g on one day; down 25 g (10 10 5, as many vials), 20 g is too far."""
    assert near("60", 2, "5 10", "10 10 10", "10 10 10") == (neighbour("up", "65", "8.33", 7, 2),)
    # unequal days: the smaller one is raised
    assert near("57", 2, "5 10", "10 10 10", "10 10 5") == (neighbour("up", "60", "5.26", 6, 2),)
    # wherever it stands: 35 g, then 70 g as printed
    printed = near("105", 2, "5 10", "10 10 10 5", "10 10 10 10 10 10 10")
    assert printed[0] == neighbour("up", "110", "4.76", 11, 2)
    # one of two equal days loses its small vial: 30.5 and 30 g
    assert near("61", 2, "0.5 10", "10 10 10 0.5", "10 10 10 0.5") == (
        neighbour("up", "61.5", "0.82", 9, 2),
        neighbour("fewer", "60.5", "-0.82", 7, 2),
    )


def test_how_far_down_a_neighbour_may_be_is_the_rounding_tolerance() -> None:
    wide = {"policy.rounding_tolerance": 30}
    assert near("27", 1, "5 10", "10 10 5", **wide)[1] == neighbour("fewer", "20", "-25.93", 2, 1)
    exact = {"policy.rounding_tolerance": 20}
    assert near("25", 1, "5 10", "10 10 5", **exact)[1] == neighbour("fewer", "20", "-20.00", 2, 1)
    assert len(near("25", 1, "5 10", "10 10 5", **{"policy.rounding_tolerance": 19})) == 1


def test_the_search_goes_on_until_a_vial_is_saved() -> None:
    """1.1 g of 0.6 and 0.5 g: 1.0 g (two vials) saves none, 0.6 g saves one."""
    half = {"policy.rounding_tolerance": 50}
    assert near("1.1", 1, "0.5 0.6", "0.6 0.5", **half)[1] == neighbour("fewer", "0.6", "-45.45", 1, 1)


def test_below_the_smallest_vial_there_is_no_neighbour() -> None:
    all_the_way = {"policy.rounding_tolerance": 100}
    assert near("5", 1, "5", "5", **all_the_way) == (neighbour("up", "10", "100.00", 2, 1),)


def test_a_part_vial_counts_as_drawn() -> None:
    filled = Filled((D("14.2"),), ((D(10), D(5)),))
    assert (filled.total, filled.drawn) == (D("14.2"), D(15))
    found = course.neighbours(filled, Shelf({D(5): None, D(10): None}), situation("14.23", days=1))
    assert found == (neighbour("up", "15", "5.41", 2, 1),)
