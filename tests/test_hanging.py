"""Before hanging: every right vial is let through, and of a thousand wrong ones none."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import cycle, islice

import msgspec
import pytest
from msgspec.structs import replace
from rapidfuzz.fuzz import ratio

from ivigil.infusion.events import VialHung
from ivigil.infusion.hanging import Chair, Stop, VialSeen, check, grams_of, of_record, of_scan
from ivigil.infusion.scan import read_scan
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.trade_items import Recall, TradeItem
from ivigil.patient import Identifier
from tests.support.chair import LATER, TODAY, chair, planned, real_plan, scanned, typed
from tests.support.orders import knowledge

BASE = knowledge()
ITEMS = [item for item in BASE.facts.trade_item if BASE.permits(item)]
UNSIGNED = [item for item in BASE.facts.trade_item if not BASE.permits(item)]
CASES = [(item, name) for item in ITEMS for name in item.products]
SOLD = [product for product in BASE.facts.product if product.vials]
FOREIGN = TradeItem(
    id="site.fictional",
    gtin="09520123456788",
    products=("privigen-eu",),
    grams=Decimal(40),
    basis="protocol",
    seen=True,
)
"""A European package under a demonstration GTIN (prefix 952), as a site could have signed it."""
ABROAD = Knowledge(
    replace(BASE.facts, trade_item=(*BASE.facts.trade_item, FOREIGN)),
    "abroad",
    signed=frozenset({FOREIGN.id}),
    local=frozenset({FOREIGN.id}),
)


def item(ndc: str) -> TradeItem:
    return next(item for item in BASE.facts.trade_item if item.ndc == ndc)


def stops(vial: VialSeen, at: Chair, known: Knowledge = BASE) -> set[str]:
    """The codes that stop; notices left out."""
    return {stop.code for stop in check(vial, at, known) if not stop.notice}


def recalling(product: str, lot: str = "L100") -> Knowledge:
    recall = Recall(id="r", product=product, lot=lot, reason="exercise", basis="regulator", seen=False)
    return Knowledge(replace(BASE.facts, recall=(recall,)), "recalled", local=frozenset({"r"}))


# Right vials


@pytest.mark.parametrize(("trade_item", "product"), CASES, ids=[f"{i.ndc} {p}" for i, p in CASES])
def test_every_right_vial_is_let_through(trade_item: TradeItem, product: str) -> None:
    """By carton or by vial, in either route that the vial is licensed for, also on its last day."""
    at = chair(planned(product, trade_item.grams))
    assert check(scanned(trade_item), at, BASE) == ()
    assert check(scanned(trade_item, expiry=TODAY), at, BASE) == ()
    assert check(typed(product, trade_item.grams), at, BASE) == ()
    assert check(scanned(trade_item, product=product, grams=trade_item.grams), at, BASE) == ()


@pytest.mark.parametrize("product", ["asceniv-us", "gammagard-liquid-us"])
def test_a_whole_plan_is_hung_from_its_barcodes(product: str) -> None:
    made = real_plan(product)
    day = made.days[0]
    hung: tuple[VialSeen, ...] = ()
    for number, grams in enumerate(size.grams for size in day.vials for _ in range(size.count)):
        trade_item = next(i for i in ITEMS if product in i.products and i.grams == grams)
        text = f"]d201{trade_item.gtin}1728120010L{number}\x1d21S{number}"
        vial = of_scan(read_scan(text, TODAY))
        assert check(vial, chair(made, hung_so_far=hung), BASE) == ()
        hung = (*hung, vial)
    assert sum(grams_of(vial, BASE) or 0 for vial in hung) == day.grams
    assert stops(scanned(item("69800-0250-1")), chair(made, hung_so_far=hung)) >= {"over_total"}


# A thousand wrong vials

Wrong = tuple[VialSeen, Chair, Knowledge, str]
"""A vial, the chair that it comes to, what is known there, and the code that has to stop it."""


def of(trade_item: TradeItem, product: str | None = None) -> Chair:
    """A chair at which this item would be right."""
    return chair(planned(product or trade_item.products[0], trade_item.grams))


def crossed_scan(dice: random.Random) -> Wrong:
    """A real vial of another product, meant for the neighbouring chair."""
    mine = dice.choice(ITEMS)
    theirs = dice.choice([i for i in ITEMS if not set(i.products) & set(mine.products)])
    one, other = BASE.products[mine.products[0]], BASE.products[theirs.products[0]]
    code = "wrong_product" if one.brand != other.brand else "wrong_strength"
    return scanned(theirs), of(mine), BASE, code


def alike() -> list[tuple[Product, Product]]:
    """Pairs of products, here or abroad, whose names look alike, strengths apart."""
    return [
        (one, other)
        for one in SOLD
        for other in BASE.facts.product
        if one.brand != other.brand and ratio(one.brand.casefold(), other.brand.casefold()) > 45
    ]


ALIKE = alike()


def name_alike(dice: random.Random) -> Wrong:
    """Gammagard, Gamunex, Gammaked, Gammaplex...: picked from a list by a name that looks alike."""
    one, other = dice.choice(ALIKE)
    size = dice.choice(one.vials).grams
    return typed(other.id, size), chair(planned(one.id, size)), BASE, "wrong_product"


def other_of(same: Callable[[Product, Product], bool], code: str) -> Callable[[random.Random], Wrong]:
    """The same brand, but another in one way; typed, and by barcode where one is known."""
    pairs = [(a, b) for a in SOLD for b in SOLD if a.id != b.id and a.brand == b.brand and same(a, b)]

    def make(dice: random.Random) -> Wrong:
        mine, theirs = dice.choice(pairs)
        known = [i for i in ITEMS if theirs.id in i.products and mine.id not in i.products]
        if known and dice.random() < 0.5:
            other = dice.choice(known)
            return scanned(other), chair(planned(mine.id, other.grams)), BASE, code
        size = theirs.vials[0].grams
        return typed(theirs.id, size), chair(planned(mine.id, size)), BASE, code

    return make


def other_strength(a: Product, b: Product) -> bool:
    return (a.jurisdiction, a.route) == (b.jurisdiction, b.route) and a.g_per_100_ml != b.g_per_100_ml


def other_country(a: Product, b: Product) -> bool:
    return a.jurisdiction != b.jurisdiction and a.route == b.route


def other_route(dice: random.Random) -> Wrong:
    """A vial that is only for under the skin, for an intravenous plan, and the other way round."""
    mine = dice.choice(ITEMS)
    route = BASE.products[mine.products[0]].route
    theirs = [i for i in ITEMS if all(BASE.products[p].route != route for p in i.products)]
    return scanned(dice.choice(theirs)), of(mine), BASE, "wrong_route"


def foreign_barcode(dice: random.Random) -> Wrong:
    mine = item("44206-439-40") if dice.random() < 0.5 else dice.choice(ITEMS)
    return scanned(FOREIGN), of(mine), ABROAD, "wrong_product"


def slipped_digit(dice: random.Random) -> Wrong:
    """One digit wrong in a GTIN that was typed; the right product beside it does not help."""
    mine = dice.choice(ITEMS)
    place = dice.randrange(14)
    digit = (int(mine.gtin[place]) + dice.randint(1, 9)) % 10
    gtin = f"{mine.gtin[:place]}{digit}{mine.gtin[place + 1 :]}"
    return (
        scanned(mine, gtin=gtin, product=mine.products[0], grams=mine.grams),
        of(mine),
        BASE,
        "unknown_gtin",
    )


def expired(dice: random.Random) -> Wrong:
    mine = dice.choice(ITEMS)
    day = dice.choice([TODAY - dt.timedelta(days=1), None])
    return scanned(mine, expiry=day), of(mine), BASE, "expired"


RECALLING = {name: recalling(name) for name in sorted({name for i in ITEMS for name in i.products})}


def recalled(dice: random.Random) -> Wrong:
    """However the lot is written; under either id of a vial for two routes."""
    mine, name = dice.choice(CASES)
    lot = dice.choice(["L100", "l100", " L 100"])
    return scanned(mine, lot=lot), of(mine, dice.choice(mine.products)), RECALLING[name], "recalled"


def unsigned(dice: random.Random) -> Wrong:
    mine = dice.choice(UNSIGNED)
    return scanned(mine), of(mine), BASE, "unsigned_trade_item"


def no_lot(dice: random.Random) -> Wrong:
    mine = dice.choice(ITEMS)
    return scanned(mine, lot=dice.choice([None, "", " "])), of(mine), BASE, "lot_missing"


def other_patient(dice: random.Random) -> Wrong:
    mine = dice.choice(ITEMS)
    neighbour = Identifier("urn:example", f"T-{dice.randint(2, 99)}")
    who, code = dice.choice([(neighbour, "wrong_patient"), (None, "identity_not_checked")])
    return scanned(mine), replace(of(mine), identity=who), BASE, code


def twice(dice: random.Random) -> Wrong:
    mine = dice.choice(ITEMS)
    made = planned(mine.products[0], mine.grams, mine.grams)
    return scanned(mine), chair(made, hung_so_far=(scanned(mine),)), BASE, "already_hung"


def one_too_many(dice: random.Random) -> Wrong:
    mine = dice.choice(ITEMS)
    return scanned(mine, "2"), replace(of(mine), hung_so_far=(scanned(mine, "1"),)), BASE, "over_total"


KINDS: dict[str, Callable[[random.Random], Wrong]] = {
    "crossed scan": crossed_scan,
    "name alike": name_alike,
    "other strength": other_of(other_strength, "wrong_strength"),
    "other country": other_of(other_country, "wrong_product"),
    "other route": other_route,
    "foreign barcode": foreign_barcode,
    "slipped digit": slipped_digit,
    "expired": expired,
    "recalled": recalled,
    "unsigned": unsigned,
    "no lot": no_lot,
    "other patient": other_patient,
    "twice": twice,
    "one too many": one_too_many,
}


def test_of_a_thousand_wrong_vials_none_is_let_through() -> None:
    dice = random.Random(20261123)
    count: Counter[str] = Counter()
    for kind, make in islice(cycle(KINDS.items()), 1000):
        vial, at, known, code = make(dice)
        found = stops(vial, at, known)
        assert code in found, (kind, vial, at.plan.product, found)
        count[kind] += 1
    assert count.total() == 1000
    assert min(count.values()) > 70


def test_the_names_that_look_alike_are_among_them() -> None:
    brands = {(one.brand, other.brand) for one, other in ALIKE}
    assert {
        ("Gammagard Liquid", "Gammagard Liquid ERC"),
        ("Gammagard Liquid", "Gammagard S/D"),
        ("Gammaked", "Gammaplex"),
        ("Gammaked", "Gamunex-C"),
        ("Privigen", "Kiovig"),
        ("Cuvitru", "Cutaquig"),
    } <= brands


# What each rule does at its edge


def codes(found: Iterable[Stop]) -> list[tuple[str, bool]]:
    return [(stop.code, stop.notice) for stop in found]


def test_another_size_is_a_notice_while_the_total_is_kept() -> None:
    ten, five = item("61476-104-10"), item("61476-104-05")
    at = chair(planned("alyglo-us", Decimal(10)))
    assert codes(check(scanned(five), at, BASE)) == [("size_not_planned", True)]
    second = replace(at, hung_so_far=(scanned(five, "1"),))
    assert codes(check(scanned(five, "2"), second, BASE)) == [("size_not_planned", True)]
    assert codes(check(scanned(ten), second, BASE)) == [("over_total", False)]


def test_a_planned_discard_may_be_hung() -> None:
    """12 g from two vials of 10 g and 5 g, 3 g discarded: both are hung."""
    made = planned("alyglo-us", Decimal(10), Decimal(5), discard_g=Decimal(3))
    first = scanned(item("61476-104-10"))
    assert made.days[0].grams == 12
    assert check(scanned(item("61476-104-05")), chair(made, hung_so_far=(first,)), BASE) == ()


def test_two_vials_of_one_lot_without_serial_numbers_are_two_vials() -> None:
    five = item("61476-104-05")
    made = planned("alyglo-us", five.grams, five.grams)
    bare = scanned(five, serial=None)
    assert check(bare, chair(made, hung_so_far=(bare,)), BASE) == ()


def test_an_unread_lot_does_not_hide_that_a_vial_hangs_already() -> None:
    five = item("61476-104-05")
    at = chair(planned("alyglo-us", five.grams, five.grams), hung_so_far=(scanned(five, lot=None),))
    assert "already_hung" in stops(scanned(five), at)
    assert "already_hung" not in stops(scanned(five), replace(at, hung_so_far=(scanned(five, lot="L101"),)))


def test_a_vial_on_record_is_the_vial_that_was_scanned() -> None:
    """A record also names the product; the same package is still known again, and its grams count."""
    five = item("61476-104-05")
    record = VialHung(
        product="alyglo-us", grams=five.grams, gtin=five.gtin, lot="L100", expiry=LATER, serial="1"
    )
    at = chair(planned("alyglo-us", five.grams), hung_so_far=(of_record(record),))
    assert stops(scanned(five), at) == {"already_hung", "over_total"}
    bare = of_record(VialHung(product=None, grams=five.grams))
    assert bare == VialSeen(grams=five.grams)


def test_unknown_grams_are_never_within_the_total() -> None:
    at = chair(planned("alyglo-us", Decimal(5), Decimal(5)))
    nothing_known = VialSeen(product="alyglo-us", lot="L1", expiry=LATER)
    assert stops(nothing_known, at) == {"over_total"}
    after = replace(at, hung_so_far=(nothing_known,))
    assert stops(scanned(item("61476-104-05")), after) == {"over_total"}


def test_nothing_seen_stops_as_unknown() -> None:
    at = chair(planned("alyglo-us", Decimal(5)))
    assert stops(VialSeen(), at) == {"unknown_gtin", "expired", "lot_missing", "over_total"}


def test_typed_entries_can_contradict_a_barcode_but_never_replace_it() -> None:
    five = item("61476-104-05")
    at = of(five)
    assert stops(scanned(five, product="privigen-us"), at) == {"wrong_product"}
    assert stops(scanned(five, grams=Decimal(10)), at) == {"wrong_product", "over_total"}  # the more counts
    assert "wrong_product" in stops(typed("alyglo-us", Decimal(3)), at)  # no such size
    assert stops(typed("no-such-product", five.grams), at) == {"wrong_product"}


def test_a_site_s_unsigned_item_restricts_but_does_not_permit() -> None:
    """A site gave one of our GTINs to another product: neither is let through until that is settled."""
    five = item("61476-104-05")
    claim = replace(five, id="site.claim", products=("qivigy-us",))
    known = Knowledge(
        replace(BASE.facts, trade_item=(*BASE.facts.trade_item, claim)), "x", local=frozenset({claim.id})
    )
    assert stops(scanned(five), of(five), known) == {"wrong_product"}
    assert stops(scanned(five), of(five, "qivigy-us"), known) == {"wrong_product"}


def test_a_recalled_lot_is_known_however_it_was_typed() -> None:
    """As look-back knows it: case, spaces and width say nothing."""
    vial = next(item for item in ITEMS if "gammagard-liquid-us" in item.products)
    for written in ("l 100", "Ｌ１００", " L100"):
        assert "recalled" in stops(scanned(vial), of(vial), recalling(vial.products[0], written))


def test_a_recall_reaches_every_form_of_the_brand() -> None:
    """Named for the Canadian product; a lot of a brand is stopped wherever it turns up, others are not."""
    five = item("0944-2700-04")
    assert stops(scanned(five), of(five), recalling("gammagard-liquid-ca")) == {"recalled"}
    assert stops(scanned(five), of(five), recalling("gammagard-liquid-ca", "L101")) == set()
    assert stops(scanned(five), of(five), recalling("alyglo-us")) == set()
    assert stops(scanned(five), of(five), recalling("a-product-that-we-do-not-know")) == {"recalled"}


def test_another_record_of_the_same_brand_is_another_product() -> None:
    """A site's own record, written in capitals: not the planned one, but of the recalled brand."""
    five = item("61476-104-05")
    twin = replace(BASE.products["alyglo-us"], id="site.alyglo", brand="ALYGLO")
    recall = recalling("site.alyglo").facts.recall
    facts = replace(BASE.facts, product=(*BASE.facts.product, twin), recall=recall)
    known = Knowledge(facts, "twin", local=frozenset({twin.id, "r"}))
    assert stops(typed("site.alyglo", five.grams, lot="L2"), of(five), known) == {"wrong_product"}
    assert stops(scanned(five), of(five), known) == {"recalled"}


def test_a_plan_without_product_or_day_lets_nothing_through() -> None:
    five = item("61476-104-05")
    made = planned("alyglo-us", five.grams)
    assert stops(scanned(five), chair(replace(made, product=None))) == {"wrong_product"}
    assert stops(scanned(five), chair(made, day_number=2)) == {"over_total"}


def test_a_stop_says_what_was_seen_and_which_facts_ruled() -> None:
    five, ten = item("0069-6550-02"), item("0069-8476-02")
    found = check(scanned(ten), of(five), BASE)
    wrong = next(stop for stop in found if stop.code == "wrong_strength")
    assert wrong.facts == (ten.id,)
    assert {saw.field: saw.text for saw in wrong.saw} == {
        "planned": "octagam-10-us", "gtin": ten.gtin, "product": "octagam-5-us", "grams": "10",
    }  # fmt: skip
    over = next(stop for stop in found if stop.code == "over_total")
    assert [saw.number for saw in over.saw] == [Decimal(5), Decimal(10)]
    assert msgspec.json.decode(msgspec.json.encode(found), type=tuple[Stop, ...]) == found
