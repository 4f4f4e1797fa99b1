"""One line for everything that can be entered at the chair, as the history of an infusion shows it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ivigil.infusion.doubts import Doubt
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    BothSeen,
    Called,
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
from ivigil.infusion.state import HungVial
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import Clock, measures, readings, symptom, vial_line
from ivigil.sheets.chronology import medicine, term
from ivigil.sheets.journal import REFUSAL
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import capital, say, texts

METHOD = texts(
    {
        "scanned": "identity checked: {identifier} (wristband or card scanned)",
        "asked": "identity checked: {identifier} (asked)",
    }
)


def entry_line(what: Happening | Corrected, knowledge: Knowledge, vials: Iterable[HungVial] = ()) -> str:
    """ "rate set to 38 mL/h". ``vials``: those of the infusion, to tell which one was finished."""
    match what:
        case IdentityChecked(identifier=identifier, method=method):
            return say(METHOD[method], identifier=identifier.value)
        case Seated(chair=chair):
            return say("seated: {chair}", chair=chair)
        case VialHung():
            hung = vial_line(what.product, what.grams, what.lot, what.expiry, knowledge)
            return say("vial hung: {vial}", vial=hung)
        case VialFinished():
            return _finished(what, vials)
        case VitalsTaken(readings=values):
            return say("measured: {values}", values=readings(values, knowledge))
        case SymptomNoted(symptom=name, present=present, note=note):
            told = texts("{symptom} noted") if present else texts("{symptom} gone")
            return _with(say(told, symptom=symptom(name, knowledge)), note)
        case ReactionGraded(term=name, grade=grade, version=version):
            found = term(name, knowledge)
            named = found.term if found else name
            return say("{term}: CTCAE {version} grade {grade}", term=named, version=version, grade=f"{grade}")
        case MedicineGiven():
            return say("given: {medicine}", medicine=medicine(what))
    return _flow_line(what, knowledge) or _beside_line(what)


def _flow_line(what: Happening | Corrected, knowledge: Knowledge) -> str:
    """What begins, changes or ends the flow; "" for anything else."""
    match what:
        case Started(pump=pump):
            return say("line connected, pump {pump}", pump=pump) if pump else say("line connected")
        case RateSet(rate_ml_per_h=rate):
            return say("rate set to {rate} mL/h", rate=number(rate))
        case Paused(reason=reason):
            return _with(say("paused"), _in_words(reason, knowledge))
        case Disconnected(reason=reason):
            return _with(say("line taken off"), _in_words(reason, knowledge))
        case Resumed(rate_ml_per_h=resumed):
            return (
                say("goes on at {rate} mL/h", rate=number(resumed)) if resumed is not None else say("goes on")
            )
        case RestartDecided(decided_by=by, rate_ml_per_h_max=most, reason=reason):
            return say(
                "{who} decided that it goes on, at most {rate} mL/h: {reason}",
                who=by,
                rate=number(most),
                reason=reason,
            )
        case Stopped(reason=reason, volume_ml=counted):
            stopped = _with(say("stopped before its volume was in"), _in_words(reason, knowledge))
            return _with(stopped, _counted(counted))
        case Completed(volume_ml=counted):
            return _with(say("the volume is in"), _counted(counted))
    return ""


def _beside_line(what: Happening | Corrected) -> str:
    """What is told, advised, corrected; how it ends for the patient."""
    match what:
        case ObservationEnded():
            return say("the patient left")
        case Called(whom=whom):
            return say(words.CALLED[whom])
        case PatientInformed():
            return say("the patient was told what to report, and to whom")
        case AdviceShown(code=code):
            return say("shown: {advice}", advice=words.named(code))
        case AdviceOverridden(code=code, reason=reason):
            return say(
                "not as advised ({advice}): {reason}", advice=words.named(code), reason=words.because(reason)
            )
        case BothSeen():
            return say("looked at entries that were written without seeing each other")
        case Corrected(reason=reason):
            return _with(say("withdrawn"), reason)
    raise AssertionError(what)


def _finished(what: VialFinished, vials: Iterable[HungVial]) -> str:
    vial = next((each for each in vials if each.event == what.hung), None)
    line = say("vial finished")
    if vial is not None:
        grams, lot = number(vial.grams), vial.lot or say("NOT READ")
        line = say("vial finished: {grams} g, lot {lot}", grams=grams, lot=lot)
    return say("{line}, {grams} g left in it", line=line, grams=number(what.left_g)) if what.left_g else line


def objection_line(code: str, what: str = "") -> str:
    """One thing that speaks against a deed, in words."""
    if code in words.CHECK:
        return say("it is not settled that {what}", what=words.said(code, words.CHECK))
    text = words.said(code, words.BLOCKER, words.AGAINST, words.STOP, REFUSAL)
    return f"{text or words.named(code)}{f' ({what})' if what else ''}"


def doubt_line(doubt: Doubt, knowledge: Knowledge, clock: Clock) -> str:
    """What is asked about, in words: "systolic 1180: it is hardly ever outside of 0 to 375"."""
    known = doubt.about.startswith("measure.")
    return say(
        words.DOUBT[doubt.code],
        what=capital(measures([doubt.about], knowledge)) if known else doubt.about,
        seen=_told(doubt.seen),
        low=_told(doubt.low),
        high=_told(doubt.high),
        near=_told(doubt.near),
        before=clock.time(doubt.before) if doubt.before is not None else "",
    )


def _told(value: Decimal | None) -> str:
    return number(value, 3) if value is not None else "…"


def _counted(volume_ml: Decimal | None) -> str:
    return say("the pump counted {volume} mL", volume=number(volume_ml)) if volume_ml is not None else ""


def _in_words(reason: str, knowledge: Knowledge) -> str:
    """A person's words as they stand; "" where a reason names rules alone: what was advised tells them."""
    rules = all(name.strip() in knowledge.by_id for name in reason.split(","))
    return "" if rules else reason


def _with(text: str, more: str) -> str:
    return f"{text}: {more}" if more else text
