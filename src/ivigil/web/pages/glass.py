"""Breaking the glass: one patient opened for an hour, with a reason that stands on the audit trail."""

from __future__ import annotations

import htpy as h
import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect

from ivigil.records.finding import sites
from ivigil.sheets.spoken import say
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.paths import ours
from ivigil.web.visit import Visit

SHORTEST_REASON = 10


class Reason(msgspec.Struct):
    """What the form sends."""

    reason: str = ""
    next: str = "/"


@get("/glass/{stream:str}", needs="glass.break", sync_to_thread=True)
def ask(visit: TheVisit, stream: FromPath[str], next: FromQuery[str] = "/") -> Response[str]:
    """The form."""
    _known(visit, stream)
    return _page(visit, stream, Reason(next=next))


@post("/glass/{stream:str}", needs="glass.break", status_code=303, sync_to_thread=True)
def break_glass(
    visit: TheVisit, stream: FromPath[str], data: URLEncodedBody[Reason]
) -> Response[str] | Redirect:
    """Open the patient; the reason is on disk before anything is shown."""
    _known(visit, stream)
    reason = data.reason.strip()
    if len(reason) < SHORTEST_REASON:
        wrong = say(
            "Reason: {count} characters; accepted: {least} or more",
            count=str(len(reason)),
            least=str(SHORTEST_REASON),
        )
        return _page(visit, stream, data, (wrong,))
    visit.break_glass(stream, reason)
    return Redirect(ours(data.next), status_code=303)


def _known(visit: Visit, stream: str) -> None:
    if not sites(visit.journal, stream):
        raise NotFoundException(detail="no such patient")


def _page(visit: Visit, stream: str, sent: Reason, wrong: tuple[str, ...] = ()) -> Response[str]:
    minutes = int(visit.door.settings.glass_for.total_seconds() // 60)
    return shell.page(
        say("Break the glass"),
        visit,
        notice("slow", h.p[say("This patient was never treated at a site of yours.")]),
        faults(wrong),
        h.p[
            say(
                "You can open the record for {minutes} minutes. Your name, the time and your reason are kept "
                "and read by the auditor.",
                minutes=str(minutes),
            )
        ],
        field.form(visit.form_token, f"/glass/{stream}", classes="narrow")[
            field.area("reason", say("Reason"), sent.reason, hint=say("Why you need this record now.")),
            h.input(type="hidden", name="next", value=ours(sent.next)),
            field.submit(say("Open the record"), kind="slow"),
        ],
        status=400 if wrong else 200,
    )


routes = [ask, break_glass]
