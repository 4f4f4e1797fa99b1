"""``ivigil products [PRODUCT...]``: the list by place, or some products side by side."""

from __future__ import annotations

import argparse
from decimal import Decimal

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.knowledge.comparison import Comparison, compare
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge, all_facts


class Listed(msgspec.Struct, frozen=True):
    id: str
    name: str
    manufacturer: str
    jurisdiction: str
    route: str
    g_per_100_ml: Decimal
    stabilisers: tuple[str, ...]


class Shown(msgspec.Struct, frozen=True):
    """Products side by side: the figures on a common footing, the whole records, their sources."""

    compared: tuple[Comparison, ...]
    products: tuple[Product, ...]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("products", metavar="PRODUCT", nargs="*", help="ids, or brands with --jurisdiction")
    parser.add_argument("--jurisdiction", metavar="PLACE", help="only products licensed here")
    parser.add_argument("--route", choices=("IV", "SC"), help="list only this route")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    places = knowledge.lineage(place)
    if options.products:
        named = [naming.product(name, knowledge, places) for name in options.products]
        _compare(tuple(dict.fromkeys(named)), knowledge, options)
    else:
        _list(places, knowledge, options)
    return OK


def _list(places: tuple[str, ...], knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.products import list_sheet

    found = tuple(
        item
        for item in knowledge.facts.product
        if (not places or item.jurisdiction in places) and options.route in (None, item.route)
    )
    put(tuple(map(_listed, found)), lambda: list_sheet(found, knowledge), as_json=options.json)


def _compare(products: tuple[Product, ...], knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.products import comparison_sheet

    cited = {key for item in products for fact in all_facts(item) for key in fact.sources}
    shown = Shown(
        compared=tuple(map(compare, products)),
        products=products,
        sources={key: knowledge.sources[key] for key in sorted(cited) if key in knowledge.sources},
    )
    put(shown, lambda: comparison_sheet(products, knowledge), as_json=options.json)


def _listed(item: Product) -> Listed:
    return Listed(
        id=item.id,
        name=item.name,
        manufacturer=item.manufacturer,
        jurisdiction=item.jurisdiction,
        route=item.route,
        g_per_100_ml=item.g_per_100_ml,
        stabilisers=tuple(p.text or "" for p in item.properties_named("stabiliser")),
    )
