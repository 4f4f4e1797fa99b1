"""What a product may contain: what was recorded of it, and whatever a sound record does not rule out."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge

SUGARS = frozenset({"sucrose", "glucose", "maltose"})
"""What a label means that says "no sugar"."""


def may_contain(product: Product, stabilisers: Iterable[str], knowledge: Knowledge) -> bool:
    """Is one of these on record, or not ruled out? Only a strong or signed record rules anything out."""
    wanted = {name.casefold() for name in stabilisers}
    listed = product.properties_named("stabiliser")
    if any(item.text and item.text.casefold() in wanted for item in listed):
        return True
    read = any(knowledge.permits(item) for item in listed)
    return not read and not (wanted <= SUGARS and _is_free_of_sugar(product, knowledge))


def _is_free_of_sugar(product: Product, knowledge: Knowledge) -> bool:
    amounts = product.properties_named("sugar_g_per_g_protein")
    return any(item.number == 0 and knowledge.permits(item) for item in amounts)
