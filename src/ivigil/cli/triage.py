"""``ivigil triage``: how soon symptoms after an infusion need care, what they may be, whom to call."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from functools import partial

import msgspec

import ivigil
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import FollowUpEvent, ReportsSettled, SymptomsReported, open_reports
from ivigil.aftercare.matching import Matched, Matcher
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Triage, triage
from ivigil.cli import aftermath, journaling, naming
from ivigil.cli.asking import Interview
from ivigil.cli.chair_events import zero_or_more
from ivigil.cli.citing import cited
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put, show
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.population import MONTHS_PER_YEAR
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case


class Report(msgspec.Struct, frozen=True):
    """The answer, what was read in the person's words, and every fact that it names."""

    answer: Triage
    words: Matched
    episode: Episode
    facts: dict[str, Fact]
    sources: dict[str, Source]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """The infusion that is reported about, and where the report may be kept."""

    episode: Episode
    at: dt.datetime
    case: Case | None = None
    """Of the journal; None: not from there."""

    @property
    def earlier(self) -> tuple[SymptomReport, ...]:
        return open_reports(self.case.happened) if self.case else ()

    def keep(self, body: FollowUpEvent, options: argparse.Namespace) -> None:
        if self.case is None:
            raise InputError("--record and --settle need --infusion PLAN-DAY")
        aftermath.recorded(self.case, [body], options)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    journaling.add_place(parser)
    journaling.add_author(parser)
    aftermath.add_report(parser)
    parser.add_argument("--no-others", action="store_true", help="every other symptom was asked: no")
    parser.add_argument("--ask", action="store_true", help="ask here, danger to life first")
    aftermath.add_language(parser, "what the patient reads")
    whose = parser.add_argument_group("after which infusion")
    whose.add_argument("--infusion", metavar="PLAN-DAY", help="of the journal: nothing else is needed")
    whose.add_argument("--hours", metavar="N", help="hours since the end")
    whose.add_argument("--age", metavar="YEARS", help="or 5m for months")
    whose.add_argument("--condition", metavar="CONDITION", help="what it was for")
    whose.add_argument("--product", metavar="PRODUCT", help="what was given")
    whose.add_argument("--hazard", action="append", metavar="ID", help="a risk factor by its id; repeatable")
    whose.add_argument("--no-hazards", action="store_true", help="risk factors were looked for: none")
    kept = parser.add_argument_group("in the journal")
    kept.add_argument("--record", action="store_true", help="keep the report with its answer")
    kept.add_argument("--settle", metavar="REASON", help="a clinician has dealt with the reports so far")


def run(options: argparse.Namespace) -> int:
    return journaling.guarded(lambda: _run(options), "triage")


def _run(options: argparse.Namespace) -> int:
    from ivigil.sheets.triage import patient_sheet, switched_off_sheet, triage_sheet

    knowledge = _ruling(options)
    if not knowledge.is_on("policy.patient_triage"):
        show(switched_off_sheet(knowledge))
        return BLOCKED
    place = _place(options, knowledge)
    if options.settle is not None:
        return _settle(place, options)
    matcher = Matcher(knowledge.facts.symptom)
    words = matcher.match("\n".join(options.says))
    beside = place.case.beside if place.case else ()
    judge = partial(triage, episode=place.episode, knowledge=knowledge, earlier=place.earlier, beside=beside)
    report = _reported(options, words, place.at, knowledge)
    if options.ask:
        report = _asked(report, judge, matcher, knowledge)
    answer = judge(report)
    if options.record:
        facts = tuple(dict.fromkeys(fact for cause in answer.leading for fact in cause.facts))
        place.keep(SymptomsReported(report=report, urgency=answer.urgency, facts=facts), options)
    sheet = partial(triage_sheet, answer, words, place.episode, place.at, knowledge)
    if options.language is not None:
        sheet = partial(patient_sheet, answer, knowledge, aftermath.language(options, knowledge))
    put(Report(answer, words, place.episode, *cited(answer.facts(), knowledge)), sheet, as_json=options.json)
    return OK


def _ruling(options: argparse.Namespace) -> Knowledge:
    """What rules; after an infusion of the journal, with what was signed on its pages."""
    if options.infusion is None:
        return ivigil.load_knowledge(options.site)
    return journaling.ruling(options, journaling.opened(options))


def _place(options: argparse.Namespace, knowledge: Knowledge) -> _Place:
    if options.infusion is None:
        at = journaling.now(options, knowledge)
        return _Place(episode=_episode(options, at, knowledge), at=at)
    others = (options.hours, options.age, options.condition, options.product, options.hazard)
    if any(others) or options.no_hazards:
        raise InputError("--infusion knows what was given to whom; leave out the other options about it")
    case = aftermath.of_journal(options, knowledge)
    return _Place(episode=case.episode, at=case.at, case=case)


def _settle(place: _Place, options: argparse.Namespace) -> int:
    if not options.settle.strip():
        raise InputError("--settle: empty; accepted: what was done, in a few words")
    place.keep(ReportsSettled(reason=options.settle), options)
    print(f"settled: {len(place.earlier)} reports about {options.infusion}")
    return OK


def _asked(
    report: SymptomReport, judge: partial[Triage], matcher: Matcher, knowledge: Knowledge
) -> SymptomReport:
    from ivigil.sheets.triage import emergency_line
    from ivigil.sheets.wording import Wording

    print(emergency_line(Wording(knowledge), knowledge), file=sys.stderr)
    questions = {each.id: each.question or f"{each.plain}?" for each in knowledge.facts.symptom}
    return Interview(judge=judge, match=matcher.match, questions=questions).ask(report)


def _episode(options: argparse.Namespace, at: dt.datetime, knowledge: Knowledge) -> Episode:
    """What the options tell of the infusion; what they leave out is not known."""
    product = naming.product(options.product, knowledge) if options.product else None
    unknown = set(options.hazard or ()) - {hazard.id for hazard in knowledge.facts.hazard}
    if unknown:
        names = {hazard.id: (hazard.id, hazard.name) for hazard in knowledge.facts.hazard}
        raise naming.unknown("hazard", min(unknown), names)
    looked = options.no_hazards or options.hazard is not None
    return Episode(
        ended_at=None if options.hours is None else at - _hours(options.hours),
        age_months=None if options.age is None else _months(options.age),
        condition=naming.condition(options.condition, knowledge).id if options.condition else "",
        route=product.route if product else "",
        product=product.id if product else "",
        stabilisers=knowledge.stabilisers_of(product) if product else None,
        hazards=tuple(options.hazard or ()) if looked else None,
    )


def _hours(written: str) -> dt.timedelta:
    return dt.timedelta(minutes=int(zero_or_more(written, "--hours") * 60))


def _months(written: str) -> int:
    in_months = written.strip().casefold().endswith("m")
    number = zero_or_more(written.strip().casefold().removesuffix("m"), "--age")
    return int(number if in_months else number * MONTHS_PER_YEAR)


def _reported(
    options: argparse.Namespace, words: Matched, at: dt.datetime, knowledge: Knowledge
) -> SymptomReport:
    """What was ticked, with what was read in the words: taken as said until somebody confirms it.

    A denial that was only read in the words is no answer yet.
    """
    read = words.symptoms("said", "unclear")
    others = (each.id for each in knowledge.facts.symptom if each.question and each.id not in read)
    told = aftermath.report(options, at, knowledge.facts, others if options.no_others else ())
    present = dict.fromkeys((*told.present, *(name for name in read if name not in told.absent)))
    return msgspec.structs.replace(told, present=tuple(present), unmatched=words.unmatched)
