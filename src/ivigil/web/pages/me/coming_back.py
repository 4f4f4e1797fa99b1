"""The sign-in for a patient who comes back with a password or a one-time code, in the language chosen in
this browser."""

from __future__ import annotations

import htpy as h
from htpy import Node
from litestar import Response

from ivigil.sheets.wording import Wording
from ivigil.web.access import passwords
from ivigil.web.access.desk import Refused, Unfit
from ivigil.web.access.way_in import Door, form_token
from ivigil.web.given import Asked
from ivigil.web.pages.me.frame import outside, told, wording
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.paths import going_on, ours


def form_page(
    request: Asked, next: str, sign_in: str = "", *, refused: Refused | None = None, stale: bool = False
) -> Response[str]:
    """The form. ``stale``: one that was sent is out of date, such as that of a tab opened beside another."""
    door: Door = request.app.state.door
    known = door.known()
    say = wording(request, known)
    wrong = say("This page was out of date. Type your password once more.") if stale else ""
    if refused is not None:
        wrong = _refusal(say, refused, say("Name or password is wrong."))
    return outside(
        request,
        say("Sign in"),
        _wrong(wrong),
        field.form(form_token(request), "/sign-in", classes="narrow")[
            field.text("sign_in", say("Sign-in name"), sign_in, autocomplete="username"),
            field.password(say("Password")),
            h.input(type="hidden", name="next", value=ours(next)),
            field.submit(say("Sign in")),
            h.p[h.a(href=going_on("/code", next))[told(say("I have a one-time code"))]],
        ],
        status=400 if wrong else 200,
        known=known,
    )


def code_page(
    request: Asked,
    next: str,
    sign_in: str = "",
    *,
    sent: bool = False,
    refused: Refused | Unfit | None = None,
) -> Response[str]:
    """A password is chosen by a code. ``sent``: one was, and was ``refused`` or typed in two ways."""
    door: Door = request.app.state.door
    known = door.known()
    say = wording(request, known)
    asked = say(
        "{count} characters or more. Several words that nobody would put together are good; not your name.",
        count=str(passwords.SHORTEST),
    )
    wrong = _not_chosen(say, refused) if sent else ""
    return outside(
        request,
        say("Choose a password"),
        _wrong(wrong),
        field.form(form_token(request), "/code", classes="narrow")[
            field.text("sign_in", say("Sign-in name"), sign_in, autocomplete="username"),
            field.text("code", say("One-time code"), hint=say("Your team gave it to you. It works once.")),
            field.password(say("New password"), "new", hint=asked, new=True),
            field.password(say("New password again"), "again", new=True),
            h.input(type="hidden", name="next", value=ours(next)),
            field.submit(say("Choose this password")),
        ],
        status=400 if wrong else 200,
        known=known,
    )


def _not_chosen(say: Wording, refused: Refused | Unfit | None) -> str:
    if refused is None:
        return say("The two new passwords are not the same.")
    if isinstance(refused, Unfit):
        return say("This password is too easy to guess, or too short. Choose another.")
    return _refusal(say, refused, say("Name or code is wrong, or its time is over."))


def _refusal(say: Wording, refused: Refused, wrong: str) -> str:
    if not refused.wait:
        return wrong
    count = str(refused.minutes)
    return say("Too many wrong tries. Wait {count} minutes, then try again.", count=count)


def _wrong(text: str) -> Node:
    return notice("stop", h.p[told(text)], urgent=True) if text else None
