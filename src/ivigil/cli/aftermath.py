"""What the commands of the days after share: which infusion, how it ended, what patients tell."""

from __future__ import annotations

import argparse
import datetime as dt
import uuid
from collections.abc import Iterable

import msgspec

import ivigil
from ivigil.aftercare.episode import of_plan
from ivigil.aftercare.happenings import FollowUpEvent, Happened, ResultReceived
from ivigil.aftercare.standing import Hours
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.cli import naming
from ivigil.cli.chair_events import home_reading
from ivigil.cli.journaling import add_author, add_place, entry, now, opened, ruling
from ivigil.cli.naming import InputError
from ivigil.course import Day, Plan
from ivigil.infusion.briefing import BriefingError
from ivigil.infusion.events import Corrected
from ivigil.knowledge.store import FactFile, Knowledge
from ivigil.practice import aftermath as practice
from ivigil.practice.aftermath import Case

_PERIOD = "FROM/UNTIL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which infusion, when it ended, and who writes."""
    parser.add_argument("order", metavar="FILE", nargs="?", help="order in TOML or JSON, to try it")
    parser.add_argument("--day", type=int, default=1, help="day of the order's plan, from 1")
    parser.add_argument("--started", metavar="TIME", help="when the infusion began, with date and offset")
    parser.add_argument("--ended", metavar="TIME", help="when it ended, with date and offset")
    parser.add_argument("--infusion", metavar="PLAN-DAY", help="an infusion of the journal instead")
    parser.add_argument(
        "--watched",
        action="append",
        default=[],
        metavar=_PERIOD,
        help="when somebody of the team reads, with dates and offsets; repeatable; none: as the site states",
    )
    add_place(parser)
    add_author(parser)


def add_report(parser: argparse.ArgumentParser) -> None:
    """What a patient tells."""
    parser.add_argument("--yes", action="append", default=[], metavar="SYMPTOM", help="has it; repeatable")
    parser.add_argument("--no", action="append", default=[], metavar="SYMPTOM", help="has it not; repeatable")
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="MEASURE=VALUE",
        help="read at home, such as temperature_c=38.6 or pain_0_10=6; repeatable",
    )
    parser.add_argument("--says", action="append", default=[], metavar="TEXT", help="in their own words")


def case(options: argparse.Namespace) -> Case:
    """The infusion that the options name. Raises InputError, OrderError, RecordsError."""
    if bool(options.infusion) == bool(options.order):
        raise InputError("accepted: an order FILE with --ended TIME, or --infusion PLAN-DAY")
    if not options.infusion:
        return _tried(options, ivigil.load_knowledge(options.site))
    if options.ended or options.started:
        raise InputError("--started, --ended: with --infusion the journal says when it began and ended")
    return of_journal(options, ruling(options, opened(options)))


def of_journal(options: argparse.Namespace, knowledge: Knowledge) -> Case:
    """The infusion of the journal that the options name. Raises InputError, RecordsError."""
    journal = opened(options)
    try:
        found = practice.of_journal(journal, options.infusion, knowledge, now(options, knowledge))
    except BriefingError as error:
        raise InputError(f"infusion {options.infusion}: no course to follow ({error.code})") from error
    if found.episode.ended_at is None:
        raise InputError(f"infusion {options.infusion}: its end is not recorded; ivigil infusion finish does")
    return found


def _tried(options: argparse.Namespace, knowledge: Knowledge) -> Case:
    ended = naming.moment(options.ended, "--ended") if options.ended else None
    started = naming.moment(options.started, "--started") if options.started else None
    if ended is None:
        raise InputError("--ended: missing; accepted: when the infusion ended, as 2026-11-23T15:10+00:00")
    if started is not None and started > ended:
        raise InputError(f"--started {options.started}: accepted: a time before --ended")
    plan = ivigil.plan(ivigil.read_order(options.order, options.site), options.site)
    day = _day(plan, options.day)
    return Case(
        knowledge=knowledge,
        plan=plan,
        day=day,
        episode=of_plan(plan, day, knowledge, started_at=started, ended_at=ended),
        at=now(options, knowledge) if options.at else ended,
    )


def _day(plan: Plan, number: int) -> Day:
    found = [day for day in plan.days if day.number == number]
    if not found:
        raise InputError(f"--day {number}: the plan has {len(plan.days)} day(s) ({plan.status})")
    return found[0]


def recorded(case: Case, bodies: Iterable[FollowUpEvent | Corrected], options: argparse.Namespace) -> Case:
    """The case after these happened: written to the journal if it is from there, else only shown."""
    told = tuple(bodies)
    if not told:
        return case
    if case.journal is None:
        drawn = [each.drawn_at for each in told if isinstance(each, ResultReceived)]
        at = case.at if options.at else max([case.at, *drawn])
        case = msgspec.structs.replace(case, at=at)
        new = [Happened(str(uuid.uuid4()), case.at, each) for each in told if not isinstance(each, Corrected)]
        return msgspec.structs.replace(case, happened=(*case.happened, *new))
    return practice.record(case, told, entry(options, case.knowledge))


def report(
    options: argparse.Namespace, at: dt.datetime, facts: FactFile, others_absent: Iterable[str] = ()
) -> SymptomReport:
    """What the patient tells at ``at``. Raises InputError for a word that is no symptom or measure.

    others_absent: symptoms that are denied unless they were named.
    """
    present = tuple(dict.fromkeys(naming.symptom(each, facts.symptom) for each in options.yes))
    absent = dict.fromkeys(naming.symptom(each, facts.symptom) for each in options.no)
    both = sorted(set(present) & set(absent))
    if both:
        raise InputError(f"--yes and --no: {', '.join(both)} in both")
    absent |= dict.fromkeys(name for name in others_absent if name not in present)
    return SymptomReport(
        at=at,
        present=present,
        absent=tuple(absent),
        readings=dict(home_reading(each, facts.measure) for each in options.reading),
        unmatched=tuple(text for each in options.says if (text := each.strip())),
    )


def add_language(parser: argparse.ArgumentParser, what: str) -> None:
    """In which language a patient reads."""
    parser.add_argument("--language", metavar="CODE", help=f"of {what}, e.g. es or fr (default: en)")


def language(options: argparse.Namespace, knowledge: Knowledge) -> str:
    """The language that was asked for. Raises InputError."""
    from ivigil.knowledge.wording import ENGLISH
    from ivigil.sheets.wording import languages

    known = languages(knowledge)
    written: str = options.language or ENGLISH
    if written not in known:
        accepted = ", ".join(f"{code} ({name})" for code, name in known.items())
        raise InputError(f"--language {written}: accepted: {accepted}")
    return written


def watched(options: argparse.Namespace, case: Case) -> tuple[Hours, ...]:
    """When somebody of the team reads. Raises InputError."""
    return tuple(_hours(each) for each in options.watched) or practice.hours_of(case)


def _hours(written: str) -> Hours:
    start, separator, end = written.partition("/")
    if not separator:
        raise InputError(f"--watched {written}: accepted: {_PERIOD}, two times with date and offset")
    hours = naming.moment(start, "--watched"), naming.moment(end, "--watched")
    if hours[0] >= hours[1]:
        raise InputError(f"--watched {written}: accepted: a time, then a later one")
    return hours
