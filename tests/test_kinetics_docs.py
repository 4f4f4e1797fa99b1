"""docs/kinetics.md shows what its commands give."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.support.command import Command
from tools.kinetics_plots import COMMANDS, PLOTS, draw

PAGE = (PLOTS.parent / "kinetics.md").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_picture_stands_under_the_command_that_draws_it(name: str) -> None:
    command, picture = PAGE.index(f"    ivigil {COMMANDS[name]}\n"), PAGE.index(f"](plots/{name}.svg)")
    assert command < picture
    assert "    ivigil " not in PAGE[command + 1 : picture]


def test_no_picture_is_left_over() -> None:
    assert {path.name for path in PLOTS.iterdir()} == {f"{name}.svg" for name in COMMANDS}
    assert set(re.findall(r"plots/(\w+)\.svg", PAGE)) == set(COMMANDS)


def test_the_pictures_say_what_they_say_when_drawn_now(tmp_path: Path) -> None:
    """Titles, descriptions with their figures, legends."""
    pytest.importorskip("matplotlib")
    draw(tmp_path)
    for name in COMMANDS:
        kept, new = (ET.parse(folder / f"{name}.svg").getroot() for folder in (PLOTS, tmp_path))
        words = [[text.strip() for text in drawn.itertext() if text.strip()] for drawn in (kept, new)]
        assert words[0] == words[1]


def figures(command: Command, *asked: str) -> str:
    return " ".join(command(*asked).out.split())


def test_the_figures_of_the_page_are_those_of_the_commands(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PLOTS.parents[1])
    simulated, forecast, aimed = (figures(command, *COMMANDS[name].split()) for name in COMMANDS)
    for output, shown, told in (
        (simulated, "84 8.5 8.2 7.3 to 9.5 6.2 to 11.3 81 %", "8.2 g/L on day 84 with 81 %"),
        (simulated, "140 6.1 5.9 5.3 to 7.1 4.6 to 8.8 28 %", "5.9 g/L with 28 %"),
        (forecast, "2026-11-09 09:30 7.3 6.2 to 8.4", "7.3 g/L, 90 % band 6.2 to 8.4"),
        (aimed, "Exact dose 29 g (23 to 41)", "29 g (23 to 41"),
        (aimed, "-> 30 28 8.2 (6.9 to 9.5) 17.2 (13 to 22.5) 74 %", "74 %"),
    ):
        assert shown in output
        assert told in " ".join(PAGE.split())
