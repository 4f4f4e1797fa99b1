"""``ivigil facts WORDS...``: search the fact base; an exact id shows the whole record."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.intake.numbers import whole_number
from ivigil.knowledge.conditions import Disagreement
from ivigil.knowledge.evidence import Basis, Fact, Source, fingerprint
from ivigil.knowledge.search import citing, disagreements, find
from ivigil.knowledge.store import Knowledge


class Hit(msgspec.Struct, frozen=True):
    """One find of a search."""

    id: str
    kind: str
    basis: Basis
    seen: bool
    permits: bool
    says: str


class Finds(msgspec.Struct, frozen=True):
    asked: str
    count: int
    facts: tuple[Hit, ...]


class Shown(msgspec.Struct, frozen=True):
    """One record whole. ``sign_off``: superseded | signed | local | weak | held_back | strong."""

    kind: str
    record: Fact
    permits: bool
    sign_off: str
    fingerprint: str
    sources: tuple[Source, ...]
    disagreements: tuple[Disagreement, ...]


class Document(msgspec.Struct, frozen=True):
    source: Source
    cited_by: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", metavar="WORD", nargs="+", help="words that all occur, or one exact id")
    parser.add_argument(
        "--limit", type=whole_number, default=40, metavar="N", help="facts to list (default 40)"
    )


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    asked = " ".join(options.words)
    if asked in knowledge.by_id:
        _show(knowledge.by_id[asked], knowledge, options)
    elif asked in knowledge.sources:
        _show_source(knowledge.sources[asked], knowledge, options)
    else:
        _search(asked, knowledge, options)
    return OK


def _show(fact: Fact, knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.knowledge.sign_off import sign_off_state
    from ivigil.sheets.facts import fact_sheet
    from ivigil.sheets.records import kind

    about = disagreements(knowledge, fact)
    shown = Shown(
        kind=kind(fact),
        record=fact,
        permits=knowledge.permits(fact),
        sign_off=sign_off_state(fact, knowledge),
        fingerprint=fingerprint(fact),
        sources=tuple(knowledge.sources[key] for key in fact.sources if key in knowledge.sources),
        disagreements=about,
    )
    put(shown, lambda: fact_sheet(fact, about, knowledge), as_json=options.json)


def _show_source(source: Source, knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.facts import source_sheet

    facts = citing(knowledge, source)
    put(
        Document(source, tuple(fact.id for fact in facts)),
        lambda: source_sheet(source, facts, knowledge),
        as_json=options.json,
    )


def _search(asked: str, knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.facts import FoundSheet, found_sheet
    from ivigil.sheets.records import kind, summary

    facts = find(knowledge, asked)
    if not facts:
        names = {fact.id: (fact.id, getattr(fact, "name", "")) for fact in knowledge.by_id.values()}
        raise naming.unknown("fact", asked, names)
    hits = tuple(
        Hit(f.id, kind(f), f.basis, f.seen, knowledge.permits(f), summary(f, knowledge))
        for f in facts[: options.limit]
    )
    put(
        Finds(asked, len(facts), hits),
        lambda: found_sheet(FoundSheet(asked, facts, options.limit), knowledge),
        as_json=options.json,
    )
