"""Every scenario of the chair: what the cited sources ask for at given minutes."""

from __future__ import annotations

import pytest

from ivigil.knowledge.store import all_facts
from tests.support.at_the_chair import ChairScenario, facts_named, read_all, run
from tests.support.orders import knowledge
from tests.support.scenarios import differences

SCENARIOS = read_all()
FACTS = {fact.id: fact for fact in all_facts(knowledge().facts)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, request: pytest.FixtureRequest) -> None:
    scenario = SCENARIOS[name]
    if scenario.disputed:
        request.applymarker(pytest.mark.xfail(reason=scenario.disputed, strict=True))
    infusion = run(scenario)
    wrong = []
    for expected in scenario.expect:
        seen = infusion.look(infusion.at(expected))
        asked = {key: value for key, value in expected.items() if key not in ("minute", "at")}
        when = expected.get("minute", expected.get("at"))
        wrong += [f"minute {when}: {each}" for each in differences(asked, seen)]
    assert not wrong, "\n".join([f"{name}: {scenario.title}", *wrong])


@pytest.mark.parametrize("name", SCENARIOS)
def test_sources_are_named_and_known(name: str) -> None:
    """A word without a space is the id of a source or of a fact."""
    sources = SCENARIOS[name].sources
    assert sources
    ids = [source for source in sources if " " not in source]
    assert [source for source in ids if source not in knowledge().sources and source not in FACTS] == []


def test_every_rule_of_the_chair_has_a_scenario() -> None:
    told = {fact for scenario in SCENARIOS.values() for fact in facts_named(scenario)}
    facts = knowledge().facts
    rules = {rule.id for rule in facts.stop_rule}
    grades = {action.id for action in facts.grade_action if action.grades and not action.analogue}
    going_on = {rule.id for rule in facts.restart_rule if not rule.analogue}
    assert sorted((rules | grades | going_on) - told) == []


def test_rules_that_tell_child_and_adult_apart_are_shown_for_both() -> None:
    def population(scenario: ChairScenario) -> str:
        return "adult" if run(scenario).briefing.adult else "child"

    told = {(population(s), fact) for s in SCENARIOS.values() for fact in facts_named(s)}
    for rule in knowledge().facts.stop_rule:
        if rule.population != "any":
            assert (rule.population, rule.id) in told
