"""Every hazard of the software itself has a control, and every control a test that exists."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HAZARDS = tomllib.loads((ROOT / "docs/software-hazards.toml").read_text())["hazard"]


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda h: h["what"][:50])
def test_a_hazard_has_a_control_with_a_test(hazard: dict[str, object]) -> None:
    tests = hazard["tests"]
    assert hazard["control"]
    assert isinstance(tests, list)
    assert tests
    for name in tests:
        path, _, function = str(name).partition("::")
        tree = ast.parse((ROOT / path).read_text())
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert any(f.startswith("test_") for f in functions)
        assert not function or function in functions, name
