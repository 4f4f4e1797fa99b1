"""``ivigil plan`` on screen: what a person set aside, and what is missing, is there to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command
from tests.support.written import changed

AUTHOR = "Dr B. Example, allergist"
FLAG = "prior_immunoglobulin_anaphylaxis"


def written(folder: Path, finding: str, **changes: Any) -> str:
    """The path of an order in which a finding is set aside."""
    aside = [{"finding": finding, "reason": "reviewed, supervised here", "author": AUTHOR}]
    path = folder / "order.json"
    path.write_text(json.dumps(changed(overrides=aside, **changes)))
    return str(path)


@pytest.mark.parametrize(
    ("finding", "screening"),
    [
        ("prior_anaphylaxis_to_ig", {"complete": True, "present": [FLAG]}),
        ("thrombosis_risk", {"complete": True, "present": ["prior_venous_thrombosis"]}),
    ],
)
def test_who_set_a_finding_aside_and_why_is_printed(
    command: Command, tmp_path: Path, finding: str, screening: dict[str, Any]
) -> None:
    printed = command("plan", written(tmp_path, finding, screening=screening)).flat
    assert f"set aside by {AUTHOR}: reviewed, supervised here" in printed


def test_an_effect_that_was_lifted_is_not_printed_as_acting(command: Command, tmp_path: Path) -> None:
    screening = {"complete": True, "present": [FLAG]}
    path = written(tmp_path, "prior_anaphylaxis_to_ig", screening=screening)
    assert "acts: leave out products" in command("plan", path).flat
    assert "acts: do not give" not in command("plan", path).flat
    (tmp_path / "other.json").write_text(json.dumps(changed(screening=screening)))
    assert "acts: do not give; leave out products" in command("plan", str(tmp_path / "other.json")).flat


def test_a_dose_without_vials_in_stock_says_so_and_what_is_there(command: Command, tmp_path: Path) -> None:
    """28.4 g for a child of 14.2 kg; two vials of 10 g are there."""
    (tmp_path / "order.json").write_text(json.dumps(changed(screening={"complete": True})))
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text(
        '[[policy]]\nid = "policy.stock"\ntext = "On the shelf"\nbasis = "synthesis"\nseen = false\n'
        'cautious_because = "Fewer."\nstock = [{ product = "gammagard-liquid-us", grams = 10, vials = 2 }]\n'
    )
    printed = command("plan", str(tmp_path / "order.json"), "--site", str(site)).flat
    assert "no product makes this dose from what is in stock: dose only" in printed
    assert "Dose 28.4 g" in printed
    assert "Gammagard Liquid 10%: not in stock for this dose (on the shelf: 2 x 10 g)" in printed
