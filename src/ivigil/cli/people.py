"""``ivigil people``: the first administrator, and whoever lost every way in. All others: on the page."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

import msgspec

import ivigil
from ivigil.cli.journaling import PERSON_VARIABLE, Actions, guarded, opened
from ivigil.cli.main import OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.practice.entry import UNNAMED_SITE
from ivigil.records.entrance import Role
from ivigil.records.journal import Journal, system_clock

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ivigil.web.access.desk import Desk
    from ivigil.web.access.people import Person


class Given(msgspec.Struct, frozen=True):
    """What is handed over."""

    sign_in: str
    code: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    admit = actions.add(
        "admit", "admit somebody to the web application; prints their one-time code", writes=True
    )
    admit.add_argument("sign_in", metavar="SIGN-IN", help="what they type to sign in")
    admit.add_argument("--name", required=True, help="under which they record and sign")
    staff = [role for role in get_args(Role) if role != "patient"]
    admit.add_argument("--role", action="append", required=True, choices=staff, help="may be repeated")
    code = actions.add("code", "a one-time code in place of somebody's password", writes=True)
    code.add_argument("sign_in", metavar="SIGN-IN", help="what they type to sign in")
    join = actions.add("join", "let somebody of another site come to this one too", writes=True)
    join.add_argument("sign_in", metavar="SIGN-IN", help="what they type to sign in")
    actions.add("list", "everybody, with roles and sites")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _answered(options, opened(options)), "people")


def _answered(options: argparse.Namespace, journal: Journal) -> int:
    try:
        from ivigil.web.access.desk import Desk
    except ModuleNotFoundError as error:
        raise InputError("people sign in to the web application: install ivigil[web]") from error
    site = ivigil.load_knowledge(options.site).site.name or UNNAMED_SITE
    desk = Desk(journal, lambda: site, system_clock, "command line")
    if options.action == "list":
        everybody = desk.people.all()
        put(everybody, lambda: _everybody(everybody), as_json=options.json)
        return OK
    if not options.by:
        raise InputError(f"--by: missing; accepted: the name of who records this, or ${PERSON_VARIABLE}")
    if options.action == "join":
        return _joined(options, desk)
    person = _admitted(options, desk, site) if options.action == "admit" else _found(options, desk)
    given = Given(person.sign_in, desk.issue_code(options.by, person))
    put(given, lambda: _given(given), as_json=options.json)
    return OK


def _admitted(options: argparse.Namespace, desk: Desk, site: str) -> Person:
    from ivigil.web.access.desk import NotAdmittedError

    try:
        return desk.admit(
            options.by, sign_in=options.sign_in, name=options.name, roles=tuple(options.role), sites=(site,)
        )
    except NotAdmittedError as error:
        raise InputError(str(error)) from error


def _joined(options: argparse.Namespace, desk: Desk) -> int:
    from ivigil.web.access.desk import NotAdmittedError

    known = _found(options, desk)
    try:
        desk.join(options.by, known)
    except NotAdmittedError as error:
        raise InputError(str(error)) from error
    person = _found(options, desk)
    put(person, lambda: _everybody((person,)), as_json=options.json)
    return OK


def _found(options: argparse.Namespace, desk: Desk) -> Person:
    found = desk.people.by_sign_in(options.sign_in)
    if found is None:
        known = ", ".join(person.sign_in for person in desk.people.all()) or "nobody yet"
        raise InputError(f"{options.sign_in!r}: nobody signs in as that; accepted: {known}")
    return found[0]


def _sheet(*lines: str) -> RenderableType:
    from rich.text import Text

    return Text("\n".join(lines))


def _everybody(people: tuple[Person, ...]) -> RenderableType:
    lines = (
        f"{person.sign_in}: {person.name}; {', '.join(person.roles)}; {', '.join(person.sites)}"
        + ("" if person.active else "; no way in")
        for person in people
    )
    return _sheet(*lines) if people else _sheet("Nobody is admitted yet.")


def _given(given: Given) -> RenderableType:
    return _sheet(
        f"One-time code of {given.sign_in}: {given.code}",
        "It counts once, for three days, at the page /code of the server.",
    )
