"""The intravenous products as authored: rates, vials and composition agree with what their sources print."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from ivigil.knowledge.products import Product, Schedule
from ivigil.knowledge.store import FACTS, all_facts, read_folder
from ivigil.units import RateUnit, rate_ml_per_h, rate_ml_per_kg_h, volume_ml

FACT_FILE, _ = read_folder(FACTS)
PRODUCTS = {product.id: product for product in FACT_FILE.product if product.route == "IV"}
SCHEDULES = {schedule.id: schedule for product in PRODUCTS.values() for schedule in product.schedules}
PLANNABLE = [schedule for schedule in SCHEDULES.values() if schedule.plannable]
INDICATIONS = {item.id: item for item in FACT_FILE.label_indication}
STABILISERS = {
    "albumin", "glucose", "glycine", "l-proline", "maltose", "mannitol", "sorbitol", "sucrose", "trehalose",
}  # fmt: skip


def ml_per_kg_h(schedule: Schedule, rate: Decimal) -> Decimal:
    return rate_ml_per_kg_h(rate, schedule.unit, schedule.g_per_100_ml)


def owner(schedule: Schedule) -> Product:
    return next(product for product in PRODUCTS.values() if schedule in product.schedules)


@pytest.mark.parametrize("schedule", PLANNABLE, ids=lambda schedule: schedule.id)
def test_plannable_schedule_is_a_ladder_up_to_its_maximum(schedule: Schedule) -> None:
    assert 0 < schedule.start_rate <= schedule.max_rate
    rates = [step.rate for step in schedule.steps] or list(schedule.step_rates)
    assert rates == sorted(set(rates))
    if rates:
        assert (rates[0], rates[-1]) == (schedule.start_rate, schedule.max_rate)
    assert all(step.minutes for step in schedule.steps[:-1])
    assert not schedule.steps or schedule.steps[-1].minutes is None
    assert not (schedule.steps and schedule.step_rates)


@pytest.mark.parametrize("schedule", PLANNABLE, ids=lambda schedule: schedule.id)
def test_plannable_schedule_was_seen_in_a_source_that_may_permit(schedule: Schedule) -> None:
    assert not schedule.weak
    assert schedule.sources
    assert schedule.g_per_100_ml == owner(schedule).g_per_100_ml


@pytest.mark.parametrize("schedule", PLANNABLE, ids=lambda schedule: schedule.id)
def test_a_schedule_that_asks_for_experience_never_starts_a_naive_patient(schedule: Schedule) -> None:
    if schedule.experience == "experienced":
        assert schedule.tolerated_rate_min or schedule.infusions_tolerated_min
        for_all = [other for other in owner(schedule).schedules if other.experience != "experienced"]
        same_use = [other for other in for_all if set(schedule.indications) & set(other.indications)]
        assert min(other.max_rate for other in same_use if other.plannable) < schedule.max_rate


# What the sources print in their second unit: schedule, unit, start, maximum, source.
SECOND_UNIT: list[tuple[str, RateUnit, str, str, str]] = [
    ("asceniv-us.schedule.pi", "mL/kg/min", "0.005", "0.08", "iv.asc-pp"),
    ("flebogamma-dif-5-us.schedule.pi", "mg/kg/min", "0.5", "5", "iv.tx-vdp-adult"),
    ("flebogamma-dif-10-us.schedule.pi-itp", "mg/kg/min", "1.0", "8.0", "iv.fle10-themed"),
    ("gammagard-liquid-us.schedule.pi", "mg/kg/min", "0.8", "8", "iv.gam-pidd"),
    ("gammagard-liquid-us.schedule.mmn", "mg/kg/min", "0.8", "9", "iv.gam-mmn"),
    ("gammagard-liquid-us.schedule.cidp", "mg/kg/min", "0.8", "9", "iv.gam-cidp"),
    ("gammaplex-5-us.schedule.pi-itp", "mL/kg/min", "0.01", "0.08", "iv.gpx5-pp"),
    ("gammaplex-10-us.schedule.pi-itp", "mL/kg/min", "0.005", "0.08", "iv.gpx10-rxr"),
    ("gamunex-c-us.schedule.pi", "mL/kg/min", "0.01", "0.08", "iv.gmx-rates"),
    ("gamunex-c-us.schedule.itp", "mL/kg/min", "0.01", "0.08", "iv.gmx-rates"),
    ("gamunex-c-us.schedule.cidp", "mL/kg/min", "0.02", "0.08", "iv.gmx-rates"),
    ("octagam-5-us.schedule.pi", "mg/kg/min", "0.5", "3.33", "iv.oct5-pp"),
    ("octagam-10-us.schedule.citp", "mL/kg/min", "0.01", "0.12", "iv.oct10-pp"),
    ("octagam-10-us.schedule.dm", "mL/kg/min", "0.01", "0.04", "iv.oct10-pp"),
    ("octagam-10-int.schedule.all", "mL/kg/h", "0.6", "7.2", "iv.oct-int"),
    ("panzyga-us.schedule.pi", "mL/kg/min", "0.01", "0.14", "iv.pan-pp"),
    ("panzyga-us.schedule.citp", "mL/kg/min", "0.01", "0.08", "iv.pan-pp"),
    ("panzyga-us.schedule.cidp", "mL/kg/min", "0.01", "0.12", "iv.pan-pp"),
    ("privigen-us.schedule.pi", "mL/kg/min", "0.005", "0.08", "iv.priv-pp"),
    ("privigen-us.schedule.citp", "mL/kg/min", "0.005", "0.04", "iv.priv-pp"),
    ("privigen-us.schedule.cidp", "mL/kg/min", "0.005", "0.08", "iv.priv-pp"),
]


@pytest.mark.parametrize(("schedule_id", "unit", "start", "maximum", "source"), SECOND_UNIT)
def test_rates_agree_with_the_second_unit_that_the_source_prints(
    schedule_id: str, unit: RateUnit, start: str, maximum: str, source: str
) -> None:
    schedule = SCHEDULES[schedule_id]
    assert source in schedule.sources
    for stored, text in ((schedule.start_rate, start), (schedule.max_rate, maximum)):
        printed = Decimal(text)
        half_a_digit = Decimal(1).scaleb(int(printed.as_tuple().exponent)) / 2
        low, high = (
            rate_ml_per_kg_h(value, unit, schedule.g_per_100_ml)
            for value in (printed - half_a_digit, printed + half_a_digit)
        )
        assert low <= ml_per_kg_h(schedule, stored) <= high


# Pump rates printed in the sources' own charts: schedule, index of the rate, kg, mL/h.
CHARTS = [
    ("octagam-10-ca.schedule.nl-later", 0, 40, 24),
    ("octagam-10-ca.schedule.nl-later", 3, 85, 306),
    ("octagam-10-ca.schedule.nl-later", 5, 130, 936),
    ("gamunex-ca.schedule.nl-later", 5, 105, 882),
    ("gamunex-ca.schedule.nl-first", 4, 60, 288),
    ("panzyga-us.schedule.pi-experienced-chart", 3, 10, 84),
    ("panzyga-us.schedule.pi-experienced-chart", 1, 70, 168),
    ("panzyga-us.schedule.citp-chart", 2, 55, 264),
]


@pytest.mark.parametrize(("schedule_id", "index", "weight_kg", "ml_h"), CHARTS)
def test_rates_give_the_ml_per_hour_of_the_printed_chart(
    schedule_id: str, index: int, weight_kg: int, ml_h: int
) -> None:
    schedule = SCHEDULES[schedule_id]
    rate = (schedule.step_rates or tuple(step.rate for step in schedule.steps))[index]
    found = rate_ml_per_h(rate, schedule.unit, schedule.g_per_100_ml, Decimal(weight_kg))
    assert found == ml_h


# Highest rate in mL/kg/h that a label allows for the use, as a pharmacist would look it up.
CEILINGS = [
    ("privigen-us.schedule.citp", "2.4"),
    ("privigen-us.schedule.pi", "4.8"),
    ("octagam-10-us.schedule.dm", "2.4"),
    ("octagam-10-int.schedule.dm", "2.4"),
    ("octagam-10-us.schedule.citp", "7.2"),
    ("octagam-5-us.schedule.pi", "4.0"),
    ("octagam-5-int.schedule.all", "4.8"),
    ("panzyga-us.schedule.pi", "8.4"),
    ("panzyga-us.schedule.citp", "4.8"),
    ("panzyga-us.schedule.cidp", "7.2"),
    ("gammagard-liquid-us.schedule.pi", "5.0"),
    ("gammagard-liquid-us.schedule.cidp", "5.4"),
    ("gamunex-c-us.schedule.itp", "4.8"),
    ("gammaplex-5-us.schedule.pi-itp", "4.8"),
    ("bivigam-us.schedule.pi", "3.6"),
    ("privigen-eu.schedule.all", "4.8"),
    ("privigen-eu.schedule.pid-tolerated", "7.2"),
]


@pytest.mark.parametrize(("schedule_id", "ceiling"), CEILINGS)
def test_maximum_rate_in_ml_per_kg_h(schedule_id: str, ceiling: str) -> None:
    schedule = SCHEDULES[schedule_id]
    assert ml_per_kg_h(schedule, schedule.max_rate) == Decimal(ceiling)


@pytest.mark.parametrize(
    ("product_id", "ml_per_kg_h_limit", "strict"),
    [
        ("gammagard-liquid-us", "1.98", True),  # below 3.3 mg/kg/min
        ("gamunex-c-us", "4.8", True),  # below 8 mg/kg/min
        ("bivigam-us", "1.2", True),  # below 2 mg/kg/min
        ("octagam-10-us", "1.8", False),  # 3.3 mg/kg/min and 0.03 mL/kg/min in one sentence: the lower binds
        ("octagam-10-int", "1.8", False),
        ("octagam-5-us", "3.96", True),  # below 3.3 mg/kg/min
        ("panzyga-us", "1.98", False),  # 0.033 mL/kg/min
    ],
)
def test_lowest_rate_printed_for_patients_at_risk(
    product_id: str, ml_per_kg_h_limit: str, strict: bool
) -> None:
    product = PRODUCTS[product_id]
    limits = [
        (rate_ml_per_kg_h(item.rate, item.unit, product.g_per_100_ml), item.strict)
        for item in product.at_risk_rates
        if item.rate is not None and item.unit is not None
    ]
    assert min(limits) == (Decimal(ml_per_kg_h_limit), strict)


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.id)
def test_rate_at_risk_never_exceeds_the_ordinary_maximum(product: Product) -> None:
    for item in product.at_risk_rates:
        assert (item.rate is None) == (item.rule == "minimum_practicable")
    limits = [
        rate_ml_per_kg_h(item.rate, item.unit, product.g_per_100_ml)
        for item in product.at_risk_rates
        if item.rate is not None and item.unit is not None
    ]
    for schedule in product.schedules if limits else ():
        assert ml_per_kg_h(schedule, schedule.start_rate) < min(limits)
    if limits:
        assert min(limits) <= max(ml_per_kg_h(item, item.max_rate) for item in product.schedules)


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.id)
def test_vials_hold_their_grams_at_the_product_s_strength(product: Product) -> None:
    grams = [vial.grams for vial in product.vials]
    assert len(grams) == len(set(grams))
    for vial in product.vials:
        assert abs(volume_ml(vial.grams, product.g_per_100_ml) - vial.volume_ml) <= Decimal("0.5")


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.id)
def test_properties_have_one_value_and_canonical_stabilisers(product: Product) -> None:
    for item in product.properties:
        values = (item.number, item.text, item.flag, item.items)
        assert sum(value is not None for value in values) == 1, item.id
    assert {item.text for item in product.properties_named("stabiliser")} <= STABILISERS
    sugars = {"glucose", "maltose", "sorbitol", "sucrose", "trehalose"}
    sugar_free = any(item.number == 0 for item in product.properties_named("sugar_g_per_g_protein"))
    assert not (sugar_free and sugars & {item.text for item in product.properties_named("stabiliser")})


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=lambda product: product.id)
def test_sugar_per_gram_follows_from_sugar_per_litre(product: Product) -> None:
    per_litre = product.properties_named("sugar_g_per_l")
    per_gram = product.properties_named("sugar_g_per_g_protein")
    if per_litre and per_gram:
        (litre,), (gram,) = per_litre, per_gram
        assert litre.number is not None
        assert gram.number == litre.number / (product.g_per_100_ml * 10)


def test_gammagard_s_d_at_ten_percent_carries_twice_the_load() -> None:
    five, ten = PRODUCTS["gammagard-sd-5-us"], PRODUCTS["gammagard-sd-10-us"]
    for name in ("sugar_g_per_l", "iga_ug_per_ml_max"):
        low, high = (product.properties_named(name) for product in (five, ten))
        assert [2 * (item.number or 0) for item in low] == [item.number for item in high]


def test_every_product_names_the_class_contraindications() -> None:
    for product in PRODUCTS.values():
        codes = {item.code for item in product.contraindications}
        assert "severe_hypersensitivity_to_human_ig" in codes, product.id
        assert any("anti_iga" in code for code in codes), product.id
    with_proline = [
        product
        for product in PRODUCTS.values()
        if any(item.text == "l-proline" for item in product.properties_named("stabiliser"))
    ]
    assert with_proline
    for product in with_proline:
        assert "hyperprolinaemia" in {item.code for item in product.contraindications}, product.id


def test_label_indications_are_known_and_keep_their_limits() -> None:
    used = {use.indication for product in PRODUCTS.values() for use in product.uses}
    planned = {code for schedule in SCHEDULES.values() for code in schedule.indications}
    assert used | (planned - {"ANY"}) <= set(INDICATIONS)
    for code in ("ITP", "CITP"):
        assert set(INDICATIONS[code].conditions) == {"itp_adult", "itp_child"}
    assert INDICATIONS["DM"].conditions == ("dermatomyositis_adult",)
    assert INDICATIONS["KD"].conditions == ("kawasaki_disease",)


def test_ids_are_unique_and_lie_under_their_product() -> None:
    counts = Counter(fact.id for fact in all_facts(FACT_FILE))
    assert [name for name, count in counts.items() if count > 1] == []
    for product in PRODUCTS.values():
        for fact in all_facts(product):
            assert fact is product or fact.id.startswith(f"{product.id}."), fact.id


def test_disagreements_point_at_facts() -> None:
    known = {fact.id for fact in all_facts(FACT_FILE)}
    for item in FACT_FILE.disagreement:
        if item.id.startswith("disagreement.iv."):
            assert set(item.about) <= known, item.id
            assert not item.chosen or item.chosen in item.about, item.id


def test_what_was_seen_cites_a_source_and_memory_cites_none() -> None:
    for product in PRODUCTS.values():
        for fact in all_facts(product):
            assert fact.sources or not fact.seen, fact.id
            assert fact.sources or fact.basis == "synthesis", fact.id
