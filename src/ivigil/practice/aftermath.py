"""The days after an infusion, for every face: what came of it, what is told of it, what is written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import chain

import msgspec
from msgspec.structs import replace

from ivigil.aftercare.check_ins import check_ins
from ivigil.aftercare.diary import DiaryReading, read_diary
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.follow_up import (
    ChairRecord,
    HandOver,
    follow_up_tests,
    next_order,
    open_points,
    panels_due,
    suspected,
)
from ivigil.aftercare.happenings import (
    CheckInAnswered,
    DiaryEntry,
    FollowUpEvent,
    Happened,
    ResultReceived,
    SymptomsReported,
    by_time,
    open_reports,
    reports,
)
from ivigil.aftercare.results import baselines, read_results
from ivigil.aftercare.standing import Hours, Standing, standing, watch
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.team_hours import AHEAD, team_hours
from ivigil.aftercare.triage import Triage, call_for, open_triage, triage
from ivigil.course import Day, Plan, infusion_id
from ivigil.infusion.events import Corrected
from ivigil.infusion.state import State
from ivigil.knowledge.reactions import URGENCIES
from ivigil.knowledge.store import Knowledge
from ivigil.practice.entry import Entry, draft
from ivigil.practice.reports import SWITCH, answer_to, beside, complaints
from ivigil.records import Journal
from ivigil.records.aftermath import aftermath, happened_after
from ivigil.records.past import infused

_TODAY = URGENCIES.index("same_day")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion and the days after it, from the journal or from an order and given times."""

    knowledge: Knowledge
    plan: Plan
    day: Day
    episode: Episode
    happened: tuple[Happened, ...] = ()
    others: tuple[tuple[Happened, ...], ...] = ()
    """What happened after each other day of the course."""
    chair: ChairRecord | None = None
    until: dt.datetime | None = None
    """When the next infusion began that has ended."""
    at: dt.datetime
    stream: str = ""
    """The patient in the journal; empty: nothing is recorded."""
    journal: Journal | None = None

    @property
    def course_start(self) -> dt.datetime | None:
        """When the first infusion of the course was to begin: values before it are the patient's own."""
        planned = self.plan.days[0].start if self.plan.days else self.plan.order.start
        return min(planned, self.episode.started_at or planned)

    @property
    def beside(self) -> tuple[SymptomReport, ...]:
        """What was reported about the other days of the course and nobody has settled."""
        return beside(self.others)

    @property
    def whole_course(self) -> tuple[Happened, ...]:
        """What happened by the moment of the case after all days of its course, by time."""
        return tuple(by_time((*chain.from_iterable(self.others), *self.known)))

    @property
    def known(self) -> tuple[Happened, ...]:
        """What happened by the moment of the case."""
        return tuple(each for each in self.happened if each.at <= self.at)


def of_journal(journal: Journal, infusion: str, knowledge: Knowledge, at: dt.datetime) -> Case:
    """An infusion of the journal; its end may not be known. Raises NoInfusionError, BriefingError."""
    found = aftermath(journal, infusion, knowledge, at)
    return Case(
        knowledge=knowledge,
        plan=found.plan,
        day=next(day for day in found.plan.days if day.number == found.infusion.day),
        episode=found.episode,
        happened=found.happened,
        others=found.others,
        chair=found.chair,
        until=found.until,
        at=at,
        stream=found.infusion.stream,
        journal=journal,
    )


def ours(journal: Journal, stream: str) -> tuple[tuple[Plan, State], ...]:
    """Every day on which something flowed into a patient, by its beginning.

    A day on which somebody else was identified at the chair is not theirs.
    """
    found = [
        (plan, state)
        for plan, state in infused(journal, stream)
        if state.started_at is not None and state.identified in (None, plan.order.patient.id)
    ]
    return tuple(sorted(found, key=lambda each: each[1].started_at or each[1].day.start))


def latest(journal: Journal, stream: str, knowledge: Knowledge, at: dt.datetime) -> Case | None:
    """The infusion that what a patient tells now is about: the last that began; None: none did.

    Raises BriefingError.
    """
    found = followed(journal, stream, knowledge, at)
    return found[-1] if found else None


def followed(journal: Journal, stream: str, knowledge: Knowledge, at: dt.datetime) -> tuple[Case, ...]:
    """The infusions of a patient that are followed, by their beginning: the last one that has ended and all
    that began after it, for only an infusion that has ended takes over the check-ins of the one before; and
    whichever a report waits of. Raises BriefingError.
    """
    begun = [(plan, state) for plan, state in ours(journal, stream) if (state.started_at or at) <= at]
    names = [infusion_id(plan.id, state.day.number) for plan, state in begun]
    over = [number for number, (_, state) in enumerate(begun) if state.ended_at is not None]
    since = over[-1] if over else max(len(names) - 1, 0)
    last_start = begun[since][1].started_at if over else None
    records = journal.read(stream) if since else ()
    wanted = [
        name
        for number, (name, (_, state)) in enumerate(zip(names, begun, strict=True))
        if number >= since
        or (state.ended_at is not None and last_start is not None and last_start < state.ended_at)
        or complaints(happened_after(records, name))
    ]
    return tuple(of_journal(journal, name, knowledge, at) for name in wanted)


