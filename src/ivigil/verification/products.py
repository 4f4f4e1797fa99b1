"""Is the product licensed here for this route, as ordered, and left out by no finding?"""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.course import ProductChoice
from ivigil.knowledge.hazards import ExcludeProducts
from ivigil.knowledge.products import Product, Property
from ivigil.knowledge.store import Knowledge
from ivigil.verification.composition import may_contain
from ivigil.verification.exact import show
from ivigil.verification.labels import labelled_uses
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """The chosen product against order, licence, its own record and the exclusions."""
    choice, product = matter.plan.product, matter.product
    if choice is None or product is None:
        if choice is not None:
            yield Objection("not_a_product", "product.id", choice.id, "the id of a product")
        return
    yield from _record(choice, product)
    yield from _order(matter, product)
    if choice.on_label and not labelled_uses(matter, product):
        facts = (product.id, matter.order.condition)
        yield Objection("not_on_label", "product.on_label", "true", "false: no licensed use covers it", facts)
    left_out = {item.id for item in matter.plan.products_excluded}
    if choice.id in left_out:
        yield Objection(
            "product_excluded", "product.id", choice.id, "a product that the plan did not leave out"
        )
    for effect in matter.effects(ExcludeProducts):
        if excludes(effect, product, matter.knowledge):
            expected = "a product that the finding does not exclude"
            yield Objection("product_excluded", "product.id", product.id, expected, (effect.id, product.id))


def _record(choice: ProductChoice, product: Product) -> Iterator[Objection]:
    if choice.name != product.name:
        yield Objection("product_differs", "product.name", choice.name, product.name, (product.id,))
    if choice.g_per_100_ml != product.g_per_100_ml:
        seen, expected = show(choice.g_per_100_ml), show(product.g_per_100_ml)
        yield Objection("product_differs", "product.g_per_100_ml", seen, expected, (product.id,))


def _order(matter: Matter, product: Product) -> Iterator[Objection]:
    order, facts = matter.order, (product.id,)
    lineage = matter.knowledge.lineage(order.jurisdiction)
    if product.jurisdiction not in lineage:
        expected = " or ".join(lineage)
        yield Objection("not_licensed_here", "product.id", product.jurisdiction, expected, facts)
    if product.route != order.route:
        yield Objection("product_route", "product.id", product.route, order.route, facts)
    if order.product is not None and order.product != product.id:
        yield Objection("product_not_as_ordered", "product.id", product.id, order.product, facts)


# ---- exclusions: all criteria of one effect must match, and what was not seen matches


def excludes(effect: ExcludeProducts, product: Product, knowledge: Knowledge) -> bool:
    """Does the effect leave the product out? A property of which nothing was seen does not save it."""
    tests = (
        not effect.stabilisers or may_contain(product, effect.stabilisers, knowledge),
        effect.property is None or _has_property(effect, product),
        not effect.routes or product.route in effect.routes,
        not effect.contraindication or effect.contraindication in _codes(product),
    )
    stated = effect.stabilisers or effect.property or effect.routes or effect.contraindication
    return bool(stated) and all(tests)


def _codes(product: Product) -> set[str]:
    return {item.code for item in product.contraindications}


def _has_property(effect: ExcludeProducts, product: Product) -> bool:
    listed = product.properties_named(effect.property) if effect.property else ()
    return not listed or any(_property_matches(effect, item) for item in listed)


def _property_matches(effect: ExcludeProducts, item: Property) -> bool:
    if effect.flag is not None:
        return item.flag is None or item.flag == effect.flag
    if effect.above is not None:
        return item.number is None or item.number > effect.above
    return item.flag is not False
