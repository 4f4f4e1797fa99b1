"""From what a nurse types to what happened: one form for each kind of event at the chair."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import get_args

from ivigil.cli.naming import InputError, measure, moment, one, symptom
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import (
    AdviceOverridden,
    Called,
    Corrected,
    Disconnected,
    Event,
    Happening,
    IdentityChecked,
    PatientInformed,
    Paused,
    RateSet,
    ReactionGraded,
    RestartDecided,
    Resumed,
    Seated,
    SymptomNoted,
    VialFinished,
    VitalsTaken,
    Whom,
)
from ivigil.intake.numbers import NumberError, written_number
from ivigil.knowledge.reactions import Measure
from ivigil.patient import Identifier
from ivigil.practice.bedside import NO_REASON
from ivigil.practice.told import given, grades_of, has_grade, hung_vial, withdrawal

_PRESSURES = ("measure.systolic_mmhg", "measure.diastolic_mmhg")
_SHORT = {
    "temperature": "measure.temperature_c",
    "pulse": "measure.heart_rate_per_min",
    "breathing": "measure.respiratory_rate_per_min",
    "systolic": "measure.systolic_mmhg",
    "diastolic": "measure.diastolic_mmhg",
    "spo2": "measure.spo2_percent",
    "urine": "measure.urine_ml_per_kg_per_h",
    "pain": "measure.pain_0_10",
}
"""What is typed for a measurement; the unit is that of the measure."""
RIGHT = "it was looked at again and is right"


def add_kinds(parser: argparse.ArgumentParser, add_common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The kinds of event, each with its own words."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")

    def kind(name: str, text: str) -> argparse.ArgumentParser:
        made = kinds.add_parser(name, help=text, description=text)
        add_common(made)
        return made

    identity = kind("identity", "the person in the chair was identified")
    identity.add_argument("value", metavar="IDENTIFIER")
    identity.add_argument("--system", help="naming system of the identifier (default: the plan's)")
    identity.add_argument("--scanned", action="store_true", help="read from a barcode, not asked")
    seat = kind("seat", "the patient took a chair, or changed to another one")
    seat.add_argument("chair", metavar="CHAIR", help="as it is written there: 4, or 'Window 2'")
    vial = kind("vial", "a vial is hung: scanned, or typed")
    vial.add_argument("--scan", metavar="TEXT", help="what the scanner read from its barcode")
    vial.add_argument("--product", metavar="ID")
    vial.add_argument("--grams", metavar="G")
    vial.add_argument("--lot", default="")
    vial.add_argument("--expiry", metavar="YYYY-MM-DD")
    add_given(vial)
    finished = kind("vial-finished", "a hung vial is empty, or was taken down")
    finished.add_argument("hung", metavar="EVENT", help="id of the event that hung it, or the vial's lot")
    finished.add_argument("--left-g", default="0", metavar="G")
    vitals = kind("vitals", "measured values")
    vitals.add_argument("values", nargs="+", metavar="NAME=VALUE", help=f"bp=120/80, {', '.join(_SHORT)}")
    add_given(vitals, RIGHT)
    noted = kind("symptom", "a symptom came, or is gone")
    noted.add_argument("symptom", metavar="NAME")
    noted.add_argument("--gone", action="store_true")
    noted.add_argument("--note", default="")
    graded = kind("grade", "a clinician graded a reaction (CTCAE)")
    graded.add_argument("term", metavar="TERM")
    graded.add_argument("grade", type=int, choices=(1, 2, 3, 4, 5))
    medicine = kind("medicine", "a medicine as it was given")
    medicine.add_argument("drug", metavar="DRUG")
    medicine.add_argument("--mg", metavar="MG")
    medicine.add_argument("--route", default="")
    medicine.add_argument("--text", default="", help="the dose in words")
    add_given(medicine, RIGHT)
    _add_flow(kind)
    calling = kind("called", "the emergency team or the prescriber was called")
    calling.add_argument("whom", choices=get_args(Whom))
    kind("informed", "the patient was told what to report")
    override = kind("override", "it was done otherwise than advised")
    override.add_argument("code", metavar="ADVICE")
    override.add_argument("--reason", required=True)
    withdraw = kind("withdraw", "an earlier event did not happen, or at another time")
    withdraw.add_argument("event", metavar="EVENT", help="id of the event")
    withdraw.add_argument(
        "--happened-at", metavar="TIME", help="with date and offset; without: it did not happen"
    )
    withdraw.add_argument("--reason", required=True)


def _add_flow(kind: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The kinds that change the flow."""
    rate = kind("rate", "the pump was set to a rate")
    rate.add_argument("ml_per_h", metavar="ML_PER_H")
    add_given(rate)
    for name, text in (("pause", "the pump was halted"), ("disconnect", "the line was taken off")):
        kind(name, text).add_argument("--reason", default="")
    resume = kind("resume", "the pump runs again")
    resume.add_argument("--rate", metavar="ML_PER_H")
    add_given(resume)
    decide = kind("decide", "a clinician decides that it goes on after a reaction")
    decide.add_argument("--decided-by", required=True, metavar="NAME")
    decide.add_argument("--rate-max", required=True, metavar="ML_PER_H")
    decide.add_argument("--reason", required=True)


def add_given(parser: argparse.ArgumentParser, text: str = "it was done against advice all the same") -> None:
    """The word for what was done against advice, or is right though it was asked about."""
    parser.add_argument(
        "--given",
        nargs="?",
        const=NO_REASON,
        metavar="WHY",
        help=f"{text}: record it, and why",
    )


