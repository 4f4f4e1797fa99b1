"""Which rules ask for a slower, halted or ended infusion, since when and why.

Rules act before any signature. A strong rule asks for the mildest flow that it allows; a
weak one, which may only restrict, for the strictest. Criteria of anaphylaxis stop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
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
    Limit,
    StopRule,
)

_ANAPHYLAXIS = (Action(do="call_emergency_team"), Action(do="give", drug_class="epinephrine"))

Kind = Literal["stop_rule", "anaphylaxis", "grade", "artefact"]
"""artefact: a laboratory artefact (a meter that reads too high); it leaves the flow as it is."""


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that holds, from the moment when it began to.

    A new sign, or a value worse than any before, ends it and begins another: a decision
    about what was there before does not cover it.
    """

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


class _Holding(msgspec.Struct, frozen=True):
    """A rule that holds, with its grounds: symptoms, limits, terms, each with how bad it is."""

    firing: Firing
    grounds: dict[str | Limit, Decimal]

    def adds_to(self, before: _Holding) -> bool:
        """Is there anything that was not there before, or is anything worse than ever before?"""
        known = before.grounds
        return any(name not in known or depth > known[name] for name, depth in self.grounds.items())

    def still(self, before: _Holding) -> _Holding:
        """The firing from before, with the worst of each ground that is still there."""
        known = before.grounds
        worst = {name: max(depth, known.get(name, depth)) for name, depth in self.grounds.items()}
        return _Holding(before.firing, worst)


def firings(briefing: Briefing, state: State, pictures: tuple[Signs, ...]) -> tuple[Firing, ...]:
    """Every rule that held at some time, a firing for each time it began to hold or grew worse.

    ``pictures`` is the patient's ``signs.history``.
    """
    open_: dict[str, _Holding] = {}
    closed: list[Firing] = []
    for signs in pictures:
        holding = {held.firing.fact: held for held in _holding(signs, briefing, state)}
        for fact, before in open_.items():
            if fact not in holding or holding[fact].adds_to(before):
                closed.append(msgspec.structs.replace(before.firing, until=signs.at))
            else:
                holding[fact] = holding[fact].still(before)
        open_ = holding
    found = [*closed, *(held.firing for held in open_.values())]
    return tuple(sorted(found, key=lambda firing: (firing.since, firing.fact)))


def strictest(flows: Iterable[Flow]) -> Flow:
    """The strictest of these flows; "continue" if there are none."""
    return max(flows, key=FLOWS.index, default="continue")


def _holding(signs: Signs, briefing: Briefing, state: State) -> Iterator[_Holding]:
    """Every rule that holds in one picture."""
    for rule in briefing.facts.stop_rule:
        seen, met = _stop_rule_grounds(rule, signs, briefing.age_years)
        if (seen or met) and _in_time(rule, signs.at, state):
            measured = {limit.measure: signs.value(limit, briefing.age_years) for limit in met}
            values = [Saw(name, f"{value}", value) for name, value in measured.items()]
            because = (*_present(seen), *values)
            grounds: dict[str | Limit, Decimal] = {limit: signs.depth(limit) for limit in met}
            grounds |= dict.fromkeys(seen, Decimal(0))
            yield _Holding(_firing(rule, "stop_rule", signs, because, briefing), grounds)
    for criterion in briefing.facts.anaphylaxis_criterion:
        names = _criterion_grounds(criterion, signs)
        if names:
            firing = _criterion_firing(criterion, signs, _present(names), briefing)
            yield _Holding(firing, dict.fromkeys(names, Decimal(0)))
    yield from _artefacts(signs, briefing)
    standing = _standing_grades(signs.at, state)
    for action in briefing.facts.grade_action:
        graded = [each for each in standing if each.grading.grade in action.grades and not action.analogue]
        if graded:
            because = tuple(Saw(each.grading.term, f"{each.grading.grade}") for each in graded)
            grounds = {each.grading.term: _times_graded(each, state) for each in graded}
            firing = _firing(action, "grade", signs, because, briefing)
            yield _Holding(msgspec.structs.replace(firing, reactions=_suspected(graded)), grounds)


def _artefacts(signs: Signs, briefing: Briefing) -> Iterator[_Holding]:
    """What to do first about the signs of a laboratory artefact that the product can cause."""
    for reaction in briefing.facts.reaction:
        names = [name for name in reaction.symptoms if name in signs.symptoms]
        if reaction.kind != "laboratory_artefact" or not names:
            continue
        for first in reaction.first_actions:
            firing = Firing(
                fact=first.id,
                kind="artefact",
                since=signs.at,
                flow="continue",
                weak=first.id not in briefing.permitted,
                because=_present(names),
                actions=first.actions,
                reactions=(reaction.id,),
            )
            yield _Holding(firing, dict.fromkeys(names, Decimal(0)))


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
        restart=rule.restart,
    )


def _criterion_firing(
    criterion: AnaphylaxisCriterion, signs: Signs, because: tuple[Saw, ...], briefing: Briefing
) -> Firing:
    """A met criterion stops the infusion: labels discontinue on hypersensitivity."""
    return Firing(
        fact=criterion.id,
        kind="anaphylaxis",
        since=signs.at,
        flow="stop",
        weak=criterion.id not in briefing.permitted,
        because=because,
        actions=_ANAPHYLAXIS,
        reactions=("reaction.anaphylaxis",),
    )


def _stop_rule_grounds(rule: StopRule, signs: Signs, age_years: int) -> tuple[list[str], list[Limit]]:
    """The symptoms and limits on which a stop rule fires; both empty if it does not."""
    seen = [name for name in rule.symptoms if name in signs.symptoms]
    met = [limit for limit in rule.limits if signs.judge(limit, age_years) is Truth.TRUE]
    if rule.limits_match == "all" and len(met) < len(rule.limits):
        met = []
    return seen, met


def _present(symptoms: Iterable[str]) -> tuple[Saw, ...]:
    return tuple(Saw(name, "true") for name in symptoms)


def _in_time(rule: StopRule, moment: dt.datetime, state: State) -> bool:
    """During the infusion every sign counts; after its end for as long as the rule says."""
    if state.ended_at is None or moment <= state.ended_at or rule.hours_after_end_max is None:
        return True
    return moment <= state.ended_at + int(rule.hours_after_end_max * 60) * dt.timedelta(minutes=1)


def _criterion_grounds(criterion: AnaphylaxisCriterion, signs: Signs) -> tuple[str, ...]:
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
    return tuple(dict.fromkeys(name for cluster in found.values() for name in cluster))


def _standing_grades(moment: dt.datetime, state: State) -> tuple[Graded, ...]:
    """The last grade of each term, until every symptom that it was given for is gone."""
    last = {graded.grading.term: graded for graded in state.grades if graded.at <= moment}
    return tuple(graded for graded in last.values() if not _over(graded, moment, state))


def _suspected(graded: list[Graded]) -> tuple[str, ...]:
    """The reactions that the gradings name; empty if one of them names none."""
    named = tuple(dict.fromkeys(each.grading.reaction for each in graded))
    return named if all(named) else ()


def _times_graded(graded: Graded, state: State) -> Decimal:
    """How often its term was graded until then: a grading anew is a new statement."""
    return Decimal(
        sum(each.grading.term == graded.grading.term and each.at <= graded.at for each in state.grades)
    )


def _over(graded: Graded, moment: dt.datetime, state: State) -> bool:
    spells = [spell for spell in state.symptoms if spell.present_at(graded.at)]
    return bool(spells) and not any(spell.present_at(moment) for spell in spells)
