"""What notices a mutant of the fact base: the check, the scenarios with their verifier, the witness.

Each detector knows how the right fact base looks to it and says whether a mutant looks otherwise.
Everything runs in this process; a mutant costs milliseconds, not a test session.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from ivigil.course import Plan, to_json
from ivigil.intake import parse_order
from ivigil.knowledge.agreement import disagreements
from ivigil.knowledge.check import faults
from ivigil.knowledge.evidence import Record
from ivigil.knowledge.spans import outliers
from ivigil.knowledge.store import FactFile, Knowledge, all_facts
from ivigil.order import Order, OrderError
from ivigil.release import UnverifiedPlanError, checked_plan
from tests.support import scenarios, witness
from tools.mutants import TOP_LEVEL, Mutant

SCENARIOS_A_FACT = 4
"""Scenarios re-run for one mutant: those whose plan names the fact, the first ones in order of name."""

LOOKED_UP = ("source", "jurisdiction", "label_indication", "term", "policy")
"""Tables that other records refer to; small, and always there."""

WITH_CONDITIONS = ("condition", "hazard", "premedication", "weight_policy")

TOGETHER = {
    "product": ("product", "condition"),
    "condition": ("product", "condition", "hazard"),
    "hazard": ("condition", "hazard", "product"),
    "ideal_weight": ("ideal_weight", "weight_example"),
    "adjusted_weight": ("adjusted_weight", "weight_example"),
}
"""Tables whose records the check compares with one another."""


class ByCheck:
    """Detected if ``knowledge.check.faults`` finds what it does not find in the right fact base.

    Run thousands of times, so in two parts: all checks on the record alone, and the checks that
    compare records on the tables that they compare.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._facts = knowledge.facts
        self._tables = {table: _narrow(knowledge.facts, table) for table in TOP_LEVEL}
        for table, facts in self._tables.items():
            if _compared(facts):
                raise ValueError(f"{table}: the right fact base has faults: {_compared(facts)}")

    def detects(self, mutant: Mutant) -> bool:
        try:
            alone = self._alone(mutant.table, mutant.place, mutant.record)
            usual = self._usual(mutant.table, mutant.place)
            return bool(alone - usual) or bool(_compared(mutant.within(self._tables[mutant.table])))
        except (ArithmeticError, ValueError):
            return True  # a unit that cannot be converted stops the check

    @cache  # noqa: B019 - one detector a process
    def _usual(self, table: str, place: int) -> frozenset[str]:
        return self._alone(table, place, getattr(self._facts, table)[place])

    def _alone(self, table: str, place: int, record: Record | None) -> frozenset[str]:
        rows = dict(self._looked_up(table, place))
        rows[table] = () if record is None else (record,)
        return frozenset(faults(Knowledge(FactFile(**rows), "mutation")))

    @cache  # noqa: B019
    def _looked_up(self, table: str, place: int) -> dict[str, Any]:
        """What the record refers to: its sources and, if it has conditions, the vocabulary."""
        right = getattr(self._facts, table)[place]
        cited = {source for fact in all_facts(right) for source in fact.sources}
        return {
            "source": tuple(source for source in self._facts.source if source.id in cited),
            "term": self._facts.term if table in WITH_CONDITIONS else (),
            "jurisdiction": self._facts.jurisdiction,
            "label_indication": self._facts.label_indication,
        }


def _compared(facts: FactFile) -> list[str]:
    """Faults between records; the right fact base has none."""
    known = Knowledge(facts, "mutation")
    return [*disagreements(known), *outliers(known)]


def _narrow(facts: FactFile, table: str) -> FactFile:
    """Only what the check of one table compares with other records."""
    kept = {*LOOKED_UP, *TOGETHER.get(table, (table,))}
    rows: dict[str, Any] = {name: getattr(facts, name) for name in kept}
    return FactFile(**rows)


class ByWitness:
    """Detected if a row of ``tests/witness`` contradicts the record, or has lost it."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._rows = witness.read()
        self._facts = knowledge.facts

    def detects(self, mutant: Mutant) -> bool:
        right = getattr(self._facts, mutant.table)[mutant.place]
        return self._plain(mutant.record) != {
            name: witness.plain(self._rows.get(name)) for name, _ in witness.figures(right)
        }

    @staticmethod
    def _plain(record: Record | None) -> dict[str, Any]:
        figures = witness.figures(record) if record is not None else ()
        return {name: witness.plain(row) for name, row in figures}


class ByScenarios:
    """Detected if a scenario whose plan names the fact no longer comes out as its source says.

    The verifier runs on every plan; its objections count, though it reads the same facts.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._orders: dict[str, tuple[Order, scenarios.Table]] = {}
        self._naming: dict[str, list[str]] = defaultdict(list)
        for name, scenario in scenarios.read_all().items():
            order = self._order(scenario)
            if order is None:
                continue
            plan, outcome = _outcome(order, knowledge)
            if next(scenarios.differences(scenario.expect, outcome), None) is None:
                self._orders[name] = (order, scenario.expect)
                for fact in _named(plan):
                    self._naming[fact].append(name)

    def detects(self, mutant: Mutant) -> bool:
        names = self._names(mutant)[:SCENARIOS_A_FACT]
        if not names:
            return False
        known = _with(self._knowledge, mutant)
        return any(self._fails(name, known) for name in names)

    def _names(self, mutant: Mutant) -> list[str]:
        """Scenarios that name the fact, or else the record that it stands in."""
        record = getattr(self._knowledge.facts, mutant.table)[mutant.place]
        return self._naming.get(mutant.change.fact) or self._naming.get(record.id, [])

    def _fails(self, name: str, known: Knowledge) -> bool:
        order, expected = self._orders[name]
        try:
            _, outcome = _outcome(order, known)
        except (ArithmeticError, LookupError, ValueError):
            return True
        return next(scenarios.differences(expected, outcome), None) is not None

    def _order(self, scenario: scenarios.Scenario) -> Order | None:
        """The order as read; None where it is refused or needs a site: those test other things."""
        if scenario.site or scenario.disputed:
            return None
        flags = (term.id for term in self._knowledge.facts.term if term.scope == "screening")
        text, form = scenario.order_text(flags)
        try:
            return parse_order(text, "json" if form == "json" else "toml", self._knowledge)
        except OrderError:
            return None


def _outcome(order: Order, known: Knowledge) -> tuple[Plan, scenarios.Table]:
    objections: list[str] = []
    try:
        plan = checked_plan(order, known)
    except UnverifiedPlanError as error:
        plan, objections = error.plan, [item.code for item in error.objections]
    view = scenarios.view(json.loads(to_json(plan), parse_float=Decimal))
    return plan, {**view, "objections": objections}


def _named(plan: Plan) -> Iterator[str]:
    yield from plan.sources
    if plan.product is not None and plan.product.id not in plan.sources:
        yield plan.product.id


def _with(knowledge: Knowledge, mutant: Mutant) -> Knowledge:
    """The knowledge with a mutant in it. Indexes that it does not touch are taken over, to be fast."""
    known = Knowledge(mutant.within(knowledge.facts), knowledge.version)
    right = getattr(knowledge.facts, mutant.table)[mutant.place]
    by_id = dict(knowledge.by_id)
    for fact in all_facts(right):
        del by_id[fact.id]
    if mutant.record is not None:
        by_id.update((fact.id, fact) for fact in all_facts(mutant.record))
    untouched = {name: getattr(knowledge, name) for name in ("sources", "terms", "jurisdictions")}
    known.__dict__.update(untouched, by_id=by_id)
    return known
