"""Unit conversion: exact, and the same as a units library says."""

from __future__ import annotations

from decimal import Decimal

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil import units

registry: pint.UnitRegistry[Decimal] = pint.UnitRegistry(non_int_type=Decimal)
PINT = {
    "10*9/L": "count/liter",
    "10*3/uL": "kilocount/microliter",
    "/uL": "count/microliter",
    "in": "inch",
    "ug/mL": "microgram/milliliter",
    "mg/dL": "milligram/deciliter",
    "g/dL": "gram/deciliter",
    "mg/L": "milligram/liter",
    "g/L": "gram/liter",
}
positive = st.decimals(min_value="0.01", max_value="1000", places=2)
strengths = st.sampled_from([Decimal(5), Decimal(10), Decimal("16.5"), Decimal(20)])
steps = st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1), Decimal(5)])


@pytest.mark.parametrize("pair", [("lb", "kg"), ("in", "cm"), ("m", "cm"), ("mg/dL", "g/L"), ("g/dL", "g/L")])
def test_conversion_agrees_with_pint(pair: tuple[str, str]) -> None:
    found, wanted = pair
    expected = registry.Quantity(Decimal("31.3"), PINT.get(found, found)).to(PINT.get(wanted, wanted))
    assert units.convert(Decimal("31.3"), found, wanted) == pytest.approx(
        expected.magnitude, rel=Decimal("1e-20")
    )


def test_cell_counts() -> None:
    assert units.convert(Decimal(150), "10*3/uL", "10*9/L") == 150
    assert units.convert(Decimal(150000), "/uL", "10*9/L") == 150


def test_unknown_units_are_refused_with_both_named() -> None:
    with pytest.raises(units.UnknownUnitError, match=r"'stone' to 'kg'"):
        units.convert(Decimal(1), "stone", "kg")


@pytest.mark.parametrize(
    ("rate", "unit", "strength", "ml_per_kg_h"),
    [
        ("8", "mg/kg/min", 10, "4.8"),  # Privigen US: 8 mg/kg/min = 4.8 mL/kg/h (label prints both)
        ("0.5", "mg/kg/min", 10, "0.3"),  # Privigen US start
        ("4", "mg/kg/min", 10, "2.4"),  # Privigen US chronic ITP maximum
        ("0.04", "mL/kg/min", 10, "2.4"),  # Octagam 10% dermatomyositis: 0.04 mL/kg/min
        ("200", "mg/kg/h", 5, "4"),  # Octagam 5% US: 200 mg/kg/h
        ("0.5", "mL/kg/h", 10, "0.5"),  # Gammagard Liquid start
    ],
)
def test_label_rates(rate: str, unit: units.RateUnit, strength: int, ml_per_kg_h: str) -> None:
    assert units.rate_ml_per_kg_h(Decimal(rate), unit, Decimal(strength)) == Decimal(ml_per_kg_h)


@given(positive, strengths, positive)
def test_rate_to_the_pump_agrees_with_pint(rate: Decimal, strength: Decimal, weight: Decimal) -> None:
    """mg/kg/min at a strength in g/100 mL, for a patient: the body mass cancels only once."""
    drug = registry.Quantity(rate, "milligram/minute") * weight
    expected = (drug / registry.Quantity(strength, "gram/deciliter")).to("milliliter/hour").magnitude
    ours = units.rate_ml_per_h(rate, "mg/kg/min", strength, weight)
    assert ours == pytest.approx(expected, rel=Decimal("1e-20"))


@given(positive, steps)
def test_floor_is_the_largest_multiple_not_above(value: Decimal, step: Decimal) -> None:
    floored = units.floor_to(value, step)
    assert floored <= value < floored + step
    assert floored % step == 0


@given(positive, steps)
def test_a_strict_limit_is_never_reached(value: Decimal, step: Decimal) -> None:
    below = units.floor_below(value, step, strict=True)
    assert below < value <= below + step


@given(positive, strengths)
def test_volume_holds_the_grams(grams: Decimal, strength: Decimal) -> None:
    assert units.volume_ml(grams, strength) * strength / 100 == pytest.approx(grams, rel=Decimal("1e-20"))
