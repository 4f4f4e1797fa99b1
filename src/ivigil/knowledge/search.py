"""Finding facts by words, ids and sources."""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.knowledge.conditions import Disagreement
from ivigil.knowledge.evidence import Fact, Record, Source
from ivigil.knowledge.store import FactFile, Knowledge, all_facts

_WORDS = frozenset({"id", "name", "synonyms", "topic", "superseded_by"})
"""Fields in which a word that is also an id is a word, or that tell of it already."""
_IN_NAME, _IN_TEXT, _AROUND = 3, 2, 1
"""What a word is worth by where it was found: own id or name, own text, field names or parents."""


def find(knowledge: Knowledge, text: str) -> tuple[Fact, ...]:
    """Facts in which every word of ``text`` occurs, the closest first.

    A word counts where it is part of the fact's id, texts, field names or kind, or of the id
    or name of a fact that it lies in: "kawasaki retreatment" finds that condition's regimens.
    """
    words = text.casefold().split()
    scored = [(_score(fact, around, words), fact) for fact, around in _walk(knowledge.facts, "")]
    found = sorted((item for item in scored if item[0]), key=lambda item: -item[0])
    return tuple(fact for _, fact in found)


def citing(knowledge: Knowledge, source: Source) -> tuple[Fact, ...]:
    """Facts that name this source, in authored order."""
    return tuple(fact for fact in all_facts(knowledge.facts) if source.id in fact.sources)


def naming(knowledge: Knowledge, fact: Fact) -> tuple[Fact, ...]:
    """Facts outside this one that name it by its id, in authored order."""
    return tuple(knowledge.by_id[name] for name in knowledge.kept(_naming).get(fact.id, ()))


def _naming(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    """Id -> the facts that have it as a value of a field, or in a record that is no fact."""
    found: dict[str, dict[str, None]] = {}
    for fact in knowledge.by_id.values():
        for name in _ids(fact):
            if name in knowledge.by_id and name != fact.id:
                found.setdefault(name, {})[fact.id] = None
    return {name: tuple(facts) for name, facts in found.items()}


def _ids(record: Record) -> Iterator[str]:
    """Every single word of the record's own fields."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str) and name not in _WORDS:
                yield item
            elif isinstance(item, Record) and not isinstance(item, Fact):
                yield from _ids(item)


def disagreements(knowledge: Knowledge, fact: Fact) -> tuple[Disagreement, ...]:
    """Disagreements about a fact or about a part of it."""
    concerned = {part.id for part in all_facts(fact)}
    return tuple(item for item in knowledge.facts.disagreement if concerned.intersection(item.about))


def _walk(record: Record | FactFile, around: str) -> Iterator[tuple[Fact, str]]:
    """Every fact below a record with the ids and names that it lies in."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Fact):
                yield item, around
                yield from _walk(item, f"{around} {item.id} {getattr(item, 'name', '')}".casefold())


def _score(fact: Fact, around: str, words: list[str]) -> int:
    """The sum over the words; 0 if one is missing."""
    set_fields = [name for name in fact.__struct_fields__ if getattr(fact, name) not in (None, "", ())]
    name = f"{fact.id} {getattr(fact, 'name', '')}".casefold()
    text = " ".join(_texts(fact, set_fields)).casefold()
    beside = f"{around} {type(fact).__name__} {' '.join(set_fields)}".casefold()
    places = ((_IN_NAME, name), (_IN_TEXT, text), (_AROUND, beside))
    scores = [next((worth for worth, said in places if word in said), 0) for word in words]
    return sum(scores) if all(scores) else 0


def _texts(fact: Fact, fields: list[str]) -> Iterator[str]:
    for name in fields:
        value = getattr(fact, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, str):
                yield item
