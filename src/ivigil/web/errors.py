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

from ivigil.knowledge.store import KnowledgeError
from ivigil.records.errors import (
    ConflictError,
    JournalRefusedError,
    JournalUnavailableError,
    RecordsError,
    RepeatedIdError,
)
from ivigil.web import shell
from ivigil.web.access.guards import AccessDenied, ForeignFormError, ScreenLocked
from ivigil.web.access.way_in import is_part
from ivigil.web.given import Asked
from ivigil.web.pages import sign_in
from ivigil.web.pages.me import frame
from ivigil.web.parts import notice
from ivigil.web.paths import going_on

_log = logging.getLogger("ivigil.web")


class Problem(msgspec.Struct, frozen=True):
    """What is told: a heading, sentences, where to go on."""

    status: int
    title: str
    text: str
    link: tuple[str, str] = ("/", "To the first page")


_PROBLEMS = {
    400: Problem(400, "Not understood", "What was sent cannot be read. Nothing was saved."),
    401: Problem(
        401, "Signed out", "Nobody is signed in here any more. Nothing was saved.", ("/sign-in", "Sign in")
    ),
    403: Problem(403, "Not allowed", "Your roles do not allow this. Nothing was saved."),
    404: Problem(404, "Not found", "There is no such page, or it has been moved."),
    405: Problem(405, "Not found", "There is no such page, or it has been moved."),
    409: Problem(
        409,
        "The record has changed",
        "Somebody else has written meanwhile. Nothing was saved. Look again, then decide again.",
    ),
    413: Problem(413, "Too large", "What was sent is too large. Nothing was saved."),
    423: Problem(
        423,
        "The screen is locked",
        "Nobody touched it for a while. Nothing was saved.",
        ("/unlock", "Unlock"),
    ),
    429: Problem(429, "Too many attempts", "Wait some minutes, then try again."),
    503: Problem(
        503,
        "The journal cannot be reached",
        "Nothing was saved and nothing that is shown can be trusted to be the latest. Use the downtime "
        "sheet; record on paper; try again in a minute.",
    ),
}
REFUSALS = {status: problem.title for status, problem in _PROBLEMS.items()}
"""What any route may answer instead of what was asked for: status and title."""
_GONE = "client disconnected prematurely"
"""So Litestar says that nobody is there any more; it is no fault of anybody's."""
_DEFECT = "Something in Ivigil is wrong. Nothing is known to be saved: look before you send it again."
_FOREIGN = Problem(
    403,
    "This form is out of date",
    "It was made before you signed in, or for another browser. Nothing was saved. Go back, reload the page, "
    "send it again.",
)
_MISSING = {
    "role": "Your roles do not allow this. Nothing was saved.",
    "site": "You are not admitted at this site. Nothing was saved.",
    "relationship": "This patient was never treated at a site of yours. Nothing was saved.",
}


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
    reference = _logged(error)
    problem = Problem(
        503,
        "The site’s settings cannot be read",
        f"Nothing is planned or advised without them. Tell who runs this server: {reference}.",
    )
    return _answer(request, problem)


def defect(request: Asked, error: Exception) -> Response[Any]:
    """A fault of ours."""
    return _answer(request, Problem(500, "A fault of ours", f"{_DEFECT} Reference: {_logged(error)}."))


def _logged(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "ivigil" in frame.filename]
    where = f"{ours[-1].name}:{ours[-1].lineno}" if ours else "outside"
    _log.error("defect %s: %s in %s", reference, type(error).__name__, where)
    return reference


def _denied(request: Asked, error: AccessDenied) -> Response[Any]:
    more: Node = None
    if error.missing == "relationship" and error.stream:
        more = h.p[
            "In an emergency you can open the record for an hour, with a reason that is kept and read: ",
            h.a(href=going_on(f"/glass/{error.stream}", request.url.path))["break the glass"],
            ".",
        ]
    return _answer(request, Problem(403, "Not allowed", _MISSING[error.missing]), more)


def _answer(request: Asked, problem: Problem, more: Node = None) -> Response[Any]:
    if _wants_json(request):
        told = {"status": problem.status, "title": problem.title, "detail": problem.text}
        return Response(told, media_type=MediaType.JSON, status_code=problem.status)
    href, called = problem.link
    said = notice.notice("stop", h.p[problem.text], more, urgent=True)
    content = (said, h.p[h.a(href=href)[called]])
    if frame.is_patients(request, request.url.path):
        with suppress(KnowledgeError):
            return frame.outside(request, problem.title, *content, status=problem.status)
    return shell.page(problem.title, None, *content, status=problem.status)


def _wants_json(request: Asked) -> bool:
    return request.accept.best_match(["text/html", "application/json"], "text/html") == "application/json"


HANDLERS: ExceptionHandlersMap = {
    HTTPException: http,
    RecordsError: records,
    KnowledgeError: knowledge,
    Exception: defect,
}
