"""The nurse of a simulated infusion: what one advice makes them do at one moment.

They do what is advised and nothing else, unless a mistake is still to be made. What asks
for nothing that leaves a record (a call, a wait) is answered by nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import msgspec

from ivigil.course import Plan
from ivigil.infusion.advice import CALLS, Advice, Code
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.ceiling import step_below
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Called,
    Disconnected,
    Happening,
    IdentityChecked,
    MedicineGiven,
    ObservationEnded,
    PatientInformed,
    Paused,
    RateSet,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.hanging import Chair, check, of_record
from ivigil.infusion.progress import given_g
from ivigil.infusion.scenario import Mistake
from ivigil.infusion.state import State
from ivigil.infusion.treatment import of_class
from ivigil.knowledge.store import Knowledge

NURSE, CLINICIAN = "nurse (simulated)", "clinician (simulated)"
_MINUTE = dt.timedelta(minutes=1)
_SLIP = 10
"""A decimal point in the wrong place."""
_HELD = {"rule_holds", "symptom_present"}

Deed = tuple[Happening, str]
"""Something done, and who did it."""


class Bedside(msgspec.Struct, frozen=True, kw_only=True):
    """Everything within the nurse's reach at one moment."""

    plan: Plan
    briefing: Briefing
    knowledge: Knowledge
    state: State
    now: dt.datetime
    shelf: tuple[VialHung, ...]
    """The planned vials, in the order in which they are hung."""
    wrong: VialHung | None
    mistake: Mistake
    """Still to be made."""
    look: dt.timedelta
    """How long they wait before they measure again while something holds the flow back."""
    measure: Callable[[tuple[str, ...]], VitalsTaken]
    all_measures: tuple[str, ...]


def answer(advice: Advice, at: Bedside) -> tuple[Deed, ...]:
    """What is done now about one advice; empty: nothing, or not yet."""
    does = _ANSWERS.get(advice.code)
    return tuple(does(advice, at)) if does is not None else ()


def take_down(at: Bedside) -> Iterator[Deed]:
    """The vial that hangs is taken off, with what is left in it."""
    left = max(at.state.grams_hung - given_g(at.state, at.now), at.state.grams_hung * 0)
    for vial in at.state.vials:
        if vial.finished_at is None:
            yield VialFinished(hung=vial.event, left_g=round(left, 2)), NURSE


def _identify(advice: Advice, at: Bedside) -> Iterator[Deed]:
    yield IdentityChecked(identifier=at.briefing.patient, method="scanned"), NURSE


