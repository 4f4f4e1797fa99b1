"""``ivigil plan FILE...``: plan orders and show the plans."""

from __future__ import annotations

import argparse
import sys

import ivigil
from ivigil.cli import individual
from ivigil.cli.main import BAD_INPUT, BLOCKED, DEFECT, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import show
from ivigil.course import Plan, to_json
from ivigil.knowledge.store import Knowledge
from ivigil.order import OrderError
from ivigil.release import UnverifiedPlanError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("orders", metavar="FILE", nargs="+", help="order in TOML or JSON")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--brief", action="store_true", help="one line an order")
    shape.add_argument("--patient-sheet", action="store_true", help="print the sheet for the patient")
    parser.add_argument(
        "--language", metavar="CODE", help="of the sheet for the patient, e.g. es or fr (default: en)"
    )
    individual.add_argument(parser)


def run(options: argparse.Namespace) -> int:
    """Plan every file; the exit code is the gravest of them."""
    if options.language is not None and not options.patient_sheet:
        raise InputError("--language: goes with --patient-sheet alone")
    if options.levels is not None and len(options.orders) > 1:
        raise InputError("--levels: goes with one order, that of the same patient")
    return max(_one(path, options) for path in options.orders)


def _one(path: str, options: argparse.Namespace) -> int:
    try:
        order = individual.read_order(path, options)
        plan = ivigil.plan(order, options.site)
    except OrderError:
        if len(options.orders) > 1:
            print(f"{path}:", file=sys.stderr)
        raise
    except UnverifiedPlanError as error:
        print(f"ivigil plan: withheld, the independent check rejected it: {error}", file=sys.stderr)
        return DEFECT
    return _show(path, plan, options)


def _show(path: str, plan: Plan, options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    if options.patient_sheet:
        return _patient_sheet(plan, knowledge, options.language)
    if options.json:
        sys.stdout.buffer.write(to_json(plan) + b"\n")
    else:
        from ivigil.sheets.terminal import brief, plan_sheet

        show(brief(path, plan, knowledge) if options.brief else plan_sheet(plan, knowledge))
    return BLOCKED if plan.status == "blocked" else OK


def _patient_sheet(plan: Plan, knowledge: Knowledge, language: str | None) -> int:
    from ivigil.knowledge.wording import ENGLISH
    from ivigil.sheets.patient import NoSheetError, patient_sheet
    from ivigil.sheets.wording import NoLanguageError

    try:
        print(patient_sheet(plan, knowledge, language or ENGLISH))
    except (NoSheetError, NoLanguageError) as error:
        print(f"ivigil plan: no patient sheet: {error}", file=sys.stderr)
        return BAD_INPUT
    return OK
