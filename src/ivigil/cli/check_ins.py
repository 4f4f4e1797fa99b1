"""``ivigil check-ins``: when a patient is asked how they are, what was answered, who is told of silence."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.aftercare.asking import Ask, asks
from ivigil.aftercare.check_ins import CheckIn, check_ins
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead, CheckInSent, FollowUpEvent, Reader
from ivigil.aftercare.standing import Standing, Watch, watch
from ivigil.aftercare.triage import Triage
from ivigil.cli import aftermath
from ivigil.cli.citing import cited
from ivigil.cli.journaling import guarded
from ivigil.cli.main import OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.knowledge.evidence import Fact, Source
from ivigil.practice.aftermath import Case, standings, triage_of


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The check-ins of one infusion at one moment."""

    at: dt.datetime
    episode: Episode
    recorded: bool
    """False: tried out on an order; nothing is kept."""
    watch: Watch
    check_ins: tuple[Standing, ...]
    triage: Triage | None
    """Of the last answer that no clinician has settled; None: nothing was answered, or it is switched off."""
    facts: dict[str, Fact]
    """Every one that they name."""
    sources: dict[str, Source]


class Questions(msgspec.Struct, frozen=True):
    """One check-in, and the lines that a patient ticks."""

    check_in: CheckIn
    asks: tuple[Ask, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    aftermath.add_arguments(parser)
    parser.add_argument("--questions", metavar="CHECK_IN", help="the questions of one, for the patient")
    aftermath.add_language(parser, "the questions")
    parser.add_argument("--sent", metavar="CHECK_IN", help="its questions went out: its id, or its number")
    parser.add_argument("--opened", metavar="CHECK_IN", help="the patient opened it")
    parser.add_argument("--answer-read", metavar="CHECK_IN", help="somebody of the team read the answer")
    parser.add_argument("--answer", metavar="CHECK_IN", help="the patient answered, with what follows")
    aftermath.add_report(parser)
    parser.add_argument("--no-others", action="store_true", help="every other question of it: no")
    parser.add_argument("--asked-by-team", action="store_true", help="asked at the telephone or in person")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _run(options), "check-ins")


def _run(options: argparse.Namespace) -> int:
    case = aftermath.case(options)
    found = check_ins(case.episode, case.knowledge, case.until)
    hours = aftermath.watched(options, case)
    case = aftermath.recorded(case, tuple(_happened(options, case, found)), options)
    stand = standings(case, hours)
    facts, sources = cited((name for each in stand for name in each.facts()), case.knowledge)
    report = Report(
        at=case.at,
        episode=case.episode,
        recorded=case.journal is not None,
        watch=watch(hours, case.at),
        triage=triage_of(case),
        check_ins=stand,
        facts=facts,
        sources=sources,
    )
    if options.questions is not None:
        return _put_questions(_named(options.questions, found), report.watch, case, options)

    from ivigil.sheets.check_ins import check_ins_sheet

    put(
        report,
        lambda: check_ins_sheet(
            report.check_ins,
            report.watch,
            case.episode,
            case.at,
            case.knowledge,
            recorded=report.recorded,
            triage=report.triage,
        ),
        as_json=options.json,
    )
    return OK


def _put_questions(check_in: CheckIn, reading: Watch, case: Case, options: argparse.Namespace) -> int:
    from ivigil.sheets.check_ins import questions_sheet

    language = aftermath.language(options, case.knowledge)
    asked = asks(check_in.questions, case.episode, case.knowledge)
    put(
        Questions(check_in, asked),
        lambda: questions_sheet(asked, reading, case.at, case.knowledge, language),
        as_json=options.json,
    )
    return OK


def _happened(options: argparse.Namespace, case: Case, found: tuple[CheckIn, ...]) -> Iterator[FollowUpEvent]:
    """What the options say happened. Raises InputError."""
    if options.sent is not None:
        yield CheckInSent(check_in=_named(options.sent, found).id)
    if options.opened is not None:
        yield CheckInRead(check_in=_named(options.opened, found).id)
    if options.answer is not None:
        asked = _named(options.answer, found)
        others = asked.questions if options.no_others else ()
        told = aftermath.report(options, case.at, case.knowledge.facts, others)
        if not (told.present or told.absent or told.readings or told.unmatched):
            raise InputError("--answer: nothing was answered; accepted: --yes, --no, --no-others, --says")
        by: Reader = "team" if options.asked_by_team else "patient"
        yield CheckInAnswered(check_in=asked.id, report=told, taken_by=by)
    elif options.yes or options.no or options.says or options.reading or options.no_others:
        raise InputError("--yes, --no, --reading, --says: accepted with --answer CHECK_IN")
    if options.answer_read is not None:
        yield CheckInRead(check_in=_named(options.answer_read, found).id, reader="team")


def _named(written: str, found: tuple[CheckIn, ...]) -> CheckIn:
    """The check-in of this id or number, from 1. Raises InputError."""
    for number, each in enumerate(found, start=1):
        if written in (each.id, each.id.removeprefix("check-in."), str(number)):
            return each
    raise InputError(f"check-in {written}: accepted: 1 to {len(found)}, or {', '.join(x.id for x in found)}")
