"""A private link: its page asks for the code, the right code opens a session. Neither tells whose it is."""

from __future__ import annotations

import htpy as h
from anyio import to_thread
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from ivigil.knowledge.store import Knowledge
from ivigil.sheets.wording import Wording
from ivigil.web.access.desk import Refused
from ivigil.web.access.links import CODE_DIGITS
from ivigil.web.access.rules import PUBLIC
from ivigil.web.access.way_in import Door, address, begin, form_token
from ivigil.web.given import Asked
from ivigil.web.pages.me.frame import outside, told, wording
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice


@get("/in/{secret:str}", needs=PUBLIC, sync_to_thread=True)
def ask(request: Asked, secret: FromPath[str]) -> Response[str]:
    """The form for the code. Asking for it uses nothing up, and tells nothing about the link."""
    return _page(request, secret)


@post("/in", needs=PUBLIC, status_code=200)
async def enter(request: Asked) -> Response[str] | Redirect:
    """A session for the right code, once."""
    sent = await request.form()
    secret, code = str(sent.get("secret", ""))[:200], str(sent.get("code", ""))[:200]
    door: Door = request.app.state.door
    found = await to_thread.run_sync(door.links.exchange, secret, code, address(request.scope))
    if isinstance(found, Refused):
        return await to_thread.run_sync(_page, request, secret, found)
    await begin(request, found.person.id, found.since)
    return Redirect("/me", status_code=303)


def _page(request: Asked, secret: str, refused: Refused | None = None) -> Response[str]:
    door: Door = request.app.state.door
    knowledge = door.rules.now()
    say = wording(request, knowledge)
    return outside(
        request,
        say("Welcome"),
        notice("stop", h.p[told(_refusal(refused, say, knowledge))], urgent=True) if refused else None,
        h.p(".lead")[told(say("Type the code that your nurse gave you. The link works once."))],
        field.form(form_token(request), "/in", classes="narrow")[
            h.input(type="hidden", name="secret", value=secret),
            field.text(
                "code",
                say("Code of {count} digits", count=str(CODE_DIGITS)),
                autocomplete="one-time-code",
                inputmode="numeric",
            ),
            field.submit(say("Come in")),
        ],
        h.p[h.a(href="/sign-in?next=/me")[told(say("I have a password"))]],
        status=400 if refused else 200,
    )


def _refusal(refused: Refused, say: Wording, knowledge: Knowledge) -> str:
    """One text for every reason: whoever has no right to come in learns nothing."""
    if refused.wait:
        return say("Too many wrong codes. Wait {count} minutes, then try again.", count=str(refused.minutes))
    wrong = say("The code is wrong, or the link is no longer good. Ask your team for a new one.")
    phone = knowledge.site.contact_phone
    return f"{wrong} {say('Questions: call {phone}.', phone=phone)}" if phone else wrong


routes = [ask, enter]
