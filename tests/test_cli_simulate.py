"""``ivigil simulate-infusion``: read as a nurse in training reads it."""

from __future__ import annotations

import pytest

from tests.support.command import Command

ORDER = "examples/immunodeficiency.toml"
SIMULATE = ("simulate-infusion", ORDER)


@pytest.mark.parametrize("scenario", ["quiet", "headache", "anaphylaxis", "wrong_vial", "late_nurse"])
def test_text_is_plain_and_fits_80_columns(command: Command, scenario: str) -> None:
    ran = command(*SIMULATE, "--scenario", scenario)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "No patient; for training." in ran.out


def test_a_headache_from_the_first_sign_to_the_last(command: Command) -> None:
    text = command(*SIMULATE, "--scenario", "headache").flat
    told = ["headache noted", "> SLOW to 38 mL/h (headache)", "headache gone"]
    places = [text.index(part) for part in told]
    assert places == sorted(places)
    assert "the pump counted 300 mL" in text
    assert "AGAINST THE PLAN" in text
    assert "yes every lot number is recorded" in text


def test_anaphylaxis_stops_it_and_gives_the_dose(command: Command) -> None:
    text = command(*SIMULATE, "--scenario", "anaphylaxis").flat
    told = [
        "> STOP the infusion",
        "> Give EPINEPHRINE",
        "0 stopped before its volume was in",
        "given: epinephrine 0.5 mg IM",
    ]
    places = [text.index(part) for part in told]
    assert places == sorted(places)
    assert "Resumed" not in text


def test_a_wrong_vial_is_refused_with_its_reason(command: Command) -> None:
    text = command(*SIMULATE, "--scenario", "wrong_vial", "--minutes", "1").flat
    assert "> DO NOT HANG THIS VIAL: its lot number was not read" in text
    assert text.index("DO NOT HANG") < text.index("vial hung: 20 g Privigen 10%")


def test_cut_off_in_the_middle_it_says_where_it_is(command: Command) -> None:
    text = command(*SIMULATE, "--minutes", "70").flat
    assert "RUNNING at 57 mL/h, step 3 of 8" in text
    assert "BEFORE THE PATIENT LEAVES" not in text


def test_json_holds_the_events_and_the_state(command: Command) -> None:
    ran = command(*SIMULATE, "--scenario", "headache", "--json")
    assert ran.code == 0
    assert ran.json["events"][0]["what"]["kind"] == "identity_checked"
    assert ran.json["state"]["phase"] == "left"
    assert ran.json["given_ml"] == 300
    assert command(*SIMULATE, "--scenario", "headache", "--json").out == ran.out
    assert command(*SIMULATE, "--scenario", "headache", "--seed", "2", "--json").out != ran.out


def test_every_scenario_is_listed(command: Command) -> None:
    listed = command(*SIMULATE, "--scenario", "list").out.split()
    assert {"quiet", "headache", "anaphylaxis", "late_nurse", "stop.hypersensitivity"} <= set(listed)


WRONG = (
    (("--scenario", "hedache"), "unknown scenario 'hedache'; near: headache"),
    (("--day", "2"), "the plan has 1 day; there is no day 2"),
    (("--minutes", "-1"), "--minutes -1: 0 or more is needed"),
)


@pytest.mark.parametrize(("options", "says"), WRONG)
def test_bad_input_is_refused_in_one_line(command: Command, options: tuple[str, ...], says: str) -> None:
    ran = command(*SIMULATE, *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"ivigil simulate-infusion: {says}\n"
