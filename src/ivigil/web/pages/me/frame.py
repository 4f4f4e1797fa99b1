"""Around every page of a patient: whom to call, the way about, the language. English and marked where no
translation may be shown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import cached_property

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import MediaType, Response, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from ivigil.aftercare.team_hours import watching_at
from ivigil.knowledge.reactions import URGENCIES, Urgency
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.practice.file import File, open_file
from ivigil.practice.reports import waiting
from ivigil.records.lookback import contact_of
from ivigil.sheets.check_ins import who_reads
from ivigil.sheets.triage import TITLE, call_line, emergency_line
from ivigil.sheets.wording import MARK, Wording, languages
from ivigil.web import shell
from ivigil.web.access.way_in import Door
from ivigil.web.given import Asked, TheVisit
from ivigil.web.parts import notice
from ivigil.web.parts.field import form, submit
from ivigil.web.paths import ours
from ivigil.web.visit import Visit

LANGUAGE = "ivigil-language"
_PRESSING: dict[Urgency | None, str] = {"emergency_now": "stop", "same_day": "slow"}
_A_YEAR = 365 * 24 * 3600
_OWN_NAMES = {"en": "English", "es": "Español", "fr": "Français"}
"""Of languages, as their readers know them."""


class Reader(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A patient who reads, or who cares for them."""

    visit: Visit
    say: Wording

    @property
    def stream(self) -> str:
        return self.visit.person.patient

    @property
    def knowledge(self) -> Knowledge:
        return self.visit.knowledge

    def file(self) -> File:
        """As it was when it was first asked for."""
        return self._file

    @cached_property
    def _file(self) -> File:
        return open_file(self.visit.journal, self.stream, self.knowledge, self.visit.now)


def reader(request: Asked, visit: Visit, action: str = "patient.read") -> Reader:
    """The patient of a visit; for anybody else there is no such page. The read is recorded."""
    if not visit.person.patient:
        raise NotFoundException(detail="for patients alone")
    visit.read(visit.person.patient, action)
    return Reader(visit=visit, say=wording(request, visit.knowledge))


def wording(request: Asked, knowledge: Knowledge) -> Wording:
    """In the language that was chosen in this browser."""
    chosen = request.cookies.get(LANGUAGE, ENGLISH)
    return Wording(knowledge, chosen if chosen in languages(knowledge) else ENGLISH)


def told(text: str) -> Node:
    """A text; one that is shown in English to somebody who reads another language is marked as English."""
    return h.span(lang="en")[text] if MARK in text else text


def listed(paragraphs: Iterable[str]) -> Node:
    """Paragraphs of a sheet: those that start with "- " are items of a list."""
    made: list[Node] = []
    items: list[str] = []
    for text in (*paragraphs, ""):
        if text.startswith("- "):
            items.append(text.removeprefix("- "))
            continue
        if items:
            made.append(h.ul[[h.li[told(item)] for item in items]])
            items = []
        if text:
            made.append(h.p[told(text)])
    return made


def call(text: str, phone: str, *, classes: str = "") -> Element | None:
    """A telephone number that a phone dials at a touch; None if there is no number."""
    number = re.sub(r"[^0-9+]", "", phone)
    return h.a(href=f"tel:{number}", class_=f"call {classes}".strip())[told(text)] if number else None


def emergency(say: Wording, knowledge: Knowledge) -> Element:
    """What stands first on every page: danger, whom to call, and that nobody is reading."""
    site = knowledge.site
    return h.section(".emergency", aria_label=say("Whom do you call?"))[
        h.p[told(emergency_line(say, knowledge))],
        h.div(".calls")[
            call(
                say.urgent("EMERGENCY: call {phone}.", phone=site.emergency_phone),
                site.emergency_phone,
                classes="danger",
            ),
            call(say("Questions: call {phone}.", phone=site.contact_phone), site.contact_phone),
            call(
                say.urgent("Nights and weekends: {phone}", phone=site.after_hours_phone),
                site.after_hours_phone,
            ),
        ],
    ]


def watched(who: Reader) -> Node:
    """Whether anybody of the team reads now, by the hours of the site; without hours nobody does."""
    watch = watching_at(who.knowledge, who.visit.now)
    lines = who_reads(who.say, watch, who.visit.now, who.knowledge)
    return h.div(".unread")[[h.p[told(line)] for line in lines]]


def moment(say: Wording, at: dt.datetime) -> str:
    """Day and time in words."""
    return say("{day}, {time}", day=say.day(at.date()), time=f"{at:%H:%M}")


def page(
    who: Reader, title: str, *content: Node, status: int = 200, shown: Urgency | None = None
) -> Response[str]:
    """A whole page for a patient. shown: how urgent the answer is that its content begins with."""
    visit, say = who.visit, who.say
    body = h.body(".me")[
        h.a(".skip", href="#content")[say("Skip to the content")],
        emergency(say, visit.knowledge),
        h.header(".way")[
            h.nav(aria_label=say("Pages"))[
                h.ul[
                    [
                        h.li[h.a(href=path, aria_current="page" if visit.path == path else None)[told(text)]]
                        for path, text in _ways(say)
                    ]
                ]
            ],
        ],
        h.main("#content", tabindex="-1")[_for(who), _open(who, shown), h.h1[told(title)], content],
        _foot(who),
    ]
    return answer(shell.html(_plain(title), visit, body, styles=("me.css",), lang=say.language), status)


