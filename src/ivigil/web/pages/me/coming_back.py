"""The sign-in for a patient who comes back with a password, in the language chosen in this browser."""

from __future__ import annotations

import htpy as h
from litestar import Response

from ivigil.web.access.desk import Refused
from ivigil.web.access.way_in import Door, form_token
from ivigil.web.given import Asked
from ivigil.web.pages.me.frame import outside, told, wording
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.paths import ours


def form_page(
    request: Asked, next: str, sign_in: str = "", *, refused: Refused | None = None, stale: bool = False
) -> Response[str]:
    """The form. ``stale``: one that was sent is out of date, such as that of a tab opened beside another."""
    door: Door = request.app.state.door
    known = door.known()
    say = wording(request, known)
    wrong = say("This page was out of date. Type your password once more.") if stale else ""
    if refused is not None and refused.wait:
        count = str(refused.minutes)
        wrong = say("Too many wrong tries. Wait {count} minutes, then try again.", count=count)
    elif refused is not None:
        wrong = say("Name or password is wrong.")
    return outside(
        request,
        say("Sign in"),
        notice("stop", h.p[told(wrong)], urgent=True) if wrong else None,
        field.form(form_token(request), "/sign-in", classes="narrow")[
            field.text("sign_in", say("Sign-in name"), sign_in, autocomplete="username"),
            field.password(say("Password")),
            h.input(type="hidden", name="next", value=ours(next)),
            field.submit(say("Sign in")),
            h.p[h.a(href="/code")[told(say("I have a one-time code"))]],
        ],
        status=400 if wrong else 200,
        known=known,
    )
