"""How are you: the check-ins after an infusion, answered in the same interview as a complaint."""

from __future__ import annotations

import htpy as h
from anyio import to_thread
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead
from ivigil.aftercare.standing import Standing
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.practice.aftermath import Case, record, standings
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.asking import Talk, danger_form, go_on, talk
from ivigil.web.pages.me.frame import Reader, page, reader, told, watched
from ivigil.web.pages.me.wrong import kept


def due(case: Case | None) -> tuple[tuple[int, Standing], ...]:
    """The check-ins that wait for an answer, by their number from 1."""
    if case is None or case.episode.ended_at is None:
        return ()
    found = enumerate(standings(case), start=1)
    return tuple((number, each) for number, each in found if each.state not in ("planned", "answered"))


@get("/me/questions/{number:int}", needs="patient.read", sync_to_thread=True)
def ask(request: Asked, visit: TheVisit, number: FromPath[int]) -> Response[str]:
    """The beginning. That the patient opened it is recorded, once."""
    who = reader(request, visit)
    case, standing = _due(who, number)
    if standing.opened_at is None:
        record(case, [CheckInRead(check_in=standing.check_in.id)], visit.entry())
    return _page(who, danger_form(_talk(who, case, number, standing)))


@post("/me/questions/{number:int}", needs="patient.report", status_code=200)
async def answer(request: Asked, visit: TheVisit, number: FromPath[int]) -> Response[str] | Redirect:
    """The next form; or the answer is recorded and what it asks for is shown."""
    sent = await request.form()
    return await to_thread.run_sync(_answer, request, visit, number, sent)


def _answer(request: Asked, visit: TheVisit, number: int, sent: FormMultiDict) -> Response[str] | Redirect:
    who = reader(request, visit, "patient.report")
    case, standing = _due(who, number)
    found = go_on(_talk(who, case, number, standing), sent)
    if isinstance(found, SymptomReport):
        return kept(who, case, CheckInAnswered(check_in=standing.check_in.id, report=found), sent)
    return _page(who, found)


def _due(who: Reader, number: int) -> tuple[Case, Standing]:
    """The check-in of a number, once its time has come. An answer may be given again: it counts beside."""
    case = who.file().case
    if case is None or case.episode.ended_at is None:
        raise NotFoundException(detail="no check-in")
    found = standings(case)
    if not 0 < number <= len(found) or found[number - 1].state == "planned":
        raise NotFoundException(detail="no check-in")
    return case, found[number - 1]


def _talk(who: Reader, case: Case, number: int, standing: Standing) -> Talk:
    return talk(who, case, f"/me/questions/{number}", standing.check_in.questions)


def _page(who: Reader, *content: h.Node) -> Response[str]:
    title = who.say("How are you after your infusion?")
    lead = who.say("This takes about two minutes. You can answer for somebody you care for.")
    return page(who, title, h.p(".lead")[told(lead)], watched(who), *content)


routes = [ask, answer]
