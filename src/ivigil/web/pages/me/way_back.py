"""Coming back without a link: the patient chooses a password for the sign-in name that they already have."""

from __future__ import annotations

import htpy as h
from anyio import to_thread
from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from ivigil.web.access import passwords
from ivigil.web.access.way_in import begin
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, page, reader, told
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice

PATH = "/me/way-back"


@get(PATH, needs="account.manage", sync_to_thread=True)
def ask(request: Asked, visit: TheVisit, saved: FromQuery[bool] = False) -> Response[str]:
    """The form, with the sign-in name to write down."""
    return _page(reader(request, visit), saved=saved)


@post(PATH, needs="account.manage", status_code=200)
async def choose(request: Asked, visit: TheVisit) -> Response[str] | Redirect:
    """A password of their own; every other session of theirs ends, this one goes on.

    Whoever has one already is asked for it: a phone left lying about must not lock its owner out.
    """
    sent = await request.form()
    new, again, present = (str(sent.get(name, "")) for name in ("new", "again", "password"))
    who = reader(request, visit)
    wrong: tuple[str, ...] = ("The password was typed in two ways.",) if new != again else ()
    desk = visit.door.desk
    if not wrong and desk.has_password(visit.person):
        right = await to_thread.run_sync(visit.confirm, present)
        wrong = () if right else ("The password needs your present password, which was wrong.",)
    if not wrong:
        wrong = await to_thread.run_sync(passwords.password_faults, new, visit.person.sign_in)
    if wrong:
        return _page(who, wrong)
    await to_thread.run_sync(desk.set_password, visit.person, new)
    again_in = await to_thread.run_sync(desk.signed_in_again, visit.person)
    await begin(request, visit.person.id, again_in.since)
    return Redirect(f"{PATH}?saved=true", status_code=303)


def _page(who: Reader, wrong: tuple[str, ...] = (), *, saved: bool = False) -> Response[str]:
    say, person = who.say, who.visit.person
    has_one = who.visit.door.desk.has_password(person)
    return page(
        who,
        say("Come back without a link"),
        notice("go", h.p[told(say("Your password is kept."))], urgent=True) if saved else None,
        notice("stop", h.ul[[h.li[fault] for fault in wrong]], urgent=True) if wrong else None,
        h.p(".lead")[told(say("Your link works once. With a password you can come back at any time."))],
        h.p[told(say("Your sign-in name, to write down:")), " ", h.strong(".name")[person.sign_in]],
        field.form(who.visit.form_token, PATH, classes="narrow")[
            h.input(type="hidden", name="username", value=person.sign_in, autocomplete="username"),
            field.password(say("Your present password")) if has_one else None,
            field.password(
                say("New password"),
                "new",
                new=True,
                hint=say("At least {count} letters. Four words are good.", count=str(passwords.SHORTEST)),
            ),
            field.password(say("The same again"), "again", new=True),
            field.submit(say("Keep this password")),
        ],
        status=400 if wrong else 200,
    )


routes = [ask, choose]
