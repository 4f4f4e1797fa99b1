"""A scenario must fail when the plan is not as expected: the comparison itself, case by case."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.scenarios import ScenarioError, differences, read, view

FINDING = {"id": "renal_risk", "state": "present", "do": [{"effect": "at_risk_rate"}]}


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Decimal("28.4"), Decimal("28.40")),
        ({"at_least": 25, "at_most": Decimal("28.4")}, Decimal("28.4")),
        ({"above": 1, "below": 2}, Decimal("1.5")),
        ([70, 70], [Decimal(70), Decimal("70.0")]),
        (2, [{"number": 1}, {"number": 2}]),
        ({"at_most": 2}, ["a", "b"]),
        ({"has": [{"id": "renal_risk", "do": {"effect": "at_risk_rate"}}]}, [FINDING]),
        ({"has": ["renal_risk"], "lacks": ["thrombosis_risk"], "count": 1}, [FINDING]),
        ("stabiliser", [{"code": "stabiliser"}]),
        ({"lacks": [{"below": 480}]}, [Decimal(480), 600]),
        (True, True),
    ],
)
def test_as_expected(expected: Any, found: Any) -> None:
    assert [*differences(expected, found)] == []


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (28, Decimal("28.4")),
        ({"at_least": 25}, Decimal("24.99")),
        ({"below": 99}, 99),
        ({"at_least": 1}, None),
        ({"at_least": 1}, True),
        ([70, 70], [70]),
        ([70, 70], [70, 60]),
        (2, [{"number": 1}]),
        ({"has": [{"id": "renal_risk", "state": "assumed"}]}, [FINDING]),
        ({"lacks": ["renal_risk"]}, [FINDING]),
        ({"count": 0}, [FINDING]),
        ({"has": ["a"]}, None),
        ({"grams": 1}, {}),
        ({"grams": 1}, None),
        ("stabiliser", [{"code": "not_ordered"}]),
        (1, True),
        (0, False),
        ({}, {"grams": 1, "days": 2}["grams"]),
    ],
)
def test_not_as_expected(expected: Any, found: Any) -> None:
    assert [*differences(expected, found)] != []


def test_the_path_of_a_difference_is_told() -> None:
    expected = {"dose": {"grams": 28}, "day_grams": [14, 14]}
    found = {"dose": {"grams": Decimal("28.4")}, "day_grams": [14, Decimal("14.4")]}
    told = [*differences(expected, found)]
    assert told == ["dose.grams: expected 28, found 28.4", "day_grams[1]: expected 14, found 14.4"]


def test_the_figures_read_first() -> None:
    steps = [{"rate_ml_per_h": Decimal(42)}, {"rate_ml_per_h": Decimal(84)}]
    vials = [{"grams": Decimal(30), "count": 2, "volume_ml": 300}]
    day = {"grams": Decimal(60), "duration_min": 90, "steps": steps, "sites": [], "vials": vials}
    plan = {"status": "ready", "days": [day, day], "order": {"patient": {"weight_kg": Decimal(70)}}}
    seen = view(plan)
    assert (seen["exit"], seen["grams"], seen["day_minutes"]) == (0, 120, [90, 90])
    assert seen["rates_ml_per_h"] == [42, 84]
    assert seen["highest_rate_ml_per_kg_h"] == Decimal("1.2")


def test_a_case_is_laid_over_its_file(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        'title = "Ladder"\nsource = "label"\n[order]\nroute = "IV"\n[order.patient]\nsex = "male"\n'
        '[expect]\nexit = 0\n[[case]]\ntitle = "10 kg"\norder.patient.weight_kg = 10.50\n'
        '[[case]]\ntitle = "50 kg"\norder.patient.weight_kg = 50\n'
    )
    first, second = read(path)
    assert (first.title, second.title) == ("Ladder: 10 kg", "Ladder: 50 kg")
    assert first.order_text(())[0] == b'{"route": "IV", "patient": {"sex": "male", "weight_kg": 10.50}}'


def test_flags_that_were_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "open.toml"
    path.write_text(
        'title = "t"\nsource = "s"\nunasked = ["migraine"]\n'
        '[order.screening]\npresent = ["sepsis"]\n[expect]\n'
    )
    [scenario] = read(path)
    text, _ = scenario.order_text(("migraine", "sepsis", "smoking"))
    assert text == b'{"screening": {"complete": false, "present": ["sepsis"], "absent": ["smoking"]}}'


@pytest.mark.parametrize("text", ["title = 1\n", 'title = "t"\nsorce = "s"\n', "title = \n"])
def test_a_file_that_breaks_the_format_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=r"broken\.toml"):
        read(path)
