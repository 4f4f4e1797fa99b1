"""The documents of the chair: the page, a live part of it, the locked screen, a device's empty page."""

from __future__ import annotations

import htpy as h
from htpy import Node
from litestar import MediaType, Response

from ivigil.infusion.events import Corrected, Event, Stopped
from ivigil.practice.deeds import parts
from ivigil.sheets.entries import entry_line
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.pages.chair.banner import banner, masked
from ivigil.web.pages.chair.device import device, script_texts
from ivigil.web.pages.chair.entries import entries, unwritten
from ivigil.web.pages.chair.forms import entry_id, tap
from ivigil.web.pages.chair.halts import halts
from ivigil.web.pages.chair.now import PART as NOW
from ivigil.web.pages.chair.now import now
from ivigil.web.pages.chair.story import PART as STORY
from ivigil.web.pages.chair.story import another_patient, story
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.notice import notice
from ivigil.web.visit import Visit

_SCRIPTS, _STYLES = ("chair.js", "chair-find.js"), ("chair.css",)
_KEPT = (
    "tokens.css",
    "base.css",
    "chair.css",
    "live.js",
    "leave.js",
    "build.js",
    "texts.js",
    "chair.js",
    "chair-find.js",
    "chair-store.js",
    "icon.svg",
)
"""Files that the page needs without a connection."""
_GIVES_NOTHING = texts(
    {
        "blocked": "This plan is blocked: nothing may be given.",
        "dose_only": "This plan names a dose and no product: there is nothing to infuse yet.",
        "no_such_day": "This plan has no such day.",
    }
)


def whole(view: ChairView, *, status: int = 200) -> Response[str]:
    """The page."""
    return shell.page(
        say("Chair: day {day}", day=f"{view.day}"),
        view.visit,
        device(view),
        h.div(".chair")[_done(view), unwritten(view), now(view), entries(view), story(view)],
        halts(view),
        banner=banner(view),
        scripts=_SCRIPTS,
        styles=_STYLES,
        status=status,
    )


def part(view: ChairView, name: str) -> Response[str] | None:
    """One live part; None if it is none of them."""
    made = {NOW: now, STORY: story}.get(name)
    return shell.part(made(view)) if made else None


def locked(view: ChairView) -> Response[str]:
    """What a locked screen still does."""
    return shell.page(
        say("Locked"),
        None,
        h.p[say("Nobody touched this screen for a while. Stop and Slow work all the same.")],
        h.p[h.a(".button.main", href=f"/unlock?next={view.path}")[say("Unlock")]],
        halts(view),
        banner=masked(view),
        styles=_STYLES,
    )


def nothing(visit: Visit, code: str) -> Response[str]:
    """A plan that gives nothing has no chair."""
    return shell.page(say("Chair"), visit, notice("stop", h.p[say(_GIVES_NOTHING[code])]), status=404)


def offline() -> Response[str]:
    """No patient in it: the device puts in what it last knew."""
    made = shell.document(
        say("Chair"),
        None,
        h.p("#restored")[say("There is no connection, and this device holds nothing of this infusion.")],
        script_texts(),
        scripts=_SCRIPTS,
        styles=_STYLES,
    )
    return Response(str(made), media_type=MediaType.HTML)


def worker() -> str:
    """The service worker with the addresses of this version's files."""
    kept = ", ".join(f'"{shell.static(name)}"' for name in _KEPT)
    head = f'const VERSION = "{shell.STATIC_PATH}";\nconst FILES = ["/chair/offline", {kept}];\n'
    return head + (shell.STATIC / "chair-worker.js").read_text()


def _done(view: ChairView) -> Node:
    """What was just recorded, and how it is undone."""
    named = [name for name in map(entry_id, view.done.split(",")) if name]
    ids = [part for name in named for part in parts(name, view.report.events)]
    written = [event for event in view.report.events if event.id in ids]
    if not written:
        return None
    line = "; ".join(entry_line(event.what, view.knowledge, view.state.vials) for event in written)
    wrong = any(another_patient(view, event) for event in written)
    return h.div(".done", role="status")[
        notice(
            "stop" if wrong else "go",
            h.p[h.b[say("This is NOT the patient of this plan. Do not go on.")]] if wrong else None,
            h.p[say("Recorded at {time}: {what}.", time=view.clock.time(written[0].at), what=line)],
            _undo(view, written) if len(named) == 1 else None,
        )
    ]


def _undo(view: ChairView, written: list[Event]) -> Node:
    if any(isinstance(event.what, Corrected) for event in written):
        return None
    named = {"event": " ".join(event.id for event in written)}
    stopped = any(isinstance(event.what, Stopped) for event in written)
    return h.div(".taps")[
        tap(view, "withdraw", say("Undo"), {**named, "reason": say("undone at once")}, importance="plain"),
        tap(
            view,
            "withdraw",
            say("It is only paused"),
            {**named, "reason": say("it is only paused"), "paused": "yes"},
            importance="plain",
        )
        if stopped
        else None,
    ]