def outside(
    request: Asked, title: str, *content: Node, status: int = 200, known: Knowledge | None = None
) -> Response[str]:
    """A page for a patient who is not signed in, or whose request failed. The numbers stand first here too.

    Raises KnowledgeError where the site's settings cannot be read: then nobody knows the numbers.
    """
    door: Door = request.app.state.door
    known = known or door.known()
    say = wording(request, known)
    body = h.body(".me")[emergency(say, known), h.main("#content")[h.h1[told(title)], content]]
    return answer(shell.html(_plain(title), None, body, styles=("me.css",), lang=say.language), status)


def is_patients(request: Asked, path: str) -> bool:
    """Whether a page is for a patient: they are signed in, or it leads to their own pages."""
    person = request.scope.get("user")
    return bool(person.patient) if person is not None else path == "/me" or path.startswith("/me/")


def _open(who: Reader, shown: Urgency | None) -> Node:
    """What was told, must not wait, and is not settled by the team: the most urgent, above all else."""
    records = who.visit.journal.read(who.stream)
    found = [each for each in waiting(records, who.stream, who.knowledge) if each.urgency in _PRESSING]
    if not found:
        return None
    pressing = max(found, key=lambda each: URGENCIES.index(each.urgency or "emergency_now"))
    if pressing.urgency is None or pressing.call is None:
        return None
    if shown is not None and URGENCIES.index(shown) >= URGENCIES.index(pressing.urgency):
        return None
    say = who.say
    title = say.urgent(TITLE[pressing.urgency])
    when = moment(say, pressing.last_at.astimezone(who.visit.now.tzinfo))
    return h.section(f".answer.open.{_PRESSING[pressing.urgency]}", aria_label=_plain(title))[
        h.p(".urgency")[told(title)],
        h.p(".lead")[told(call_line(pressing.call, who.knowledge, say))],
        h.p[
            told(say("You told us this: {when}. It holds until your team has dealt with it.", when=when)),
            " ",
            h.a(href=f"/me/answers/{pressing.last}")[told(say("See what you told us"))],
        ],
    ]


def _for(who: Reader) -> Node:
    """Whose page it is: somebody may care for two."""
    contact = contact_of(who.visit.journal, who.stream)
    return h.p(".for")[told(who.say("For: {patient}", patient=contact.name))] if contact else None


def answer(document: Element, status: int = 200) -> Response[str]:
    return Response(str(document), media_type=MediaType.HTML, status_code=status)


def _ways(say: Wording) -> tuple[tuple[str, str], ...]:
    return (
        ("/me", say("Start")),
        ("/me/wrong", say("Something is wrong")),
        ("/me/diary", say("Diary")),
        ("/me/treatment", say("My treatment")),
        ("/me/papers", say("My papers")),
    )


def _plain(text: str) -> str:
    return text.removeprefix(MARK)


def _foot(who: Reader) -> Element:
    visit, say = who.visit, who.say
    notes = say.unsigned()
    if say.language != ENGLISH:
        notes = [say("What stands after [English] is in English. Ask for an interpreter."), *notes]
    return h.footer(".foot")[
        notice.notice("slow", "Demonstration: every person and patient here is fictional.")
        if visit.door.settings.demo
        else None,
        [h.p[told(note)] for note in notes],
        form(visit.form_token, "/me/language", classes="languages")[
            h.input(type="hidden", name="next", value=visit.path),
            [
                h.button(
                    ".quiet",
                    type="submit",
                    name="language",
                    value=code,
                    lang=code,
                    aria_pressed="true" if code == say.language else "false",
                )[_OWN_NAMES.get(code, name)]
                for code, name in languages(visit.knowledge).items()
            ],
        ],
        form(visit.form_token, "/sign-out")[submit(_plain(say("Sign out")), kind="plain")],
        h.p(".soft")[visit.site],
        h.p(".soft")[told(say("This does not replace talking to your care team."))],
    ]


class Language(msgspec.Struct):
    """Which one, and where to go on."""

    language: str = ENGLISH
    next: str = "/me"


@post("/me/language", needs="patient.read", status_code=303)
async def choose_language(request: Asked, visit: TheVisit) -> Redirect:
    """Read in another language from now on, in this browser."""
    sent = await request.form()
    door: Door = visit.door
    chosen = str(sent.get("language", ENGLISH))
    known = chosen if chosen in languages(visit.knowledge) else ENGLISH
    cookie = Cookie(
        key=LANGUAGE,
        value=known,
        max_age=_A_YEAR,
        path="/",
        secure=door.settings.behind_proxy,
        httponly=True,
        samesite="lax",
    )
    return Redirect(ours(str(sent.get("next", "/me"))), status_code=303, cookies=[cookie])


routes = [choose_language]
