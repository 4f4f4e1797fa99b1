"""``ivigil lots LOT``: every patient who got a lot, with how to reach them."""

from __future__ import annotations

import argparse

import ivigil
from ivigil.cli import naming
from ivigil.cli.journaling import add_place, guarded, opened
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.records.lookback import look_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser)
    parser.add_argument("lot", metavar="LOT", help="as printed; case and spaces do not matter")
    parser.add_argument("--product", metavar="NAME", help="only this product: two makers may use one number")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _traced(options), "lots")


def _traced(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    product = naming.product(options.product, knowledge).id if options.product else ""
    found = look_back(opened(options), options.lot, product)
    from ivigil.sheets.journal import lots_sheet

    put(found, lambda: lots_sheet(options.lot, found, knowledge), as_json=options.json)
    return OK
