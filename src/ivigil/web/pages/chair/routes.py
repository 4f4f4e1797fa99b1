"""The addresses of the chair."""

from __future__ import annotations

import uuid
from typing import Any

from anyio import to_thread
from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil.course import infusion_id
from ivigil.infusion.briefing import BriefingError
from ivigil.practice.deeds import Outcome, Telling, tell
from ivigil.practice.entry import Author, Entry
from ivigil.practice.told import HALTS, KINDS, Kind, Said, ToldError
from ivigil.sheets.faults import said
from ivigil.web.access.forms import FIELD
from ivigil.web.access.rules import PUBLIC
from ivigil.web.access.way_in import LOCKED
from ivigil.web.given import Asked, TheVisit
from ivigil.web.kept import kept
from ivigil.web.pages.chair import page
from ivigil.web.pages.chair.forms import ID, entry_id
from ivigil.web.pages.chair.queue import QueueAnswer, QueuedEntry
from ivigil.web.pages.chair.view import Typed, chair_path, moment, see, watched
from ivigil.web.visit import Visit

_KINDS: dict[str, Kind] = {kind: kind for kind in KINDS}


@get("/chair/{plan:str}/{day:int}", needs="chair.read", locked="/locked", sync_to_thread=True)
def chair(
    visit: TheVisit,
    plan: FromPath[str],
    day: FromPath[int],
    done: FromQuery[str] = "",
    every: FromQuery[str] = "",
) -> Response[str]:
    """The infusion as it is by now, whole or one part of it."""
    try:
        view = see(visit, plan, day, done=done, every=bool(every))
    except BriefingError as error:
        return page.nothing(visit, error.code)
    return page.part(view, visit.part) or page.whole(view)


@get("/chair/{plan:str}/{day:int}/locked", needs="chair.stop", sync_to_thread=True)
def locked(
    request: Asked, visit: TheVisit, plan: FromPath[str], day: FromPath[int], done: FromQuery[str] = ""
) -> Response[Any]:
    """What a locked screen still does: stop, slow, unlock."""
    if not request.scope["state"].get(LOCKED) and not visit.part:
        return Redirect(chair_path(plan, day), status_code=303)
    return page.locked(see(visit, plan, day, done=done))


@post("/chair/{plan:str}/{day:int}/{kind:str}", needs="chair.record", status_code=303)
async def enter(
    request: Asked, visit: TheVisit, plan: FromPath[str], day: FromPath[int], kind: FromPath[str]
) -> Response[Any]:
    """An entry from a form."""
    fields = await _fields(request)
    return await to_thread.run_sync(_enter, visit, (plan, day), _kind(kind, halts=False), fields)


@post("/chair/{plan:str}/{day:int}/halt/{kind:str}", needs="chair.stop", status_code=303)
async def halt(
    request: Asked, visit: TheVisit, plan: FromPath[str], day: FromPath[int], kind: FromPath[str]
) -> Response[Any]:
    """Stop, slow or pause from a form; also on a locked screen."""
    fields = await _fields(request)
    closed = bool(request.scope["state"].get(LOCKED))
    return await to_thread.run_sync(_enter, visit, (plan, day), _kind(kind, halts=True), fields, closed)


@post("/chair/{plan:str}/{day:int}/queue", needs="chair.record", status_code=200)
async def queue(
    visit: TheVisit, plan: FromPath[str], day: FromPath[int], data: JSONBody[QueuedEntry]
) -> QueueAnswer:
    """An entry from the device's queue."""
    return await to_thread.run_sync(_answer, visit, plan, day, data)


@post("/chair/{plan:str}/{day:int}/halt/queue", needs="chair.stop", status_code=200)
async def halt_queue(
    request: Asked, visit: TheVisit, plan: FromPath[str], day: FromPath[int], data: JSONBody[QueuedEntry]
) -> QueueAnswer:
    """Stop, slow or pause from the device's queue; also on a locked screen."""
    _kind(data.kind, halts=True)
    closed = bool(request.scope["state"].get(LOCKED))
    return await to_thread.run_sync(_answer, visit, plan, day, data, closed)


