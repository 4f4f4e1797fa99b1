"""``ivigil convert``: weekly grams by each product's own factor; no number without a usable factor."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ivigil.planning.conversion import Converted, convert
from tests.support.command import Command
from tests.support.orders import knowledge
from tests.support.signing import signing

DOSE = ("--grams", "30", "--every-weeks", "4")


def converted(product: str) -> dict[str, Converted]:
    found = convert(Decimal(30), Decimal(4), knowledge().products[product], knowledge())
    return {item.fact: item for item in found}


@pytest.mark.parametrize(
    ("product", "fact", "grams"),
    [
        # US labels: Hizentra, Xembify, Gamunex-C 1.37, Cuvitru 1.30; 30 g every 4 weeks is 7.5 g a week
        ("hizentra-20-us", "hizentra-20-us.conversion.iv", "10.275"),
        ("cuvitru-20-us", "cuvitru-20-us.conversion.iv", "9.75"),
        ("xembify-20-us", "xembify-20-us.conversion.iv", "10.275"),
        ("gamunex-c-us-sc", "gamunex-c-us-sc.conversion.iv", "10.275"),
        # the EU converts 1:1
        ("hizentra-20-eu", "hizentra-20-eu.conversion.iv-cidp", "7.5"),
    ],
)
def test_weekly_grams_follow_the_label(product: str, fact: str, grams: str) -> None:
    item = converted(product)[fact]
    assert item.state == "usable"
    assert item.weekly_grams == Decimal(grams)


def test_volume_is_that_of_the_product() -> None:
    """10.275 g of a 20 % solution are 51.375 mL."""
    assert converted("hizentra-20-us")["hizentra-20-us.conversion.iv"].weekly_ml == Decimal("51.375")


def test_a_superseded_factor_is_shown_without_a_number(command: Command) -> None:
    item = converted("hizentra-20-us")["hizentra-20-us.conversion.iv-2013"]
    assert (item.state, item.weekly_grams, item.weekly_ml) == ("superseded", None, None)
    flat = command("convert", *DOSE, "--product", "hizentra-20-us").flat
    assert "x 1.53 (PI): superseded by a newer figure: no number" in flat
    assert "11.475" not in flat


def test_an_unread_factor_gives_no_number() -> None:
    """A factor whose evidence was forgotten is shown, and converts nothing."""
    product = knowledge().products["hizentra-20-us"]
    unread = replace(product, conversions=tuple(replace(item, seen=False) for item in product.conversions))
    found = convert(Decimal(30), Decimal(4), unread, knowledge())
    assert [item.state for item in found] == ["unsigned", "superseded"]
    assert all(item.weekly_grams is None for item in found)


def test_two_signatures_bring_the_number_of_an_unread_factor() -> None:
    """The planner converts by it then, too (``test_subcutaneous_planning``)."""
    factor = replace(knowledge().products["hizentra-20-us"].conversions[0], seen=False)
    product = replace(knowledge().products["hizentra-20-us"], conversions=(factor,))
    signed = replace(knowledge(), signed=frozenset({factor.id}))
    (item,) = convert(Decimal(30), Decimal(4), product, signed)
    assert (item.state, item.weekly_grams) == ("signed", Decimal("10.275"))


def test_two_signatures_do_not_bring_a_superseded_factor_back(command: Command, tmp_path: Path) -> None:
    """As in a plan: a newer label is in force."""
    site = signing(tmp_path, "hizentra-20-us.conversion.iv-2013")
    flat = command("convert", *DOSE, "--product", "hizentra-20-us", "--site", site).flat
    assert "x 1.53 (PI): superseded by a newer figure: no number" in flat
    assert "11.475" not in flat


def test_every_product_of_a_place_is_there_even_without_a_factor(command: Command) -> None:
    answer = command("convert", *DOSE, "--jurisdiction", "US", "--json").json
    listed = {item["product"] for item in answer["converted"]} | set(answer["without_factor"])
    assert listed == {p.id for p in knowledge().facts.product if p.route == "SC" and p.jurisdiction == "US"}


def test_a_place_without_subcutaneous_products_says_so(command: Command) -> None:
    ran = command("convert", *DOSE, "--jurisdiction", "MY")
    assert ran.code == 2
    assert "no subcutaneous product is known in MY" in ran.err
