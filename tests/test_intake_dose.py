"""The ordered dose against the sources, per course and per day.

Expectations: Kawasaki disease 1 g/kg (US label) to 2 g/kg (AHA) in 1 to 5 days; CIDP loading
2 g/kg over 2 to 5 days and 1 g/kg every 3 weeks after it (US label); Guillain-Barre syndrome
2 g/kg, as 0.4 g/kg on 5 days; primary immunodeficiency 0.2 to 0.8 g/kg every 3 to 4 weeks.
"""

from __future__ import annotations

from typing import Any

import pytest

from ivigil.knowledge.store import Knowledge
from tests.support.bases import NAMES, base
from tests.support.written import faults

ADULT = {
    "patient__birth_date": "1980-01-01",
    "patient__sex": "male",
    "patient__weight_kg": 80,
    "patient__height_cm": 180,
}
CIDP = {"condition": "cidp", **ADULT}
PID = {"condition": "primary_immunodeficiency", **ADULT}
GBS = {"condition": "guillain_barre", **ADULT}
OBESE = {"patient__weight_kg": 130, "patient__height_cm": 170}


@pytest.fixture(params=NAMES)
def knowledge(request: pytest.FixtureRequest) -> Knowledge:
    return base(request.param)


ACCEPTED: dict[str, dict[str, Any]] = {
    "guideline dose": {"total_dose_g_per_kg": 2},
    "label dose": {"total_dose_g_per_kg": 1},
    "label dose over four days": {"total_dose_g_per_kg": 1.6, "days": 4},
    "grams of the guideline dose": {"total_dose_g": 28.4},
    "grams rounded to vials": {"total_dose_g": 30},
    "both forms that agree": {"total_dose_g_per_kg": 2, "total_dose_g": 30},
    "retreatment": {"phase": "retreatment", "total_dose_g_per_kg": 2},
    "loading": {**CIDP, "total_dose_g_per_kg": 2, "days": 5},
    "maintenance": {
        **CIDP,
        "phase": "maintenance",
        "total_dose_g_per_kg": 1,
        "days": 2,
        "interval_days": 21,
    },
    "longer interval": {**CIDP, "phase": "maintenance", "interval_days": 42},
    "grams on the ideal weight of an obese adult": {**CIDP, **OBESE, "total_dose_g": 132, "days": 2},
    "both forms, on an adjusted weight": {
        **CIDP,
        **OBESE,
        "total_dose_g_per_kg": 2,
        "total_dose_g": 180,
    },
    "replacement": {**PID, "total_dose_g_per_kg": 0.5, "days": 1, "interval_days": 28},
    "five days of 0.4": {**GBS, "total_dose_g_per_kg": 2, "days": 5},
    "weekly under the skin": {**PID, "route": "SC", "total_dose_g_per_kg": 0.15, "interval_days": 7},
    "weekly grams under the skin": {**PID, "route": "SC", "total_dose_g": 12, "interval_days": 7},
    "daily under the skin": {**PID, "route": "SC", "total_dose_g_per_kg": 0.02, "interval_days": 1},
    "no dose under the skin": {**PID, "route": "SC"},
}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: (changes, field, part of the fault's text)
    "twice the dose": ({"total_dose_g_per_kg": 4}, "total_dose_g_per_kg", "1 to 2 g/kg in a course"),
    "just above": ({"total_dose_g_per_kg": 2.001}, "total_dose_g_per_kg", "kd_aha_initial"),
    "half the dose": ({"total_dose_g_per_kg": 0.5}, "total_dose_g_per_kg", "kd_us_label"),
    "grams of another patient": ({"total_dose_g": 140}, "total_dose_g", "for 14.2 kg"),
    "grams written as g/kg": ({"total_dose_g": 2}, "total_dose_g", "for 14.2 kg"),
    "more than rounding": ({"total_dose_g": 31.5}, "total_dose_g", "1 to 2 g/kg"),
    "too many days": ({"days": 6}, "days", "1 to 5 days"),
    "a dose only a weak source gives": ({"total_dose_g_per_kg": 3}, "total_dose_g_per_kg", "1 to 2 g/kg"),
    "forms that contradict": (
        {"total_dose_g_per_kg": 2, "total_dose_g": 20},
        "total_dose_g",
        "grams that agree",
    ),
    "loading on one day": ({**CIDP, "total_dose_g_per_kg": 2, "days": 1}, "days", "2 to 5 days"),
    "loading dose as maintenance of the label": (
        {**CIDP, "phase": "maintenance", "total_dose_g_per_kg": 4},
        "total_dose_g_per_kg",
        "g/kg in a course",
    ),
    "maintenance dose doubled by a day": (
        {**PID, "total_dose_g_per_kg": 2},
        "total_dose_g_per_kg",
        "0.2 to 0.8 g/kg",
    ),
    "interval too short": (
        {**PID, "total_dose_g_per_kg": 0.5, "interval_days": 2},
        "interval_days",
        "days",
    ),
    "grams of a lean adult on an ideal weight": ({**CIDP, "total_dose_g": 200}, "total_dose_g", "for 80 kg"),
    "monthly dose every week": (
        {**PID, "route": "SC", "total_dose_g_per_kg": 0.8, "interval_days": 7},
        "total_dose_g_per_kg",
        "g/kg a week",
    ),
    "no interval under the skin": (
        {**PID, "route": "SC", "total_dose_g_per_kg": 0.15},
        "interval_days",
        "missing",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_doses_within_the_sources(name: str, knowledge: Knowledge) -> None:
    assert faults(knowledge, **ACCEPTED[name]) == ()


@pytest.mark.parametrize("name", REFUSED)
def test_doses_outside_the_sources(name: str, knowledge: Knowledge) -> None:
    changes, field, part = REFUSED[name]
    found = faults(knowledge, **changes)
    assert [fault for fault in found if fault.field == field and part in fault.text], found


def test_a_dose_of_a_day_is_checked_by_itself() -> None:
    """2 g/kg in the 4 days of the label is 0.5 a day; 1.6 in one day is a day no source has with 5 days."""
    small = base("small")
    assert faults(small, total_dose_g_per_kg=2, days=4) == ()
    found = faults(small, **{**GBS, "condition": "itp_child", "total_dose_g_per_kg": 1, "days": 1})
    assert found == ()
    (fault,) = faults(small, **{**PID, "total_dose_g_per_kg": 0.1, "days": 1})[:1]
    assert fault.field == "total_dose_g_per_kg"


def test_without_a_permitting_source_the_weak_ones_still_limit() -> None:
    small = base("small")
    digest = [r for r in small.conditions["kawasaki_disease"].regimens if r.basis == "digest"]
    assert digest, "the small base has a weak regimen of 3 g/kg"
    (fault,) = faults(small, total_dose_g_per_kg=3)
    assert "kd_digest" not in fault.accepted
