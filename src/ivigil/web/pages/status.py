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
from ivigil.sheets.kinds import kind_words
from ivigil.sheets.spoken import say
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.kept import Verified, kept
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
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
        say("Status"),
        visit,
        h.h2[say("Journal")],
        _verdict(verified, visit),
        h.dl(".facts")[
            h.dt[say("Last event")],
            h.dd[woven("{position}, hash {hash}", position=f"{found.position:,}", hash=_short(found.hash))],
            h.dt[say("Its end last signed")],
            h.dd[_signed(found, visit)],
            h.dt[say("Backup")],
            h.dd[say("The journal does not know its backups; each one signs its end.")],
            h.dt[say("Journal")],
            h.dd[h.code[found.journal]],
        ],
        _verify_form(visit) if visit.may("journal.verify") else None,
        h.h2[say("Facts")],
        h.dl(".facts")[
            h.dt[say("Version")],
            h.dd[h.code[found.knowledge_version]],
            h.dt[say("Facts")],
            h.dd[f"{found.facts:,}"],
            h.dt[say("Loosened by this site")],
            h.dd[", ".join(found.loosened) or say("nothing")],
            h.dt[say("Team hours")],
            h.dd[_hours(found)],
        ],
        _switches(found.switches),
        _unsigned(found),
        h.p[h.a(href="/status.json")[say("The same as JSON")]],
        styles=_STYLES,
    )


def _hours(found: Status) -> str:
    """Until when it is stated when somebody of the team watches what comes from home."""
    if found.watched_through is None:
        return say("not stated: patients are told that nobody reads")
    day = found.watched_through.isoformat()
    if found.watched_through < found.at.date():
        return say("stated through {day}: since then patients are told that nobody reads", day=day)
    return say("stated through {day}", day=day)


def _short(digest: str) -> Element:
    return h.code[digest[:16]]


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
        return notice("info", say("Not verified since this server started."))
    verdict = verified.verdict
    known: dict[str, Node] = {"events": f"{verdict.events:,}", "time": stamp(verified.at, visit.zone)}
    if verdict.is_sound and visit.now - verified.at > _STALE:
        known["verdict"] = h.b[say("sound")]
        text = woven("{events} events verified {time}: {verdict}, more than a day ago.", **known)
        return notice("slow", text)
    if verdict.is_sound:
        known["verdict"] = h.b[say("sound")]
        return notice("go", woven("{events} events verified {time}: {verdict}.", **known))
    known["verdict"] = h.b[say("NOT SOUND")]
    return notice(
        "stop",
        h.p[woven("{events} events verified {time}: {verdict}", **known)],
        h.ul[(h.li[f"{say(FINDING[code])}: {count:,}"] for code, count in verdict.counts.items())],
    )


def _signed(found: Status, visit: Visit) -> Node:
    if found.checkpoint_at is None:
        return say("never: ivigil journal checkpoint signs it; keep that elsewhere")
    at = dt.datetime.fromisoformat(found.checkpoint_at)
    behind = found.position - (found.checkpoint_position or 0)
    return woven("{time}, {count} events ago", time=stamp(at, visit.zone), count=f"{behind:,}")


def _verify_form(visit: Visit) -> Node:
    return field.form(visit.form_token, "/status/verify")[
        field.submit(say("Verify the journal now"), kind="plain")
    ]


def _switches(switches: tuple[Switch, ...]) -> Node:
    return [h.h2[say("Switches of the site")], h.ul(".switches")[(_switch(each) for each in switches)]]


def _switch(switch: Switch) -> Element:
    signed = "; ".join(f"{each.by}, {each.role}, {each.date}" for each in switch.signed)
    return h.li[
        h.p[
            woven(
                "{policy} is {state}",
                policy=h.code[switch.policy.removeprefix("policy.")],
                state=h.b[say("on") if switch.on else say("off")],
            )
        ],
        h.p[switch.text],
        h.p(".soft")[
            say("Signed by {people}.", people=signed)
            if signed
            else say("Signed by nobody: it stands as delivered.")
        ],
    ]


def _unsigned(found: Status) -> Node:
    rows = ((kind_words(each.kind), f"{each.facts:,}", f"{each.of:,}") for each in found.unsigned)
    return [
        h.h2[say("Not signed")],
        h.p[
            woven(
                "{count} of {facts} facts may warn and restrict, and permit nothing before two people of the "
                "site have signed them.",
                count=h.b[f"{sum(each.facts for each in found.unsigned):,}"],
                facts=f"{found.facts:,}",
            )
        ],
        h.details[
            h.summary[say("By kind")],
            table(
                say("Not signed, by kind"),
                (say("Kind"), say("Not signed"), say("Of")),
                rows,
                numbers=(1, 2),
            ),
        ]
        if found.unsigned
        else None,
    ]


routes = [page, as_json, verify_now]