def record(case: Case, bodies: Iterable[FollowUpEvent | Corrected], entry: Entry) -> Case:
    """Write what happened after an infusion of the journal: all of it or none; the case with it.

    The entry's own id is that of a single event; sent twice it is one. Raises RecordsError.
    """
    assert case.journal is not None, "an order that is only tried out has no journal"
    told = tuple(bodies)
    own = entry if len(told) == 1 else replace(entry, id="")
    case.journal.append([draft(own, case.stream, each, case.episode.infusion) for each in told])
    return of_journal(case.journal, case.episode.infusion, case.knowledge, case.at)


def triage_of(case: Case) -> Triage | None:
    """The answer to everything that was reported and is not settled; None: nothing, or triage is off."""
    return answer_to(case.known, case.episode, case.knowledge, case.beside)


def reported(case: Case, report: SymptomReport) -> SymptomsReported:
    """A new report with the answer that is shown for it, in the light of what waits already."""
    told = (*open_reports(case.known), report)
    found = open_triage(told, case.episode, case.knowledge, beside=case.beside)
    assert found is not None, "there is a report"
    facts = tuple(dict.fromkeys(fact for cause in found.leading for fact in cause.facts))
    return SymptomsReported(report=report, urgency=found.urgency, facts=facts)


def noted(case: Case, report: SymptomReport) -> tuple[FollowUpEvent, ...]:
    """What is written down for a diary entry: the entry, and where the diary now asks for care today or at
    once also a report to the team."""
    entry = DiaryEntry(report=report)
    after = replace(case, happened=(*case.happened, Happened(id="", at=report.at, what=entry)))
    lasting = diary_of(after).report
    assert lasting is not None, "there is an entry"
    return (entry,) if diary_asks(after) is None else (entry, reported(case, lasting))


def diary_of(case: Case) -> DiaryReading:
    """Every entry of the course by the moment of the case; check-ins that were answered are entries too."""
    bodies = (each.what for each in case.whole_course)
    entries = (each.report for each in bodies if isinstance(each, DiaryEntry | CheckInAnswered))
    return read_diary(entries, case.at, case.knowledge)


def diary_asks(case: Case) -> Triage | None:
    """What the diary asks for by a row of the fact base, if that is today or now and does not wait for the
    team yet. Silence about dangers is not judged here, for nobody asked about them."""
    reading = diary_of(case)
    if reading.report is None or not case.knowledge.is_on(SWITCH):
        return None
    earlier = open_reports(case.known)
    found = triage(reading.report, case.episode, case.knowledge, earlier=earlier, beside=case.beside)
    rows = tuple(cause for cause in found.causes if cause.code == "row")
    pressing = [cause for cause in rows if URGENCIES.index(cause.urgency) >= _TODAY]
    standing = triage_of(case)
    waits = {cause.facts for cause in standing.causes} if standing else set()
    if all(cause.facts in waits for cause in pressing):
        return None
    urgency = pressing[0].urgency
    return replace(found, urgency=urgency, causes=rows, call=call_for(urgency, rows), ask=())


def hours_of(case: Case) -> tuple[Hours, ...]:
    """When somebody of the team reads, about the moment of the case, as the site states it."""
    return team_hours(case.knowledge, case.at, case.at + AHEAD)


def standings(case: Case, hours: Iterable[Hours] | None = None) -> tuple[Standing, ...]:
    """Where the check-ins stand. hours: when somebody of the team reads; None: as the site states it.

    Raises UnknownEndError.
    """
    asked = check_ins(case.episode, case.knowledge, case.until)
    read = hours_of(case) if hours is None else hours
    found = standing(asked, case.happened, case.at, case.knowledge, read)
    return found if case.until is None else tuple(map(_asked_anew, found))


def _asked_anew(stands: Standing) -> Standing:
    """The next infusion has ended, and its own check-ins ask: nobody can answer this one any more, and nobody
    is told of silence that is not the patient's."""
    return stands if stands.answered_at is not None else replace(stands, escalation=None)


def results_of(case: Case) -> tuple[ResultReceived, ...]:
    """Laboratory values by the moment of the case: those of the order, then those that came on any day of the
    course."""
    zone = case.episode.ended_at.tzinfo if case.episode.ended_at else None
    given = (each.what for each in case.whole_course if isinstance(each.what, ResultReceived))
    return (*baselines(case.plan.order.patient, zone, case.knowledge), *given)


def hand_over(case: Case, hours: tuple[Hours, ...] | None = None) -> HandOver:
    """Everything about the days after, put together. hours: as of ``standings``. Raises UnknownEndError."""
    hours = hours_of(case) if hours is None else hours
    knowledge, episode, at = case.knowledge, case.episode, case.at
    asked = standings(case, hours)
    diary = diary_of(case)
    results = results_of(case)
    readings = read_results(results, episode, knowledge, case.course_start)
    tests = follow_up_tests(case.plan, results, at, knowledge)
    return HandOver(
        at=at,
        patient=case.plan.order.patient.id,
        episode=episode,
        planned_g=case.day.grams,
        chair=case.chair,
        check_ins=asked,
        watch=watch(hours, at),
        diary=diary,
        tests=tests,
        results=results,
        readings=readings,
        panels=panels_due(readings, episode, knowledge),
        next_order=next_order(suspected(case.chair, readings), knowledge),
        open_points=open_points(asked, tests, readings, diary, case.chair),
        reported=reports(case.known),
    )
