"""One line for everything that can be entered at the chair, as the history of an infusion shows it."""

from __future__ import annotations

from decimal import Decimal

from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Corrected,
    Disconnected,
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
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import readings, symptom, vial_line
from ivigil.sheets.chronology import medicine, term
from ivigil.sheets.journal import REFUSAL
from ivigil.sheets.numbers import number

METHOD = {"scanned": "wristband or card scanned", "asked": "asked"}


def entry_line(what: Happening | Corrected, knowledge: Knowledge) -> str:
    """ "rate set to 38 mL/h"."""
    match what:
        case IdentityChecked(identifier=identifier, method=method):
            return f"identity checked: {identifier.value} ({METHOD[method]})"
        case Seated(chair=chair):
            return f"seated: {chair}"
        case Started(pump=pump):
            return f"line connected{f', pump {pump}' if pump else ''}"
        case RateSet(rate_ml_per_h=rate):
            return f"rate set to {number(rate)} mL/h"
        case VialHung():
            hung = vial_line(what.product, what.grams, what.lot, what.expiry, knowledge)
            return f"vial hung: {hung}"
        case VialFinished(left_g=left):
            return f"vial finished{f', {number(left)} g left in it' if left else ''}"
        case VitalsTaken(readings=values):
            return f"measured: {readings(values, knowledge)}"
        case SymptomNoted(symptom=name, present=present, note=note):
            return _with(f"{symptom(name, knowledge)} {'noted' if present else 'gone'}", note)
        case ReactionGraded(term=name, grade=grade, version=version):
            found = term(name, knowledge)
            return f"{found.term if found else name}: CTCAE {version} grade {grade}"
        case MedicineGiven():
            return f"given: {medicine(what)}"
    return _flow_line(what)


def _flow_line(what: Happening | Corrected) -> str:
    """What changes or ends the flow, and what is said beside it."""
    match what:
        case Paused(reason=reason):
            return _with("paused", reason)
        case Disconnected(reason=reason):
            return _with("line taken off", reason)
        case Resumed(rate_ml_per_h=rate):
            return "goes on" + (f" at {number(rate)} mL/h" if rate is not None else "")
        case RestartDecided(decided_by=by, rate_ml_per_h_max=most, reason=reason):
            return f"{by} decided that it goes on, at most {number(most)} mL/h: {reason}"
        case Stopped(reason=reason, volume_ml=counted):
            return _with(_with("stopped before its volume was in", reason), _counted(counted))
        case Completed(volume_ml=counted):
            return _with("the volume is in", _counted(counted))
        case ObservationEnded():
            return "the patient left"
        case PatientInformed():
            return "the patient was told what to report, and to whom"
        case AdviceShown(code=code):
            return f"shown: {code.replace('_', ' ')}"
        case AdviceOverridden(code=code, reason=reason):
            return f"not as advised ({code.replace('_', ' ')}): {reason}"
        case Corrected(reason=reason):
            return _with("withdrawn", reason)
    raise AssertionError(what)


def objection_line(code: str, what: str = "") -> str:
    """One thing that speaks against a deed, in words."""
    if code in words.CHECK:
        return f"it is not settled that {words.said(code, words.CHECK)}"
    text = words.said(code, words.BLOCKER, words.AGAINST, words.STOP, REFUSAL)
    return f"{text or code.replace('_', ' ')}{f' ({what})' if what else ''}"


def _counted(volume_ml: Decimal | None) -> str:
    return f"the pump counted {number(volume_ml)} mL" if volume_ml is not None else ""


def _with(text: str, more: str) -> str:
    return f"{text}: {more}" if more else text
