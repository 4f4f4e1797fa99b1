"""What happened at the chair in the order of the clock, one line each: the recorded part of a narrative."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import overload

from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.infusion.events import MedicineGiven
from ivigil.infusion.progress import given_g, given_ml
from ivigil.infusion.state import HungVial, State
from ivigil.knowledge.reactions import CtcaeTerm
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.chair import readings, symptom
from ivigil.sheets.chair_words import CALLED
from ivigil.sheets.numbers import number

_Line = tuple[dt.datetime, str]


def chronology(state: State, later: tuple[SymptomReport, ...], knowledge: Knowledge) -> str:
    """Every line with its day, time and offset, in the zone of the plan. ``later``: reports from home."""
    told = ((report.at, _told(report, knowledge)) for report in later)
    lines = sorted([*_lines(state, knowledge), *told], key=lambda line: line[0])
    return "\n".join(f"{clock(at, state)} {text}" for at, text in lines)


def clock(at: dt.datetime, state: State) -> str:
    """A time in the zone of the plan: "2026-12-01 09:40 -06:00"."""
    return moment(local(at, state))


@overload
def local(at: dt.datetime, state: State) -> dt.datetime: ...
@overload
def local(at: dt.datetime | None, state: State) -> dt.datetime | None: ...
def local(at: dt.datetime | None, state: State) -> dt.datetime | None:
    """A time in the zone of the plan."""
    return at.astimezone(state.day.start.tzinfo) if at is not None else None


def moment(at: dt.datetime) -> str:
    """ "2026-12-01 09:40 -06:00"."""
    offset = f"{at:%z}"
    return f"{at:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def medicine(given: MedicineGiven) -> str:
    """ "diphenhydramine 25 mg IV"."""
    dose = f"{number(given.dose_mg, 3)} mg" if given.dose_mg is not None else ""
    return " ".join(part for part in (given.drug, dose, given.text, given.route) if part)


def term(name: str, knowledge: Knowledge) -> CtcaeTerm | None:
    """The CTCAE term of a grading, if the fact base has it."""
    fact = knowledge.by_id.get(name)
    return fact if isinstance(fact, CtcaeTerm) else None


def _lines(state: State, knowledge: Knowledge) -> Iterator[_Line]:
    if state.started_at is not None:
        yield state.started_at, "infusion started"
    for vial in state.vials:
        yield vial.at, _vial(vial, knowledge)
    for flow in state.flows:
        yield flow.start, f"rate {number(flow.rate_ml_per_h)} mL/h"
    for before, after in zip(state.flows, state.flows[1:], strict=False):
        if before.end is not None and before.end < after.start:
            yield before.end, "flow halted"
    for vitals in state.vitals:
        yield vitals.at, readings(vitals.readings, knowledge)
    for spell in state.symptoms:
        name = symptom(spell.symptom, knowledge)
        yield spell.since, f"{name} began"
        if spell.until is not None:
            yield spell.until, f"{name} gone"
    for graded in state.grades:
        found = term(graded.grading.term, knowledge)
        name = found.term if found is not None else graded.grading.term
        yield graded.at, f"{name}: CTCAE {graded.grading.version} grade {graded.grading.grade}"
    for given in state.medicines:
        yield given.at, f"given: {medicine(given.medicine)}"
    yield from ((call.at, CALLED[call.whom]) for call in state.calls)
    for decided in state.decisions:
        what = decided.decision
        rate = number(what.rate_ml_per_h_max)
        yield decided.at, f"{what.decided_by} decided to go on, at most {rate} mL/h: {what.reason}"
    if state.ended_at is not None:
        word = "stopped before its volume was in" if state.ended_early else "volume in"
        amount = f"{number(given_ml(state, state.ended_at))} mL, {number(given_g(state, state.ended_at))} g"
        yield state.ended_at, f"infusion {word} ({amount} given)"


def _told(report: SymptomReport, knowledge: Knowledge) -> str:
    present = ", ".join(symptom(name, knowledge) for name in report.present)
    absent = ", ".join(symptom(name, knowledge) for name in report.absent)
    parts = (
        f"present: {present}" if present else "",
        f"in their words: {'; '.join(f'“{text}”' for text in report.own_words)}" if report.own_words else "",
        f"absent: {absent}" if absent else "",
        readings(report.readings, knowledge),
    )
    return "reported from home: " + "; ".join(part for part in parts if part)


def _vial(vial: HungVial, knowledge: Knowledge) -> str:
    product = knowledge.products.get(vial.product or "")
    name = product.name if product is not None else vial.product or "product not read"
    lot = f"lot {vial.lot}" if vial.lot else "lot not read"
    expiry = f"expiry {vial.expiry}" if vial.expiry is not None else "expiry not read"
    return f"vial hung: {name}, {number(vial.grams, 3)} g, {lot}, {expiry}"
