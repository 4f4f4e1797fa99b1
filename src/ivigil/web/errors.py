"""What went wrong, readably: a page or JSON that says what to do and tells nothing about patient or machine.

The log gets a reference, the kind of error and the line of ours that raised it: never its message, which
may hold what somebody typed.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from contextlib import suppress
from typing import Any

import htpy as h
import msgspec
from htpy import Node
from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap
from msgspec.structs import replace

from ivigil.knowledge.store import KnowledgeError
from ivigil.records.errors import (
    ConflictError,
    JournalRefusedError,
    JournalUnavailableError,
    RecordsError,
    RepeatedIdError,
)
from ivigil.sheets.spoken import say, speak, texts
from ivigil.web import shell
from ivigil.web.access.guards import AccessDenied, ForeignFormError, ScreenLocked
from ivigil.web.access.rules import Missing
from ivigil.web.access.way_in import Door, is_part
from ivigil.web.given import Asked
from ivigil.web.pages import sign_in
from ivigil.web.pages.me import frame
from ivigil.web.pages.me.failed import failed_page
from ivigil.web.parts import notice
from ivigil.web.parts.woven import woven
from ivigil.web.paths import going_on

_log = logging.getLogger("ivigil.web")


class Problem(msgspec.Struct, frozen=True):
    """What is told, in English: a heading, sentences, where to go on."""

    status: int
    title: str
    text: str
    """With room for {reference} where there is one."""
    link: tuple[str, str] = ("/", texts("To the first page"))
    reference: str = ""


_PROBLEMS = {
    400: Problem(400, texts("Not understood"), texts("What was sent cannot be read. Nothing was saved.")),
    401: Problem(
        401,
        texts("Signed out"),
        texts("Nobody is signed in here any more. Nothing was saved."),
        ("/sign-in", texts("Sign in")),
    ),
    403: Problem(403, texts("Not allowed"), texts("Your roles do not allow this. Nothing was saved.")),
    404: Problem(404, texts("Not found"), texts("There is no such page, or it has been moved.")),
    405: Problem(405, texts("Not found"), texts("There is no such page, or it has been moved.")),
    409: Problem(
        409,
        texts("The record has changed"),
        texts(
            "Somebody else has written meanwhile. Nothing was saved. Look again, then decide again.",
        ),
    ),
    413: Problem(413, texts("Too large"), texts("What was sent is too large. Nothing was saved.")),
    423: Problem(
        423,
        texts("The screen is locked"),
        texts("Nobody touched it for a while. Nothing was saved."),
        ("/unlock", texts("Unlock")),
    ),
    429: Problem(429, texts("Too many attempts"), texts("Wait some minutes, then try again.")),
    503: Problem(
        503,
        texts("The journal cannot be reached"),
        texts(
            "Nothing was saved and nothing that is shown can be trusted to be the latest. Use the downtime "
            "sheet; record on paper; try again in a minute."
        ),
    ),
}
REFUSALS = {status: problem.title for status, problem in _PROBLEMS.items()}
"""What any route may answer instead of what was asked for: status and title."""
_GONE = "client disconnected prematurely"
"""So Litestar says that nobody is there any more; it is no fault of anybody's."""
_DEFECT = Problem(
    500,
    texts("A fault of ours"),
    texts(
        "Something in Ivigil is wrong. Nothing is known to be saved: look before you send it again. "
        "Reference: {reference}."
    ),
)
_SETTINGS = Problem(
    503,
    texts("The site’s settings cannot be read"),
    texts("Nothing is planned or advised without them. Tell who runs this server: {reference}."),
)
_FOREIGN = Problem(
    403,
    texts("This form is out of date"),
    texts(
        "It was made before you signed in, or for another browser. Nothing was saved. Go back, reload the "
        "page, send it again."
    ),
)
_MISSING: dict[Missing, str] = texts(
    {
        "role": "Your roles do not allow this. Nothing was saved.",
        "site": "You are not admitted at this site. Nothing was saved.",
        "relationship": "This patient was never treated at a site of yours. Nothing was saved.",
        "account": "This is not yours to change: it is somebody’s of another site, or a patient’s. "
        "Nothing was saved.",
    }
)


