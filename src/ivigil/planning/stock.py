"""What is on the shelf: which vials of a product a site has, and what can be filled from them.

A site that lists its stock (``policy.stock``) is planned from it; without a list any number
of vials is assumed. Stock only takes vials away: it changes no dose, finding or limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from ivigil.course import Reason
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.planning.vials import Sizes

STOCK = "policy.stock"
NOT_IN_STOCK = "not_in_stock"

Vials = tuple[Decimal, ...]
"""The grams of each vial, largest first."""
Targets = tuple[Decimal, ...]
"""Grams aimed at, of this day and of the days after it."""


class Shelf(msgspec.Struct, frozen=True):
    """The vials of one product at hand: grams of a size -> how many; None: as many as it takes."""

    left: dict[Decimal, int | None]

    @property
    def sizes(self) -> Sizes:
        """The sizes at hand, of which there is at least one."""
        return Sizes(tuple(self.left))

    def holds(self, vials: Iterable[Decimal]) -> bool:
        """Are there enough of every size?"""
        return all(self._enough(grams, count) for grams, count in Counter(vials).items())

    def _enough(self, grams: Decimal, count: int) -> bool:
        at_hand = self.left.get(grams, 0)
        return at_hand is None or count <= at_hand

    def less(self, vials: Iterable[Decimal]) -> Shelf:
        """What is left when these are taken; they must be there."""
        taken = Counter(vials)
        counted = {grams: None if n is None else n - taken[grams] for grams, n in self.left.items()}
        return Shelf({grams: n for grams, n in counted.items() if n != 0})

    @property
    def total(self) -> Decimal | None:
        """Grams of all vials together; None if some size is there as often as it takes."""
        counted = [None if n is None else n * grams for grams, n in self.left.items()]
        known = [grams for grams in counted if grams is not None]
        return sum(known, Decimal(0)) if len(known) == len(counted) else None

    def at_most(self, grams: Decimal) -> Vials | None:
        """The fewest vials of the largest sum not above ``grams``; None if not even one fits."""
        sums = self._sums(grams)
        return sums[max(sums)] or None

    def at_least(self, grams: Decimal) -> Vials | None:
        """The fewest vials of the smallest sum not below ``grams``; None if all together are less."""
        sums = self._sums(grams + max(self.left, default=Decimal(0)))
        return min(((total, vials) for total, vials in sums.items() if total >= grams), default=(0, None))[1]

    def _sums(self, most: Decimal) -> dict[Decimal, Vials]:
        """Every sum up to ``most`` that the shelf makes, with the fewest vials that make it."""
        sums: dict[Decimal, Vials] = {Decimal(0): ()}
        for grams, count in sorted(self.left.items(), reverse=True):
            for total, vials in tuple(sums.items()):
                room = int((most - total) / grams)
                for number in range(1, (room if count is None else min(room, count)) + 1):
                    made, trial = total + number * grams, (*vials, *(grams,) * number)
                    if made not in sums or _better(trial, sums[made]):
                        sums[made] = trial
        return sums

    @property
    def text(self) -> str:
        """What is there, for a reason: "3 x 10 g, 5 g" (of 5 g as many as it takes)."""
        shown = (f"{grams:f} g" if n is None else f"{n} x {grams:f} g" for grams, n in self.left.items())
        return ", ".join(shown) or "0"


def _better(trial: Vials, known: Vials) -> bool:
    """Fewer vials; of as many, the larger first."""
    return (-len(trial), trial) > (-len(known), known)


def shelf(product: Product, knowledge: Knowledge) -> Shelf:
    """The vials of a product that can be used: sizes that were read, as far as they are in stock."""
    sizes = sorted({vial.grams for vial in product.vials if vial.seen}, reverse=True)
    listed = knowledge.policies[STOCK].stock
    if not listed:
        return Shelf(dict.fromkeys(sizes))
    own = [row for row in listed if row.product == product.id]
    counts = {grams: row.vials for grams in sizes for row in own if row.grams in (None, grams)}
    return Shelf({grams: count for grams, count in counts.items() if count != 0})


def lacking(product: Product, knowledge: Knowledge) -> Reason | None:
    """Why no vial of a product can be used: no presentation was read, or none is in stock."""
    if not any(vial.seen for vial in product.vials):
        return Reason(code="no_presentation_seen", fact=product.id)
    at_hand = shelf(product, knowledge)
    return None if at_hand.left else short(at_hand)


def short(at_hand: Shelf) -> Reason:
    """The reason why a course cannot be made of what is there."""
    return Reason(code=NOT_IN_STOCK, fact=STOCK, value=at_hand.text)


def whole(targets: Targets, at_hand: Shelf) -> Vials | None:
    """Whole vials for the first of these targets; where there is too little for all, for its share."""
    first, total = targets[0], at_hand.total
    share = first if total is None else total * first / sum(targets, Decimal(0))
    shared = at_hand.at_least(share) if share < first else None
    if shared is not None and sum(shared, Decimal(0)) <= first:
        return shared
    return at_hand.at_most(first)


def part(targets: Targets, at_hand: Shelf) -> Vials | None:
    """Vials from which the first of these targets can be measured."""
    return at_hand.at_least(targets[0])


def one_by_one(
    targets: Targets, at_hand: Shelf, take: Callable[[Targets, Shelf], Vials | None]
) -> tuple[Vials, ...] | None:
    """Vials for each target in turn, each from what the one before left; None if one finds none."""
    taken: list[Vials] = []
    for index in range(len(targets)):
        vials = take(targets[index:], at_hand)
        if vials is None:
            return None
        taken.append(vials)
        at_hand = at_hand.less(vials)
    return tuple(taken)
