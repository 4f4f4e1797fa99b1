"""How fast it may flow, and whether it may go on at all, after what has happened today.

Four limits hold together: the plan's step, a limit that became tighter since, what a reaction
left of the rate at which it began, and what a clinician allowed when deciding to go on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from ivigil.course import Step
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.rules import Firing
from ivigil.infusion.state import Decided, State
from ivigil.knowledge.reactions import RestartRule


class Ceiling(msgspec.Struct, frozen=True, kw_only=True):
    """The highest rate that may be advised, and what set it."""

    rate_ml_per_h: Decimal
    facts: tuple[str, ...] = ()
    """The restart rules and the reaction's rule; empty: the plan's own rate."""
    decided: bool = False
    """True if a clinician's decision sets it."""
    weak: bool = False
    """True if a rule sets it that may only warn and restrict."""
    tightened: bool = False
    """True if a limit sets it that became tighter since the plan was made."""


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A reaction after which only a clinician's explicit decision lets the infusion go on."""

    since: dt.datetime
    facts: tuple[str, ...]


def ceiling(
    briefing: Briefing, state: State, firings: tuple[Firing, ...], now: dt.datetime
) -> Ceiling | None:
    """The rate that holds at ``now``; None if the plan has no rates and nothing else limits it."""
    found = (
        [Ceiling(rate_ml_per_h=max(s.rate_ml_per_h for s in briefing.day.steps))]
        if briefing.day.steps
        else []
    )
    if briefing.tightened_ml_per_h is not None:
        found.append(Ceiling(rate_ml_per_h=briefing.tightened_ml_per_h, tightened=True))
    decided = last_decision(state, now)
    if decided is not None:
        highest = _on_pump(decided.decision.rate_ml_per_h_max, briefing)
        found.append(Ceiling(rate_ml_per_h=highest, decided=True))
    for firing in firings:
        if firing.kind != "artefact" and firing.since <= now and not _settled(firing, decided):
            found.extend(_after(firing, briefing, state))
    return min(found, key=lambda each: each.rate_ml_per_h, default=None)


def bar(state: State, firings: tuple[Firing, ...], now: dt.datetime) -> Bar | None:
    """The stop that still bars the way on at ``now``; None if there is none or it was decided."""
    decided = last_decision(state, now)
    stops = [f for f in firings if f.flow == "stop" and f.since <= now and not _settled(f, decided)]
    if not stops:
        return None
    return Bar(since=stops[0].since, facts=tuple(dict.fromkeys(stop.fact for stop in stops)))


def last_decision(state: State, now: dt.datetime) -> Decided | None:
    """The clinician's last decision to go on, until ``now``."""
    return next((each for each in reversed(state.decisions) if each.at <= now), None)


def undecided(firings: tuple[Firing, ...], state: State, now: dt.datetime) -> tuple[Firing, ...]:
    """The firings that hold at ``now`` and began after the last decision to go on."""
    decided = last_decision(state, now)
    return tuple(f for f in firings if f.holds_at(now) and not _settled(f, decided))


def _settled(firing: Firing, decided: Decided | None) -> bool:
    """A decision settles what began before it; at one instant the sign counts as later."""
    return decided is not None and firing.since < decided.at


def _after(firing: Firing, briefing: Briefing, state: State) -> Iterator[Ceiling]:
    """What the restart rules leave of the rate at which this reaction began."""
    rate = _rate_before(firing.since, state)
    if not rate:
        return
    for rule in restart_rules(firing, briefing):
        left = _left(rule, rate, briefing)
        if left is not None:
            yield Ceiling(rate_ml_per_h=left, facts=(rule.id, firing.fact), weak=firing.weak)


def _rate_before(since: dt.datetime, state: State) -> Decimal | None:
    """The rate at which a reaction began: what flowed until then, whatever was set at that very time.

    A rate that is lowered in the minute of the onset is the answer to the reaction, not its cause.
    """
    before = (flow.rate_ml_per_h for flow in reversed(state.flows) if flow.start < since)
    return next(before, state.rate_at(since))


def restart_rules(firing: Firing, briefing: Briefing) -> tuple[RestartRule, ...]:
    """The rules that the firing names, else those that a label states for any reaction."""
    rules = briefing.facts.restart_rule
    named = tuple(rule for rule in rules if rule.id in firing.restart)
    return named or tuple(rule for rule in rules if rule.basis == "label" and not rule.grades)


def _left(rule: RestartRule, rate: Decimal, briefing: Briefing) -> Decimal | None:
    """The rate that a rule leaves of ``rate``, on the pump's step; None if it names none.

    "Slower" is the planned step below. Under the first step, or without planned steps, no source
    names a rate; it is the share that the restart rules print.
    """
    if rule.rate == "factor" and rule.rate_factor is not None:
        return _on_pump(rate * rule.rate_factor, briefing)
    if rule.rate not in ("slower", "previous_step"):
        return None
    below = step_below(briefing.day.steps, rate)
    if below is not None:
        return below.rate_ml_per_h
    factors = [r.rate_factor for r in briefing.facts.restart_rule if r.rate_factor is not None]
    return _on_pump(rate * min(factors, default=Decimal(0)), briefing)


def _on_pump(rate: Decimal, briefing: Briefing) -> Decimal:
    """Rounded down to the pump's step; 0 if it is under the first."""
    return rate - rate % briefing.pump_step_ml_per_h


def step_below(steps: tuple[Step, ...], rate_ml_per_h: Decimal) -> Step | None:
    """The highest planned step under a rate; None under the first."""
    lower = [step for step in steps if step.rate_ml_per_h < rate_ml_per_h]
    return max(lower, key=lambda step: step.rate_ml_per_h, default=None)
