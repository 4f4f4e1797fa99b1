"""Plans: those that wait for one's signature, then all of one's sites, the last changed first. Told apart as
on the board, by initials; whose they are stands on the plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get
from litestar.params import QueryParameter

from ivigil.practice.authorising import NoPlanError, standing_of
from ivigil.practice.board import initials
from ivigil.records.authorisation import Standing
from ivigil.records.finding import Listed
from ivigil.records.finding import plans as listed_plans
from ivigil.records.lookback import contact_of
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.plan import BUTTON, Step, next_steps
from ivigil.web.parts.field import choice, submit
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

PATH = "/plans"
MOST = 50
"""Plans on one page, and plans that are opened for the list of those that wait."""
_STANDS = texts(
    {
        "plan_made": "to be prescribed",
        "reopened": "reopened, to be prescribed again",
        "prescribed": "to be verified",
        "verified": "to be released",
        "released": "released",
        "superseded": "superseded",
    }
)
"""By the last event of a plan."""
_NEXT_STEP: dict[str, Step] = {
    "plan_made": "prescribe",
    "reopened": "prescribe",
    "prescribed": "verify",
    "verified": "release",
}
"""What follows the last event of a plan."""

Stands = Annotated[str, QueryParameter(max_length=40)]
After = Annotated[int, QueryParameter(ge=0)]


class Known(msgspec.Struct, frozen=True):
    """A plan of the list that can be read."""

    listed: Listed
    standing: Standing
    initials: str


@get(PATH, needs="board.read", sync_to_thread=True)
def plans(visit: TheVisit, stands: Stands = "", after: After = 0) -> Response[str]:
    """``stands``: only plans whose last event is of this kind. ``after``: how many to leave out."""
    asked = stands if stands in _STANDS else ""
    listed = [each for each in listed_plans(visit.journal, visit.person.sites) if asked in ("", each.state)]
    shown = listed[after : after + MOST]
    return shell.page(
        say("Plans"),
        visit,
        h.p[h.a(href="/plans/new")[say("New plan")]] if visit.may("plan.make") else None,
        _waiting(visit),
        _choice(asked),
        _list(visit, shown),
        _older(asked, after + MOST) if listed[after + MOST :] else None,
    )


def _choice(stands: str) -> Element:
    options = (("", say("any")), *((kind, say(text)) for kind, text in _STANDS.items()))
    return h.form(".filter", method="get", action=PATH)[
        choice("stands", say("Stands"), options, stands), submit(say("Show"), kind="plain")
    ]


def _older(stands: str, after: int) -> Element:
    return h.form(method="get", action=PATH)[
        h.input(type="hidden", name="stands", value=stands),
        h.input(type="hidden", name="after", value=str(after)),
        submit(say("Older"), kind="plain"),
    ]


def _list(visit: Visit, listed: Sequence[Listed]) -> Node:
    heads = (say("Plan"), say("Stands"), say("Patient"), say("Product"), say("Start"), say("Last event"))
    return table(
        say("All plans, the last changed first"),
        heads,
        (_row(visit, each) for each in listed),
        empty=say("No such plan."),
        stacked=True,
    )


def _row(visit: Visit, each: Listed) -> tuple[Node, ...]:
    known = _known(visit, each)
    told = _told(known) if known is not None else (say("cannot be read"), "–", "–")
    return (_link(each), say(_STANDS.get(each.state, each.state)), *told, stamp(each.last_at, visit.zone))


def _waiting(visit: Visit) -> Node:
    """The plans that wait for a signature of this person."""
    waiting = (
        each
        for each in listed_plans(visit.journal)
        if each.state in _NEXT_STEP and visit.may(f"plan.{_NEXT_STEP[each.state]}", each.stream)
    )
    opened = (_known(visit, each) for each in islice(waiting, MOST))
    rows = [row for known in opened if known is not None and (row := _waiting_row(known, visit)) is not None]
    if not rows:
        return None
    heads = (say("Plan"), say("Next"), say("Patient"), say("Product"), say("Start"))
    return table(say("Waits for your signature"), heads, rows, stacked=True)


def _waiting_row(known: Known, visit: Visit) -> tuple[Node, ...] | None:
    step = next((step for step, against in next_steps(known.standing, visit) if not against), None)
    return None if step is None else (_link(known.listed), say(BUTTON[step]), *_told(known))


def _known(visit: Visit, each: Listed) -> Known | None:
    try:
        standing = standing_of(visit.journal, each.subject)
    except NoPlanError:
        return None
    contact = contact_of(visit.journal, each.stream)
    return Known(each, standing, initials(contact.name) if contact else "")


def _told(known: Known) -> Iterable[str]:
    """Patient, product, start."""
    plan = known.standing.plan
    product = plan.product.name if plan.product is not None else say("not planned")
    return known.initials or say("no name"), product, f"{plan.order.start:%Y-%m-%d}"


def _link(each: Listed) -> Element:
    return h.a(href=f"/plans/{each.subject}")[each.subject]


routes = [plans]
