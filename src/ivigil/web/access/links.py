"""Private links: a patient comes in once with a link and a code, without a password.

The second factor is a code that the nurse hands over or reads out, and no birth date: a birth date stands
on every label, letter and card of a patient, the household knows it, and the one who may not read a record
is often in the same household. The code goes by another way than the link, is random, and holds for this
link alone. Five wrong ones end the link for good, so that guessing succeeds once in 200,000 links.

A link is opened before it is exchanged by scanners of mail and by previews of messages: asking for its page
uses nothing up; only the right code does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from ivigil.practice.entry import Author, Entry, draft
from ivigil.records.errors import ConflictError
from ivigil.records.journal import Journal
from ivigil.records.kinds import tag
from ivigil.records.links import (
    Because,
    LinkEvent,
    LinkMade,
    LinkRefused,
    LinkRevoked,
    LinkUsed,
    of_links,
)
from ivigil.records.words import Record
from ivigil.web.access import passwords
from ivigil.web.access.desk import Admitted, Desk, Refused
from ivigil.web.access.people import NEUTRAL_AUTHOR, Person
from ivigil.web.access.reads import DEVICE
from ivigil.web.access.throttle import Throttle

HOLDS = dt.timedelta(days=7)
WRONG_CODES = 5
"""After which the link lets nobody in any more."""
CODE_DIGITS = 6
_KINDS = tuple(tag(body) for body in get_args(LinkEvent))

LinkState = Literal["open", "used", "revoked", "locked", "expired"]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One link as its events leave it. ``repr`` shows no hash."""

    id: str
    patient: str
    person: str
    made_at: dt.datetime
    made_by: str
    until: dt.datetime
    secret_hash: str
    code_hash: str
    wrong_codes: int = 0
    used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None

    def state(self, now: dt.datetime) -> LinkState:
        if self.revoked_at is not None:
            return "revoked"
        if self.used_at is not None:
            return "used"
        if self.wrong_codes >= WRONG_CODES:
            return "locked"
        return "open" if now < self.until else "expired"

    def __repr__(self) -> str:
        return f"Link({self.id})"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A new link with what is shown once and kept nowhere. ``repr`` shows neither."""

    link: Link
    secret: str
    code: str

    def __repr__(self) -> str:
        return f"Made({self.link.id})"


class Links:
    """All private links of a journal. Safe to use from several threads and beside other processes."""

    def __init__(
        self, journal: Journal, desk: Desk, site: Callable[[], str], clock: Callable[[], dt.datetime]
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._site = site
        self._clock = clock
        self._throttle = Throttle()
        self._turn = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._position = 0
        self._links: dict[str, Link] = {}

    def of_patient(self, stream: str) -> tuple[Link, ...]:
        """A patient's links, the last made first."""
        with self._turn:
            self._refresh()
            found = [link for link in self._links.values() if link.patient == stream]
        return tuple(sorted(found, key=lambda link: link.made_at, reverse=True))

    def patient(self, link: str) -> str:
        """Whom a link was made for: their stream; "" if there is no such link."""
        with self._turn:
            self._refresh()
            found = self._links.get(link)
        return found.patient if found else ""

    def account(self, stream: str) -> Person | None:
        """As whom a patient comes in; None if nobody ever gave them a link, or their way in is closed."""
        everybody = self._desk.people.all()
        return next((each for each in everybody if each.patient == stream and each.active), None)

    def make(self, by: str, stream: str) -> Made:
        """A new link for a patient; those before that nobody used are revoked."""
        person = self._person(by, stream)
        for before in self.of_patient(stream):
            if before.state(self._clock()) in ("open", "locked"):
                self.revoke(by, before)
        secret = secrets.token_urlsafe(32)
        code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
        made = uuid.uuid4().hex
        body = LinkMade(
            patient=stream,
            person=person.id,
            secret_hash=_digest(secret),
            code_hash=passwords.hashed(code),
            until=self._clock() + HOLDS,
        )
        self._write(by, stream, made, body)
        return Made(link=self._known(made), secret=secret, code=code)

    def exchange(self, secret: str, code: str, address: str) -> Admitted | Refused:
        """Let the patient in with the right code; every try with a link that exists is recorded."""
        with self._one_at_a_time:
            return self._exchange(_digest(secret), code, address)

    def _exchange(self, name: str, code: str, address: str) -> Admitted | Refused:
        now = self._clock()
        wait = self._throttle.wait(name, address, now)
        if wait:
            return Refused(wait)
        found = self._by_secret(name)
        if found is None:
            self._throttle.wrong(name, address, now)
            return Refused()
        version = self._journal.version(self._stream(found.patient))
        found = self._known(found.id)
        state = found.state(now)
        right = passwords.matches(found.code_hash, "".join(letter for letter in code if letter.isdigit()))
        person = self._desk.people.get(found.person)
        if state != "open" or not right or person is None or not person[0].active:
            self._throttle.wrong(name, address, now)
            because: Because = "code" if state == "open" else state
            self._refuse(found, because)
            return Refused()
        try:
            since = self._write(NEUTRAL_AUTHOR, found.patient, found.id, LinkUsed(), version)
        except ConflictError:  # somebody else came with it at the same moment
            self._refuse(found, "used")
            return Refused()
        return Admitted(person[0], since)

    def revoke(self, by: str, link: Link) -> None:
        """Take a link back. Who came in by it is out at once, and so is a password chosen since."""
        self._write(by, link.patient, link.id, LinkRevoked())
        found = self._desk.people.get(link.person)
        if link.used_at is not None and found is not None:
            self._desk.void(by, found[0])

    def _person(self, by: str, stream: str) -> Person:
        """As whom a patient comes in: the one that they are already, or a new one with a neutral name."""
        known = self.account(stream)
        if known is not None:
            return known
        name = f"patient-{secrets.token_hex(4)}"
        return self._desk.admit(
            by, sign_in=name, name=name, roles=("patient",), sites=(self._site(),), patient=stream
        )

    def _by_secret(self, digest: str) -> Link | None:
        with self._turn:
            self._refresh()
            return next((link for link in self._links.values() if link.secret_hash == digest), None)

    def _known(self, link: str) -> Link:
        with self._turn:
            self._refresh()
            return self._links[link]

    def _refuse(self, link: Link, because: Because) -> None:
        self._write(NEUTRAL_AUTHOR, link.patient, link.id, LinkRefused(because=because))

    def _stream(self, patient: str) -> str:
        return self._journal.stream(of_links(patient))

    def _write(
        self, by: str, patient: str, link: str, body: LinkEvent, expected_version: int | None = None
    ) -> int:
        now = self._clock()
        entry = Entry(by=Author(name=by, site=self._site(), device=DEVICE), occurred_at=now, device_at=now)
        made = draft(entry, self._stream(patient), body, link)
        (receipt,) = self._journal.append([made], expected_version)
        return receipt.position

    def _refresh(self) -> None:
        head = self._journal.head().position
        if head > self._position:
            self._fold(self._journal.records(self._position, _KINDS))
            self._position = head

    def _fold(self, records: Iterable[Record]) -> None:
        for record in records:
            known = self._links.get(record.subject)
            match record.body:
                case LinkMade() as body:
                    self._links[record.subject] = Link(
                        id=record.subject,
                        patient=body.patient,
                        person=body.person,
                        made_at=record.occurred_at,
                        made_by=record.author,
                        until=body.until,
                        secret_hash=body.secret_hash,
                        code_hash=body.code_hash,
                    )
                case LinkUsed() if known:
                    self._links[known.id] = replace(known, used_at=record.occurred_at)
                case LinkRefused(because="code") if known:
                    self._links[known.id] = replace(known, wrong_codes=known.wrong_codes + 1)
                case LinkRevoked() if known:
                    self._links[known.id] = replace(known, revoked_at=record.occurred_at)
                case _:
                    pass


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
