"""The documents say what is there: files, scenarios and commands that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivigil.cli.main import COMMANDS
from tests.support.command import Command
from tests.support.orders import knowledge
from tools.kinetics_models import PAGE, written

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "tests/scenarios"
COVERAGE = (ROOT / "docs/coverage.md").read_text()
ROWS = [line for line in COVERAGE.splitlines() if line.startswith("| ") and "the sheet says" not in line]
SHOWN_BY = [(row.split("|")[1].strip(), row.split("|")[3]) for row in ROWS]


@pytest.mark.parametrize(("sentence", "shown"), SHOWN_BY, ids=[s[:40] for s, _ in SHOWN_BY])
def test_every_sentence_of_the_fact_sheet_is_shown_by_something_that_exists(
    sentence: str, shown: str
) -> None:
    named = re.findall(r"`([^`]+)`", shown)
    assert named, sentence
    for name in named:
        if name.endswith(".py"):
            assert (ROOT / "tests" / name).exists(), name
        else:
            assert list(SCENARIOS.glob(f"{name}.toml")), name


def test_the_fact_sheet_is_covered_whole() -> None:
    """36 statements in the sheet's order: a row was not lost."""
    assert len(ROWS) >= 36


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))])
def test_links_and_paths_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    here = (ROOT / document).parent
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (here / target).exists(), target


def test_the_readme_shows_what_is_printed(command: Command) -> None:
    """Each stretch between two "..." is in the output, in this order."""
    shown = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    printed = command("plan", str(ROOT / "examples/dermatomyositis.toml")).out
    place = 0
    for stretch in re.split(r"^ *\.\.\.\n|\n\n", shown.group(1), flags=re.MULTILINE):
        place = printed.find(stretch.rstrip(), place)
        assert place >= 0, stretch


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert f"`ivigil {command}" in text or f"`{command}`" in text, command


def test_the_page_of_kinetic_models_is_that_of_the_facts() -> None:
    """Its tables are made by tools/kinetics_models.py."""
    page = PAGE.read_text()
    assert written(page, knowledge()) == page
