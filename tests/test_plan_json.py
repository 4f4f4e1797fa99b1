"""The plan as JSON: the names that others rely on, numbers with their decimals, exit codes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ivigil.cli.main import main
from ivigil.course import to_json
from ivigil.planning import plan
from tests.support.orders import adult, knowledge, order

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    wanted = order("dermatomyositis_adult", adult("82.40"), product="octagam-10-us")
    return dict(json.loads(to_json(plan(wanted, knowledge())), parse_float=Decimal, parse_int=Decimal))


def test_the_names_that_an_issue_calls_fixed(made: dict[str, Any]) -> None:
    assert {"status", "order", "questions", "assumed", "needs_sign_off", "premedication"} <= set(made)
    assert {"monitoring", "timeline", "sources", "knowledge_version"} <= set(made)
    assert made["regimen"]["id"]
    assert {"grams", "g_per_kg", "dosing_weight_kg", "weight_kind"} <= set(made["dose"])
    assert made["product"]["id"] == "octagam-10-us"
    assert {"id", "because"} <= set(made["products_excluded"][0])
    day = made["days"][0]
    assert {"date", "grams", "volume_ml", "duration_min", "vials", "steps"} <= set(day)
    assert {"grams", "count"} <= set(day["vials"][0])
    assert {"rate_ml_per_h", "minutes", "volume_ml", "start", "end"} <= set(day["steps"][0])
    assert {"id", "severity", "state", "because", "do"} <= set(made["findings"][0])
    assert {"date", "kind", "what"} <= set(made["timeline"][0])


def test_numbers_are_numbers_and_keep_their_decimals(made: dict[str, Any]) -> None:
    assert made["order"]["patient"]["weight_kg"] == Decimal("82.40")
    wanted = order("dermatomyositis_adult", adult("82.40"), product="octagam-10-us")
    assert b'"weight_kg":82.40' in to_json(plan(wanted, knowledge()))


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.toml")), ids=lambda p: p.stem)
def test_every_example_passes_the_gate(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(example), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["status"] in {"ready", "needs_answers"}


def test_a_blocked_plan_exits_3_with_nothing_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "examples/dermatomyositis.toml").read_text()
    text = text.replace('experience = "naive"', 'experience = "experienced"')
    assert "present = [" in text
    text = text.replace("present = [", 'present = ["prior_immunoglobulin_anaphylaxis", ')
    (tmp_path / "order.toml").write_text(text)
    assert main(["plan", str(tmp_path / "order.toml"), "--json"]) == 3
    printed = json.loads(capsys.readouterr().out)
    assert printed["status"] == "blocked"
    assert printed["days"] == []
    assert printed["product"] is None


def test_a_faulty_order_exits_2_and_prints_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "order.toml").write_text('condition = "kawasaki"\nweight = 12\n')
    assert main(["plan", str(tmp_path / "order.toml")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "patient" in err and "weight" in err
