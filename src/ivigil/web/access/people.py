"""People: who may sign in, with which roles, at which sites. Replayed from the journal, kept nowhere else."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from ivigil.records.entrance import (
    CodeIssued,
    PasswordSet,
    PersonAdmitted,
    PersonChanged,
    PersonEvent,
    PinSet,
    Role,
    SignedOut,
    SubjectBound,
)
from ivigil.records.journal import Journal
from ivigil.records.kinds import tag
from ivigil.records.words import Record
from ivigil.sheets.spoken import say, texts

KINDS = tuple(tag(body) for body in get_args(PersonEvent))
ROLES: tuple[Role, ...] = get_args(Role)
ROLE: dict[Role, str] = texts(
    {
        "prescriber": "prescriber",
        "pharmacist": "pharmacist",
        "nurse": "nurse",
        "patient": "patient",
        "administrator": "administrator",
        "auditor": "auditor",
    }
)
NEUTRAL_AUTHOR = "patient"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in."""

    id: str
    sign_in: str
    name: str
    roles: tuple[Role, ...]
    sites: tuple[str, ...]
    patient: str = ""
    """Stream of the patient that they are; "" for staff."""
    active: bool = True
    admitted_by: str = ""
    admitted_at: dt.datetime | None = None

    @property
    def author(self) -> str:
        """Under which they record. Authors stay readable in the journal, so a patient's name is none."""
        return NEUTRAL_AUTHOR if self.patient else self.name


Held = Literal["whole", "part", "none"]


def held(by: Person, person: Person) -> Held:
    """How much of somebody an administrator rules, by their sites.

    part: they are of another site too, so that nothing may be changed which reaches there.
    """
    own, theirs = set(by.sites), set(person.sites)
    if not own & theirs:
        return "none"
    return "whole" if theirs <= own else "part"


def named(roles: Iterable[Role]) -> str:
    """Roles as people read them: "nurse, auditor"."""
    return ", ".join(say(ROLE[role]) for role in roles)


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody proves who they are. Never leaves this package; ``repr`` shows no hash."""

    password: str = ""
    code: str = ""
    code_until: dt.datetime | None = None
    pin: str = ""
    bound: SubjectBound | None = None
    """As whom an identity provider knows them."""
    void_before: int = 0
    """Sessions that began before this position of the journal are over."""

    def __repr__(self) -> str:
        return f"Keys(void_before={self.void_before})"


class People:
    """Everybody, as the journal tells by now. Safe to use from several threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = threading.Lock()
        self._position = 0
        self._people: dict[str, Person] = {}
        self._keys: dict[str, Keys] = {}

    def all(self) -> tuple[Person, ...]:
        """Everybody, by name."""
        with self._turn:
            self._refresh()
            return tuple(sorted(self._people.values(), key=lambda person: person.name.casefold()))

    def get(self, person: str) -> tuple[Person, Keys] | None:
        """A person by id."""
        with self._turn:
            self._refresh()
            found = self._people.get(person)
            return (found, self._keys[person]) if found else None

    def by_sign_in(self, sign_in: str) -> tuple[Person, Keys] | None:
        """A person by what they type to sign in; case does not matter."""
        wanted = sign_in.strip().casefold()
        named = next((person for person in self.all() if person.sign_in.casefold() == wanted), None)
        return self.get(named.id) if named else None

    def by_subject(self, bound: SubjectBound) -> tuple[Person, Keys] | None:
        """A person by whom a provider vouches for."""
        with self._turn:
            self._refresh()
            known = (person for person, keys in self._keys.items() if keys.bound == bound)
            found = next(known, None)
            return (self._people[found], self._keys[found]) if found else None

    def _refresh(self) -> None:
        head = self._journal.head().position
        if head > self._position:
            self._fold(self._journal.records(self._position, KINDS))
            self._position = head

    def _fold(self, records: Iterable[Record]) -> None:
        for record in records:
            match record.body:
                case PersonAdmitted() as body:
                    self._admit(record, body)
                case PersonChanged() as body if record.subject in self._people:
                    self._change(record, body)
                case PasswordSet(hash=kept) if record.subject in self._keys:
                    void = record.position
                    self._set(record, password=kept, code="", code_until=None, void_before=void)
                case CodeIssued(hash=kept, until=until) if record.subject in self._keys:
                    void = record.position
                    self._set(record, password="", pin="", code=kept, code_until=until, void_before=void)
                case PinSet(hash=kept) if record.subject in self._keys:
                    self._set(record, pin=kept)
                case SubjectBound() as body if record.subject in self._keys:
                    self._set(record, bound=body if body.subject else None, void_before=record.position)
                case SignedOut(everywhere=True) if record.subject in self._keys:
                    self._set(record, void_before=record.position)
                case _:
                    pass

    def _admit(self, record: Record, body: PersonAdmitted) -> None:
        self._people[record.subject] = Person(
            id=record.subject,
            sign_in=body.sign_in,
            name=body.name,
            roles=body.roles,
            sites=body.sites,
            patient=body.patient,
            admitted_by=record.author,
            admitted_at=record.received_at,
        )
        self._keys[record.subject] = Keys()

    def _change(self, record: Record, body: PersonChanged) -> None:
        before = self._people[record.subject]
        changed = replace(before, roles=body.roles, sites=body.sites, active=body.active)
        self._people[record.subject] = changed
        self._set(record, void_before=record.position)

    def _set(self, record: Record, **changes: object) -> None:
        self._keys[record.subject] = replace(self._keys[record.subject], **changes)
