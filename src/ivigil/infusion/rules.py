"""Which rules ask for a slower, halted or ended infusion, since when and why.

Rules act before any signature. A strong rule asks for the mildest flow that it allows; a
weak one, which may only restrict, for the strictest. Criteria of anaphylaxis stop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.signs import Signs
from ivigil.infusion.state import Graded, State
from ivigil.knowledge.logic import Saw, Truth
from ivigil.knowledge.reactions import (
    FLOWS,
    Action,
    AnaphylaxisCriterion,
    Flow,
    GradeAction,
    StopRule,
)

_ANAPHYLAXIS = (Action(do="call_emergency_team"), Action(do="give", drug_class="epinephrine"))

Kind = Literal["stop_rule", "anaphylaxis", "grade"]


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that holds, from the moment when it began to."""

    fact: str
    kind: Kind
    since: dt.datetime
    until: dt.datetime | None = None
    """None: it still holds."""
    flow: Flow
    stricter: tuple[Flow, ...] = ()
    """What the rule also allows, beyond ``flow``."""
    weak: bool
    because: tuple[Saw, ...]
    """The symptoms and values as they were when it began."""
    actions: tuple[Action, ...] = ()
    reactions: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    """Ids of restart rules that the fact names."""

    def holds_at(self, moment: dt.datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


def firings(briefing: Briefing, state: State, pictures: tuple[Signs, ...]) -> tuple[Firing, ...]:
    """Every rule that held at some time, a firing for each time it began to hold.

    ``pictures`` is the patient's ``signs.history``.
    """
    open_firings: dict[str, Firing] = {}
    closed: list[Firing] = []
    for signs in pictures:
        holding = {firing.fact: firing for firing in _fired(signs, briefing, state)}
        for fact in [fact for fact in open_firings if fact not in holding]:
            closed.append(msgspec.structs.replace(open_firings.pop(fact), until=signs.at))
        for fact, firing in holding.items():
            open_firings.setdefault(fact, firing)
    found = [*closed, *open_firings.values()]
    return tuple(sorted(found, key=lambda firing: (firing.since, firing.fact)))


def strictest(flows: Iterable[Flow]) -> Flow:
    """The strictest of these flows; "continue" if there are none."""
    return max(flows, key=FLOWS.index, default="continue")


def _fired(signs: Signs, briefing: Briefing, state: State) -> Iterator[Firing]:
    for rule in briefing.facts.stop_rule:
        because = _stop_rule_because(rule, signs, briefing.age_years)
        if because and _in_time(rule, signs.at, state):
            yield _firing(rule, "stop_rule", signs, because, briefing)
    for criterion in briefing.facts.anaphylaxis_criterion:
        because = _criterion_because(criterion, signs)
        if because:
            yield _criterion_firing(criterion, signs, because)
    for graded in _standing_grades(signs.at, state):
        saw = Saw(graded.grading.term, f"{graded.grading.grade}")
        for action in briefing.facts.grade_action:
            if graded.grading.grade in action.grades and not action.analogue:
                yield _firing(action, "grade", signs, (saw,), briefing)


def _firing(
    rule: StopRule | GradeAction,
    kind: Kind,
    signs: Signs,
    because: tuple[Saw, ...],
    briefing: Briefing,
) -> Firing:
    weak = rule.id not in briefing.permitted
    flow = rule.flow[-1] if weak else rule.flow[0]
    return Firing(
        fact=rule.id,
        kind=kind,
        since=signs.at,
        flow=flow,
        stricter=rule.flow[rule.flow.index(flow) + 1 :],
        weak=weak,
        because=because,
        actions=rule.actions,
        reactions=rule.reactions if isinstance(rule, StopRule) else (),
        restart=rule.restart if isinstance(rule, GradeAction) else (),
    )


def _criterion_firing(criterion: AnaphylaxisCriterion, signs: Signs, because: tuple[Saw, ...]) -> Firing:
    """A met criterion stops the infusion: labels discontinue on hypersensitivity."""
    return Firing(
        fact=criterion.id,
        kind="anaphylaxis",
        since=signs.at,
        flow="stop",
        weak=criterion.weak,
        because=because,
        actions=_ANAPHYLAXIS,
        reactions=("reaction.anaphylaxis",),
    )


def _stop_rule_because(rule: StopRule, signs: Signs, age_years: int) -> tuple[Saw, ...]:
    """The symptoms and values on which a stop rule fires; empty if it does not."""
    seen = [Saw(name, "true") for name in rule.symptoms if name in signs.symptoms]
    met = [limit for limit in rule.limits if signs.judge(limit, age_years) is Truth.TRUE]
    if rule.limits_match == "all" and len(met) < len(rule.limits):
        met = []
    measured = dict.fromkeys(limit.measure for limit in met)
    return (*seen, *(Saw(name, f"{signs.readings[name]}", signs.readings[name]) for name in measured))


def _in_time(rule: StopRule, moment: dt.datetime, state: State) -> bool:
    """During the infusion every sign counts; after its end for as long as the rule says."""
    if state.ended_at is None or moment <= state.ended_at or rule.hours_after_end_max is None:
        return True
    return moment <= state.ended_at + dt.timedelta(hours=float(rule.hours_after_end_max))


def _criterion_because(criterion: AnaphylaxisCriterion, signs: Signs) -> tuple[Saw, ...]:
    """The symptoms on which a criterion is met; empty if it is not."""
    if criterion.use != "diagnosis" or not criterion.clusters:
        return ()
    found = {
        cluster.name: [name for name in cluster.symptoms if name in signs.symptoms]
        for cluster in criterion.clusters
    }
    others = sum(bool(names) for cluster, names in found.items() if cluster not in criterion.required)
    if not all(found[name] for name in criterion.required) or others < criterion.at_least:
        return ()
    names = dict.fromkeys(name for cluster in found.values() for name in cluster)
    return tuple(Saw(name, "true") for name in names)


def _standing_grades(moment: dt.datetime, state: State) -> tuple[Graded, ...]:
    """The last grade of each term, until every symptom that it was given for is gone."""
    last = {graded.grading.term: graded for graded in state.grades if graded.at <= moment}
    return tuple(graded for graded in last.values() if not _over(graded, moment, state))


def _over(graded: Graded, moment: dt.datetime, state: State) -> bool:
    spells = [spell for spell in state.symptoms if spell.present_at(graded.at)]
    return bool(spells) and not any(spell.present_at(moment) for spell in spells)
