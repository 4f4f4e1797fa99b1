"""``ivigil authorise ACTION``: a plan is prescribed, verified by somebody else, released."""

from __future__ import annotations

import argparse
import sys

from ivigil.cli import individual
from ivigil.cli.journaling import Actions, entry, guarded, now, opened, ruling
from ivigil.cli.main import BLOCKED, DEFECT, OK
from ivigil.cli.output import put
from ivigil.knowledge.store import Knowledge
from ivigil.practice.authorising import add, review, sign, standing_of
from ivigil.records import Journal
from ivigil.records.authorisation import Standing, may_start
from ivigil.records.finding import plans
from ivigil.release import UnverifiedPlanError, made_anew


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    adding = actions.add("add", "plan an order and put the plan into the journal", writes=True)
    adding.add_argument("order", metavar="FILE", help="order in TOML or JSON")
    individual.add_argument(adding)
    adding.add_argument("--name", default="", help="the patient's name, for a recall")
    adding.add_argument("--phone", default="", help="the patient's telephone number, for a recall")
    signing = {
        "prescribe": "prescribe a plan as it was made",
        "verify": "verify it: somebody else than who prescribed it",
        "release": "release it to be given",
        "withdraw": "withdraw it: it is not to be given",
    }
    for name, text in signing.items():
        actions.add(name, text, writes=True).add_argument("plan", metavar="PLAN", help="id of the plan")
    actions.add("review", "reopen every signed plan that is not what was signed any more", writes=True)
    showing = actions.add("show", "where a plan stands; all plans if none is named")
    showing.add_argument("plan", metavar="PLAN", nargs="?", help="id of the plan")


def run(options: argparse.Namespace) -> int:
    try:
        return guarded(lambda: _act(options), f"authorise {options.action}")
    except UnverifiedPlanError as error:
        print(f"ivigil authorise: withheld, the independent check rejected it: {error}", file=sys.stderr)
        return DEFECT


def _act(options: argparse.Namespace) -> int:
    journal = opened(options)
    knowledge = ruling(options, journal)
    match options.action:
        case "add":
            return _show(_added(journal, knowledge, options), knowledge, options)
        case "review":
            return _review(journal, knowledge, options)
        case "show" if options.plan is None:
            return _list(journal, options)
        case "show":
            return _show(standing_of(journal, options.plan), knowledge, options)
    return _sign(journal, knowledge, options)


def _added(journal: Journal, knowledge: Knowledge, options: argparse.Namespace) -> Standing:
    order = individual.read_order(options.order, options)
    return add(journal, order, knowledge, entry(options, knowledge), name=options.name, phone=options.phone)


def _sign(journal: Journal, knowledge: Knowledge, options: argparse.Namespace) -> int:
    signed = sign(journal, options.plan, options.action, knowledge, entry(options, knowledge))
    if signed.refused:
        from ivigil.sheets.journal import refusals_text

        print(f"ivigil authorise {options.action}: refused\n{refusals_text(signed.refused)}", file=sys.stderr)
        return BLOCKED
    return _show(signed.standing, knowledge, options)


def _show(standing: Standing, knowledge: Knowledge, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import standing_sheet

    today = now(options, knowledge).date()
    refused = may_start(standing, today, made_anew(standing.plan, knowledge))
    report = {"plan": standing.plan.id, "step": standing.step, "signatures": standing.signatures}
    report |= {"because": standing.because, "against_a_start": refused}
    put(report, lambda: standing_sheet(standing, refused), as_json=options.json)
    return OK


def _review(journal: Journal, knowledge: Knowledge, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import changed_sheet

    found = review(journal, knowledge, entry(options, knowledge))
    put(found, lambda: changed_sheet(found), as_json=options.json)
    return BLOCKED if found else OK


def _list(journal: Journal, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import plans_sheet

    found = plans(journal)
    put(found, lambda: plans_sheet(found), as_json=options.json)
    return OK
