"""``ivigil fit``, ``forecast``, ``aim``: what is shown, what is refused, every fault of a file at once."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import fields

from ivigil.intake.levels import parse_levels
from ivigil.kinetics.aim import Refused
from ivigil.kinetics.applicability import Refusal
from ivigil.kinetics.estimate import Misfit, Warn
from ivigil.kinetics.levels import Why
from ivigil.kinetics.prior import Reason
from ivigil.order import OrderError
from ivigil.sheets import levels as words
from tests.support.command import Command
from tests.support.orders import knowledge

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE = EXAMPLES / "levels/immunodeficiency.toml"
SIGNED = ("--site", str(EXAMPLES / "site-dosing"))
"""A fictional site at which two people signed that doses may be sought."""
TEXT = EXAMPLE.read_text()


def changed(folder: Path, *changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "levels.toml"
    file.write_text(text)
    return str(file)


def test_the_fit_shows_every_level_and_every_model(command: Command) -> None:
    ran = command("fit", str(EXAMPLE))
    assert ran.code == 0
    assert "2026-07-20 before 7.1 g/L used" in ran.flat
    assert "no date 9.8 g/L not used: no date, or a time without offset" in ran.flat
    assert "zhang2020 typical values only, no band" in ran.flat
    assert "Decision support" in ran.out


def test_mg_per_dl_is_converted_once(command: Command) -> None:
    shown = command("fit", str(EXAMPLE), "--json").json
    assert [level["g_per_l"] for level in shown["fit"]["case"]["levels"]] == [
        Decimal("7.1"),
        Decimal("7.42"),
        Decimal("9.8"),
    ]
    assert shown["fit"]["case"]["subject"]["endogenous_igg_g_per_l"] == Decimal("3.1")


def test_no_line_of_a_forecast_is_without_its_band(command: Command) -> None:
    shown = command("forecast", str(EXAMPLE), "--json").json["fit"]["estimate"]
    fitted = [model for model in shown["models"] if not model["why_not"]]
    assert fitted
    for bands in (shown["bands"], *(model["bands"] for model in fitted)):
        assert len(bands) == 6 + 8
        assert all(band["low"] < band["median"] < band["high"] for band in bands)


def test_a_forecast_says_where_its_moments_lie(command: Command) -> None:
    flat = command("forecast", str(EXAMPLE), "--weeks", "1").flat
    assert "before a planned dose" in flat
    assert "end of a planned dose" in flat
    assert "WASH-OUT" in flat


def test_an_aim_is_whole_vials_with_its_probability(command: Command) -> None:
    ran = command("aim", str(EXAMPLE), *SIGNED)
    shown = command("aim", str(EXAMPLE), "--json", *SIGNED).json
    assert ran.code == 0
    chosen = shown["proposal"]["chosen"]
    assert sum(shown["proposal"]["vials"]) == chosen["grams"]
    assert 0 < chosen["in_window"] < 1
    assert f"{chosen['grams']} g every 28 days" in ran.flat
    assert "Decision support" in ran.out


def test_no_dose_is_sought_until_two_people_of_a_site_signed_that_it_may(command: Command) -> None:
    ran = command("aim", str(EXAMPLE))
    assert ran.code == 3
    assert "This site shows no individual doses" in ran.flat
    assert "Proposal" not in ran.out


REFUSALS = (
    (("history_complete = true ", "history_complete = false"), "every dose since the first"),
    (("fcrn_blockers = [] ", "# "), "Nobody asked for FcRn blockers"),
    (("fcrn_blockers = [] ", 'fcrn_blockers = ["Vyvgart"] '), "Under an FcRn blocker"),
    (("igg_g_per_l = 7.1", "igg_g_per_l = 1.2"), "No model explains the levels"),
    (('"D83.9" ', '"guillain_barre" '), "No model was fitted to this condition"),
    (("target_g_per_l = 8\nlow_g_per_l = 7\nhigh_g_per_l = 9", "target_g_per_l = 30"), "within the range"),
)


@pytest.mark.parametrize(("change", "said"), REFUSALS)
def test_a_dose_is_refused_with_the_reason(
    command: Command, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = changed(tmp_path, change)
    ran = command("aim", file, *SIGNED)
    assert ran.code == 3
    assert said in ran.flat
    assert "Proposal" not in ran.out
    assert command("aim", file, "--json", *SIGNED).json["proposal"] is None


@pytest.mark.parametrize("name", ["fit", "forecast", "aim"])
def test_under_an_fcrn_blocker_every_model_says_why(command: Command, tmp_path: Path, name: str) -> None:
    ran = command(name, changed(tmp_path, ("fcrn_blockers = [] ", 'fcrn_blockers = ["Vyvgart"] ')))
    assert ran.code == 3
    assert "NO MODEL could be fitted" in ran.flat
    assert "navarromora2022 does not apply: an FcRn blocker" in ran.flat
    assert max(map(len, ran.out.splitlines())) <= 80


def test_every_fault_of_a_file_at_once(command: Command, tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        ("weight_kg = 63.5", "weight_kg = 6350"),
        ('igg = "742 mg/dL"', "igg_g_per_l = 742"),
        ("start = 2026-11-09", "start = 2026-01-09"),
        ("fcrn_blockers = [] ", 'fcrn_blockers = ["Vivgart"] '),
        ("every_days = 28\ntimes = 9", "times = 9"),
        ("interval_days = 28\n", "intervall_days = 28\n"),
    )
    ran = command("fit", file)
    assert (ran.code, ran.out) == (2, "")
    for field in (
        "patient.weight_kg: 6350",
        "levels[1].igg_g_per_l: 742",
        "patient.fcrn_blockers",
        "doses[0].every_days",
        "aim.intervall_days: unknown key",
        "aim.interval_days: missing",
    ):
        assert field in ran.err
    assert "voiding.efgartigimod" in ran.err


def test_planned_doses_follow_what_was_given(command: Command, tmp_path: Path) -> None:
    ran = command("fit", changed(tmp_path, ("start = 2026-11-09", "start = 2026-03-09")))
    assert ran.code == 2
    assert "planned: 2026-03-09T09:30:00-06:00; accepted: after the last dose" in ran.err


def test_without_an_aim_nothing_is_sought(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "levels.toml"
    file.write_text(TEXT[: TEXT.index("[aim]")])
    ran = command("aim", str(file))
    assert ran.code == 2
    assert "[aim]" in ran.err


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"", "file"),
        (b"[patient]\nweight_kg = 70", "doses"),
        (b"condition = 'cidp'\ndoses = []\n[patient]", "doses"),
        (b"condition = 'cidp'\nplan = 1\n[patient]", "plan"),
    ],
)
def test_a_file_without_what_is_needed(text: bytes, field: str) -> None:
    with pytest.raises(OrderError) as refused:
        parse_levels(text, "toml", knowledge())
    assert field in {fault.field for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ('hours = 3\nroute = "IV"\nevery_days = 28\ntimes = 9', 'hours = 99999999999\nroute = "IV"'),
            "hours",
        ),
        (("interval_days = 28", "interval_days = 99999999"), "aim.interval_days"),
        (("every_days = 28\ntimes = 9", "every_days = 99999999\ntimes = 9"), "doses[0].every_days"),
        (("times = 9", "times = 99999999"), "doses[0].times"),
        (("vials_g = [5, 10, 20]", "vials_g = [0.000001]"), "aim.vials_g"),
        (("vials_g = [5, 10, 20]", 'vials_g = [5, "ten", 0]'), "aim.vials_g"),
        (("low_g_per_l = 7\n", ""), "aim.low_g_per_l"),
        (("target_g_per_l = 8", "target_g_per_l = 12"), "aim.target_g_per_l"),
        (("taken = 2026-07-20\n", 'taken = "some day"\n'), "levels[0].taken"),
        (("igg_g_per_l = 7.1\n", ""), "levels[0].igg_g_per_l"),
    ],
)
def test_a_figure_that_cannot_be_is_named(
    command: Command, tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    ran = command("aim", changed(tmp_path, change))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_file_that_is_not_there(command: Command) -> None:
    ran = command("fit", "nothing.toml")
    assert ran.code == 2
    assert "no such file" in ran.err


def test_weeks_are_bounded(command: Command) -> None:
    assert command("forecast", str(EXAMPLE), "--weeks", "0").code == 2


def test_every_reason_has_words() -> None:
    for reasons, told in (
        (Warn, words.WARNING),
        (Misfit, words.MISFIT),
        (Why, words.REJECTED),
        (Refused, words.REFUSED),
        (next(field.type for field in fields(Refusal) if field.name == "why"), words.BECAUSE),
    ):
        assert set(get_args(reasons)) == set(told)
    assert {*get_args(Reason), "does_not_apply", "not_converged"} == set(words.NOT_FITTED)


def test_a_forecast_needs_no_numeric_library() -> None:
    """The command starts cold: numpy and numba are for populations."""
    code = (
        "import sys; from ivigil.cli.main import main; "
        f"code = main(['forecast', {str(EXAMPLE)!r}]); "
        "sys.exit(code or bool({'numpy', 'numba'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
