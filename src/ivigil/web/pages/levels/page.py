"""The addresses of the levels page: what is shown, what is recorded, what is stated of the doses before."""

from __future__ import annotations

from typing import Annotated

import htpy as h
import msgspec
from htpy import Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil.practice.entry import draft
from ivigil.practice.levels import LevelHistory, body, level_history, listed, mark
from ivigil.records.bodies import DosesStated, DosesTakenBack, LevelTakenBack
from ivigil.records.lookback import contact_of
from ivigil.sheets.spoken import say
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.levels.answer import answer
from ivigil.web.pages.levels.earlier import earlier
from ivigil.web.pages.levels.measured import Typed, event_id, level_form, levels_table, read_back, understood
from ivigil.web.pages.levels.question import PART, Question, asked, question, waiting
from ivigil.web.parts.identity import UNNAMED, identity
from ivigil.web.parts.notice import faults, notice
from ivigil.web.visit import Visit

Text = Annotated[str, QueryParameter(max_length=20)]


class Seen(msgspec.Struct, kw_only=True):
    """Which list of doses was looked at."""

    mark: str = ""


class Wrong(msgspec.Struct, kw_only=True):
    """Which level was recorded wrongly, and what is wrong with it."""

    event: str = ""
    reason: str = ""


@get("/patients/{patient:str}/levels", needs="levels.read", sync_to_thread=True)
def levels(  # noqa: PLR0917 - Litestar passes them by name
    visit: TheVisit,
    patient: FromPath[str],
    grams: Text = "",
    interval: Text = "",
    over: Text = "",
    target: Text = "",
    late: Text = "",
    way: Text = "",
    way_grams: Text = "",
    way_interval: Text = "",
    each: Text = "",
) -> Response[str]:
    """The curve, what if, and what the models say; or the part of it that a changed question renews."""
    history = level_history(visit.journal, patient, visit.knowledge, visit.now)
    if history is None:
        return _page(
            visit, patient, None, notice("info", h.p[say("No dose of this patient is on record here.")])
        )
    typed = Question(grams, interval, over, target, late, way, way_grams, way_interval, each)
    found = asked(history, typed, visit.knowledge)
    shown = answer(history, found, visit.now, visit.knowledge)
    if visit.part == PART:
        return shell.part(shown)
    return _page(
        visit,
        patient,
        history,
        question(patient, found, typed),
        waiting(),
        shown,
        levels_table(visit, patient, history),
        level_form(visit, patient),
        earlier(visit, history),
    )


@post("/patients/{patient:str}/levels", needs="follow_up.record", status_code=200, sync_to_thread=True)
def add(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Typed]) -> Response[str] | Redirect:
    """Read a measured level back; record it once it was looked at like that. Every fault is told."""
    history = level_history(visit.journal, patient, visit.knowledge, visit.now)
    found, wrong = understood(data, visit.knowledge, visit.now)
    if found is None:
        return _page(visit, patient, history, faults(wrong), level_form(visit, patient, data), status=400)
    if data.checked != found.text:
        content = read_back(visit, patient, history, data, found), level_form(visit, patient, data)
        return _page(visit, patient, history, *content)
    name = event_id(data, found)
    if history is None or name not in {each.event for each in history.recorded}:
        visit.journal.append([draft(replace(visit.entry(), id=name), patient, body(found.level))])
    return Redirect(f"/patients/{patient}/levels#measured", status_code=303)


@post("/patients/{patient:str}/levels/back", needs="follow_up.record", sync_to_thread=True)
def take_level_back(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Wrong]) -> Redirect:
    """Take back a level that was recorded wrongly: a new event, and the record stays."""
    history = _known(visit, patient)
    if any(each.event == data.event and each.back is None for each in history.recorded):
        wrong = LevelTakenBack(event=data.event, reason=data.reason.strip())
        visit.journal.append([draft(visit.entry(), patient, wrong)])
    return Redirect(f"/patients/{patient}/levels#measured", status_code=303)


@post("/patients/{patient:str}/levels/before", needs="levels.aim", sync_to_thread=True)
def state(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Seen]) -> Response[str] | Redirect:
    """State that the listed doses are all before the first one here: of the list that was looked at."""
    history = _known(visit, patient)
    if not history.before or data.mark != mark(history.before):
        wrong = (say("The list is not what you looked at any more. Look at it again, then decide again."),)
        return _page(visit, patient, history, faults(wrong), earlier(visit, history), status=409)
    if history.stated is None:
        body = DosesStated(doses=listed(history.before))
        visit.journal.append([draft(visit.entry(), patient, body)])
    return Redirect(f"/patients/{patient}/levels", status_code=303)


@post("/patients/{patient:str}/levels/before/back", needs="levels.aim", sync_to_thread=True)
def take_back(visit: TheVisit, patient: FromPath[str]) -> Redirect:
    """Take back, at once, what somebody stated of the doses before."""
    history = _known(visit, patient)
    if history.stated is not None or history.lapsed:
        visit.journal.append([draft(visit.entry(), patient, DosesTakenBack())])
    return Redirect(f"/patients/{patient}/levels", status_code=303)


def _known(visit: Visit, patient: str) -> LevelHistory:
    history = level_history(visit.journal, patient, visit.knowledge, visit.now)
    if history is None:
        raise NotFoundException(detail="no dose of this patient is on record here")
    return history


def _page(
    visit: Visit, patient: str, history: LevelHistory | None, *content: Node, status: int = 200
) -> Response[str]:
    contact = contact_of(visit.journal, patient)
    name = contact.name if contact else ""
    who = history.plan.order.patient if history else None
    banner = identity(name, who.id.value, who.birth_date) if who else h.strong[name or say(UNNAMED)]
    scripts, styles = ("levels.js",), ("levels.css",)
    return shell.page(
        say("IgG levels"), visit, *content, banner=banner, scripts=scripts, styles=styles, status=status
    )


routes = [levels, add, take_level_back, state, take_back]
