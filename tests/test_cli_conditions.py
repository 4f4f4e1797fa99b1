"""``ivigil conditions``: the list, and one condition as a rheumatologist would check it."""

from __future__ import annotations

import pytest

from tests.support.command import Command
from tests.support.orders import knowledge


def test_every_condition_is_listed_and_the_refused_ones_are_marked(command: Command) -> None:
    ran = command("conditions")
    for item in knowledge().facts.condition:
        assert item.id in ran.out
    assert "inclusion_body_myositis" in ran.out
    assert ran.flat.count("do not use") == sum(item.do_not_use for item in knowledge().facts.condition)


@pytest.mark.parametrize(
    "written", ["kawasaki_disease", "Kawasaki", "KD", "M30.3", "75053002", "KAWASAKI DISEASE"]
)
def test_a_condition_answers_to_each_of_its_names(command: Command, written: str) -> None:
    assert command("conditions", written).out.startswith("KAWASAKI DISEASE")


def test_regimens_stand_by_jurisdiction_with_their_dose(command: Command) -> None:
    """AHA 2 g/kg once over 10 to 12 h; UK over 12 h; the Gammagard S/D label 1 g/kg."""
    flat = command("conditions", "kawasaki_disease").flat
    assert "REGIMENS: UNITED STATES" in flat
    assert "REGIMENS: UNITED KINGDOM" in flat
    assert "2 g/kg, in 1 day, once, each over 10 to 12 h" in flat
    assert "2 g/kg, in 1 day, once, each over 12 h" in flat
    assert "1 g/kg, in 1 day, once" in flat


def test_a_jurisdiction_narrows_the_regimens(command: Command) -> None:
    ran = command("conditions", "kawasaki_disease", "--jurisdiction", "United Kingdom")
    assert "REGIMENS: UNITED KINGDOM" in ran.flat
    assert "REGIMENS: UNITED STATES" not in ran.flat
    shown = command("conditions", "kawasaki_disease", "--jurisdiction", "UK", "--json").json
    assert set(shown["regimens_here"]) == {"kd_uk_initial", "kd_uk_retreat"}


def test_the_rules_around_the_dose_are_there(command: Command) -> None:
    """Dermatomyositis: never above 0.04 mL/kg/min, whatever the product (Octagam 10 % label)."""
    flat = command("conditions", "dermatomyositis_adult").flat
    for expected in (
        "at most 0.04 mL/kg/min",
        "REVIEW AND STOP",
        "CAUTIONS",
        "ICD-10-CM",
        "WHERE SOURCES DISAGREE",
    ):
        assert expected in flat


def test_a_condition_without_licence_says_so_first(command: Command) -> None:
    ran = command("conditions", "inclusion_body_myositis")
    assert "DO NOT USE" in ran.out.splitlines()[1]


def test_a_specialty_or_place_narrows_the_list(command: Command) -> None:
    listed = command("conditions", "--specialty", "Neurology", "--json").json
    assert {item["specialty"] for item in listed} == {"neurology"}
    here = command("conditions", "--jurisdiction", "UK", "--json").json
    assert "kawasaki_disease" in {item["id"] for item in here}
    assert len(here) < len(knowledge().facts.condition)
