"""``ivigil triage``: how soon symptoms after an infusion need care, what they may be, whom to call."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from functools import partial
from typing import TYPE_CHECKING

import msgspec

import ivigil
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.matching import Matched, Matcher
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Triage, triage
from ivigil.cli import journaling, naming
from ivigil.cli.asking import Interview
from ivigil.cli.chair_events import home_reading, zero_or_more
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put, show
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.population import MONTHS_PER_YEAR
from ivigil.knowledge.store import Knowledge

if TYPE_CHECKING:
    from ivigil.records.bodies import Body
    from ivigil.records.infusing import Infusion
    from ivigil.records.journal import Journal

_ON = "on"
_READING = "MEASURE=VALUE"


class Report(msgspec.Struct, frozen=True):
    """The answer, what was read in the person's words, and every fact that it names."""

    answer: Triage
    words: Matched
    episode: Episode
    facts: dict[str, Fact]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    journaling.add_place(parser)
    journaling.add_author(parser)
    said = parser.add_argument_group("what is reported")
    said.add_argument("--symptom", action="append", default=[], metavar="NAME", help="present; repeatable")
    said.add_argument(
        "--no", action="append", default=[], metavar="NAME", help="asked: not there; repeatable"
    )
    said.add_argument("--no-other", action="store_true", help="every other symptom was asked: not present")
    said.add_argument("--ask", action="store_true", help="ask here, danger to life first")
    said.add_argument("--text", default="", metavar="WORDS", help="in the person's own words (English)")
    said.add_argument(
        "--reading", action="append", default=[], metavar=_READING, help="temperature_c=38.6; repeatable"
    )
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
    from ivigil.sheets.triage import emergency_line, switched_off_sheet, triage_sheet

    knowledge = ivigil.load_knowledge(options.site)
    if knowledge.policies["policy.patient_triage"].choice != _ON:
        show(switched_off_sheet(knowledge))
        return BLOCKED
    place = _Place.of(options, knowledge)
    if options.settle is not None:
        return place.settle(options)
    matcher = Matcher(knowledge.facts.symptom)
    words = matcher.match(options.text)
    judge = partial(triage, episode=place.episode, knowledge=knowledge, earlier=place.earlier)
    report = _reported(options, words, place.at, knowledge)
    if options.ask:
        print(emergency_line(knowledge), file=sys.stderr)
        questions = {each.id: each.question or f"{each.plain}?" for each in knowledge.facts.symptom}
        report = Interview(judge=judge, match=matcher.match, questions=questions).ask(report)
    answer = judge(report)
    if options.record:
        place.record(report, answer, options)
    put(
        _report(answer, words, place.episode, knowledge),
        lambda: triage_sheet(answer, words, place.episode, place.at, knowledge),
        as_json=options.json,
    )
    return OK


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """The infusion that the report is about, and where the report may be kept."""

    episode: Episode
    at: dt.datetime
    journal: Journal | None = None
    infusion: Infusion | None = None
    earlier: tuple[SymptomReport, ...] = ()

    @staticmethod
    def of(options: argparse.Namespace, knowledge: Knowledge) -> _Place:
        at = journaling.now(options, knowledge)
        if options.infusion is None:
            if options.record or options.settle is not None:
                raise InputError("--record and --settle need --infusion PLAN-DAY")
            return _Place(episode=_episode(options, at, knowledge), at=at)
        others = (options.hours, options.age, options.condition, options.product, options.hazard)
        if any(others) or options.no_hazards:
            raise InputError("--infusion knows what was given to whom; leave out the other options about it")
        from ivigil.records.episodes import episode_of, open_reports
        from ivigil.records.infusing import load

        journal = journaling.opened(options)
        infusion = load(journal, options.infusion)
        return _Place(
            episode=episode_of(infusion, knowledge),
            at=at,
            journal=journal,
            infusion=infusion,
            earlier=open_reports(journal, infusion),
        )

    def record(self, report: SymptomReport, answer: Triage, options: argparse.Namespace) -> None:
        from ivigil.records.bodies import SymptomsReported

        facts = tuple(dict.fromkeys(fact for cause in answer.leading for fact in cause.facts))
        self._append(SymptomsReported(report=report, urgency=answer.urgency, facts=facts), options)

    def settle(self, options: argparse.Namespace) -> int:
        from ivigil.records.bodies import ReportsSettled

        if not options.settle.strip():
            raise InputError("--settle: empty; accepted: what was done, in a few words")
        self._append(ReportsSettled(reason=options.settle), options)
        print(f"settled: {len(self.earlier)} reports about {options.infusion}")
        return OK

    def _append(self, body: Body, options: argparse.Namespace) -> None:
        assert self.journal is not None and self.infusion is not None
        written = journaling.draft(options, self.infusion.stream, body, self.infusion.id, event_id=options.id)
        self.journal.append([written])


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
    present = {naming.symptom(name, knowledge.facts.symptom) for name in options.symptom}
    absent = {naming.symptom(name, knowledge.facts.symptom) for name in options.no}
    both = sorted(present & absent)
    if both:
        raise InputError(f"--symptom and --no both name {both[0]}")
    present |= set(words.symptoms("said", "unclear")) - absent
    if options.no_other:
        absent |= {symptom.id for symptom in knowledge.facts.symptom if symptom.question} - present
    return SymptomReport(
        at=at,
        present=tuple(sorted(present)),
        absent=tuple(sorted(absent)),
        readings=dict(home_reading(text, knowledge.facts.measure) for text in options.reading),
        unmatched=words.unmatched,
    )


def _report(answer: Triage, words: Matched, episode: Episode, knowledge: Knowledge) -> Report:
    facts = {name: knowledge.by_id[name] for name in answer.facts()}
    cited = sorted({key for fact in facts.values() for key in fact.sources})
    sources = {key: knowledge.sources[key] for key in cited if key in knowledge.sources}
    return Report(answer, words, episode, facts, sources)
