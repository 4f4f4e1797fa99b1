"""``advise(briefing, state, now)``: what to do at this moment, the most pressing first.

Advice refuses and records never do: nothing here keeps a person from acting otherwise. No
rate is advised past the ceiling in force, and after a stop for a reaction nothing but a
clinician's recorded decision lets the flow go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from ivigil.infusion.advice import CALLS, RANKS, Advice, Rank
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.moment import Moment, Past, look
from ivigil.infusion.onward import onward
from ivigil.infusion.progress import allowed_step, left_ml
from ivigil.infusion.rules import Firing, strictest
from ivigil.infusion.state import State
from ivigil.infusion.treatment import Treatment, doses
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.reactions import Action, If

_SHOWN_BY: dict[If, str] = {
    "wheeze": "symptom.wheezing",
    "hypotension": "symptom.low_blood_pressure",
    "low_oxygen": "symptom.low_oxygen",
}
"""Conditions of an action that a sign shows to be met; the others are for the person at the chair."""


def advise(
    briefing: Briefing, state: State, now: dt.datetime, known: Past | None = None
) -> tuple[Advice, ...]:
    """Everything to do at ``now`` (aware), ranked. The state must hold no event after ``now``.

    known: ``moment.past`` of the same briefing and state, if it is at hand; it changes nothing.
    """
    moment = look(briefing, state, now, known)
    found = [
        *_flow(moment),
        *_actions(moment),
        *_not_again(moment),
        *_identity(moment),
        *_unknown(moment),
        *_doubtful(moment),
        *_overdue(moment),
        *onward(moment),
    ]
    return tuple(sorted(found, key=lambda advice: (RANKS.index(advice.rank), advice.waits)))


def _flow(moment: Moment) -> Iterator[Advice]:
    """Slow, halt or end: the strictest that any rule asks for, and the ceiling if it is passed."""
    state, asked = moment.state, strictest(firing.flow for firing in moment.open)
    ruling = [firing for firing in moment.open if firing.flow == asked]
    if moment.bar is not None:
        yield from _stopped(moment)
    elif asked == "pause" and state.phase == "running":
        yield _by(ruling, Advice(code="pause", rank="flow"))
    elif asked == "pause" and state.phase == "halted":
        yield _by(ruling, Advice(code="stay_halted", rank="flow"))
    else:
        yield from _slower(moment, ruling)


def _stopped(moment: Moment) -> Iterator[Advice]:
    """A stop is asked for until a clinician decides.

    It comes before the call for help: the infusion is stopped first.
    """
    if moment.state.connected:
        pressing = any(_is_emergency(action, moment) for firing in moment.open for action in firing.actions)
        yield _by(_stopping(moment), Advice(code="stop", rank="emergency" if pressing else "flow"))


def _not_again(moment: Moment) -> Iterator[Advice]:
    """Do not start. Once the flow is off this asks for nothing: it stands behind all that does."""
    if moment.bar is not None and not moment.state.connected:
        over = moment.state.phase != "not_started"
        asked = over and any(firing.actions for firing in moment.open)
        yield _by(_stopping(moment), Advice(code="do_not_start", rank="treat" if asked else "flow"))


def _stopping(moment: Moment) -> list[Firing]:
    """The rules that stopped it."""
    return [f for f in moment.fired if moment.bar and f.fact in moment.bar.facts and f.flow == "stop"]


def _slower(moment: Moment, ruling: list[Firing]) -> Iterator[Advice]:
    """Not once the volume is in: then it is completed."""
    if not left_ml(moment.state, moment.now):
        return
    ceiling, rate = moment.ceiling, moment.state.rate_ml_per_h
    early = _too_early(moment)
    if early is not None and (ceiling is None or early <= ceiling.rate_ml_per_h):
        yield Advice(code="slow", rank="flow", rate_ml_per_h=early, blockers=("step_time",))
    elif ceiling is not None and rate > ceiling.rate_ml_per_h:
        lowered = ceiling.rate_ml_per_h or None
        slower = Advice(
            code="slow" if lowered else "pause",
            rank="flow",
            rate_ml_per_h=lowered,
            facts=ceiling.facts,
            weak=ceiling.weak,
        )
        yield _by(ruling, slower)


def _too_early(moment: Moment) -> Decimal | None:
    """The rate of the step that time allows, if the flow is past that step's limit."""
    allowed = allowed_step(moment.state, moment.now)
    if allowed is None or not allowed.is_passed_by(moment.state.rate_ml_per_h):
        return None
    return allowed.rate_ml_per_h


def _by(ruling: Iterable[Firing], advice: Advice) -> Advice:
    """The advice with the rules that it rests on."""
    rules = tuple(ruling)
    facts = (*(rule.fact for rule in rules), *advice.facts)
    return replace(
        advice,
        facts=tuple(dict.fromkeys(facts)),
        because=_saw(rules),
        weak=all(rule.weak for rule in rules) if rules else advice.weak,
        stricter=max((rule.stricter for rule in rules), key=len, default=()),
    )


