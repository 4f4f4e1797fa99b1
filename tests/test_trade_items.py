"""Trade items and recalls: the digits are right, a slip is a fault, and a site's own permits only signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from ivigil.knowledge.check import coverage, faults
from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.identification import gtin_of_ndc
from ivigil.knowledge.site import overlay, read
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.trade_items import Recall, TradeItem
from tests.support.command import Command
from tests.support.orders import knowledge

ITEM = next(item for item in knowledge().facts.trade_item if item.ndc == "44206-439-40")


def faulty(changed: TradeItem) -> list[str]:
    """What the check says of a fact base in which one item was changed."""
    facts = knowledge().facts
    items = tuple(changed if item.id == ITEM.id else item for item in facts.trade_item)
    return list(faults(Knowledge(replace(facts, trade_item=items), "changed")))


def test_the_rule_gives_the_number_that_the_register_prints() -> None:
    """openFDA's record of 54288-179 prints UPC 0354288179010 and 0354288179102 for its two packages."""
    assert gtin_of_ndc("54288-179-01") == "00354288179010"
    assert gtin_of_ndc("54288-179-10") == "00354288179102"


def test_the_check_digit_is_the_standard_s() -> None:
    """By hand for 0 0 3 4 4 2 0 6 4 3 9 4 0: 3 x (0+3+4+0+4+9+0) + (0+4+2+6+3+4) = 60 + 19 = 79, to 80: 1."""
    assert ITEM.gtin == "00344206439401"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gtin": "00344206439402"}, "the check digit should be 1"),
        ({"gtin": "0344206439401"}, "is not fourteen digits"),
        ({"gtin": "00344206439500"}, "is not that of NDC"),
        ({"ndc": "44206-0439-40"}, "is not ten digits in three parts"),
        ({"products": ()}, "names no product"),
        ({"products": ("privigen",)}, "unknown product 'privigen'"),
        ({"grams": ITEM.grams + 1}, "41 g is no size of privigen-us; its sizes: 5, 10, 20, 40"),
        ({"products": ("privigen-us", "privigen-eu")}, "differ in more than the route"),
        ({"gtin": gtin_of_ndc("44206-439-93"), "ndc": "44206-439-93"}, "2 trade items share the GTIN"),
    ],
)
def test_a_slip_is_a_fault(change: dict[str, object], said: str) -> None:
    found = [line for line in faulty(replace(ITEM, **change)) if line.startswith(f"{ITEM.id}: ")]
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(("product", "lot"), [("privigen", "P1"), ("privigen-us", " ")])
def test_a_recall_without_product_or_lot_is_a_fault(product: str, lot: str) -> None:
    recall = Recall(id="r", product=product, lot=lot, reason="test", basis="regulator", seen=False)
    made = Knowledge(replace(knowledge().facts, recall=(recall,)), "changed")
    assert [line for line in faults(made) if line.startswith("r: ")]


def test_every_item_of_ours_is_faultless_and_formed_from_its_package_code() -> None:
    items = knowledge().facts.trade_item
    assert not faults(knowledge())
    assert all(item.gtin == gtin_of_ndc(item.ndc) and item.derived for item in items)


def test_privigen_s_smaller_vials_permit_nothing_as_their_sizes_were_not_read() -> None:
    unread = {item.ndc for item in knowledge().facts.trade_item if not knowledge().permits(item)}
    assert unread == {
        "44206-436-05", "44206-436-90", "44206-437-10", "44206-437-91", "44206-438-20", "44206-438-92",
    }  # fmt: skip


LOCAL = """
[[trade_item]]
id = "ours.fictional"
gtin = "09520123456788"
products = ["privigen-eu"]
grams = 20
basis = "protocol"
seen = true
sources = ["iv.priv-dailymed"]

[[recall]]
id = "ours.recall"
product = "privigen-eu"
lot = "P100"
reason = "an exercise"
basis = "regulator"
seen = false
"""
"""A demonstration GTIN (prefix 952) and a recall that never was."""


def test_a_site_s_own_item_permits_only_when_two_people_signed_it(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(LOCAL)
    unsigned = overlay(knowledge(), read(tmp_path))
    item = unsigned.trade_items["09520123456788"][0]
    assert not unsigned.permits(item)
    assert "privigen-eu" not in coverage(unsigned).known_by_barcode
    mark = fingerprint(item)
    signatures = "".join(
        f'[[signature]]\nfact = "{item.id}"\nfingerprint = "{mark}"\nby = "{who}"\nrole = "pharmacist"\n'
        "date = 2026-11-20\n"
        for who in ("First Example", "Second Example")
    )
    (tmp_path / "site.toml").write_text(LOCAL + signatures)
    signed = overlay(knowledge(), read(tmp_path))
    assert signed.permits(item)
    assert not faults(signed)
    assert "privigen-eu" in coverage(signed).known_by_barcode
    assert [recall.lot for recall in signed.facts.recall] == ["P100"]


def test_the_command_shows_an_item(command: Command) -> None:
    shown = command("facts", ITEM.id).flat
    assert "00344206439401" in shown
    assert "privigen-us" in shown
