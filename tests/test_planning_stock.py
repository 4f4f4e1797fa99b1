"""Vials from a counted shelf, worked out by hand: which ones, what is left, when there is too little."""

from __future__ import annotations

from decimal import Decimal
from itertools import product as every
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import Day, Neighbour, Reason
from ivigil.knowledge.hazards import CapDailyVolume
from ivigil.knowledge.policies import Stock
from ivigil.knowledge.store import Knowledge
from ivigil.planning import course, stock
from ivigil.planning.course import Built, Misfit, NoCourse
from ivigil.planning.rates import Ladder, ladder
from ivigil.planning.stock import Shelf, shelf
from tests.support import small
from tests.support.small import D


def of(**counts: int | None) -> Shelf:
    """A shelf: ``of(g10=3, g5=None)`` is three vials of 10 g, and as many of 5 g as it takes."""
    return Shelf({D(name.removeprefix("g")): count for name, count in counts.items()})


def grams(text: str) -> tuple[Decimal, ...]:
    return tuple(D(g) for g in text.split())


@pytest.mark.parametrize(
    ("at_hand", "wanted", "at_most", "at_least"),
    [
        (of(g10=3, g5=None), "27", "10 10 5", "10 10 10"),
        (of(g10=1, g5=None), "27", "10 5 5 5", "10 5 5 5 5"),
        (of(g10=1, g5=2), "27", "10 5 5", None),
        (of(g10=2), "9", None, "10"),
        (of(g30=3, g20=2, g10=1), "70", "30 30 10", "30 30 10"),  # as many vials: the larger first
        (of(g20=3, g15=None), "35", "20 15", "20 15"),
        (of(), "5", None, None),
    ],
)
def test_what_a_shelf_makes(at_hand: Shelf, wanted: str, at_most: str | None, at_least: str | None) -> None:
    assert at_hand.at_most(D(wanted)) == (None if at_most is None else grams(at_most))
    assert at_hand.at_least(D(wanted)) == (None if at_least is None else grams(at_least))


@given(
    st.dictionaries(st.sampled_from([5, 10, 20, 25]), st.integers(1, 3), min_size=1),
    st.integers(1, 120),
)
def test_a_shelf_against_every_handful_of_vials(counts: dict[int, int], wanted: int) -> None:
    """Tried out: every number of every size that is there."""
    handfuls = [
        tuple(size for size, n in zip(counts, taken, strict=True) for _ in range(n))
        for taken in every(*(range(n + 1) for n in counts.values()))
    ]
    at_hand = Shelf({Decimal(size): n for size, n in counts.items()})
    below = min((-sum(h), len(h)) for h in handfuls if sum(h) <= wanted)
    above = min(((sum(h), len(h)) for h in handfuls if sum(h) >= wanted), default=None)
    most, least = at_hand.at_most(Decimal(wanted)), at_hand.at_least(Decimal(wanted))
    assert below == ((-sum(most), len(most)) if most else (0, 0))
    assert above == ((sum(least), len(least)) if least else None)
    assert at_hand.holds(most or ()) and at_hand.holds(least or ())


def test_taking_vials_leaves_the_rest() -> None:
    left = of(g10=3, g5=2, g1=None).less(grams("10 5 5 1"))
    assert left == of(g10=2, g1=None)
    assert left.holds(grams("10 10 1 1 1"))
    assert not left.holds(grams("10 10 10"))
    assert not left.holds(grams("5"))
    assert (left.text, of().text) == ("2 x 10 g, 1 g", "0")


def test_how_much_there_is() -> None:
    assert of(g10=3, g5=2).total == 40
    assert of(g10=3, g5=None).total is None
    assert of().total == 0


@pytest.mark.parametrize(
    ("targets", "at_hand", "taken"),
    [
        ("50 50", Shelf({D(10): 8, D(5): 2}), "10 10 10 10 5"),  # 45 g is the share of 90 g
        ("35 35", Shelf({D(10): 6, D(5): 1}), "10 10 10 5"),  # 32.5 g: the next sum is still within 35 g
        ("35 35", Shelf({D(10): 6}), "10 10 10"),  # 30 g
        ("36 36", Shelf({D(10): 7}), "10 10 10"),  # 35 g: 40 g would be above 36 g
        ("35 35", Shelf({D(10): 6, D(5): None}), "10 10 10 5"),  # enough for all
        ("10", Shelf({D("0.5"): 18}), " ".join(["0.5"] * 18)),
        ("50 50 50", Shelf({D(50): 1, D("49.5"): 1, D(49): 1}), "49.5"),
    ],
)
def test_the_share_of_a_day(targets: str, at_hand: Shelf, taken: str) -> None:
    assert stock.whole(grams(targets), at_hand) == grams(taken)


