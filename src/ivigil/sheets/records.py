"""Any record of the fact base in words: one line, or every field."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.logic import When
from ivigil.knowledge.vocabulary import Term
from ivigil.sheets import words
from ivigil.sheets.spoken import say

_EVIDENCE = frozenset(Fact.__struct_fields__) - {"superseded", "superseded_by"}
_SPEAKS = frozenset(
    {"name", "text", "what", "test", "drug", "agent", "question", "measure", "authority", "title", "item"}
)
"""Fields whose value needs no label in one line."""


def kind(record: Record) -> str:
    """The kind of a record: "label use", "rate cap"."""
    return say(_kind(type(record)))


def field(name: str) -> str:
    """A field's name in words."""
    return say(_field(name))


def names() -> Iterator[str]:
    """Every kind and every field's name, as they stand in English: what the catalogue has to know."""
    for each in sorted(_kinds(Record), key=lambda found: found.__name__):
        yield _kind(each)
        yield from map(_field, each.__struct_fields__)


def _kinds(of: type[Record]) -> Iterator[type[Record]]:
    for each in of.__subclasses__():
        yield each
        yield from _kinds(each)


def _kind(of: type[Record]) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in of.__name__).strip()


def _field(name: str) -> str:
    return name.strip("_").replace("_", " ")


def summary(record: Record, terms: Mapping[str, Term]) -> str:
    """One line: what the record says, without its evidence and the facts inside it."""
    parts = [text if name in _SPEAKS else f"{field(name)} {text}" for name, text in rows(record, terms)]
    return ", ".join(parts).replace("\n", "; ")


def rows(record: Record, terms: Mapping[str, Term]) -> Iterator[tuple[str, str]]:
    """(field, value in words) for every field that is set, without evidence and facts inside."""
    for item in msgspec.structs.fields(record):
        value = getattr(record, item.name)
        if item.name in _EVIDENCE or value == item.default or value in (None, ()):
            continue
        if isinstance(value, tuple) and isinstance(value[0], Fact):
            continue
        yield item.name, value_text(value, terms)


def value_text(value: object, terms: Mapping[str, Term]) -> str:
    """A value as it stands: numbers with their decimals, conditions and small records in words."""
    match value:
        case bool():
            return say("yes") if value else say("no")
        case Decimal():
            return f"{value:f}"
        case When():
            return words.condition(value, terms)
        case Record():
            return summary(value, terms)
        case tuple():
            separator = "; " if value and isinstance(value[0], Record) else ", "
            return separator.join(value_text(item, terms) for item in value)
        case dict():
            return "\n".join(f"{key} = {text}" for key, text in value.items())
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def parts(record: Record) -> tuple[Fact, ...]:
    """The facts that lie directly inside a record."""
    found: list[Fact] = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        found += [
            item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Fact)
        ]
    return tuple(found)
