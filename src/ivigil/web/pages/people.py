"""People and roles, for the administrator of their sites: admit, change, give a one-time code.

A patient's account is no administrator's: they may close it, and no more. Who gives a patient a private
link lets them in again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody
from msgspec.structs import replace

from ivigil.records.entrance import Role, SubjectBound
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access.desk import CODE_HOLDS, NotAdmittedError
from ivigil.web.access.people import ROLE, ROLES, Person, held, named
from ivigil.web.access.rules import ACTIONS, REACH, Action
from ivigil.web.given import TheVisit, Ticks, ticked
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import stamp
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
    sites: Ticks = []
    password: str = ""


class Change(msgspec.Struct):
    """What the form sends for somebody known."""

    roles: Ticks = []
    sites: Ticks = []
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
    """Everybody of this person's sites, and the form for somebody new."""
    return _people_page(visit, Admission(sites=[visit.site]))


@post("/people", needs="people.change", status_code=200, sync_to_thread=True)
def admit(visit: TheVisit, data: URLEncodedBody[Admission]) -> Response[str]:
    """Admit somebody; their one-time code is shown once."""
    if not visit.confirm(data.password):
        return _people_page(visit, data, (say(_WRONG_PASSWORD),))
    wrong = _foreign_sites(visit, data.sites)
    if wrong:
        return _people_page(visit, data, wrong)
    try:
        person = visit.door.desk.admit(
            visit.person.author,
            sign_in=data.sign_in,
            name=data.name,
            roles=_roles(data.roles),
            sites=_sites(visit, data.sites),
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
    changed = _changed(visit, known, data)
    wrong = _foreign_sites(visit, data.sites) if visit.confirm(data.password) else (say(_WRONG_PASSWORD),)
    if wrong:
        return _person_page(visit, known, wrong)
    try:
        visit.door.desk.change(visit.person, known, changed.roles, changed.sites, active=changed.active)
    except NotAdmittedError as error:
        return _person_page(visit, known, error.faults)
    saved = notice("go", say("Saved. Their sessions have ended; they sign in again."))
    if held(visit.person, changed) == "none":
        return _people_page(visit, Admission(sites=[visit.site]), told=saved)
    return _person_page(visit, _known(visit, person), told=saved)


@post("/people/{person:str}/code", needs="people.change", status_code=200, sync_to_thread=True)
def reset(visit: TheVisit, person: FromPath[str], data: URLEncodedBody[Signed]) -> Response[str]:
    """A one-time code in place of the password."""
    known = _wholly(visit, _known(visit, person))
    if not visit.confirm(data.password):
        return _person_page(visit, known, (say(_WRONG_PASSWORD),))
    return _code_page(visit, known)


@post("/people/{person:str}/subject", needs="people.change", status_code=200, sync_to_thread=True)
def bind(visit: TheVisit, person: FromPath[str], data: URLEncodedBody[Binding]) -> Response[str]:
    """As whom the identity provider knows somebody."""
    known, provider = _wholly(visit, _known(visit, person)), visit.door.provider
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
    if held(visit.person, found[0]) == "none":
        _refuse(visit, found[0])
    return found[0]


def _wholly(visit: Visit, person: Person) -> Person:
    """Staff of this person's sites alone: what reaches another site, or a patient, is refused."""
    if person.patient or held(visit.person, person) != "whole":
        _refuse(visit, person)
    return person


def _refuse(visit: Visit, person: Person) -> NoReturn:
    visit.refuse(person.patient or person.id, "people.change", "account")


def _changed(visit: Visit, person: Person, sent: Change) -> Person:
    """The person as they would be; more than this administrator may change is refused."""
    more = bool(_roles(sent.roles)) or bool(sent.active)
    own = _sites(visit, sent.sites)
    if person.patient:
        if more or own:
            _refuse(visit, person)
        return replace(person, active=False)
    if held(visit.person, person) == "whole":
        return replace(person, roles=_roles(sent.roles), sites=own, active=sent.active == "yes")
    if more:
        _refuse(visit, person)
    return replace(person, sites=(*_elsewhere(visit, person), *own))


def _elsewhere(visit: Visit, person: Person) -> tuple[str, ...]:
    """Their sites that this administrator has no say at."""
    return tuple(site for site in person.sites if site not in visit.person.sites)


def _roles(sent: Ticks) -> tuple[Role, ...]:
    """In the order of the table; what is no role that can be granted here is left out."""
    return tuple(role for role in _GRANTABLE if role in ticked(sent))


def _sites(visit: Visit, sent: Ticks) -> tuple[str, ...]:
    return tuple(site for site in visit.person.sites if site in ticked(sent))


def _foreign_sites(visit: Visit, sent: Ticks) -> tuple[str, ...]:
    """What is wrong with sites that were sent: each has to be one that this person administers."""
    own = ", ".join(visit.person.sites)
    return tuple(
        say("sites: {site}; accepted: {sites}", site=repr(site), sites=own)
        for site in ticked(sent)
        if site and site not in visit.person.sites
    )


def _people_page(
    visit: Visit, sent: Admission, wrong: tuple[str, ...] = (), told: Node = None
) -> Response[str]:
    everybody = visit.door.desk.people.all()
    return shell.page(
        say("People"),
        visit,
        told,
        faults(wrong),
        table(
            say("Everybody at your sites"),
            (say("Name"), say("Signs in as"), say("Roles"), say("Sites"), say("Way in"), say("Admitted")),
            (_row(visit, person) for person in everybody if held(visit.person, person) != "none"),
            stacked=True,
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
            _grants(visit, ticked(sent.roles), ticked(sent.sites)),
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
        _admitted(visit, person),
    )


def _admitted(visit: Visit, person: Person) -> Node:
    """Who vouches that they exist."""
    if person.admitted_at is None:
        return None
    time = stamp(person.admitted_at, visit.zone)
    return woven("by {person}, {time}", person=person.admitted_by, time=time)


def _way_in(visit: Visit, person: Person) -> str:
    """Where passwords let no staff in, whoever is not bound at the provider is told apart."""
    if not person.active:
        return say("closed")
    if visit.door.settings.staff_passwords or person.patient or visit.door.desk.bound(person):
        return say("open")
    return say("by one-time code alone: not bound at the identity provider")


def _grants(visit: Visit, chosen: Sequence[str], sites: Sequence[str]) -> Node:
    return [
        field.ticks("roles", say("Roles"), ((role, say(ROLE[role])) for role in _GRANTABLE), chosen),
        _sites_field(visit, sites),
    ]


def _sites_field(visit: Visit, chosen: Sequence[str]) -> Element:
    return field.ticks("sites", say("Sites"), ((site, site) for site in visit.person.sites), chosen)


def _person_page(
    visit: Visit, person: Person, wrong: tuple[str, ...] = (), told: Node = None
) -> Response[str]:
    return shell.page(
        person.name,
        visit,
        told,
        faults(wrong),
        h.p[say("Signs in as {sign_in}.", sign_in=person.sign_in)],
        h.p(".soft")[woven("Admitted {admitted}.", admitted=_admitted(visit, person))],
        _may_change(visit, person),
        status=400 if wrong else 200,
    )


def _may_change(visit: Visit, person: Person) -> Node:
    if person.patient:
        return _of_patient(visit, person)
    if held(visit.person, person) == "part":
        return _shared_form(visit, person)
    return [
        _change_form(visit, person),
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
        _subject(visit, person) if visit.door.provider else None,
    ]


def _of_patient(visit: Visit, person: Person) -> Node:
    told = say(
        "A patient. Who looks after them gives them a private link or a one-time code, on their record; "
        "an administrator does neither."
    )
    if not person.active:
        return [h.p[told], h.p[say("Closed: a new private link opens another account for them.")]]
    return [
        h.p[told],
        field.form(visit.form_token, f"/people/{person.id}", classes="narrow")[
            field.signature(), field.submit(say("Close their way in"), kind="stop")
        ],
    ]


def _shared_form(visit: Visit, person: Person) -> Node:
    """Somebody of another site too: only whether they come to this administrator's own."""
    return [
        h.p[
            say(
                "{roles}; also at {sites}. Roles, the way in and one-time codes reach there: only an "
                "administrator of all their sites changes them.",
                roles=named(person.roles),
                sites=", ".join(_elsewhere(visit, person)),
            )
        ],
        field.form(visit.form_token, f"/people/{person.id}", classes="narrow")[
            _sites_field(visit, person.sites), field.signature(), field.submit(say("Save"))
        ],
    ]


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
        _grants(visit, person.roles, person.sites),
        field.ticks("active", say("Way in"), [("yes", say("may sign in"))], ["yes"] if person.active else []),
        field.signature(),
        field.submit(say("Save")),
    ]


def _code_page(visit: Visit, person: Person) -> Response[str]:
    code = visit.door.desk.issue_code(visit.person.author, person)
    hours = int(CODE_HOLDS.total_seconds() // 3600)
    at = going_on("/code", "/")
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
