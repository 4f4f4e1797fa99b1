"""A form yields the order that a file with the same content yields, and every fault finds its control."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import to_json
from ivigil.intake import parse_order, read_order
from ivigil.intake.form import Typed, controls, expressed, measured, values_of
from ivigil.intake.numbers import unmistakable, written_number
from ivigil.knowledge.store import Knowledge, load
from ivigil.order import Order, OrderError
from ivigil.planning import plan
from tests.support.scenarios import json_text, read_all

EXAMPLES = sorted(Path("examples").glob("*.toml"))
AUTHOR = "Dr Example"
SCENARIOS = read_all()
FIRST = {
    "condition": "CIDP",
    "jurisdiction": "US",
    "route": "IV",
    "start.date": "2026-11-30",
    "start.time": "08:00",
    "start.offset": "-08:00",
    "patient.id.system": "urn:example",
    "patient.id.value": "C-1",
    "patient.birth_date": "1960-08-02",
    "patient.sex": "male",
    "patient.weight_kg": "218 lb",
}


Changes = dict[str, str]


def read(knowledge: Knowledge, changes: Changes | None = None, zone: dt.tzinfo | None = None) -> Order:
    return Typed(values=FIRST | (changes or {}), author="Dr Example", zone=zone).read(knowledge)


def blamed(knowledge: Knowledge, changes: Changes, zone: dt.tzinfo | None = None) -> set[str]:
    typed = Typed(values=FIRST | changes, author="Dr Example", zone=zone)
    with pytest.raises(OrderError) as caught:
        typed.read(knowledge)
    return {typed.control_of(fault, knowledge) for fault in caught.value.faults}


def test_the_few_first_fields_are_an_order(knowledge: Knowledge) -> None:
    order = read(knowledge)
    assert order.condition == "cidp"
    assert order.patient.weight_kg == Decimal("98.88313666")
    """218 lb of 0.45359237 kg."""
    assert order.start == dt.datetime(2026, 11, 30, 16, tzinfo=dt.UTC)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_form_of_an_order_yields_the_same_order(path: Path, knowledge: Knowledge) -> None:
    order = read_order(path, knowledge)
    typed = Typed(values=values_of(order, knowledge), author="Dr Example")
    assert set(typed.values) <= controls(knowledge)
    assert typed.read(knowledge) == order


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_form_of_every_scenario_yields_the_plan_of_its_file(name: str, knowledge: Knowledge) -> None:
    """The whole corpus of orders: whatever a file can say, the form can, to the byte of the plan."""
    try:
        order = parse_order(json_text(SCENARIOS[name].order).encode(), "json", knowledge)
    except OrderError:
        return  # a file that is refused has no form
    typed = Typed(values=values_of(order, knowledge), author=AUTHOR)
    expected = replace(order, overrides=tuple(replace(each, author=AUTHOR) for each in order.overrides))
    assert to_json(plan(typed.read(knowledge), knowledge)) == to_json(plan(expected, knowledge))


CONTROLS = sorted(controls(load()))
TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["1.5", "<7 mg/dL", "2026-11-23", "US", "IV", "\x00", "true"])
)


@given(st.dictionaries(st.one_of(st.sampled_from(CONTROLS), st.text(max_size=12)), TEXTS, max_size=12))
def test_whatever_is_typed_is_an_order_or_faults_each_at_a_control(values: dict[str, str]) -> None:
    knowledge = load()
    typed = Typed(values=FIRST | values, author=AUTHOR)
    try:
        typed.read(knowledge)
    except OrderError as error:
        known = controls(knowledge)
        for fault in error.faults:
            assert typed.control_of(fault, knowledge) in {"", *known}


@given(st.decimals(min_value=Decimal("0.0001"), max_value=9999, places=4))
def test_a_number_put_back_into_a_form_is_read_as_itself(number: Decimal) -> None:
    assert written_number(unmistakable(number)) == number


def test_units_are_read_as_typed_and_shown_in_the_other(knowledge: Knowledge) -> None:
    order = read(knowledge, {"patient.iga_g_per_l": "185 mg/dL", "patient.height_cm": "1.76m"})
    assert order.patient.height_cm == 176
    found = measured("patient.iga_g_per_l", "185 mg/dL", knowledge)
    assert found is not None and expressed(found) == ((Decimal("1.85"), "g/L"),)
    weight = measured("patient.weight_kg", "98.88313666", knowledge)
    assert weight is not None and expressed(weight)[0] == (Decimal(218), "lb")


def test_a_value_and_its_date_are_one_entry(knowledge: Knowledge) -> None:
    dated = {"patient.iga_g_per_l": "<7 mg/dL", "patient.iga_g_per_l.date": "2026-11-01"}
    measurement = read(knowledge, dated).patient.measurements["iga_g_per_l"]
    assert measurement.reading.text == "<0.07"
    assert measurement.date == dt.date(2026, 11, 1)
    assert blamed(knowledge, {"patient.iga_g_per_l.date": "2026-11-01"}) == {"patient.iga_g_per_l"}


def test_every_fault_is_shown_at_the_control_that_was_typed_into(knowledge: Knowledge) -> None:
    wrong = {
        "condition": "kidp",
        "patient.weight_kg": "1.500 kg",
        "patient.iga_g_per_l": "7 apples",
        "patient.igg_g_per_l": "7",
        "patient.igg_g_per_l.date": "2030-01-01",
        "patient.birth_date": "02/08/1960",
        "screening.pregnancy": "present",
        "last_immunoglobulin.grams": "much",
        "days": "-1",
    }
    expected = {
        "condition",
        "patient.weight_kg",
        "patient.iga_g_per_l",
        "patient.igg_g_per_l.date",
        "patient.birth_date",
        "screening.pregnancy",
        "last_immunoglobulin.grams",
        "last_immunoglobulin.date",
        "days",
    }
    assert blamed(knowledge, wrong) == expected


def test_what_no_control_sent_is_refused_not_dropped(knowledge: Knowledge) -> None:
    assert blamed(knowledge, {"patient.hieght_cm": "170"}) == {""}


def test_a_control_named_like_a_table_and_an_answer_with_a_point_are_refused(knowledge: Knowledge) -> None:
    whole = {"screening.complete": "true", "last_immunoglobulin.date": "2026-11-01"}
    for name in ("patient", "screening", "last_immunoglobulin", "start", "overrides"):
        assert blamed(knowledge, {**whole, name: "x"}) == {""}
    flags = {"screening.heart_failure": "1", "screening.migraine": "1.5"}
    assert blamed(knowledge, flags) == {""}


def test_a_start_that_is_none_is_shown_at_its_date(knowledge: Knowledge) -> None:
    assert blamed(knowledge, {"start.time": "8 am"}) == {"start.date"}


def test_an_unusual_value_can_be_confirmed_at_its_control(knowledge: Knowledge) -> None:
    heavy = FIRST | {"patient.weight_kg": "98.9", "patient.last_weight_kg": "60"}
    typed = Typed(values=heavy, author="Dr Example")
    with pytest.raises(OrderError) as caught:
        typed.read(knowledge)
    assert [fault.confirm for fault in caught.value.faults] == ["weight_kg"]
    confirmed = replace(typed, values=heavy | {"patient.confirmed.weight_kg": "true"})
    assert confirmed.read(knowledge).patient.confirmed == ("weight_kg",)


def test_nothing_typed_blames_every_first_field(knowledge: Knowledge) -> None:
    typed = Typed(values={}, author="Dr Example")
    with pytest.raises(OrderError) as caught:
        typed.read(knowledge)
    at = {typed.control_of(fault, knowledge) for fault in caught.value.faults}
    assert at >= {"condition", "patient.id.value", "patient.birth_date", "patient.sex", "patient.weight_kg"}


def test_a_reason_sets_a_finding_aside_in_the_name_of_who_is_signed_in(knowledge: Knowledge) -> None:
    hazard = knowledge.facts.hazard[0].id
    order = read(knowledge, {f"overrides.{hazard}.reason": "discussed"})
    assert [(each.finding, each.reason, each.author) for each in order.overrides] == [
        (hazard, "discussed", "Dr Example")
    ]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load()


LONDON = zoneinfo.ZoneInfo("Europe/London")


def test_a_start_without_offset_is_of_the_site_s_zone(knowledge: Knowledge) -> None:
    summer = read(knowledge, {"start.date": "2027-06-01", "start.offset": ""}, LONDON)
    assert summer.start.isoformat() == "2027-06-01T08:00:00+01:00"
    assert blamed(knowledge, {"start.offset": ""}) == {"start.date"}


@pytest.mark.parametrize(
    "moment",
    [("2027-03-28", "01:30"), ("2026-10-25", "01:30")],
    ids=["never on the clocks", "twice on the clocks"],
)
def test_a_start_that_the_clocks_show_never_or_twice_is_asked_about(
    moment: tuple[str, str], knowledge: Knowledge
) -> None:
    date, clock = moment
    odd = {"start.date": date, "start.time": clock, "start.offset": ""}
    assert "start.date" in blamed(knowledge, odd, LONDON)