def _measure(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if _is_due(advice, at):
        yield at.measure(advice.measures), NURSE


def _is_due(advice: Advice, at: Bedside) -> bool:
    """Now, or before the next minute."""
    return advice.at is None or advice.at < at.now + _MINUTE


def _hang(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if _is_due(advice, at):
        yield from _next_vial(at)


def _next_vial(at: Bedside) -> Iterator[Deed]:
    """Hold the next vial against the plan, and hang it if nothing speaks against it."""
    right = at.shelf[len(at.state.vials) : len(at.state.vials) + 1]
    vial = at.wrong if at.mistake == "wrong_vial" and at.wrong is not None else next(iter(right), None)
    if vial is None:
        return
    chair = Chair(
        identity=at.state.identified,
        plan=at.plan,
        day_number=at.briefing.day.number,
        hung_so_far=tuple(of_record(hung) for hung in at.state.vials),
        today=at.now.astimezone(at.briefing.day.start.tzinfo).date(),
    )
    stops = [stop for stop in check(of_record(vial), chair, at.knowledge) if not stop.notice]
    if stops:
        yield from ((AdviceShown(code=stop.code, facts=stop.facts), NURSE) for stop in stops)
        return
    yield from ((VialFinished(hung=hung.event), NURSE) for hung in at.state.vials if not hung.finished_at)
    yield vial, NURSE


def _start(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if not advice.blockers and advice.rate_ml_per_h is not None:
        yield Started(), NURSE
        yield RateSet(rate_ml_per_h=advice.rate_ml_per_h), NURSE


def _slow(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if advice.rate_ml_per_h is not None:
        yield RateSet(rate_ml_per_h=advice.rate_ml_per_h), NURSE


def _step_up(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if advice.rate_ml_per_h is not None:
        factor = _SLIP if at.mistake == "mistyped_rate" else 1
        yield RateSet(rate_ml_per_h=advice.rate_ml_per_h * factor), NURSE


def _hold(advice: Advice, at: Bedside) -> Iterator[Deed]:
    """Stay, and look again; or go against the advice."""
    higher = [step for step in at.briefing.day.steps if step.rate_ml_per_h > at.state.rate_ml_per_h]
    if at.mistake == "steps_early" and "step_time" in advice.blockers and higher:
        yield AdviceOverridden(code=advice.code, reason="the patient wants to leave early"), NURSE
        yield RateSet(rate_ml_per_h=higher[-1].rate_ml_per_h), NURSE
    elif _HELD & set(advice.blockers):
        yield from _look_again(advice, at)


def _look_again(advice: Advice, at: Bedside) -> Iterator[Deed]:
    last = max((vitals.at for vitals in at.state.vitals), default=None)
    if last is None or at.now >= last + at.look:
        yield at.measure(at.all_measures), NURSE


def _pause(advice: Advice, at: Bedside) -> Iterator[Deed]:
    yield Paused(reason=", ".join(advice.facts)), NURSE


def _stop(advice: Advice, at: Bedside) -> Iterator[Deed]:
    yield Stopped(reason=", ".join(advice.facts)), NURSE
    yield from take_down(at)


def _do(advice: Advice, at: Bedside) -> Iterator[Deed]:
    """Vital signs, a call, and each class of medicine once; other actions leave no event of their own."""
    whom = CALLS.get(advice.action) if advice.action else None
    if whom is not None and advice.done_at is None:
        yield Called(whom=whom), NURSE
    if advice.action == "check_vital_signs":
        yield from _look_again(advice, at)
    if advice.treatment is None or advice.if_:
        return
    if of_class(advice.treatment.drug_class, at.briefing, at.state.medicines):
        return
    for dosing in advice.treatment.options[:1]:
        medicine = MedicineGiven(
            drug=dosing.drug,
            drug_class=advice.treatment.drug_class,
            route=dosing.route,
            dose_mg=dosing.dose_mg.low if dosing.dose_mg else None,
            text="" if dosing.dose_mg else "as ordered",
        )
        yield medicine, CLINICIAN


def _restart(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if advice.blockers:
        yield from _look_again(advice, at)
    else:
        yield Resumed(rate_ml_per_h=advice.rate_ml_per_h), NURSE


def _decide(advice: Advice, at: Bedside) -> Iterator[Deed]:
    """The clinician lets it go on one planned step below, once the patient is well."""
    if advice.blockers:
        yield from _look_again(advice, at)
        return
    steps, before = at.briefing.day.steps, at.state.rate_at(at.now)
    if not steps or before is None or advice.rank == "later":
        return
    below = step_below(steps, before) or steps[0]
    decision = RestartDecided(
        decided_by=CLINICIAN,
        rate_ml_per_h_max=min(below.rate_ml_per_h, before),
        reason="the signs have gone",
    )
    yield decision, CLINICIAN


def _observe(advice: Advice, at: Bedside) -> Iterator[Deed]:
    if _HELD & set(advice.blockers):
        yield from _look_again(advice, at)


def _leave(advice: Advice, at: Bedside) -> Iterator[Deed]:
    """The line is taken off and the patient told what to look out for."""
    yield Disconnected(), NURSE
    yield PatientInformed(), NURSE
    yield ObservationEnded(), NURSE


_ANSWERS: dict[Code, Callable[[Advice, Bedside], Iterator[Deed]]] = {
    "identify": _identify,
    "measure_anew": _measure,
    "check_vitals": _measure,
    "hang_vial": _hang,
    "start": _start,
    "step_up": _step_up,
    "slow": _slow,
    "hold_rate": _hold,
    "pause": _pause,
    "stay_halted": _look_again,
    "stop": _stop,
    "do": _do,
    "restart": _restart,
    "decide_restart": _decide,
    "observe": _observe,
    "may_leave": _leave,
}
