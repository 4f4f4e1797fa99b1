"""``ivigil check``: validate the fact base and the overlay, and print coverage."""

from __future__ import annotations

import argparse
import sys

import msgspec

import ivigil
from ivigil.cli.main import BAD_INPUT, OK
from ivigil.knowledge.check import coverage, faults


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uses", action="store_true", help="list every product and use")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    found = faults(knowledge)
    counted = coverage(knowledge)
    if options.json:
        report = {"knowledge_version": knowledge.version, "faults": found, "coverage": counted}
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        from ivigil.sheets.coverage import coverage_sheet
        from ivigil.sheets.terminal import console

        console().print(coverage_sheet(knowledge, counted, found, every_use=options.uses))
    return BAD_INPUT if found else OK
