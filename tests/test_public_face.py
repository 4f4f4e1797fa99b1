"""The public face: what README and design show works as it is written, and costs a plan nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ivigil

ROOT = Path(__file__).parents[1]
SNIPPETS = {
    f"{path.relative_to(ROOT)}-{place}": text
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    for place, text in enumerate(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL))
    if "import ivigil" in text
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_runs_as_it_stands(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("IVIGIL_SITE", raising=False)
    exec(compile(SNIPPETS[name], name, "exec"), {"__name__": "snippet"})


def test_there_are_snippets_of_plan_and_levels() -> None:
    text = "\n".join(SNIPPETS.values())
    for name in ("read_order", "plan", "why", "infusion.replay", "infusion.advise", "aftercare.triage"):
        assert f"ivigil.{name}(" in text, name
    assert "ivigil.kinetics.estimate(" in text
    assert "ivigil.kinetics.dose_for_trough(" in text
    assert "ivigil.individualise(" in text


def test_every_public_name_is_there() -> None:
    for name in ivigil.__all__:
        assert getattr(ivigil, name) is not None
    assert callable(ivigil.infusion.replay)
    assert callable(ivigil.infusion.advise)
    assert callable(ivigil.aftercare.triage)
    assert callable(ivigil.kinetics.estimate)
    assert callable(ivigil.kinetics.dose_for_trough)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    unknown: Any = ivigil
    with pytest.raises(AttributeError, match="no attribute 'kinetic'"):
        unknown.kinetic  # noqa: B018


def test_a_plan_loads_none_of_the_rooms_beside_it() -> None:
    code = (
        "import sys, ivigil; ivigil.plan(ivigil.read_order('examples/kawasaki.toml')); "
        "rooms = {f'ivigil.{room}' for room in ivigil.ROOMS}; sys.exit(len(rooms & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_rooms_are_there_whatever_was_imported_first() -> None:
    """A submodule of the same name never hides the function."""
    code = (
        "import ivigil.kinetics.estimate, ivigil.aftercare.triage, ivigil.infusion.replay; import ivigil; "
        "rooms = (ivigil.kinetics.estimate, ivigil.aftercare.triage, ivigil.infusion.replay); "
        "assert all(map(callable, rooms))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
