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
    ],
)
def test_a_course_from_the_shelf(dose: str, days: int, rows: tuple[Stock, ...], expected: list[str]) -> None:
    made = tried(dose, listed(*rows), days)
    assert isinstance(made, Built)
    assert opened(made.days) == expected
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


def test_days_that_the_shelf_would_make_uneven_are_not_made() -> None:
    """120 g over two days, vials of 10, 25 and 35 g: 35 + 25 and then 5 x 10 are 60 and 50 g: apart by one
    smallest vial. With 4 x 10 g, 60 and 40 g: more than a smallest vial apart, and 17 % too little.
    """
    sizes, ten, rest = "10 25 35", vials("10", 5), (vials("25", 1), vials("35", 1))
    made = tried("120", listed(ten, *rest), 2, sizes)
    assert isinstance(made, Built)
    assert [day.grams for day in made.days] == [60, 50]
    loose = listed(vials("10", 4), *rest, **{"policy.rounding_tolerance": 20})
    assert isinstance(tried("120", loose, 2, sizes), NoCourse)


def test_what_lies_beside_the_course_is_in_stock_too() -> None:
    """35 g: 40 g would take a fourth vial of 10 g or a second of 5 g."""
    free, held = tried("35", small.knowledge()), tried("35", listed(vials("10", 3), vials("5", 1)))
    assert isinstance(free, Built) and isinstance(held, Built)
    up = Neighbour(kind="round_up", grams=D(40), change_percent=D("14.29"), vials=4, days=1)
    assert up in free.course.neighbours
    assert up not in held.course.neighbours
