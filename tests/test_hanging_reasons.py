"""A vial that is stopped: the pharmacist on the telephone is read what was seen on it, and what was meant."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec.structs import replace

from ivigil.infusion.events import VialHung
from ivigil.infusion.hanging import Chair, Stop, VialSeen, check, of_record, of_scan
from ivigil.infusion.scan import Scan
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.trade_items import Recall, TradeItem
from ivigil.patient import Identifier
from tests.support.chair import LATER, TODAY, chair, planned, typed
from tests.support.orders import knowledge

D = Decimal
BASE = knowledge()
SIGNED = next(item for item in BASE.facts.trade_item if BASE.permits(item))
ASCENIV = chair(planned("asceniv-us", D(5)))


def stopped(vial: VialSeen, at: Chair, code: str, known: Knowledge = BASE) -> Stop:
    """The one stop of this code."""
    [found] = [stop for stop in check(vial, at, known) if stop.code == code]
    return found


def test_another_patients_wristband_is_read_out() -> None:
    stop = stopped(
        typed("asceniv-us", D(5)),
        replace(ASCENIV, identity=Identifier("urn:example", "T-9")),
        "wrong_patient",
    )
    assert stop.saw == (Saw("identity", "urn:example T-9"),)


def test_an_unknown_barcode_is_read_out() -> None:
    vial = VialSeen(gtin="09520123456788", lot="L100", expiry=LATER)
    assert stopped(vial, ASCENIV, "unknown_gtin").saw == (Saw("gtin", "09520123456788"),)
    assert stopped(VialSeen(lot="L100", expiry=LATER), ASCENIV, "unknown_gtin").saw == (Saw("gtin", ""),)


def test_a_package_that_nobody_signed_is_named_with_its_record() -> None:
    item = TradeItem(
        id="site.package",
        gtin="09520123456788",
        products=("asceniv-us",),
        grams=D(5),
        basis="protocol",
        seen=False,
    )
    known = Knowledge(
        replace(BASE.facts, trade_item=(*BASE.facts.trade_item, item)),
        "with a package",
        local=frozenset({item.id}),
    )
    stop = stopped(VialSeen(gtin=item.gtin, lot="L100", expiry=LATER), ASCENIV, "unsigned_trade_item", known)
    assert (stop.saw, stop.facts) == ((Saw("gtin", item.gtin),), (item.id,))


def test_a_wrong_product_is_told_beside_the_planned_one() -> None:
    """Privigen 10 g at a chair where Asceniv 5 g is planned."""
    stop = stopped(typed("privigen-us", D(10)), ASCENIV, "wrong_product")
    assert stop.saw == (
        Saw("planned", "asceniv-us"),
        Saw("gtin", ""),
        Saw("product", "privigen-us"),
        Saw("grams", "10", D(10)),
    )
    assert stop.facts == ("privigen-us",)


def test_a_scanned_wrong_product_is_told_by_every_name_of_its_barcode() -> None:
    item = next(i for i in BASE.facts.trade_item if len(i.products) > 1 and "asceniv-us" not in i.products)
    stop = stopped(VialSeen(gtin=item.gtin, lot="L100", expiry=LATER), ASCENIV, "wrong_product")
    assert stop.saw[2] == Saw("product", ", ".join(item.products))
    assert stop.facts == (item.id,)


def test_a_label_and_a_barcode_that_disagree_are_both_told() -> None:
    """The barcode says one size, the nurse typed another: it is not the planned vial, whichever is right."""
    product = SIGNED.products[0]
    at = chair(planned(product, SIGNED.grams))
    vial = VialSeen(gtin=SIGNED.gtin, product=product, grams=SIGNED.grams * 2, lot="L100", expiry=LATER)
    stop = stopped(vial, at, "wrong_product")
    sizes = [saw.number for saw in stop.saw if saw.field == "grams"]
    assert sizes == [SIGNED.grams, SIGNED.grams * 2]
    assert stop.facts == ()


def test_a_date_that_is_past_is_told_with_todays() -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    stop = stopped(typed("asceniv-us", D(5), expiry=yesterday), ASCENIV, "expired")
    assert stop.saw == (Saw("expiry", yesterday.isoformat()), Saw("today", TODAY.isoformat()))
    stop = stopped(typed("asceniv-us", D(5), expiry=None), ASCENIV, "expired")
    assert stop.saw == (Saw("expiry", ""), Saw("today", TODAY.isoformat()))


def test_a_lot_that_is_missing_or_recalled_is_told_as_it_was_read() -> None:
    assert stopped(typed("asceniv-us", D(5), lot=None), ASCENIV, "lot_missing").saw == (Saw("lot", ""),)
    assert stopped(typed("asceniv-us", D(5), lot="  "), ASCENIV, "lot_missing").saw == (Saw("lot", "  "),)
    recall = Recall(
        id="r", product="asceniv-us", lot="L100", reason="exercise", basis="regulator", seen=False
    )
    known = Knowledge(replace(BASE.facts, recall=(recall,)), "recalled", local=frozenset({"r"}))
    stop = stopped(typed("asceniv-us", D(5), lot=" l 100"), ASCENIV, "recalled", known)
    assert (stop.saw, stop.facts) == ((Saw("lot", " l 100"),), ("r",))


def test_a_vial_that_hangs_already_is_told_by_serial_number_and_lot() -> None:
    vial = typed("asceniv-us", D(5), serial="S7")
    at = replace(chair(planned("asceniv-us", D(5), D(5))), hung_so_far=(vial,))
    assert stopped(vial, at, "already_hung").saw == (Saw("serial", "S7"), Saw("lot", "L100"))
    unread = replace(vial, lot=None)
    assert stopped(unread, at, "already_hung").saw == (Saw("serial", "S7"), Saw("lot", ""))


def test_too_much_is_told_in_grams_against_the_plan() -> None:
    at = replace(ASCENIV, hung_so_far=(typed("asceniv-us", D(5)),))
    stop = stopped(typed("asceniv-us", D(5)), at, "over_total")
    assert stop.saw == (Saw("planned_g", "5", D(5)), Saw("with_this_vial_g", "10", D(10)))
    unknown = VialSeen(gtin="09520123456788", lot="L100", expiry=LATER)
    stop = stopped(unknown, at, "over_total")
    assert stop.saw == (Saw("planned_g", "5", D(5)), Saw("with_this_vial_g", ""))


def test_on_a_day_that_the_plan_does_not_have_nothing_is_planned() -> None:
    """Not even the smallest vial: the plan has one day, the nurse stands at the second."""
    stop = stopped(typed("asceniv-us", D("0.5")), replace(ASCENIV, day_number=2), "over_total")
    assert stop.saw == (Saw("planned_g", "0", D(0)), Saw("with_this_vial_g", "0.5", D("0.5")))


def test_another_size_within_the_total_is_a_notice_that_names_it() -> None:
    """Two vials of 10 g planned; one of 5 g is hung instead of the second."""
    at = replace(chair(planned("privigen-us", D(10), D(10))), hung_so_far=(typed("privigen-us", D(10)),))
    stop = stopped(typed("privigen-us", D(5)), at, "size_not_planned")
    assert stop.notice
    assert stop.saw == (
        Saw("grams", "5"),
        Saw("planned_g", "20", D(20)),
        Saw("with_this_vial_g", "15", D(15)),
    )


def test_nothing_that_was_read_is_dropped_on_the_way_to_the_check() -> None:
    scan = Scan("09520123456788", "L100", LATER, "S7")
    assert of_scan(scan) == VialSeen(gtin="09520123456788", lot="L100", expiry=LATER, serial="S7")
    hung = VialHung(
        product="asceniv-us", grams=D(5), lot="L100", expiry=LATER, gtin="09520123456788", serial="S7"
    )
    assert of_record(hung) == VialSeen(
        gtin="09520123456788", product="asceniv-us", grams=D(5), lot="L100", expiry=LATER, serial="S7"
    )
