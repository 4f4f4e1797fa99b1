"""Which product: left out, or ranked, each with the fact and value that put it there."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ivigil import units
from ivigil.course import ProductExcluded, Reason
from ivigil.knowledge.hazards import AvoidStabilisers, ExcludeProducts, PreferProducts
from ivigil.knowledge.products import Product, Property, PropertyName
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import rates, stock
from ivigil.planning.licence import label_use
from ivigil.planning.limits import Entry
from ivigil.planning.rates import NoRates
from ivigil.planning.situation import Situation

SUGARS = frozenset({"sucrose", "glucose", "maltose"})
FORMULARY = "policy.formulary"
_UNKNOWN = Decimal("Infinity")
_MAXIMUM: dict[str, PropertyName] = {"iga_ug_per_ml_typical": "iga_ug_per_ml_max"}
"""A typical figure is compared only where no maximum was seen, and then after all maxima."""


class Ranked(msgspec.Struct, frozen=True):
    """A product that may be used, with its rank key (lower first) and what lowered it."""

    product: Product
    on_label: bool
    no_rates: NoRates | None
    """Why it cannot be planned, if its rates were not seen."""
    key: tuple[Decimal, ...]
    because: tuple[Reason, ...]


def rank(situation: Situation) -> tuple[tuple[Ranked, ...], tuple[ProductExcluded, ...]]:
    """Split the products of this place and route into ranked and excluded."""
    ranked: list[Ranked] = []
    excluded: list[ProductExcluded] = []
    for product in licensed(situation.order, situation.knowledge):
        reasons = exclusions(product, situation)
        if reasons:
            excluded.append(ProductExcluded(id=product.id, because=tuple(reasons)))
        else:
            ranked.append(place(product, rates.held(product, situation), situation))
    ranked.sort(key=lambda r: (r.key, r.product.id))
    return tuple(ranked), tuple(excluded)


def licensed(order: Order, knowledge: Knowledge) -> tuple[Product, ...]:
    """Products on the market of the order's jurisdiction (or one it lies in) by the ordered route."""
    places = knowledge.lineage(order.jurisdiction)
    return tuple(p for p in knowledge.facts.product if p.jurisdiction in places and p.route == order.route)


def exclusions(product: Product, situation: Situation) -> list[Reason]:
    """Why a product is left out; empty if it may be used."""
    reasons = [
        reason
        for entry in situation.limits.of(ExcludeProducts)
        for reason in _excluded_by(product, entry, situation.knowledge)
    ]
    formulary = situation.knowledge.policies[FORMULARY]
    if formulary.ranking and product.id not in formulary.ranking:
        reasons.append(Reason(code="not_on_formulary", fact=formulary.id))
    if situation.order.product is not None and product.id != situation.order.product:
        reasons.append(Reason(code="not_ordered", value=situation.order.product))
    lacking = stock.lacking(product, situation.knowledge)
    if lacking is not None and (not reasons or lacking.code != stock.NOT_IN_STOCK):
        reasons.append(lacking)  # stock counts only for a product that could be used
    return reasons


def _excluded_by(product: Product, entry: Entry[ExcludeProducts], knowledge: Knowledge) -> list[Reason]:
    """A product meets an exclusion if every criterion given holds or cannot be ruled out."""
    effect = entry.effect
    found: list[Reason] = []
    if effect.stabilisers:
        reason = _stabiliser(product, effect, entry.finding, knowledge)
        if reason is None:
            return []
        found.append(reason)
    if effect.contraindication:
        codes = [c for c in product.contraindications if c.code == effect.contraindication]
        if not codes:
            return []
        found.append(Reason(code="contraindicated", finding=entry.finding, fact=codes[0].id))
    if effect.property is not None:
        reason = _property(product, effect, entry.finding)
        if reason is None:
            return []
        found.append(reason)
    if effect.routes and product.route not in effect.routes:
        return []
    return found or [Reason(code="excluded", finding=entry.finding, fact=effect.id)]


def _stabiliser(
    product: Product, effect: ExcludeProducts, finding: str, knowledge: Knowledge
) -> Reason | None:
    """Any record of the stabiliser excludes; only a strong or signed record of another one clears."""
    known = product.properties_named("stabiliser")
    for item in known:
        if item.text in effect.stabilisers:
            return Reason(code="stabiliser", finding=finding, fact=item.id, value=item.text or "")
    if any(map(knowledge.permits, known)) or _free_of_sugar(product, effect, knowledge):
        return None
    return Reason(code="stabiliser_not_seen", finding=finding, fact=effect.id)


