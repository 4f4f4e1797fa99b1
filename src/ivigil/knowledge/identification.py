"""Checking trade items and recalls: a wrong digit must not turn one vial into another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from biip.checksums import gs1_standard_check_digit

from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.trade_items import TradeItem

_GTIN_14 = re.compile(r"[0-9]{14}")
_NDC = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3}-[0-9]{2}|[0-9]{5}-[0-9]{4}-[0-9]")
"""The ten digits in their three segmentations (21 CFR 207.33)."""


def identification_faults(knowledge: Knowledge) -> Iterator[str]:
    """Everything wrong with trade items and recalls, as "id: what"."""
    gtins = Counter(item.gtin for item in knowledge.facts.trade_item)
    for item in knowledge.facts.trade_item:
        if gtins[item.gtin] > 1:
            yield f"{item.id}: {gtins[item.gtin]} trade items share the GTIN {item.gtin}"
        yield from (f"{item.id}: {problem}" for problem in _item(item, knowledge))
    for recall in knowledge.facts.recall:
        if recall.product not in knowledge.products:
            yield f"{recall.id}: unknown product {recall.product!r}"
        if not recall.lot.strip():
            yield f"{recall.id}: names no lot"


def gtin_of_ndc(ndc: str) -> str:
    """The GTIN-14 of one unit with this US package code: "003", its ten digits, the check digit."""
    body = "003" + ndc.replace("-", "")
    return f"{body}{gs1_standard_check_digit(body)}"


def _item(item: TradeItem, knowledge: Knowledge) -> Iterator[str]:
    yield from _digits(item)
    if not item.products:
        yield "names no product"
    products = [knowledge.products[name] for name in item.products if name in knowledge.products]
    yield from (f"unknown product {name!r}" for name in item.products if name not in knowledge.products)
    for product in products:
        sizes = sorted({vial.grams for vial in product.vials})
        if item.grams not in sizes:
            listed = ", ".join(f"{size:f}" for size in sizes) or "none"
            yield f"{item.grams:f} g is no size of {product.id}; its sizes: {listed}"
    if len({_substance(product) for product in products}) > 1:
        yield "its products differ in more than the route"


def _digits(item: TradeItem) -> Iterator[str]:
    if not _GTIN_14.fullmatch(item.gtin):
        yield f"GTIN {item.gtin!r} is not fourteen digits"
        return
    expected = gs1_standard_check_digit(item.gtin[:-1])
    if item.gtin[-1] != str(expected):
        yield f"GTIN {item.gtin}: the check digit should be {expected}"
    elif item.ndc and not _NDC.fullmatch(item.ndc):
        yield f"NDC {item.ndc!r} is not ten digits in three parts"
    elif item.ndc and item.gtin != gtin_of_ndc(item.ndc):
        yield f"GTIN {item.gtin} is not that of NDC {item.ndc}, which is {gtin_of_ndc(item.ndc)}"


def _substance(product: Product) -> tuple[object, ...]:
    return product.brand, product.jurisdiction, product.g_per_100_ml
