"""Does the plan open only vials that the site has?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from ivigil.knowledge.policies import Stock
from ivigil.verification.exact import show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

STOCK = "policy.stock"


def check(matter: Matter) -> Iterator[Objection]:
    """The vials of all days together against the site's list; without a list nothing is counted."""
    listed, product = rows(matter), matter.product
    if not listed:
        if any(gap.code == "not_in_stock" for gap in matter.plan.gaps):
            yield Objection("stock_not_listed", "gaps", "not_in_stock", "a list of the stock", (STOCK,))
        return
    if product is None:
        return
    opened: Counter[Decimal] = Counter()
    for day in matter.plan.days:
        for vial in day.vials:
            opened[vial.grams] += vial.count
    for grams, count in sorted(opened.items()):
        at_hand = on_shelf(listed, product.id, grams)
        if at_hand is not None and count > at_hand:
            seen, expected = f"{count} x {show(grams)} g", f"at most {at_hand} in stock"
            yield Objection("more_than_stock", "days", seen, expected, (STOCK, product.id))


def rows(matter: Matter) -> tuple[Stock, ...]:
    """The site's list; empty if it keeps none."""
    policy = matter.knowledge.policies.get(STOCK)
    return policy.stock if policy else ()


def on_shelf(listed: tuple[Stock, ...], product: str, grams: Decimal) -> int | None:
    """How many vials of a size there are; None: as many as it takes."""
    counts = [row.vials for row in listed if row.product == product and row.grams in (None, grams)]
    counted = [count for count in counts if count is not None]
    if not counts:
        return 0
    return min(counted) if counted else None
