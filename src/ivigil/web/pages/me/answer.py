"""What a report asks for: how soon, whom to call, what to do meanwhile."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Node
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from ivigil.aftercare.happenings import CheckInAnswered, Happened, ReportsSettled, SymptomsReported, by_time
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.team_hours import watching_at
from ivigil.aftercare.triage import Call, Triage
from ivigil.knowledge.reactions import Urgency
from ivigil.practice.aftermath import Case, of_journal
from ivigil.practice.reports import answer_to, complaints
from ivigil.records.words import Record
from ivigil.sheets.triage import patient_answer
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, call, moment, page, reader, told
from ivigil.web.parts.notice import Tone

_TONE: dict[Urgency, Tone] = {
    "emergency_now": "stop",
    "same_day": "slow",
    "next_visit": "info",
    "self_care": "info",
}


@get("/me/answers/{event:str}", needs="patient.read", sync_to_thread=True)
def answer(request: Asked, visit: TheVisit, event: FromPath[str]) -> Response[str]:
    """The answer to one report of the patient's own, as it stood when it was told."""
    who = reader(request, visit)
    record = _own(who, event)
    case = of_journal(visit.journal, record.subject, visit.knowledge, visit.now)
    happened = next((each for each in case.happened if each.id == record.id), None)
    if happened is None:
        raise NotFoundException(detail="withdrawn")
    before = _before(case, happened)
    beside = of_journal(visit.journal, record.subject, visit.knowledge, happened.at).beside
    judged = answer_to((*before, happened), case.episode, case.knowledge, beside)
    counted = sorted((*map(_report, before), *beside), key=lambda report: report.at)
    say = who.say
    return page(
        who,
        say("Your answer"),
        answered(judged, who) if judged else h.p(".lead")[told(say("Thank you. It is written down."))],
        h.section[
            h.h2[told(say("What you told us"))],
            _told(_report(happened), happened.at, who),
            _listed(case, happened, who),
        ],
        h.section[
            h.h2[told(say("We also count what you told us before"))],
            [_told(report, report.at, who) for report in counted],
        ]
        if judged and counted
        else None,
        h.p(".choices")[
            h.a(".button.plain", href="/me/wrong")[told(say("Something else is wrong, or it is worse"))],
            h.a(".button.plain", href="/me")[told(say("Back to the start"))],
        ],
        shown=judged.urgency if judged else None,
    )


def answered(judged: Triage, who: Reader) -> Node:
    """How soon and whom to call, with the numbers at hand."""
    reads = watching_at(who.knowledge, who.visit.now).reading
    words = patient_answer(judged, who.knowledge, who.say, reading=reads)
    return h.section(f".answer.{_TONE[judged.urgency]}", role="alert")[
        h.p(".urgency")[told(words.title)],
        h.p(".lead")[told(words.call)],
        _numbers(judged.call, who),
        [h.p[told(text)] for text in words.advice],
        h.p(".soft")[told(words.reads)],
    ]


def _items(texts: tuple[str, ...]) -> Node:
    return [h.li[told(text)] for text in texts]


def _numbers(whom: Call, who: Reader) -> Node:
    site, say = who.knowledge.site, who.say
    if whom == "emergency_line":
        emergency = say.urgent("EMERGENCY: call {phone}.", phone=site.emergency_phone)
        return h.p(".calls")[call(emergency, site.emergency_phone, classes="danger")]
    night = say.urgent("Nights and weekends: {phone}", phone=site.after_hours_phone)
    return h.p(".calls")[
        call(say("Questions: call {phone}.", phone=site.contact_phone), site.contact_phone),
        call(night, site.after_hours_phone),
    ]


def _own(who: Reader, event: str) -> Record:
    """A report in the patient's own stream; whatever else has that id is not there for them."""
    for record in who.visit.journal.read(who.stream):
        if record.id == event and isinstance(record.body, SymptomsReported | CheckInAnswered):
            return record
    raise NotFoundException(detail="no such report")


def _before(case: Case, happened: Happened) -> tuple[Happened, ...]:
    """Complaints that were told before it and not settled then."""
    known = by_time(case.happened)
    return complaints(known[: known.index(happened)])


def _listed(case: Case, happened: Happened, who: Reader) -> Node:
    """Where it is now: with the team until they have dealt with it."""
    say = who.say
    if happened in complaints(case.known):
        return h.p[told(say("Your team sees it in their list."))]
    settled = any(isinstance(each.what, ReportsSettled) and each.at >= happened.at for each in case.known)
    return h.p[told(say("Your team has dealt with it."))] if settled else None


def _report(happened: Happened) -> SymptomReport:
    assert isinstance(happened.what, SymptomsReported | CheckInAnswered)
    return happened.what.report


def _told(report: SymptomReport, when: dt.datetime, who: Reader) -> Node:
    """What was ticked and written, as it was."""
    say = who.say
    plain = {symptom.id: symptom.plain for symptom in who.knowledge.facts.symptom}
    items = [say(plain[name]) for name in report.present if name in plain]
    items += [f"“{text}”" for text in report.own_words]
    items += [f"{say.number(value)} °C" for name, value in report.readings.items() if name.endswith("_c")]
    return [
        h.p(".soft")[told(moment(say, when.astimezone(who.visit.now.tzinfo)))],
        h.ul[_items(tuple(items))] if items else h.p[told(say("Nothing of the list was so."))],
    ]


routes = [answer]
