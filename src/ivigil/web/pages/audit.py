"""The audit trail, for the auditor: who looked, who was refused, who signed, who came in, who changed whom.

It shows handles of patients and names of staff, and nothing of any record. It tells what was recorded at the
auditor's sites, of patients who were treated there, and of people who are admitted there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.params import FromQuery, URLEncodedBody

from ivigil.patient import Identifier
from ivigil.records.entrance import ReadEvent
from ivigil.records.finding import sites
from ivigil.records.kinds import tag
from ivigil.records.links import LinkRefused
from ivigil.records.lookback import contacts
from ivigil.records.trail import Within, trail
from ivigil.records.words import Record
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access.desk import PROVIDER
from ivigil.web.access.people import NEUTRAL_AUTHOR, ROLE, Person, held
from ivigil.web.given import TheVisit
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.trail import GROUPS, PLANS, told
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

MOST = 200
_EVERYTHING = tuple(tag(kind) for _, kinds in GROUPS.values() for kind in kinds)


class Choice(msgspec.Struct, frozen=True):
    """What the page was asked for; "" is any."""

    what: str = ""
    by: str = ""
    patient: str = ""
    day: str = ""


class Named(msgspec.Struct):
    """What the form sends: never in an address."""

    identifier: str = ""


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
    if patient and not sites(visit.journal, patient):
        wrong = (*wrong, say("Handle: no patient has it; find it by their identifier."))
    people = {person.id: person for person in visit.door.desk.people.all()}
    found: Sequence[Record] = ()
    if not wrong:
        found = trail(
            visit.journal,
            tuple(tag(kind) for kind in GROUPS[what][1]) if what in GROUPS else _EVERYTHING,
            author=by,
            patient=patient,
            accounts=[person.id for person in people.values() if patient and person.patient == patient],
            within=_within(visit, people),
            since=since,
            until=until,
            before=int(before) if before.isdecimal() else None,
            most=MOST,
        )
    return _page(visit, choice, people, found, wrong=wrong)


@post("/audit/handle", needs="audit.find", status_code=200, sync_to_thread=True)
def find(visit: TheVisit, data: URLEncodedBody[Named]) -> Response[str]:
    """The handle of a patient by their identifier: the look-up is recorded."""
    people = {person.id: person for person in visit.door.desk.people.all()}
    wanted = data.identifier.strip()
    if not wanted:
        wrong = (say("Identifier: missing; accepted: the whole identifier of a patient"),)
        return _page(visit, Choice(), people, None, wrong=wrong)
    handles = _handles(visit, wanted)
    for handle in handles:
        visit.read(handle, "audit.find")
    return _page(visit, Choice(), people, None, shown=_found(handles))


def _page(
    visit: Visit,
    choice: Choice,
    people: Mapping[str, Person],
    found: Sequence[Record] | None,
    *,
    wrong: tuple[str, ...] = (),
    shown: Node = None,
) -> Response[str]:
    """``found``: None where a handle was looked up, and no event."""
    headings = (say("Received"), say("Who"), say("What"), say("Whom it is about"), say("Site"))
    return shell.page(
        say("Audit trail"),
        visit,
        faults(wrong, asked=True),
        shown,
        _choices(visit, choice, people),
        _handle_form(visit, choice),
        None
        if found is None or wrong
        else table(
            say("Events, newest first"),
            headings,
            (_row(visit, record, people) for record in found),
            empty=say("No such event."),
            stacked=True,
        ),
        h.p(".soft")[
            say("A look at a patient stands here once an hour for each person and each thing they look at.")
        ],
        _older(found or (), choice),
        styles=("patients.css",),
        status=400 if wrong else 200,
    )


def _within(visit: Visit, people: Mapping[str, Person]) -> Within:
    ours = (person.id for person in people.values() if held(visit.person, person) != "none")
    return Within(visit.person.sites, tuple(ours))


def _ours(visit: Visit, stream: str) -> bool:
    return bool(set(sites(visit.journal, stream)) & set(visit.person.sites))


def _handles(visit: Visit, wanted: str) -> tuple[str, ...]:
    """Patients of this person's sites with this identifier, of whatever system; or with this handle."""
    known = contacts(visit.journal)
    named = [stream for stream, who in known.items() if who.patient.value.casefold() == wanted.casefold()]
    systems = {who.patient.system for who in known.values()}
    unnamed = [visit.journal.stream(Identifier(system, wanted)) for system in sorted(systems)]
    return tuple(each for each in dict.fromkeys((*named, *unnamed, wanted)) if _ours(visit, each))


