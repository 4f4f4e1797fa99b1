"""The facts that an answer names, with their documents, for those who read it as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.store import Knowledge


def cited(names: Iterable[str], knowledge: Knowledge) -> tuple[dict[str, Fact], dict[str, Source]]:
    """The facts of these ids, and every document behind one. An id that is no fact is left out."""
    facts = {name: knowledge.by_id[name] for name in names if name in knowledge.by_id}
    keys = sorted({key for fact in facts.values() for key in fact.sources})
    return facts, {key: knowledge.sources[key] for key in keys if key in knowledge.sources}
