"""Orders that are accepted: what is read, in which unit, under which id."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from ivigil.intake import parse_order
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, OrderError, Override
from ivigil.patient import Identifier, Measurement, Screening
from tests.support.bases import NAMES, base
from tests.support.written import ABSENT, read

D = Decimal


@pytest.fixture(params=NAMES)
def knowledge(request: pytest.FixtureRequest) -> Knowledge:
    return base(request.param)


def test_the_order_of_the_documentation(knowledge: Knowledge) -> None:
    text = """
        condition = "kawasaki_disease"
        jurisdiction = "US"
        start = 2026-11-23T08:00:00+00:00
        route = "IV"
        onset_date = 2026-11-18
        total_dose_g_per_kg = 2
        days = 1
        product = "octagam-10"
        experience = "naive"
        pump_step_ml_per_h = 0.1
        overrides = [{ finding = "thrombosis_risk", reason = "discussed", author = "A. Nyberg" }]
        [patient]
        id = { system = "urn:example", value = "K-001" }
        birth_date = 2023-02-01
        sex = "male"
        weight_kg = 14.20
        height_cm = 94
        blood_group = "A"
        iga_g_per_l = { value = "<0.07", date = 2026-11-01 }
        [screening]
        complete = false
        present = ["diabetes_mellitus"]
        absent = ["migraine"]
        [last_immunoglobulin]
        product = "privigen-eu"
        date = 2026-10-01
        grams = 28
        interval_days = 21
        tolerated_rate_ml_per_kg_per_h = 2.4
        infusions = 3
    """
    order = parse_order(text.encode(), "toml", knowledge)
    assert order.start == dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
    assert order.onset_date == dt.date(2026, 11, 18)
    assert (order.total_dose_g_per_kg, order.days, order.product) == (D(2), 1, "octagam-10-us")
    assert (order.experience, order.pump_step_ml_per_h) == ("naive", D("0.1"))
    assert order.overrides == (Override("thrombosis_risk", "discussed", "A. Nyberg"),)
    patient = order.patient
    assert patient.id == Identifier("urn:example", "K-001")
    assert str(patient.weight_kg) == "14.20"
    assert patient.choices == {"blood_group": "A"}
    iga = Measurement(Reading(None, D("0.07"), high_open=True), dt.date(2026, 11, 1))
    assert patient.measurements == {"iga_g_per_l": iga}
    assert patient.screening == Screening(False, ("diabetes_mellitus",), ("migraine",))
    assert order.last_immunoglobulin == LastImmunoglobulin(
        date=dt.date(2026, 10, 1),
        product="privigen-eu",
        grams=D(28),
        interval_days=21,
        tolerated_rate_ml_per_kg_per_h=D("2.4"),
        infusions=3,
    )


@pytest.mark.parametrize(
    "name",
    [
        "kawasaki_disease",
        "Kawasaki disease",
        "kawasaki  DISEASE",
        "KD",
        "Mucocutaneous Lymph-Node Syndrome",
        "M30.3",
        "m30.3",
        "75053002",
    ],
)
def test_a_condition_has_many_names(name: str, knowledge: Knowledge) -> None:
    assert read(knowledge, condition=name).condition == "kawasaki_disease"


def test_accents_do_not_matter(knowledge: Knowledge) -> None:
    adult = {"patient__birth_date": "1970-01-01", "patient__weight_kg": 70, "patient__height_cm": 170}
    order = read(knowledge, condition="Guillain-Barré syndrome", **adult)
    assert order.condition == "guillain_barre"


@pytest.mark.parametrize("name", ["octagam-10", "octagam-10-us", "Octagam 10%", "OCTAGAM 10%"])
def test_a_product_has_many_names(name: str, knowledge: Knowledge) -> None:
    assert read(knowledge, product=name).product == "octagam-10-us"


def test_the_brand_is_enough_where_it_is_one_product(knowledge: Knowledge) -> None:
    assert read(knowledge, product="Privigen").product == "privigen-us"
    assert read(knowledge, product="Privigen", jurisdiction="FR").product == "privigen-eu"


@pytest.mark.parametrize(
    ("written", "kilograms"),
    [
        ("31.3 lb", "14.197441181"),
        ("31.3lb", "14.197441181"),
        ("14.2 KG", "14.2"),
        ("14200 g", "14.2"),
    ],
)
def test_a_weight_states_its_unit(written: str, kilograms: str, knowledge: Knowledge) -> None:
    order = read(knowledge, patient__weight_kg=ABSENT, patient__weight=written)
    assert order.patient.weight_kg == D(kilograms)


@pytest.mark.parametrize(("written", "cm"), [("94 cm", "94"), ("0.94 m", "94"), ("37 in", "93.98")])
def test_a_height_states_its_unit(written: str, cm: str, knowledge: Knowledge) -> None:
    order = read(knowledge, patient__height_cm=ABSENT, patient__height=written)
    assert order.patient.height_cm == D(cm)


def test_a_weight_may_be_dated(knowledge: Knowledge) -> None:
    order = read(knowledge, patient__weight_kg={"value": "14.2", "date": "2026-11-20"})
    assert (order.patient.weight_kg, order.patient.weight_date) == (D("14.2"), dt.date(2026, 11, 20))


@pytest.mark.parametrize(
    ("key", "value", "reading"),
    [
        ("iga_g_per_l", 0.7, Reading.exactly(D("0.7"))),
        ("iga_g_per_l", "0.7", Reading.exactly(D("0.7"))),
        ("iga_g_per_l", "<0.07", Reading(None, D("0.07"), high_open=True)),
        ("iga_g_per_l", "<= 0.07", Reading(None, D("0.07"))),
        ("iga", "7 mg/dL", Reading.exactly(D("0.07"))),
        ("iga", "<7 mg/dL", Reading(None, D("0.07"), high_open=True)),
        ("iga", "0.7 g/l", Reading.exactly(D("0.7"))),
        ("igg_g_per_l", ">30", Reading(D(30), None, low_open=True)),
        ("igg", ">= 650 mg/dL", Reading(D("6.5"), None)),
        ("haemoglobin", "11.8 g/dL", Reading.exactly(D(118))),
        ("platelets", "9 10*9/L", Reading.exactly(D(9))),
        ("platelets", "9 10^9/L", Reading.exactly(D(9))),
        ("platelets", "25000 /uL", Reading.exactly(D(25))),
        ("egfr", "54 mL/min/1.73 m2", Reading.exactly(D(54))),
        ("egfr_ml_per_min_per_1_73m2", ">90", Reading(D(90), None, low_open=True)),
    ],
)
def test_laboratory_values(key: str, value: Any, reading: Reading, knowledge: Knowledge) -> None:
    measured = read(knowledge, **{f"patient__{key}": value}).patient.measurements
    assert [item.reading for item in measured.values()] == [reading]
    assert next(iter(measured)).startswith(key.split("_", maxsplit=1)[0])


def test_a_dated_laboratory_value_with_its_unit(knowledge: Knowledge) -> None:
    value = {"value": "<7 mg/dL", "date": "2026-11-01"}
    measured = read(knowledge, patient__iga=value).patient.measurements["iga_g_per_l"]
    assert measured == Measurement(Reading(None, D("0.07"), high_open=True), dt.date(2026, 11, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"patient__weight_kg": 31.3},
        {"patient__height_cm": 37},
        {"patient__last_weight_kg": 12},
    ],
)
def test_an_unusual_weight_is_accepted_once_confirmed(changes: dict[str, Any], knowledge: Knowledge) -> None:
    order = read(knowledge, **changes, patient__confirmed=["weight_kg"])
    assert order.patient.confirmed == ("weight_kg",)


def test_an_unusual_laboratory_value_is_accepted_once_confirmed(knowledge: Knowledge) -> None:
    changes = {"patient__igg_g_per_l": 62, "patient__confirmed": ["igg_g_per_l"]}
    assert read(knowledge, **changes).patient.measurements["igg_g_per_l"].reading.low == 62


def test_the_last_weight_is_kept(knowledge: Knowledge) -> None:
    order = read(knowledge, patient__last_weight={"value": "30 lb", "date": "2026-08-01"})
    last = order.patient.last_weight_kg
    assert last == Measurement(Reading.exactly(D("13.6077711")), dt.date(2026, 8, 1))


@pytest.mark.parametrize(
    ("sex", "weight", "asks"), [("female", 8, True), ("male", 26, True), ("male", 27, False)]
)
def test_an_adult_lighter_than_any_grown_person_is_asked_about_without_a_height(
    sex: str, weight: int, asks: bool, knowledge: Knowledge
) -> None:
    """CDC 2000 at 20 years: male P3 54.00, P50 70.60; 70.60 - 5 x 16.60 / 1.880794 = 26.5 kg."""
    body = {"patient__birth_date": "1969-05-14", "patient__sex": sex, "patient__height_cm": ABSENT}
    changes = {"condition": "Guillain-Barré syndrome", "patient__weight_kg": weight, **body}
    if not asks:
        assert read(knowledge, **changes).patient.weight_kg == weight
        return
    with pytest.raises(OrderError) as refused:
        read(knowledge, **changes)
    assert [fault.confirm for fault in refused.value.faults] == ["weight_kg"]
    assert read(knowledge, **changes, patient__confirmed=["weight_kg"]).patient.weight_kg == weight


@pytest.mark.parametrize(
    ("birth", "sex", "weight", "height"),
    [
        ("2026-11-20", "female", 0.9, 36),  # born far too early
        ("2026-11-20", "male", 4.6, 55),
        ("2025-11-23", "female", 9.0, 74),
        ("2016-11-23", "male", 70, 145),  # severe obesity at ten
        ("2010-11-23", "female", 38, 158),
        ("1990-01-01", "female", 41, 168),
        ("1990-01-01", "male", 152, 180),
        ("1936-01-01", "female", 48, 150),
    ],
)
def test_real_bodies_are_not_doubted(
    birth: str, sex: str, weight: float, height: int, knowledge: Knowledge
) -> None:
    body = {"birth_date": birth, "sex": sex, "weight_kg": weight, "height_cm": height}
    order = read(knowledge, **{f"patient__{key}": value for key, value in body.items()})
    assert order.patient.weight_kg == D(str(weight))


def test_the_subcutaneous_route_needs_only_a_licence(knowledge: Knowledge) -> None:
    adult = {"patient__birth_date": "1992-03-30", "patient__weight_kg": 63.5, "patient__height_cm": 167}
    order = read(knowledge, condition="D83.9", route="SC", product="Hizentra", interval_days=7, **adult)
    assert (order.route, order.product) == ("SC", "hizentra-20-us")


def test_the_last_product_may_come_from_anywhere_but_is_never_guessed(knowledge: Knowledge) -> None:
    last = {"date": "2026-10-01", "route": "SC", "product": "hizentra-20-eu"}
    order = read(knowledge, last_immunoglobulin=last)
    assert order.last_immunoglobulin is not None
    assert order.last_immunoglobulin.product == "hizentra-20-eu"
    unknown = read(knowledge, last_immunoglobulin={"date": "2026-10-01"})
    assert unknown.last_immunoglobulin is not None
    assert unknown.last_immunoglobulin.product is None