@get("/chair/worker.js", needs=PUBLIC, media_type="text/javascript", sync_to_thread=True)
def worker() -> str:
    """The service worker, under the chair's own path: it keeps the page's files, never a patient's data."""
    return page.worker()


@get("/chair/offline", needs=PUBLIC, media_type=MediaType.HTML, sync_to_thread=True)
def offline() -> Response[str]:
    """The empty page that the service worker keeps: the device fills it with what it last knew."""
    return page.offline()


def _kind(written: str, *, halts: bool) -> Kind:
    kind = _KINDS.get(written)
    if kind is None or (kind in HALTS) != halts:
        raise NotFoundException(detail="no such entry")
    return kind


async def _fields(request: Asked) -> dict[str, str]:
    sent = await request.form()
    return {name: value for name, value in sent.items() if isinstance(value, str) and name != FIELD}


def _enter(
    visit: Visit, chair: tuple[str, int], kind: Kind, fields: dict[str, str], closed: bool = False
) -> Response[Any]:
    plan, day = chair
    name, now = entry_id(fields.pop(ID, "")) or str(uuid.uuid4()), moment(visit, plan, day)
    try:
        at = Said(fields).earlier(now)
        entry = Entry(by=_author(visit, closed), occurred_at=at, device_at=now, id=name)
        outcome = _tell(visit, plan, day, Telling(kind=kind, fields=fields, entry=entry, at=at))
    except ToldError as error:
        told = Typed(kind=kind, fields=fields, faults=error.faults)
        return page.whole(see(visit, plan, day, typed=told), status=400)
    if outcome.refused:
        told = Typed(kind=kind, fields=fields, refused=outcome.refused)
        return page.whole(see(visit, plan, day, typed=told), status=409)
    path = chair_path(plan, day)
    return Redirect(f"{path}{'/locked' if closed else ''}?done={name}", status_code=303)


def _answer(visit: Visit, plan: str, day: int, sent: QueuedEntry, closed: bool = False) -> QueueAnswer:
    if sent.faults:
        return QueueAnswer(outcome="faulty", faults=sent.faults)
    now = moment(visit, plan, day)
    author = _author(visit, closed)
    author = replace(author, device=f"{author.device} {sent.device}".strip())
    behind = now - sent.sent_at  # the device's clock, and the way to us
    try:
        at = Said(sent.fields).earlier(min(sent.occurred_at + behind, now).astimezone(now.tzinfo))
        entry = Entry(by=author, occurred_at=at - behind, device_at=sent.sent_at, id=str(sent.id))
        telling = Telling(kind=sent.kind, fields=dict(sent.fields), entry=entry, at=at, waited=sent.waited)
        outcome = _tell(visit, plan, day, telling)
    except ToldError as error:
        return QueueAnswer(outcome="faulty", faults=tuple(map(said, error.faults)))
    if outcome.refused:
        return QueueAnswer(outcome="refused", refused=outcome.refused)
    beside = _beside(visit, plan, day, outcome.events[0]) if sent.waited else 0
    return QueueAnswer(outcome="written", events=outcome.events, beside=beside)


def _beside(visit: Visit, plan: str, day: int, event: str) -> int:
    """How many entries of others its author could not see."""
    found = watched(visit, plan, day).late
    return next((len(each.beside) for each in found if each.event == event), 0)


def _tell(visit: Visit, plan: str, day: int, telling: Telling) -> Outcome:
    try:
        watch = kept(visit.journal).watch
        return tell(visit.journal, infusion_id(plan, day), visit.knowledge, telling, watch)
    except BriefingError:
        raise NotFoundException(detail="no such infusion") from None


def _author(visit: Visit, closed: bool) -> Author:
    """Whoever is signed in; on a locked screen nobody knows who tapped."""
    if not closed:
        return visit.author
    return replace(visit.author, name=f"locked workstation, last user {visit.person.name}")


routes = [chair, locked, enter, halt, queue, halt_queue, worker, offline]
