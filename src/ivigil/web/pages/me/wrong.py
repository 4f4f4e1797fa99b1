"""Something is wrong: an interview, then what it asks for. The numbers to call stand above all of it."""

from __future__ import annotations

import uuid

import htpy as h
from anyio import to_thread
from htpy import Node
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil.aftercare.happenings import CheckInAnswered, FollowUpEvent, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.practice.aftermath import Case, record, reported
from ivigil.records.errors import RepeatedIdError
from ivigil.sheets.triage import team_line
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.asking import danger_form, go_on, talk
from ivigil.web.pages.me.frame import Reader, page, reader, told, watched

PATH = "/me/wrong"


@get(PATH, needs="patient.read", sync_to_thread=True)
def ask(request: Asked, visit: TheVisit) -> Response[str]:
    """The beginning; only the numbers where the site has switched the answer off."""
    who = reader(request, visit)
    case = who.file().case
    if not who.knowledge.is_on("policy.patient_triage"):
        return _page(who, h.p(".lead")[team_line(who.knowledge)])
    if case is None:
        return _page(who, *_too_early(who))
    return _page(who, watched(who), danger_form(talk(who, case, PATH)))


@post(PATH, needs="patient.report", status_code=200)
async def answer(request: Asked, visit: TheVisit) -> Response[str] | Redirect:
    """The next form; or the report is recorded, and what it asks for is shown."""
    sent = await request.form()
    return await to_thread.run_sync(_answer, request, visit, sent)


def _answer(request: Asked, visit: TheVisit, sent: FormMultiDict) -> Response[str] | Redirect:
    who = reader(request, visit, "patient.report")
    case = who.file().case
    if case is None or not who.knowledge.is_on("policy.patient_triage"):
        return Redirect(PATH, status_code=303)
    asked = talk(who, case, PATH)
    found = go_on(asked, sent)
    if isinstance(found, SymptomReport):
        return kept(who, case, reported(case, found), sent)
    return _page(who, watched(who), found)


def kept(who: Reader, case: Case, body: FollowUpEvent, sent: FormMultiDict) -> Redirect:
    """Write it down once, however often the form is sent, and show the answer.

    The same form with other answers, after a step back, is another report: it is kept as well.
    """
    event = _uuid(str(sent.get("event", "")))
    try:
        record(case, [body], who.visit.entry(event_id=event))
    except RepeatedIdError:
        before = next((each.what for each in case.happened if each.id == event), None)
        if not _same(before, body):
            event = str(uuid.uuid4())
            record(case, [body], who.visit.entry(event_id=event))
    return Redirect(f"/me/answers/{event}", status_code=303)


def _same(before: FollowUpEvent | None, now: FollowUpEvent) -> bool:
    """Is it what was told before, whenever it was sent?"""
    match before, now:
        case (SymptomsReported(report=one), SymptomsReported(report=two)):
            return replace(one, at=two.at) == two
        case (CheckInAnswered(check_in=first, report=one), CheckInAnswered(check_in=second, report=two)):
            return first == second and replace(one, at=two.at) == two
    return False


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid4())


def _too_early(who: Reader) -> tuple[Node, ...]:
    """Before the first infusion nothing is judged: the numbers above are for everything."""
    text = who.say.urgent("You had no infusion with us yet. Call us with every question.")
    return (h.p(".lead")[told(text)],)


def _page(who: Reader, *content: Node) -> Response[str]:
    return page(who, who.say("Something is wrong"), *content)


routes = [ask, answer]