def http(request: Asked, error: HTTPException) -> Response[Any]:
    """Everything that the framework and the guard refuse."""
    if isinstance(error, ForeignFormError):
        if "sign_in" in error.sent and request.url.path == sign_in.PATH:
            return sign_in.again(request, error.sent)
        return _answer(request, _FOREIGN)
    if isinstance(error, AccessDenied):
        return _denied(request, error)
    wants_page = request.method == "GET" and not is_part(request) and not _wants_json(request)
    if wants_page and error.status_code == 401:
        return Redirect(going_on("/sign-in", request.url.path), status_code=303)
    if wants_page and isinstance(error, ScreenLocked):
        return Redirect(_where_locked(request), status_code=303)
    if error.detail == _GONE:
        _log.info("a request broke off in its body")
        return _answer(request, _PROBLEMS[400])
    if error.status_code >= 500:
        return defect(request, error)
    return _answer(request, _PROBLEMS.get(error.status_code, _PROBLEMS[400]))


def _where_locked(request: Asked) -> str:
    """Where a locked screen leads: a page may have one of its own, named by its handler (``locked``)."""
    own = request.scope["route_handler"].opt.get("locked")
    path = request.url.path
    return f"{path}{own}" if own else going_on("/unlock", path)


def records(request: Asked, error: RecordsError) -> Response[Any]:
    """What the journal refuses or cannot do now."""
    if isinstance(error, (JournalUnavailableError, JournalRefusedError)):
        _log.error("journal: %s", type(error).__name__)
        return _answer(request, _PROBLEMS[503])
    if isinstance(error, (ConflictError, RepeatedIdError)):
        return _answer(request, _PROBLEMS[409])
    return _answer(request, _PROBLEMS[400])


def knowledge(request: Asked, error: KnowledgeError) -> Response[Any]:
    """The site's settings cannot be read: nothing is answered from defaults in silence."""
    return _answer(request, replace(_SETTINGS, reference=_logged(error)))


def defect(request: Asked, error: Exception) -> Response[Any]:
    """A fault of ours."""
    return _answer(request, replace(_DEFECT, reference=_logged(error)))


def _logged(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "ivigil" in frame.filename]
    where = f"{ours[-1].name}:{ours[-1].lineno}" if ours else "outside"
    _log.error("defect %s: %s in %s", reference, type(error).__name__, where)
    return reference


def _denied(request: Asked, error: AccessDenied) -> Response[Any]:
    glass = ""
    if error.missing == "relationship" and error.stream:
        glass = going_on(f"/glass/{error.stream}", request.url.path)
    return _answer(request, replace(_PROBLEMS[403], text=_MISSING[error.missing]), glass)


def _answer(request: Asked, problem: Problem, glass: str = "") -> Response[Any]:
    """``glass``: where an emergency leads."""
    door: Door = request.app.state.door
    speak(door.spoken)  # a path that leads nowhere comes by no middleware
    title, text = say(problem.title), say(problem.text, **_reference(problem))
    if _wants_json(request):
        told = {"status": problem.status, "title": title, "detail": text}
        return Response(told, media_type=MediaType.JSON, status_code=problem.status)
    href, called = problem.link
    said = notice.notice("stop", h.p[text], _break_glass(glass), urgent=True)
    content = (said, h.p[h.a(href=href)[say(called)]])
    if frame.is_patients(request, request.query_params.get("next", request.url.path)):
        with suppress(KnowledgeError):
            stale = problem is _FOREIGN
            return failed_page(request, problem.status, stale=stale, reference=problem.reference)
    return shell.page(title, None, *content, status=problem.status)


def _reference(problem: Problem) -> dict[str, str]:
    return {"reference": problem.reference} if problem.reference else {}


def _break_glass(path: str) -> Node:
    if not path:
        return None
    return h.p[
        woven(
            "In an emergency you can open the record for an hour, with a reason that is kept and read: "
            "{link}.",
            link=h.a(href=path)[say("break the glass")],
        )
    ]


def _wants_json(request: Asked) -> bool:
    return request.accept.best_match(["text/html", "application/json"], "text/html") == "application/json"


HANDLERS: ExceptionHandlersMap = {
    HTTPException: http,
    RecordsError: records,
    KnowledgeError: knowledge,
    Exception: defect,
}
