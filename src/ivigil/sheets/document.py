"""A document as a value: what a report, letter or card says, before it is text or a PDF.

Free text of people may hold anything. It is cleaned here, once, for both renderings.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ivigil.knowledge.wording import ENGLISH
from ivigil.sheets.spoken import say

Paper = Literal["a4", "us-letter"]

_LETTER = frozenset({"US", "CA"})
"""Where the office paper is Letter; elsewhere it is A4."""

_UNSEEN = "\ufffd"
_BREAKS = ("\n", "\t")
_CONTROL = frozenset({"Cc", "Cs"})
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make a reader see the letters in another order than they stand in."""


class NoDocumentError(Exception):
    """No such document may be written; the message says what is missing."""


class Block(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of the parts of a document."""


class Section(Block, frozen=True, tag="section"):
    """A heading over what follows."""

    title: str


class Paragraph(Block, frozen=True, tag="paragraph"):
    text: str
    strong: bool = False


class Bullets(Block, frozen=True, tag="bullets"):
    items: tuple[str, ...]


class Rows(Block, frozen=True, tag="rows"):
    """Labelled values."""

    rows: tuple[tuple[str, str], ...]


class Columns(Block, frozen=True, tag="columns"):
    """A table under its heads. ``widths`` in characters of 80; None takes the rest."""

    heads: tuple[str, ...]
    widths: tuple[int | None, ...]
    rows: tuple[tuple[str, ...], ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole document. It holds no time but the date that it was given."""

    title: str
    date: dt.date
    paper: Paper
    shape: Literal["page", "card"] = "page"
    """card: a frame of the width of a bank card, to be cut out and folded."""
    alert: str = ""
    """What must be seen first."""
    language: str | UnsetType = UNSET
    """ISO 639-1 code of another language than English: for who hears it read. English leaves no trace."""
    blocks: tuple[Section | Paragraph | Bullets | Rows | Columns, ...]
    foot: str = ""


def needed(values: Mapping[str, str]) -> None:
    """Raises NoDocumentError with the names of all that are empty."""
    missing = [name for name, value in values.items() if not value.strip()]
    if missing:
        raise NoDocumentError(say("missing: {what}", what=", ".join(missing)))


def written_in(code: str) -> str | UnsetType:
    """The language of a document by its code."""
    return UNSET if code == ENGLISH else code


def language(document: Document) -> str:
    """The code of a document's language."""
    return ENGLISH if isinstance(document.language, UnsetType) else document.language


def paper(lineage: tuple[str, ...]) -> Paper:
    """The office paper of a jurisdiction, given with all that it lies in."""
    return "us-letter" if _LETTER.intersection(lineage) else "a4"


# Learnt by msgspec before threads meet it: see records/kinds.py.
msgspec.json.Decoder(Document)


def cleaned(document: Document) -> Document:
    """The document without signs that would steer a terminal or turn the text around."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(document)), Document)


def fingerprint(document: Document) -> str:
    """SHA-256 of the cleaned content: the same document, the same text."""
    return hashlib.sha256(msgspec.json.encode(cleaned(document), order="deterministic")).hexdigest()


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _cleaned(each) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each) for each in value]
    return value


def printable(text: str) -> str:
    """The text with every sign that is not for reading shown as U+FFFD."""
    lines = text.replace("\r\n", "\n").expandtabs(1)
    return "".join(_UNSEEN if _steers(sign) else sign for sign in lines)


def _steers(sign: str) -> bool:
    return sign in _TURNS_TEXT or (unicodedata.category(sign) in _CONTROL and sign not in _BREAKS)
