"""The ordered dose against the sources, per course and per day.

Expectations: Kawasaki disease 1 g/kg (US label) to 2 g/kg (AHA) in 1 to 5 days; CIDP loading
2 g/kg over 2 to 5 days and 1 g/kg every 3 weeks after it (US label); Guillain-Barre syndrome
2 g/kg, as 0.4 g/kg on 5 days; primary immunodeficiency 0.2 to 0.8 g/kg every 3 to 4 weeks.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil.knowledge.store import Knowledge
from tests.support.bases import NAMES, base
from tests.support.written import faults

D = Decimal
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


def changed_base(condition: str, **fields: Any) -> Knowledge:
    """The small base with these fields in every regimen of one condition."""
    facts = base("small").facts
    conditions = tuple(
        replace(item, regimens=tuple(replace(regimen, **fields) for regimen in item.regimens))
        if item.id == condition
        else item
        for item in facts.condition
    )
    return Knowledge(replace(facts, condition=conditions), "changed")


ITP = {"condition": "itp_adult", **ADULT}


def test_the_dose_of_a_day_is_checked_by_itself() -> None:
    """A source that gives 1 to 2 g/kg, at most 1 g/kg a day, allows 2 g/kg on two days only."""
    daily = changed_base("itp_adult", daily_dose_g_per_kg_max=D(1))
    assert faults(daily, **ITP, total_dose_g_per_kg=2, days=2) == ()
    (fault,) = faults(daily, **ITP, total_dose_g_per_kg=2, days=1)
    assert (fault.field, str(fault.value)) == ("total_dose_g_per_kg", "2 on one day")
    assert "1 to 1 g/kg a day (itp_rescue)" in str(fault.accepted)


def test_unequal_days_are_added_up() -> None:
    unequal = changed_base("itp_adult", day_doses_g_per_kg=(D("0.8"), D("0.4")), allowed_days=())
    assert faults(unequal, **ITP, total_dose_g_per_kg=1.2, days=2) == ()
    assert [f.field for f in faults(unequal, **ITP, total_dose_g_per_kg=2, days=3)] == [
        "total_dose_g_per_kg",
        "days",
    ]


def test_a_dose_fixed_in_grams_is_compared_in_grams() -> None:
    fixed = changed_base(
        "itp_adult",
        fixed_daily_dose_g=D(20),
        allowed_days=(2, 3),
        total_dose_g_per_kg_min=None,
        total_dose_g_per_kg_max=None,
    )
    assert faults(fixed, **ITP, total_dose_g=60, days=3) == ()
    assert [f.field for f in faults(fixed, **ITP, total_dose_g=90)] == ["total_dose_g"]


def test_a_daily_dose_times_days_is_a_total() -> None:
    daily = changed_base(
        "itp_adult",
        daily_dose_g_per_kg_min=D("0.4"),
        allowed_days=(3, 5),
        total_dose_g_per_kg_min=None,
        total_dose_g_per_kg_max=None,
    )
    assert faults(daily, **ITP, total_dose_g_per_kg=2, days=5) == ()
    assert [f.field for f in faults(daily, **ITP, total_dose_g_per_kg=2.2)] == ["total_dose_g_per_kg"]


def test_a_phase_that_a_regimen_also_serves(knowledge: Knowledge) -> None:
    also = changed_base("itp_adult", also_phases=("maintenance",))
    assert faults(also, **ITP, phase="maintenance", total_dose_g_per_kg=2) == ()
    assert [f.field for f in faults(base("small"), **ITP, phase="maintenance")] == ["phase"]


def test_a_loading_under_the_skin_is_compared_as_a_whole() -> None:
    """European labels load with 0.2 to 0.5 g/kg in all."""
    loading = {**PID, "route": "SC", "phase": "loading"}
    assert faults(base("real"), **loading, total_dose_g_per_kg=0.5) == ()
    assert [f.field for f in faults(base("real"), **loading, total_dose_g_per_kg=2)] == [
        "total_dose_g_per_kg"
    ]


def test_a_weak_source_widens_nothing() -> None:
    (fault,) = faults(base("small"), total_dose_g_per_kg=3)
    assert "kd_digest" not in str(fault.accepted)


def test_without_a_permitting_source_the_weak_ones_still_limit() -> None:
    weak = changed_base("itp_adult", seen=False)
    assert faults(weak, **ITP, total_dose_g_per_kg=2) == ()
    assert [f.field for f in faults(weak, **ITP, total_dose_g_per_kg=4)] == ["total_dose_g_per_kg"]
    unsure = changed_base("itp_adult", reliability="low")
    assert [f.field for f in faults(unsure, **ITP, total_dose_g_per_kg=4)] == ["total_dose_g_per_kg"]
