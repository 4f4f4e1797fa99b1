"""Collecting faults, and showing what was seen without trusting it."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable
from typing import Any

from ivigil.intake.text import Number
from ivigil.order import Fault, OrderError
from ivigil.told import Text, tell

SHOWN = 60
"""Characters of a value that a fault repeats."""
MISSING = tell("missing")


class Faults:
    """The faults found so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(
        self,
        field: str,
        value: Text,
        accepted: Text,
        *,
        near: Iterable[str] = (),
        log: str = "",
        confirm: str = "",
    ) -> None:
        """Note one fault; the same fault is noted once. ``log``, ``confirm``: as in ``Fault``."""
        fault = Fault(field, value, accepted, tuple(near), log, confirm)
        if fault not in self._found:
            self._found.append(fault)

    def raise_if_any(self) -> None:
        """Raise OrderError with everything found, if anything was."""
        if self._found:
            raise OrderError(tuple(self._found))


def join(path: str, key: str) -> str:
    """The path of a key: "patient.weight_kg"; the key alone at the top."""
    return f"{path}.{key}" if path else key


def show(value: Any) -> str:
    """A value as it was written, on one line, cut short, without control characters."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return _short(value.text)
        case str():
            return f'"{_short(value)}"'
        case dt.date() | dt.time():
            return value.isoformat()
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            return _short(str(value))


def show_key(key: str) -> str:
    """A key as it was written, made as harmless as a value."""
    return _short(key) or '""'


def is_plain(text: str) -> bool:
    """True for one line of visible characters and spaces: no controls, line breaks, half characters."""
    return all(c.isprintable() or unicodedata.category(c) == "Zs" for c in text)


def _short(text: str) -> str:
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)
