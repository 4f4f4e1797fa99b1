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
from ivigil.practice.file import File
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.asking import Talk, danger_form, go_on, talk
from ivigil.web.pages.me.frame import Reader, page, reader, told, watched
from ivigil.web.pages.me.wrong import kept

PATH = "/me/questions"


def due(file: File) -> tuple[tuple[str, Standing], ...]:
    """The check-ins that wait for an answer, by time, with their addresses: of every infusion that still
    asks, so that the next day of a course does not silence the day before."""
    found = [
        (_path(case.episode.infusion, number), each)
        for case in file.asked
        for number, each in enumerate(standings(case), start=1)
        if each.state not in ("planned", "answered")
    ]
    return tuple(sorted(found, key=lambda one: one[1].check_in.due))


def _path(infusion: str, number: int) -> str:
    """Of a check-in: it names its infusion, for the number alone would be another one's tomorrow."""
    return f"{PATH}/{infusion}/{number}"


@get("/me/questions/{infusion:str}/{number:int}", needs="patient.read", sync_to_thread=True)
def ask(request: Asked, visit: TheVisit, infusion: FromPath[str], number: FromPath[int]) -> Response[str]:
    """The beginning. That the patient opened it is recorded, once."""
    who = reader(request, visit)
    case, standing = _due(who, infusion, number)
    if standing.opened_at is None:
        record(case, [CheckInRead(check_in=standing.check_in.id)], visit.entry())
    return _page(who, danger_form(_talk(who, case, number, standing)))


@post("/me/questions/{infusion:str}/{number:int}", needs="patient.report", status_code=200)
async def answer(
    request: Asked, visit: TheVisit, infusion: FromPath[str], number: FromPath[int]
) -> Response[str] | Redirect:
    """The next form; or the answer is recorded and what it asks for is shown."""
    sent = await request.form()
    return await to_thread.run_sync(_answer, request, visit, (infusion, number), sent)


def _answer(
    request: Asked, visit: TheVisit, which: tuple[str, int], sent: FormMultiDict
) -> Response[str] | Redirect:
    who = reader(request, visit, "patient.report")
    number = which[1]
    case, standing = _due(who, *which)
    found = go_on(_talk(who, case, number, standing), sent)
    if isinstance(found, SymptomReport):
        return kept(who, case, CheckInAnswered(check_in=standing.check_in.id, report=found), sent)
    return _page(who, found)


def _due(who: Reader, infusion: str, number: int) -> tuple[Case, Standing]:
    """A check-in of the patient's own, once its time has come. An answer may be given again: it counts
    beside."""
    case = next((each for each in who.file().asked if each.episode.infusion == infusion), None)
    if case is None:
        raise NotFoundException(detail="no check-in")
    found = standings(case)
    if not 0 < number <= len(found) or found[number - 1].state == "planned":
        raise NotFoundException(detail="no check-in")
    return case, found[number - 1]


def _talk(who: Reader, case: Case, number: int, standing: Standing) -> Talk:
    return talk(who, case, _path(case.episode.infusion, number), standing.check_in.questions)


def _page(who: Reader, *content: h.Node) -> Response[str]:
    title = who.say("How are you after your infusion?")
    lead = who.say("This takes about two minutes. You can answer for somebody you care for.")
    return page(who, title, h.p(".lead")[told(lead)], watched(who), *content)


routes = [ask, answer]
