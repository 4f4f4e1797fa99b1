"""Bodies of who may come in and who looked: people, their passwords and roles, sign-ins, reads.

Each person has a stream of their own, each patient a further one for the reads. None of these events stands
in a patient's own stream, so that looking at a record never moves its version.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ivigil.patient import Identifier
from ivigil.records.bodies import Body

Role = Literal["prescriber", "pharmacist", "nurse", "patient", "administrator", "auditor"]

_PEOPLE, _READS = "urn:ivigil:people", "urn:ivigil:reads"


def of_person(person: str) -> Identifier:
    """What a person's stream is made of; ``person`` is their id."""
    return Identifier(_PEOPLE, person)


def of_reads(stream: str) -> Identifier:
    """What the stream of the reads of a patient is made of; ``stream``: the patient's own, "" for none."""
    return Identifier(_READS, stream)


class PersonAdmitted(Body, frozen=True, tag="person_admitted"):
    """Somebody may sign in from now on. The event's subject is their id, here and in all that follow."""

    sign_in: str
    """What they type to sign in; never given to anybody else."""
    name: str
    """Under which they record and sign."""
    roles: tuple[Role, ...]
    sites: tuple[str, ...]
    patient: str = ""
    """Stream of the patient that they are; "" for staff."""


class PersonChanged(Body, frozen=True, tag="person_changed"):
    """What a person may do from now on, whole. Their sessions end."""

    roles: tuple[Role, ...]
    sites: tuple[str, ...]
    active: bool = True


class PasswordSet(Body, frozen=True, tag="password_set"):
    """The person chose a new password. Their other sessions end."""

    hash: str


class CodeIssued(Body, frozen=True, tag="code_issued"):
    """A code with which the person chooses a new password, once. The old password is void."""

    hash: str
    """"": nobody was given one; the old password is void all the same."""
    until: dt.datetime


class PinSet(Body, frozen=True, tag="pin_set"):
    """For quick re-entry at a workstation; never a signature."""

    hash: str


class SignedIn(Body, frozen=True, tag="signed_in"):
    """With the password."""


class SubjectBound(Body, frozen=True, tag="subject_bound"):
    """As whom an identity provider knows the person from now on; their sessions end. "": as nobody."""

    issuer: str
    claim: str
    """Which of the provider's claims the subject is the value of."""
    subject: str


class SignedInElsewhere(Body, frozen=True, tag="signed_in_elsewhere"):
    """At an identity provider."""

    issuer: str


class SubjectRefused(Body, frozen=True, tag="subject_refused"):
    """An identity provider vouched for somebody whom nobody here is bound to, or who has no way in."""

    issuer: str
    claim: str
    subject: str


class SignInFailed(Body, frozen=True, tag="sign_in_failed"):
    """A wrong password, code or PIN."""


class SignedOut(Body, frozen=True, tag="signed_out"):
    """One session ended; or all of them."""

    everywhere: bool = False


class GlassBroken(Body, frozen=True, tag="glass_broken"):
    """Somebody opened a patient whom they may not see, for a stated reason. Stands with the reads."""

    person: str
    """Id of who did it, here and in what follows: authors of the role patient are not told apart."""
    reason: str
    until: dt.datetime


class PatientRead(Body, frozen=True, tag="patient_read"):
    """Somebody looked at a patient. The event's subject is the patient's stream."""

    person: str
    action: str
    """What they were allowed to do there."""


class AccessRefused(Body, frozen=True, tag="access_refused"):
    """Somebody asked for what they may not see or do.

    The subject is the patient's stream, the id of the person whose account it was, or "".
    """

    person: str
    action: str
    missing: str
    """What they lack: "role", "site", "relationship"; "account": that it is theirs to change."""


PersonEvent = (
    PersonAdmitted
    | PersonChanged
    | PasswordSet
    | CodeIssued
    | PinSet
    | SubjectBound
    | SignedIn
    | SignedInElsewhere
    | SubjectRefused
    | SignInFailed
    | SignedOut
)
"""Everything that can happen to a person's way in."""

ReadEvent = GlassBroken | PatientRead | AccessRefused
"""Everything about looking."""
