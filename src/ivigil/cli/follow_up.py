"""``ivigil follow-up``: blood tests and results, the diary, the hand-over, proposals for the next order."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from ivigil import units
from ivigil.aftercare.follow_up import (
    HandOver,
)
from ivigil.aftercare.happenings import DiaryEntry, FollowUpEvent, ResultReceived
from ivigil.cli import aftermath, naming
from ivigil.cli.chair_events import zero_or_more
from ivigil.cli.citing import cited
from ivigil.cli.journaling import guarded
from ivigil.cli.main import OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.infusion.events import Corrected
from ivigil.intake.result import quantity_of
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.reactions import Measure
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case, hand_over

_RESULT = "NAME=VALUE@DATE"

Normal = dict[str, tuple[Decimal | None, Decimal | None]]
"""Measure -> the laboratory's lower and upper limit."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The hand-over, and every fact that it names."""

    hand_over: HandOver
    facts: dict[str, Fact]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    aftermath.add_arguments(parser)
    parser.add_argument(
        "--result",
        action="append",
        default=[],
        metavar=_RESULT,
        help="such as haemoglobin=98@2026-11-26 or 'haemoglobin=9.8 g/dL@2026-11-26'; repeatable",
    )
    parser.add_argument(
        "--normal",
        action="append",
        default=[],
        metavar="NAME=LOW..HIGH",
        help="limits of that laboratory for the results beside it; repeatable",
    )
    parser.add_argument("--diary", action="store_true", help="a diary entry, with what follows")
    aftermath.add_report(parser)
    parser.add_argument("--withdraw", metavar="EVENT", help="an answer, entry or result was recorded wrongly")
    parser.add_argument("--reason", default="", help="why it is withdrawn")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _run(options), "follow-up")


def _run(options: argparse.Namespace) -> int:
    case = aftermath.case(options)
    case = aftermath.recorded(case, tuple(_happened(options, case)), options)
    found = hand_over(case, aftermath.watched(options, case))

    from ivigil.sheets.follow_up import follow_up_sheet

    recorded = case.journal is not None
    named = (*found.facts(), *(name for each in found.check_ins for name in each.facts()))
    facts, sources = cited(named, case.knowledge)
    report = Report(hand_over=found, facts=facts, sources=sources)
    put(report, lambda: follow_up_sheet(found, case.knowledge, recorded=recorded), as_json=options.json)
    return OK


def _happened(options: argparse.Namespace, case: Case) -> Iterator[FollowUpEvent | Corrected]:
    """What the options say happened. Raises InputError."""
    normal = dict(_limits(each, case) for each in options.normal)
    for each in options.result:
        yield _result(each, normal, case, options)
    if options.diary:
        told = aftermath.report(options, case.at, case.knowledge.facts)
        if not (told.present or told.absent or told.readings or told.unmatched):
            raise InputError("--diary: nothing was written; accepted: --yes, --no, --reading, --says")
        yield DiaryEntry(report=told)
    elif options.yes or options.no or options.says or options.reading:
        raise InputError("--yes, --no, --reading, --says: accepted with --diary")
    if options.withdraw:
        yield _withdrawn(options, case)


def _withdrawn(options: argparse.Namespace, case: Case) -> Corrected:
    if not any(each.id == options.withdraw for each in case.happened):
        raise InputError(f"event {options.withdraw}: not on record here after this infusion")
    return Corrected(event=options.withdraw, reason=options.reason)


def _result(written: str, normal: Normal, case: Case, options: argparse.Namespace) -> ResultReceived:
    name, _, rest = written.partition("=")
    value, separator, when = rest.partition("@")
    if not separator:
        raise InputError(f"--result {written}: accepted: {_RESULT}, such as haemoglobin=98@2026-11-26")
    measure = naming.measure(name, case.knowledge.facts.measure)
    low, high = normal.get(measure.id, (None, None))
    drawn_at = _drawn(when.strip(), case)
    if drawn_at > case.at and (case.journal is not None or options.at):
        raise InputError(f"--result {written}: lies after {case.at:%Y-%m-%d %H:%M %z}")
    return ResultReceived(
        measure=measure.id,
        value=_value(value.strip(), measure, case.knowledge),
        drawn_at=drawn_at,
        lower_normal=low,
        upper_normal=high,
    )


def _value(written: str, measure: Measure, knowledge: Knowledge) -> Decimal:
    """A number in the measure's unit, or with one that converts. Raises InputError."""
    number, _, unit = written.partition(" ")
    quantity = quantity_of(measure, knowledge)
    value = zero_or_more(number, quantity.key)
    try:
        return quantity.convert(value, unit.strip() or measure.unit)
    except units.UnknownUnitError:
        raise InputError(f"{quantity.key} {written}: accepted: {', '.join(quantity.units)}") from None


def _drawn(written: str, case: Case) -> dt.datetime:
    """When a sample was drawn. On a day of the course the time must be told: before, or after?"""
    if "T" in written:
        return naming.moment(written, "--result")
    day, ended = naming.day(written), case.episode.ended_at
    start = case.course_start
    if ended is not None and start is not None and start.date() <= day <= ended.date():
        raise InputError(
            f"--result ...@{written}: that day is one of the infusion; accepted: with the time, "
            f"such as {written}T18:00+00:00"
        )
    return dt.datetime.combine(day, dt.time(), ended.tzinfo if ended else dt.UTC)


def _limits(written: str, case: Case) -> tuple[str, tuple[Decimal | None, Decimal | None]]:
    name, _, rest = written.partition("=")
    low, separator, high = rest.partition("..")
    if not separator or not (low or high):
        raise InputError(f"--normal {written}: accepted: NAME=LOW..HIGH; one of the two may be left out")
    measure = naming.measure(name, case.knowledge.facts.measure)
    return measure.id, (
        zero_or_more(low, "--normal") if low else None,
        zero_or_more(high, "--normal") if high else None,
    )
