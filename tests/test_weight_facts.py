"""Dosing-weight formulas and policies, against published worked examples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ivigil.knowledge.conditions import WeightKind
from ivigil.knowledge.logic import Case, Reading, Truth, Value, judge
from ivigil.knowledge.store import FACTS, FactFile, all_facts, read_folder
from ivigil.knowledge.weights import WeightExample, WeightPolicy, WeightRule
from ivigil.units import convert

CENT = Decimal("0.01")
TERMS = {
    "age_years",
    "height_cm",
    "weight_kg",
    "bmi_kg_per_m2",
    "actual_over_ideal_percent",
    "pregnancy",
    "sex",
}
OURS = (
    "weight.",
    "rounding.",
    "cap.",
    "review.",
    "trough-target.",
    "weight-example.",
    "ideal-weight.",
    "adjusted-",
)


@pytest.fixture(scope="module")
def facts() -> FactFile:
    return read_folder(FACTS)[0]


@pytest.fixture(scope="module")
def policies(facts: FactFile) -> dict[str, WeightPolicy]:
    return {policy.id: policy for policy in facts.weight_policy}


def ideal_kg(facts: FactFile, sex: str, height_cm: Decimal) -> Decimal:
    formula = next(item for item in facts.ideal_weight if item.sex == sex)
    inches = height_cm / convert(Decimal(1), "in", "cm")
    return formula.base_kg + formula.slope_kg_per_inch * (inches - formula.offset_inches)


def adjusted_kg(facts: FactFile, factor: str, ideal: Decimal, actual: Decimal) -> Decimal:
    formula = next(item for item in facts.adjusted_weight if item.id == factor)
    return ideal + formula.factor * (actual - ideal)


def body(
    facts: FactFile,
    sex: str,
    age: int,
    height: Decimal | str,
    weight: Decimal | str,
    *,
    pregnant: bool = False,
) -> Case:
    cm, kg = Decimal(height), Decimal(weight)
    values: dict[str, Value] = {
        "sex": sex,
        "age_years": Reading.exactly(age),
        "height_cm": Reading.exactly(cm),
        "weight_kg": Reading.exactly(kg),
        "bmi_kg_per_m2": Reading.exactly(kg / (cm / 100) ** 2),
        "actual_over_ideal_percent": Reading.exactly(kg * 100 / ideal_kg(facts, sex, cm)),
        "pregnancy": pregnant,
    }
    return values


def first_line(policy: WeightPolicy, case: Case, condition: str = "cidp") -> WeightRule:
    for line in policy.lines:
        applies = not line.conditions or condition in line.conditions
        if applies and (line.when is None or judge(line.when, case).truth is Truth.TRUE):
            return line
    raise AssertionError(f"{policy.id} names no weight")


def test_devine_gives_the_base_weight_at_60_inches(facts: FactFile) -> None:
    """NBA and Ontario: 50 kg (men) and 45.5 kg (women) at 152.4 cm, 2.3 kg more for each inch."""
    assert ideal_kg(facts, "male", Decimal("152.4")) == 50
    assert ideal_kg(facts, "female", Decimal("152.4")) == Decimal("45.5")
    assert ideal_kg(facts, "female", Decimal("154.94")) == Decimal("47.8")


def test_devine_gives_the_published_ideal_weight(facts: FactFile) -> None:
    """A published example, 175 cm and 100 kg: 70.4 kg ideal, 82.2 kg adjusted, cut to one decimal."""
    published = next(item for item in facts.weight_example if item.id == "weight-example.published")
    ideal = ideal_kg(facts, published.sex, published.height_cm)
    adjusted = adjusted_kg(facts, "adjusted-weight.0-4", ideal, published.actual_kg)
    assert published.ideal_kg is not None
    assert published.adjusted_04_kg is not None
    assert Decimal(0) <= ideal - published.ideal_kg < Decimal("0.1")
    assert Decimal(0) <= adjusted - published.adjusted_04_kg < Decimal("0.1")


def test_the_inch_of_the_australian_calculator_changes_nothing_visible(facts: FactFile) -> None:
    for item in facts.weight_example:
        inches = item.height_cm * Decimal("0.393701")
        base = Decimal(50) if item.sex == "male" else Decimal("45.5")
        theirs = base + Decimal("2.3") * (inches - 60)
        assert abs(theirs - ideal_kg(facts, item.sex, item.height_cm)) < CENT


def test_worked_examples(facts: FactFile) -> None:
    examples = [item for item in facts.weight_example if item.id != "weight-example.published"]
    assert len(examples) == 15
    for item in examples:
        ideal = ideal_kg(facts, item.sex, item.height_cm)
        for printed, factor in ((item.adjusted_04_kg, "0-4"), (item.adjusted_05_kg, "0-5")):
            if printed is not None:
                computed = adjusted_kg(facts, f"adjusted-weight.{factor}", ideal, item.actual_kg)
                assert abs(computed - printed) <= CENT / 2, item.id
        if item.ideal_kg is not None:
            assert abs(ideal - item.ideal_kg) <= CENT / 2, item.id


def _dosing_kg(facts: FactFile, policies: dict[str, WeightPolicy], item: WeightExample) -> Decimal:
    case = body(facts, item.sex, int(item.age_years or 40), item.height_cm, item.actual_kg)
    line = first_line(policies[item.policy], case)
    if line.weight == "actual":
        return item.actual_kg
    ideal = ideal_kg(facts, item.sex, item.height_cm)
    return min(item.actual_kg, adjusted_kg(facts, line.factor, ideal, item.actual_kg))


def test_policies_reproduce_the_worked_dosing_weights(
    facts: FactFile, policies: dict[str, WeightPolicy]
) -> None:
    examples = [item for item in facts.weight_example if item.policy]
    assert {item.policy for item in examples} == {"weight.au-2026", "weight.on"}
    for item in examples:
        assert item.dosing_kg is not None
        assert item.dosing_kg <= item.actual_kg, item.id
        assert abs(_dosing_kg(facts, policies, item) - item.dosing_kg) <= CENT / 2, item.id


def test_every_policy_ends_with_actual_weight(policies: dict[str, WeightPolicy]) -> None:
    for policy in policies.values():
        last = policy.lines[-1]
        assert last.weight == "actual", policy.id
        assert last.when is None, policy.id
        assert not last.conditions, policy.id
        for line in policy.lines[:-1]:
            assert line.when is not None or line.conditions, line.id


def test_lines_name_a_factor_exactly_when_they_adjust(
    facts: FactFile, policies: dict[str, WeightPolicy]
) -> None:
    factors = {item.id for item in facts.adjusted_weight}
    for policy in policies.values():
        for line in policy.lines:
            assert (line.factor in factors) == line.weight.endswith("adjusted"), line.id


def test_lines_ask_only_what_an_order_can_answer(policies: dict[str, WeightPolicy]) -> None:
    for policy in policies.values():
        for line in policy.lines:
            assert set(line.when.fields() if line.when else ()) <= TERMS, line.id


def test_one_default_a_jurisdiction(policies: dict[str, WeightPolicy]) -> None:
    defaults = [policy.jurisdiction for policy in policies.values() if policy.default]
    assert sorted(defaults) == ["AU", "CA-ON", "INT"]
    assert not any(policy.default and policy.replaced for policy in policies.values())


@pytest.mark.parametrize(
    ("policy", "sex", "age", "height", "weight", "pregnant", "condition", "expected"),
    [
        # house: over 120 % of ideal (70.46 kg at 175 cm), adults of 152.4 cm and more, not pregnant
        ("weight.default", "male", 40, "175", "84", False, "cidp", "actual"),
        ("weight.default", "male", 40, "175", "85", False, "cidp", "adjusted"),
        ("weight.default", "male", 17, "175", "120", False, "cidp", "actual"),
        ("weight.default", "female", 30, "165", "90", True, "cidp", "actual"),
        ("weight.default", "female", 30, "152.3", "90", False, "cidp", "actual"),
        # Australia from 2026-07-01: every adult of 152 cm and more, not pregnant
        ("weight.au-2026", "female", 18, "152", "50", False, "cidp", "adjusted"),
        ("weight.au-2026", "female", 18, "151.9", "90", False, "cidp", "actual"),
        ("weight.au-2026", "female", 30, "165", "90", True, "cidp", "actual"),
        # Ontario: must above BMI 30, should for all who meet height and weight
        ("weight.on", "male", 40, "175", "50", False, "cidp", "actual"),
        ("weight.on", "male", 40, "175", "50.1", False, "cidp", "adjusted"),
        ("weight.on", "female", 40, "165", "46", False, "cidp", "adjusted"),
        ("weight.on", "female", 40, "150", "80", False, "cidp", "adjusted"),
        ("weight.on", "male", 10, "140", "65", False, "cidp", "actual"),
        ("weight.on", "female", 30, "165", "80", True, "itp_adult", "pre_pregnancy_adjusted"),
        ("weight.on", "female", 30, "165", "80", True, "primary_immunodeficiency", "adjusted"),
        ("weight.on", "female", 8, "125", "26", False, "mis_c", "actual"),
        ("weight.on", "male", 16, "175", "95", False, "mis_c", "adjusted"),
        ("weight.mis-c-ideal", "male", 16, "175", "95", False, "mis_c", "ideal"),
        ("weight.mis-c-ideal", "male", 16, "175", "95", False, "itp_child", "actual"),
        ("weight.us-order-set", "male", 40, "175", "85", False, "cidp", "adjusted"),
        ("weight.us-bcbsnd", "male", 40, "175", "91.8", False, "cidp", "actual"),
        ("weight.us-bcbsnd", "male", 40, "175", "92", False, "cidp", "adjusted"),
        ("weight.us-toledo", "male", 40, "175", "80", False, "cidp", "ideal"),
        ("weight.us-aaaai", "male", 40, "175", "140", False, "cidp", "actual"),
    ],
)
def test_which_weight(
    facts: FactFile,
    policies: dict[str, WeightPolicy],
    *,
    policy: str,
    sex: str,
    age: int,
    height: str,
    weight: str,
    pregnant: bool,
    condition: str,
    expected: WeightKind,
) -> None:
    case = body(facts, sex, age, height, weight, pregnant=pregnant)
    assert first_line(policies[policy], case, condition).weight == expected


def test_the_house_rule_is_marked_as_ours(policies: dict[str, WeightPolicy]) -> None:
    house = policies["weight.default"]
    assert house.strength == "ours"
    assert house.weak
    assert "dose.us_orderset" in house.sources


def test_thresholds_that_were_not_read_are_weak(policies: dict[str, WeightPolicy]) -> None:
    assert policies["weight.uk-2021"].weak
    for name in ("weight.us-toledo.obese", "weight.us-harriet-lane.adjusted", "weight.eu-octagam.overweight"):
        line = next(line for policy in policies.values() for line in policy.lines if line.id == name)
        assert line.weak


def test_clinical_caps(facts: FactFile) -> None:
    """JDM at most 70 g a dose; MIS-C at most 100 g (NIH)."""
    caps = {cap.id: cap for cap in facts.dose_cap}
    assert caps["cap.jdm-dose"].max_g_per_dose == 70
    assert caps["cap.mis-c"].max_total_g == 100
    assert caps["cap.mis-c"].conditions == ("mis_c",)


def test_ontario_rounds_to_5_g_and_the_expert_by_at_most_10_percent(facts: FactFile) -> None:
    rules = {rule.id: rule for rule in facts.rounding_rule}
    assert rules["rounding.on"].nearest_g == 5
    assert rules["rounding.siegel-vial"].max_change_percent == 10


def test_trough_targets_are_in_grams_per_litre(facts: FactFile) -> None:
    targets = {target.id: target for target in facts.trough_target}
    assert targets["trough-target.sc-gamunex"].above_iv_trough_g_per_l == Decimal("3.4")  # 340 mg/dL
    assert targets["trough-target.sc-handbook"].above_iv_trough_g_per_l == Decimal("2.9")  # 290 mg/dL
    assert all((target.min_g_per_l or 0) <= 10 for target in targets.values())


def test_evidence_is_honest(facts: FactFile) -> None:
    known = {source.id for source in facts.source}
    for fact in all_facts(facts):
        if fact.id.startswith(OURS):
            assert {name for name in fact.sources if name.startswith("dose.")} <= known, fact.id
            assert not fact.seen or fact.sources, fact.id
