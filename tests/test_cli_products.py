"""``ivigil products``: the list by place, and figures that may stand side by side."""

from __future__ import annotations

from decimal import Decimal

from ivigil.knowledge.comparison import compare
from tests.support.command import Command
from tests.support.orders import knowledge


def test_the_list_is_by_place_and_route(command: Command) -> None:
    here = command("products", "--jurisdiction", "US", "--route", "SC", "--json").json
    assert {item["jurisdiction"] for item in here} == {"US"}
    assert {item["route"] for item in here} == {"SC"}
    assert "hizentra-20-us" in {item["id"] for item in here}
    assert len(command("products", "--json").json) == len(knowledge().facts.product)


def test_a_part_of_a_country_has_the_products_of_the_country(command: Command) -> None:
    ontario = command("products", "--jurisdiction", "CA-ON", "--json").json
    assert ontario == command("products", "--jurisdiction", "CA", "--json").json != []


def test_iga_is_kept_apart_and_put_per_gram() -> None:
    """Octagam 10 %: mean 106 ug/mL is 1060 ug/g; Intratect 5 %: at most 900 ug/mL is 18000 ug/g."""
    octagam = compare(knowledge().products["octagam-10-us"])
    assert [figure.number for figure in octagam.iga_typical] == [Decimal(106)]
    assert [figure.per_g_protein for figure in octagam.iga_typical] == [Decimal(1060)]
    assert octagam.iga_maximum == ()
    intratect = compare(knowledge().products["intratect-5-eu"])
    assert intratect.iga_typical == ()
    assert [figure.per_g_protein for figure in intratect.iga_maximum] == [Decimal(18000)]


def test_rates_stand_in_the_label_unit_and_per_hour() -> None:
    """Privigen US, PI: 0.5 to 8 mg/kg/min of a 10 % product is 0.3 to 4.8 mL/kg/h; ITP only to 2.4."""
    rates = {
        code: (rate.start, rate.maximum, rate.unit, rate.start_ml_per_kg_h, rate.maximum_ml_per_kg_h)
        for rate in compare(knowledge().products["privigen-us"]).rates
        for code in rate.indications
        if rate.unit == "mg/kg/min"
    }
    assert rates["PI"] == (Decimal("0.5"), Decimal(8), "mg/kg/min", Decimal("0.3"), Decimal("4.8"))
    assert rates["CITP"] == (Decimal("0.5"), Decimal(4), "mg/kg/min", Decimal("0.3"), Decimal("2.4"))


def test_a_rate_that_is_not_per_kilogram_is_not_converted() -> None:
    rates = compare(knowledge().products["hyqvia-10-eu"]).rates
    assert rates
    assert all(rate.maximum_ml_per_kg_h is None for rate in rates)


def test_what_was_not_seen_is_marked(command: Command) -> None:
    """Alyglo's rates were not read complete; Gammagard S/D's osmolality is our inference."""
    flat = command("products", "alyglo-us").flat
    assert "1 to 8 mg/kg/min = 0.6 to 4.8 mL/kg/h* (needs sign-off)" in flat
    assert "typical 636 mOsm/kg*" in command("products", "gammagard-sd-5-us").flat


def test_at_risk_rules_stand_beside_the_rates(command: Command) -> None:
    """Octagam 10 %: 3.3 mg/kg/min for kidney and clot risk; Privigen: the minimum rate practicable."""
    flat = command("products", "octagam-10-us").flat
    assert "renal, thrombosis: at most 3.3 mg/kg/min = 1.98 mL/kg/h" in flat
    assert "minimum practicable" in command("products", "privigen-us").flat


def test_a_brand_is_enough_where_it_is_one_product(command: Command) -> None:
    assert (
        command("products", "privigen", "--jurisdiction", "US", "--json").json["products"][0]["id"]
        == "privigen-us"
    )
    several = command("products", "octagam", "--jurisdiction", "US")
    assert several.code == 2
    assert "octagam-10-us, octagam-5-us" in several.err
