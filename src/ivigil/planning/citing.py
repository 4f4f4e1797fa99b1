"""Every fact that ruled in a plan, with its evidence, so that the plan stands alone."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import Knowledge
from ivigil.plan import Cited, Document, Plan


def sources(plan: Plan, knowledge: Knowledge) -> dict[str, Cited]:
    """Evidence by fact id for every fact that the plan names."""
    return {
        fact_id: _cited(knowledge.by_id[fact_id], knowledge)
        for fact_id in sorted(set(named_facts(plan)))
        if fact_id in knowledge.by_id
    }


def named_facts(value: object) -> Iterator[str]:
    """Every fact id in ``facts`` and ``fact`` fields, anywhere below a value."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            if name == "fact" and isinstance(inner, str) and inner:
                yield inner
            elif name == "facts":
                yield from inner
            else:
                yield from named_facts(inner)
    elif isinstance(value, tuple):
        for item in value:
            yield from named_facts(item)


def _cited(fact: Fact, knowledge: Knowledge) -> Cited:
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
