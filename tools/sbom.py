"""Write docs/sbom.cdx.json, what ``make run`` installs: python -m tools.sbom.

CycloneDX's own tool reads the environment; kept of it is what requirements/run.txt pins. Addresses are left
out, so that no mirror's or host's name is in it, and nothing that a second run would write otherwise.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/sbom.cdx.json"
PINS = ROOT / "requirements/run.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Name and version of each pinned package; names as they are compared."""
    return {folded(name): version for name, version in _PIN.findall(text)}


def folded(name: str) -> str:
    """A package's name without what does not tell it from others: case, hyphens, dots."""
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(bill: dict[str, Any]) -> dict[str, str]:
    """Name and version of each component."""
    return {folded(each["name"]): each["version"] for each in bill["components"]}


def kept(bill: dict[str, Any], pinned: dict[str, str]) -> dict[str, Any]:
    """The bill with what is pinned alone, without addresses. Raises ValueError if one is not installed so."""
    components = [_licensed(each) for each in bill["components"] if folded(each["name"]) in pinned]
    made: dict[str, Any] = bill | {"components": components}
    if listed(made) != pinned:
        other = sorted(dict(pinned.items() - listed(made).items()))
        raise ValueError(f"not installed as pinned: {', '.join(other)}; make the environment anew")
    refs = {each["bom-ref"] for each in (*components, bill["metadata"]["component"])}
    made["dependencies"] = [
        each | {"dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in refs]}
        for each in bill["dependencies"]
        if each["ref"] in refs
    ]
    plain: dict[str, Any] = _without_addresses(made)
    return plain


def _licensed(component: dict[str, Any]) -> dict[str, Any]:
    """With the first line of a licence that is given as a text, which the tool passes over."""
    if component.get("licenses"):
        return component
    first = metadata(component["name"])["License"].splitlines()[0]
    return component | {"licenses": [{"license": {"acknowledgement": "declared", "name": first}}]}


def _without_addresses(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_addresses(each) for key, each in value.items() if key != "externalReferences"}
    return [_without_addresses(each) for each in value] if isinstance(value, list) else value


def _environment() -> dict[str, Any]:
    tool = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    about = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", sys.executable]
    bill: dict[str, Any] = json.loads(subprocess.run([*tool, *about], check=True, capture_output=True).stdout)
    return bill


if __name__ == "__main__":
    bill = kept(_environment(), pins(PINS.read_text()))
    PAGE.write_text(json.dumps(bill, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{PAGE.relative_to(ROOT)}: {len(bill['components'])} packages")
