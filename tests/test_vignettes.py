"""No danger of the vignettes is missed. Figures and confidence bounds: docs/triage.md."""

from __future__ import annotations

import pytest

from tests.support.vignettes import RED_FLAGS, Vignette, by_form, is_missed, read

DANGERS = [case for name in RED_FLAGS for case in read(name)]


@pytest.mark.parametrize("case", DANGERS, ids=lambda case: case.id)
def test_no_danger_is_missed_and_its_cause_is_suspected(case: Vignette) -> None:
    answer = by_form(case)
    assert not is_missed(case, answer), (answer.urgency, case.least)
    assert set(case.suspect) <= {suspect.reaction for suspect in answer.suspects}


def test_there_are_enough_of_them_to_bound_what_is_missed() -> None:
    assert len(DANGERS) >= 300
