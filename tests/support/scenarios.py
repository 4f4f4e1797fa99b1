"""Scenario files: an order, what the plan must show, and the source of that expectation.

``tests/scenarios/README.md`` describes the format for the person who writes one.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parents[1] / "scenarios"
OWN_FORMAT = ("aftercare", "chair", "kinetics", "reports", "triage", "windows")
"""Folders whose files are no plans; each has a reader of its own."""
BOUNDS = ("at_least", "at_most", "above", "below")
PARTS = ("has", "lacks", "count")

Table = dict[str, Any]


class ScenarioError(ValueError):
    """A scenario file that breaks the format; says which file and why."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order and what is expected of it."""

    title: str
    source: list[str] | str
    order: Table | str
    """A table as in an order file, or the very text of one (for orders that are malformed)."""
    expect: Table
    note: str = ""
    format: str = "toml"
    """Of an order given as text: "toml" or "json"."""
    unasked: list[str] = []
    """Flags that nobody asked; every other flag of the vocabulary was, and is absent unless present."""
    site: Table = {}
    """Records of a site overlay."""
    levels: Table = {}
    """Doses and measured levels of the patient, as in their file: the order is made individual first."""
    disputed: str = ""
    """Why the planner is known to disagree; the scenario must then fail."""

    @property
    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else self.source

    def order_text(self, flags: Iterable[str]) -> tuple[bytes, str]:
        """The order as the bytes of a file, and the format of that file. ``flags``: all that can be asked."""
        if isinstance(self.order, str):
            return self.order.encode(), self.format
        order = self.order
        if self.unasked:
            present = order.get("screening", {}).get("present", [])
            absent = [flag for flag in flags if flag not in (*present, *self.unasked)]
            order = {**order, "screening": {"complete": False, "present": present, "absent": absent}}
        return json_text(order).encode(), "json"


def read(path: Path) -> list[Scenario]:
    """The scenarios of one file: the file itself, or each of its cases laid over it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        cases = table.pop("case", None)
        tables = [table] if cases is None else [laid_over(table, case) for case in cases]
        return [msgspec.convert(item, Scenario) for item in tables]
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScenarioError(f"{path.name}: {error}") from error


def read_all(folder: Path = FOLDER) -> dict[str, Scenario]:
    """Every scenario of a plan by its name: path without suffix, and the number of the case."""
    found: dict[str, Scenario] = {}
    others = {path for name in OWN_FORMAT for path in folder.glob(f"{name}/*")}
    for path in sorted(set(folder.rglob("*.toml")) - others):
        scenarios = read(path)
        name = path.relative_to(folder).with_suffix("").as_posix()
        numbered = len(scenarios) > 1
        found.update((f"{name}-{i}" if numbered else name, item) for i, item in enumerate(scenarios, 1))
    return found


def view(plan: Table) -> Table:
    """The plan as JSON, with a few figures that a pharmacist reads first."""
    days = plan["days"]
    rates = [step["rate_ml_per_h"] for day in days for step in day["steps"]]
    weight = plan["order"]["patient"]["weight_kg"]
    short: Table = {
        "exit": 3 if plan["status"] == "blocked" else 0,
        "grams": sum((day["grams"] for day in days), Decimal(0)),
        "day_grams": [day["grams"] for day in days],
        "day_minutes": [day["duration_min"] for day in days],
        "rates_ml_per_h": [step["rate_ml_per_h"] for step in days[0]["steps"]] if days else [],
        "sites": days[0]["sites"] if days else [],
        "vials": [{"grams": v["grams"], "count": v["count"]} for v in days[0]["vials"]] if days else [],
    }
    if rates:
        short["highest_rate_ml_per_h"] = max(rates)
        short["highest_rate_ml_per_kg_h"] = max(rates) / Decimal(weight)
    return {**plan, **short}


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Every way in which ``found`` is not as expected, each with its path."""
    match expected:
        case dict() if expected and set(expected) <= set(BOUNDS):
            yield from _bounds(expected, found, path)
        case dict() if expected and set(expected) <= set(PARTS):
            yield from _parts(expected, found, path)
        case dict() if isinstance(found, dict):
            for key, value in expected.items():
                place = f"{path}.{key}" if path else key
                if key in found:
                    yield from differences(value, found[key], place)
                else:
                    yield f"{place}: expected {_shown(value)}, the plan has none"
        case list() if isinstance(found, list):
            yield from _same_list(expected, found, path)
        case _ if not _equal(expected, found):
            yield f"{path}: expected {_shown(expected)}, found {_shown(found)}"


def _bounds(expected: Table, found: Any, path: str) -> Iterator[str]:
    number = len(found) if isinstance(found, list) else found
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        yield f"{path}: expected a number, found {_shown(found)}"
        return
    holds = {
        "at_least": lambda limit: number >= limit,
        "at_most": lambda limit: number <= limit,
        "above": lambda limit: number > limit,
        "below": lambda limit: number < limit,
    }
    for name, limit in expected.items():
        if not holds[name](limit):
            yield f"{path}: expected {name} {limit}, found {_shown(number)}"


def _parts(expected: Table, found: Any, path: str) -> Iterator[str]:
    if not isinstance(found, list):
        yield f"{path}: expected a list, found {_shown(found)}"
        return
    for item in expected.get("has", []):
        if not any(_matches(item, entry) for entry in found):
            yield f"{path}: expected {_shown(item)} among {_names(found)}"
    for item in expected.get("lacks", []):
        if any(_matches(item, entry) for entry in found):
            yield f"{path}: expected no {_shown(item)}"
    if "count" in expected:
        yield from differences(expected["count"], len(found), f"{path} (count)")


def _same_list(expected: list[Any], found: list[Any], path: str) -> Iterator[str]:
    if len(expected) != len(found):
        yield f"{path}: expected {len(expected)} ({_shown(expected)}), found {len(found)} ({_names(found)})"
        return
    for place, (item, entry) in enumerate(zip(expected, found, strict=True)):
        yield from differences(item, entry, f"{path}[{place}]")


def _matches(expected: Any, found: Any) -> bool:
    return next(differences(expected, found), None) is None


def _equal(expected: Any, found: Any) -> bool:
    """Equal values; a word stands for the record of that id or code, one item for a list that holds it."""
    if isinstance(found, list):
        if isinstance(expected, int) and not isinstance(expected, bool):
            return len(found) == expected
        return any(_matches(expected, entry) for entry in found)
    if isinstance(found, dict) and isinstance(expected, str):
        return expected in (found.get("id"), found.get("code"), found.get("field"))
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    return bool(expected == found)


def _names(found: list[Any]) -> str:
    names = [_name(item) for item in found]
    return _shown(names)


def _name(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return next((item[key] for key in ("id", "code", "field", "drug", "kind") if key in item), item)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal | str) else json_text(value)
    return text if len(text) <= 600 else text[:599] + "…"


def json_text(value: Any) -> str:
    """JSON text that keeps the digits of a number; dates become text."""
    return "".join(_json(value))


def _json(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield "{" + ", ".join(f"{json.dumps(k)}: {''.join(_json(v))}" for k, v in value.items()) + "}"
        case list():
            yield "[" + ", ".join("".join(_json(item)) for item in value) + "]"
        case Decimal():
            yield str(value)
        case dt.datetime() | dt.date():
            yield json.dumps(value.isoformat())
        case _:
            yield json.dumps(value)


def laid_over(below: Table, above: Table) -> Table:
    """Tables merge, everything else replaces; a case's title follows the title of its file."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if key == "title" and isinstance(old, str):
            merged[key] = f"{old}: {value}"
        else:
            merged[key] = (
                laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
            )
    return merged
