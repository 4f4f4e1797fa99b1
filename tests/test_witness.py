"""Every dose and rate of the fact base against its second witness."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigil.knowledge.store import FACTS, FactFile, read_folder
from tests.support.witness import differences, read

ROWS = read()


@pytest.fixture(scope="module")
def facts() -> FactFile:
    return read_folder(FACTS)[0]


def test_every_dose_and_rate_agrees_with_its_witness(facts: FactFile) -> None:
    assert differences(facts, ROWS) == []


def test_a_slip_in_one_figure_is_seen(facts: FactFile) -> None:
    """One maximum rate of Privigen ten times too high, and nothing else, is reported."""
    place, privigen = next((i, p) for i, p in enumerate(facts.product) if p.id == "privigen-us")
    fast = replace(privigen.schedules[0], max_rate=privigen.schedules[0].max_rate * Decimal(10))
    slipped = replace(privigen, schedules=(fast, *privigen.schedules[1:]))
    products = (*facts.product[:place], slipped, *facts.product[place + 1 :])
    (difference,) = differences(replace(facts, product=products), ROWS)
    assert difference.startswith(f"{fast.id}: ")


def test_a_row_left_out_is_seen(facts: FactFile) -> None:
    place, octagam = next((i, p) for i, p in enumerate(facts.product) if p.id == "octagam-10-us")
    bare = replace(octagam, at_risk_rates=())
    products = (*facts.product[:place], bare, *facts.product[place + 1 :])
    missing = {f"{risk.id}: no such fact" for risk in octagam.at_risk_rates}
    assert set(differences(replace(facts, product=products), ROWS)) == missing
