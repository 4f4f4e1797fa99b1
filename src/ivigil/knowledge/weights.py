"""Dosing-weight policies as dated data, and the formulas they use."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from ivigil.knowledge.conditions import WeightKind
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import When


class IdealWeightFormula(Fact):
    """Devine: kg = base + slope x (height in inches - offset)."""

    sex: Literal["male", "female"]
    base_kg: Decimal
    slope_kg_per_inch: Decimal
    offset_inches: Decimal
    height_cm_min: Decimal | None = None
    """No policy read applies the formula below this height."""


class AdjustedWeightFormula(Fact):
    """adjusted = ideal + factor x (actual - ideal)."""

    factor: Decimal


class WeightRule(Fact):
    """One line of a policy: the first line whose ``when`` holds names the weight."""

    weight: WeightKind
    factor: str = ""
    """Id of the AdjustedWeightFormula, for an adjusted weight."""
    when: When | None = None
    """None: holds for everybody that got this far."""
    conditions: tuple[str, ...] = ()
    """Restricts the line to these conditions."""


class WeightPolicy(Fact):
    """A dated, jurisdiction-keyed dosing-weight policy."""

    authority: str
    jurisdiction: str
    """"INT" for the default used where no other policy is."""
    strength: Literal[
        "programme",
        "guideline",
        "label",
        "payer",
        "hospital",
        "handbook",
        "paper",
        "expert",
        "tertiary",
        "ours",
    ]
    lines: tuple[WeightRule, ...]
    effective: date | None = None
    default: bool = False
    """True if it is used without being asked for in its jurisdiction."""
    override_text: str = ""


class RoundingRule(Fact):
    authority: str
    text: str
    nearest_g: Decimal | None = None
    max_change_percent: Decimal | None = None
    usual_within_g_min: Decimal | None = None
    usual_within_g_max: Decimal | None = None
    population: str = ""


class DoseCap(Fact):
    """An absolute cap for a condition, from one authority."""

    conditions: tuple[str, ...]
    jurisdiction: str = ""
    max_g_per_dose: Decimal | None = None
    max_g_per_kg: Decimal | None = None
    max_g_per_day: Decimal | None = None
    max_total_g: Decimal | None = None
    text: str = ""


class ReviewRule(Fact):
    """A programme's rule for reviewing, tapering or stopping."""

    authority: str
    jurisdiction: str
    conditions: tuple[str, ...] = ()
    text: str
    first_months_min: Decimal | None = None
    first_months_max: Decimal | None = None


class TroughTarget(Fact):
    """An IgG trough that a source aims at."""

    population: str
    conditions: tuple[str, ...] = ()
    min_g_per_l: Decimal | None = None
    ideal_g_per_l: Decimal | None = None
    max_g_per_l: Decimal | None = None
    above_iv_trough_g_per_l: Decimal | None = None
    """SC: the target is the last IV trough plus this."""
    rise_over_baseline_g_per_l: Decimal | None = None
    """The target is the untreated IgG plus this."""
    text: str = ""


class WeightExample(Fact):
    """A worked example of a dosing weight: a test reads it."""

    sex: Literal["male", "female"]
    height_cm: Decimal
    actual_kg: Decimal
    g_per_kg: Decimal
    age_years: Decimal | None = None
    bmi: Decimal | None = None
    ideal_kg: Decimal | None = None
    adjusted_04_kg: Decimal | None = None
    adjusted_05_kg: Decimal | None = None
    dosing_kg: Decimal | None = None
    dose_g: Decimal | None = None
    policy: str = ""