def happening(
    options: argparse.Namespace, briefing: Briefing, events: tuple[Event, ...]
) -> Happening | Corrected:
    """What the options say happened; a vial is made by ``vial``. Raises InputError.

    ``events``: what is on record of the infusion, for what speaks of an earlier event.
    """
    match options.kind:
        case "vial-finished":
            return _finished(options, events)
        case "withdraw":
            return _withdrawn(options, events)
    return _READERS[options.kind](options, briefing)


def zero_or_more(written: str, field: str) -> Decimal:
    """A number of 0 or more as people write it. Raises InputError."""
    try:
        value = written_number(written)
    except NumberError as error:
        raise InputError(f"{field} {written}: accepted: {error}") from None
    if value < 0:
        raise InputError(f"{field} {written}: accepted: 0 or more")
    return value


def home_reading(written: str, measures: Iterable[Measure]) -> tuple[str, Decimal]:
    """A measure and its value as somebody read it at home: temperature_c=38.6. Raises InputError."""
    name, separator, value = written.partition("=")
    if not separator:
        raise InputError(f"reading {written!r}; accepted: MEASURE=VALUE, such as temperature_c=38.6")
    return measure(name, measures).id, zero_or_more(value, name)


def day(written: str, field: str) -> dt.date:
    """A date as 2026-12-01. Raises InputError."""
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise InputError(f"{field} {written}: accepted: a date such as 2026-12-01") from None


def _identity(options: argparse.Namespace, briefing: Briefing) -> Happening:
    identifier = Identifier(options.system or briefing.patient.system, options.value)
    return IdentityChecked(identifier=identifier, method="scanned" if options.scanned else "asked")


def _seat(options: argparse.Namespace) -> Happening:
    try:
        return Seated(chair=" ".join(options.chair.split()))
    except ValueError as error:
        raise InputError(f"chair {options.chair!r}: {error}") from None


def _vitals(options: argparse.Namespace, briefing: Briefing) -> Happening:
    known = {measure.id for measure in briefing.facts.measure}
    readings: dict[str, Decimal] = {}
    for written in options.values:
        name, _, value = written.partition("=")
        if name == "bp" and value.count("/") == 1:
            parts = value.split("/")
            readings |= {m: zero_or_more(p, "bp") for m, p in zip(_PRESSURES, parts, strict=True)}
            continue
        measure = _SHORT.get(name, name)
        if measure not in known or not value:
            raise InputError(f"{written}: accepted: bp=120/80, or NAME=VALUE with {', '.join(_SHORT)}")
        readings[measure] = zero_or_more(value, name)
    return VitalsTaken(readings=readings)


def _symptom(options: argparse.Namespace, briefing: Briefing) -> Happening:
    found = symptom(options.symptom, briefing.facts.symptom)
    return SymptomNoted(symptom=found, present=not options.gone, note=options.note)


def _grade(options: argparse.Namespace, briefing: Briefing) -> Happening:
    terms = {term.id: term for term in briefing.facts.ctcae_term}
    names = {term.id: (term.id, term.term) for term in terms.values()}
    term = terms[one("term", options.term, names)]
    if not has_grade(term, options.grade):
        raise InputError(f"grade {options.grade}: accepted: a grade that {term.term} has: {grades_of(term)}")
    return ReactionGraded(term=term.id, grade=options.grade, version=term.version)


def _medicine(options: argparse.Namespace, briefing: Briefing) -> Happening:
    dose_mg = zero_or_more(options.mg, "--mg") if options.mg is not None else None
    return given(options.drug, options.route, dose_mg, options.text, briefing)


def _finished(options: argparse.Namespace, events: tuple[Event, ...]) -> Happening:
    found = hung_vial(options.hung, events)
    if found is None:
        raise InputError(f"vial {options.hung}: none of this id or lot hangs")
    return VialFinished(hung=found, left_g=zero_or_more(options.left_g, "--left-g"))


def _withdrawn(options: argparse.Namespace, events: tuple[Event, ...]) -> Corrected:
    happened_at = None if options.happened_at is None else moment(options.happened_at, "--happened-at")
    found = withdrawal(options.event, events, options.reason, happened_at)
    if found is None:
        raise InputError(f"event {options.event}: not on record here; status --json lists the ids")
    return found


_READERS: dict[str, Callable[[argparse.Namespace, Briefing], Happening | Corrected]] = {
    "identity": _identity,
    "seat": lambda o, _: _seat(o),
    "rate": lambda o, _: RateSet(rate_ml_per_h=zero_or_more(o.ml_per_h, "rate")),
    "vitals": _vitals,
    "symptom": _symptom,
    "grade": _grade,
    "medicine": _medicine,
    "pause": lambda o, _: Paused(reason=o.reason),
    "disconnect": lambda o, _: Disconnected(reason=o.reason),
    "resume": lambda o, _: Resumed(rate_ml_per_h=zero_or_more(o.rate, "--rate") if o.rate else None),
    "decide": lambda o, _: RestartDecided(
        decided_by=o.decided_by, rate_ml_per_h_max=zero_or_more(o.rate_max, "--rate-max"), reason=o.reason
    ),
    "called": lambda o, _: Called(whom=o.whom),
    "informed": lambda o, _: PatientInformed(),
    "override": lambda o, _: AdviceOverridden(code=o.code, reason=o.reason),
}
