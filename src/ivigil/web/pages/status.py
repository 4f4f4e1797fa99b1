"""How the server does: facts, journal, backup, switches, what is not signed. As a page and as JSON."""

from __future__ import annotations

import datetime as dt

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.response import Redirect

from ivigil.practice.status import Status, Switch, status
from ivigil.records.verify import verify
from ivigil.sheets.journal import FINDING
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.kept import Verified, kept
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

_STYLES = ("status.css",)
_STALE = dt.timedelta(days=1)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON form."""

    status: Status
    verified_at: dt.datetime | None
    """Since this server started; None: not since then."""
    sound: bool | None


@get("/status", needs="status.read", sync_to_thread=True)
def page(visit: TheVisit) -> Response[str]:
    """The page."""
    found, verified = _status(visit), kept(visit.journal).verified
    return shell.page(
        "Status",
        visit,
        h.h2["Journal"],
        _verdict(verified, visit),
        h.dl(".facts")[
            h.dt["Last event"],
            h.dd[f"{found.position:,}, hash ", h.code[found.hash[:16]]],
            h.dt["Its end last signed"],
            h.dd[_signed(found, visit)],
            h.dt["Backup"],
            h.dd["The journal does not know its backups; each one signs its end."],
            h.dt["Journal"],
            h.dd[h.code[found.journal]],
        ],
        _verify_form(visit) if visit.may("journal.verify") else None,
        h.h2["Facts"],
        h.dl(".facts")[
            h.dt["Version"],
            h.dd[h.code[found.knowledge_version]],
            h.dt["Facts"],
            h.dd[f"{found.facts:,}"],
            h.dt["Loosened by this site"],
            h.dd[", ".join(found.loosened) or "nothing"],
        ],
        _switches(found.switches),
        _unsigned(found),
        h.p[h.a(href="/status.json")["The same as JSON"]],
        styles=_STYLES,
    )


@get("/status.json", needs="status.read", sync_to_thread=True)
def as_json(visit: TheVisit) -> Told:
    """The same for machines."""
    verified = kept(visit.journal).verified
    return Told(
        status=_status(visit),
        verified_at=verified.at if verified is not None else None,
        sound=verified.verdict.is_sound if verified is not None else None,
    )


@post("/status/verify", needs="journal.verify", status_code=303, sync_to_thread=True)
def verify_now(visit: TheVisit) -> Redirect:
    """Recompute the whole journal. One at a time: who comes meanwhile sees the last result."""
    keeping = kept(visit.journal)
    if keeping.verifying.acquire(blocking=False):
        try:
            keeping.verified = Verified(at=visit.now, verdict=verify(visit.journal))
        finally:
            keeping.verifying.release()
    return Redirect("/status", status_code=303)


def _status(visit: Visit) -> Status:
    return status(visit.journal, visit.knowledge, visit.now)


def _verdict(verified: Verified | None, visit: Visit) -> Node:
    if verified is None:
        return notice("info", "Not verified since this server started.")
    verdict = verified.verdict
    text = [f"{verdict.events:,} events verified ", stamp(verified.at), ": "]
    if verdict.is_sound:
        old = visit.now - verified.at > _STALE
        return notice("slow" if old else "go", text, h.b["sound"], ", more than a day ago." if old else ".")
    return notice(
        "stop",
        h.p[text, h.b["NOT SOUND"]],
        h.ul[(h.li[f"{FINDING[code]}: {count:,}"] for code, count in verdict.counts.items())],
    )


def _signed(found: Status, visit: Visit) -> Node:
    if found.checkpoint_at is None:
        return "never: ivigil journal checkpoint signs it; keep that elsewhere"
    at = dt.datetime.fromisoformat(found.checkpoint_at)
    behind = found.position - (found.checkpoint_position or 0)
    return [stamp(at.astimezone(visit.now.tzinfo)), f", {behind:,} events ago"]


def _verify_form(visit: Visit) -> Node:
    return field.form(visit.form_token, "/status/verify")[
        field.submit("Verify the journal now", kind="plain")
    ]


def _switches(switches: tuple[Switch, ...]) -> Node:
    return [h.h2["Switches of the site"], h.ul(".switches")[(_switch(each) for each in switches)]]


def _switch(switch: Switch) -> Element:
    signed = "; ".join(f"{each.by}, {each.role}, {each.date}" for each in switch.signed)
    return h.li[
        h.p[h.code[switch.policy.removeprefix("policy.")], " is ", h.b["on" if switch.on else "off"]],
        h.p[switch.text],
        h.p(".soft")[f"Signed by {signed}." if signed else "Signed by nobody: it stands as delivered."],
    ]


def _unsigned(found: Status) -> Node:
    rows = ((each.kind.replace("_", " "), f"{each.facts:,}", f"{each.of:,}") for each in found.unsigned)
    return [
        h.h2["Not signed"],
        h.p[
            h.b[f"{sum(each.facts for each in found.unsigned):,}"],
            f" of {found.facts:,} facts may warn and restrict, and permit nothing before two people of "
            "the site have signed them.",
        ],
        h.details[
            h.summary["By kind"],
            table("Not signed, by kind", ("Kind", "Not signed", "Of"), rows, numbers=(1, 2)),
        ]
        if found.unsigned
        else None,
    ]


routes = [page, as_json, verify_now]
