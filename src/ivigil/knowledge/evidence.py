"""What a claim rests on: sources, the kind of document, and whether it was read.

Evidence has a polarity. A weak fact may add a warning or slow a rate; it may never
set a dose, raise a rate, shorten an interval or remove a warning until a site signs it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Literal, dataclass_transform

import msgspec

Basis = Literal[
    "label",  # US prescribing information
    "smpc",  # EU, UK or other national product information and its leaflet
    "regulator",  # a regulator's notice
    "programme",  # binding national or provincial programme criteria
    "guideline",  # professional society or handbook of a national body
    "paper",  # trial, cohort, case series, meta-analysis
    "review",  # review, textbook, drug reference, compendium
    "protocol",  # a hospital's protocol or order set
    "manufacturer",  # a maker's page, chart or calculator
    "patient_info",  # information written for patients
    "standard",  # terminology or formal standard (CTCAE, LOINC, UCUM, ICH)
    "digest",  # machine-written digest, unsigned page, news report
    "synthesis",  # our own reasoning, cut-off, mapping or memory
]

WEAK_BASES: frozenset[str] = frozenset({"digest", "synthesis"})


class RecordMeta(msgspec.StructMeta):
    """Gives every record the same options, so that a record is declared in one line."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> RecordMeta:
        defaults = {"frozen": True, "kw_only": True, "forbid_unknown_fields": True, "omit_defaults": True}
        return super().__new__(cls, name, bases, namespace, **(defaults | options))


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, metaclass=RecordMeta, frozen=True):
    """Base of everything that is authored in TOML: frozen, by keyword, no unknown keys."""


class Source(Record):
    """A document. ``id`` is what facts cite."""

    id: str
    title: str
    publisher: str = ""
    version: str = ""
    """Edition, revision or date of the document as printed; empty if not recorded."""
    url: str = ""
    extent: str = ""
    """How much of it was read ("abstract", "sections 2 and 5", "full")."""
    note: str = ""


class Fact(Record):
    """One claim with its evidence. Every clinical record extends this."""

    id: str
    basis: Basis
    seen: bool
    """True only if the claim was read in a listed source."""
    sources: tuple[str, ...] = ()
    locator: str = ""
    """Where in the source: section, table, row."""
    note: str = ""
    derived: bool = False
    """Arithmetic on seen figures, not printed in a source."""
    superseded: bool = False
    """A newer edition replaced it: it is shown and permits nothing, signed or not."""
    superseded_by: str = ""
    """Id of the fact that replaced it, where there is one here; it needs no ``superseded`` beside it."""

    @property
    def replaced(self) -> bool:
        """True if a newer edition says otherwise."""
        return self.superseded or bool(self.superseded_by)

    @property
    def weak(self) -> bool:
        """True if the claim may only warn or restrict: unseen, or a digest or our synthesis."""
        return not self.seen or self.basis in WEAK_BASES


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A source as a plan shows it."""

    id: str
    title: str
    publisher: str = ""
    version: str = ""
    url: str = ""


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence of one fact as a plan shows it, with its documents."""

    basis: str
    seen: bool
    documents: tuple[Document, ...]
    locator: str = ""
    note: str = ""
    signed: bool = False


class Signature(Record):
    """One person's signature under one fact, as it was when signed."""

    fact: str
    fingerprint: str
    by: str
    role: str
    date: dt.date

    @property
    def signer(self) -> str:
        return signer_named(self.by)


def signer_named(name: str) -> str:
    """A person's name without case and spaces: whoever signs twice is one person."""
    return "".join(name.casefold().split())


def fingerprint(record: Record) -> str:
    """Hash of a record's content; a site's signature is bound to it and lapses with it."""
    return hashlib.sha256(msgspec.json.encode(record, order="sorted")).hexdigest()
