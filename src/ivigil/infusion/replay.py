"""``replay(day, events) -> state``: a fold over what happened, in the order in which it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import reduce
from typing import Any

from msgspec.structs import replace

from ivigil.course import Day
from ivigil.infusion.chronicle import chronicle
from ivigil.infusion.events import (
    Called,
    Completed,
    Disconnected,
    Event,
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
from ivigil.infusion.state import (
    Alarm,
    AlarmCode,
    Call,
    Decided,
    Flow,
    Given,
    Graded,
    Halt,
    HungVial,
    Spell,
    State,
    Vitals,
)


def replay(day: Day, events: Iterable[Event]) -> State:
    """The state of one planned day after these events.

    Events may come in any order and more than once. Nothing is refused: what contradicts
    the plan becomes an alarm of the state.
    """
    return reduce(_after, chronicle(events), State(day=day))


def _after(state: State, event: Event) -> State:
    handle = _HANDLERS.get(type(event.what))
    return state if handle is None else handle(state, event, event.what)


def _identity_checked(state: State, event: Event, what: IdentityChecked) -> State:
    known = state.identified
    if known is not None and what.identifier != known:
        state = _alarm(state, event, "identity_differs", what.identifier.value, known.value)
    return replace(state, identified=what.identifier, identified_at=event.at)


def _seated(state: State, event: Event, what: Seated) -> State:
    return replace(state, chair=what.chair)


def _started(state: State, event: Event, what: Started) -> State:
    return _flow(_begun(state, event), event)


def _rate_set(state: State, event: Event, what: RateSet) -> State:
    rate, top = what.rate_ml_per_h, state.top_step
    if top is not None and top.is_passed_by(rate):
        state = _alarm(state, event, "rate_past_limit", f"{rate}", f"{top.limit_ml_per_h}")
    if state.started_at is None and rate > 0:
        state = _begun(_alarm(state, event, "flow_without_start", f"{rate}"), event)
    state = replace(state, set_rate_ml_per_h=rate)
    return state if state.halt in ("paused", "disconnected") else _flow(state, event)


def _resumed(state: State, event: Event, what: Resumed) -> State:
    if what.rate_ml_per_h is None and state.set_rate_ml_per_h is None:
        return _halted(state, event, "no_rate")
    state = replace(state, halt="")
    if what.rate_ml_per_h is None:
        return _flow(state, event)
    return _rate_set(state, event, RateSet(rate_ml_per_h=what.rate_ml_per_h))


def _paused(state: State, event: Event, what: Paused) -> State:
    return _halted(state, event, "paused")


def _disconnected(state: State, event: Event, what: Disconnected) -> State:
    return replace(_halted(state, event, "disconnected"), line_off_at=event.at)


def _stopped(state: State, event: Event, what: Stopped) -> State:
    return replace(_ended(state, event, what.volume_ml), ended_early=True)


def _completed(state: State, event: Event, what: Completed) -> State:
    return _ended(state, event, what.volume_ml)


def _observation_ended(state: State, event: Event, what: ObservationEnded) -> State:
    return replace(_closed(state, event.at), phase="left", left_at=event.at)


def _called(state: State, event: Event, what: Called) -> State:
    return replace(state, calls=(*state.calls, Call(event.at, what.whom)))


def _patient_informed(state: State, event: Event, what: PatientInformed) -> State:
    return replace(state, informed_at=event.at)


def _vial_hung(state: State, event: Event, what: VialHung) -> State:
    vial = HungVial(
        event=event.id,
        at=event.at,
        product=what.product,
        grams=what.grams,
        volume_ml=what.volume_ml,
        lot=what.lot,
        expiry=what.expiry,
        gtin=what.gtin,
        serial=what.serial,
    )
    state = replace(state, vials=(*state.vials, vial))
    planned = state.day.grams + state.day.discard_g
    if state.grams_hung > planned:
        return _alarm(state, event, "more_hung_than_planned", f"{state.grams_hung}", f"{planned}")
    return state


def _vial_finished(state: State, event: Event, what: VialFinished) -> State:
    if all(vial.event != what.hung for vial in state.vials):
        return _alarm(state, event, "finished_unknown_vial", what.hung)
    return replace(
        state,
        vials=tuple(
            replace(vial, finished_at=event.at, left_g=what.left_g) if vial.event == what.hung else vial
            for vial in state.vials
        ),
    )


def _vitals_taken(state: State, event: Event, what: VitalsTaken) -> State:
    return replace(state, vitals=(*state.vitals, Vitals(event.at, dict(what.readings), what.confirmed)))


def _symptom_noted(state: State, event: Event, what: SymptomNoted) -> State:
    open_spell = next((s for s in state.symptoms if s.symptom == what.symptom and s.until is None), None)
    if what.present and open_spell is None:
        return replace(state, symptoms=(*state.symptoms, Spell(what.symptom, event.at)))
    if what.present or open_spell is None:
        return state
    return replace(
        state,
        symptoms=tuple(replace(s, until=event.at) if s is open_spell else s for s in state.symptoms),
    )


def _reaction_graded(state: State, event: Event, what: ReactionGraded) -> State:
    return replace(state, grades=(*state.grades, Graded(event.at, what)))


def _medicine_given(state: State, event: Event, what: MedicineGiven) -> State:
    return replace(state, medicines=(*state.medicines, Given(event.at, what)))


def _restart_decided(state: State, event: Event, what: RestartDecided) -> State:
    return replace(state, decisions=(*state.decisions, Decided(event.at, what)))


def _begun(state: State, event: Event) -> State:
    """The line is connected for the first time."""
    if state.started_at is not None:
        return state
    if state.identified is None:
        state = _alarm(state, event, "not_identified")
    return replace(state, phase="halted", halt="no_rate", started_at=event.at)


def _flow(state: State, event: Event) -> State:
    """The pump runs at the rate that is set, if one is; a flow after the end opens the day again."""
    rate, state = state.set_rate_ml_per_h, _closed(state, event.at)
    if rate is None or state.started_at is None:
        return state
    if not rate:
        return _halted(state, event, "rate_zero")
    if state.ended_at is not None:
        state = _alarm(state, event, "flow_after_end", f"{rate}")
    return replace(
        state,
        phase="running",
        halt="",
        flows=(*state.flows, Flow(event.at, None, rate)),
        ended_at=None,
        ended_early=False,
        left_at=None,
        line_off_at=None,
    )


def _halted(state: State, event: Event, halt: Halt) -> State:
    state = _closed(state, event.at)
    return replace(state, phase="halted", halt=halt) if state.connected else state


def _ended(state: State, event: Event, counted_ml: Decimal | None) -> State:
    if counted_ml is not None:
        state = replace(state, counted_ml=counted_ml, counted_at=event.at)
    return replace(_closed(state, event.at), phase="ended", halt="", ended_at=event.at, ended_early=False)


def _closed(state: State, at: dt.datetime) -> State:
    """The present flow ends here."""
    if not state.flows or state.flows[-1].end is not None:
        return state
    return replace(state, flows=(*state.flows[:-1], replace(state.flows[-1], end=at)))


def _alarm(state: State, event: Event, code: AlarmCode, value: str = "", limit: str = "") -> State:
    return replace(state, alarms=(*state.alarms, Alarm(code, event.at, event.id, value, limit)))


_HANDLERS: dict[type, Callable[[State, Event, Any], State]] = {
    IdentityChecked: _identity_checked,
    Seated: _seated,
    Started: _started,
    RateSet: _rate_set,
    Resumed: _resumed,
    Paused: _paused,
    Disconnected: _disconnected,
    Stopped: _stopped,
    Completed: _completed,
    ObservationEnded: _observation_ended,
    Called: _called,
    PatientInformed: _patient_informed,
    VialHung: _vial_hung,
    VialFinished: _vial_finished,
    VitalsTaken: _vitals_taken,
    SymptomNoted: _symptom_noted,
    ReactionGraded: _reaction_graded,
    MedicineGiven: _medicine_given,
    RestartDecided: _restart_decided,
}
"""What changes the state. Advice shown or overridden is kept in the journal alone."""
