"""``ivigil simulate``: what a pharmacologist asks, and what is refused."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command import Command

MODEL = ("simulate", "--model", "navarromora2022", "--weight-kg", "70")
MONTHLY = (*MODEL, "--dose-g-per-kg", "0.5", "--every-days", "28", "--medicine", "none")
PEOPLE = (*MONTHLY, "--patients", "40", "--seed", "3", "--target", "7")


def file(folder: Path, text: str) -> str:
    path = folder / "levels.csv"
    path.write_text(text)
    return str(path)


def test_levels_before_doses_as_read_in_the_notes_of_the_model(command: Command) -> None:
    """0.5 g/kg every 4 weeks in 70 kg: trough 8.9, peak 19.9 g/L by an independent run of the model."""
    shown = command(*MONTHLY, "--json").json
    assert shown["steady_trough_g_per_l"] == pytest.approx(Decimal("8.9"), abs=Decimal("0.05"))
    assert shown["steady_peak_g_per_l"] == pytest.approx(Decimal("19.9"), abs=Decimal("0.05"))
    assert shown["patients"] is None


@pytest.mark.parametrize(
    ("every", "trough", "peak"), [("14", "10.1", "15.6"), ("21", "9.5", "17.7"), ("35", "8.4", "22.1")]
)
def test_other_intervals_at_equal_grams_a_week(command: Command, every: str, trough: str, peak: str) -> None:
    """The same independent run, every 2, 3 and 5 weeks."""
    grams = str(Decimal(every) * 35 / 28)
    shown = command(*MODEL, "--grams", grams, "--every-days", every, "--json").json
    assert shown["steady_trough_g_per_l"] == pytest.approx(Decimal(trough), abs=Decimal("0.06"))
    assert shown["steady_peak_g_per_l"] == pytest.approx(Decimal(peak), abs=Decimal("0.06"))


def test_a_missed_dose(command: Command) -> None:
    """One skipped: from 8.9 to 6.2 g/L at day 56 (the same independent run)."""
    shown = command(*MONTHLY, "--steady", "--missed", "2", "--days", "100", "--json").json
    levels = dict(zip(shown["times_days"], shown["typical_g_per_l"], strict=True))
    assert levels[28] == pytest.approx(Decimal("8.9"), abs=Decimal("0.05"))
    assert levels[56] == pytest.approx(Decimal("6.2"), abs=Decimal("0.05"))


def test_virtual_patients_are_called_so(command: Command) -> None:
    ran = command(*PEOPLE)
    assert ran.code == 0
    assert ran.err == ""
    for said in (
        "Simulated. No real patient",
        "40 virtual patients, seed 3",
        "At target",
        "second- or third-hand",
    ):
        assert said in ran.flat
    assert max(map(len, ran.out.splitlines())) <= 80
    assert command(*PEOPLE).out == ran.out


def test_share_and_percentiles_in_json(command: Command) -> None:
    shown = command(*PEOPLE, "--json").json
    count = len(shown["times_days"])
    assert {len(row) for row in shown["percentiles_g_per_l"].values()} == {count}
    assert len(shown["share_at_or_above_target"]) == count
    assert all(0 <= share <= 1 for share in shown["share_at_or_above_target"])


def test_from_a_dataset(command: Command, tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "ID,TIME,AMT,RATE,ADDL,II,SS,DV,EVID,MDV,WT\n7,5,35,.,3,28,1,.,1,1,70\n7,33,.,.,.,.,.,8.1,0,0,.\n",
    )
    ran = command(
        "simulate", "--model", "navarromora2022", "--dataset", path, "--days", "112", "--medicine", "none"
    )
    assert (ran.code, ran.err) == (0, "")
    assert "33 8.1 8.9" in ran.flat.split("MEASURED")[1]
    assert "measured levels stand apart and moved no curve" in ran.flat


def test_what_of_a_file_has_no_effect_is_told(command: Command, tmp_path: Path) -> None:
    path = file(tmp_path, "# fictional\nID,TIME,AMT,DV,MDV,WT,AGE\n1,0,35,.,1,70,40\n1,28,.,3,1,70,40\n")
    asked = ("simulate", "--model", "navarromora2022", "--dataset", path)
    ran = command(*asked, "--ignore-column", "age")
    for said in ("comments in lines 1", "(MDV 1) in lines 4", "left out: AGE"):
        assert said in ran.flat
    assert "line 2, AGE: accepted" in command(*asked).err


def test_compartments_and_other_units_of_a_file(command: Command, tmp_path: Path) -> None:
    path = file(tmp_path, "ID,TIME,AMT,CMT,DV,WT\n1,0,10,1,.,70\n1,168,.,2,850,70\n")
    asked = ("simulate", "--model", "navarromora2022", "--dataset", path)
    assert "line 2, CMT 1: accepted" in command(*asked).err
    ran = command(*asked, "--cmt", "1=SC", "2=IV", "--time-unit", "h", "--level-unit", "mg/dL", "--json")
    assert [dose["route"] for dose in ran.json["doses"]] == ["SC"]
    (sample,) = ran.json["observed"]
    assert (sample["time_days"], sample["igg_g_per_l"]) == (7, Decimal("8.5"))


def test_faults_of_a_dataset_are_told_by_line(command: Command, tmp_path: Path) -> None:
    path = file(tmp_path, "ID,TIME,AMT,EVID\n1,0,-3,1\n1,x,3,4\n")
    ran = command("simulate", "--model", "navarromora2022", "--dataset", path)
    assert (ran.code, ran.out) == (2, "")
    for said in ("line 2, AMT -3: accepted", "line 3, TIME x: accepted"):
        assert said in ran.err


def test_a_file_with_several_people_asks_whose_rows(command: Command, tmp_path: Path) -> None:
    path = file(tmp_path, "ID,TIME,AMT,WT\nA,0,35,70\nB,0,20,50\n")
    asked = ("simulate", "--model", "navarromora2022", "--dataset", path, "--days", "28")
    ran = command(*asked)
    assert (ran.code, ran.err) == (2, "ivigil simulate: --id : accepted: A, B\n")
    assert command(*asked, "--id", "B", "--json").json["subject"]["weight_kg"] == 50


REFUSED = (
    (("--model", "tegenge2020"), "never computed with"),
    (("--medicine", "efgartigimod"), "no model of IgG holds"),
    (("--condition", "cidp"), "is for: primary immunodeficiency"),
    (("--dose-g-per-kg", "2"), "doubles the rise"),
    (("--model", "li2022"), "needs: height, sex, age"),
    (("--model", "cheng2026", "--condition", "primary_immunodeficiency"), "age"),
)


@pytest.mark.parametrize(("changed", "said"), REFUSED)
def test_a_refused_model_says_why_and_gives_no_number(
    command: Command, changed: tuple[str, ...], said: str
) -> None:
    asked = [*MODEL, "--dose-g-per-kg", "0.5", "--every-days", "28"]
    ran = command(*asked, *changed)
    assert (ran.code, ran.out) == (3, "")
    assert "is refused for this patient" in ran.err
    assert said in " ".join(ran.err.split())


def test_typical_values_have_no_band(command: Command) -> None:
    asked = (
        "simulate",
        "--model",
        "landersdorfer2013",
        "--weight-kg",
        "70",
        "--dose-g-per-kg",
        "0.5",
        "--every-days",
        "28",
    )
    assert "a curve without a band" in command(*asked).flat
    ran = command(*asked, "--patients", "10")
    assert (ran.code, ran.out) == (2, "")
    assert "typical values only" in ran.err


BAD = (
    MODEL,
    (*MODEL, "--every-days", "28"),
    (*MODEL, "--every-days", "28", "--grams", "30", "--dose-g-per-kg", "0.5"),
    ("simulate", "--model", "navarromora2022", "--every-days", "28", "--dose-g-per-kg", "0.5"),
    (*MONTHLY, "--target", "7"),
    (*MONTHLY, "--patients", "0"),
    (*MONTHLY, "--patients", "1.5"),
    (*MONTHLY, "--days", "999999"),
    (*MONTHLY, "--missed", "99"),
    (*MODEL, "--grams", "30", "--every-days", "0.001"),
    (*MONTHLY, "--cmt", "1=SC"),
    (*MONTHLY, "--id", "1"),
    (*MONTHLY, "--time-unit", "h"),
    (*MONTHLY, "--level-unit", "mg/dL"),
    (*MONTHLY, "--late", "2"),
    (*MONTHLY, "--late", "99:3"),
    (*MONTHLY, "--hours", "48"),
    (*MONTHLY, "--over-days", "40"),
    (*MONTHLY, "--then-route", "SC"),
    (*MONTHLY, "--plot", "levels.doc"),
    (*MONTHLY, "--dataset", "none.csv"),
    ("simulate", "--model", "navarromora2022", "--dataset", "none.csv"),
    ("simulate", "--model", "navarromora2022", "--dataset", "none.csv", "--cmt", "1=oral"),
)


@pytest.mark.parametrize("asked", BAD, ids=" ".join)
def test_bad_input_is_refused_in_one_line(command: Command, asked: tuple[str, ...]) -> None:
    ran = command(*asked)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("ivigil simulate: ")


def test_a_picture_is_the_same_bytes_each_time(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        assert command(*PEOPLE, "--plot", str(path)).code == 0
    assert first.read_bytes() == second.read_bytes()
    words = "".join(ET.fromstring(first.read_text()).itertext())
    for said in (
        "Simulated total IgG",
        "40 virtual patients",
        "no real patient",
        "90 % of virtual patients",
        "target 7 g/L",
    ):
        assert said in words


def test_a_picture_is_not_replaced_by_accident(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "levels.png"
    assert command(*PEOPLE, "--plot", str(path)).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    again = command(*PEOPLE, "--plot", str(path))
    assert (again.code, "--overwrite" in again.err) == (2, True)
    assert command(*PEOPLE, "--plot", str(path), "--overwrite").code == 0


def test_a_page_stands_alone(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "levels.html"
    assert command(*PEOPLE, "--plot", str(path)).code == 0
    page = path.read_text()
    assert page.count("<svg") == 1
    for said in ('role="img"', "No real patient", "<table>", "Not cleared as a medical device"):
        assert said in page
    assert "<script" not in page
    assert "src=" not in page


def test_without_the_library_one_line_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = command(*PEOPLE, "--plot", str(tmp_path / "a.svg"))
    assert (ran.code, ran.out) == (2, "")
    assert "ivigil[plots]" in ran.err
    assert len(ran.err.splitlines()) == 1
