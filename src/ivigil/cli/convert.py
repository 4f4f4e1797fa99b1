"""``ivigil convert``: an intravenous dose as subcutaneous grams, by each product's factor and by levels."""

from __future__ import annotations

import argparse
from decimal import Decimal

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.planning.conversion import Converted, convert

Results = tuple[tuple[Product, tuple[Converted, ...]], ...]


class Answer(msgspec.Struct, frozen=True):
    """What was asked and every factor found; ``without_factor`` lists products that have none."""

    grams: Decimal
    every_weeks: Decimal
    converted: tuple[Converted, ...]
    without_factor: tuple[str, ...]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--grams", required=True, metavar="G", help="grams of one intravenous dose")
    parser.add_argument("--every-weeks", required=True, metavar="N", help="weeks between those doses")
    parser.add_argument("--product", metavar="PRODUCT", help="one subcutaneous product")
    parser.add_argument("--jurisdiction", metavar="PLACE", help="every subcutaneous product of this place")
    parser.add_argument(
        "--levels",
        metavar="LEVELS",
        help="doses and measured levels of the patient: match average and trough",
    )
    parser.add_argument(
        "--sc-every-days", type=int, metavar="N", help="with --levels: days between subcutaneous doses"
    )


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    grams, weeks = naming.amount(options.grams), naming.amount(options.every_weeks)
    results = tuple((p, convert(grams, weeks, p, knowledge)) for p in _products(options, knowledge))
    converted = tuple(item for _, items in results for item in items)
    cited = {key for item in converted for key in knowledge.by_id[item.fact].sources}
    answer = Answer(
        grams=grams,
        every_weeks=weeks,
        converted=converted,
        without_factor=tuple(product.id for product, items in results if not items),
        sources={key: knowledge.sources[key] for key in sorted(cited) if key in knowledge.sources},
    )
    if options.levels is not None:
        from ivigil.cli.switching import by_levels

        return by_levels(answer, results, options, knowledge)
    if options.sc_every_days is not None:
        raise naming.InputError("--sc-every-days: goes with --levels alone")
    from ivigil.sheets.convert import convert_sheet

    put(answer, lambda: convert_sheet((grams, weeks), results, knowledge), as_json=options.json)
    return OK


def _products(options: argparse.Namespace, knowledge: Knowledge) -> tuple[Product, ...]:
    """The named product, or every subcutaneous one of the place. Raises InputError."""
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    if options.product:
        return (naming.product(options.product, knowledge, knowledge.lineage(place), route="SC"),)
    if not place:
        raise naming.InputError("name a product (--product) or a place (--jurisdiction)")
    here = knowledge.lineage(place)
    found = tuple(p for p in knowledge.facts.product if p.route == "SC" and p.jurisdiction in here)
    if not found:
        raise naming.InputError(f"no subcutaneous product is known in {place}")
    return found
