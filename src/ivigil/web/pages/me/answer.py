"""What a report asks for: how soon, whom to call, what to do meanwhile."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Node
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from ivigil.aftercare.happenings import CheckInAnswered, Happened, SymptomsReported, open_reports
from ivigil.aftercare.team_hours import watching_at
from ivigil.aftercare.triage import Call, Triage, triage
from ivigil.knowledge.reactions import Urgency
from ivigil.practice.aftermath import Case, of_journal
from ivigil.records.words import Record
from ivigil.sheets.triage import patient_answer
from ivigil.sheets.wording import Wording
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, call, page, reader, told
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
    judged = _judged(case, happened)
    say = who.say
    return page(
        who,
        say("Your answer"),
        answered(judged, who) if judged else h.p(".lead")[told(say("Thank you. It is written down."))],
        h.section[
            h.h2[told(say("What you told us"))],
            _told(happened, who),
            h.p[told(say("Your team sees it in their list."))] if judged else None,
        ],
        h.p(".choices")[
            h.a(".button.plain", href="/me/wrong")[told(say("Something else is wrong, or it is worse"))],
            h.a(".button.plain", href="/me")[told(say("Back to the start"))],
        ],
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


def _judged(case: Case, happened: Happened) -> Triage | None:
    """The answer in the light of what was told before it; None where it is switched off."""
    if not case.knowledge.is_on("policy.patient_triage"):
        return None
    assert isinstance(happened.what, SymptomsReported | CheckInAnswered)
    when = (happened.at, happened.id)
    before = open_reports(each for each in case.happened if (each.at, each.id) < when)
    return triage(happened.what.report, case.episode, case.knowledge, earlier=before)


def _told(happened: Happened, who: Reader) -> Node:
    """What was ticked and written, as it was."""
    assert isinstance(happened.what, SymptomsReported | CheckInAnswered)
    report, say = happened.what.report, who.say
    plain = {symptom.id: symptom.plain for symptom in who.knowledge.facts.symptom}
    items = [say(plain[name]) for name in report.present if name in plain]
    items += [f"“{text}”" for text in report.unmatched]
    items += [f"{say.number(value)} °C" for name, value in report.readings.items() if name.endswith("_c")]
    at = happened.at.astimezone(who.visit.now.tzinfo)
    return [
        h.p(".soft")[told(moment(say, at))],
        h.ul[_items(tuple(items))] if items else h.p[told(say("Nothing of the list was so."))],
    ]


def moment(say: Wording, at: dt.datetime) -> str:
    """Day and time in words."""
    return say("{day}, {time}", day=say.day(at.date()), time=f"{at:%H:%M}")


routes = [answer]
