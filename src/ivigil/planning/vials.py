"""Filling doses from whole vials: which sums can be made, with the fewest vials.

All arithmetic is in whole units of the greatest common divisor of the vial sizes, so a
sum is exact. The table of fewest vials is the classic coin-change recurrence.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import gcd

from ivigil.course import Vial
from ivigil.knowledge.products import Product

_THOUSAND = Decimal(1000)


class Sizes:
    """The vial sizes of one product, in milligrams, and what can be made of them."""

    def __init__(self, grams: tuple[Decimal, ...]) -> None:
        self._milligrams = tuple(sorted({int(g * _THOUSAND) for g in grams}, reverse=True))
        self.unit = gcd(*self._milligrams)

    @property
    def smallest(self) -> Decimal:
        return Decimal(self._milligrams[-1]) / _THOUSAND

    def at_most(self, grams: Decimal) -> Decimal:
        """The largest sum of whole vials not above ``grams``; 0 if not even one fits."""
        units = int(grams * _THOUSAND) // self.unit
        table = _fewest(self._units(), units)
        while units > 0 and table[units] is None:
            units -= 1
        return self._grams(max(units, 0))

    def at_least(self, grams: Decimal) -> Decimal:
        """The smallest sum of whole vials not below ``grams``."""
        units = -(-int((grams * _THOUSAND).to_integral_value(rounding="ROUND_CEILING")) // self.unit)
        limit = units + max(self._units())
        table = _fewest(self._units(), limit)
        while table[units] is None:
            units += 1
        return self._grams(units)

    def count(self, grams: Decimal) -> int:
        """Fewest vials for a sum that can be made."""
        return len(self.fill(grams))

    def fill(self, grams: Decimal) -> tuple[Decimal, ...]:
        """The fewest vials that add up to ``grams`` exactly, largest first.

        Raises ValueError if no whole vials add up to it.
        """
        units, rest = divmod(int(grams * _THOUSAND), self.unit)
        table = _fewest(self._units(), units)
        if rest or table[units] is None:
            raise ValueError(f"{grams} g cannot be made of whole vials")
        chosen: list[Decimal] = []
        while units > 0:
            size = next(s for s in self._units() if s <= units and _is_next(table, units, s))
            chosen.append(self._grams(size))
            units -= size
        return tuple(sorted(chosen, reverse=True))

    def _units(self) -> tuple[int, ...]:
        return tuple(size // self.unit for size in self._milligrams)

    def _grams(self, units: int) -> Decimal:
        return Decimal(units * self.unit) / _THOUSAND


def _is_next(table: tuple[int | None, ...], units: int, size: int) -> bool:
    left, here = table[units - size], table[units]
    return left is not None and here is not None and left == here - 1


@lru_cache(maxsize=256)
def _fewest(sizes: tuple[int, ...], limit: int) -> tuple[int | None, ...]:
    """For each sum up to ``limit``: the fewest vials that make it, or None."""
    table: list[int | None] = [0] + [None] * limit
    for total in range(1, limit + 1):
        before = [table[total - size] for size in sizes if size <= total]
        counts = [count for count in before if count is not None]
        table[total] = min(counts) + 1 if counts else None
    return tuple(table)


def as_vials(product: Product, grams: tuple[Decimal, ...]) -> tuple[Vial, ...]:
    """Group the chosen vials by size, largest first, with the volume printed for each."""
    volumes = {vial.grams: vial.volume_ml for vial in product.vials if vial.seen}
    return tuple(
        Vial(grams=size, count=grams.count(size), volume_ml=volumes[size])
        for size in sorted(set(grams), reverse=True)
    )
