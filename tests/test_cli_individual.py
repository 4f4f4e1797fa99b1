"""``plan --levels``, ``convert --levels``, ``--over-days`` and an infused antibody: shown and refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.centre import Centre
from tests.support.command import Command
from tests.support.individual import EXAMPLES, LEVELS, ORDER, SITE

SIGNED = ("--site", str(SITE))
WITH = (str(ORDER), "--levels", str(LEVELS))
CONVERT = ("convert", "--grams", "25", "--every-weeks", "4", "--levels", str(LEVELS))
HIZENTRA = ("--product", "hizentra-20-us")
ANTIBODY = "\n[antibody]\nunits_per_g = 12\nbelow_units_per_l = 10\n"


def changed(folder: Path, *changes: tuple[str, str], more: str = "") -> str:
    text = LEVELS.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "levels.toml"
    file.write_text(text + more)
    return str(file)


# ---- plan


def test_the_plan_shows_the_individual_dose_and_what_it_rests_on(command: Command) -> None:
    ran = command("plan", *WITH, *SIGNED)
    assert (ran.code, ran.err) == (0, "")
    assert "INDIVIDUAL DOSE" in ran.out
    assert "30 g every 28 days for a trough of 8 g/L (7 to 9)" in ran.flat
    assert "25.4 g without levels: +18 %" in ran.flat
    assert "12.7 to 50.8 g" in ran.flat
    assert "navarromora2022" in ran.flat
    assert "Decision support" in ran.flat
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_json_carries_the_values(command: Command) -> None:
    plan = command("plan", *WITH, *SIGNED, "--json").json
    assert plan["dose"]["without_levels_g"] == Decimal("25.4")
    assert plan["order"]["individual"]["grams"] == plan["dose"]["grams"] == 30
    assert {share["model"] for share in plan["order"]["individual"]["models"]} <= set(plan["sources"])


def test_why_names_the_models_and_the_switch(command: Command) -> None:
    told = command("why", str(ORDER), "dose", "--levels", str(LEVELS), *SIGNED, "--json").json
    assert "policy.individual_dosing" in told["rules"]
    assert "navarromora2022" in told["rules"]


def test_without_a_signature_nothing_is_planned_and_the_reason_is_told(command: Command) -> None:
    ran = command("plan", *WITH)
    assert (ran.code, ran.out) == (3, "")
    assert "policy.individual_dosing" in ran.err


def test_the_levels_of_another_patient_are_refused(command: Command, tmp_path: Path) -> None:
    other = changed(tmp_path, ('value = "P-207"', 'value = "P-208"'), ("weight_kg = 63.5", "weight_kg = 62"))
    ran = command("plan", str(ORDER), "--levels", other, *SIGNED)
    assert (ran.code, ran.out) == (2, "")
    assert "levels: patient.id: urn:example P-208" in ran.err
    assert "levels: patient.weight_kg: 62" in ran.err


def test_levels_go_with_one_order(command: Command) -> None:
    kawasaki = str(EXAMPLES / "kawasaki.toml")
    assert command("plan", str(ORDER), kawasaki, "--levels", str(LEVELS)).code == 2


def test_a_faulty_file_of_levels_is_named(command: Command, tmp_path: Path) -> None:
    file = changed(tmp_path, ("weight_kg = 63.5", "weight_kg = 6350"))
    ran = command("plan", str(ORDER), "--levels", file, *SIGNED)
    assert ran.code == 2
    assert "levels.toml was not accepted" in ran.err
    assert "patient.weight_kg: 6350" in ran.err


# ---- the journal


def test_an_individual_plan_is_signed_and_reopened_when_the_switch_is_withdrawn(centre: Centre) -> None:
    plan = str(centre.json("authorise", "add", str(ORDER), "--levels", str(LEVELS), *SIGNED)["plan"])
    assert centre("authorise", "prescribe", plan, "--by", "Dr Example", *SIGNED) == 0
    assert centre("authorise", "verify", plan, *SIGNED) == 0
    assert centre("authorise", "release", plan, *SIGNED) == 0
    before = ("--at", "2026-11-08T10:00-06:00")
    assert centre("authorise", "review", *before, *SIGNED) == 0
    assert centre("authorise", "review", *before) == 3
    assert centre.json("authorise", "show", plan)["step"] not in ("released", "verified")


def test_the_journal_gets_no_plan_where_no_dose_is_sought(centre: Centre) -> None:
    assert centre("authorise", "add", str(ORDER), "--levels", str(LEVELS)) == 3
    assert "policy.individual_dosing" in centre.err


# ---- convert


def test_labels_and_levels_stand_side_by_side(command: Command) -> None:
    """25 g every 4 weeks are 6.25 g a week; x 1.37 by the label, / 0.705 by navarromora2022."""
    ran = command(*CONVERT, *HIZENTRA, *SIGNED)
    assert (ran.code, ran.err) == (0, "")
    assert "x 1.37 (PI): 8.563 g a week" in ran.flat
    assert "BY MEASURED LEVELS" in ran.out
    assert "navarromora2022* 8.9 (8.9 to 8.9) 1.42" in ran.flat
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_json_of_a_conversion_by_levels(command: Command) -> None:
    shown = command(*CONVERT, *HIZENTRA, *SIGNED, "--json").json
    (found,) = shown["switches"]
    assert found["subcutaneous"]["interval_days"] == 7
    assert shown["converted"][0]["weekly_grams"] == Decimal("8.5625")
    assert found["together"]["same_trough_g"]["median"] < found["together"]["same_average_g"]["median"]


def test_a_facilitated_product_has_a_way_of_its_own(command: Command) -> None:
    shown = command(*CONVERT, "--jurisdiction", "US", "--sc-every-days", "28", *SIGNED, "--json").json
    assert {found["subcutaneous"]["route"] for found in shown["switches"]} == {"SC", "facilitated_SC"}


def test_without_a_signature_the_labels_stand_alone(command: Command) -> None:
    ran = command(*CONVERT, *HIZENTRA)
    assert ran.code == 3
    assert "x 1.37 (PI): 8.563 g a week" in ran.flat
    assert "no individual doses" in ran.flat


def test_a_conversion_without_levels_is_as_it_was(command: Command) -> None:
    shown = command("convert", "--grams", "25", "--every-weeks", "4", *HIZENTRA, "--json").json
    assert set(shown) == {"grams", "every_weeks", "converted", "without_factor", "sources"}


@pytest.mark.parametrize(
    "asked",
    [
        ("convert", "--grams", "25", "--every-weeks", "4", *HIZENTRA, "--sc-every-days", "7"),
        (*CONVERT, *HIZENTRA, "--sc-every-days", "0"),
        ("convert", "--grams", "25", "--every-weeks", "0.1", *HIZENTRA, "--levels", str(LEVELS)),
    ],
)
def test_intervals_that_cannot_be_are_refused(command: Command, asked: tuple[str, ...]) -> None:
    ran = command(*asked)
    assert (ran.code, ran.out) == (2, "")
    assert "accepted" in ran.err or "goes with" in ran.err


# ---- splitting and an infused antibody


def test_a_forecast_shows_the_dose_over_more_days(command: Command) -> None:
    ran = command("forecast", str(LEVELS), "--over-days", "3")
    assert ran.code == 0
    assert "THE FIRST PLANNED DOSE OVER SEVERAL DAYS" in ran.out
    splits = command("forecast", str(LEVELS), "--over-days", "3", "--json").json["splits"]
    peaks = [split["peak_g_per_l"]["median"] for split in splits]
    assert peaks == sorted(peaks, reverse=True)
    assert [split["over_days"] for split in splits] == [1, 2, 3]


def test_an_aim_shows_the_chosen_dose_over_more_days(command: Command) -> None:
    ran = command("aim", str(LEVELS), *SIGNED, "--over-days", "2")
    assert ran.code == 0
    assert "THE DOSE OVER SEVERAL DAYS" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("command_name", ["forecast", "aim"])
def test_days_that_do_not_fit_are_refused(command: Command, command_name: str) -> None:
    ran = command(command_name, str(LEVELS), *SIGNED, "--over-days", "40")
    assert ran.code == 2
    assert "--over-days: days 40: 1 to 28 is accepted" in ran.err


def test_an_infused_antibody_is_followed_down(command: Command, tmp_path: Path) -> None:
    ran = command("forecast", changed(tmp_path, more=ANTIBODY))
    assert ran.code == 0
    assert "INFUSED ANTIBODY BELOW 10 UNITS/L" in ran.out
    assert "Slower end" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    shown = command("forecast", changed(tmp_path, more=ANTIBODY), "--json").json["antibody"]
    assert shown["days"]["low"] < shown["days"]["median"] < shown["days"]["high"]
    assert command("forecast", str(LEVELS), "--json").json["antibody"] is None


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("units_per_g = 12\n", "antibody.below_units_per_l: missing"),
        ("below_units_per_l = 10\n", "antibody.units_per_g"),
        ("units_per_g = 12\nunits_per_l = 5\nbelow_units_per_l = 10\n", "antibody.units_per_g"),
        ("units_per_l = 5\nbelow_units_per_l = 10\n", "antibody.taken"),
        ("units_per_l = 5\ntaken = 2026-01-01T09:00:00Z\nbelow_units_per_l = 10\n", "antibody.taken"),
        ("units_per_g = -1\nbelow_units_per_l = 10\n", "antibody.units_per_g"),
    ],
)
def test_an_antibody_that_cannot_be_followed_is_named(
    command: Command, tmp_path: Path, table: str, field: str
) -> None:
    ran = command("forecast", changed(tmp_path, more="\n[antibody]\n" + table))
    assert (ran.code, ran.out) == (2, "")
    assert field in ran.err


def test_a_measured_antibody_level_is_enough(command: Command, tmp_path: Path) -> None:
    table = "\n[antibody]\nunits_per_l = 85\ntaken = 2026-10-20T09:00:00-06:00\nbelow_units_per_l = 10\n"
    ran = command("forecast", changed(tmp_path, more=table))
    assert ran.code == 0
    assert "Half-life" in ran.out
