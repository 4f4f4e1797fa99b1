"""The fact base against itself: each cross-check sees the slip that it is there for, and nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil.knowledge.agreement import disagreements, rounding_traps
from ivigil.knowledge.check import faults
from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.spans import CONFIRMED, outliers
from ivigil.knowledge.store import FACTS, FactFile, Knowledge, all_facts, read_folder

FACT_FILE, VERSION = read_folder(FACTS)


def changed(fact_id: str, **fields: Any) -> Knowledge:
    """The fact base with one fact changed."""
    assert any(fact.id == fact_id for fact in all_facts(FACT_FILE))
    return Knowledge(_rebuilt(FACT_FILE, fact_id, fields), VERSION)


def _rebuilt(record: Any, fact_id: str, fields: dict[str, Any]) -> Any:
    if isinstance(record, Fact) and record.id == fact_id:
        return replace(record, **fields)
    for name in record.__struct_fields__:
        rows = getattr(record, name)
        if isinstance(rows, tuple) and any(isinstance(row, Record) for row in rows):
            new = tuple(_rebuilt(row, fact_id, fields) for row in rows)
            if any(a is not b for a, b in zip(new, rows, strict=True)):
                return replace(record, **{name: new})
    return record


def test_the_fact_base_agrees_with_itself() -> None:
    base = Knowledge(FACT_FILE, VERSION)
    assert list(disagreements(base)) == []
    assert list(outliers(base)) == []


SLIPS: list[tuple[str, dict[str, Any], str]] = [
    # Octagam 5 % prints 30 to 200 mg/kg/h and, rounded, 0.5 to 3.33 mg/kg/min.
    ("octagam-5-us.schedule.pi", {"unit": "mg/kg/min"}, "is not the 3.33 mg/kg/min printed beside it"),
    ("octagam-10-us.schedule.dm", {"max_rate": Decimal(12)}, "is not the 0.04 mL/kg/min printed beside it"),
    ("privigen-us.schedule.citp", {"start_rate": Decimal("0.05")}, "start 0.05 mg/kg/min is not the 0.005"),
    ("bivigam-us.at-risk.maximum", {"rate": Decimal("0.2")}, "not above the start rate"),
    ("octagam-10-us.at-risk.maximum-ml", {"rate": Decimal("0.3")}, ""),  # the other row still binds
    ("panzyga-us.at-risk.maximum", {"rate": Decimal(33)}, "above every ordinary maximum"),
    ("panzyga-us.use.cidp.loading", {"daily_dose_g_per_kg": Decimal(10)}, "daily doses come to 20 to 20"),
    ("gbs_us_adult", {"daily_dose_g_per_kg_min": Decimal(4), "daily_dose_g_per_kg_max": Decimal(4)}, "20"),
    ("kd_us_label_alt", {"allowed_days": (4, 40)}, "the daily doses come to 16.0 to 16.0 g/kg"),
    ("mmn_us", {"total_dose_g_per_kg_max": Decimal("24")}, "is no dose of gammagard-liquid-us"),
    ("pid_us_wider", {"products": ("asceniv",)}, "unknown product 'asceniv'"),
    ("itp_us_sd", {"max_total_dose_g_per_kg": Decimal("0.3")}, "the cap of 0.3 g/kg is below the dose"),
    ("ae_mayo_start", {"day_doses_g_per_kg": (Decimal("0.5"), Decimal(10))}, "daily doses come to 10.5"),
    ("hyqvia-10-us.ramp.pi-4-weeks", {"interval_weeks": Decimal(40)}, "the last part dose is for 4 weeks"),
    ("premedication.acetaminophen_adult_650", {"dose_mg": Decimal(6500)}, "dose_mg 6500 is above"),
    ("adjusted-weight.0-4", {"factor": Decimal("0.04")}, ""),  # told on the examples, below
    ("drug.epinephrine-im.fixed-order", {"dose_mg_max": Decimal(3)}, "dose_mg_max 3 is above max_mg 0.3"),
]


@pytest.mark.parametrize(("fact_id", "fields", "said"), SLIPS, ids=lambda value: str(value)[:40])
def test_a_slip_contradicts_the_figure_beside_it(fact_id: str, fields: dict[str, Any], said: str) -> None:
    found = list(disagreements(changed(fact_id, **fields)))
    assert any(line.startswith(fact_id) and said in line for line in found) == bool(said), found


@pytest.mark.parametrize(
    ("formula", "fields", "said"),
    [
        ("adjusted-weight.0-4", {"factor": Decimal("0.04")}, "adjusted-weight.0-4 gives"),
        (
            "ideal-weight.devine-male",
            {"slope_kg_per_inch": Decimal("0.23")},
            "but ideal-weight.devine-male gives",
        ),
        (
            "ideal-weight.devine-female",
            {"base_kg": Decimal(45)},
            "but ideal-weight.devine-female gives 51.88 kg",
        ),
    ],
)
def test_a_slip_in_a_formula_contradicts_the_worked_examples(
    formula: str, fields: dict[str, Any], said: str
) -> None:
    found = list(disagreements(changed(formula, **fields)))
    assert all(line.startswith("weight-example.") for line in found)
    assert any(said in line for line in found)


FAR_OUT: list[tuple[str, dict[str, Any], str]] = [
    ("iqymune-eu.schedule.all", {"start_rate": Decimal(5)}, "start rate in mL/kg/h"),
    ("iqymune-eu.schedule.all", {"start_rate": Decimal("0.05")}, "start rate in mL/kg/h"),
    ("iqymune-eu.schedule.all", {"max_rate": Decimal(60)}, "maximum rate"),
    ("gamunex-ca.schedule.nl-first", {"unit": "mg/kg/min"}, "maximum rate"),
    ("octagam-10-ca.at-risk.maximum", {"rate": Decimal("0.8")}, "limit at risk"),
    ("privigen-us.use.cidp.loading", {"dose_g_per_kg_max": Decimal(20)}, "label dose per course"),
    ("hizentra-20-us.conversion.iv", {"factor": Decimal("13.7")}, "conversion factor"),
    ("hizentra-20-us.site.pi-later", {"volume_ml_per_site": Decimal(250)}, "SC mL per site"),
    ("cutaquig-165-us.trough.weekly.50.30", {"change_ml": Decimal(30)}, "mL per kg and g/L"),
    ("kd_aha_initial", {"total_dose_g_per_kg_max": Decimal(20)}, "total of a regimen"),
    ("rtx_on5", {"scig_weekly_g_per_kg_max": Decimal("1.5")}, "weekly subcutaneous"),
    ("prior_ams.per_kg", {"g_per_kg": Decimal(4)}, "daily dose of a regimen"),
]


@pytest.mark.parametrize(("fact_id", "fields", "group"), FAR_OUT, ids=lambda value: str(value)[:40])
def test_a_figure_far_from_its_peers_is_to_be_read_again(
    fact_id: str, fields: dict[str, Any], group: str
) -> None:
    slipped = changed(fact_id, **fields)
    found = [line for line in outliers(slipped) if line.startswith(f"{fact_id}: ") and group in line]
    assert found and all("read it again" in line for line in found)
    assert set(found) <= set(faults(slipped))


def test_an_outlier_that_was_read_again_stands() -> None:
    slow = changed("iqymune-eu.schedule.all", start_rate=Decimal("0.05"))
    confirmed = replace(slow.policies[CONFIRMED], ranking=("iqymune-eu.schedule.all",))
    policies = tuple(confirmed if p.id == CONFIRMED else p for p in slow.facts.policy)
    again = Knowledge(replace(slow.facts, policy=policies), VERSION)
    assert list(outliers(slow)) != []
    assert list(outliers(again)) == []


def test_a_fact_base_without_the_policies_flags_nothing_as_far_out() -> None:
    bare: FactFile = replace(FACT_FILE, policy=())
    assert list(outliers(Knowledge(bare, VERSION))) == []


def test_rounded_second_figures_are_named() -> None:
    """Octagam 5 %, US: 0.07 mL/kg/min is a rounded 0.0667 and runs past 3.33 mg/kg/min."""
    traps = list(rounding_traps(Knowledge(FACT_FILE, VERSION)))
    assert "octagam-5-us.schedule.pi: 0.07 mL/kg/min is faster than 200 mg/kg/h" in traps
    assert not any(line.startswith("privigen-us") for line in traps)


def test_what_replaced_a_fact_exists() -> None:
    slipped = changed("hizentra-20-us.conversion.iv-2013", superseded_by="hizentra-20-us.conversion")
    assert "hizentra-20-us.conversion.iv-2013: superseded by unknown 'hizentra-20-us.conversion'" in faults(
        slipped
    )
