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
        milligrams = sorted({int(g * _THOUSAND) for g in grams}, reverse=True)
        self.unit = gcd(*milligrams)
        self._units = tuple(size // self.unit for size in milligrams)

    @property
    def smallest(self) -> Decimal:
        return self._grams(self._units[-1])

    def at_most(self, grams: Decimal) -> Decimal:
        """The largest sum of whole vials not above ``grams``; 0 if not even one fits."""
        units = int(grams * _THOUSAND) // self.unit
        table = self._table(units)
        while units > 0 and table[units] is None:
            units -= 1
        return self._grams(max(units, 0))

    def at_least(self, grams: Decimal) -> Decimal:
        """The smallest sum of whole vials not below ``grams``."""
        units = -(-int((grams * _THOUSAND).to_integral_value(rounding="ROUND_CEILING")) // self.unit)
        table = self._table(units + max(self._units))
        while table[units] is None:
            units += 1
        return self._grams(units)

    def count(self, grams: Decimal) -> int:
        """Fewest vials for a sum. Raises ValueError if no whole vials add up to it."""
        units, rest = divmod(int(grams * _THOUSAND), self.unit)
        fewest = self._table(units)[units]
        if rest or fewest is None:
            raise ValueError(f"{grams} g cannot be made of whole vials")
        return fewest

    def fill(self, grams: Decimal) -> tuple[Decimal, ...]:
        """The fewest vials that add up to ``grams`` exactly, largest first.

        Raises ValueError if no whole vials add up to it.
        """
        fewest, units = self.count(grams), int(grams * _THOUSAND) // self.unit
        table = self._table(units)
        chosen: list[Decimal] = []
        for rest in reversed(range(fewest)):
            size = next(s for s in self._units if s <= units and table[units - s] == rest)
            chosen.append(self._grams(size))
            units -= size
        return tuple(sorted(chosen, reverse=True))

    def _table(self, units: int) -> tuple[int | None, ...]:
        """Fewest vials for each sum up to ``units`` at least; its length is doubled, so that few are made."""
        return _fewest(self._units, 1 << units.bit_length())

    def _grams(self, units: int) -> Decimal:
        return Decimal(units * self.unit) / _THOUSAND


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
