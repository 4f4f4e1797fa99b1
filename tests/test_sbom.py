"""docs/sbom.cdx.json lists what ``make run`` installs, and nothing else: ``make sbom`` writes it."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from tools import sbom

BILL: dict[str, Any] = json.loads(sbom.PAGE.read_text())


def test_every_pinned_package_is_listed_and_nothing_else() -> None:
    assert sbom.listed(BILL) == sbom.pins(sbom.PINS.read_text()), "run make sbom"
    assert len(BILL["components"]) == len(sbom.listed(BILL))


def test_it_is_about_this_version() -> None:
    project = tomllib.loads((sbom.ROOT / "pyproject.toml").read_text())["project"]
    component = BILL["metadata"]["component"]
    assert (component["name"], component["version"]) == (project["name"], project["version"])
    assert component["licenses"][0]["license"]["id"] == project["license"]


@pytest.mark.parametrize("component", BILL["components"], ids=lambda each: str(each["name"]))
def test_each_has_a_licence_and_a_name_for_scanners(component: dict[str, Any]) -> None:
    assert component["licenses"]
    assert component["purl"].startswith("pkg:pypi/")
    assert component["purl"].endswith(f"@{component['version']}")


def test_it_tells_no_address_and_no_time() -> None:
    text = sbom.PAGE.read_text()
    addresses = [line for line in text.splitlines() if "://" in line]
    assert [line for line in addresses if '"$schema"' not in line] == []
    assert {"serialNumber"} & set(BILL) == set()
    assert "timestamp" not in BILL["metadata"]


def test_a_package_that_is_not_installed_as_pinned_is_told() -> None:
    bill = {
        "components": [{"name": "Some.Thing", "version": "1", "bom-ref": "a", "licenses": ["any"]}],
        "dependencies": [],
        "metadata": {"component": {"bom-ref": "root"}},
    }
    assert sbom.kept(bill, {"some-thing": "1"})["components"]
    with pytest.raises(ValueError, match="some-thing"):
        sbom.kept(bill, {"some-thing": "2"})