def _found(handles: tuple[str, ...]) -> Element:
    if not handles:
        return notice("info", h.p[say("Nobody of your sites has this identifier.")])
    links = (h.li[_link(handle)] for handle in handles)
    return notice("info", h.p[say("Their handle; that you looked it up is recorded:")], h.ul[links])


def _of(handle: str) -> str:
    return f"/audit?{urlencode({'patient': handle})}"


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


def _choices(visit: Visit, choice: Choice, people: Mapping[str, Person]) -> Element:
    ours = (person for person in people.values() if held(visit.person, person) != "none")
    authors = sorted({person.author for person in ours})
    kinds = [("", say("everything")), *((key, say(text)) for key, (text, _) in GROUPS.items())]
    return h.form(".filter", method="get", action="/audit")[
        field.choice("what", say("What"), kinds, choice.what),
        field.choice(
            "by",
            say("Who"),
            [("", say("everybody")), *((name, _author(name)) for name in authors)],
            choice.by,
        ),
        h.input(type="hidden", name="patient", value=choice.patient) if choice.patient else None,
        field.text("day", say("Day, as 2026-12-01"), choice.day, required=False),
        field.submit(say("Show"), kind="plain"),
    ]


def _handle_form(visit: Visit, choice: Choice) -> Node:
    """From an identifier to the handle; it is sent, so that it stands in no address."""
    if choice.patient:
        everybody = h.a(href="/audit")[say("everybody")]
        handle = h.code[choice.patient]
        return h.p[
            woven("About patient {handle} alone; about {everybody}.", handle=handle, everybody=everybody)
        ]
    return h.details[
        h.summary[say("One patient alone")],
        field.form(visit.form_token, "/audit/handle", classes="narrow")[
            field.text(
                "identifier",
                say("Identifier or handle of a patient"),
                hint=say("Whole. That you look it up is recorded."),
            ),
            field.submit(say("Find the handle"), kind="plain"),
        ],
    ]


def _row(visit: Visit, record: Record, people: Mapping[str, Person]) -> tuple[Node, ...]:
    names = {person.id: person.name for person in people.values()}
    return (
        stamp(record.received_at, visit.zone),
        _who(visit, record, people),
        told(record, names),
        _about(visit, record, people),
        record.site,
    )


def _who(visit: Visit, record: Record, people: Mapping[str, Person]) -> Node:
    """Who did it; who signed a plan, with whoever vouched that they exist."""
    if isinstance(record.body, LinkRefused):
        return say("somebody with the link")
    if isinstance(record.body, ReadEvent):
        by = people.get(record.body.person)
        return by.name if by else _author(record.author)
    signer = next((person for person in people.values() if person.name == record.author), None)
    if record.kind not in PLANS or signer is None:
        return _author(record.author)
    admitted = say("admitted by {person}", person=signer.admitted_by)
    return [signer.name, h.br, h.span(".soft")[admitted]]


def _about(visit: Visit, record: Record, people: Mapping[str, Person]) -> Node:
    """The patient by handle, somebody by name, or a fact."""
    person = people.get(record.subject)
    if person is not None and not person.patient and person.author == record.author:
        return "–"  # themselves
    if person is not None:
        return [person.name, " ", _link(person.patient)] if person.patient else person.name
    kind = visit.journal.kinds.get(record.kind)
    match kind.about if kind else "":
        case "patient" | "plan" | "infusion":
            return _link(record.stream)
        case "reads" if record.subject:
            return _link(record.subject)
        case "link":
            return _link(visit.door.links.patient(record.subject))
        case "fact":
            return h.code[record.subject]
    return "–"


def _link(handle: str) -> Element:
    return h.a(href=_of(handle))[h.code[handle]]


_NOBODY = {PROVIDER: texts("identity provider"), NEUTRAL_AUTHOR: ROLE["patient"]}
"""Authors that are nobody's name."""


def _author(name: str) -> str:
    return say(_NOBODY[name]) if name in _NOBODY else name


def _older(found: Sequence[Record], choice: Choice) -> Node:
    if len(found) < MOST:
        return None
    hidden = msgspec.structs.asdict(choice) | {"before": str(found[-1].position)}
    return h.form(method="get", action="/audit")[
        (h.input(type="hidden", name=name, value=value) for name, value in hidden.items()),
        field.submit(say("Older"), kind="plain"),
    ]


routes = [audit, find]
