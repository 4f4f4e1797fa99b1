"""Scenario files of the days after: a check-in asks for a reaction's signs inside its cited window.

A file holds ``title``, ``source`` (ids of facts or sources, or words), ``[episode]`` (an infusion that
ran from 08:00 to 13:00 UTC on 2026-11-23) and ``[[expect]]``: some check-in lies in ``hours`` (both ends
included, counted ``after`` the "start" or the "end") and asks for every sign in ``asks`` about the
``reaction``; ``at_risk``: silence is told of; ``alone``: it asks about nothing else.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ivigil.aftercare.check_ins import CheckIn, check_ins
from ivigil.aftercare.episode import Episode
from tests.support.orders import knowledge

FOLDER = Path(__file__).parent / "scenarios" / "aftercare"
SCENARIOS = {path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
END = dt.datetime(2026, 11, 23, 13, tzinfo=dt.UTC)
KNOWLEDGE = knowledge()


def episode(scenario: dict[str, Any]) -> Episode:
    fields = {"started_at": START, "ended_at": END, "jurisdiction": "US", "route": "IV"}
    return msgspec.convert({**fields, **scenario["episode"]}, Episode)


def fits(check_in: CheckIn, expected: dict[str, Any]) -> bool:
    base = {"start": START, "end": END}[expected["after"]]
    low, high = (base + dt.timedelta(hours=hours) for hours in expected["hours"])
    watched = {each.reaction: each for each in check_in.watches}.get(f"reaction.{expected['reaction']}")
    return (
        low <= check_in.due <= high
        and watched is not None
        and {f"symptom.{name}" for name in expected["asks"]} <= set(check_in.questions)
        and watched.at_risk >= expected.get("at_risk", False)
        and (not expected.get("alone") or len(check_in.watches) == 1)
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_check_in_asks_for_the_signs_inside_the_window(name: str) -> None:
    made = check_ins(episode(SCENARIOS[name]), KNOWLEDGE)
    for expected in SCENARIOS[name]["expect"]:
        assert any(fits(each, expected) for each in made), (name, expected)


@pytest.mark.parametrize("name", SCENARIOS)
def test_conditions_hazards_and_sources_are_real(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario["episode"]["condition"] in KNOWLEDGE.conditions
    assert set(scenario["episode"]["hazards"]) <= set(KNOWLEDGE.hazards)
    ids = [source for source in scenario["source"] if " " not in source]
    assert ids
    assert [source for source in ids if source not in KNOWLEDGE.by_id] == []


def test_every_reaction_with_a_window_that_outlasts_the_chair_has_a_scenario() -> None:
    told = {f"reaction.{e['reaction']}" for s in SCENARIOS.values() for e in s["expect"]}
    at_the_chair = {"reaction.infusion_reaction", "reaction.hypertension", "reaction.hypotension"}
    assert {r.id for r in KNOWLEDGE.facts.reaction if r.windows} - at_the_chair <= told


@pytest.mark.parametrize("name", SCENARIOS)
def test_few_enough_to_be_answered(name: str) -> None:
    """Four to seven, and two more for a patient at risk of clots."""
    made = check_ins(episode(SCENARIOS[name]), KNOWLEDGE)
    clots = any("thrombosis" in hazard for hazard in SCENARIOS[name]["episode"]["hazards"])
    assert 4 <= len(made) <= (9 if clots else 7)


def test_an_adult_is_not_asked_about_a_newborn() -> None:
    made = check_ins(episode(SCENARIOS["kidney"]), KNOWLEDGE)
    assert not any("symptom.newborn_belly_signs" in each.questions for each in made)
    assert not any("symptom.low_sugar_signs" in each.questions for each in made)


def test_what_the_mission_tells_patients_to_report_is_asked_on_the_evening_and_the_day_after() -> None:
    mission = "difficulty_breathing chest_tightness wheezing rash fever headache_severe headache_persistent"
    wanted = {f"symptom.{name}" for name in f"{mission} stiff_neck vomiting".split()}
    made = check_ins(episode(SCENARIOS["eczema"]), KNOWLEDGE)
    assert all(wanted <= set(each.questions) for each in made[:2])
