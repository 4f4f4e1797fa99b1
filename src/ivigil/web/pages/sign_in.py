"""Signing in and out, a first password by code, unlocking by PIN, one's own account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import htpy as h
import msgspec
from anyio import to_thread
from htpy import Node
from litestar import Response, get, post
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect

from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access import passwords
from ivigil.web.access.desk import Admitted, Refused, Unfit
from ivigil.web.access.people import named
from ivigil.web.access.rules import PUBLIC
from ivigil.web.access.way_in import TOKEN, Door, address, begin, form_token, leave
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me import coming_back, frame
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.woven import woven
from ivigil.web.paths import going_on, ours
from ivigil.web.visit import Visit

PATH, PROVIDER_PATH = "/sign-in", "/sign-in/provider"
_AGAIN_SECONDS = 60
_TWO_WAYS = texts("The new password was typed in two ways.")


class SignIn(msgspec.Struct):
    """What the form sends."""

    sign_in: str = ""
    password: str = ""
    next: str = "/"


class NewPassword(msgspec.Struct):
    """A code, or the present password, and the new one twice."""

    sign_in: str = ""
    code: str = ""
    password: str = ""
    new: str = ""
    again: str = ""
    next: str = "/"


class NewPin(msgspec.Struct):
    """A PIN twice, under the password. Named apart from the fields of the other form on the page."""

    pin_password: str = ""
    pin: str = ""
    pin_again: str = ""


class Unlock(msgspec.Struct):
    """A PIN, and where to go on."""

    pin: str = ""
    next: str = "/"


@get(PATH, needs=PUBLIC, sync_to_thread=False)
def ask(request: Asked, next: FromQuery[str] = "/") -> Response[str]:
    """The form."""
    if frame.is_patients(request, next):
        return coming_back.form_page(request, next)
    return _sign_in_page(request, next)


@post(PATH, needs=PUBLIC, status_code=303)
async def sign_in(request: Asked, data: URLEncodedBody[SignIn]) -> Response[Any]:
    """A session, or why there is none."""
    door: Door = request.app.state.door
    came = address(request.scope)
    found = await to_thread.run_sync(door.desk.sign_in, data.sign_in, data.password, came)
    if isinstance(found, Refused) and frame.is_patients(request, data.next):
        return await to_thread.run_sync(
            lambda: coming_back.form_page(request, data.next, data.sign_in, refused=found)
        )
    if isinstance(found, Refused):
        return _sign_in_page(request, data.next, _refusal(found, _wrong(door)), data.sign_in)
    await begin(request, found.person.id, found.since)
    return Redirect(ours(data.next), status_code=303)


def refused(request: Asked, next: str, wrong: str, status: int) -> Response[str]:
    """The form, for whoever did not come in by another way."""
    return _sign_in_page(request, next, (wrong,), status=status)


def unreachable(request: Asked, next: str, called: str) -> Response[str]:
    """The form, for whoever cannot come in by another way now: how else they do."""
    text = say("{Provider} cannot be reached or does not answer as it should.", Provider=capital(called))
    door: Door = request.app.state.door
    if door.settings.staff_passwords:
        how: Node = say("Sign in with your password, or try again in a minute.")
    else:
        how = say(
            "Try again in a minute. Whoever cannot wait is given a one-time code by an administrator, here "
            "or at the command line of the server: it opens one session."
        )
    told = notice("slow", h.p[text], h.p[how], urgent=True)
    answer = _sign_in_page(request, next, told=told, status=503)
    answer.headers["retry-after"] = str(_AGAIN_SECONDS)
    return answer


def again(request: Asked, sent: Mapping[str, object]) -> Response[str]:
    """The form anew for whoever sent one that is out of date, such as that of a tab opened beside another."""
    name, after = (text if isinstance(text := sent.get(key), str) else "" for key in ("sign_in", "next"))
    if frame.is_patients(request, after):
        return coming_back.form_page(request, after, name, stale=True)
    told = say(
        "This page was out of date, for it was opened in another tab too. Type your password once more."
    )
    return _sign_in_page(request, after or "/", (told,), name)


@get("/code", needs=PUBLIC, sync_to_thread=False)
def ask_code(request: Asked, next: FromQuery[str] = "/") -> Response[str]:
    """The form for a one-time code."""
    if frame.is_patients(request, next):
        return coming_back.code_page(request, next)
    return _code_page(request)


@post("/code", needs=PUBLIC, status_code=303)
async def use_code(request: Asked, data: URLEncodedBody[NewPassword]) -> Response[Any]:
    """A new password by code, then a session."""
    door: Door = request.app.state.door
    found = None
    if data.new == data.again:
        came = address(request.scope)
        found = await to_thread.run_sync(door.desk.use_code, data.sign_in, data.code, data.new, came)
    if isinstance(found, Admitted):
        await begin(request, found.person.id, found.since)
        return Redirect(ours(data.next), status_code=303)
    if frame.is_patients(request, data.next):
        return await to_thread.run_sync(
            lambda: coming_back.code_page(request, data.next, data.sign_in, sent=True, refused=found)
        )
    return _code_page(request, _not_chosen(found), data.sign_in)


@post("/sign-out", needs=PUBLIC, status_code=303)
async def sign_out(request: Asked) -> Redirect:
    """The end of this session."""
    door: Door = request.app.state.door
    if request.user is not None:
        await to_thread.run_sync(lambda: door.desk.sign_out(request.user, everywhere=False))
    await leave(request)
    return Redirect("/sign-in", status_code=303)


@post("/account/sign-out-everywhere", needs="account.manage", status_code=303)
async def sign_out_everywhere(request: Asked) -> Redirect:
    """The end of all of one's sessions."""
    door: Door = request.app.state.door
    await to_thread.run_sync(lambda: door.desk.sign_out(request.user, everywhere=True))
    await leave(request)
    return Redirect("/sign-in", status_code=303)


