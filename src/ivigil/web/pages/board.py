"""The board: today's infusions, who needs somebody first."""

from __future__ import annotations

from litestar import Response, get
from litestar.response import Redirect

from ivigil.records.finding import Listed, infusions
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts.stamp import clock, live
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

_PART = "infusions"


@get("/", needs="account.manage", sync_to_thread=False)
def first(visit: TheVisit) -> Redirect:
    """Where somebody begins: the first page that their roles open."""
    path = next((path for action, path, _ in shell.NAVIGATION if visit.may(action)), "/account")
    return Redirect(path, status_code=303)


@get("/board", needs="board.read", sync_to_thread=True)
def board(visit: TheVisit) -> Response[str]:
    """Today's infusions, live."""
    shown = live(_PART, "/board", visit.now)[
        table(
            "Today",
            ("Infusion", "State", "Last entry"),
            ((item.subject, item.state or "not started", clock(item.last_at)) for item in _today(visit)),
            empty="No infusion today.",
        )
    ]
    return shell.part(shown) if visit.part == _PART else shell.page("Board", visit, shown)


def _today(visit: Visit) -> list[Listed]:
    zone = visit.now.tzinfo
    return [
        item for item in infusions(visit.journal) if item.last_at.astimezone(zone).date() == visit.now.date()
    ]


routes = [first, board]
