"""Whole vials: which sums can be made, and of how few."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.course import Vial
from ivigil.planning.vials import Sizes, as_vials
from tests.support import small
from tests.support.small import D


def sizes(grams: str) -> Sizes:
    return Sizes(tuple(D(g) for g in grams.split()))


@pytest.mark.parametrize(
    ("of", "grams", "below", "above"),
    [
        ("5 10", "27", "25", "30"),
        ("5 10", "30", "30", "30"),
        ("5 10", "4.999", "0", "5"),
        ("5 10", "0", "0", "0"),
        ("2 5", "3", "2", "4"),  # 3 g cannot be made of 2 and 5
        ("2 5", "1", "0", "2"),
        ("6 10", "15", "12", "16"),
        ("6 10", "14.001", "12", "16"),
        ("0.5 2.5", "7.3", "7.0", "7.5"),
        ("1.65 3.3", "10", "9.9", "11.55"),
        ("5 10", "9.9996", "5", "10"),
        ("5 10", "10.0001", "10", "15"),
    ],
)
def test_the_sums_of_whole_vials_around_a_dose(of: str, grams: str, below: str, above: str) -> None:
    assert sizes(of).at_most(D(grams)) == D(below)
    assert sizes(of).at_least(D(grams)) == D(above)


@pytest.mark.parametrize(
    ("of", "grams", "vials"),
    [
        ("5 10 20", "35", "20 10 5"),
        ("5 10 20", "40", "20 20"),
        ("1 5 8", "10", "5 5"),  # taking the largest first would need 8 + 1 + 1
        ("6 10", "18", "6 6 6"),
        ("2.5 5 10", "17.5", "10 5 2.5"),
        ("5 10", "0", ""),
    ],
)
def test_the_fewest_vials_are_taken_largest_first(of: str, grams: str, vials: str) -> None:
    taken = sizes(of).fill(D(grams))
    assert taken == tuple(D(v) for v in vials.split())
    assert sizes(of).count(D(grams)) == len(vials.split())


@pytest.mark.parametrize(("of", "grams"), [("5 10", "7"), ("6 10", "14"), ("5 10", "0.001"), ("2.5", "5.1")])
def test_a_dose_that_no_vials_make_is_refused(of: str, grams: str) -> None:
    with pytest.raises(ValueError, match=rf"^{grams} g cannot be made of whole vials$"):
        sizes(of).fill(D(grams))


def test_the_smallest_size_and_the_common_unit() -> None:
    assert sizes("10 2.5 5").smallest == D("2.5")
    assert sizes("10 2.5 5").unit == 2500
    assert sizes("5 5 10").unit == 5000


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True),
    st.integers(0, 60),
)
def test_against_one_vial_after_the_other(halves: list[int], dose: int) -> None:
    """Vials of half grams: every sum that n vials make, n = 0, 1, 2..."""
    fewest = {0: 0}
    while True:
        last = max(fewest.values())
        sums = {total + half for total, n in fewest.items() if n == last for half in halves}
        new = {total: last + 1 for total in sums if total not in fewest and total <= dose + 12}
        if not new:
            break
        fewest |= new
    below = max(total for total in fewest if total <= dose)
    above = min(total for total in fewest if total >= dose)
    made = Sizes(tuple(Decimal(half) / 2 for half in halves))
    assert made.at_most(Decimal(dose) / 2) == Decimal(below) / 2
    assert made.at_least(Decimal(dose) / 2) == Decimal(above) / 2
    assert made.count(Decimal(below) / 2) == fewest[below]
    assert sum(made.fill(Decimal(above) / 2), D(0)) == Decimal(above) / 2


def test_vials_are_listed_by_size_with_the_printed_volume() -> None:
    """Subgam 16 %: 0.75 g and 1.5 g are printed with 5 and 10 mL, not 4.69 and 9.38."""
    one, two = small.vial("0.75", volume_ml=D(5)), small.vial("1.5", volume_ml=D(10))
    never = small.vial("3", volume_ml=D(99), seen=False)
    listed = as_vials(small.product(percent=16, vials=(one, two, never)), (D("1.5"), D("0.75"), D("1.5")))
    assert listed == (
        Vial(grams=D("1.5"), count=2, volume_ml=D(10)),
        Vial(grams=D("0.75"), count=1, volume_ml=D(5)),
    )
    assert as_vials(small.product(), ()) == ()
