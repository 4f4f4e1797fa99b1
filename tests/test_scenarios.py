"""Every scenario file, planned and checked against what its source says."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest

from ivigil.course import to_json
from ivigil.individual import NotIndividualisedError, individualise
from ivigil.intake import parse_order
from ivigil.intake.levels import parse_levels
from ivigil.knowledge.site import Overlay, OverlayFile, overlay
from ivigil.knowledge.store import FACTS, KINDS, Knowledge, read_folder
from ivigil.order import Order, OrderError
from ivigil.release import UnverifiedPlanError, checked_plan
from tests.support.scenarios import Scenario, differences, json_text, read_all, view

SCENARIOS = read_all()
ALWAYS: dict[str, Any] = {"objections": [], "repeatable": True}
"""Of every plan: the verifier accepts it, and a second run gives the same bytes."""
SOURCE_ID = re.compile(r"(cond|dose|haz|intake|iv|safe|sc|time)\.[a-z0-9_.-]+", re.IGNORECASE)


@cache
def knowledge() -> Knowledge:
    return Knowledge(*read_folder(FACTS))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, request: pytest.FixtureRequest) -> None:
    scenario = SCENARIOS[name]
    if scenario.disputed:
        request.applymarker(pytest.mark.xfail(reason=scenario.disputed, strict=True))
    wrong = [*differences({**ALWAYS, **scenario.expect}, {**ALWAYS, **outcome(scenario)})]
    assert not wrong, report(name, scenario, wrong)


@pytest.mark.parametrize("name", SCENARIOS)
def test_sources_named_by_id_exist(name: str) -> None:
    named = [text for text in SCENARIOS[name].sources if SOURCE_ID.fullmatch(text)]
    assert SCENARIOS[name].sources and all(SCENARIOS[name].sources)
    assert [text for text in named if text not in knowledge().sources] == []


def test_every_condition_has_a_scenario() -> None:
    told = {item.order["condition"] for item in SCENARIOS.values() if isinstance(item.order, dict)}
    assert sorted(set(knowledge().conditions) - told) == []


def test_every_product_with_complete_rates_has_its_ladder() -> None:
    ladders = {name.removeprefix("ladders/").rpartition("-")[0] for name in SCENARIOS if "ladders/" in name}
    complete = {
        product.id
        for product in knowledge().facts.product
        if product.route == "IV" and any(schedule.plannable for schedule in product.schedules)
    }
    assert sorted(complete - {name.partition(".")[0] for name in ladders}) == []


def test_every_screen_has_its_states() -> None:
    told = {name.removeprefix("screens/").rpartition("-")[0] for name in SCENARIOS if "screens/" in name}
    assert sorted({hazard.id for hazard in knowledge().facts.hazard} - told) == []


def outcome(scenario: Scenario) -> dict[str, Any]:
    """What happens to the order: the plan, or the faults that refuse it."""
    known = site_knowledge(scenario)
    text, form = scenario.order_text(term.id for term in known.facts.term if term.scope == "screening")
    try:
        order = parse_order(text, "json" if form == "json" else "toml", known)
        if scenario.levels:
            levels = parse_levels(json_text(scenario.levels).encode(), "json", known)
            order = individualise(order, levels, known)
    except OrderError as error:
        return {"exit": 2, "faults": json.loads(msgspec.json.encode(error.faults))}
    except NotIndividualisedError as error:
        return {"exit": 3, "refused": list(error.reasons)}
    plan, objections = planned(order, known)
    again, _ = planned(order, known)
    seen = view(json.loads(plan, parse_float=Decimal))
    return {**seen, "objections": objections, "repeatable": plan == again}


def planned(order: Order, known: Knowledge) -> tuple[bytes, list[str]]:
    """The plan as JSON, and what the verifier holds against it."""
    try:
        return to_json(checked_plan(order, known)), []
    except UnverifiedPlanError as error:
        return to_json(error.plan), [f"{item.code} at {item.where}" for item in error.objections]


def site_knowledge(scenario: Scenario) -> Knowledge:
    if not scenario.site:
        return knowledge()
    found = msgspec.convert(scenario.site, OverlayFile)
    records = type(knowledge().facts)(**{kind: getattr(found, kind) for kind in KINDS})
    site = found.site or knowledge().site
    return overlay(knowledge(), Overlay(records, found.signature, site, "scenario"))


def report(name: str, scenario: Scenario, wrong: list[str]) -> str:
    titles = [known.title if (known := knowledge().sources.get(s)) else s for s in scenario.sources]
    lines = [f"{name}: {scenario.title}", *(f"  expected from: {title}" for title in titles)]
    return "\n".join([*lines, *(f"  {line}" for line in wrong)])
