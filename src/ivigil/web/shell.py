"""The shell: the document around every page. ``page`` gives the whole answer, ``part`` one part alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import htpy as h
from htpy import Element, Node
from litestar import MediaType, Response

from ivigil.sheets.spoken import say, spoken, texts
from ivigil.web.access.people import named
from ivigil.web.build import BUILD
from ivigil.web.parts import notice
from ivigil.web.parts.field import form, submit
from ivigil.web.parts.spare import spare
from ivigil.web.visit import Visit

STATIC = Path(__file__).parent / "static"
STATIC_PATH = f"/static/{BUILD}"
"""A new version has new addresses, so that a browser never mixes two."""

NAVIGATION = (
    ("board.read", "/board", texts("Board")),
    ("follow_up.list", "/inbox", texts("Inbox")),
    ("plan.make", "/plans/new", texts("New plan")),
    ("board.read", "/plans", texts("Plans")),
    ("file.find", "/patients", texts("Patients")),
    ("lots.find", "/lots", texts("Lots")),
    ("facts.read", "/facts", texts("Facts")),
    ("facts.read", "/products", texts("Products")),
    ("status.read", "/status", texts("Status")),
    ("people.read", "/people", texts("People")),
    ("audit.read", "/audit", texts("Audit trail")),
)
"""What it needs, where it is, what it is called: in the order of the page's head."""

_LEAVE = texts(
    {
        "one": "{count} entry of yours on this device not yet saved: open the chair with a connection. "
        "Sign out again to lose it.",
        "many": "{count} entries of yours on this device not yet saved: open the chair with a connection. "
        "Sign out again to lose them.",
    }
)
"""What leave.js says."""


def page(
    title: str,
    visit: Visit | None,
    *content: Node,
    banner: Node = None,
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
    status: int = 200,
) -> Response[str]:
    """The whole page. ``visit``: None before sign-in. ``banner``: whom the page is about, always in view.

    ``scripts`` and ``styles`` are names in ``static/``; every page has base.css and live.js.
    """
    made = document(title, visit, *content, banner=banner, scripts=scripts, styles=styles)
    return Response(str(made), media_type=MediaType.HTML, status_code=status)


def part(element: Node) -> Response[str]:
    """One part of a page alone: what the live module makes the element with the same id like.

    Several elements, each with its id: the part, and what is renewed with it.
    """
    return Response(str(h.fragment[element]), media_type=MediaType.HTML)


def static(name: str) -> str:
    """Address of a file in ``static/``."""
    return f"{STATIC_PATH}/{name}"


def document(
    title: str,
    visit: Visit | None,
    *content: Node,
    banner: Node = None,
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
) -> Element:
    """The HTML document of a page for the team."""
    body = h.body[
        h.a(".skip", href="#content")[say("Skip to the content")],
        _head(visit),
        h.div(".banner", role="region", aria_label=say("Whom this page is about"))[banner]
        if banner
        else None,
        _newer(visit),
        h.main("#content", tabindex="-1")[h.h1[title], content],
        _foot(visit),
        spare("leave-texts", {name: say(text) for name, text in _LEAVE.items()}),
    ]
    return html(title, visit, body, scripts=scripts, styles=styles)


def html(
    title: str,
    visit: Visit | None,
    body: Element,
    *,
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
    lang: str = "",
) -> Element:
    """A whole document around a body, with the sheets and modules of every page. ``lang``: "": staff's."""
    return h.html(lang=lang or spoken())[
        h.head[
            h.meta(charset="utf-8"),
            h.title[f"{title} · Ivigil"],
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.meta(name="build", content=BUILD),
            h.meta(name="form-token", content=visit.form_token) if visit else None,
            h.link(rel="icon", href=static("icon.svg"), type="image/svg+xml"),
            [h.link(rel="stylesheet", href=static(name)) for name in ("tokens.css", "base.css", *styles)],
            [h.script(type="module", src=static(name)) for name in ("live.js", "leave.js", *scripts)],
        ],
        body,
    ]


def _newer(visit: Visit | None) -> Element:
    """Shown by ``build.js`` once another version answers. An answer to a form cannot be asked for again."""
    told = say("A newer version of Ivigil runs here now. What is recorded is kept, and what waits is sent.")
    return h.div("#newer", role="status", hidden=True)[
        notice.notice(
            "info",
            h.p[told],
            h.button(".plain", type="button")[say("Reload")] if visit is None or visit.asked else None,
        )
    ]


def _head(visit: Visit | None) -> Element:
    return h.header(".head")[
        h.a(".brand", href="/")["Ivigil"],
        _navigation(visit) if visit else None,
        _person(visit) if visit else None,
    ]


def _navigation(visit: Visit) -> Element:
    return h.nav(aria_label=say("Pages"))[
        h.ul[
            (
                h.li[h.a(href=path, aria_current="page" if visit.path == path else None)[say(text)]]
                for action, path, text in NAVIGATION
                if visit.may(action)
            )
        ]
    ]


def _person(visit: Visit) -> Element:
    return h.div(".person", data_user=visit.person.id)[
        h.a(href="/account")[visit.person.name],
        h.span(".soft")[named(visit.roles)],
        form(visit.form_token, "/sign-out")[submit(say("Sign out"), kind="quiet")],
    ]


def _foot(visit: Visit | None) -> Element:
    loosened = visit.knowledge.loosened if visit else ()
    return h.footer(".foot")[
        notice.notice("slow", say("Demonstration: every person and patient here is fictional."))
        if visit and visit.door.settings.demo
        else None,
        notice.notice("slow", say("Loosened by this site: {policies}", policies=", ".join(loosened)))
        if loosened
        else None,
        h.p[
            say(
                "Ivigil supports a professional’s decision and does not replace it. "
                "It is not cleared as a medical device anywhere."
            )
        ],
        h.p(".soft")[say("{site} · facts {version}", site=visit.site, version=visit.knowledge.version)]
        if visit
        else None,
    ]
