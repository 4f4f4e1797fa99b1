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
from ivigil.sheets.journal import changed_text
from ivigil.sheets.numbers import number as written
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.advice import first, others
from ivigil.web.pages.chair.entries import gone
from ivigil.web.pages.chair.forms import tap
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.pages.reported import report_notice
from ivigil.web.parts.notice import notice
from ivigil.web.parts.number import number
from ivigil.web.parts.stamp import live
from ivigil.web.parts.woven import woven

PART = "now"
EVERY_SECONDS = 2


def now(view: ChairView) -> Element:
    """Everything that changes by the minute."""
    return live(PART, view.path, view.report.at, every=EVERY_SECONDS)[
        _wrong_patient(view),
        [report_notice(each, view.visit, view.stream) for each in view.reports],
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
    told = say(
        "This is another patient: {read} was read, the plan is of {meant}.",
        read=read.value,
        meant=meant.value,
    )
    return notice("stop", h.p[told])


def _changed(view: ChairView) -> Node:
    changed = view.report.plan_changed
    if not changed:
        return None
    what = ", ".join(changed_text(each, view.knowledge) for each in changed)
    told = say("The plan is not what was signed any more: {what}. Call the prescriber.", what=what)
    return notice("stop", h.p[told])


def _alarms(view: ChairView) -> Node:
    found = view.state.standing_alarms(view.bedside.briefing.patient)
    if not found:
        return None
    lines = (f"{view.clock.time(alarm.at)} {alarm_words(alarm)}" for alarm in found)
    return notice("stop", h.ul[(h.li[line] for line in lines)])


def _figures(view: ChairView) -> Element:
    """Rate, step, volume and grams given and left, expected end."""
    state, made = view.state, view.report
    step, steps = step_number(state), len(state.day.steps)
    end = end_line(state, view.clock)
    return h.section(".figures", aria_label=say("Where it stands"))[
        h.p(".phase")[
            h.span[say(words.PHASE[state.phase]), f": {say(words.HALT[state.halt])}" if state.halt else None],
            _place(view),
        ],
        h.dl[
            _figure(say("Rate"), number(state.rate_ml_per_h, "mL/h", large=True)),
            _figure(say("Step"), _step(step, steps)) if step else None,
            _figure(say("Given"), _amount(made.given_ml, made.given_g)),
            _figure(say("Left"), _amount(made.left_ml, left_g(state, made.at))),
            _figure(say("Ends"), end) if end else None,
        ],
        _bar(view),
    ]


def _place(view: ChairView) -> Node:
    """Where the patient sits, and the way to where that is told."""
    if not view.visit.may("chair.record", view.stream):
        return None
    seat = view.state.chair
    sitting = say("Sits at {chair}: change", chair=seat) if seat else say("Tell the chair or bed")
    return h.a(".seat", href="#seat")[sitting]


def _figure(label: str, value: Node) -> Element:
    return h.div[h.dt[label], h.dd[value]]


def _step(step: int, steps: int) -> Element:
    shown = h.span(".number.large")[h.b[f"{step}"]]
    return h.span(".unit")[woven("{step} of {steps}", step=shown, steps=f"{steps}")]


def _amount(ml: Decimal, g: Decimal) -> Node:
    return [number(ml, "mL", 1), h.span(".soft")[" = ", number(g, "g")]]


def _bar(view: ChairView) -> Element:
    """How much of the day's volume is in."""
    whole, given = view.state.day.volume_ml, min(view.report.given_ml, view.state.day.volume_ml)
    share = int(given * 100 / whole) if whole else 0
    return h.progress(value=str(share), max="100", aria_label=say("Part of the volume that is in"))[
        f"{share} %"
    ]


def _due(view: ChairView) -> Node:
    if not view.report.due:
        return None
    return h.section(".due")[
        h.h2[say("Due")],
        h.ul[(_due_line(view, each) for each in view.report.due)],
    ]


def _due_line(view: ChairView, due: Due) -> Element:
    late = due.overdue(view.report.at)
    what = say("next vial") if due.what == "vial_change" else measures(due.measures, view.knowledge)
    return h.li(class_={"late": late})[
        h.b[view.clock.time(due.at)],
        " ",
        h.span(".tag")[say("overdue")] if late else None,
        f" {what}, {view.clock.late(due.at)}",
    ]


def _vials(view: ChairView) -> Node:
    state = view.state
    if not state.vials:
        return None
    planned = written(state.day.grams + state.day.discard_g, 3)
    hung = say("{hung} of {planned} g hung", hung=written(state.grams_hung, 3), planned=planned)
    return h.section(".vials")[
        h.h2[say("Vials")],
        h.p(".soft")[hung],
        h.ul[(_vial(view, vial) for vial in state.vials)],
    ]


def _vial(view: ChairView, vial: HungVial) -> Element:
    line = vial_line(vial.product, vial.grams, vial.lot, vial.expiry, view.knowledge)
    if vial.finished_at is not None:
        over = view.clock.time(vial.finished_at)
        done = say(
            "{time} {vial}; finished {finished}", time=view.clock.time(vial.at), vial=line, finished=over
        )
        return h.li(data_key=vial.event)[h.span[done]]
    return h.li(data_key=vial.event)[
        h.span[f"{view.clock.time(vial.at)} {line}"],
        tap(view, "vial-finished", say("Finished"), {"hung": vial.event}, importance="plain"),
    ]
