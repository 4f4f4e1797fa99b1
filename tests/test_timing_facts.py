"""The facts on timing and tests hang together."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import FACTS, FactFile, all_facts, read_folder
from ivigil.knowledge.timing import VaccineInterval

OWN_KINDS = (
    "antibody_product",
    "baseline_sample",
    "half_life",
    "home_step",
    "igg_guidance",
    "lab_code",
    "lab_code_pitfall",
    "lab_interference",
    "lab_rule",
    "log_field",
    "patient_advice",
    "patient_question",
    "reference_range",
    "vaccine",
    "vaccine_interval",
    "vaccine_rule",
)


@pytest.fixture(scope="module")
def facts() -> FactFile:
    return read_folder(FACTS)[0]


@pytest.fixture(scope="module")
def own(facts: FactFile) -> list[Fact]:
    return [fact for kind in OWN_KINDS for record in getattr(facts, kind) for fact in all_facts(record)]


def test_ids_are_unique(facts: FactFile, own: list[Fact]) -> None:
    counts = Counter(fact.id for fact in all_facts(facts))
    assert not [fact.id for fact in own if counts[fact.id] > 1]


def test_every_source_is_in_the_bibliography(facts: FactFile, own: list[Fact]) -> None:
    known = {source.id for source in facts.source}
    assert not [(fact.id, source) for fact in own for source in fact.sources if source not in known]


def test_what_was_seen_has_a_source_and_what_has_none_is_ours(own: list[Fact]) -> None:
    for fact in own:
        assert bool(fact.sources) == fact.seen, fact.id
        assert fact.sources or fact.basis == "synthesis", fact.id


def test_disagreements_concern_facts_that_exist(facts: FactFile) -> None:
    known = {fact.id for fact in all_facts(facts)}
    sources = {source.id for source in facts.source}
    timing = [item for item in facts.disagreement if any(s.startswith("time.") for s in item.sources)]
    assert timing
    for item in timing:
        assert set(item.about) <= known, item.id
        assert not item.chosen or item.chosen in item.about, item.id
        assert {s for position in item.positions for s in position.sources} <= sources, item.id


def test_intervals_name_vaccines_products_places_and_conditions_that_exist(facts: FactFile) -> None:
    covered = {vaccine.id for vaccine in facts.vaccine} | {a for v in facts.vaccine for a in v.antigens}
    products = {product.id for product in facts.antibody_product}
    places = {place.id for place in facts.jurisdiction}
    conditions = {condition.id for condition in facts.condition}
    for row in facts.vaccine_interval:
        assert set(row.covers) <= covered, row.id
        assert set(row.products) <= products, row.id
        assert set(row.jurisdictions) <= places, row.id
        assert set(row.conditions) <= conditions, row.id
        assert row.jurisdictions or row.practice, f"{row.id}: a rule holds somewhere"
    for rule in facts.vaccine_rule:
        assert set(rule.covers) <= covered, rule.id
        assert set(rule.jurisdictions) <= places, rule.id


def test_weak_rows_never_free_a_vaccine(facts: FactFile) -> None:
    assert not [row.id for row in facts.vaccine_interval if row.weak and row.kind == "no_interval_needed"]


def test_in_each_table_a_larger_dose_never_waits_shorter(facts: FactFile) -> None:
    for product in facts.antibody_product:
        acip = [
            row for row in facts.vaccine_interval if row.table == "us.acip" and product.id in row.products
        ]
        steps = sorted((row.g_per_kg_max or Decimal(0), row.months or 0) for row in acip if not row.replaced)
        assert all(low[1] <= high[1] for low, high in pairwise(steps)), product.id


@pytest.mark.parametrize(("kind", "months"), [("wait", None), ("caution", None), ("not_stated", 3)])
def test_an_interval_states_a_time_exactly_when_it_asks_for_one(kind: str, months: int | None) -> None:
    with pytest.raises(ValueError, match="wait or caution"):
        VaccineInterval(
            id="x",
            basis="guideline",
            seen=True,
            table="x",
            authority="x",
            jurisdictions=("US",),
            direction="after_antibodies",
            covers=("measles",),
            kind=kind,  # type: ignore[arg-type]
            months=months,
        )


def test_each_cvx_code_stands_once(facts: FactFile) -> None:
    codes = [code for vaccine in facts.vaccine for code in vaccine.cvx]
    codes += [code for product in facts.antibody_product for code in product.cvx]
    assert len(codes) == len(set(codes)) == 69  # the codes of the fact base, subcutaneous has none
    assert {"03", "94", "21", "87"} <= set(codes)


def test_live_vaccines_are_those_of_the_code_list(facts: FactFile) -> None:
    live = {code for vaccine in facts.vaccine if vaccine.live for code in vaccine.cvx}
    assert {"03", "21", "37", "111", "25", "116", "19", "121"} <= live
    assert not {"140", "33", "187", "207", "43", "115"} & live


def luhn(code: str) -> bool:
    """The check digit of LOINC (mod 10)."""
    digits = [int(digit) for digit in reversed(code.replace("-", ""))]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0


def test_loinc_codes_pass_their_check_digit(facts: FactFile) -> None:
    assert len(facts.lab_code) == 162
    assert not [code.code for code in facts.lab_code if not luhn(code.code)]
    assert not luhn("5403-8")
    assert not luhn("6476-3")


def test_loinc_codes_used_are_listed(facts: FactFile) -> None:
    listed = {code.code for code in facts.lab_code}
    used = {code for item in facts.lab_interference for code in (*item.loinc, *item.alternative_loinc)}
    used |= {code for sample in facts.baseline_sample for code in sample.loinc}
    assert used <= listed


def test_an_alternative_is_not_the_test_itself(facts: FactFile) -> None:
    for item in facts.lab_interference:
        assert not set(item.loinc) & set(item.alternative_loinc), item.id


def test_samples_keep_tests_that_exist(facts: FactFile) -> None:
    known = {item.id for item in facts.lab_interference}
    for sample in facts.baseline_sample:
        assert set(sample.tests) <= known, sample.id


def test_every_infused_antibody_that_is_measured_is_drawn_before(facts: FactFile) -> None:
    drawn = {test for sample in facts.baseline_sample for test in sample.tests}
    passive = {item.id for item in facts.lab_interference if item.passive_igg}
    assert passive - drawn == {"lab.infant-treponemal"}  # the infant is not there yet


def test_somebody_still_positive_lies_before_the_stated_end(facts: FactFile) -> None:
    for item in facts.lab_interference:
        end = (item.months or 0) * 28 + (item.weeks or 0) * 7 + (item.days or 0)
        for seen in item.residuals:
            time = (seen.months or 0) * 28 + (seen.weeks or 0) * 7 + (seen.days or 0)
            assert not end or not seen.percent or time <= end, seen.id


@pytest.mark.parametrize(
    ("laboratory", "months", "low", "high"),
    [
        ("mayo", 0, "1.00", "3.34"),
        ("mayo", 216, "7.67", "15.90"),
        ("bozeman", 204, "6.00", "15.00"),
        ("gbmc", 0, "2.51", "9.06"),
        ("winnipeg", 228, "6.10", "16.16"),
        ("wallach", 0, "6.11", "15.42"),
        ("changchun", 0, "3.59", "7.90"),
    ],
)
def test_reference_range_as_printed(
    facts: FactFile, laboratory: str, months: int, low: str, high: str
) -> None:
    found = next(
        item
        for item in facts.reference_range
        if (item.laboratory, item.age_months_from) == (laboratory, months)
    )
    assert (found.low_g_per_l, found.high_g_per_l) == (Decimal(low), Decimal(high))


def test_reference_ranges_have_no_gap_or_overlap(facts: FactFile) -> None:
    for laboratory in {item.laboratory for item in facts.reference_range}:
        bands = sorted(
            (item for item in facts.reference_range if item.laboratory == laboratory),
            key=lambda item: item.age_months_from,
        )
        assert bands[0].age_months_from == 0
        assert all(low.age_months_to == high.age_months_from for low, high in pairwise(bands)), laboratory
        assert all(0 < band.low_g_per_l < band.high_g_per_l for band in bands), laboratory


def test_half_lives_as_published(facts: FactFile) -> None:
    found = {item.id: item for item in facts.half_life}
    assert found["half-life.panzyga"].median_days == Decimal("36.1")
    assert found["half-life.subcutaneous-16"].median_days == Decimal("40.6")
    assert found["half-life.patient-sheet"].max_days == 21


def test_rise_of_the_trough_as_published(facts: FactFile) -> None:
    found = {item.id: item.g_per_l_per_0_1_g_per_kg_month for item in facts.igg_guidance}
    assert found["igg.slope-berger-iv"] == Decimal("1.21")  # 121 mg/dL per 100 mg/kg
    assert found["igg.slope-berger-sc"] == Decimal("0.84")
    assert found["igg.slope-lee"] == Decimal("0.73")


def test_home_steps_are_in_order(facts: FactFile) -> None:
    orders = [step.order for step in facts.home_step]
    assert orders == list(range(1, 18))


def test_log_fields_of_the_labels(facts: FactFile) -> None:
    required = {item.field for item in facts.log_field if item.required_by_label}
    assert {"date", "product_name", "lot_numbers", "volume_ml", "rate_ml_per_h", "reactions"} <= required


def test_urgent_advice_is_seen(facts: FactFile) -> None:
    urgent = [item for item in facts.patient_advice if item.topic == "urgent"]
    assert urgent
    assert all(not item.weak for item in urgent)