@get("/unlock", needs=PUBLIC, sync_to_thread=True)
def ask_pin(request: Asked, next: FromQuery[str] = "/") -> Response[Any]:
    """The form for the PIN of whoever is signed in here."""
    door: Door = request.app.state.door
    if request.user is None or not door.desk.has_pin(request.user):
        return Redirect(f"/sign-in?next={ours(next)}", status_code=303)
    return _unlock_page(request, next)


@post("/unlock", needs=PUBLIC, status_code=303)
async def unlock(request: Asked, data: URLEncodedBody[Unlock]) -> Response[Any]:
    """Go on after the PIN; three wrong ones end the session."""
    door: Door = request.app.state.door
    if request.user is None:
        return Redirect(f"/sign-in?next={ours(data.next)}", status_code=303)
    token, now = request.scope["state"][TOKEN], door.clock()
    if await to_thread.run_sync(door.desk.right_pin, request.user, data.pin):
        await door.sessions.touch(token, now)
        return Redirect(ours(data.next), status_code=303)
    if await door.sessions.wrong_pin(token, now):
        return Redirect("/sign-in", status_code=303)
    return _unlock_page(request, data.next, (say("The PIN is wrong."),))


@get("/account", needs="account.manage", sync_to_thread=True)
def account(visit: TheVisit, done: FromQuery[str] = "") -> Response[str]:
    """One's own password, PIN and sessions."""
    return _account_page(visit, told=notice("go", say("Saved.")) if done else None)


@post("/account/password", needs="account.manage", status_code=303)
async def change_password(
    request: Asked, visit: TheVisit, data: URLEncodedBody[NewPassword]
) -> Response[Any]:
    """A new password; every other session of the person ends."""
    if data.new != data.again:
        return _account_page(visit, (say(_TWO_WAYS),))
    if not await to_thread.run_sync(visit.confirm, data.password):
        return _account_page(visit, (say("Your present password is wrong."),))
    names = (visit.person.sign_in, visit.person.name)
    wrong = await to_thread.run_sync(passwords.password_faults, data.new, *names)
    if wrong:
        return _account_page(visit, wrong)
    desk = visit.door.desk
    await to_thread.run_sync(desk.set_password, visit.person, data.new)
    again = await to_thread.run_sync(desk.signed_in_again, visit.person)
    await begin(request, visit.person.id, again.since)
    return Redirect("/account?done=password", status_code=303)


@post("/account/pin", needs="account.manage", status_code=303, sync_to_thread=True)
def change_pin(visit: TheVisit, data: URLEncodedBody[NewPin]) -> Response[Any]:
    """A new PIN, under the password."""
    wrong = passwords.pin_faults(data.pin)
    if data.pin != data.pin_again:
        wrong = (*wrong, say("The PIN was typed in two ways."))
    if not wrong and not visit.confirm(data.pin_password):
        wrong = (say("Your password is wrong."),)
    if wrong:
        return _account_page(visit, wrong)
    visit.door.desk.set_pin(visit.person, data.pin)
    return Redirect("/account?done=pin", status_code=303)


def _refusal(refused: Refused, wrong: str) -> tuple[str, ...]:
    if not refused.wait:
        return (wrong,)
    minutes = str(refused.minutes)
    return (say("Too many wrong attempts. The next one is read in {minutes} min.", minutes=minutes),)


def _not_chosen(refused: Refused | Unfit | None) -> tuple[str, ...]:
    """Why a code opened nothing; None: the password was typed in two ways."""
    if refused is None:
        return (say(_TWO_WAYS),)
    if isinstance(refused, Unfit):
        return refused.faults
    return _refusal(refused, say("Name or code is wrong, or its time is over."))


def capital(called: str) -> str:
    """What the provider is called, where a sentence begins with it."""
    return called[:1].upper() + called[1:]


def _wrong(door: Door) -> str:
    """One text for everybody: it tells nothing of any name or password."""
    if door.provider is None or door.settings.staff_passwords:
        return say("Name or password is wrong.")
    return say(
        "Name or password is wrong. Passwords of staff sign and let nobody in: sign in at {provider}.",
        provider=door.provider.settings.called,
    )


