"""A report of a patient that nobody has settled, as the board and the chair show it: how urgent, since when,
and the way to it; no word of what was said."""

from __future__ import annotations

import htpy as h
from htpy import Node

from ivigil.knowledge.reactions import Urgency
from ivigil.practice.reports import Unsettled
from ivigil.sheets.spoken import say
from ivigil.sheets.triage import TITLE
from ivigil.web.parts.notice import Tone, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_TONE: dict[Urgency | None, Tone] = {"emergency_now": "stop", "same_day": "slow", None: "slow"}


def report_path(report: Unsettled) -> str:
    """Where it is read and settled."""
    return f"/inbox/{report.infusion}"


def how_soon(report: Unsettled) -> str:
    """The answer that the patient was given, in the words of the team."""
    return say(TITLE[report.urgency]) if report.urgency else say("not judged: triage is off here")


def report_notice(report: Unsettled, visit: Visit, stream: str) -> Node:
    """At a chair."""
    time = stamp(report.since, visit.zone)
    return notice(
        _TONE.get(report.urgency, "info"),
        h.p[
            h.b[woven("The patient reported at {time}: {urgency}.", time=time, urgency=how_soon(report))],
            " ",
            say("Not settled yet: read it, act, then settle it."),
        ],
        h.p[h.a(href=report_path(report))[say("Read the report")]]
        if visit.may("follow_up.read", stream)
        else None,
    )
