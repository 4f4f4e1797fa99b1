"""The audit trail, for the auditor: who looked, who was refused, broken glass, sign-ins, changes of people,
what was signed for the site.

It shows handles of patients and names of staff, and nothing of any record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get
from litestar.params import FromQuery

from ivigil.records.bodies import Body
from ivigil.records.entrance import (
    AccessRefused,
    CodeIssued,
    GlassBroken,
    PasswordSet,
    PatientRead,
    PersonAdmitted,
    PersonChanged,
    PinSet,
    SignedIn,
    SignedInElsewhere,
    SignedOut,
    SignInFailed,
    SubjectBound,
    SubjectRefused,
)
from ivigil.records.kinds import tag
from ivigil.records.sign_off import KINDS as SIGN_OFF
from ivigil.records.sign_off import FactSigned, SettingProposed, SignOffWithdrawn
from ivigil.records.trail import trail
from ivigil.records.words import Record
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access.desk import PROVIDER
from ivigil.web.access.people import NEUTRAL_AUTHOR, ROLE, named
from ivigil.web.given import TheVisit
from ivigil.web.parts import field, sign_off
from ivigil.web.parts.notice import faults
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

MOST = 200
GROUPS: dict[str, tuple[str, tuple[type[Body], ...]]] = {
    "glass": (texts("Broken glass"), (GlassBroken,)),
    "reads": (texts("Reads of patients"), (PatientRead,)),
    "refused": (texts("Refusals"), (AccessRefused,)),
    "sign-ins": (texts("Sign-ins"), (SignedIn, SignedInElsewhere, SubjectRefused, SignInFailed, SignedOut)),
    "sign-off": (texts("Facts and settings signed"), (FactSigned, SignOffWithdrawn, SettingProposed)),
    "people": (
        texts("Changes of people"),
        (PersonAdmitted, PersonChanged, PasswordSet, CodeIssued, PinSet, SubjectBound),
    ),
}
"""What may be asked for: its name, and the kinds of events."""
_EVERYTHING = tuple(tag(kind) for _, kinds in GROUPS.values() for kind in kinds)


class Choice(msgspec.Struct, frozen=True):
    """What the page was asked for; "" is any."""

    what: str
    by: str
    patient: str
    day: str


@get("/audit", needs="audit.read", sync_to_thread=True)
def audit(
    visit: TheVisit,
    *,
    what: FromQuery[str] = "",
    by: FromQuery[str] = "",
    patient: FromQuery[str] = "",
    day: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Response[str]:
    """The latest events of a choice, newest first."""
    choice = Choice(what, by, patient, day)
    since, until, wrong = _span(visit, day)
    kinds = tuple(tag(kind) for kind in GROUPS[what][1]) if what in GROUPS else _EVERYTHING
    found: Sequence[Record] = ()
    if not wrong:
        found = trail(
            visit.journal,
            kinds,
            author=by,
            subject=patient,
            since=since,
            until=until,
            before=int(before) if before.isdecimal() else None,
            most=MOST,
        )
    names = {person.id: person.name for person in visit.door.desk.people.all()}
    return shell.page(
        say("Audit trail"),
        visit,
        faults(wrong),
        _choices(visit, choice),
        table(
            say("Events, newest first"),
            (say("Received"), say("Who"), say("What"), say("Whom it is about"), say("Site")),
            (_row(visit, record, names) for record in found),
            empty=say("No such event."),
        ),
        _older(found, choice),
        status=400 if wrong else 200,
    )


def _span(visit: Visit, day: str) -> tuple[dt.datetime | None, dt.datetime | None, tuple[str, ...]]:
    if not day:
        return None, None, ()
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        wrong = say(
            "Day: {day}; accepted: a date such as {example}",
            day=repr(day),
            example=visit.now.date().isoformat(),
        )
        return None, None, (wrong,)
    start = dt.datetime.combine(date, dt.time(), visit.now.tzinfo)
    return start, start + dt.timedelta(days=1), ()


def _choices(visit: Visit, choice: Choice) -> Element:
    authors = sorted({person.author for person in visit.door.desk.people.all()})
    kinds = [("", say("everything")), *((key, say(text)) for key, (text, _) in GROUPS.items())]
    return h.form(".filter", method="get", action="/audit")[
        field.choice("what", say("What"), kinds, choice.what),
        field.choice(
            "by",
            say("Who"),
            [("", say("everybody")), *((name, _author(name)) for name in authors)],
            choice.by,
        ),
        field.text("patient", say("Handle of a patient"), choice.patient, required=False),
        field.text("day", say("Day, as 2026-12-01"), choice.day, required=False),
        field.submit(say("Show"), kind="plain"),
    ]


def _row(visit: Visit, record: Record, names: dict[str, str]) -> tuple[Node, ...]:
    return (
        stamp(record.received_at.astimezone(visit.now.tzinfo)),
        names.get(getattr(record.body, "person", "")) or _author(record.author),
        sign_off.told(record, visit.knowledge) if record.kind in SIGN_OFF else _said(record),
        names.get(record.subject) or (h.code[record.subject] if record.subject else "–"),
        record.site,
    )


_NOBODY = {PROVIDER: texts("identity provider"), NEUTRAL_AUTHOR: ROLE["patient"]}
"""Authors that are nobody's name."""


