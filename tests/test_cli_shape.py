"""What every face of the command line shares: exit codes, JSON, 80 columns, no colour when piped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.orders import knowledge

LEVELS = str(Path(__file__).parents[1] / "examples/levels/immunodeficiency.toml")
SITE = str(Path(__file__).parents[1] / "examples/site-dosing")
ASKED = (
    ("facts", "maltose"),
    ("facts", "kd_aha_initial"),
    ("facts", "hizentra-20-us"),
    ("facts", "cond.acr_patient_ivig"),
    ("conditions",),
    ("conditions", "kawasaki_disease"),
    ("conditions", "cidp", "--jurisdiction", "US"),
    ("products",),
    ("products", "octagam-10-us", "privigen-us", "gammagard-liquid-us", "hizentra-20-us"),
    ("models",),
    ("models", "li2022", "cheng2026", "kim2cmt_project", "fokkink2022"),
    ("fit", LEVELS),
    ("forecast", LEVELS),
    ("aim", LEVELS, "--site", SITE),
    ("simulate", "--model", "navarromora2022", "--weight-kg", "70", "--grams", "35", "--every-days", "28"),
    ("convert", "--grams", "30", "--every-weeks", "4", "--jurisdiction", "US"),
    ("vaccines", "--dose", "2026-11-23:2.0:IV", "--condition", "kawasaki_disease", "--jurisdiction", "US"),
    ("tests", "--dose", "2026-11-23:0.4:IV", "--ongoing"),
)


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_text_is_plain_and_fits_80_columns(command: Command, asked: tuple[str, ...]) -> None:
    ran = command(*asked)
    assert ran.code == 0
    assert ran.err == ""
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert all(line == line.rstrip() for line in ran.out.splitlines())


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_json_is_one_value(command: Command, asked: tuple[str, ...]) -> None:
    ran = command(*asked, "--json")
    assert ran.code == 0
    assert ran.json


UNKNOWN = (
    (("facts", "kawasakki"), "kawasaki_disease"),
    (("conditions", "kawasakki"), "kawasaki_disease"),
    (("conditions", "--specialty", "rheumatologie"), "rheumatology"),
    (("conditions", "cidp", "--jurisdiction", "Ontaria"), "CA-ON"),
    (("products", "octagan-10-us"), "octagam-10-us"),
    (("models", "navaromora2022"), "navarromora2022"),
    (("simulate", "--model", "navaromora2022", "--every-days", "28"), "navarromora2022"),
    (("convert", "--grams", "30", "--every-weeks", "4", "--product", "hizentra-20-uz"), "hizentra-20-us"),
    (("vaccines", "--dose", "2026-11-23", "--condition", "kawasakki"), "kawasaki_disease"),
    (("vaccines", "--dose", "2026-11-23", "--given", "2026-12-01:mmmr"), "vaccine.mmr"),
    (("tests", "--dose", "2026-11-23", "--product", "octagan-10-us"), "octagam-10-us"),
)


@pytest.mark.parametrize(("asked", "near"), UNKNOWN)
def test_an_unknown_name_is_one_line_with_what_is_near(
    command: Command, asked: tuple[str, ...], near: str
) -> None:
    ran = command(*asked)
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(f"ivigil {asked[0]}: unknown ")
    assert near in ran.err


BAD = (
    ("convert", "--grams", "1.500", "--every-weeks", "4", "--product", "hizentra-20-us"),
    ("convert", "--grams", "0", "--every-weeks", "4", "--product", "hizentra-20-us"),
    ("convert", "--grams", "-30", "--every-weeks", "4", "--product", "hizentra-20-us"),
    ("convert", "--grams", "NaN", "--every-weeks", "4", "--product", "hizentra-20-us"),
    ("convert", "--grams", "30", "--every-weeks", "4"),
    ("convert", "--grams", "30", "--every-weeks", "4", "--product", "privigen-us"),
    ("vaccines",),
    ("vaccines", "--dose", "23.11.2026"),
    ("vaccines", "--dose", "2026-02-30"),
    ("vaccines", "--dose", "20261123"),
    ("vaccines", "--dose", "2026-11-23:two:IV"),
    ("vaccines", "--dose", "2026-11-23:2.0:oral"),
    ("vaccines", "--dose", "2026-11-23:2.0:IV:more"),
    ("vaccines", "--dose", "2026-11-23", "--given", "mmr"),
    ("facts", "maltose", "--limit", "0"),
    ("products", "octagam", "--jurisdiction", "US"),
)


@pytest.mark.parametrize("asked", BAD, ids=" ".join)
def test_bad_input_is_refused_in_one_line(command: Command, asked: tuple[str, ...]) -> None:
    ran = command(*asked)
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(f"ivigil {asked[0]}: ")


def test_a_site_that_cannot_be_read_is_fatal(command: Command, tmp_path: object) -> None:
    ran = command("facts", "maltose", "--site", f"{tmp_path}/nowhere")
    assert ran.code == 2
    assert ran.out == ""
    assert "no overlay found" in ran.err


def test_as_a_process_of_its_own() -> None:
    """Piped, even where colour is asked for by the terminal type: text and JSON."""
    run = [sys.executable, "-c", "import sys; from ivigil.cli.main import main; sys.exit(main())"]
    text = subprocess.run([*run, "conditions"], capture_output=True, text=True, check=False)
    assert (text.returncode, text.stderr) == (0, "")
    assert "kawasaki_disease" in text.stdout
    assert "\x1b" not in text.stdout
    assert max(map(len, text.stdout.splitlines())) <= 80
    piped = subprocess.run([*run, "products", "--json"], capture_output=True, text=True, check=False)
    assert json.loads(piped.stdout)
    wrong = subprocess.run([*run, "products", "nothing-like-it"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_every_record_can_be_shown(command: Command) -> None:
    """One record of every kind, every condition and every product, in 80 columns."""
    base = knowledge()
    one_of_each = {type(fact): fact.id for fact in base.by_id.values()}
    asked = [("facts", name) for name in one_of_each.values()]
    asked += [("conditions", name) for name in base.conditions]
    asked += [("products", name) for name in base.products]
    for words in asked:
        ran = command(*words)
        assert (ran.code, ran.err) == (0, ""), words
        assert max(map(len, ran.out.splitlines())) <= 80, words
