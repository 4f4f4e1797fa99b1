"""People and roles, for the administrator: admit, change, give a one-time code; what roles may."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody

from ivigil.records.entrance import Role, SubjectBound
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access.desk import CODE_HOLDS, NotAdmittedError
from ivigil.web.access.people import ROLE, ROLES, Person, named
from ivigil.web.access.rules import ACTIONS, REACH, Action
from ivigil.web.given import TheVisit, Ticks, ticked
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.paths import going_on
from ivigil.web.visit import Visit

_WRONG_PASSWORD = texts("Your password is wrong.")
_GRANTABLE: tuple[Role, ...] = tuple(role for role in ROLES if role != "patient")
"""A patient is admitted from their own record."""


class Admission(msgspec.Struct):
    """What the form sends for somebody new."""

    sign_in: str = ""
    name: str = ""
    roles: Ticks = []
    sites: str = ""
    password: str = ""


class Change(msgspec.Struct):
    """What the form sends for somebody known."""

    roles: Ticks = []
    sites: str = ""
    active: str = ""
    password: str = ""


class Binding(msgspec.Struct):
    """What the form sends of somebody's name at the provider; "": none any more."""

    subject: str = ""
    password: str = ""


class Signed(msgspec.Struct):
    """A form that only asks for the password."""

    password: str = ""


@get("/people", needs="people.read", sync_to_thread=True)
def people(visit: TheVisit) -> Response[str]:
    """Everybody, and the form for somebody new."""
    return _people_page(visit, Admission(sites=visit.site))


@post("/people", needs="people.change", status_code=200, sync_to_thread=True)
def admit(visit: TheVisit, data: URLEncodedBody[Admission]) -> Response[str]:
    """Admit somebody; their one-time code is shown once."""
    if not visit.confirm(data.password):
        return _people_page(visit, data, (say(_WRONG_PASSWORD),))
    try:
        person = visit.door.desk.admit(
            visit.person.author,
            sign_in=data.sign_in,
            name=data.name,
            roles=_roles(data.roles),
            sites=_sites(data.sites),
        )
    except NotAdmittedError as error:
        return _people_page(visit, data, error.faults)
    return _code_page(visit, person)


@get("/people/roles", needs="people.read", sync_to_thread=True)
def roles(visit: TheVisit) -> Response[str]:
    """The table that the guard reads."""
    return shell.page(
        say("What roles may do"),
        visit,
        h.p[
            say(
                "Site: for their sites. Patients: patients treated at their sites. Own: themselves as a "
                "patient. Self: their own account. What signs asks for the password each time."
            )
        ],
        table(
            say("Actions and roles"),
            (say("Action"), say("What it is"), *(say(ROLE[role]) for role in ROLES), say("Signs")),
            (
                (
                    h.code[action.name],
                    say(action.text),
                    *(_reach(action, role) for role in ROLES),
                    say("yes") if action.signs else "–",
                )
                for action in ACTIONS.values()
            ),
        ),
    )


def _reach(action: Action, role: Role) -> str:
    return say(REACH[action.grants[role]]) if role in action.grants else "–"


@get("/people/{person:str}", needs="people.read", sync_to_thread=True)
def one(visit: TheVisit, person: FromPath[str]) -> Response[str]:
    """One person: what they may do."""
    return _person_page(visit, _known(visit, person))


@post("/people/{person:str}", needs="people.change", status_code=200, sync_to_thread=True)
def change(visit: TheVisit, person: FromPath[str], data: URLEncodedBody[Change]) -> Response[str]:
    """Other roles or sites, or no way in any more."""
    known = _known(visit, person)
    if not visit.confirm(data.password):
        return _person_page(visit, known, (say(_WRONG_PASSWORD),))
    try:
        visit.door.desk.change(
            visit.person, known, _roles(data.roles), _sites(data.sites), active=data.active == "yes"
        )
    except NotAdmittedError as error:
        return _person_page(visit, known, error.faults)
    saved = notice("go", say("Saved. Their sessions have ended; they sign in again."))
    return _person_page(visit, _known(visit, person), told=saved)


@post("/people/{person:str}/code", needs="people.change", status_code=200, sync_to_thread=True)
def reset(visit: TheVisit, person: FromPath[str], data: URLEncodedBody[Signed]) -> Response[str]:
    """A one-time code in place of the password."""
    known = _known(visit, person)
    if not visit.confirm(data.password):
        return _person_page(visit, known, (say(_WRONG_PASSWORD),))
    return _code_page(visit, known)


@post("/people/{person:str}/subject", needs="people.change", status_code=200, sync_to_thread=True)
def bind(visit: TheVisit, person: FromPath[str], data: URLEncodedBody[Binding]) -> Response[str]:
    """As whom the identity provider knows somebody."""
    known, provider = _known(visit, person), visit.door.provider
    if provider is None:
        raise NotFoundException(detail="no provider")
    if not visit.confirm(data.password):
        return _person_page(visit, known, (say(_WRONG_PASSWORD),))
    issuer, claim = provider.settings.issuer, provider.settings.claim
    try:
        bound = SubjectBound(issuer=issuer, claim=claim, subject=data.subject)
        visit.door.desk.bind(visit.person, known, bound)
    except NotAdmittedError as error:
        return _person_page(visit, known, error.faults)
    saved = notice("go", say("Saved. Their sessions have ended."))
    return _person_page(visit, _known(visit, person), told=saved)


