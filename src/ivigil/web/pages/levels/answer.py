"""What the models say to the question: the curve, each planned dose, a dose for a trough, the models."""

from __future__ import annotations

import datetime as dt
from itertools import chain

import htpy as h
from htpy import Element, Node
from msgspec.structs import replace

from ivigil.kinetics.aim import Proposal, RefusedError, Regimen, Spread, dose_for_trough
from ivigil.kinetics.courses import courses
from ivigil.kinetics.estimate import Case, Estimate, Fitted, estimate
from ivigil.kinetics.levels import Given, days
from ivigil.knowledge.store import Knowledge
from ivigil.practice.levels import LevelHistory
from ivigil.sheets.estimate_plot import forecast_picture
from ivigil.sheets.levels import (
    BANDS,
    MISFIT,
    NOT_FITTED,
    REFUSED,
    SUPPORT,
    spread_text,
    whole_text,
)
from ivigil.sheets.models import KNOWN
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts
from ivigil.web.pages.levels.missed import missed
from ivigil.web.pages.levels.other import other
from ivigil.web.pages.levels.picture import figure
from ivigil.web.pages.levels.question import PART, Asked, due, standing
from ivigil.web.pages.levels.reasons import doubts, refused_reasons
from ivigil.web.parts.about import link
from ivigil.web.parts.notice import notice
from ivigil.web.parts.table import table

SEED = 1
_COURSES = 6
"""Planned courses that are drawn."""
_WEEKS_AFTER = 4


def answer(history: LevelHistory, asked: Asked, now: dt.datetime, knowledge: Knowledge) -> Element:
    """Everything that depends on the question, under one id; nothing of a question with a fault."""
    if asked.wrong:
        return h.section(id=PART)[_wrong(asked)]
    first = due(history, asked.given, now, knowledge)
    ahead = asked.given.cycle.courses(asked.given.grams, first, _COURSES)
    case = replace(history.case, planned=(*history.to_come, *chain.from_iterable(ahead)))
    known = estimate(knowledge.facts.population_model, case, (), knowledge, SEED)
    return h.section(id=PART)[
        standing(asked, history.plan),
        _told(history, known),
        _curve(case, known, asked, knowledge),
        _then(case, ahead, known, knowledge),
        missed(history, first, known, asked, knowledge),
        other(history, asked, first, knowledge, SEED),
        _sought(history, case, known, asked, knowledge),
        _models(known, knowledge),
        h.p(".soft")[f"{say(BANDS)} {say(SUPPORT)}"],
    ]


def _told(history: LevelHistory, known: Estimate) -> Node:
    told = doubts(history, known)
    return notice("slow", h.ul[(h.li[sentence] for sentence in told)]) if told else None


def _wrong(asked: Asked) -> Element:
    return notice(
        "stop",
        h.p[say("Nothing is computed.")],
        h.ul[(h.li[each] for each in asked.wrong.values())],
        urgent=True,
    )


def _curve(case: Case, known: Estimate, asked: Asked, knowledge: Knowledge) -> Node:
    if not known.people:
        return notice("stop", h.p[say(REFUSED["no_model"])])
    picture = forecast_picture(case, known, _WEEKS_AFTER, knowledge, apart=asked.each)
    if asked.target_g_per_l is not None:
        target = float(asked.target_g_per_l)
        picture = replace(picture, target_g_per_l=(target, target))
    return figure(picture)


def _then(case: Case, ahead: tuple[tuple[Given, ...], ...], known: Estimate, knowledge: Knowledge) -> Node:
    """The level before each planned course, and at the end of its last infusion."""
    if not known.people:
        return None
    origin = known.levels.origin
    ends = [(course[0].start, course[-1].end) for course in ahead]
    moments = sorted({days(at, origin) for each in ends for at in each})
    bands = {
        band.time_days: band
        for band in courses(known, (*case.doses, *case.planned), moments, knowledge, apart=False).together
    }

    def shown(at: dt.datetime) -> str:
        band = bands[days(at, origin)]
        return spread_text(Spread(band.low, band.median, band.high), "", 1)

    rows = (
        (f"{start:%Y-%m-%d}", f"{number(sum(part.grams for part in course), 1)} g", shown(start), shown(end))
        for course, (start, end) in zip(ahead, ends, strict=True)
    )
    return table(
        say("If it is given like this"),
        (say("Day"), say("Dose"), say("Just before, g/L"), say("At its end, g/L")),
        rows,
        numbers=(1, 2, 3),
    )


