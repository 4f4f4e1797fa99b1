"""Before a vial is hung: is it this patient's, the planned product, in date, not recalled, not too much?

The answer is advice. It never keeps anything from being recorded: what was hung is hung.
A vial is known by its barcode, or by the product that a person picked and typed; never by a name
that looks alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.course import Day, Decision, Plan
from ivigil.infusion.events import VialHung
from ivigil.infusion.scan import Scan
from ivigil.infusion.state import HungVial
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.trade_items import Recall, TradeItem, lot_key
from ivigil.patient import Identifier

StopCode = Literal[
    "identity_not_checked",
    "wrong_patient",
    "unknown_gtin",  # no trade item has it, or nothing says what the vial is
    "unsigned_trade_item",  # known, but on evidence that permits nothing until two people have signed it
    "wrong_product",  # not the planned one, or barcode and typed entry contradict each other
    "wrong_strength",  # the planned brand in another concentration
    "wrong_route",
    "size_not_planned",  # a notice
    "expired",  # or the date is not known
    "recalled",
    "lot_missing",
    "over_total",  # or the grams are not known
    "already_hung",
]


class VialSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A vial in the hand, scanned or typed. None: not known."""

    gtin: str | None = None
    product: str | None = None
    """Product id that a person picked; beside a barcode it can only contradict."""
    grams: Decimal | None = None
    """As typed; a known barcode says it itself."""
    lot: str | None = None
    expiry: dt.date | None = None
    serial: str | None = None


class Stop(Decision, frozen=True, kw_only=True):
    """One reason not to hang a vial, with what was seen and the facts that ruled."""

    code: StopCode
    notice: bool = False
    """True: worth knowing, no reason to stop."""


def of_scan(scan: Scan) -> VialSeen:
    """The vial that a barcode describes."""
    return VialSeen(gtin=scan.gtin, lot=scan.lot, expiry=scan.expiry, serial=scan.serial)


def of_record(hung: VialHung | HungVial) -> VialSeen:
    """The vial that an event, or the state after it, tells of."""
    return VialSeen(
        gtin=hung.gtin or None,
        product=hung.product,
        grams=hung.grams,
        lot=hung.lot or None,
        expiry=hung.expiry,
        serial=hung.serial or None,
    )


def grams_of(vial: VialSeen, knowledge: Knowledge) -> Decimal | None:
    """Grams in a vial, by barcode or as typed; the most that is claimed. None: not known."""
    return max(_claimed_grams(vial, knowledge), default=None)


