"""``ivigil plan FILE``: plan an order and show the plan."""

from __future__ import annotations

import argparse
import sys

import ivigil
from ivigil.cli.main import BAD_INPUT, BLOCKED, DEFECT, OK
from ivigil.knowledge.store import Knowledge
from ivigil.plan import Plan, to_json
from ivigil.release import UnverifiedPlanError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", metavar="FILE", help="order in TOML or JSON")
    parser.add_argument("--patient-sheet", action="store_true", help="print the sheet for the patient")


def run(options: argparse.Namespace) -> int:
    order = ivigil.read_order(options.order, options.site)
    try:
        plan = ivigil.plan(order, options.site)
    except UnverifiedPlanError as error:
        print(f"ivigil plan: withheld, the independent check rejected it: {error}", file=sys.stderr)
        return DEFECT
    knowledge = ivigil.knowledge(options.site)
    if options.patient_sheet:
        return _patient_sheet(plan, knowledge)
    if options.json:
        sys.stdout.buffer.write(to_json(plan) + b"\n")
    else:
        from ivigil.sheets.terminal import console, plan_sheet

        console().print(plan_sheet(plan, knowledge))
    return BLOCKED if plan.status == "blocked" else OK


def _patient_sheet(plan: Plan, knowledge: Knowledge) -> int:
    from ivigil.sheets.patient import NoSheetError, patient_sheet

    try:
        print(patient_sheet(plan, knowledge))
    except NoSheetError as error:
        print(f"ivigil plan: no patient sheet: {error}", file=sys.stderr)
        return BAD_INPUT
    return OK
