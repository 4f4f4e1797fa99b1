"""docs/kinetics-levels.md shows what is printed: every line of its examples, in order."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.command import Command
from tests.support.individual import LEVELS, ORDER, SITE

PAGE = (Path(__file__).parents[1] / "docs/kinetics-levels.md").read_text()
SHOWN = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
CONVERT = ("convert", "--grams", "25", "--every-weeks", "4", "--product", "hizentra-20-us")
ANTIBODY = "\n[antibody]\nunits_per_g = 12\nbelow_units_per_l = 10\n"


def test_the_page_shows_what_is_printed(command: Command, tmp_path: Path) -> None:
    with_antibody = tmp_path / "levels.toml"
    with_antibody.write_text(LEVELS.read_text() + ANTIBODY)
    site = ("--site", str(SITE))
    asked = (
        ("plan", str(ORDER), "--levels", str(LEVELS), *site),
        (*CONVERT, "--levels", str(LEVELS), *site),
        ("forecast", str(with_antibody)),
    )
    for shown, command_line in zip(SHOWN, asked, strict=True):
        assert shown.rstrip() in command(*command_line).out
