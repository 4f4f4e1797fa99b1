"""The live part of the chair: the next action, where the infusion stands, what is due, what is present."""

from __future__ import annotations

from decimal import Decimal

import htpy as h
from htpy import Element, Node

from ivigil.infusion.due import Due
from ivigil.infusion.progress import left_g, step_number
from ivigil.infusion.state import HungVial
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import alarm_words, end_line, measures, vial_line
from ivigil.sheets.numbers import number as written
from ivigil.web.pages.chair.advice import first, others
from ivigil.web.pages.chair.entries import gone
from ivigil.web.pages.chair.forms import tap
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.notice import notice
from ivigil.web.parts.number import number
from ivigil.web.parts.stamp import live

PART = "now"
EVERY_SECONDS = 2


def now(view: ChairView) -> Element:
    """Everything that changes by the minute."""
    return live(PART, view.path, view.report.at, every=EVERY_SECONDS)[
        _wrong_patient(view),
        _changed(view),
        _alarms(view),
        first(view),
        _figures(view),
        others(view),
        _due(view),
        gone(view),
        _vials(view),
    ]


def _wrong_patient(view: ChairView) -> Node:
    read, meant = view.state.identified, view.bedside.briefing.patient
    if read is None or read == meant:
        return None
    text = f"{words.STOP['wrong_patient'].capitalize()}: {read.value} was read, the plan is of {meant.value}."
    return notice("stop", h.p[text])


def _changed(view: ChairView) -> Node:
    changed = view.report.plan_changed
    if not changed:
        return None
    what = ", ".join(changed)
    return notice("stop", h.p[f"The plan is not what was signed any more: {what}. Call the prescriber."])


def _alarms(view: ChairView) -> Node:
    if not view.state.alarms:
        return None
    lines = (f"{view.clock.time(alarm.at)} {alarm_words(alarm)}" for alarm in view.state.alarms)
    return notice("stop", h.ul[(h.li[line] for line in lines)])


def _figures(view: ChairView) -> Element:
    """Rate, step, volume and grams given and left, expected end."""
    state, made = view.state, view.report
    step, steps = step_number(state), len(state.day.steps)
    end = end_line(state, view.clock)
    return h.section(".figures", aria_label="Where it stands")[
        h.p(".phase")[words.PHASE[state.phase], f": {words.HALT[state.halt]}" if state.halt else None],
        h.dl[
            _figure("Rate", number(state.rate_ml_per_h, "mL/h", large=True)),
            _figure("Step", h.span(".number.large")[h.b[f"{step}"], h.span(".unit")[f" of {steps}"]])
            if step
            else None,
            _figure("Given", _amount(made.given_ml, made.given_g)),
            _figure("Left", _amount(made.left_ml, left_g(state, made.at))),
            _figure("Ends", end) if end else None,
        ],
        _bar(view),
    ]


def _figure(label: str, value: Node) -> Element:
    return h.div[h.dt[label], h.dd[value]]


def _amount(ml: Decimal, g: Decimal) -> Node:
    return [number(ml, "mL", 1), h.span(".soft")[" = ", number(g, "g")]]


def _bar(view: ChairView) -> Element:
    """How much of the day's volume is in."""
    whole, given = view.state.day.volume_ml, min(view.report.given_ml, view.state.day.volume_ml)
    share = int(given * 100 / whole) if whole else 0
    return h.progress(value=str(share), max="100", aria_label="Part of the volume that is in")[f"{share} %"]


def _due(view: ChairView) -> Node:
    if not view.report.due:
        return None
    return h.section(".due")[
        h.h2["Due"],
        h.ul[(_due_line(view, each) for each in view.report.due)],
    ]


def _due_line(view: ChairView, due: Due) -> Element:
    late = due.overdue(view.report.at)
    what = "next vial" if due.what == "vial_change" else measures(due.measures, view.knowledge)
    return h.li(class_={"late": late})[
        h.b[view.clock.time(due.at)],
        " ",
        h.span(".tag")["overdue"] if late else None,
        f" {what}, {view.clock.late(due.at)}",
    ]


def _vials(view: ChairView) -> Node:
    state = view.state
    if not state.vials:
        return None
    planned = state.day.grams + state.day.discard_g
    return h.section(".vials")[
        h.h2["Vials"],
        h.p(".soft")[f"{written(state.grams_hung, 3)} of {written(planned, 3)} g hung"],
        h.ul[(_vial(view, vial) for vial in state.vials)],
    ]


def _vial(view: ChairView, vial: HungVial) -> Element:
    line = vial_line(vial.product, vial.grams, vial.lot, vial.expiry, view.knowledge)
    if vial.finished_at is not None:
        return h.li[
            h.span[f"{view.clock.time(vial.at)} {line}; finished {view.clock.time(vial.finished_at)}"]
        ]
    return h.li[
        h.span[f"{view.clock.time(vial.at)} {line}"],
        tap(view, "vial-finished", "Finished", {"hung": vial.event}, importance="plain"),
    ]
