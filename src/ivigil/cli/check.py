"""``ivigil check``: validate the fact base and the overlay, and print coverage."""

from __future__ import annotations

import argparse

import ivigil
from ivigil.cli.main import BAD_INPUT, OK
from ivigil.cli.output import put
from ivigil.knowledge.check import coverage, faults


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uses", action="store_true", help="list every product and use")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    found = faults(knowledge)
    counted = coverage(knowledge)
    report = {"knowledge_version": knowledge.version, "faults": found, "coverage": counted}
    from ivigil.sheets.coverage import coverage_sheet

    put(
        report,
        lambda: coverage_sheet(knowledge, counted, found, every_use=options.uses),
        as_json=options.json,
    )
    return BAD_INPUT if found else OK
