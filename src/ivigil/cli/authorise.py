"""``ivigil authorise ACTION``: a plan is prescribed, verified by somebody else, released."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import ivigil
from ivigil.cli import individual
from ivigil.cli.journaling import Actions, draft, guarded, now, opened
from ivigil.cli.main import BLOCKED, DEFECT, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.knowledge.store import Knowledge
from ivigil.records import Journal
from ivigil.records.authorisation import (
    SIGNED,
    Refusal,
    Standing,
    changes,
    may_prescribe,
    may_release,
    may_start,
    may_verify,
    standings,
)
from ivigil.records.bodies import (
    Body,
    Contact,
    PlanMade,
    Prescribed,
    Released,
    Reopened,
    Superseded,
    Verified,
)
from ivigil.records.finding import plans, stream_of_plan
from ivigil.records.reviewing import Changed, changed
from ivigil.release import UnverifiedPlanError, checked_plan, made_anew


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
    journal, knowledge = opened(options), ivigil.load_knowledge(options.site)
    if options.action == "add":
        return _add(journal, knowledge, options)
    if options.action == "review":
        return _review(journal, knowledge, options)
    if options.plan is None:
        return _list(journal, options)
    stream = stream_of_plan(journal, options.plan)
    if stream is None:
        raise InputError(f"plan {options.plan}: not in the journal; ivigil authorise show lists what is")
    if options.action == "show":
        return _show(_standing(journal, stream, options.plan), knowledge, options)
    return _sign(journal, stream, knowledge, options)


def _add(journal: Journal, knowledge: Knowledge, options: argparse.Namespace) -> int:
    order = individual.read_order(options.order, options)
    plan = checked_plan(order, knowledge)
    stream = journal.stream(order.patient.id)
    drafts = [draft(options, stream, PlanMade(plan=plan), plan.id, event_id=options.id)]
    if options.name or options.phone:
        contact = Contact(patient=order.patient.id, name=options.name, phone=options.phone)
        drafts.append(draft(options, stream, contact))
    replaced = standings(journal.read(stream)).get(plan.supersedes)
    because = changes(replaced.plan, plan) if replaced and replaced.step in SIGNED else ()
    if because:
        # Who orders otherwise no longer stands by what was signed, whatever becomes of the new plan.
        drafts.append(draft(options, stream, Reopened(reason=", ".join(because)), plan.supersedes))
    journal.append(drafts)
    return _show(_standing(journal, stream, plan.id), knowledge, options)


def _sign(journal: Journal, stream: str, knowledge: Knowledge, options: argparse.Namespace) -> int:
    """One signature, on the version that was looked at; or every reason against it."""
    version = journal.version(stream)
    standing = _standing(journal, stream, options.plan)
    refused, bodies = _decision(standing, knowledge, options)
    drafts = [draft(options, stream, body, options.plan) for body in bodies]
    if drafts:
        journal.append(drafts, expected_version=version)
    if refused:
        from ivigil.sheets.journal import refusals_text

        print(f"ivigil authorise {options.action}: refused\n{refusals_text(refused)}", file=sys.stderr)
        return BLOCKED
    return _show(_standing(journal, stream, options.plan), knowledge, options)


def _decision(
    standing: Standing, knowledge: Knowledge, options: argparse.Namespace
) -> tuple[tuple[Refusal, ...], list[Body]]:
    """What is against the step, and the events that it makes."""
    plan = standing.plan
    if options.action == "withdraw":
        return (), [Superseded()]
    because = changes(plan, made_anew(plan, knowledge))
    if because:
        why = ", ".join(because)
        return (Refusal("inputs_changed", why),), [Reopened(reason=why)]
    match options.action:
        case "prescribe":
            return _unless(may_prescribe(standing), Prescribed())
        case "verify":
            names = [name for name in (options.by, options.on_behalf_of) if name]
            return _unless(may_verify(standing, names), Verified())
    return _unless(may_release(standing), Released())


def _unless(refused: tuple[Refusal, ...], body: Body) -> tuple[tuple[Refusal, ...], list[Body]]:
    return refused, [] if refused else [body]


def _standing(journal: Journal, stream: str, plan: str) -> Standing:
    found = standings(journal.read(stream)).get(plan)
    if found is None:
        raise InputError(f"plan {plan}: its content cannot be read (erased, or of a newer version of Ivigil)")
    return found


def _show(standing: Standing, knowledge: Knowledge, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import standing_sheet

    today = now(options, knowledge).date()
    refused = may_start(standing, today, made_anew(standing.plan, knowledge))
    report = {"plan": standing.plan.id, "step": standing.step, "signatures": standing.signatures}
    report |= {"because": standing.because, "against_a_start": refused}
    put(report, lambda: standing_sheet(standing, refused), as_json=options.json)
    return OK


def _review(journal: Journal, knowledge: Knowledge, options: argparse.Namespace) -> int:
    """After knowledge has changed: every plan at once, not each when somebody looks at it."""
    found = list(changed(journal, knowledge, now(options, knowledge).date()))
    of_patient: dict[tuple[str, int], list[Changed]] = defaultdict(list)
    for each in found:
        of_patient[each.stream, each.version].append(each)
    for (stream, version), several in of_patient.items():
        bodies = [(Reopened(reason=", ".join(each.because)), each.plan) for each in several]
        journal.append([draft(options, stream, *body) for body in bodies], expected_version=version)
    from ivigil.sheets.journal import changed_sheet

    put(found, lambda: changed_sheet(found), as_json=options.json)
    return BLOCKED if found else OK


def _list(journal: Journal, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import plans_sheet

    found = plans(journal)
    put(found, lambda: plans_sheet(found), as_json=options.json)
    return OK
