"""A web application in a test: a journal with one person of each role, and browsers without a script."""

from __future__ import annotations

import atexit
import datetime as dt
import re
import uuid
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, get_args

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import TestClient

from ivigil.patient import Identifier
from ivigil.practice.entry import UNNAMED_SITE
from ivigil.records.bodies import Contact, Superseded
from ivigil.records.entrance import Role
from ivigil.records.journal import Journal, system_clock
from ivigil.records.kinds import tag
from ivigil.records.words import Draft
from ivigil.web.access import passwords
from ivigil.web.access.people import Person
from ivigil.web.access.way_in import Door
from ivigil.web.app import make_app
from ivigil.web.settings import Settings

passwords.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""The real thing at a small cost: the tests sign in hundreds of times."""

PASSWORD = "a fictional passphrase"
SITE = UNNAMED_SITE
ROLES: tuple[Role, ...] = get_args(Role)
STAFF = tuple(role for role in ROLES if role != "patient")
SERVED_AT = "served_at"
"""Where an application answers over HTTP, in its state as long as it does."""
_PATIENCE_S = 60.0
_FIELD = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Clock:
    """The machine's time, and whatever a test lets pass."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta(0)

    def __call__(self) -> dt.datetime:
        return system_clock() + self.ahead

    def passes(self, **span: float) -> None:
        self.ahead += dt.timedelta(**span)


class Web:
    """An application over a journal of its own, with one person of each staff role: sign-in name = role."""

    def __init__(
        self, folder: Path, journal: str = "", roles: tuple[Role, ...] = STAFF, **settings: Any
    ) -> None:
        self.clock = Clock()
        self.settings = Settings(
            journal=journal or str(folder / "journal.db"), secrets=folder / "secrets", **settings
        )
        Journal.create(self.settings.journal, self.settings.secrets).close()
        self.app: Litestar = make_app(self.settings, clock=self.clock)
        for role in roles:
            self.admit(role, (role,))

    @property
    def door(self) -> Door:
        door: Door = self.app.state.door
        return door

    @property
    def journal(self) -> Journal:
        return self.door.journal

    def admit(
        self, sign_in: str, roles: tuple[Role, ...], sites: tuple[str, ...] = (), patient: str = ""
    ) -> Person:
        """Somebody more, with the password of everybody; at this server's site if none is named."""
        desk = self.door.desk
        person = desk.admit(
            "a test",
            sign_in=sign_in,
            name=f"{sign_in} Example",
            roles=roles,
            sites=sites or (self.door.site(),),
            patient=patient,
        )
        desk.set_password(person, PASSWORD)
        return person

    def patient(self, patient: Identifier, site: str = SITE) -> str:
        """A fictional patient of whom a site recorded a contact and a plan ("planVALUE"); the handle."""
        stream = self.journal.stream(patient)
        bodies = (Contact(patient=patient, name="Fictional Patient"), Superseded())
        self.journal.append(
            [
                Draft(
                    id=str(uuid.uuid4()),
                    stream=stream,
                    kind=tag(type(body)),
                    occurred_at=self.clock(),
                    author="a test",
                    site=site,
                    subject=f"plan{patient.value}" if isinstance(body, Superseded) else "",
                    body=body,
                )
                for body in bodies
            ]
        )
        return stream

    def restarted(self) -> None:
        """The same journal under a new process."""
        self.app = make_app(self.settings, clock=self.clock)

    def browser(self, sign_in: str = "") -> Browser:
        """A browser, signed in if a name is given."""
        made = Browser(self.app)
        if sign_in:
            answer = made.sign_in(sign_in)
            assert answer.status_code == 303, answer.text
        return made


@cache
def _loop() -> BlockingPortal:
    """The event loop that all requests share, as those of a server do; none is begun for each of them."""
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(start_blocking_portal())


def _in_process(app: Litestar) -> TestClient[Litestar]:
    made = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    made.blocking_portal = _loop()
    return made


class Browser:
    """Follows no redirect; sends forms as a page without a script would.

    What is served is asked at its address: a lock of the application belongs to one event loop.
    """

    def __init__(self, app: Litestar) -> None:
        served = app.state.get(SERVED_AT, "")
        self.http: httpx.Client = (
            httpx.Client(base_url=served, timeout=_PATIENCE_S) if served else _in_process(app)
        )
        self._token, self._token_of = "", frozenset[tuple[str, str | None]]((("no", "session"),))

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers=headers, follow_redirects=False)

    def form_token(self, path: str = "/sign-in") -> str:
        """The hidden field of a page's first form."""
        found = _FIELD.search(self.get(path).text)
        assert found, path
        return found[1]

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, form_at: str = "/sign-in"
    ) -> httpx.Response:
        """Send a form with the hidden field of the page ``form_at``, or of one before in the same session."""
        if self._cookies() != self._token_of:
            self._token = self.form_token(form_at)
            self._token_of = self._cookies()
        return self.bare_post(path, {"form_token": self._token, **(data or {})})

    def _cookies(self) -> frozenset[tuple[str, str | None]]:
        return frozenset((cookie.name, cookie.value) for cookie in self.http.cookies.jar)

    def bare_post(self, path: str, data: dict[str, Any], **headers: str) -> httpx.Response:
        """Send exactly this."""
        return self.http.post(path, data=data, headers=headers, follow_redirects=False)

    def sign_in(self, sign_in: str, password: str = PASSWORD, next: str = "/account") -> httpx.Response:
        return self.post("/sign-in", {"sign_in": sign_in, "password": password, "next": next})

    @property
    def session(self) -> str:
        """The session's token as the browser holds it; "" if it holds none."""
        return self.http.cookies.get("ivigil-session") or ""
