"""What went wrong, for a patient: in their language, what it means for what they sent, where to go on."""

from __future__ import annotations

import htpy as h
from litestar import Response

from ivigil.sheets.wording import Wording
from ivigil.web.access.way_in import Door
from ivigil.web.given import Asked
from ivigil.web.pages.me.frame import outside, told, wording
from ivigil.web.parts.notice import notice


def failed_page(request: Asked, status: int, *, stale: bool = False, reference: str = "") -> Response[str]:
    """The page. ``stale``: a form that is out of date; ``reference``: of a fault of ours.

    Raises KnowledgeError where nobody knows the numbers to call.
    """
    door: Door = request.app.state.door
    known = door.known(journal=status != 503)
    say = wording(request, known)
    title, texts = _stale(say) if stale else _words(say, status, reference)
    href, called = "/me", say("Back to the start")
    if status == 401:
        href, called = "/sign-in?next=/me", say("Sign in")
    return outside(
        request,
        title,
        notice("stop", [h.p[told(text)] for text in texts], urgent=True),
        h.p[h.a(href=href)[told(called)]],
        status=status,
        known=known,
    )


def _stale(say: Wording) -> tuple[str, tuple[str, ...]]:
    return say("This form is out of date"), (
        say("Nothing was saved. Go back, load the page again, and send it again."),
    )


def _words(say: Wording, status: int, reference: str) -> tuple[str, tuple[str, ...]]:
    """A heading, and sentences. What is no case of its own was not understood."""
    match status:
        case 401:
            return say("Signed out"), (say("You are signed out. Nothing was saved."),)
        case 403:
            return say("Not allowed"), (say("You cannot open this page. Nothing was saved."),)
        case 404 | 405:
            return say("Not found"), (say("There is no such page."),)
        case 409:
            return say("Look again"), (
                say("Something else was written in the meantime. Nothing was saved."),
                say("Look again, then send it."),
            )
        case 429:
            return say("Too many tries"), (say("Wait some minutes, then try again."),)
        case 500:
            return say("Something is wrong here"), (
                say("We do not know if it was saved. Look before you send it again."),
                say("Tell your team this number: {number}.", number=reference),
            )
        case 503:
            return say("It cannot be saved now"), (
                say("Nothing was saved. Try again in a minute."),
                say.urgent("Nobody reads your answers at this moment. Do not wait for us if you feel ill."),
            )
        case _:
            return say("Not understood"), (say("What you sent cannot be read. Nothing was saved."),)
