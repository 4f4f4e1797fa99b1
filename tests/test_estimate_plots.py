"""``--plot`` of ``ivigil fit``, ``forecast`` and ``aim``: what is drawn is what is said."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from msgspec.structs import replace

import ivigil
from ivigil.intake.disk import read_levels
from ivigil.kinetics.aim import dose_for_trough
from ivigil.kinetics.courses import courses
from ivigil.kinetics.estimate import Estimate, estimate
from ivigil.sheets.estimate_plot import aim_picture, fit_picture, forecast_picture
from ivigil.sheets.level_plot import Picture
from ivigil.sheets.levels import Sought
from tests.support.command import Command
from tests.support.orders import knowledge

EXAMPLES = Path(__file__).parents[1] / "examples"
EXAMPLE = EXAMPLES / "levels/immunodeficiency.toml"
SIGNED = ("--site", str(EXAMPLES / "site-dosing"))
FILE = read_levels(EXAMPLE, knowledge())
CASE = FILE.case
MODELS = knowledge().facts.population_model
SVG = "{http://www.w3.org/2000/svg}"
COMMANDS = {"fit": ("fit",), "forecast": ("forecast",), "aim": ("aim", *SIGNED)}


def fitted(*moments: float) -> Estimate:
    first = min(given.start for given in CASE.doses)
    return estimate(
        MODELS, CASE, [first + (CASE.doses[1].start - first) * k for k in moments], knowledge(), 1
    )


def changed(folder: Path, old: str, new: str) -> str:
    text = EXAMPLE.read_text()
    assert old in text
    (folder / "levels.toml").write_text(text.replace(old, new))
    return str(folder / "levels.toml")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_picture_is_read_aloud_and_is_the_same_bytes_each_time(
    command: Command, tmp_path: Path, name: str
) -> None:
    pytest.importorskip("matplotlib")
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        verb, *site = COMMANDS[name]
        assert command(verb, str(EXAMPLE), *site, "--plot", str(path)).code == 0
    assert first.read_bytes() == second.read_bytes()
    drawn = ET.fromstring(first.read_text())
    assert drawn.get("role") == "img"
    title, description = (drawn.find(f"{SVG}{part}") for part in ("title", "desc"))
    assert title is not None
    assert description is not None
    assert drawn.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    told = description.text or ""
    for said in ("2 measured levels", "5 models", "90 % band", "Decision support", "not drawn: 1 level"):
        assert said in told
    words = " ".join(drawn.itertext())
    for said in ("total IgG, g/L", "median, all models", "measured", "IV dose", "navarromora2022"):
        assert said in words


def test_a_picture_is_not_replaced_by_accident(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "levels.png"
    asked = ("fit", str(EXAMPLE), "--plot", str(path))
    assert command(*asked).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    again = command(*asked)
    assert (again.code, again.out, "--overwrite" in again.err) == (2, "", True)
    assert command(*asked, "--overwrite").code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kind_that_cannot_be_made_is_refused_before_anything_is_computed(
    command: Command, tmp_path: Path, name: str
) -> None:
    ran = command(COMMANDS[name][0], str(EXAMPLE), "--plot", str(tmp_path / "levels.doc"))
    assert (ran.code, ran.out) == (2, "")
    assert ".svg, .png, .html" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_without_the_library_one_line_says_so(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = command("forecast", str(EXAMPLE), "--plot", str(tmp_path / "a.svg"))
    assert (ran.code, ran.out) == (2, "")
    assert "ivigil[plots]" in ran.err


def test_a_page_says_in_a_table_what_the_picture_shows(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "levels.html"
    assert command("forecast", str(EXAMPLE), "--plot", str(path)).code == 0
    page = path.read_text()
    assert page.count("<svg") == page.count("<table>") == 1
    for said in ('role="img"', "2026-11-09", "navarromora2022", "Not cleared as a medical device"):
        assert said in page
    assert "<script" not in page
    assert "src=" not in page


def test_the_curves_drawn_are_those_of_the_estimate() -> None:
    """Bands at moments that were asked for, and the same bands out of the persons of the estimate."""
    found = fitted(4.0, 8.5)
    times = [band.time_days for band in found.bands]
    again = courses(found, (*CASE.doses, *CASE.planned), times, knowledge())
    for one, other in zip(found.bands, again.together, strict=True):
        assert (other.low, other.median, other.high) == pytest.approx((one.low, one.median, one.high))
    for model in found.models:
        assert (model.model in again.by_model) == (model.weight > 0)
    mine = next(model for model in found.models if model.model == "navarromora2022")
    assert [band.high for band in again.by_model[mine.model]] == pytest.approx([b.high for b in mine.bands])


def panels_hold(picture: Picture) -> bool:
    """No median without its band around it."""
    return all(
        low <= middle <= high
        for panel in (picture.main, *picture.beside)
        for shade in panel.shades
        for low, middle, high in zip(shade.low_g_per_l, panel.curve_g_per_l, shade.high_g_per_l, strict=True)
    ) and all(panel.shades for panel in (picture.main, *picture.beside) if panel.curve_g_per_l)


def test_no_median_stands_without_its_band() -> None:
    found = fitted()
    for picture in (fit_picture(CASE, found, knowledge()), forecast_picture(CASE, found, 8, knowledge())):
        assert panels_hold(picture)
        assert len(picture.beside) == 5


def test_planned_doses_are_told_from_given_ones() -> None:
    marks = forecast_picture(CASE, fitted(), 8, knowledge()).doses
    assert [mark.words for mark in marks] == [""] * 9 + ["planned"] * 3
    assert all(mark.words == "" for mark in fit_picture(CASE, fitted(), knowledge()).doses)


def test_an_aim_is_drawn_with_its_window_and_reaches_it() -> None:
    site = ivigil.load_knowledge(str(EXAMPLES / "site-dosing"))
    found, wanted = fitted(), FILE.wanted
    assert wanted is not None
    proposal = dose_for_trough(
        found,
        CASE,
        wanted.cycle,
        site,
        target_g_per_l=wanted.target_g_per_l,
        window_g_per_l=wanted.window_g_per_l,
        vials_g=wanted.vials_g,
    )
    sought = Sought(wanted.target_g_per_l, (), proposal, (), None)
    picture = aim_picture(CASE, found, sought, site)
    assert picture.target_g_per_l == (7, 9)
    assert picture.doses[-1].words == "proposed"
    assert 7 < picture.main.curve_g_per_l[-1] < 9
    refused = aim_picture(CASE, found, replace(sought, proposal=None, refused=("misfit",)), site)
    assert "no dose is sought" in refused.described
    assert refused.target_g_per_l == (8, 8)
    assert {mark.words for mark in refused.doses} == {""}


def test_a_misfit_stands_in_the_picture(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.svg"
    ran = command("fit", changed(tmp_path, "igg_g_per_l = 7.1", "igg_g_per_l = 1.2"), "--plot", str(path))
    assert ran.code == 3
    assert path.read_text().count("MISFIT") == 2


def test_without_a_model_the_levels_stand_alone(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.svg"
    file = changed(tmp_path, "fcrn_blockers = [] ", 'fcrn_blockers = ["Vyvgart"] ')
    assert command("fit", file, "--plot", str(path)).code == 3
    words = " ".join(ET.fromstring(path.read_text()).itertext())
    assert "no model could be fitted" in words
    assert "median" not in words


def test_a_level_below_a_limit_and_one_that_is_not_used_are_marked_as_such() -> None:
    below, late, lost = CASE.levels
    levels = (
        replace(below, limit="below"),
        late,
        replace(lost, taken=CASE.doses[4].start + (CASE.doses[4].end - CASE.doses[4].start) / 2),
    )
    asked = replace(CASE, levels=levels)
    found = estimate(MODELS, asked, (), knowledge(), 1)
    counted = [item.counted for item in fit_picture(asked, found, knowledge()).measured]
    assert counted == ["below", "used", "not_used"]
