"""What each subcutaneous product would give: its own dose, judged on its own findings.

Under the skin the dose depends on the product, so that every product of the place is dosed
and screened before one is chosen.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from ivigil.course import Finding, ProductExcluded, Reason
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.logic import Case
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import case, hazards, individual, products, sites
from ivigil.planning.limits import Limits
from ivigil.planning.products import Ranked
from ivigil.planning.rates import NoRates
from ivigil.planning.scheme import NoScheme, Scheme
from ivigil.planning.situation import Situation


class Offer(msgspec.Struct, frozen=True):
    """A dose that could be given, with what was found about it. No product: none is sold here."""

    product: Product | None
    scheme: Scheme
    situation: Situation
    findings: tuple[Finding, ...]


class Offers(msgspec.Struct, frozen=True):
    """Every product of the place: dosed and ranked, left out, or without a dose."""

    dosed: tuple[Offer, ...]
    ranked: tuple[tuple[Ranked, Situation], ...]
    """The products that may be used, the best first, each with its own situation."""
    excluded: tuple[ProductExcluded, ...]
    refused: tuple[NoScheme, ...]

    def of(self, product: str | None) -> Offer:
        """The offer of a product; without one, of the best ranked, else of the first dosed."""
        wanted = product or next((ranked.product.id for ranked, _ in self.ranked), None)
        named = (o for o in self.dosed if o.product is not None and o.product.id == wanted)
        return next(named, self.dosed[0])


def undecided(offer: Offer) -> Offer:
    """The offer where no product was settled on: nobody knows whether it changes."""
    known = {name: value for name, value in offer.situation.case.items() if name != "product_changed"}
    findings, situation = hazards.settle(replace(offer.situation, case=known), product_changed=None)
    return replace(offer, situation=situation, findings=findings)


def collect(order: Order, regimen: Regimen | None, known: Case, knowledge: Knowledge) -> Offers:
    """Dose, screen and rank every product of the place for this order."""
    sold = products.licensed(order, knowledge)
    dosed: list[Offer] = []
    refused: list[NoScheme] = []
    excluded: list[ProductExcluded] = []
    for product in sold or (None,):
        if product is not None and order.product not in (None, product.id):
            reason = Reason(code="not_ordered", value=order.product or "")
            excluded.append(ProductExcluded(id=product.id, because=(reason,)))
            continue
        chosen = individual.subcutaneous(product, order, regimen, known, knowledge)
        if isinstance(chosen, Scheme):
            dosed.append(_offer(product, chosen, order, known, knowledge))
            continue
        if product is not None:
            excluded.append(ProductExcluded(id=product.id, because=(chosen.reason,)))
        refused.append(chosen)
    ranked: list[tuple[Ranked, Situation]] = []
    for offer in dosed:
        placed = _placed(offer, dosed)
        if isinstance(placed, Ranked):
            ranked.append((placed, offer.situation))
        elif placed is not None:
            excluded.append(placed)
    ranked.sort(key=lambda entry: (entry[0].key, entry[0].product.id))
    return Offers(tuple(dosed), tuple(ranked), tuple(excluded), tuple(refused))


def _placed(offer: Offer, dosed: list[Offer]) -> Ranked | ProductExcluded | None:
    """A product left out on its own findings, or ranked on those of the largest dose."""
    if offer.product is None:
        return None
    reasons = products.exclusions(offer.product, offer.situation)
    if reasons:
        return ProductExcluded(id=offer.product.id, because=tuple(reasons))
    ladder = sites.first_ladder(offer.product, offer.situation)
    held = ladder if isinstance(ladder, NoRates) else ladder.held
    return products.place(offer.product, held, _widest(dosed))


def _offer(product: Product | None, chosen: Scheme, order: Order, known: Case, knowledge: Knowledge) -> Offer:
    condition = knowledge.conditions[order.condition]
    dosed = case.dosed_case(known, order, chosen.rule, chosen.dose, knowledge)
    situation = Situation(order, condition, chosen.rule, chosen.dose, dosed, Limits(), knowledge, chosen)
    changed = case.product_changed(order, product.id if product is not None else None)
    findings, situation = hazards.settle(situation, changed)
    return Offer(product, chosen, situation, findings)


def _widest(dosed: list[Offer]) -> Situation:
    """The situation with the largest dose: one yardstick for all, with every preference that acts."""
    return max((offer.situation for offer in dosed), key=lambda s: s.dose.g_per_kg)
