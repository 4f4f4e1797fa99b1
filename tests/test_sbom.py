"""docs/sbom.cdx.json lists what a site may install, and nothing else: ``make sbom`` writes it."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from tools import sbom

BILL: dict[str, Any] = json.loads(sbom.PAGE.read_text())


def test_every_pinned_package_is_listed_and_nothing_else() -> None:
    assert sbom.listed(BILL) == sbom.pinned(), "run make sbom"
    assert len(BILL["components"]) == len(sbom.listed(BILL)) + len(sbom.debian())


def marks(name: str, component: dict[str, Any]) -> set[str]:
    return {each["value"] for each in component.get("properties", ()) if each["name"] == name}


def test_every_extra_is_pinned_and_each_package_names_the_extras_that_bring_it() -> None:
    extras = tomllib.loads(sbom.PROJECT.read_text())["project"]["optional-dependencies"]
    by_name = {sbom.folded(each["name"]): each for each in BILL["components"]}
    for extra, asked in extras.items():
        for text in asked:
            component = by_name[sbom.folded(re.split(r"[\[<>=]", text)[0])]
            assert extra in marks(sbom.EXTRA, component), (extra, text)
            assert component["scope"] == "optional"
    assert marks(sbom.EXTRA, by_name["joserfc"]) == {"oidc"}
    assert marks(sbom.EXTRA, by_name["msgspec"]) == set(), "needed without any extra"
    assert "scope" not in by_name["msgspec"]


def test_the_debian_packages_that_make_installs_are_named() -> None:
    named = {each["name"] for each in BILL["components"] if each["purl"].startswith("pkg:deb/")}
    assert named == set(sbom.debian())
    assert named >= {"chromium-headless-shell", "postgresql", "strace"}


def test_the_pins_have_hashes_and_no_address() -> None:
    text = sbom.EXTRAS.read_text()
    assert "--hash=sha256:" in text
    assert not re.search(r"://|--index|--find-links|--trusted-host", text)


def test_it_is_about_this_version() -> None:
    project = tomllib.loads((sbom.ROOT / "pyproject.toml").read_text())["project"]
    component = BILL["metadata"]["component"]
    assert (component["name"], component["version"]) == (project["name"], project["version"])
    assert component["licenses"][0]["license"]["id"] == project["license"]


PACKAGES = [each for each in BILL["components"] if "version" in each]


@pytest.mark.parametrize("component", PACKAGES, ids=lambda each: str(each["name"]))
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
