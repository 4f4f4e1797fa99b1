"""Doses for the commands that compute windows from them: typed, or what the journal says was given."""

from __future__ import annotations

import argparse
from typing import get_args

from ivigil.cli import naming
from ivigil.cli.journaling import add_place, opened
from ivigil.cli.naming import InputError
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Identifier
from ivigil.records import Journal
from ivigil.records.finding import plan_and_day, stream_of_plan
from ivigil.records.past import GivenBefore, given_before
from ivigil.windows.doses import DoseRoute, GivenDose

FORM = "DATE[:G_PER_KG[:ROUTE]]"
_ROUTES: tuple[DoseRoute, ...] = get_args(DoseRoute)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dose",
        action="append",
        default=[],
        metavar=FORM,
        help="a dose given or planned, e.g. 2026-11-23:2.0:IV; leave out what is not known; repeatable",
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--patient",
        nargs=2,
        metavar=("SYSTEM", "VALUE"),
        help="with all that the journal says was given to this patient",
    )
    whose.add_argument("--plan", metavar="PLAN", help="the same for the patient of a plan")
    whose.add_argument("--infusion", metavar="INFUSION", help="the same for the patient of an infusion")
    add_place(parser)
    parser.add_argument("--condition", metavar="CONDITION", help="what the typed doses were for")
    parser.add_argument("--product", metavar="PRODUCT", help="what was given in the typed doses")
    parser.add_argument("--jurisdiction", metavar="PLACE", help="whose rules; none: the strictest")
    course = parser.add_mutually_exclusive_group()
    course.add_argument("--ongoing", action="store_true", help="regular therapy goes on")
    course.add_argument(
        "--stopped",
        action="store_true",
        help="it does not, although the last plan of the journal has a next course",
    )


def read(options: argparse.Namespace, knowledge: Knowledge, lineage: tuple[str, ...]) -> GivenBefore:
    """The doses in order of date. Raises InputError, and RecordsError for a journal that cannot be read."""
    condition = naming.condition(options.condition, knowledge).id if options.condition else ""
    product = naming.product(options.product, knowledge, lineage) if options.product else None
    typed = tuple(_dose(text, condition, product, knowledge) for text in options.dose)
    on_record = _on_record(options, knowledge)
    doses = (*typed, *on_record.doses)
    if not doses:
        asked = options.patient or options.plan or options.infusion
        raise InputError(
            "the journal knows of no dose of this patient; add one with --dose"
            if asked
            else f"--dose: missing; accepted: {FORM}, or --patient, --plan or --infusion of the journal"
        )
    return GivenBefore(
        doses=tuple(sorted(doses, key=lambda dose: dose.date)),
        goes_on=options.ongoing or (on_record.goes_on and not options.stopped),
    )


def _on_record(options: argparse.Namespace, knowledge: Knowledge) -> GivenBefore:
    if not (options.patient or options.plan or options.infusion):
        return GivenBefore(doses=(), goes_on=False)
    journal = opened(options)
    return given_before(journal, _stream(options, journal), knowledge)


def _stream(options: argparse.Namespace, journal: Journal) -> str:
    if options.patient:
        return journal.stream(Identifier(*options.patient))
    named = plan_and_day(options.infusion) if options.infusion else None
    plan = options.plan or (named[0] if named else options.infusion)
    stream = stream_of_plan(journal, plan)
    if stream is None:
        raise InputError(f"plan {plan}: not in the journal; ivigil authorise show lists what is")
    return stream


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
