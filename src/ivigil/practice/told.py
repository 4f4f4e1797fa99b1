"""What a person says happened at the chair, field by field, and the event that it makes.

Shared by the faces: a form, an entry that waited on a device, a command. Every fault is told at once; what
was typed is never guessed at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple, get_args

from msgspec.structs import replace

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.ceiling import step_below
from ivigil.infusion.chronicle import chronicle, correction_of
from ivigil.infusion.events import (
    CHAIR_LETTERS,
    CTCAE_GRADES,
    AdviceOverridden,
    BothSeen,
    Called,
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
    Whom,
)
from ivigil.infusion.hanging import VialSeen
from ivigil.infusion.scan import ScanError
from ivigil.infusion.state import State
from ivigil.intake.numbers import ACCEPTED, NumberError, written_number
from ivigil.knowledge.reactions import CtcaeTerm
from ivigil.knowledge.trade_items import lot_key
from ivigil.order import Fault
from ivigil.patient import Identifier
from ivigil.practice.vial import completed
from ivigil.told import Text, tell

Kind = Literal[
    "identity",
    "seat",
    "start",
    "vital-signs",
    "symptom",
    "rate",
    "slow",
    "pause",
    "disconnect",
    "resume",
    "stop",
    "grade",
    "medicine",
    "decide",
    "called",
    "informed",
    "vial",
    "vial-finished",
    "completed",
    "left",
    "withdraw",
    "otherwise",
    "both-seen",
]
"""What is entered at the chair."""
KINDS: tuple[Kind, ...] = get_args(Kind)
AT = "at"
"""Field of every kind: the time of today at which it happened; left out: now."""
HALTS: tuple[Kind, ...] = ("stop", "slow", "pause")
"""What lowers or ends the flow: never asked about, never held up."""

_MEASURE = "measure."
_NO_CHOICE = tell("one of the list")
PRINTED_GRAMS = tell("the grams printed on the vial")
REASON = tell("why it was done all the same")
"""What is accepted there."""


class ToldError(Exception):
    """What was said makes no event; lists every fault found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.text for fault in self.faults))


class Scene(NamedTuple):
    """Of what infusion it is said, and how that stands."""

    briefing: Briefing
    state: State
    events: tuple[Event, ...]
    """All that is on record, for what speaks of an earlier event."""