def listed(*rows: Stock, **policies: Any) -> Knowledge:
    """The small fact base of a site that lists its stock."""
    base = small.knowledge(policies=policies)
    set_to = tuple(replace(p, stock=rows) if p.id == stock.STOCK else p for p in base.facts.policy)
    return replace(base, facts=replace(base.facts, policy=set_to))


def vials(size: str, count: int | None = None) -> Stock:
    return Stock(product="iggy", grams=D(size), vials=count)


def test_only_sizes_that_were_read_and_are_in_stock_count() -> None:
    of_three = small.product(vials=(small.vial("5"), small.vial("10"), small.vial("20", seen=False)))
    assert shelf(of_three, small.knowledge()) == Shelf({D(10): None, D(5): None})
    assert shelf(of_three, listed(vials("5", 2), vials("10", 0), vials("20"))) == Shelf({D(5): 2})
    assert shelf(of_three, listed(Stock(product="iggy"))) == Shelf({D(10): None, D(5): None})
    assert shelf(of_three, listed(Stock(product="other"))) == Shelf({})
    assert shelf(of_three, listed(vials("5", 2), vials("10", 1))).text == "1 x 10 g, 2 x 5 g"


def tried(dose: str, known: Knowledge, days: int = 1, sizes: str = "5 10", **fields: Any) -> Built | NoCourse:
    where = small.situation(dose, known=known, rule=small.regimen(allowed_days=(days,)), **fields)
    of_sizes = small.product(sizes=sizes)
    climbed = ladder(of_sizes, where)
    assert isinstance(climbed, Ladder)
    return course.build(of_sizes, climbed, where)


def opened(days: tuple[Day, ...]) -> list[str]:
    return [" + ".join(f"{v.count} x {v.grams}" for v in day.vials) for day in days]


@pytest.mark.parametrize(
    ("dose", "days", "rows", "expected"),
    [
        # as without a list: 35 = 3 x 10 + 5
        ("35", 1, (vials("10", 3), vials("5", 1)), ["3 x 10 + 1 x 5"]),
        # two vials of 10 g: the rest of 5 g
        ("35", 1, (vials("10", 2), vials("5")), ["2 x 10 + 3 x 5"]),
        # 35 g of 4 x 10 g: 30 g would be 14 % less, so one vial is opened for a part
        ("35", 1, (vials("10", 4),), ["4 x 10"]),
        # 70 g over two days from 5 x 10 + 4 x 5: 35 = 3 x 10 + 5, then 2 x 10 + 3 x 5
        ("70", 2, (vials("10", 5), vials("5", 4)), ["3 x 10 + 1 x 5", "2 x 10 + 3 x 5"]),
        # 70 g over two days, 65 g there: 35 and 30 g, 7 % less
        ("70", 2, (vials("10", 6), vials("5", 1)), ["3 x 10 + 1 x 5", "3 x 10"]),
        # 100 g over two days, 90 g there: 45 g each, 10 % less
        ("100", 2, (vials("10", 8), vials("5", 2)), ["4 x 10 + 1 x 5", "4 x 10 + 1 x 5"]),
    ],
)
def test_a_course_from_the_shelf(dose: str, days: int, rows: tuple[Stock, ...], expected: list[str]) -> None:
    made = tried(dose, listed(*rows), days)
    assert isinstance(made, Built)
    assert opened(made.days) == expected
    assert [day.grams + day.discard_g for day in made.days] == [
        sum(vial.grams * vial.count for vial in day.vials) for day in made.days
    ]
    assert "policy.stock" in made.course.facts


def test_a_part_vial_takes_from_the_shelf_what_it_opens() -> None:
    """35 g of 10 g vials: 40 g drawn, 5 g discarded."""
    made = tried("35", listed(vials("10", 4)))
    assert isinstance(made, Built)
    assert (made.course.grams, made.course.discard_g) == (D(35), D(5))