def _sought(history: LevelHistory, case: Case, known: Estimate, asked: Asked, knowledge: Knowledge) -> Node:
    """The dose for the trough that is wanted, or every reason why none is sought."""
    if asked.target_g_per_l is None:
        return None
    asked_cycle = asked.given.cycle
    cycle = replace(asked_cycle, route=case.doses[-1].route)
    try:
        found = dose_for_trough(known, case, cycle, knowledge, target_g_per_l=asked.target_g_per_l)
    except RefusedError as refused:
        return h.section[
            h.h2[say("No dose is sought")],
            h.ul[(h.li[reason] for reason in refused_reasons(refused.reasons, history))],
            h.p[h.a(href="#before")[say("The doses before the first one here")]]
            if "history_incomplete" in refused.reasons and history.before
            else None,
        ]
    return _proposal(found)


def _proposal(found: Proposal) -> Element:
    low, high = (number(value) for value in found.window_g_per_l)
    chosen = found.chosen
    beside = sorted((*found.beside, chosen), key=lambda each: each.grams)
    return h.section[
        table(
            say(
                "A trough of {trough} g/L ({low} to {high}), at the steady state",
                trough=number(found.target_g_per_l),
                low=low,
                high=high,
            ),
            (say("Dose"), say("Trough, g/L"), say("Peak, g/L"), say("In the window")),
            (_regimen(each, chosen) for each in beside),
        ),
        h.p[say("Steady after {time}.", time=spread_text(found.steady_after_days, say("days"), 0))],
    ]


def _regimen(item: Regimen, chosen: Regimen) -> tuple[Node, ...]:
    text = (
        texts("{dose} every {days} days, proposed") if item is chosen else texts("{dose} every {days} days")
    )
    dose = say(text, dose=f"{number(item.grams, 1)} g", days=str(item.interval_days))
    share = "" if item.in_window is None else f"{whole_text(100 * item.in_window)} %"
    peak = spread_text(item.peak_g_per_l, "", 1)
    return (
        h.b[dose] if item is chosen else dose,
        spread_text(item.trough_g_per_l, "", 1),
        say("{peak} high peak", peak=peak) if item.above_peak_limit > 0 else peak,
        share,
    )


def _models(known: Estimate, knowledge: Knowledge) -> Element:
    rows = [_fitted(each, knowledge) for each in known.models if not each.why_not]
    rows += [
        (link(knowledge.population_models[each.model], knowledge), "", "", say(NOT_FITTED[each.why_not]))
        for each in known.models
        if each.why_not and knowledge.population_models[each.model].verdict.status != "refused"
    ]
    heads = (say("Model"), say("Evidence"), say("Weight"), say("What it says"))
    return h.section(".models")[table(say("Models"), heads, rows, numbers=(2,))]


def _fitted(fitted: Fitted, knowledge: Knowledge) -> tuple[Node, ...]:
    model = knowledge.population_models[fitted.model]
    outside = [say(KNOWN[check.of]) for check in fitted.applicability.ranges if check.place == "outside"]
    told = [say(MISFIT[item]) for item in fitted.misfits]
    if outside:
        told.append(say("outside its range of {ranges}", ranges=", ".join(dict.fromkeys(outside))))
    told += [say("fitted to another condition")] if fitted.applicability.extrapolated else []
    weight = f"{whole_text(100 * fitted.weight)} %"
    return link(model, knowledge), model.verdict.grade, weight, "; ".join(told) or say("within its range")
