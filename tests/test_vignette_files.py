"""The vignettes are well formed and name only what the fact base knows."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import pytest

from ivigil.knowledge.hazards import Hazard
from ivigil.knowledge.reactions import Reaction, Symptom
from ivigil.knowledge.store import load
from tests.support.vignettes import Vignette, read

KNOWLEDGE = load()
RED_FLAGS = {name: read(name) for name in ("red-flags-a", "red-flags-b", "red-flags-c")}
BENIGN = {name: read(name) for name in ("benign", "benign-c")}
FILES = RED_FLAGS | BENIGN
LEAST_CASES = {"red-flags-a": 150, "red-flags-b": 320, "red-flags-c": 330, "benign": 120, "benign-c": 80}
ALL = tuple(case for cases in FILES.values() for case in cases)


def unknown(case: Vignette) -> list[str]:
    by_id = KNOWLEDGE.by_id
    names = [name for name in case.present + case.absent if not isinstance(by_id.get(name), Symptom)]
    names += [name for name in case.suspect if not isinstance(by_id.get(name), Reaction)]
    names += [name for name in case.hazards or () if not isinstance(by_id.get(name), Hazard)]
    names += [name for name in case.sources if name not in KNOWLEDGE.sources]
    names += [case.condition] if case.condition and case.condition not in KNOWLEDGE.conditions else []
    names += [case.product] if case.product and case.product not in KNOWLEDGE.products else []
    return names


@pytest.mark.parametrize("name", FILES)
def test_the_sets_are_large_enough(name: str) -> None:
    """With none of 300 missed, the 95 % bound of the share missed is 1 in 100 (rule of three)."""
    assert len(FILES[name]) >= LEAST_CASES[name]


@pytest.mark.parametrize("of", ["id", "says"])
def test_no_case_is_written_twice(of: Literal["id", "says"]) -> None:
    counts = Counter((case.id if of == "id" else case.says).casefold() for case in ALL)
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_name_is_known() -> None:
    assert {case.id: names for case in ALL if (names := unknown(case))} == {}


def test_every_case_has_words_a_source_and_a_reason() -> None:
    assert [case.id for case in ALL if not (case.says and case.sources and case.because)] == []


@pytest.mark.parametrize("name", RED_FLAGS)
def test_a_red_flag_has_a_least_urgency_and_a_symptom(name: str) -> None:
    bad = (
        case for case in RED_FLAGS[name] if case.least is None or case.most is not None or not case.present
    )
    assert [case.id for case in bad] == []


@pytest.mark.parametrize("name", BENIGN)
def test_a_benign_case_has_a_most_urgency_and_no_suspect(name: str) -> None:
    bad = (case for case in BENIGN[name] if case.most is None or case.least is not None or case.suspect)
    assert [case.id for case in bad] == []


def test_no_symptom_is_both_present_and_absent() -> None:
    assert [case.id for case in ALL if set(case.present) & set(case.absent)] == []


def test_age_is_given_once_and_time_is_not_negative() -> None:
    assert [case.id for case in ALL if case.age_years is not None and case.age_months is not None] == []
    assert [case.id for case in ALL if case.hours_after_end is not None and case.hours_after_end < 0] == []


@pytest.mark.parametrize("name", ["red-flags-b", "red-flags-c"])
def test_a_held_out_set_has_every_kind_of_danger_of_set_a(name: str) -> None:
    assert _suspects("red-flags-a") <= _suspects(name)


def _suspects(name: str) -> set[str]:
    return {suspect for case in RED_FLAGS[name] for suspect in case.suspect}
