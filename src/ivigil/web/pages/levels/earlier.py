"""Doses before the first one here: listed as an order tells of them, and whoever stands by the list."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.practice.levels import LevelHistory, Statement, mark
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts
from ivigil.web.pages.levels.question import ROUTE
from ivigil.web.parts.field import form, submit
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit


def earlier(visit: Visit, history: LevelHistory) -> Node:
    """Every dose that an order tells of before the first one here, and whoever stands by the list."""
    if not history.before:
        return None
    patient = visit.journal.stream(history.plan.order.patient.id)
    rows = (
        (f"{given.start:%Y-%m-%d}", f"{number(given.grams)} g", say(ROUTE[given.route]))
        for given in history.before
    )
    may = visit.may("levels.aim", patient)
    return h.section("#before")[
        table(
            say("Doses before the first one here, as an order tells of them"),
            (say("Day"), say("Dose"), say("Route")),
            rows,
            numbers=(1,),
        ),
        _standing(visit, history.stated) if history.stated else _unstated(history),
        _taking_back(visit, patient) if may and (history.stated or history.lapsed) else None,
        _stating(visit, patient, history) if may and not history.stated else None,
    ]


def _standing(visit: Visit, stated: Statement) -> Element:
    at = stamp(stated.at, visit.zone)
    return notice(
        "go",
        h.p[
            woven(
                "{person} states that these are all doses before the first one here, each on its day: "
                "{time}.",
                person=h.strong[stated.by],
                time=at,
            )
        ],
    )


def _unstated(history: LevelHistory) -> Element:
    text = texts("Nobody states that these are all: no dose is sought.")
    if history.lapsed:
        text = texts("Somebody stated it of another list, which counts for nothing now: no dose is sought.")
    return notice("slow", h.p[say(text)])


def _stating(visit: Visit, patient: str, history: LevelHistory) -> Element:
    return form(visit.form_token, f"/patients/{patient}/levels/before", classes="stating")[
        h.input(type="hidden", name="mark", value=mark(history.before)),
        h.p[
            say(
                "The days are reckoned back from the last dose. You have looked at each line: it was given, "
                "on that day, and there was no other dose before the first one here."
            )
        ],
        submit(say("State that this list is complete")),
    ]


def _taking_back(visit: Visit, patient: str) -> Element:
    return form(visit.form_token, f"/patients/{patient}/levels/before/back", classes="stating")[
        submit(say("Take the statement back"), kind="plain")
    ]