def _status(wrong: tuple[str, ...]) -> int:
    return 400 if wrong else 200


def _sign_in_page(
    request: Asked,
    next: str,
    wrong: tuple[str, ...] = (),
    sign_in: str = "",
    *,
    told: Node = None,
    status: int = 0,
) -> Response[str]:
    form: Node = [
        told,
        faults(wrong),
        _elsewhere(request, next),
        field.form(form_token(request), "/sign-in", classes="narrow")[
            field.text("sign_in", say("Sign-in name"), sign_in, autocomplete="username"),
            field.password(),
            h.input(type="hidden", name="next", value=ours(next)),
            field.submit(say("Sign in")),
            h.p[h.a(href="/code")[say("I have a one-time code")]],
        ],
    ]
    return shell.page(say("Sign in"), None, form, status=status or _status(wrong))


def _elsewhere(request: Asked, next: str) -> Node:
    """The way to the provider, if the site has one, and whom the form below is for."""
    door: Door = request.app.state.door
    if door.provider is None:
        return None
    called = door.provider.settings.called
    link = h.a(href=going_on(PROVIDER_PATH, next))[say("Sign in at {provider}", provider=called)]
    if door.settings.staff_passwords:
        return h.p[woven("{link} (staff), or here:", link=link)]
    return h.p[woven("{link} (staff). Patients who have a password sign in here:", link=link)]


def _code_page(request: Asked, wrong: tuple[str, ...] = (), sign_in: str = "") -> Response[str]:
    form = field.form(form_token(request), "/code", classes="narrow")[
        faults(wrong),
        field.text("sign_in", say("Sign-in name"), sign_in, autocomplete="username"),
        field.text("code", say("One-time code"), hint=say("16 letters and digits; it counts once.")),
        _new_password(),
        field.submit(say("Choose this password")),
    ]
    return shell.page(say("Choose a password"), None, form, status=_status(wrong))


def _new_password() -> Node:
    hint = say(
        "{least} characters or more, any kind: several words are good. Common and leaked ones are refused.",
        least=str(passwords.SHORTEST),
    )
    return [
        field.password(say("New password"), "new", hint=hint, new=True),
        field.password(say("New password again"), "again", new=True),
    ]


def _unlock_page(request: Asked, next: str, wrong: tuple[str, ...] = ()) -> Response[str]:
    token = form_token(request)
    return shell.page(
        say("Unlock"),
        None,
        field.form(token, "/unlock", classes="narrow")[
            h.p[say("{person} is signed in here.", person=request.user.name)],
            faults(wrong),
            field.text("pin", say("PIN"), type="password", autocomplete="off", inputmode="numeric"),
            h.input(type="hidden", name="next", value=ours(next)),
            field.submit(say("Unlock")),
        ],
        field.form(token, "/sign-out", classes="narrow")[
            field.submit(say("Sign out: I am somebody else"), kind="plain")
        ],
        status=_status(wrong),
    )


def _account_page(visit: Visit, wrong: tuple[str, ...] = (), told: Node = None) -> Response[str]:
    token = visit.form_token
    return shell.page(
        say("Your account"),
        visit,
        told,
        faults(wrong),
        h.p[
            say(
                "{person}, signed in as {sign_in}: {roles}.",
                person=visit.person.name,
                sign_in=visit.person.sign_in,
                roles=named(visit.roles),
            )
        ],
        None
        if visit.door.desk.has_password(visit.person)
        else notice(
            "info",
            h.p[
                say(
                    "You have no password here. Signatures and the PIN ask for one: an administrator gives "
                    "you a one-time code with which you choose it."
                )
            ],
        ),
        h.section[
            h.h2[say("Password")],
            None
            if visit.door.settings.staff_passwords or visit.person.patient
            else h.p(".soft")[say("It signs. It lets nobody in at this site: the identity provider does.")],
            field.form(token, "/account/password", classes="narrow")[
                field.password(say("Present password")),
                _new_password(),
                field.submit(say("Change the password")),
            ],
        ],
        h.section[
            h.h2[say("PIN for quick re-entry")],
            h.p(".soft")[say("It unlocks a screen where you are signed in. It never signs anything.")],
            field.form(token, "/account/pin", classes="narrow")[
                field.password(name="pin_password"),
                field.text("pin", _new_pin(), type="password", inputmode="numeric"),
                field.text("pin_again", say("New PIN again"), type="password", inputmode="numeric"),
                field.submit(say("Set the PIN")),
            ],
        ],
        h.section[
            h.h2[say("Sessions")],
            field.form(token, "/account/sign-out-everywhere")[
                field.submit(say("Sign out everywhere"), kind="plain")
            ],
        ],
        status=_status(wrong),
    )


def _new_pin() -> str:
    low, high = passwords.PIN_DIGITS
    return say("New PIN, {low} to {high} digits", low=str(low), high=str(high))


routes = [
    ask,
    sign_in,
    ask_code,
    use_code,
    sign_out,
    sign_out_everywhere,
    ask_pin,
    unlock,
    account,
    change_password,
    change_pin,
]