def _author(name: str) -> str:
    return say(_NOBODY[name]) if name in _NOBODY else name


def _said(record: Record) -> Node:
    match record.body:
        case GlassBroken(reason=reason):
            return h.strong[say("broke the glass: {reason}", reason=reason)]
        case PatientRead(action=action):
            return say("looked ({action})", action=action)
        case AccessRefused(action=action, missing=missing):
            return say(_REFUSED[missing], action=action) if missing in _REFUSED else say("cannot be read")
        case PersonAdmitted(roles=roles, sites=sites):
            return say("admitted as {roles} at {sites}", roles=named(roles), sites=", ".join(sites))
        case PersonChanged(active=False):
            return say("changed to no way in")
        case PersonChanged(roles=roles, sites=sites):
            return say("changed to {roles} at {sites}", roles=named(roles), sites=", ".join(sites))
        case PasswordSet():
            return say("chose a password")
        case CodeIssued():
            return say("was given a one-time code")
        case PinSet():
            return say("chose a PIN")
        case SubjectBound(issuer=issuer, subject=""):
            return say("no longer bound to {issuer}", issuer=issuer)
        case SubjectBound(issuer=issuer, claim=claim, subject=subject):
            return say("bound to {claim} {subject} of {issuer}", claim=claim, subject=subject, issuer=issuer)
        case _:
            return _came(record)


_REFUSED = texts(
    {
        "role": "was refused {action}: no role",
        "site": "was refused {action}: no site",
        "relationship": "was refused {action}: no relationship",
    }
)


def _came(record: Record) -> str:
    match record.body:
        case SignedIn():
            return say("signed in")
        case SignedInElsewhere(issuer=issuer):
            return say("signed in at {issuer}", issuer=issuer)
        case SubjectRefused(issuer=issuer, claim=claim, subject=subject):
            return say(
                "{issuer} vouched for {claim} {subject}, whom nobody here is bound to: refused",
                issuer=issuer,
                claim=claim,
                subject=subject,
            )
        case SignInFailed():
            return say("wrong password, code or PIN")
        case SignedOut(everywhere=everywhere):
            return say("signed out everywhere") if everywhere else say("signed out")
        case _:
            return say("cannot be read")


def _older(found: Sequence[Record], choice: Choice) -> Node:
    if len(found) < MOST:
        return None
    hidden = msgspec.structs.asdict(choice) | {"before": str(found[-1].position)}
    return h.form(method="get", action="/audit")[
        (h.input(type="hidden", name=name, value=value) for name, value in hidden.items()),
        field.submit(say("Older"), kind="plain"),
    ]


routes = [audit]
