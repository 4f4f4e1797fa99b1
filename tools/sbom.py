"""Write docs/sbom.cdx.json, what a site may install: python -m tools.sbom.

CycloneDX's own tool reads the environment; kept of it is what requirements/run.txt pins (``make run``) and
requirements/extras.txt (the extras that a site asks for), each package with the extras that bring it. Beside
them stand the Debian packages that the Makefile installs, by name. Addresses are left out, so that no
mirror's or host's name is in it, and nothing that a second run would write otherwise.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import metadata, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/sbom.cdx.json"
RUN, EXTRAS = ROOT / "requirements/run.txt", ROOT / "requirements/extras.txt"
MAKEFILE, PROJECT = ROOT / "Makefile", ROOT / "pyproject.toml"
EXTRA, NEEDED_BY = "ivigil:extra", "ivigil:needed-by"
"""Properties of a component."""
_DEBIAN = re.compile(r"apt-get install -y ([a-z0-9.+-]+)")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Name and version of each pinned package; names as they are compared."""
    return {folded(name): version for name, version in _PIN.findall(text)}


def pinned() -> dict[str, str]:
    """What a site may install. Raises ValueError if one package is pinned to two versions."""
    run, extras = (pins(path.read_text()) for path in (RUN, EXTRAS))
    apart = sorted(name for name in run.keys() & extras.keys() if run[name] != extras[name])
    if apart:
        raise ValueError(f"pinned to two versions: {', '.join(apart)}; make lock")
    return run | extras


def extras_of(name: str = "ivigil") -> dict[str, tuple[str, ...]]:
    """Package -> the extras that bring it, where the package is not needed without one."""
    asked = [Requirement(each) for each in requires(name) or ()]
    named = sorted(metadata(name).get_all("Provides-Extra") or ())
    bare = _brought(each for each in asked if _wanted(each, ""))
    found: dict[str, list[str]] = {}
    for extra in named:
        for package in _brought(each for each in asked if _wanted(each, extra)) - bare:
            found.setdefault(package, []).append(extra)
    return {package: tuple(extras) for package, extras in found.items()}


def _wanted(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _brought(asked: Iterable[Requirement]) -> set[str]:
    """The packages asked for and all that they need in turn."""
    found: set[str] = set()
    todo = [(folded(each.name), frozenset(each.extras)) for each in asked]
    seen = set(todo)
    while todo:
        name, extras = todo.pop()
        found.add(name)
        for text in requires(name) or ():
            each = Requirement(text)
            step = folded(each.name), frozenset(each.extras)
            if step not in seen and any(_wanted(each, extra) for extra in (*extras, "")):
                seen.add(step)
                todo.append(step)
    return found


def debian() -> tuple[str, ...]:
    """The Debian packages that the Makefile installs where they are missing."""
    return tuple(sorted(set(_DEBIAN.findall(MAKEFILE.read_text()))))


def _debian_component(name: str) -> dict[str, Any]:
    return {
        "bom-ref": f"debian:{name}",
        "name": name,
        "properties": [{"name": NEEDED_BY, "value": "make"}],
        "purl": f"pkg:deb/debian/{name}",
        "scope": "optional",
        "type": "application",
    }


def _marked(component: dict[str, Any], extras: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """With the extras that bring it; a site does without it if it asks for none of them."""
    by = extras.get(folded(component["name"]), ())
    if not by:
        return component
    properties = [*component.get("properties", ()), *({"name": EXTRA, "value": extra} for extra in by)]
    return component | {"properties": properties, "scope": "optional"}


def folded(name: str) -> str:
    """A package's name without what does not tell it from others: case, hyphens, dots."""
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(bill: dict[str, Any]) -> dict[str, str]:
    """Name and version of each Python package."""
    packages = (each for each in bill["components"] if "version" in each)
    return {folded(each["name"]): each["version"] for each in packages}


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
    about = ["--pyproject", str(PROJECT), "--mc-type", "application", sys.executable]
    bill: dict[str, Any] = json.loads(subprocess.run([*tool, *about], check=True, capture_output=True).stdout)
    return bill


if __name__ == "__main__":
    bill = kept(_environment(), pinned())
    extras = extras_of()
    bill["components"] = [
        *(_marked(each, extras) for each in bill["components"]),
        *map(_debian_component, debian()),
    ]
    PAGE.write_text(json.dumps(bill, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{PAGE.relative_to(ROOT)}: {len(bill['components'])} packages")
