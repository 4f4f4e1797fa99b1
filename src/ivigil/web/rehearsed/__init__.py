"""Fictional patients for the demonstration: an order each, and how long ago its first infusion began."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ivigil.intake.reading import parse_order
from ivigil.knowledge.store import Knowledge
from ivigil.practice.rehearsal import Part, Reached

_FOLDER = Path(__file__).parent
SITE = _FOLDER / "site"
"""Overlay of the fictional centre."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    begun_minutes_ago: int
    """Of the first infusion; below 0: it is still to come."""
    order: dict[str, Any]
    """As in an order's file; every date but a birth moves with the start."""
    reached: Reached = "released"
    scenario: str = "quiet"
    seed: int = 1
    chair: str = ""


def parts(knowledge: Knowledge, now: dt.datetime) -> tuple[Part, ...]:
    """Every fictional patient, their dates moved to ``now``."""
    found = sorted(_FOLDER.glob("*.toml"))
    return tuple(_part(path.read_text(encoding="utf-8"), knowledge, now) for path in found)


def _part(text: str, knowledge: Knowledge, now: dt.datetime) -> Part:
    script = msgspec.convert(tomllib.loads(text, parse_float=Decimal), _Script)
    start = now - dt.timedelta(minutes=script.begun_minutes_ago)
    moved = _moved(script.order, start.date() - script.order["start"].date())
    told = _ENCODER.encode({**moved, "start": start})
    return Part(
        order=parse_order(told, "json", knowledge),
        name=script.name,
        reached=script.reached,
        scenario=script.scenario,
        seed=script.seed,
        chair=script.chair,
    )


def _moved(value: Any, by: dt.timedelta, key: str = "") -> Any:
    """The same table with every date moved; an age stays what it is."""
    if isinstance(value, dict):
        return {name: _moved(inner, by, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    return value + by if isinstance(value, dt.date) and key != "birth_date" else value
