"""A vial as it was scanned or typed at the chair: what it is held against, and how it is recorded."""

from __future__ import annotations

import datetime as dt

from ivigil.course import Plan
from ivigil.infusion.events import VialHung
from ivigil.infusion.hanging import Chair, StopCode, VialSeen, check, grams_of, of_record, of_scan
from ivigil.infusion.scan import read_scan
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge


class UnknownGramsError(ValueError):
    """Nobody knows how much is in the vial: neither its barcode nor who typed it says so."""


def completed(scan: str, typed: VialSeen, today: dt.date) -> VialSeen:
    """What a scan says, completed by what was typed. Raises ScanError."""
    scanned = of_scan(read_scan(scan, today))
    return VialSeen(
        gtin=scanned.gtin,
        product=typed.product,
        grams=typed.grams,
        lot=scanned.lot or typed.lot,
        expiry=scanned.expiry or typed.expiry,
        serial=scanned.serial,
    )


def chair(plan: Plan, state: State, today: dt.date) -> Chair:
    """What a vial is held against on this day of the plan."""
    return Chair(
        identity=state.identified,
        plan=plan,
        day_number=state.day.number,
        hung_so_far=tuple(of_record(hung) for hung in state.vials),
        today=today,
    )


def stops(vial: VialSeen, chair: Chair, knowledge: Knowledge) -> tuple[StopCode, ...]:
    """Every reason not to hang it; notices are none."""
    return tuple(stop.code for stop in check(vial, chair, knowledge) if not stop.notice)


def hung(vial: VialSeen, plan: Plan, knowledge: Knowledge) -> VialHung:
    """The vial as it is recorded. What its barcode means is kept; nothing is taken from a name.

    Raises UnknownGramsError.
    """
    grams = grams_of(vial, knowledge)
    if grams is None:
        raise UnknownGramsError("the grams printed on the vial are missing")
    return VialHung(
        product=_product(vial, plan, knowledge),
        grams=grams,
        lot=vial.lot or "",
        expiry=vial.expiry,
        gtin=vial.gtin or "",
        serial=vial.serial or "",
    )


def _product(vial: VialSeen, plan: Plan, knowledge: Knowledge) -> str | None:
    """The planned product if the barcode may mean it, else what it means, else what was typed."""
    items = knowledge.trade_items.get(vial.gtin, ()) if vial.gtin else ()
    named = [product for item in items for product in item.products]
    if plan.product is not None and plan.product.id in named:
        return plan.product.id
    return named[0] if named else vial.product
