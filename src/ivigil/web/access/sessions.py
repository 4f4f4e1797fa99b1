"""Sessions: kept on the server in files that name no token; the browser holds a random token."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets

import msgspec
from litestar.stores.file import FileStore
from msgspec.structs import replace

from ivigil.web.settings import Settings

WRONG_PINS = 3
"""After which only the password opens the screen."""
_TOUCH = dt.timedelta(seconds=20)
"""A touch is written down at most this often."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One browser of one person, from sign-in to its end."""

    person: str
    since: int
    """Position of the sign-in in the journal."""
    started_at: dt.datetime
    touched_at: dt.datetime
    wrong_pins: int = 0


class Sessions:
    """All sessions of one server process."""

    def __init__(self, settings: Settings) -> None:
        settings.sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._store = FileStore(settings.sessions)
        self._settings = settings
        self._turn = asyncio.Lock()

    async def open(self, person: str, since: int, now: dt.datetime) -> str:
        """Begin a session; its token, new each time."""
        token = secrets.token_urlsafe(32)
        session = Session(person=person, since=since, started_at=now, touched_at=now)
        async with self._turn:
            await self._store.delete_expired()
            await self._write(token, session)
        return token

    async def look(self, token: str, now: dt.datetime) -> Session | None:
        """The session of a token; None if there is none or its time is over."""
        async with self._turn:
            return await self._read(token, now)

    async def touch(self, token: str, now: dt.datetime) -> None:
        """Somebody did something: the session stays awake, if it is there."""
        async with self._turn:
            session = await self._read(token, now)
            if session and (session.wrong_pins or now - session.touched_at >= _TOUCH):
                await self._write(token, replace(session, touched_at=now, wrong_pins=0))

    async def wrong_pin(self, token: str, now: dt.datetime) -> bool:
        """Count a wrong PIN; True if the session ended by it."""
        async with self._turn:
            session = await self._read(token, now)
            if session is None or session.wrong_pins + 1 >= WRONG_PINS:
                await self._store.delete(token)
                return True
            await self._write(token, replace(session, wrong_pins=session.wrong_pins + 1))
            return False

    async def end(self, token: str) -> None:
        """Forget a session; whatever comes with its token is a stranger's."""
        async with self._turn:
            await self._store.delete(token)

    def locked(self, session: Session, now: dt.datetime) -> bool:
        """Whether the screen is locked: nobody touched it for a while, or a wrong PIN was typed."""
        return now - session.touched_at >= self._settings.lock_after or session.wrong_pins > 0

    async def _read(self, token: str, now: dt.datetime) -> Session | None:
        kept = await self._store.get(token)
        if kept is None:
            return None
        try:
            session = msgspec.json.decode(kept, type=Session)
        except msgspec.DecodeError:  # of another version: whoever it was signs in again
            await self._store.delete(token)
            return None
        alone, age = now - session.touched_at, now - session.started_at
        if alone < self._settings.idle_limit and age < self._settings.absolute_limit:
            return session
        await self._store.delete(token)
        return None

    async def _write(self, token: str, session: Session) -> None:
        await self._store.set(token, msgspec.json.encode(session), self._settings.absolute_limit)
