"""The site's stock: what a site may write, and what a list never changes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.knowledge.policies import Stock
from ivigil.knowledge.site import overlay, read
from ivigil.knowledge.store import Knowledge, KnowledgeError
from ivigil.order import Order
from ivigil.planning import plan, stock
from ivigil.verification import verify
from tests.support.orders import adult, child, knowledge, order
from tests.support.small import D

# What a site may write


STOCK = """
[[policy]]
id = "policy.stock"
text = "On the shelf"
cautious_because = "A list only takes vials away."
basis = "synthesis"
seen = false
stock = [{rows}]
"""


def laid(folder: Path, *rows: str) -> Knowledge:
    (folder / "site.toml").write_text(STOCK.replace("{rows}", ", ".join(rows)))
    return overlay(knowledge(), read(folder))


def test_a_list_needs_no_signature(tmp_path: Path) -> None:
    site = laid(
        tmp_path, '{ product = "octagam-10-us", grams = 30, vials = 6 }', '{ product = "privigen-us" }'
    )
    assert site.loosened == ()
    assert site.policies[stock.STOCK].stock[0].vials == 6


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('{ product = "octagam" }', "no product 'octagam'"),
        ('{ product = "octagam-10-us", grams = 3 }', "has no vial of 3 g; accepted: 2, 5, 10, 20, 30"),
        ('{ product = "octagam-10-us", vials = 4 }', "vials are counted from 0, for one size in grams"),
        ('{ product = "octagam-10-us", grams = 2, vials = -1 }', "vials are counted from 0"),
        ('{ product = "octagam-10-us" }, { product = "octagam-10-us", grams = 2 }', "listed twice"),
        (
            '{ product = "octagam-10-us", grams = 2 }, { product = "octagam-10-us", grams = 2 }',
            "listed twice",
        ),
        ('{ product = "octagam-10-us", boxes = 2 }', "unknown field"),
    ],
)
def test_a_list_that_cannot_be_meant_stops_everything(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(KnowledgeError, match=fault):
        laid(tmp_path, row)


# What a list never changes


KEPT = ("octagam-10-us", "gamunex-c-us", "privigen-us", "panzyga-us")
ORDERS = {
    "Kawasaki": order("kawasaki_disease", child()),
    "dermatomyositis, Octagam 10 %": order("dermatomyositis_adult", adult(), product="octagam-10-us"),
    "ITP": order("itp_adult", adult("60")),
    "Guillain-Barre": order("guillain_barre", adult("75")),
}


def shelves() -> st.SearchStrategy[tuple[Stock, ...]]:
    """Every size of some products: none, a few, or as many as it takes."""
    sizes = [(name, v.grams) for name in KEPT for v in knowledge().products[name].vials if v.seen]
    counts = st.sampled_from([0, 1, 2, 3, 6, None])
    return st.lists(counts, min_size=len(sizes), max_size=len(sizes)).map(
        lambda drawn: tuple(
            Stock(product=name, grams=size, vials=count)
            for (name, size), count in zip(sizes, drawn, strict=True)
        )
    )


def stocked(rows: tuple[Stock, ...]) -> Knowledge:
    known = knowledge()
    set_to = tuple(replace(p, stock=rows) if p.id == stock.STOCK else p for p in known.facts.policy)
    return replace(known, facts=replace(known.facts, policy=set_to))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(ORDERS)), shelves())
def test_stock_changes_no_finding_no_limit_and_no_dose(name: str, rows: tuple[Stock, ...]) -> None:
    asked, site = ORDERS[name], stocked(rows)
    free, held = plan(asked, knowledge()), plan(asked, site)
    assert (held.findings, held.dose, held.questions) == (free.findings, free.dose, free.questions)
    assert verify(held, asked, site).objections == ()
    if held.course is not None and held.dose is not None:
        assert held.course.grams <= held.dose.grams
    for product in counted(held):
        at_hand = next(r.vials for r in rows if (r.product, r.grams) == product)
        assert at_hand is None or counted(held)[product] <= at_hand
    if held.product is not None and free.product is not None and held.product.id == free.product.id:
        assert held.rates == free.rates
    if held.product is None:
        assert [gap.code for gap in held.gaps if gap.code == "not_in_stock"] == ["not_in_stock"]
        assert held.status == "needs_sign_off"


def counted(made: Plan) -> Counter[tuple[str, Decimal]]:
    assert made.product is not None or not made.days
    name = made.product.id if made.product is not None else ""
    return Counter((name, v.grams) for day in made.days for v in day.vials for _ in range(v.count))


def test_no_list_is_no_limit_and_is_shown_as_assumed() -> None:
    made = plan(ORDERS["ITP"], knowledge())
    assert "policy.stock" in [assumed.id for assumed in made.assumed]


# The second opinion


def objections(asked: Order, made: Plan, *rows: Stock) -> set[str]:
    return {objection.code for objection in verify(made, asked, stocked(rows)).objections}


def test_the_verifier_counts_the_vials_of_all_days() -> None:
    """140 g of Octagam 10 % over two days: 2 x 30 + 10 g a day."""
    asked = replace(ORDERS["dermatomyositis, Octagam 10 %"], days=2)
    made = plan(asked, knowledge())
    assert counted(made) == {("octagam-10-us", D(30)): 4, ("octagam-10-us", D(10)): 2}
    octagam = "octagam-10-us"
    ten = Stock(product=octagam, grams=D(10), vials=2)
    enough = replace(ten, grams=D(30), vials=4)
    assert objections(asked, made, ten, enough) == set()
    assert objections(asked, made, Stock(product=octagam)) == set()
    assert objections(asked, made, ten, replace(enough, vials=3)) == {"more_than_stock"}
    assert objections(asked, made, enough) == {"more_than_stock"}
    assert objections(asked, made, Stock(product="privigen-us")) == {"more_than_stock"}


def test_a_gap_for_want_of_stock_needs_a_list() -> None:
    nothing = (Stock(product="hizentra-20-us"),)
    asked = ORDERS["Guillain-Barre"]
    made = plan(asked, stocked(nothing))
    assert objections(asked, made, *nothing) == set()
    assert "stock_not_listed" in objections(asked, made)