class Chair(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits there and what is meant to run: everything that a vial is held against."""

    identity: Identifier | None
    """Read from the patient at this infusion's identity check; None: not checked."""
    plan: Plan
    day_number: int
    hung_so_far: tuple[VialSeen, ...] = ()
    """The vials of this day."""
    today: dt.date
    """The date at the site."""

    @property
    def day(self) -> Day | None:
        """The plan's day; None: the plan has none of that number."""
        return next((day for day in self.plan.days if day.number == self.day_number), None)


def check(vial: VialSeen, chair: Chair, knowledge: Knowledge) -> tuple[Stop, ...]:
    """Every reason not to hang this vial now. Empty, or notices alone: hang it."""
    return (
        *_patient(chair),
        *_barcode(vial, knowledge),
        *_product(vial, chair.plan, knowledge),
        *_expiry(vial, chair.today),
        *_lot(vial, knowledge),
        *_repeated(vial, chair.hung_so_far),
        *_amount(vial, chair, knowledge),
    )


def _patient(chair: Chair) -> Iterator[Stop]:
    if chair.identity is None:
        yield Stop(code="identity_not_checked")
    elif chair.identity != chair.plan.order.patient.id:
        read = f"{chair.identity.system} {chair.identity.value}"
        yield Stop(code="wrong_patient", saw=(Saw("identity", read),))


def _barcode(vial: VialSeen, knowledge: Knowledge) -> Iterator[Stop]:
    if vial.gtin is None and vial.product is not None:
        return
    items = _items(vial, knowledge)
    saw = (Saw("gtin", vial.gtin or ""),)
    if not items:
        yield Stop(code="unknown_gtin", saw=saw)
    elif not any(knowledge.permits(item) for item in items):
        yield Stop(code="unsigned_trade_item", saw=saw, facts=tuple(item.id for item in items))


def _product(vial: VialSeen, plan: Plan, knowledge: Knowledge) -> Iterator[Stop]:
    """Every claim about the vial has to allow the planned product: an unsigned claim may restrict."""
    planned = knowledge.products.get(plan.product.id) if plan.product else None
    codes: dict[StopCode, tuple[str, ...]] = {}
    for fact, claim in _claims(vial, knowledge):
        for code in _differences(_products(claim, knowledge), planned):
            codes[code] = (*codes.get(code, ()), *((fact,) if fact in knowledge.by_id else ()))
    grams = _claimed_grams(vial, knowledge)
    no_such_size = vial.gtin is None and planned is not None and not grams <= _sizes(planned)
    if len(grams) > 1 or no_such_size:
        codes.setdefault("wrong_product", ())
    saw = (
        Saw("planned", planned.id if planned else ""),
        Saw("gtin", vial.gtin or ""),
        Saw("product", vial.product or ", ".join(_named(vial, knowledge))),
        *(Saw("grams", f"{size:f}", size) for size in sorted(grams)),
    )
    yield from (Stop(code=code, saw=saw, facts=facts) for code, facts in codes.items())


def _differences(claimed: tuple[Product, ...], planned: Product | None) -> tuple[StopCode, ...]:
    """How the products of one claim differ from the planned one; empty if it is among them."""
    if planned is None:
        return ("wrong_product",)
    if planned in claimed:
        return ()
    alike = [product for product in claimed if _same_brand(product, planned)]
    codes: list[StopCode] = []
    if not alike:
        codes.append("wrong_product")
    elif all(product.g_per_100_ml != planned.g_per_100_ml for product in alike):
        codes.append("wrong_strength")
    if claimed and all(product.route != planned.route for product in claimed):
        codes.append("wrong_route")
    return tuple(codes) or ("wrong_product",)


def _expiry(vial: VialSeen, today: dt.date) -> Iterator[Stop]:
    if vial.expiry is None or vial.expiry < today:
        read = vial.expiry.isoformat() if vial.expiry else ""
        yield Stop(code="expired", saw=(Saw("expiry", read), Saw("today", today.isoformat())))


def _lot(vial: VialSeen, knowledge: Knowledge) -> Iterator[Stop]:
    lot = lot_key(vial.lot or "")
    if not lot:
        yield Stop(code="lot_missing", saw=(Saw("lot", vial.lot or ""),))
        return
    recalls = tuple(
        recall.id
        for recall in knowledge.facts.recall
        if lot_key(recall.lot) == lot and _concerns(recall, vial, knowledge)
    )
    if recalls:
        yield Stop(code="recalled", saw=(Saw("lot", vial.lot or ""),), facts=recalls)


def _concerns(recall: Recall, vial: VialSeen, knowledge: Knowledge) -> bool:
    """True if the vial is of the recalled brand, or if that cannot be told."""
    brand = knowledge.products.get(recall.product)
    products = _products(_named(vial, knowledge), knowledge)
    return brand is None or not products or any(_brand(product) == _brand(brand) for product in products)


def _repeated(vial: VialSeen, hung_so_far: tuple[VialSeen, ...]) -> Iterator[Stop]:
    """The same serial number of the same item; an unread lot does not make it another vial."""
    if vial.serial is None:
        return
    for hung in hung_so_far:
        same_item = (hung.gtin or hung.product) == (vial.gtin or vial.product)
        if same_item and hung.serial == vial.serial and _same_lot(hung.lot, vial.lot):
            yield Stop(code="already_hung", saw=(Saw("serial", vial.serial), Saw("lot", vial.lot or "")))
            return


def _amount(vial: VialSeen, chair: Chair, knowledge: Knowledge) -> Iterator[Stop]:
    """Grams against the day's plan. Another size is no reason to stop while the total is kept."""
    day = chair.day
    planned_g = day.grams + day.discard_g if day else Decimal(0)
    amounts = [grams_of(seen, knowledge) for seen in (*chair.hung_so_far, vial)]
    known = [grams for grams in amounts if grams is not None]
    total_g = sum(known, Decimal(0))
    all_known = len(known) == len(amounts)
    saw = (
        Saw("planned_g", f"{planned_g:f}", planned_g),
        Saw("with_this_vial_g", f"{total_g:f}", total_g) if all_known else Saw("with_this_vial_g", ""),
    )
    if not all_known or total_g > planned_g:
        yield Stop(code="over_total", saw=saw)
    elif known.count(known[-1]) > _planned_count(known[-1], day):
        yield Stop(code="size_not_planned", saw=(Saw("grams", f"{known[-1]:f}"), *saw), notice=True)


def _planned_count(grams: Decimal, day: Day | None) -> int:
    return sum(size.count for size in day.vials if size.grams == grams) if day else 0


def _items(vial: VialSeen, knowledge: Knowledge) -> tuple[TradeItem, ...]:
    return knowledge.trade_items.get(vial.gtin, ()) if vial.gtin is not None else ()


def _claims(vial: VialSeen, knowledge: Knowledge) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(fact, product ids) for everything that says what the vial is."""
    yield from ((item.id, item.products) for item in _items(vial, knowledge))
    if vial.product is not None:
        yield vial.product, (vial.product,)


def _named(vial: VialSeen, knowledge: Knowledge) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, claim in _claims(vial, knowledge) for name in claim))


def _products(names: tuple[str, ...], knowledge: Knowledge) -> tuple[Product, ...]:
    return tuple(knowledge.products[name] for name in names if name in knowledge.products)


def _claimed_grams(vial: VialSeen, knowledge: Knowledge) -> set[Decimal]:
    grams = {item.grams for item in _items(vial, knowledge)}
    return grams | ({vial.grams} if vial.grams is not None else set())


def _sizes(product: Product) -> set[Decimal]:
    return {vial.grams for vial in product.vials}


def _same_brand(one: Product, other: Product) -> bool:
    return _brand(one) == _brand(other) and one.jurisdiction == other.jurisdiction


def _brand(product: Product) -> str:
    return product.brand.casefold()


def _same_lot(one: str | None, other: str | None) -> bool:
    return one is None or other is None or lot_key(one) == lot_key(other)
