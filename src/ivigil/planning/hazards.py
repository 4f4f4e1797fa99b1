"""Screening: every hazard judged on the case, and the limits that follow.

State and severity are two things. A hazard that is neither true nor false is assumed
(its effects act) or asked (the release is held), as the hazard itself says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from ivigil.course import Action, Finding, State
from ivigil.knowledge.hazards import Advise, Block, Effect, Hazard
from ivigil.knowledge.logic import Case, Truth, any_of, judge, truth_of
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning.limits import Entry, Limits, condition_limits
from ivigil.planning.situation import Situation

T = TypeVar("T")

_SEVERITY = ("contraindicated", "serious", "moderate", "info")
_ACTING: frozenset[State] = frozenset({"present", "assumed"})
_STATES: dict[str, State] = {"assume": "assumed", "ask": "asked", "note": "asked"}


def screen(order: Order, case: Case, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Every hazard that is not absent, the gravest first."""
    found = [_judge_hazard(hazard, order, case) for hazard in knowledge.facts.hazard]
    findings = [finding for finding in found if finding is not None]
    return tuple(sorted(findings, key=lambda f: (_SEVERITY.index(f.severity), f.state != "present", f.id)))


def limits(findings: tuple[Finding, ...], knowledge: Knowledge) -> Limits:
    """Merge the effects of all acting findings. An overridden finding keeps every limit but its block."""
    entries: list[Entry[Effect]] = []
    for finding in findings:
        if finding.state not in _ACTING:
            continue
        for effect in knowledge.hazards[finding.id].effects:
            if isinstance(effect, Block) and finding.overridden_by:
                continue
            entries.append(Entry(effect, finding.id))
    return Limits(tuple(entries))


def settle(situation: Situation, product_changed: bool | None) -> tuple[tuple[Finding, ...], Situation]:
    """Screen the hazards and merge their effects with the caps of condition and regimen."""
    if product_changed is not None:
        situation = replace(situation, case={**situation.case, "product_changed": product_changed})
    findings = screen(situation.order, situation.case, situation.knowledge)
    bound = condition_limits(situation.condition, situation.regimen, situation.case)
    merged = limits(findings, situation.knowledge).plus(bound)
    return findings, replace(situation, limits=merged)


def _judge_hazard(hazard: Hazard, order: Order, case: Case) -> Finding | None:
    if order.route not in hazard.routes:
        return None
    truth = any_of((factor.when for factor in hazard.factors), case)
    if truth is Truth.FALSE:
        return None
    deciding = [factor for factor in hazard.factors if truth_of(factor.when, case) is truth]
    judged = [judge(factor.when, case) for factor in deciding]
    state: State = "present" if truth is Truth.TRUE else _STATES[hazard.unknown]
    saw = _merge(j.because for j in judged)
    return Finding(
        id=hazard.id,
        name=hazard.name,
        category=hazard.category,
        severity=hazard.severity,
        state=state,
        because=saw,
        saw=saw,
        factors=tuple(f.id for f in deciding),
        missing=_merge(j.missing for j in judged) if truth is Truth.UNKNOWN else (),
        facts=(hazard.id, *(f.id for f in deciding)),
        do=tuple(_action(effect) for effect in hazard.effects),
        weak=all(f.weak for f in deciding),
        overridden_by=_overrider(order, hazard.id),
    )


def _action(effect: Effect) -> Action:
    kind = str(effect.__struct_config__.tag)
    if isinstance(effect, Advise):
        return Action(effect=kind, fact=effect.id, text=effect.text, audience=effect.audience)
    return Action(effect=kind, fact=effect.id)


def _overrider(order: Order, finding: str) -> str:
    return next((o.author for o in order.overrides if o.finding == finding), "")


def _merge(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))
