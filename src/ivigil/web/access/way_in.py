"""Before the guard: which browser, which session, whose. Cookies are read here and set here, nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, MutableScopeHeaders
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import Message, Scope

import ivigil
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.practice.sign_off import Rules
from ivigil.records.errors import RecordsError
from ivigil.records.journal import Journal
from ivigil.sheets.spoken import ENGLISH_SPOKEN, Language, speak, staff_language
from ivigil.web.access import forms
from ivigil.web.access.desk import Desk
from ivigil.web.access.forms import FormTokens
from ivigil.web.access.links import Links
from ivigil.web.access.reads import Reads
from ivigil.web.access.sessions import Sessions
from ivigil.web.settings import Settings

if TYPE_CHECKING:
    from ivigil.web.access.provider import Provider

Asked = ASGIConnection[Any, Any, Any, Any]
TOKEN, FORM_KEY, LOCKED = "session_token", "form_key", "locked"
"""What a request's state holds for the guard and the pages."""
_NEW_BOX = "new_provider_box"
_NEW_TOKEN, _NEW_FORM_KEY = "new_session_token", "new_form_key"
PART_HEADER, PART_QUERY = "x-ivigil-part", "part"


class Door:
    """What everybody passes who comes in: one for each running server."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        site: Callable[[], str],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.site = site
        self.clock = clock
        self.rules = Rules(journal, settings.site)
        self.desk = Desk(journal, site, clock, staff_passwords=settings.staff_passwords)
        self.reads = Reads(journal)
        self.links = Links(journal, self.desk, site, clock)
        self.sessions = Sessions(settings)
        self.forms = FormTokens(journal.secrets.derived("web forms"))
        self._spoken: tuple[Knowledge, Language | None] | None = None
        """What is spoken, and the knowledge that it was made from."""
        self.session_cookie, self.form_cookie, self.provider_cookie = _cookie_names(settings)
        self.provider: Provider | None = None
        if settings.provider:
            from ivigil.web.access.provider import Provider  # its libraries are an extra

            self.provider = Provider(settings.provider, journal.secrets.derived("provider sign-in"), clock)

    def known(self, *, journal: bool = True) -> Knowledge:
        """What rules; while the journal is out of reach, or is not to be asked, what the site's files say.

        That is enough to tell somebody whom to call. Raises KnowledgeError.
        """
        with suppress(RecordsError):
            if journal:
                return self.rules.now()
        return ivigil.load_knowledge(self.settings.site)

    def language(self) -> Language | None:
        """What the pages for staff speak now; None: nobody has signed that translation (any more)."""
        if self.settings.language == ENGLISH:
            return ENGLISH_SPOKEN
        knowledge = self.rules.now()
        kept = self._spoken
        if kept is None or kept[0] is not knowledge:
            kept = self._spoken = knowledge, staff_language(knowledge, self.settings.language)
        return kept[1]

    @property
    def spoken(self) -> Language:
        """What was spoken last, for what is told before anybody looks it up."""
        return (self._spoken[1] if self._spoken else None) or ENGLISH_SPOKEN


class WayIn(AbstractAuthenticationMiddleware):
    """Finds the person of a request; refuses nobody, that is the guard's."""

    async def authenticate_request(self, connection: Asked) -> AuthenticationResult:
        door: Door = connection.app.state.door
        language: Language | None = await to_thread.run_sync(door.language)
        speak(language or ENGLISH_SPOKEN)
        state = connection.scope["state"]
        state[FORM_KEY] = connection.cookies.get(door.form_cookie, "")
        token = connection.cookies.get(door.session_cookie, "")
        now = door.clock()
        session = await door.sessions.look(token, now) if token else None
        if session is None:
            return AuthenticationResult(user=None, auth=None)
        person = await to_thread.run_sync(door.desk.holder, session.person, session.since)
        if person is None:
            await door.sessions.end(token)
            return AuthenticationResult(user=None, auth=None)
        state[TOKEN] = token
        state[LOCKED] = door.sessions.locked(session, now) and not person.patient
        """A screen at a workstation is shared; a patient's own is not, and a link gives no PIN to open it."""
        return AuthenticationResult(user=person, auth=session)


async def begin(connection: Asked, person: str, since: int) -> None:
    """A new session under a new token; the browser's old one, whoever's it was, ends."""
    door: Door = connection.app.state.door
    state = connection.scope["state"]
    await door.sessions.end(connection.cookies.get(door.session_cookie, ""))
    state[_NEW_TOKEN] = state[TOKEN] = await door.sessions.open(person, since, door.clock())
    state[_NEW_FORM_KEY] = state[FORM_KEY] = forms.new_key()


def keep_box(connection: Asked, box: str) -> None:
    """What the browser carries on its way to the provider and back; "": no more."""
    connection.scope["state"][_NEW_BOX] = box


async def leave(connection: Asked) -> None:
    """The browser's session ends and its cookie goes."""
    door: Door = connection.app.state.door
    state = connection.scope["state"]
    await door.sessions.end(connection.cookies.get(door.session_cookie, ""))
    state[_NEW_TOKEN] = ""


def form_token(connection: Asked) -> str:
    """The hidden field for this browser's forms; a browser without a key is given one with a page of forms.

    Never with what a script asks for beside the page: of two answers at once the later key counts, and
    forms made with the other are out of date.
    """
    door: Door = connection.app.state.door
    state = connection.scope["state"]
    if not state.get(FORM_KEY) and not is_script(connection):
        state[_NEW_FORM_KEY] = state[FORM_KEY] = forms.new_key()
    return door.forms.token(state.get(FORM_KEY, ""), state.get(TOKEN, ""))


def is_part(connection: Asked) -> bool:
    """Whether a module asks for a part by itself: such a request is nobody's touch."""
    return PART_HEADER in connection.headers or PART_QUERY in connection.query_params


def is_script(connection: Asked) -> bool:
    """Whether a script asks, for a part or anything else, and no browser for a page."""
    return is_part(connection) or connection.headers.get("sec-fetch-mode", "navigate") != "navigate"


def address(scope: Scope) -> str:
    """The client's address, as the server or the proxy in front tells it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def set_cookies(message: Message, scope: Scope) -> None:
    """Send the cookies that changed; neither can be read by a script or sent by another site."""
    state = scope.get("state", {})
    if message["type"] != "http.response.start":
        return
    door: Door = scope["litestar_app"].state.door
    headers = MutableScopeHeaders.from_message(message)
    names = (door.session_cookie, door.form_cookie, door.provider_cookie)
    for key, name in zip((_NEW_TOKEN, _NEW_FORM_KEY, _NEW_BOX), names, strict=True):
        if key in state:
            value = state[key]
            cookie = Cookie(
                key=name,
                value=value,
                max_age=None if value else 0,
                path="/",
                secure=door.settings.behind_proxy,
                httponly=True,
                samesite="strict" if name == door.form_cookie else "lax",
            )
            headers.add("set-cookie", cookie.to_header(header=""))


def _cookie_names(settings: Settings) -> tuple[str, str, str]:
    """Over HTTPS no other host of the domain can set them."""
    prefix = "__Host-" if settings.behind_proxy else ""
    return f"{prefix}ivigil-session", f"{prefix}ivigil-form", f"{prefix}ivigil-provider"
