"""The way on when no rule holds it back: start, step up, restart, finish, observe; or why not yet."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ivigil.infusion.advice import Advice, Blocker, Code, Rank
from ivigil.infusion.after import observation
from ivigil.infusion.ceiling import Bar, last_decision, restart_rules
from ivigil.infusion.due import measured_at_this_rate, step_up_at
from ivigil.infusion.moment import Moment
from ivigil.infusion.progress import left_ml
from ivigil.infusion.rules import Firing
from ivigil.knowledge.reactions import RestartRule


def onward(moment: Moment) -> Iterator[Advice]:
    """What comes next at this phase of the infusion."""
    match moment.state.phase:
        case "not_started":
            yield from _start(moment)
        case "running":
            yield from _running(moment)
        case "halted":
            yield from _restart(moment)
        case "ended":
            yield from _ended(moment)


def _start(moment: Moment) -> Iterator[Advice]:
    if moment.bar is not None:
        return
    blockers = _start_blockers(moment)
    if "baseline_missing" in blockers:
        yield from _coming(moment, "next")
    if "no_vial" in blockers:
        yield Advice(code="hang_vial", rank="next")
    yield Advice(code="start", rank="next", rate_ml_per_h=_first_rate(moment), blockers=blockers)


def _start_blockers(moment: Moment) -> tuple[Blocker, ...]:
    found: dict[Blocker, bool] = {
        "not_identified": not moment.identified,
        "baseline_missing": any(each.what == "vitals" for each in moment.due),
        "no_vial": not moment.state.vials,
        "symptom_present": bool(moment.symptoms),
        "rule_holds": bool(moment.open),
        "no_planned_rate": not moment.briefing.day.steps,
    }
    return tuple(code for code, holds in found.items() if holds)


def _first_rate(moment: Moment) -> Decimal | None:
    """The first planned rate, under the ceiling; None if nothing may flow."""
    if moment.ceiling is None or not moment.briefing.day.steps:
        return None
    first = moment.briefing.day.steps[0].rate_ml_per_h
    return min(first, moment.ceiling.rate_ml_per_h) or None


def _running(moment: Moment) -> Iterator[Advice]:
    if not left_ml(moment.state, moment.now):
        yield Advice(code="complete", rank="flow")
        return
    yield from _coming(moment, "later")
    if moment.may_flow:
        yield from _step_up(moment)


def _coming(moment: Moment, rank: Rank) -> Iterator[Advice]:
    """Measurements and vials that are not yet late."""
    for each in moment.due:
        if not each.overdue(moment.now):
            code: Code = "check_vitals" if each.what == "vitals" else "hang_vial"
            yield Advice(code=code, rank=rank, at=each.at, measures=each.measures, facts=each.facts)


def _step_up(moment: Moment) -> Iterator[Advice]:
    """The next planned rate, or the present one with the reasons to stay at it.

    Neither while the present rate is past what may be advised, and no rate without a plan.
    """
    if _passes_ceiling(moment.state.rate_ml_per_h, moment):
        return
    rate, above = moment.state.rate_ml_per_h, _rate_above(moment)
    blockers, at = _step_blockers(moment, above), step_up_at(moment.state, moment.now)
    facts = moment.ceiling.facts if moment.ceiling and "ceiling" in blockers else ()
    if blockers:
        yield Advice(
            code="hold_rate",
            rank="later",
            rate_ml_per_h=rate if moment.briefing.day.steps else None,
            at=at if "step_time" in blockers else None,
            blockers=blockers,
            facts=facts,
        )
    else:
        yield Advice(code="step_up", rank="next", rate_ml_per_h=above)


def _rate_above(moment: Moment) -> Decimal | None:
    """The lowest planned rate above the present one; None at the top."""
    rate = moment.state.rate_ml_per_h
    return min(
        (step.rate_ml_per_h for step in moment.briefing.day.steps if step.rate_ml_per_h > rate), default=None
    )


def _step_blockers(moment: Moment, above: Decimal | None) -> tuple[Blocker, ...]:
    at = step_up_at(moment.state, moment.now)
    at_rate_change = [check for check in moment.briefing.checks if check.phase == "rate_change"]
    found: dict[Blocker, bool] = {
        "no_planned_rate": not moment.briefing.day.steps,
        "top_of_ladder": bool(moment.briefing.day.steps) and above is None,
        "not_identified": not moment.identified,
        "rule_holds": bool(moment.holding),
        "symptom_present": bool(moment.symptoms),
        "ceiling": above is not None and _passes_ceiling(above, moment),
        "vitals_overdue": any(each.what == "vitals" for each in moment.overdue),
        "vitals_at_this_rate": not all(
            measured_at_this_rate(check, moment.state) for check in at_rate_change
        ),
        "step_time": at is not None and moment.now < at,
    }
    return tuple(code for code, holds in found.items() if holds)


def _passes_ceiling(rate: Decimal, moment: Moment) -> bool:
    return moment.ceiling is not None and rate > moment.ceiling.rate_ml_per_h


def _restart(moment: Moment) -> Iterator[Advice]:
    """Going on after a halt: as it was, slower after a reaction, or only if a clinician decides."""
    if moment.bar is not None:
        yield _barred(moment, moment.bar)
        return
    if not left_ml(moment.state, moment.now):
        yield Advice(code="complete", rank="next")
        return
    yield from _coming(moment, "later")
    blockers, rate, deciding = _restart_blockers(moment), _restart_rate(moment), _left_to_a_clinician(moment)
    facts = moment.ceiling.facts if moment.ceiling else ()
    if rate is None or deciding:
        both = tuple(dict.fromkeys((*deciding, *facts)))
        yield Advice(code="decide_restart", rank="next", facts=both, blockers=blockers)
    else:
        yield Advice(code="restart", rank="next", rate_ml_per_h=rate, facts=facts, blockers=blockers)


def _barred(moment: Moment, bar: Bar) -> Advice:
    """After a stop a clinician decides, unless a rule says no to this reaction or grade."""
    rules = {
        rule.id: rule
        for firing in moment.fired
        if firing.fact in bar.facts
        for rule in moment.briefing.facts.restart_rule
        if _concerns(rule, firing)
    }
    refusing = tuple(rule.id for rule in rules.values() if rule.allowed == "no")
    if refusing:
        return Advice(code="do_not_start", rank="flow", facts=(*bar.facts, *refusing))
    return Advice(code="decide_restart", rank="later", facts=(*bar.facts, *rules))


def _concerns(rule: RestartRule, firing: Firing) -> bool:
    """Is it a rule about this reaction? A reaction that nobody named may be any."""
    same = bool(set(rule.reactions) & set(firing.reactions))
    named = rule.id in firing.restart
    return same or (named and not (rule.reactions and firing.reactions))


def _restart_blockers(moment: Moment) -> tuple[Blocker, ...]:
    found: dict[Blocker, bool] = {
        "not_identified": not moment.identified,
        "no_planned_rate": not moment.briefing.day.steps,
        "rule_holds": bool(moment.open),
        "symptom_present": bool(moment.symptoms),
        "vitals_overdue": any(each.what == "vitals" for each in moment.overdue),
        "no_vial": any(each.what == "vial_change" for each in moment.overdue),
    }
    return tuple(code for code, holds in found.items() if holds)


def _left_to_a_clinician(moment: Moment) -> tuple[str, ...]:
    """The restart rules of a reaction that leave it to a clinician, who has not decided since."""
    decided = last_decision(moment.state, moment.now)
    found = (
        rule.id
        for firing in moment.fired
        if firing.flow == "pause" and (decided is None or firing.since >= decided.at)
        for rule in restart_rules(firing, moment.briefing)
        if rule.allowed != "yes"
    )
    return tuple(dict.fromkeys(found))


def _restart_rate(moment: Moment) -> Decimal | None:
    """What was set before, or the first step, under the ceiling; None if nothing may flow.

    Without planned rates only a clinician's decision names one.
    """
    before = moment.state.rate_at(moment.now)
    planned = before or _first_rate(moment)
    allowed = moment.ceiling is not None and (moment.briefing.day.steps or moment.ceiling.decided)
    if planned is None or moment.ceiling is None or not allowed:
        return None
    return min(planned, moment.ceiling.rate_ml_per_h) or None


def _ended(moment: Moment) -> Iterator[Advice]:
    """Observation until its time, then the patient may leave if nothing is open.

    A decision to go on says nothing about leaving: every sign that is there counts. If it was
    decided to go on after a stop, that comes next.
    """
    if _goes_on(moment):
        yield from _restart(moment)
        return
    stay = observation(moment.briefing, moment.state)
    found: dict[Blocker, bool] = {
        "observation_time": stay.until is None or moment.now < stay.until,
        "end_vitals_missing": any(each.what == "vitals" for each in moment.due),
        "symptom_present": any(spell.present_at(moment.now) for spell in moment.state.symptoms),
        "rule_holds": bool(moment.holding),
    }
    blockers = tuple(code for code, holds in found.items() if holds)
    code: Code = "observe" if blockers else "may_leave"
    yield Advice(code=code, rank="next", at=stay.until, facts=stay.facts, blockers=blockers)


def _goes_on(moment: Moment) -> bool:
    """Was it stopped before its volume was in, and decided since that it goes on?"""
    state, decided = moment.state, last_decision(moment.state, moment.now)
    if state.ended_at is None or decided is None or decided.at < state.ended_at:
        return False
    return state.ended_early and moment.bar is None and left_ml(state, moment.now) > 0