def _actions(moment: Moment) -> Iterator[Advice]:
    """What the rules that hold ask to be done, each action once."""
    asked: dict[Action, list[Firing]] = {}
    for firing in moment.open:
        for action in firing.actions:
            asked.setdefault(_settled(action, moment), []).append(firing)
    for action, ruling in asked.items():
        if action.if_ and _unconditional(action) in asked:
            continue
        rank: Rank = "emergency" if _is_emergency(action, moment) else "treat"
        advice = Advice(
            code="do",
            rank=rank,
            action=action.do,
            drug_class=action.drug_class,
            treatment=_treatment(action, moment),
            if_=action.if_,
            done_at=_done_at(action, ruling, moment),
        )
        yield _by(ruling, advice)


def _done_at(action: Action, ruling: list[Firing], moment: Moment) -> dt.datetime | None:
    """When whoever is to be called was called in this reaction.

    The prescriber is called again about what came after the call; the emergency team is on its way, for as
    long as one of its rules has held without a break.
    """
    whom = CALLS.get(action.do)
    if whom is None:
        return None
    since = max(firing.since for firing in ruling) if whom == "prescriber" else _stretch(action, moment)
    calls = (call.at for call in moment.state.calls if call.whom == whom and call.at >= since)
    return max(calls, default=None)


def _stretch(action: Action, moment: Moment) -> dt.datetime:
    """Since when some rule has asked for an action without a break."""
    asking = [firing for firing in moment.fired if any(each.do == action.do for each in firing.actions)]
    start = moment.now
    for firing in sorted(asking, key=lambda each: each.until or moment.now, reverse=True):
        if firing.until is None or firing.until >= start:
            start = min(start, firing.since)
    return start


def _treatment(action: Action, moment: Moment) -> Treatment | None:
    if action.drug_class is None:
        return None
    return doses(action.drug_class, moment.briefing, moment.state.medicines, moment.now)


def _settled(action: Action, moment: Moment) -> Action:
    """The action without its condition if that is seen to be met, else as it is.

    A sign that nobody noted is not known to be absent: the person at the chair judges it.
    """
    if action.if_ == "anaphylaxis_criteria_met":
        return _unconditional(action) if _anaphylaxis(moment) else action
    present = moment.signs is not None and _SHOWN_BY.get(action.if_) in moment.signs.symptoms
    return _unconditional(action) if present else action


def _unconditional(action: Action) -> Action:
    return replace(action, if_="")


def _is_emergency(action: Action, moment: Moment) -> bool:
    """The call, and epinephrine beside it: where its condition is still to be judged as well."""
    called = any(each.do == "call_emergency_team" for firing in moment.open for each in firing.actions)
    return action.do == "call_emergency_team" or (
        action.drug_class == "epinephrine" and (called or _anaphylaxis(moment))
    )


def _anaphylaxis(moment: Moment) -> bool:
    return any(firing.kind == "anaphylaxis" for firing in moment.open)


def _identity(moment: Moment) -> Iterator[Advice]:
    if moment.identified or moment.state.phase in ("ended", "left"):
        return
    known = moment.state.identified
    saw = (Saw("identity", known.value),) if known else ()
    yield Advice(code="identify", rank="overdue" if moment.state.connected else "next", because=saw)


def _unknown(moment: Moment) -> Iterator[Advice]:
    """What is on record under a name that no rule knows can ask for nothing: it is said, not passed over."""
    facts, state = moment.briefing.facts, moment.state
    symptoms = {spell.symptom for spell in state.symptoms if spell.present_at(moment.now)}
    measures = {name for vitals in state.vitals for name in vitals.readings}
    known = {fact.id for fact in (*facts.symptom, *facts.measure)}
    unknown = sorted((symptoms | measures) - known)
    if unknown:
        yield Advice(
            code="record_anew", rank="overdue", because=tuple(Saw("not_known", name) for name in unknown)
        )


def _doubtful(moment: Moment) -> Iterator[Advice]:
    """What was measured last and can hardly be so: it opens nothing until it is measured again."""
    if moment.doubtful and moment.state.phase != "left":
        yield Advice(
            code="measure_anew",
            rank="overdue",
            measures=tuple(moment.doubtful),
            because=tuple(Saw(name, f"{value}", value) for name, value in moment.doubtful.items()),
        )


def _overdue(moment: Moment) -> Iterator[Advice]:
    """One advice a time for all measurements that are late; a late vial is urgent too."""
    late = [each for each in moment.overdue if each.what == "vitals"]
    if late:
        yield Advice(
            code="check_vitals",
            rank="overdue",
            at=late[0].at,
            measures=tuple(dict.fromkeys(name for each in late for name in each.measures)),
            facts=tuple(dict.fromkeys(fact for each in late for fact in each.facts)),
        )
    yield from (
        Advice(code="hang_vial", rank="overdue", at=each.at)
        for each in moment.overdue
        if each.what == "vial_change"
    )


def _saw(rules: Iterable[Firing]) -> tuple[Saw, ...]:
    return tuple(dict.fromkeys(saw for rule in rules for saw in rule.because))
