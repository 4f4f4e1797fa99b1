"""The front desk: admits people, checks who they are, sets passwords; every step is a journal event."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable

import msgspec

from ivigil.knowledge.evidence import signer_named
from ivigil.practice.entry import Author, Entry, draft
from ivigil.records.drafts import is_line
from ivigil.records.entrance import (
    CodeIssued,
    PasswordSet,
    PersonAdmitted,
    PersonChanged,
    PersonEvent,
    PinSet,
    Role,
    SignedIn,
    SignedInElsewhere,
    SignedOut,
    SignInFailed,
    SubjectBound,
    SubjectRefused,
    of_person,
)
from ivigil.records.journal import Journal
from ivigil.sheets.spoken import say
from ivigil.web.access import passwords
from ivigil.web.access.people import NEUTRAL_AUTHOR, Keys, People, Person
from ivigil.web.access.reads import DEVICE
from ivigil.web.access.throttle import Throttle

PROVIDER = "identity provider"
"""Author and stream of what a provider says about somebody unknown."""
CODE_HOLDS = dt.timedelta(hours=72)


class NotAdmittedError(Exception):
    """A person cannot be admitted or changed like this; lists every fault, for a person to read."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class Admitted(msgspec.Struct, frozen=True):
    """Somebody proved who they are; ``since`` is where the journal says so."""

    person: Person
    since: int


