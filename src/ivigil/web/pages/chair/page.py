"""The documents of the chair: the page, a live part of it, the locked screen, a device's empty page."""

from __future__ import annotations

from collections.abc import Callable

import htpy as h
from htpy import Element, Node
from litestar import MediaType, Response

from ivigil.infusion.events import Corrected, Event, Paused, RateSet, Stopped
from ivigil.practice.deeds import parts
from ivigil.sheets.entries import entry_line
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.pages.chair.banner import banner, masked
from ivigil.web.pages.chair.device import device, script_texts
from ivigil.web.pages.chair.entries import PART as RECORD
from ivigil.web.pages.chair.entries import entries, unwritten
from ivigil.web.pages.chair.forms import entry_id, tap
from ivigil.web.pages.chair.halts import halts, spare_halts
from ivigil.web.pages.chair.now import EVERY_SECONDS, now
from ivigil.web.pages.chair.now import PART as NOW
from ivigil.web.pages.chair.story import PART as STORY
from ivigil.web.pages.chair.story import another_patient, story
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import live
from ivigil.web.visit import Visit

_SCRIPTS, _STYLES = ("chair.js", "chair-find.js"), ("chair.css",)
_KEPT = (
    "tokens.css",
    "base.css",
    "chair.css",
    "live.js",
    "renew.js",
    "leave.js",
    "build.js",
    "texts.js",
    "chair.js",
    "chair-find.js",
    "chair-store.js",
    "icon.svg",
)
"""Files that the page needs without a connection."""
_LOCKED = "locked"
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
        spare_halts(view),
        banner=banner(view),
        scripts=_SCRIPTS,
        styles=_STYLES,
        status=status,
    )


def part(view: ChairView, name: str) -> Response[str] | None:
    """One live part; None if it is none of them."""
    made: dict[str, Callable[[], Node]] = {
        NOW: lambda: [now(view), halts(view)],
        STORY: lambda: story(view),
        RECORD: lambda: entries(view),
    }
    return shell.part(made[name]()) if name in made else None


def locked(view: ChairView) -> Response[str]:
    """What a locked screen still does: the same bar, alive; nothing of the patient."""
    part = live(_LOCKED, view.path_locked, view.report.at, every=EVERY_SECONDS)[h.p[_shut(view)]]
    if view.visit.part == _LOCKED:
        return shell.part([part, halts(view)])
    return shell.page(
        say("Locked"),
        None,
        device(view, view.path_locked),
        h.div(".chair.shut")[_halted(view), part],
        h.p[h.a(".button.main", href=f"/unlock?next={view.path}")[say("Unlock")]],
        halts(view),
        spare_halts(view),
        banner=masked(view),
        scripts=_SCRIPTS,
        styles=_STYLES,
    )


def _shut(view: ChairView) -> str:
    if view.state.connected:
        return say("Nobody touched this screen for a while. Stop and Slow work all the same.")
    return say("Nobody touched this screen for a while. By what is recorded nothing flows.")


def _halted(view: ChairView) -> Node:
    """What was tapped on the locked screen; nothing else is told there."""
    done = [event for event in _written(view) if isinstance(event.what, Stopped | Paused | RateSet)]
    return _told(view, done, None) if done else None


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
    written = _written(view)
    if not written:
        return None
    return _told(view, written, _undo(view, written) if len(_ids(view)) == 1 else None)


def _ids(view: ChairView) -> list[str]:
    return [name for name in map(entry_id, view.done.split(",")) if name]


def _written(view: ChairView) -> list[Event]:
    ids = {part for name in _ids(view) for part in parts(name, view.report.events)}
    return [event for event in view.report.events if event.id in ids]


def _told(view: ChairView, written: list[Event], undo: Node) -> Element:
    line = "; ".join(entry_line(event.what, view.knowledge, view.state.vials) for event in written)
    wrong = any(another_patient(view, event) for event in written)
    return h.div(".done", role="status")[
        notice(
            "stop" if wrong else "go",
            h.p[h.b[say("This is NOT the patient of this plan. Do not go on.")]] if wrong else None,
            h.p[say("Recorded at {time}: {what}.", time=view.clock.time(written[0].at), what=line)],
            undo,
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