def _free_of_sugar(product: Product, effect: ExcludeProducts, knowledge: Knowledge) -> bool:
    """A source that says "no sugar" clears the product of every sugar."""
    amounts = product.properties_named("sugar_g_per_g_protein")
    none = any(amount.number == 0 and knowledge.permits(amount) for amount in amounts)
    return none and set(effect.stabilisers) <= SUGARS


def _property(product: Product, effect: ExcludeProducts, finding: str) -> Reason | None:
    assert effect.property is not None
    items = product.properties_named(effect.property)
    if not items:
        return Reason(code="property_not_seen", finding=finding, fact=effect.id, property=effect.property)
    for item in items:
        above = effect.above is not None and item.number is not None and item.number > effect.above
        flagged = effect.flag is not None and item.flag == effect.flag
        if above or flagged:
            return Reason(
                code="property", finding=finding, fact=item.id, value=_shown(item), property=item.name
            )
    return None


def _shown(item: Property) -> str:
    value = item.number if item.number is not None else item.flag
    return f"{item.comparator}{value}"


def place(product: Product, held: tuple[Reason, ...] | NoRates, situation: Situation) -> Ranked:
    """A product with its rank key and what lowered it. held: why it would stay at its start rate."""
    no_rates = held if isinstance(held, NoRates) else None
    stays = () if isinstance(held, NoRates) else held
    avoided = [
        Reason(code="avoided_stabiliser", finding=entry.finding, fact=item.id, value=item.text or "")
        for entry in situation.limits.of(AvoidStabilisers)
        for item in product.properties_named("stabiliser")
        if item.text in entry.effect.stabilisers
    ]
    use = label_use(product, situation)
    last = situation.order.last_immunoglobulin
    other = last is not None and last.product is not None and last.product != product.id
    preferences, lowered = _preferences(product, situation)
    reasons = [*avoided, *stays]
    if use is None:
        reasons.append(Reason(code="off_label", fact=product.id))
    if other:
        reasons.append(Reason(code="other_than_last", value=last.product or "" if last else ""))
    # A change of product is a risk of its own; a licence comes before any preference.
    key = (len(avoided), other, use is None, bool(stays))
    return Ranked(
        product, use is not None, no_rates, (*(Decimal(k) for k in key), *preferences), (*reasons, *lowered)
    )


def _preferences(product: Product, situation: Situation) -> tuple[list[Decimal], list[Reason]]:
    """One key part a preference; a figure that was not seen ranks last."""
    keys: list[Decimal] = []
    lowered: list[Reason] = []
    for entry in _distinct(situation.limits.of(PreferProducts)):
        part, reason = _preference(product, entry)
        keys.extend(part)
        if reason is not None:
            lowered.append(reason)
    return keys, lowered


def _distinct(entries: tuple[Entry[PreferProducts], ...]) -> list[Entry[PreferProducts]]:
    """The first entry for each property: the gravest finding asked first."""
    first: dict[str, Entry[PreferProducts]] = {}
    for entry in entries:
        first.setdefault(entry.effect.property, entry)
    return list(first.values())


def _preference(product: Product, entry: Entry[PreferProducts]) -> tuple[list[Decimal], Reason | None]:
    effect = entry.effect
    if effect.order == "flagged":
        items = [i for i in product.properties_named(effect.property) if i.flag]
        reason = (
            None
            if items
            else Reason(code="lacks", finding=entry.finding, fact=effect.id, property=effect.property)
        )
        return [Decimal(not items)], reason
    maximum = _MAXIMUM.get(effect.property, effect.property)
    for tier, name in enumerate(dict.fromkeys((maximum, effect.property))):
        numbers = [i for i in product.properties_named(name) if i.number is not None]
        if numbers:
            worst = max(numbers, key=lambda i: i.number or Decimal(0))
            value = _per_gram(worst, product, effect)
            code = "figure_per_gram" if effect.per_gram else "figure"
            reason = Reason(
                code=code, finding=entry.finding, fact=worst.id, value=f"{value:f}", property=name
            )
            return [Decimal(tier), value if effect.order == "low" else -value], reason
    return [_UNKNOWN, _UNKNOWN], Reason(
        code="property_not_seen", finding=entry.finding, fact=effect.id, property=effect.property
    )


def _per_gram(item: Property, product: Product, effect: PreferProducts) -> Decimal:
    number = item.number or Decimal(0)
    if not effect.per_gram:
        return number
    ml_per_g = units.volume_ml(Decimal(1), product.g_per_100_ml)
    return (number * ml_per_g).quantize(Decimal("0.01"))