@pytest.mark.parametrize(
    ("dose", "days", "rows", "there"),
    [
        ("35", 1, (vials("10", 3),), "3 x 10 g"),  # 30 g is 14 % less; nothing to measure 5 g from
        ("70", 2, (vials("10", 6),), "6 x 10 g"),  # 30 + 30 g is 14 % less; 35 + 35 g opens 4 + 4
        ("35", 1, (vials("5", 6),), "6 x 5 g"),
        ("35", 1, (Stock(product="other"),), "0"),
    ],
)
def test_too_little_is_said_with_what_is_there_and_no_day_is_added(
    dose: str, days: int, rows: tuple[Stock, ...], there: str
) -> None:
    reason = Reason(code="not_in_stock", fact="policy.stock", value=there)
    number = 0 if there == "0" else days
    assert tried(dose, listed(*rows), days) == NoCourse((Misfit(number, reason),))


@pytest.mark.parametrize(("fives", "expected"), [(9, ["1 x 50", "9 x 5"]), (8, None)])
def test_days_that_the_shelf_makes_uneven_are_not_made(fives: int, expected: list[str] | None) -> None:
    """100 g over two days from 1 x 50 g and vials of 5 g: 50 and 45 g are one smallest vial apart. 50 and
    40 g are two apart, though they too are within 10 % of the whole; and nothing is left for a part vial.
    """
    made = tried("100", listed(vials("50", 1), vials("5", fives)), 2, "5 50")
    assert (opened(made.days) if isinstance(made, Built) else None) == expected


def test_what_lies_beside_the_course_is_in_stock_too() -> None:
    """35 g: 40 g would take a fourth vial of 10 g or a second of 5 g."""
    free, held = tried("35", small.knowledge()), tried("35", listed(vials("10", 3), vials("5", 1)))
    assert isinstance(free, Built) and isinstance(held, Built)
    up = Neighbour(kind="round_up", grams=D(40), change_percent=D("14.29"), vials=4, days=1)
    assert up in free.course.neighbours
    assert up not in held.course.neighbours


def test_a_neighbour_of_fewer_vials_needs_them_in_stock() -> None:
    """35 g a day: 30 + 5, then 3 x 10 + 5. With 30 g on one day, 3 vials would do, two of them of 30 g."""
    made = tried("70", listed(vials("30", 1), vials("10", 3), vials("5", 2)), 2, "5 10 30")
    assert isinstance(made, Built)
    assert opened(made.days) == ["1 x 30 + 1 x 5", "3 x 10 + 1 x 5"]
    assert [n.kind for n in made.course.neighbours] == []


def test_part_vials_are_measured_from_what_is_left() -> None:
    """38 g a day within 5 %, vials of 10 and 40 g: 40 g opened on day 1, then 4 x 10 g."""
    known = listed(vials("40", 1), vials("10", 4), **{"policy.rounding_tolerance": 5})
    made = tried("76", known, 2, "10 40")
    assert isinstance(made, Built)
    assert [day.grams for day in made.days] == [38, 38]
    assert opened(made.days) == ["1 x 40", "4 x 10"]
    assert made.course.discard_g == 4


def test_days_of_unequal_dose_are_each_held_against_their_own() -> None:
    """42 and 22 g from 5 x 10 + 2 x 5: 40 and 20 g, each 2 g less. A part of 42 g would leave too little."""
    rule = small.regimen(allowed_days=(2,), day_doses_g_per_kg=(D("4.2"), D("2.2")))
    where = small.situation("64", rule=rule, known=listed(vials("10", 5), vials("5", 2)))
    of_two = small.product()
    climbed = ladder(of_two, where)
    assert isinstance(climbed, Ladder)
    made = course.build(of_two, climbed, where)
    assert isinstance(made, Built)
    assert opened(made.days) == ["4 x 10", "1 x 10 + 2 x 5"]


def test_what_the_stock_makes_is_held_against_the_limits_of_a_day() -> None:
    """At most 360 mL a day. 35 g twice would fit, but there is one vial of 5 g; 38 g of 4 x 10 are 380 mL."""
    cap = small.entry(CapDailyVolume, "heart", ml_per_kg=D(5))
    known = listed(vials("10", 8), vials("5", 1))
    found = tried("76", known, 2, limits=(cap,), weight_kg="72")
    assert isinstance(found, NoCourse)
    assert found.misfits[0] == Misfit(2, Reason(code="daily_volume", finding="heart's finding", fact="heart"))
