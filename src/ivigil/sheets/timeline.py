"""The time line of an infusion: what happened, at which rate, and what was advised then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import get_args

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.infusion.advice import RANKS, Advice
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Corrected,
    Disconnected,
    Event,
    Happening,
    IdentityChecked,
    MedicineGiven,
    ObservationEnded,
    PatientInformed,
    Paused,
    RateSet,
    ReactionGraded,
    RestartDecided,
    Resumed,
    Seated,
    Started,
    Stopped,
    SymptomNoted,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.hanging import StopCode
from ivigil.infusion.retell import Beat
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import advice_line, alarm_words, readings, seen, symptom, vial_line
from ivigil.sheets.layout import section
from ivigil.sheets.numbers import number
from ivigil.sheets.reaction_drugs import short_line

_STOPS: tuple[str, ...] = get_args(StopCode)
_PRESSING = RANKS[: RANKS.index("next")]


def timeline_sheet(beats: Iterable[Beat], zone: dt.tzinfo | None, knowledge: Knowledge) -> RenderableType:
    """A line for each thing, the time where it changes, the rate where it changes."""
    grid = Table(box=None, show_header=True, header_style="", padding=(0, 1, 0, 0), expand=True)
    grid.add_column("time", width=5)
    grid.add_column("mL/h", width=5, justify="right")
    grid.add_column("what happened   > what was advised   ! alarm", ratio=1)
    before, rate, shown = "", Decimal(0), frozenset[str]()
    for beat in beats:
        time = f"{beat.event.at.astimezone(zone):%H:%M}"
        lines = _advised(beat, knowledge) if isinstance(beat.event.what, AdviceShown) else []
        fresh = [line for line in lines if line not in shown]
        shown = frozenset(lines) if lines else shown
        texts = [Text(line, "bold") for line in fresh]
        if not isinstance(beat.event.what, AdviceShown):
            texts = [Text(_happened(beat.event, beat, knowledge)), *_alarms(beat)]
        for text in texts:
            flows = beat.state.rate_ml_per_h
            grid.add_row(time if time != before else "", number(flows) if flows != rate else "", text)
            before, rate = time, flows
    return section("Time line", grid)


def _alarms(beat: Beat) -> list[Text]:
    """Those that this event raised."""
    raised = (alarm for alarm in beat.state.alarms if alarm.event == beat.event.id)
    return [Text(f"! {alarm_words(alarm)}", "bold red") for alarm in raised]


def _advised(beat: Beat, knowledge: Knowledge) -> list[str]:
    """What was pressing when advice was shown, or why a vial was not to be hung."""
    what = beat.event.what
    if isinstance(what, AdviceShown) and what.code in _STOPS:
        return [f"> DO NOT HANG THIS VIAL: {words.said(what.code, words.STOP) or what.code}"]
    pressing = [advice for advice in beat.advised if advice.rank in _PRESSING]
    lines = [f"> {advice_line(advice, knowledge)}{_dose(advice)}" for advice in pressing]
    if lines and pressing[0].because:
        lines[0] += f" ({seen(pressing[0].because, knowledge)})"
    return lines


def _dose(advice: Advice) -> str:
    """The first dose that is computed, if one is."""
    options = advice.treatment.options if advice.treatment is not None else ()
    computed = (dosing for dosing in options if dosing.dose_mg is not None)
    return next((f": {short_line(dosing)}" for dosing in computed), "")


def _happened(event: Event, beat: Beat, knowledge: Knowledge) -> str:
    """One event in one line."""
    what = event.what
    return _flow(what, knowledge) or _vial(what, beat, knowledge) or _patient(what, knowledge)


def _flow(what: Happening | Corrected, knowledge: Knowledge) -> str:
    """What changed the flow; "" for anything else."""
    match what:
        case Started():
            return "Started"
        case RateSet(rate_ml_per_h=rate):
            return f"Rate set to {number(rate)} mL/h"
        case Paused(reason=reason):
            return f"Paused{_because(reason, knowledge)}"
        case RestartDecided(decided_by=by, rate_ml_per_h_max=most, reason=reason):
            return f"Decided by {by}: go on at {number(most)} mL/h at most; {reason}"
        case Resumed(rate_ml_per_h=resumed):
            return "Resumed" + (f" at {number(resumed)} mL/h" if resumed is not None else "")
        case Disconnected(reason=reason):
            return f"Line taken off{_because(reason, knowledge)}"
        case Stopped(reason=reason):
            return f"STOPPED{_because(reason, knowledge)}"
        case Completed(volume_ml=volume):
            counted = f": {number(volume, 1)} mL by the pump's count" if volume is not None else ""
            return f"Completed{counted}"
    return ""


def _vial(what: Happening | Corrected, beat: Beat, knowledge: Knowledge) -> str:
    """What was done with a vial; "" for anything else."""
    match what:
        case VialHung() as vial:
            return f"Hung {vial_line(vial.product, vial.grams, vial.lot, vial.expiry, knowledge)}"
        case VialFinished(hung=hung, left_g=left):
            rest = f", {number(left)} g left in it" if left else ""
            return f"Vial taken down: {_which(hung, beat)}{rest}"
    return ""


def _patient(what: Happening | Corrected, knowledge: Knowledge) -> str:
    """What was seen of the patient, told, given or decided."""
    match what:
        case IdentityChecked(identifier=identifier, method=method):
            return f"Identity {method}: {identifier.value}"
        case Seated(chair=chair):
            return f"Chair {chair}"
        case VitalsTaken(readings=values):
            return f"Signs {readings(values, knowledge)}"
        case SymptomNoted(symptom=name, present=present, note=note):
            noted = f" ({note})" if note else ""
            return f"{'Noted' if present else 'Gone'}: {symptom(name, knowledge)}{noted}"
        case ReactionGraded(term=term, grade=grade, version=version):
            return f"Graded: {term} {grade} ({version})"
        case MedicineGiven() as given:
            dose = f" {number(given.dose_mg)} mg" if given.dose_mg is not None else ""
            return f"Gave {given.drug}{dose} {given.route} {given.text}".rstrip()
        case ObservationEnded():
            return "The patient left the chair"
        case PatientInformed():
            return "The patient was told what to report afterwards, and to whom"
        case AdviceOverridden(reason=reason):
            return f"Did otherwise than advised: {reason}"
        case Corrected(reason=reason):
            return f"An earlier record was corrected{_because(reason, knowledge)}"
    return ""


def _which(hung: str, beat: Beat) -> str:
    vial = next((vial for vial in beat.state.vials if vial.event == hung), None)
    return f"{number(vial.grams)} g, lot {vial.lot or 'NOT READ'}" if vial else "unknown"


def _because(reason: str, knowledge: Knowledge) -> str:
    """A person's words as they stand. Rules are not repeated: the advice above names them."""
    names = [part.strip() for part in reason.split(",")]
    return f": {reason}" if reason and not all(name in knowledge.by_id for name in names) else ""