class Said:
    """The fields that were sent; what is wrong with them is gathered until it is asked for."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = {name: value.strip() for name, value in fields.items()}
        self.faults: list[Fault] = []

    def text(self, field: str) -> str:
        """As typed; "" if it was left out."""
        return self.fields.get(field, "")

    def needed(self, field: str, accepted: str) -> str:
        """As typed; a fault if it was left out."""
        found = self.text(field)
        if not found:
            self.fault(field, accepted)
        return found

    def flag(self, field: str) -> bool:
        """Was the box ticked?"""
        return bool(self.text(field))

    def choice(self, field: str, known: Iterable[str]) -> str:
        """One of the known ids."""
        found = self.text(field)
        if found not in set(known):
            self.fault(field, _NO_CHOICE)
        return found

    def amount(self, field: str, *, needed: bool = False) -> Decimal | None:
        """A number of 0 or more; None if it was left out or is none."""
        written = self.text(field)
        if not written:
            if needed:
                self.fault(field, ACCEPTED)
            return None
        try:
            return written_number(written)
        except NumberError as error:
            self.faults.append(Fault(field, written, ACCEPTED, near=error.readings))
            return None

    def day(self, field: str) -> dt.date | None:
        """A date as 2026-12-01; None if it was left out or is none."""
        written = self.text(field)
        try:
            return dt.date.fromisoformat(written) if written else None
        except ValueError:
            self.fault(field, tell("a date such as 2026-12-01"))
            return None

    def earlier(self, now: dt.datetime) -> dt.datetime:
        """When it happened, of today; ``now`` if no time was said. Raises ToldError."""
        written = self.text(AT)
        if not written:
            return now
        try:
            clock = dt.time.fromisoformat(written)
            then = now.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
        except ValueError:
            then = None
        if then is None or then > now:
            accepted = tell("a time of today until now, such as {time}", time=f"{now:%H:%M}")
            raise ToldError([Fault(AT, written, accepted)])
        return then

    def fault(self, field: str, accepted: Text) -> None:
        self.faults.append(Fault(field, self.text(field), accepted))

    def settled(self) -> None:
        """Raises ToldError if anything was wrong."""
        if self.faults:
            raise ToldError(self.faults)


def told(kind: Kind, said: Said, scene: Scene) -> tuple[Happening | Corrected, ...]:
    """What happened, in its order. A vial is read by ``vial_told``. Raises ToldError."""
    made = tuple(each for each in _READERS[kind](said, scene) if each is not None)
    said.settled()
    return made


def vial_told(said: Said, today: dt.date) -> VialSeen:
    """A vial as it was scanned or typed, the scan completed by what was typed. Raises ToldError."""
    typed = VialSeen(
        product=said.text("product") or None,
        grams=said.amount("grams"),
        lot=said.text("lot") or None,
        expiry=said.day("expiry"),
    )
    scan = said.text("scan")
    if not scan:
        if typed.product is None:
            said.fault("product", tell("one of the list, or the barcode scanned"))
        if typed.grams is None and not any(fault.field == "grams" for fault in said.faults):
            said.fault("grams", PRINTED_GRAMS)
        said.settled()
        return typed
    try:
        seen = completed(scan, typed, today)
    except ScanError as error:
        said.faults += [Fault("scan", fault.value or scan, fault.accepted) for fault in error.faults]
        seen = typed
    said.settled()
    return seen


def given(drug: str, route: str, dose_mg: Decimal | None, text: str, briefing: Briefing) -> MedicineGiven:
    """A medicine as it was given, with the class that the fact base knows of the drug."""
    classes = {each.drug.casefold(): each.drug_class for each in briefing.facts.emergency_drug}
    drug_class = classes.get(drug.casefold(), "")
    return MedicineGiven(drug=drug, drug_class=drug_class, route=route, dose_mg=dose_mg, text=text)


def has_grade(term: CtcaeTerm, grade: int) -> bool:
    """Does the standard define it? A grade that is absent does not exist."""
    return any(each.grade == grade for each in term.grades)


def grades_of(term: CtcaeTerm) -> str:
    """ "1, 2, 3"."""
    return ", ".join(str(each.grade) for each in term.grades)


def hung_vial(named: str, events: Iterable[Event]) -> str | None:
    """The id of the hung vial of this id; by its lot, the first of that lot that is not finished yet."""
    known = tuple(events)
    done = {event.what.hung for event in known if isinstance(event.what, VialFinished)}
    hung = {event.id: event.what for event in known if isinstance(event.what, VialHung)}
    lot = lot_key(named)
    of_lot = [name for name, vial in hung.items() if lot == lot_key(vial.lot) and name not in done]
    return named if named in hung else next(iter(of_lot), None)


def withdrawal(
    named: str, events: tuple[Event, ...], reason: str, happened_at: dt.datetime | None = None
) -> Corrected | None:
    """An event (by id) did not happen; or it did, at another time: then it is said again with it.

    None: no such event is on record here.
    """
    wrong = next((event for event in events if event.id == named), None)
    if wrong is None or isinstance(wrong.what, Corrected):
        return None
    before = correction_of(wrong.id, events)
    made = Corrected(event=wrong.id, reason=reason, replaces=before.id if before else "")
    if happened_at is None:
        return made
    what = next((event.what for event in chronicle(events) if event.id == wrong.id), wrong.what)
    assert not isinstance(what, Corrected)  # a chronicle has none
    return replace(made, what=what, at=happened_at)


_Made = Iterable[Happening | Corrected | None]


def _identity(said: Said, scene: Scene) -> _Made:
    value = said.needed("value", "the identifier on the wristband or card")
    identifier = Identifier(said.text("system") or scene.briefing.patient.system, value)
    yield IdentityChecked(identifier=identifier, method="scanned" if said.flag("scanned") else "asked")


def _seat(said: Said, scene: Scene) -> _Made:
    try:
        yield Seated(chair=" ".join(said.text("chair").split()))
    except ValueError:
        said.fault("chair", tell("1 to {count} characters, as it is written there", count=str(CHAIR_LETTERS)))


def _start(said: Said, scene: Scene) -> _Made:
    rate = said.amount("rate")
    yield Started(pump=said.text("pump"))
    yield RateSet(rate_ml_per_h=rate) if rate is not None else None


def _vital_signs(said: Said, scene: Scene) -> _Made:
    known = {measure.id for measure in scene.briefing.facts.measure}
    readings = {name: said.amount(name) for name in said.fields if name in known and said.text(name)}
    taken = {name: value for name, value in readings.items() if value is not None}
    if not readings:
        said.fault(_MEASURE.rstrip("."), "at least one measured value")
    yield VitalsTaken(readings=taken)


def _symptom(said: Said, scene: Scene) -> _Made:
    found = said.choice("symptom", (each.id for each in scene.briefing.facts.symptom))
    yield SymptomNoted(symptom=found, present=not said.flag("gone"), note=said.text("note"))


def _rate(said: Said, scene: Scene) -> _Made:
    rate = said.amount("rate", needed=True)
    yield RateSet(rate_ml_per_h=rate) if rate is not None else None


def _slow(said: Said, scene: Scene) -> _Made:
    """Slower than at that moment, whatever the page that sent it had seen: never a rise.

    To the rate that was said; if none was, or it is not below the present one, to the step below; where
    there is none, or nothing flows, it is a pause.
    """
    rate, present = said.amount("rate"), _to_be_slowed(scene.state)
    if rate is None or rate >= present:
        below = step_below(scene.state.day.steps, present)
        rate = below.rate_ml_per_h if below is not None else None
    yield RateSet(rate_ml_per_h=rate) if rate is not None else Paused(reason=said.text("reason"))


def _to_be_slowed(state: State) -> Decimal:
    """What flows or, during a pause, what goes on after it; 0: nothing."""
    if state.phase == "halted" and state.halt in ("paused", "disconnected"):
        return state.set_rate_ml_per_h or Decimal(0)
    return state.rate_ml_per_h


def _resume(said: Said, scene: Scene) -> _Made:
    yield Resumed(rate_ml_per_h=said.amount("rate"))


def _stop(said: Said, scene: Scene) -> _Made:
    counted = said.amount("volume")
    yield Stopped(reason=said.text("reason"), volume_ml=counted)


def _completed(said: Said, scene: Scene) -> _Made:
    yield Completed(volume_ml=said.amount("volume"))


def _grade(said: Said, scene: Scene) -> _Made:
    terms = {term.id: term for term in scene.briefing.facts.ctcae_term}
    term = terms.get(said.choice("term", terms))
    grades = {str(grade): grade for grade in CTCAE_GRADES}
    grade = grades.get(said.choice("grade", grades))
    if term is not None and grade is not None and not has_grade(term, grade):
        said.fault("grade", tell("a grade that {term} has: {grades}", term=term.term, grades=grades_of(term)))
    elif term is not None and grade is not None:
        yield ReactionGraded(term=term.id, grade=grade, version=term.version)


def _medicine(said: Said, scene: Scene) -> _Made:
    drug = said.needed("drug", "the name of what was given")
    yield given(drug, said.text("route"), said.amount("mg"), said.text("text"), scene.briefing)


def _decide(said: Said, scene: Scene) -> _Made:
    by = said.needed("decided_by", "the name of the clinician who decided")
    reason = said.needed("reason", "why it goes on")
    most = said.amount("rate_max", needed=True)
    if most is not None:
        yield RestartDecided(decided_by=by, rate_ml_per_h_max=most, reason=reason)


def _finished(said: Said, scene: Scene) -> _Made:
    found = hung_vial(said.text("hung"), scene.events)
    if found is None:
        said.fault("hung", tell("a vial that hangs"))
    left = said.amount("left")
    yield VialFinished(hung=found or "", left_g=left or Decimal(0))


def _withdraw(said: Said, scene: Scene) -> _Made:
    """The events of one entry did not happen; or something else did: a stop may have been a pause."""
    found = [withdrawal(name, scene.events, said.text("reason")) for name in said.text("event").split()]
    if not found or None in found:
        said.fault("event", tell("an entry of this infusion"))
    for each in found:
        yield replace(each, what=Paused()) if each is not None and said.flag("paused") else each


def _otherwise(said: Said, scene: Scene) -> _Made:
    code = said.needed("code", "the advice that was not followed")
    yield AdviceOverridden(code=code, reason=said.needed("reason", "why it was done otherwise"))


def _both_seen(said: Said, scene: Scene) -> _Made:
    known = {event.id for event in scene.events}
    event, beside = said.choice("event", known), tuple(said.text("beside").split())
    if not beside or not known.issuperset(beside):
        said.fault("beside", tell("entries of this infusion"))
    yield BothSeen(event=event, beside=beside)


def _called(said: Said, scene: Scene) -> _Made:
    known: dict[str, Whom] = {whom: whom for whom in get_args(Whom)}
    whom = known.get(said.choice("whom", known))
    yield Called(whom=whom) if whom is not None else None


_READERS: dict[Kind, Callable[[Said, Scene], _Made]] = {
    "identity": _identity,
    "seat": _seat,
    "start": _start,
    "vital-signs": _vital_signs,
    "symptom": _symptom,
    "rate": _rate,
    "slow": _slow,
    "pause": lambda said, _: (Paused(reason=said.text("reason")),),
    "disconnect": lambda said, _: (Disconnected(reason=said.text("reason")),),
    "resume": _resume,
    "stop": _stop,
    "grade": _grade,
    "medicine": _medicine,
    "decide": _decide,
    "called": _called,
    "informed": lambda _, __: (PatientInformed(),),
    "vial-finished": _finished,
    "completed": _completed,
    "left": lambda _, __: (ObservationEnded(),),
    "withdraw": _withdraw,
    "otherwise": _otherwise,
    "both-seen": _both_seen,
}
