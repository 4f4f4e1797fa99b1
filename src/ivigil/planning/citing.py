"""Every fact that ruled in a plan, with its evidence, so that the plan stands alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ivigil.course import Cited, Document
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order


def sources(named: set[str], knowledge: Knowledge) -> dict[str, Cited]:
    """Evidence by fact id for every fact that a plan names."""
    return {
        fact_id: cited(knowledge.by_id[fact_id], knowledge)
        for fact_id in sorted(named)
        if fact_id in knowledge.by_id
    }


def named_facts(value: object) -> set[str]:
    """Every fact id in ``facts`` and ``fact`` fields, anywhere below a value."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            waiting.extend(item)
        elif isinstance(item, msgspec.Struct) and not isinstance(item, Order):
            for name in item.__struct_fields__:
                inner = getattr(item, name)
                if name == "facts":
                    found.update(inner)
                elif name == "fact":
                    found.add(inner)
                elif inner.__class__ not in _PLAIN:
                    waiting.append(inner)
    return found - {""}


_PLAIN = frozenset({str, int, bool, Decimal, dt.date, dt.datetime, dict, type(None)})


def cited(fact: Fact, knowledge: Knowledge) -> Cited:
    """The evidence of one fact, with its documents."""
    documents = tuple(
        Document(id=s.id, title=s.title, publisher=s.publisher, version=s.version, url=s.url)
        for s in (knowledge.sources[key] for key in fact.sources if key in knowledge.sources)
    )
    return Cited(
        basis=fact.basis,
        seen=fact.seen,
        documents=documents,
        locator=fact.locator,
        note=fact.note,
        signed=fact.id in knowledge.signed,
    )