def _known(visit: Visit, person: str) -> Person:
    found = visit.door.desk.people.get(person)
    if found is None:
        raise NotFoundException(detail="no such person")
    return found[0]


def _roles(sent: Ticks) -> tuple[Role, ...]:
    """In the order of the table; what is no role that can be granted here is left out."""
    return tuple(role for role in _GRANTABLE if role in ticked(sent))


def _sites(sent: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.strip() for line in sent.splitlines() if line.strip()))


def _people_page(visit: Visit, sent: Admission, wrong: tuple[str, ...] = ()) -> Response[str]:
    everybody = visit.door.desk.people.all()
    return shell.page(
        say("People"),
        visit,
        faults(wrong),
        table(
            say("Everybody"),
            (say("Name"), say("Signs in as"), say("Roles"), say("Sites"), say("Way in")),
            (_row(visit, person) for person in everybody),
        ),
        h.p[h.a(href="/people/roles")[say("What roles may do")]],
        h.h2[say("Admit somebody")],
        field.form(visit.form_token, "/people", classes="narrow")[
            field.text("sign_in", say("Sign-in name"), sent.sign_in),
            field.text(
                "name",
                say("Name"),
                sent.name,
                hint=say("They record and sign under it; nobody else has it."),
            ),
            _grants(ticked(sent.roles), sent.sites),
            field.signature(),
            field.submit(say("Admit")),
        ],
        status=400 if wrong else 200,
    )


def _row(visit: Visit, person: Person) -> tuple[Node, ...]:
    return (
        h.a(href=f"/people/{person.id}")[person.name],
        person.sign_in,
        named(person.roles),
        ", ".join(person.sites),
        _way_in(visit, person),
    )


def _way_in(visit: Visit, person: Person) -> str:
    """Where passwords let no staff in, whoever is not bound at the provider is told apart."""
    if not person.active:
        return say("closed")
    if visit.door.settings.staff_passwords or person.patient or visit.door.desk.bound(person):
        return say("open")
    return say("by one-time code alone: not bound at the identity provider")


def _grants(chosen: Sequence[str], sites: str) -> Node:
    return [
        field.ticks("roles", say("Roles"), ((role, say(ROLE[role])) for role in _GRANTABLE), chosen),
        field.area("sites", say("Sites"), sites, hint=say("One a line, as the site's overlay names it.")),
    ]


def _person_page(
    visit: Visit, person: Person, wrong: tuple[str, ...] = (), told: Node = None
) -> Response[str]:
    return shell.page(
        person.name,
        visit,
        told,
        faults(wrong),
        h.p[say("Signs in as {sign_in}.", sign_in=person.sign_in)],
        _change_form(visit, person)
        if not person.patient
        else h.p[say("A patient: changed from their record.")],
        h.h2[say("New password")],
        h.p[say("A one-time code takes the place of the password at once, and ends their sessions.")],
        field.form(visit.form_token, f"/people/{person.id}/code", classes="narrow")[
            field.text(
                "password",
                say("Your password signs this"),
                type="password",
                autocomplete="current-password",
                id="code-password",
            ),
            field.submit(say("Give a one-time code"), kind="plain"),
        ],
        _subject(visit, person) if visit.door.provider and not person.patient else None,
        status=400 if wrong else 200,
    )


def _subject(visit: Visit, person: Person) -> Node:
    assert visit.door.provider
    settings, bound = visit.door.provider.settings, visit.door.desk.bound(person)
    return [
        h.h2[say("Sign-in at {provider}", provider=settings.called)],
        field.form(visit.form_token, f"/people/{person.id}/subject", classes="narrow")[
            field.text(
                "subject",
                say("Their {claim} at {issuer}", claim=settings.claim, issuer=settings.issuer),
                bound.subject if bound else "",
                required=False,
                hint=say(
                    "Exactly as the refusal of their first try shows it. Empty: they do not come in by it."
                ),
            ),
            field.text(
                "password",
                say("Your password signs this"),
                type="password",
                autocomplete="current-password",
                id="subject-password",
            ),
            field.submit(say("Save"), kind="plain"),
        ],
    ]


def _change_form(visit: Visit, person: Person) -> Element:
    return field.form(visit.form_token, f"/people/{person.id}", classes="narrow")[
        _grants(person.roles, "\n".join(person.sites)),
        field.ticks("active", say("Way in"), [("yes", say("may sign in"))], ["yes"] if person.active else []),
        field.signature(),
        field.submit(say("Save")),
    ]


def _code_page(visit: Visit, person: Person) -> Response[str]:
    code = visit.door.desk.issue_code(visit.person.author, person)
    hours = int(CODE_HOLDS.total_seconds() // 3600)
    at = going_on("/code", "/me" if person.patient else "/")
    return shell.page(
        say("One-time code for {person}", person=person.name),
        visit,
        notice("info", h.p[say("Hand it over in person. It is shown here once and kept nowhere.")]),
        h.p[h.code(".code")[code]],
        h.p[
            woven(
                "It counts once, for {hours} hours, at {address}.",
                hours=str(hours),
                address=h.a(href=at)[at],
            )
        ],
        h.p[h.a(href="/people")[say("Back to people")]],
    )


routes = [people, admit, roles, one, change, reset, bind]
