"""The table: role by action by reach. It stands here alone; guards read it, and so may an administrator.

An action names what somebody does; a grant, which role may do it and how far that reaches:

site       without a patient, or for any patient of a site of theirs
patients   for any patient of a site of theirs; broken glass opens one more
own        for the patient that they are
self       for their own account
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ivigil.records.entrance import Role
from ivigil.sheets.spoken import texts
from ivigil.web.access.people import Person

PUBLIC = "public"
"""What a handler needs that anybody may ask for, signed in or not."""

Reach = Literal["site", "patients", "own", "self"]
Missing = Literal["role", "site", "relationship", "account"]
"""account: it is somebody's whom the person does not administer, or a patient's."""

REACH: dict[Reach, str] = texts({"site": "site", "patients": "patients", "own": "own", "self": "self"})
"""As a page calls them."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Something that people do, and who may."""

    name: str
    text: str
    grants: dict[Role, Reach]
    signs: bool = False
    """Asks for the password again each time."""
    when_locked: bool = False
    """Also on a locked screen: whoever holds the patient's safety up has no hand for a PIN, and a board on
    the wall, which names nobody, is touched by nobody."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The patient whom an action is about."""

    stream: str
    sites: tuple[str, ...]
    """Where anything was recorded about them."""
    opened: bool = False
    """The person broke the glass for them, and it still counts."""


_CARE: tuple[Role, ...] = ("prescriber", "pharmacist", "nurse")
_STAFF: tuple[Role, ...] = (*_CARE, "administrator", "auditor")


def _to(reach: Reach, *roles: Role) -> dict[Role, Reach]:
    return dict.fromkeys(roles, reach)


_ALL = (
    Action(
        name="board.read", text=texts("see today's infusions"), grants=_to("site", *_CARE), when_locked=True
    ),
    Action(name="chair.read", text=texts("look at an infusion"), grants=_to("patients", *_CARE)),
    Action(
        name="chair.record",
        text=texts("record what happens at a chair"),
        grants=_to("patients", "prescriber", "nurse"),
    ),
    Action(
        name="chair.stop",
        text=texts("record that an infusion was stopped, paused or slowed"),
        grants=_to("patients", *_CARE),
        when_locked=True,
    ),
    Action(name="plan.make", text=texts("try an order"), grants=_to("site", "prescriber", "pharmacist")),
    Action(name="plan.read", text=texts("read a plan"), grants=_to("patients", *_CARE)),
    Action(
        name="plan.add",
        text=texts("put a plan into the journal"),
        grants=_to("patients", "prescriber", "pharmacist"),
    ),
    Action(name="plan.prescribe", text=texts("prescribe"), grants=_to("patients", "prescriber"), signs=True),
    Action(name="plan.verify", text=texts("verify a plan"), grants=_to("patients", "pharmacist"), signs=True),
    Action(
        name="plan.release",
        text=texts("release a plan"),
        grants=_to("patients", "prescriber", "pharmacist"),
        signs=True,
    ),
    Action(
        name="plan.withdraw",
        text=texts("withdraw a plan"),
        grants=_to("patients", "prescriber", "pharmacist"),
        signs=True,
    ),
    Action(
        name="patient.read",
        text=texts("read a patient's record"),
        grants=_to("patients", *_CARE) | _to("own", "patient"),
    ),
    Action(
        name="file.find",
        text=texts("find a patient by name or identifier"),
        grants=_to("site", *_CARE),
    ),
    Action(
        name="file.read",
        text=texts("see a patient's file, and who looked at it, as the team"),
        grants=_to("patients", *_CARE),
    ),
    Action(
        name="patient.report",
        text=texts("report symptoms, answer a check-in, write the diary"),
        grants=_to("patients", "prescriber", "nurse") | _to("own", "patient"),
    ),
    Action(
        name="patient.contact",
        text=texts("record how a patient is reached"),
        grants=_to("patients", *_CARE),
    ),
    Action(
        name="patient.export",
        text=texts("take a patient's data away"),
        grants=_to("own", "patient"),
    ),
    Action(
        name="patient.invite", text=texts("give a patient a private link"), grants=_to("patients", *_CARE)
    ),
    Action(name="follow_up.list", text=texts("see what waits for an answer"), grants=_to("site", *_CARE)),
    Action(
        name="follow_up.read",
        text=texts("look at the days after an infusion"),
        grants=_to("patients", *_CARE),
    ),
    Action(
        name="follow_up.record",
        text=texts("record results and what followed"),
        grants=_to("patients", "prescriber", "nurse"),
    ),
    Action(name="levels.read", text=texts("see IgG levels and forecasts"), grants=_to("patients", *_CARE)),
    Action(
        name="levels.aim",
        text=texts("seek a dose for a target trough"),
        grants=_to("patients", "prescriber", "pharmacist"),
    ),
    Action(
        name="lots.find",
        text=texts("trace a lot to its patients, by initials"),
        grants=_to("site", *_CARE),
    ),
    Action(
        name="lots.read",
        text=texts("see whom a lot reached, by name, and write to them"),
        grants=_to("site", *_CARE),
    ),
    Action(name="facts.read", text=texts("read the fact base"), grants=_to("site", *_STAFF)),
    Action(
        name="facts.sign",
        text=texts("sign a fact, or a proposed setting, for the site"),
        grants=_to("site", "prescriber", "pharmacist"),
        signs=True,
    ),
    Action(
        name="facts.withdraw",
        text=texts("take back what was signed under a fact or a setting"),
        grants=_to("site", "prescriber", "pharmacist"),
        signs=True,
    ),
    Action(
        name="settings.propose",
        text=texts("propose a setting of the site"),
        grants=_to("site", "prescriber", "pharmacist"),
        signs=True,
    ),
    Action(name="status.read", text=texts("see how the server does"), grants=_to("site", *_STAFF)),
    Action(
        name="journal.verify",
        text=texts("verify the whole journal"),
        grants=_to("site", "administrator", "auditor"),
    ),
    Action(name="people.read", text=texts("see people and roles"), grants=_to("site", "administrator")),
    Action(
        name="people.change",
        text=texts("admit people, change roles, reset passwords"),
        grants=_to("site", "administrator"),
        signs=True,
    ),
    Action(name="audit.read", text=texts("read the audit trail"), grants=_to("site", "auditor")),
    Action(
        name="audit.find",
        text=texts("find a patient's handle by their identifier"),
        grants=_to("site", "auditor"),
    ),
    Action(
        name="glass.break",
        text=texts("open a patient of another site, with a reason"),
        grants=_to("site", *_CARE),
    ),
    Action(
        name="account.manage",
        text=texts("change one's own password and PIN, sign out"),
        grants=_to("self", *_STAFF, "patient"),
    ),
)

ACTIONS = {action.name: action for action in _ALL}


def missing(person: Person, site: str, action: Action, subject: Subject | None = None) -> Missing | None:
    """What a person lacks for an action at a site, about a patient or none; None: they may."""
    reaches = {action.grants[role] for role in person.roles if role in action.grants}
    if not reaches or not person.active:
        return "role"
    if reaches == {"self"}:
        return None
    if site not in person.sites:
        return "site"
    if subject is None:
        return None
    if "own" in reaches and subject.stream == person.patient:
        return None
    if not reaches & {"site", "patients"}:
        return "relationship"
    if subject.opened or set(subject.sites) & set(person.sites):
        return None
    return "relationship"
