"""Doses on the command line, for the commands that compute windows from them."""

from __future__ import annotations

import argparse
from typing import get_args

from ivigil.cli import naming
from ivigil.cli.naming import InputError
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.windows.doses import DoseRoute, GivenDose

FORM = "DATE[:G_PER_KG[:ROUTE]]"
_ROUTES: tuple[DoseRoute, ...] = get_args(DoseRoute)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dose",
        action="append",
        required=True,
        metavar=FORM,
        help="a dose given or planned, e.g. 2026-11-23:2.0:IV; leave out what is not known; repeatable",
    )
    parser.add_argument("--condition", metavar="CONDITION", help="what the doses were for")
    parser.add_argument("--product", metavar="PRODUCT", help="what was given")
    parser.add_argument("--jurisdiction", metavar="PLACE", help="whose rules; none: the strictest")
    parser.add_argument("--ongoing", action="store_true", help="regular therapy goes on")


def read(
    options: argparse.Namespace, knowledge: Knowledge, lineage: tuple[str, ...]
) -> tuple[GivenDose, ...]:
    """The doses in order of date. Raises InputError."""
    condition = naming.condition(options.condition, knowledge).id if options.condition else ""
    product = naming.product(options.product, knowledge, lineage) if options.product else None
    doses = (_dose(text, condition, product, knowledge) for text in options.dose)
    return tuple(sorted(doses, key=lambda dose: dose.date))


def _dose(text: str, condition: str, product: Product | None, knowledge: Knowledge) -> GivenDose:
    day, amount, route, *rest = (*text.split(":"), "", "")
    if any(rest):
        raise InputError(f"dose {text!r}; accepted: {FORM}, such as 2026-11-23:2.0:IV")
    if route.upper() not in _ROUTES:
        raise InputError(f"dose {text!r}: route {route!r}; accepted: {', '.join(filter(None, _ROUTES))}")
    return GivenDose(
        date=naming.day(day),
        g_per_kg=naming.amount(amount) if amount else None,
        route=next(known for known in _ROUTES if known == route.upper()),
        condition=condition,
        product_id=product.id if product else "",
        stabilisers=knowledge.stabilisers_of(product) if product else None,
    )
