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
A, B, BENIGN = read("red-flags-a"), read("red-flags-b"), read("benign")
ALL = A + B + BENIGN


def unknown(case: Vignette) -> list[str]:
    by_id = KNOWLEDGE.by_id
    names = [name for name in case.present + case.absent if not isinstance(by_id.get(name), Symptom)]
    names += [name for name in case.suspect if not isinstance(by_id.get(name), Reaction)]
    names += [name for name in case.hazards or () if not isinstance(by_id.get(name), Hazard)]
    names += [name for name in case.sources if name not in KNOWLEDGE.sources]
    names += [case.condition] if case.condition and case.condition not in KNOWLEDGE.conditions else []
    names += [case.product] if case.product and case.product not in KNOWLEDGE.products else []
    return names


def test_the_sets_are_large_enough() -> None:
    """With none of 300 missed, the 95 % bound of the share missed is 1 in 100 (rule of three)."""
    assert len(A) >= 150
    assert len(B) >= 320
    assert len(BENIGN) >= 120


@pytest.mark.parametrize("of", ["id", "says"])
def test_no_case_is_written_twice(of: Literal["id", "says"]) -> None:
    counts = Counter((case.id if of == "id" else case.says).casefold() for case in ALL)
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_name_is_known() -> None:
    assert {case.id: names for case in ALL if (names := unknown(case))} == {}


def test_every_case_has_words_a_source_and_a_reason() -> None:
    assert [case.id for case in ALL if not (case.says and case.sources and case.because)] == []


def test_a_red_flag_has_a_least_urgency_and_a_symptom() -> None:
    bad = (case for case in A + B if case.least is None or case.most is not None or not case.present)
    assert [case.id for case in bad] == []


def test_a_benign_case_has_a_most_urgency_and_no_suspect() -> None:
    bad = (case for case in BENIGN if case.most is None or case.least is not None or case.suspect)
    assert [case.id for case in bad] == []


def test_no_symptom_is_both_present_and_absent() -> None:
    assert [case.id for case in ALL if set(case.present) & set(case.absent)] == []


def test_age_is_given_once_and_time_is_not_negative() -> None:
    assert [case.id for case in ALL if case.age_years is not None and case.age_months is not None] == []
    assert [case.id for case in ALL if case.hours_after_end is not None and case.hours_after_end < 0] == []


def test_the_held_out_set_has_every_kind_of_danger_of_set_a() -> None:
    assert {name for case in A for name in case.suspect} <= {name for case in B for name in case.suspect}
