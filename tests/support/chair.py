"""A chair for tests: a patient, a plan of given vials, and vials to hang. All of it fictional."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from functools import cache

from msgspec.structs import replace

from ivigil.course import Day, Plan, ProductChoice, Vial
from ivigil.infusion.hanging import Chair, VialSeen
from ivigil.knowledge.trade_items import TradeItem
from ivigil.planning import plan
from tests.support.orders import adult, knowledge, last, order

TODAY = dt.date(2026, 11, 23)
LATER = dt.date(2027, 12, 31)


@cache
def real_plan(product: str) -> Plan:
    """What the planner makes for an adult with a primary immunodeficiency who knows this product."""
    known = order("primary_immunodeficiency", adult(), product=product, last_immunoglobulin=last(product))
    return plan(replace(known, experience="experienced"), knowledge())


def planned(product: str, *grams: Decimal, discard_g: Decimal = Decimal(0)) -> Plan:
    """A plan of one day with these vials of one product."""
    known = knowledge().products[product]
    sizes = tuple(
        Vial(grams=size, count=count, volume_ml=size * 100 / known.g_per_100_ml)
        for size, count in Counter(grams).items()
    )
    base = real_plan("asceniv-us")
    start = base.order.start
    total = sum(grams, Decimal(0))
    day = Day(
        number=1,
        date=start.date(),
        start=start,
        end=start + dt.timedelta(hours=4),
        grams=total - discard_g,
        volume_ml=total * 100 / known.g_per_100_ml,
        duration_min=240,
        vials=sizes,
        discard_g=discard_g,
    )
    choice = ProductChoice(id=product, name=known.name, g_per_100_ml=known.g_per_100_ml, on_label=True)
    return replace(base, product=choice, days=(day,))


def chair(made: Plan, **changes: object) -> Chair:
    """The plan's own patient, checked; nothing hung yet."""
    base = Chair(identity=made.order.patient.id, plan=made, day_number=1, today=TODAY)
    return replace(base, **changes)


def scanned(item: TradeItem, serial: str | None = "1", **changes: object) -> VialSeen:
    """A vial in date, as its barcode describes it."""
    return replace(VialSeen(gtin=item.gtin, lot="L100", expiry=LATER, serial=serial), **changes)


def typed(product: str, grams: Decimal, **changes: object) -> VialSeen:
    """A vial in date whose barcode could not be read."""
    return replace(VialSeen(product=product, grams=grams, lot="L100", expiry=LATER), **changes)
