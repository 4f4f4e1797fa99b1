"""A language that nobody speaks, signed by a site for its staff: every text in «guillemets».

What stands on a page outside guillemets did not go through the catalogue: it has to be data.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec

from ivigil.cli.texts import said, skeleton
from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.wording import Translation
from ivigil.sheets.spoken import Language
from tests.support.orders import knowledge
from tests.support.signing import TWO, signature

CODE = "xx"
_INNER = re.compile(r"«[^«»]*»|\{\w+\}")
"""What was said, and the places of a text that the page's own script fills in."""
_BETWEEN = re.compile(r"[\s\d³⁹.,;:·()\[\]/=+×≥≤≈<>%&?!→←↑↓■▲●✓…–—|°'’“”\"#*-]+")
UNITS = frozenset(
    (
        "i",  # the sign of a notice
        "mL",
        "L",
        "h",
        "g",
        "kg",
        "min",
        "s",
        "mg",
        "mcg",
        "ug",
        "dL",
        "mmHg",
        "C",
        "F",
        "cm",
        "d",
        "mmol",
        "mOsm",
        "umol",
        "µmol",
        "µg",
        "U",
        "IU",
        "IgG",
        "Ivigil",
        "lb",
        "m",
        "uL",
        "µL",
        "x",
        "m²",
    )
)
_UNREAD = ("script", "style", "metadata")
_EMPTY = (
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
)
"""Elements without an end."""
_PARTS = re.compile(r"[(),:]")
_WORDS_OF_PATIENTS = ("said_as",)
"""Held against what somebody writes; any word of English is among them."""
_TOLD = ("aria-label", "title", "placeholder", "alt", "aria-description")


def overlay(folder: Path, *, strict: bool = False) -> str:
    """A site's folder with that language, made as a site makes it: all that staff read, filled in, signed.

    ``strict``: the values of a text stand outside its guillemets, so that they have to be said or data too.
    """
    text = skeleton(CODE, {english: _strict(english) if strict else f"«{english}»" for english in said()})
    made = msgspec.convert(tomllib.loads(text)["translation"][0], Translation)
    names = "".join(signature(made.id, fingerprint(made), who) for who in TWO)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "staff.toml").write_text(f"{text}\n{names}")
    return str(folder)


@contextmanager
def nothing_missed() -> Iterator[None]:
    """Whatever is said inside it stands in the catalogue: also what a sentence around it would hide."""
    missed: set[str] = set()
    real = Language.__getitem__

    def looked_up(self: Language, english: str) -> str:
        try:
            return real(self, english)
        except KeyError:
            if self.code == CODE and not {each for each in _BETWEEN.split(english) if each} <= UNITS:
                missed.add(english)
            raise

    Language.__getitem__ = looked_up  # type: ignore[method-assign]
    try:
        yield
    finally:
        Language.__getitem__ = real  # type: ignore[method-assign]
    assert not missed, f"said, and not found by ivigil texts: {sorted(missed)}"


def _strict(english: str) -> str:
    parts = re.split(r"(\{\w+\})", english)
    return "".join(part if part[:1] == "{" or not part else f"«{part}»" for part in parts)


def unsaid(page: str, *data: str) -> list[str]:
    """What a page shows outside guillemets that is not made of facts, units, numbers and ``data``."""
    reader = _Reader()
    reader.feed(page)
    known = _facts() | {_plain(text) for text in data}
    return [text for text in reader.texts if not all(_known(rest, known) for rest in _outside(text))]


def _known(text: str, known: frozenset[str]) -> bool:
    """Is it nothing but what is known, one after the other?"""
    words = [word for word in _BETWEEN.split(text) if word]
    reached = {0}
    for end in range(1, len(words) + 1):
        if words[end - 1] in UNITS and end - 1 in reached:
            reached.add(end)
        if any(" ".join(words[start:end]) in known for start in reached):
            reached.add(end)
    return len(words) in reached


def _outside(text: str) -> Iterator[str]:
    """What is left when the guillemets are taken out, from the innermost on."""
    while (less := _INNER.sub("\x00", text)) != text:
        text = less
    for rest in text.split("\x00"):
        if any(map(str.isalpha, rest)):
            yield rest


def _plain(text: str) -> str:
    return " ".join(_BETWEEN.split(text)).strip()


@cache
def _facts() -> frozenset[str]:
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.update((_plain(value), _plain(value[:1].upper() + value[1:])))
        elif isinstance(value, dict):
            for key, each in value.items():
                if key not in _WORDS_OF_PATIENTS:
                    walk(each)
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each)

    facts = knowledge().facts
    walk(
        msgspec.to_builtins(
            {name: getattr(facts, name) for name in facts.__struct_fields__ if name != "translation"}
        )
    )
    told = (
        part for each in knowledge().sources.values() for part in (each.title, each.publisher, each.version)
    )
    found |= {_plain(part) for text in told for part in _PARTS.split(text)}
    return frozenset(found)


class _Reader(HTMLParser):
    """The texts of a page as somebody hears or reads them.

    A sentence with elements in it is several texts: those between its first guillemet and its last are
    inside, what the elements say is looked at by itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0
        self._open = [0]
        """Guillemets that are open in each element around, by the texts directly in it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in _TOLD and value]
        self._silent += tag in _UNREAD
        if tag not in _EMPTY:
            self._open.append(0)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _UNREAD
        if tag not in _EMPTY:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        before = self._open[-1]
        after = self._open[-1] = before + data.count("«") - data.count("»")
        if data.strip() and not self._silent:
            self.texts.append(f"{'«' * before}{data.strip()}{'»' * after}")
