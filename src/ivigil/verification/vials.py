"""Do real vials add up to each day's grams and volume?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigil.course import Day, Vial
from ivigil.knowledge.products import Product
from ivigil.verification.exact import ml, show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

ROUNDING_ML = Fraction(1, 1_000_000)
"""Strengths such as 16.5 % give volumes without a last digit."""


def check(matter: Matter) -> Iterator[Objection]:
    """Vial sizes, counts, what is discarded, and the volume that the grams fill."""
    product = matter.product
    if product is None:
        return
    for index, day in enumerate(matter.plan.days):
        where = f"days[{index}]"
        for number, vial in enumerate(day.vials):
            yield from _vial(f"{where}.vials[{number}]", vial, product)
        yield from _sum(where, day)
        yield from _discard(where, day)
        yield from _volume(where, day, product)


def _vial(where: str, vial: Vial, product: Product) -> Iterator[Objection]:
    known = {(known.grams, known.volume_ml) for known in product.vials}
    if (vial.grams, vial.volume_ml) not in known:
        seen = f"{show(vial.grams)} g in {show(vial.volume_ml)} mL"
        sizes = ", ".join(f"{show(grams)} g in {show(volume)} mL" for grams, volume in sorted(known))
        yield Objection("no_such_vial", where, seen, sizes, (product.id,))
    if vial.count <= 0:
        yield Objection("vial_count", f"{where}.count", str(vial.count), "at least 1")


def _sum(where: str, day: Day) -> Iterator[Objection]:
    opened = sum((Fraction(vial.grams) * vial.count for vial in day.vials), Fraction(0))
    if opened - Fraction(day.discard_g) != Fraction(day.grams):
        expected = f"{show(opened)} g opened - {show(day.discard_g)} g discarded"
        yield Objection("vials_do_not_add_up", f"{where}.grams", show(day.grams), expected)
    if day.grams <= 0:
        yield Objection("day_empty", f"{where}.grams", show(day.grams), "above 0 g")


def _discard(where: str, day: Day) -> Iterator[Objection]:
    """Part of one vial at most: never a whole one opened for nothing."""
    smallest = min((vial.grams for vial in day.vials), default=None)
    if day.discard_g < 0 or (smallest is not None and day.discard_g >= smallest):
        expected = "at least 0 g, less than the smallest vial opened"
        yield Objection("discard", f"{where}.discard_g", show(day.discard_g), expected)


def _volume(where: str, day: Day, product: Product) -> Iterator[Objection]:
    volume = ml(Fraction(day.grams), product.g_per_100_ml)
    printed = sum((Fraction(vial.volume_ml) * vial.count for vial in day.vials), Fraction(0))
    if product.route == "SC" and not day.discard_g and day.volume_ml == printed:
        return  # whole vials are emptied: they hold what their labels say
    if abs(Fraction(day.volume_ml) - volume) > ROUNDING_ML:
        expected = f"{show(day.grams)} g at {show(product.g_per_100_ml)} g/100 mL = {show(volume)} mL"
        yield Objection("volume_strength", f"{where}.volume_ml", show(day.volume_ml), expected, (product.id,))
