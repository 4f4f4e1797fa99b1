"""``ivigil why FILE DECISION``: what a decision saw and which facts ruled."""

from __future__ import annotations

import argparse
import sys

import ivigil
from ivigil.cli import individual
from ivigil.cli.main import BAD_INPUT, OK
from ivigil.cli.output import put
from ivigil.planning.why import UnknownDecisionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", metavar="FILE", help="order in TOML or JSON")
    parser.add_argument("decision", metavar="DECISION", help="dose, product, rates, a finding's id, ...")
    individual.add_argument(parser)


def run(options: argparse.Namespace) -> int:
    order = individual.read_order(options.order, options)
    plan = ivigil.plan(order, options.site)
    try:
        answer = ivigil.why(plan, options.decision)
    except UnknownDecisionError as error:
        print(f"ivigil why: no decision {error}", file=sys.stderr)
        return BAD_INPUT
    from ivigil.sheets.explain import why_sheet

    put(answer, lambda: why_sheet(answer, ivigil.load_knowledge(options.site)), as_json=options.json)
    return OK
