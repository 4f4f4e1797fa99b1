"""What a patient reported and nobody has settled: how urgent, since when, after which infusion. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import (
    CheckInAnswered,
    Happened,
    SymptomsReported,
    open_reports,
    unsettled,
)
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Call, Triage, open_triage
from ivigil.knowledge.reactions import Urgency
from ivigil.knowledge.store import Knowledge
from ivigil.records.aftermath import episode_of, happened_after, other_days
from ivigil.records.infusing import NoInfusionError, find
from ivigil.records.words import Record

SWITCH = "policy.patient_triage"
REPORTED = SymptomsReported | CheckInAnswered


class Unsettled(msgspec.Struct, frozen=True, kw_only=True):
    """What waits of one infusion. What was said is in its record, not here."""

    infusion: str
    since: dt.datetime
    """The first of them."""
    last: str
    """Id of the last."""
    last_at: dt.datetime
    count: int
    urgency: Urgency | None
    """Of the most urgent; None: the site has switched triage off, and nothing is judged."""
    call: Call | None


def complaints(happened: Iterable[Happened]) -> tuple[Happened, ...]:
    """What was told and is not settled, without those who told of nothing but being well."""
    return tuple(each for each in unsettled(happened) if _complains(each))


def beside(others: Iterable[Iterable[Happened]]) -> tuple[SymptomReport, ...]:
    """What nobody has settled of the other days of a course, by time. others: what happened after each."""
    found = (report for happened in others for report in open_reports(happened))
    return tuple(sorted(found, key=lambda report: report.at))


def answer_to(
    happened: Iterable[Happened],
    episode: Episode,
    knowledge: Knowledge,
    told_beside: Sequence[SymptomReport] = (),
) -> Triage | None:
    """The answer to everything that was reported and is not settled; None: nothing, or triage is off.

    told_beside: reports about the other days of the course.
    """
    if not knowledge.is_on(SWITCH):
        return None
    return open_triage(open_reports(happened), episode, knowledge, beside=told_beside)


def waiting(records: Iterable[Record], stream: str, knowledge: Knowledge) -> tuple[Unsettled, ...]:
    """What waits of every infusion of one patient, by the moment of the first report."""
    known = tuple(records)
    told = dict.fromkeys(each.subject for each in known if isinstance(each.body, REPORTED))
    found = (each for subject in told for each in _of(subject, known, stream, knowledge))
    return tuple(sorted(found, key=lambda each: (each.since, each.infusion)))


def _of(infusion: str, records: tuple[Record, ...], stream: str, knowledge: Knowledge) -> Iterator[Unsettled]:
    happened = happened_after(records, infusion)
    told = complaints(happened)
    if not told:
        return
    answer = None
    if knowledge.is_on(SWITCH):
        try:
            episode = episode_of(find(records, stream, infusion), knowledge)
        except NoInfusionError:
            episode = Episode(infusion=infusion)
        answer = answer_to(happened, episode, knowledge, beside(other_days(records, infusion)))
    yield Unsettled(
        infusion=infusion,
        since=told[0].at,
        last=told[-1].id,
        last_at=told[-1].at,
        count=len(told),
        urgency=answer.urgency if answer else None,
        call=answer.call if answer else None,
    )


def _complains(each: Happened) -> bool:
    if isinstance(each.what, SymptomsReported):
        return True
    report = each.what.report if isinstance(each.what, CheckInAnswered) else None
    return report is not None and bool(report.present or report.readings or report.unmatched)