class Refused(msgspec.Struct, frozen=True):
    """They did not; ``wait`` is how long until a further attempt is read."""

    wait: dt.timedelta = dt.timedelta(0)

    @property
    def minutes(self) -> int:
        """The wait, never told as shorter than it is."""
        return -(-self.wait // dt.timedelta(minutes=1))


class Unfit(msgspec.Struct, frozen=True):
    """They did, and chose a password that is none; nothing is used up."""

    faults: tuple[str, ...]


class Desk:
    """Knows everybody and writes what becomes of them."""

    def __init__(
        self,
        journal: Journal,
        site: Callable[[], str],
        clock: Callable[[], dt.datetime],
        device: str = DEVICE,
        *,
        staff_passwords: bool = True,
    ) -> None:
        """``staff_passwords``: whether a password alone lets staff in; it signs in any case."""
        self.people = People(journal)
        self._admitting = threading.Lock()
        self._device = device
        self._journal = journal
        self._site = site
        self._clock = clock
        self._throttle = Throttle()
        self._staff_passwords = staff_passwords

    def admit(
        self,
        by: str,
        *,
        sign_in: str,
        name: str,
        roles: tuple[Role, ...],
        sites: tuple[str, ...],
        patient: str = "",
    ) -> Person:
        """Admit somebody; they need a code or a password next. Raises NotAdmittedError."""
        _check_roles(roles, sites, patient)
        person = uuid.uuid4().hex
        body = PersonAdmitted(sign_in=sign_in, name=name, roles=roles, sites=sites, patient=patient)
        with self._admitting:
            self._check_names(sign_in, name)
            self._write(by, person, body)
        return self._known(person)[0]

    def change(
        self, by: Person, person: Person, roles: tuple[Role, ...], sites: tuple[str, ...], *, active: bool
    ) -> None:
        """Change what somebody else may do; their sessions end. Raises NotAdmittedError.

        Nobody changes their own roles, so that an administrator always stays and none grants themselves more.
        """
        if by.id == person.id:
            raise NotAdmittedError(
                say("person: yourself; accepted: another administrator changes your roles")
            )
        _check_roles(roles, sites, person.patient)
        self._write(by.author, person.id, PersonChanged(roles=roles, sites=sites, active=active))

    def join(self, by: str, person: Person) -> None:
        """Let somebody of another site come to this one too, in the same roles. Raises NotAdmittedError.

        For whoever rules the machine: no administrator of one site reaches somebody of another.
        """
        site = self._site()
        if person.patient or site in person.sites:
            raise NotAdmittedError(
                say(
                    "person: {person}, of {sites}; accepted: staff of another site",
                    person=person.name,
                    sites=", ".join(person.sites),
                )
            )
        sites = (*person.sites, site)
        self._write(by, person.id, PersonChanged(roles=person.roles, sites=sites, active=person.active))

    def void(self, by: str, person: Person) -> None:
        """The password counts no more and nobody is given a code; their sessions end."""
        self._write(by, person.id, CodeIssued(hash="", until=self._clock()))

    def issue_code(self, by: str, person: Person) -> str:
        """A one-time code for a new password; the old password is void, their sessions end."""
        code = passwords.new_code()
        until = self._clock() + CODE_HOLDS
        self._write(by, person.id, CodeIssued(hash=passwords.hashed(code), until=until))
        return code

    def sign_in(self, sign_in: str, password: str, address: str) -> Admitted | Refused:
        """Check a password; whoever is wrong too often waits.

        Where passwords let no staff in, theirs is checked and refused like a wrong one: whoever tries some
        learns nothing of any.
        """
        wait = self._throttle.wait(sign_in, address, self._clock())
        if wait:
            return Refused(wait)
        found = self.people.by_sign_in(sign_in)
        right = passwords.matches(found[1].password if found else "", password)
        if right and found and found[0].active and (self._staff_passwords or found[0].patient):
            self._throttle.right(sign_in, address)
            return self._admitted(found[0])
        return self._wrong(found, sign_in, address)

    def bind(self, by: Person, person: Person, bound: SubjectBound) -> None:
        """Let a provider vouch for somebody; their sessions end. Raises NotAdmittedError."""
        taken = self.people.by_subject(bound) if bound.subject else None
        faults = []
        if person.patient:
            faults.append(say("person: a patient; accepted: staff"))
        if bound.subject != bound.subject.strip() or not bound.subject.isprintable():
            faults.append(
                say(
                    "subject: {subject}; accepted: as the provider gives it, no outer spaces",
                    subject=repr(bound.subject),
                )
            )
        if taken and taken[0].id != person.id:
            faults.append(
                say(
                    "subject: {subject} is bound to {person}; accepted: nobody else's",
                    subject=bound.subject,
                    person=taken[0].name,
                )
            )
        if faults:
            raise NotAdmittedError(*faults)
        self._write(by.author, person.id, bound)

    def vouched(self, bound: SubjectBound, address: str) -> Admitted | Refused:
        """Let in whom a provider vouched for, if an administrator bound them; nobody is ever made up."""
        wait = self._throttle.wait(bound.subject, address, self._clock())
        if wait:
            return Refused(wait)
        found = self.people.by_subject(bound)
        if found and found[0].active:
            self._throttle.right(bound.subject, address)
            body = SignedInElsewhere(issuer=bound.issuer)
            return Admitted(found[0], self._write(found[0].author, found[0].id, body))
        self._throttle.wrong(bound.subject, address, self._clock())
        refused = SubjectRefused(issuer=bound.issuer, claim=bound.claim, subject=bound.subject)
        self._write(PROVIDER, found[0].id if found else PROVIDER, refused)
        return Refused()

    def bound(self, person: Person) -> SubjectBound | None:
        """As whom a provider knows the person."""
        return self._known(person.id)[1].bound

    def use_code(self, sign_in: str, code: str, password: str, address: str) -> Admitted | Refused | Unfit:
        """Choose a password with a one-time code; it is judged only for who has the code."""
        now = self._clock()
        wait = self._throttle.wait(sign_in, address, now)
        if wait:
            return Refused(wait)
        found = self.people.by_sign_in(sign_in)
        keys = found[1] if found else Keys()
        right = passwords.matches(keys.code, passwords.code_as_typed(code))
        if not (right and found and found[0].active and keys.code_until and now < keys.code_until):
            return self._wrong(found, sign_in, address)
        self._throttle.right(sign_in, address)
        faults = passwords.password_faults(password, found[0].sign_in, found[0].name)
        if faults:
            return Unfit(faults)
        self.set_password(found[0], password)
        return self._admitted(found[0])

    def confirm(self, person: Person, password: str, address: str) -> bool:
        """Whether it is this person's password: what a signature asks. Wrong ones are recorded."""
        if self._throttle.wait(person.sign_in, address, self._clock()):
            return False
        _, keys = self._known(person.id)
        if passwords.matches(keys.password, password):
            return True
        self._wrong((person, keys), person.sign_in, address)
        return False

    def set_password(self, person: Person, password: str) -> None:
        """A new password, chosen by the person; all their sessions end."""
        self._write(person.author, person.id, PasswordSet(hash=passwords.hashed(password)))

    def set_pin(self, person: Person, pin: str) -> None:
        """A PIN for quick re-entry."""
        self._write(person.author, person.id, PinSet(hash=passwords.hashed(pin)))

    def has_password(self, person: Person) -> bool:
        """Whether the person can come in with a password."""
        return bool(self._known(person.id)[1].password)

    def has_pin(self, person: Person) -> bool:
        """Whether the person chose a PIN."""
        return bool(self._known(person.id)[1].pin)

    def right_pin(self, person: Person, pin: str) -> bool:
        """Whether it is this person's PIN; a wrong one is recorded."""
        right = passwords.matches(self._known(person.id)[1].pin, pin)
        if not right:
            self._write(person.author, person.id, SignInFailed())
        return right

    def signed_in_again(self, person: Person) -> Admitted:
        """After a change that ended all sessions, the one that made it goes on."""
        return self._admitted(person)

    def sign_out(self, person: Person, *, everywhere: bool) -> None:
        """Record that a session, or every session, ended."""
        self._write(person.author, person.id, SignedOut(everywhere=everywhere))

    def holder(self, person: str, since: int) -> Person | None:
        """Whom a session that began at this position belongs to; None if it is void by now."""
        found = self.people.get(person)
        if found is None or not found[0].active or since <= found[1].void_before:
            return None
        return found[0]

    def _known(self, person: str) -> tuple[Person, Keys]:
        found = self.people.get(person)
        assert found is not None  # nobody is ever taken out of the register
        return found

    def _admitted(self, person: Person) -> Admitted:
        return Admitted(person, self._write(person.author, person.id, SignedIn()))

    def _wrong(self, found: tuple[Person, Keys] | None, sign_in: str, address: str) -> Refused:
        self._throttle.wrong(sign_in, address, self._clock())
        if found:  # a name that nobody has may be a password typed into the wrong field: it is not kept
            self._write(found[0].author, found[0].id, SignInFailed())
        return Refused()

    def _write(self, by: str, person: str, body: PersonEvent) -> int:
        now = self._clock()
        author = Author(name=by or NEUTRAL_AUTHOR, site=self._site(), device=self._device)
        entry = Entry(by=author, occurred_at=now, device_at=now)
        stream = self._journal.stream(of_person(person))
        (receipt,) = self._journal.append([draft(entry, stream, body, person)])
        return receipt.position

    def _check_names(self, sign_in: str, name: str) -> None:
        faults = []
        for field, text in ((say("sign-in name"), sign_in), (say("name"), name)):
            if not text or not is_line(text) or len(text) > 100:
                faults.append(
                    say(
                        "{field}: {text}; accepted: 1 to 100 printable characters, no outer spaces",
                        field=field,
                        text=repr(text),
                    )
                )
        everybody = self.people.all()
        if any(person.sign_in.casefold() == sign_in.casefold() for person in everybody):
            faults.append(
                say(
                    "sign-in name: {name} is taken, or was; accepted: one that nobody had",
                    name=sign_in,
                )
            )
        taken = {
            signer_named(each) for each in (NEUTRAL_AUTHOR, PROVIDER, *(each.name for each in everybody))
        }
        if signer_named(name) in taken:
            faults.append(
                say(
                    "name: {name} is taken; accepted: one that tells this person from everybody else",
                    name=name,
                )
            )
        if faults:
            raise NotAdmittedError(*faults)


def _check_roles(roles: tuple[Role, ...], sites: tuple[str, ...], patient: str) -> None:
    faults = []
    if not roles:
        faults.append(say("roles: none; accepted: one or more"))
    if ("patient" in roles) != bool(patient) or ("patient" in roles and len(roles) > 1):
        faults.append(say("roles: patient stands alone, for somebody who is a patient of the journal"))
    if "auditor" in roles and len(roles) > 1:
        faults.append(say("roles: auditor stands alone: who reads the trail is nobody of whom it tells"))
    if not sites or not all(sites):
        faults.append(say("sites: none; accepted: one or more"))
    if faults:
        raise NotAdmittedError(*faults)
