"""``ivigil models``: what a pharmacologist reads before trusting a curve."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.command import Command


def test_the_list_shows_every_model_by_its_use(command: Command) -> None:
    ran = command("models")
    assert ran.code == 0
    usable, rest = ran.out.split("TYPICAL VALUES ONLY")
    curves, refused = rest.split("REFUSED")
    assert "navarromora2022" in usable
    assert "zhang2020" in curves
    assert "tegenge2020" in refused
    assert "efgartigimod" in refused


def test_typical_clearance_as_the_library_printed_it(command: Command) -> None:
    shown = command("models", "--json").json
    found = {item["model"]: item["clearance_l_per_day"] for item in shown["computed"]}
    printed = {
        "tortorici2019": "0.1486",
        "luo2020": "0.1623",
        "li2022": "0.2050",
        "navarromora2022": "0.1572",
    }
    for name, value in printed.items():
        assert found[name] == pytest.approx(Decimal(value), abs=Decimal("0.00005"))


def test_side_by_side_with_readings_and_chain(command: Command) -> None:
    flat = command("models", "li2022", "kim2cmt_project").flat
    for said in ("third-hand", "10.8 % and 0.96 g/L", "if read as variance: not used", "not published"):
        assert said in flat


def test_only_what_was_given_is_known(command: Command) -> None:
    ran = command("models", "li2022", "--weight-kg", "62", "--sex", "female")
    assert "needs height" in ran.flat
    assert "a woman of 62 kg." in ran.flat


def test_a_refused_model_is_not_computed(command: Command) -> None:
    (found,) = command("models", "tegenge2020", "--json").json["computed"]
    assert found["parameters"] == {}
    assert found["half_life_days"] is None


def test_a_weight_that_is_no_number(command: Command) -> None:
    ran = command("models", "--weight-kg", "1.500")
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
