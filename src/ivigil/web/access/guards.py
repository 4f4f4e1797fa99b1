"""The guard before every handler: is the form ours, who is it, may they do this, about this patient?

A handler names the action that it needs (``needs="chair.record"``); without one nobody gets in. A path
parameter called ``patient`` (a stream), ``plan`` or ``infusion`` makes the request one about that patient:
their site and relationship are checked and the read is recorded before the handler runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from anyio import to_thread
from litestar.connection import Request
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
)
from litestar.handlers.base import BaseRouteHandler

from ivigil.records.finding import plan_and_day, sites, stream_of_plan
from ivigil.web.access import forms, rules
from ivigil.web.access.people import Person
from ivigil.web.access.reads import Look
from ivigil.web.access.rules import ACTIONS, PUBLIC, Action, Subject
from ivigil.web.access.way_in import FORM_KEY, LOCKED, TOKEN, Asked, Door, is_part

_SAFE = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")


class AccessDenied(PermissionDeniedException):
    """Says what is missing and names no patient; ``stream`` is the handle of the one it was about."""

    def __init__(self, action: Action, missing: rules.Missing, stream: str = "") -> None:
        self.action, self.missing, self.stream = action, missing, stream
        super().__init__(detail=f"{missing} is missing for {action.name}")


class ForeignFormError(PermissionDeniedException):
    """The form was not made by us for this browser and session, or is from before a sign-in.

    ``sent`` is what it held, for a page that asks again; nothing of a form from another site.
    """

    def __init__(self, detail: str, sent: Mapping[str, object] | None = None) -> None:
        self.sent = sent or {}
        super().__init__(detail=detail)


class ScreenLocked(NotAuthorizedException):
    """Signed in, but nobody touched the screen for a while."""

    status_code = 423


async def guard(connection: Asked, handler: BaseRouteHandler) -> None:
    """Let the request through, or raise what keeps it out."""
    needs = handler.opt.get("needs")
    door: Door = connection.app.state.door
    if not door.settings.is_ours(connection.headers.get("host", "")):
        raise ClientException(detail="the host is not this server")
    person: Person | None = connection.scope.get("user")
    if person is None and needs != PUBLIC:  # before the form: whoever's session ended is told so
        raise NotAuthorizedException(detail="not signed in")
    if connection.scope["method"] not in _SAFE:  # type: ignore[typeddict-item]
        await _own_form(connection, door)
    if person is None or needs == PUBLIC:
        return
    action = ACTIONS.get(str(needs))
    if action is None:
        raise PermissionDeniedException(detail="the page names no action")
    locked = connection.scope["state"].get(LOCKED)
    if locked and not action.when_locked:
        raise ScreenLocked(detail="locked")
    await to_thread.run_sync(_allow, connection, door, person, action)
    if not locked and not is_part(connection):
        await door.sessions.touch(connection.scope["state"][TOKEN], door.clock())


async def _own_form(connection: Asked, door: Door) -> None:
    if connection.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        raise ForeignFormError("sent from another site")
    sent: object = connection.headers.get(forms.HEADER)
    fields: Mapping[str, object] = {}
    if sent is None and isinstance(connection, Request):
        kind, _ = connection.content_type
        if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            fields = dict(await connection.form())
            sent = fields.get(forms.FIELD)
    state = connection.scope["state"]
    if not isinstance(sent, str) or not door.forms.ours(sent, state[FORM_KEY], state.get(TOKEN, "")):
        raise ForeignFormError("not a form of this browser and session", fields)


def _allow(connection: Asked, door: Door, person: Person, action: Action) -> None:
    look = Look(person=person, site=door.site(), at=door.clock())
    _refuse_if(rules.missing(person, look.site, action), door, look, action)
    stream = _stream(connection, door)
    if not stream:
        return
    known = sites(door.journal, stream)
    if not known:
        raise NotFoundException(detail="no such patient")
    subject = Subject(stream=stream, sites=known, opened=door.reads.opened(look, stream))
    _refuse_if(rules.missing(person, look.site, action, subject), door, look, action, stream)
    door.reads.note(look, stream, action.name)


def _refuse_if(
    missing: rules.Missing | None, door: Door, look: Look, action: Action, stream: str = ""
) -> None:
    if missing:
        door.reads.refuse(look, stream, action.name, missing)
        raise AccessDenied(action, missing, stream)


def _stream(connection: Asked, door: Door) -> str:
    """The patient whom the path is about; "" if it is about none. Raises NotFoundException."""
    asked = connection.path_params
    if "patient" in asked:
        return str(asked["patient"])
    if "infusion" in asked:
        named = plan_and_day(str(asked["infusion"]))
        plan = named[0] if named else ""
    elif "plan" in asked:
        plan = str(asked["plan"])
    else:
        return ""
    stream = stream_of_plan(door.journal, plan)
    if stream is None:
        raise NotFoundException(detail="no such plan")
    return stream
