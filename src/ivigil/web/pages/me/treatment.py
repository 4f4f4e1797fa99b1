"""How to prepare, in the words of the patient's sheet; and what was really given, with its lots."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node
from litestar import Response, get

from ivigil.course import Plan
from ivigil.infusion.progress import given_g
from ivigil.infusion.state import State
from ivigil.sheets.patient import NoSheetError, patient_text
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, listed, page, reader, told

_FIRST = ("How do you prepare?", "When, and for how long?", "What is special for you?")
"""What a patient asks first; the rest of the sheet follows."""


@get("/me/prepare", needs="patient.read", sync_to_thread=True)
def prepare(request: Asked, visit: TheVisit) -> Response[str]:
    """The sheet of the plan that holds."""
    who = reader(request, visit)
    return page(who, who.say("About your treatment"), _sheet(who.file().released, who))


@get("/me/treatment", needs="patient.read", sync_to_thread=True)
def treatment(request: Asked, visit: TheVisit) -> Response[str]:
    """Every infusion: the day, the product, the grams, the lots."""
    who = reader(request, visit)
    say, given = who.say, who.file().given
    return page(
        who,
        say("My treatment"),
        h.p(".lead")[told(say("The last comes first. Lot numbers matter if a product is recalled."))],
        [_infusion(plan, state, who) for plan, state in reversed(given)]
        or h.p[told(say("Nothing was given yet."))],
        h.p[h.a(href="/me/prepare")[told(say("How do you prepare?"))]],
    )


def _sheet(plan: Plan | None, who: Reader) -> Node:
    say = who.say
    if plan is None:
        return h.p(".lead")[told(say("Your team will tell you the day and how long it takes."))]
    try:
        sheet = patient_text(plan, who.knowledge, say.language)
    except NoSheetError:
        return h.p(".lead")[told(say("Your sheet is not ready. Ask your team for it."))]
    first = [say(asks) for asks in _FIRST]
    parts = sorted(sheet.sections, key=lambda part: first.index(part[0]) if part[0] in first else len(first))
    return [
        [
            h.section[h.h2[told(title)], listed(paragraphs)]
            if title in first
            else h.details[h.summary[h.h2[told(title)]], listed(paragraphs)]
            for title, paragraphs in parts
        ],
        h.div(".soft")[listed(sheet.foot)],
    ]


def _infusion(plan: Plan, state: State, who: Reader) -> Element:
    say, zone = who.say, state.day.start.tzinfo
    began = state.started_at or state.day.start
    ended = state.ended_at
    grams = say("{grams} g", grams=say.number(given_g(state, ended))) if ended else say("not closed yet")
    return h.section(".card")[
        h.h2[told(say.day(began.astimezone(zone).date()))],
        h.dl[
            h.dt[told(say("Product"))],
            h.dd[_products(plan, state, who)],
            h.dt[told(say("Amount"))],
            h.dd[told(grams)],
            h.dt[told(say("Lot numbers"))],
            h.dd[_lots(state, who)],
        ],
    ]


def _products(plan: Plan, state: State, who: Reader) -> str:
    hung = dict.fromkeys(vial.product or "" for vial in state.vials)
    named = [who.knowledge.products[name].name for name in hung if name in who.knowledge.products]
    return ", ".join(named) or (plan.product.name if plan.product else "–")


def _lots(state: State, who: Reader) -> Node:
    lots = dict.fromkeys(vial.lot for vial in state.vials)
    if not any(lots):
        return told(who.say("none recorded"))
    return ", ".join(lot or "–" for lot in lots)


routes = [prepare, treatment]
