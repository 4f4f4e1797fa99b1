"""The products of a place, and what each effect that leaves out or prefers makes of them.

These answers hang on the facts alone, not on the patient: they are worked out once a fact base.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec
from msgspec import field

from ivigil.knowledge.hazards import AvoidStabilisers, ExcludeProducts, PreferProducts
from ivigil.knowledge.products import LabelUse, Product, PropertyName
from ivigil.knowledge.store import Knowledge
from ivigil.verification.exact import ml
from ivigil.verification.products import excludes

Market = tuple[tuple[str, ...], str]
"""The places that an order lies in, and the route."""
Standing = tuple[int, Fraction]
"""What a preference compares: how good the figure is as evidence, then the figure; less is better."""

NOT_SEEN: Standing = (2, Fraction(0))
STATED_LIMIT: dict[str, PropertyName] = {"iga_ug_per_ml_typical": "iga_ug_per_ml_max"}
"""A limit that the maker states is compared before what it calls typical."""
DECIMALS = 2
"""Decimals to which a figure per gram is compared."""


class Shelf(msgspec.Struct, frozen=True, eq=False):
    """One fact base, and what was asked of it before."""

    knowledge: Knowledge
    _sold: dict[Market, Mapping[str, Product]] = field(default_factory=dict)
    _uses: dict[tuple[Market, str], dict[str, tuple[LabelUse, ...]]] = field(default_factory=dict)
    _excluded: dict[tuple[Market, str], frozenset[str]] = field(default_factory=dict)
    _avoided: dict[tuple[Market, str], dict[str, int]] = field(default_factory=dict)
    _preferred: dict[tuple[Market, str], dict[str, Standing]] = field(default_factory=dict)

    def sold(self, market: Market) -> Mapping[str, Product]:
        """Every product of these places and this route, by id."""
        if market not in self._sold:
            places, route = market
            self._sold[market] = {
                product.id: product
                for product in self.knowledge.facts.product
                if product.jurisdiction in places and product.route == route
            }
        return self._sold[market]

    def uses(self, market: Market, condition: str) -> dict[str, tuple[LabelUse, ...]]:
        """Product id -> its licensed uses that cover the condition, at whatever age."""
        key = market, condition
        if key not in self._uses:
            self._uses[key] = {
                name: tuple(
                    use for use in product.uses if self.knowledge.covers((use.indication,), condition)
                )
                for name, product in self.sold(market).items()
            }
        return self._uses[key]

    def excluded(self, market: Market, effect: ExcludeProducts) -> frozenset[str]:
        """The products that the effect leaves out."""
        key = market, effect.id
        if key not in self._excluded:
            sold = self.sold(market).items()
            self._excluded[key] = frozenset(
                name for name, product in sold if excludes(effect, product, self.knowledge)
            )
        return self._excluded[key]

    def avoided(self, market: Market, effect: AvoidStabilisers) -> dict[str, int]:
        """Product id -> how many of the stabilisers it holds."""
        key = market, effect.id
        if key not in self._avoided:
            self._avoided[key] = {
                name: sum(item.text in effect.stabilisers for item in product.properties_named("stabiliser"))
                for name, product in self.sold(market).items()
            }
        return self._avoided[key]

    def preferred(self, market: Market, effect: PreferProducts) -> dict[str, Standing]:
        """Product id -> how it stands by the preferred property."""
        key = market, effect.id
        if key not in self._preferred:
            sold = self.sold(market).items()
            self._preferred[key] = {name: _standing(effect, product) for name, product in sold}
        return self._preferred[key]


def _standing(effect: PreferProducts, product: Product) -> Standing:
    if effect.order == "flagged":
        return (0 if any(item.flag for item in product.properties_named(effect.property)) else 1), Fraction(0)
    names = dict.fromkeys((STATED_LIMIT.get(effect.property, effect.property), effect.property))
    for tier, name in enumerate(names):
        figures = [item.number for item in product.properties_named(name) if item.number is not None]
        if figures:
            figure = _compared(max(figures), effect, product)
            return tier, figure if effect.order == "low" else -figure
    return NOT_SEEN


def _compared(number: Decimal, effect: PreferProducts, product: Product) -> Fraction:
    if not effect.per_gram:
        return Fraction(number)
    return round(Fraction(number) * ml(Fraction(1), product.g_per_100_ml), DECIMALS)
