"""Every fact that ruled in a plan, with its evidence, so that the plan stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, get_args

import msgspec

from ivigil.knowledge.evidence import Cited
from ivigil.knowledge.store import Knowledge


def sources(named: set[str], knowledge: Knowledge) -> dict[str, Cited]:
    """Evidence by fact id for every fact that a plan names."""
    facts = knowledge.by_id
    return {fact_id: knowledge.cited(facts[fact_id]) for fact_id in sorted(named) if fact_id in facts}


def named_facts(*parts: msgspec.Struct) -> set[str]:
    """Every fact id in ``facts`` and ``fact`` fields, anywhere below these parts of a plan."""
    found: set[str] = set()
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        fields = _fields(part.__class__)
        for name in fields.facts:
            found.update(getattr(part, name))
        for name in fields.fact:
            found.add(getattr(part, name))
        for name in fields.holding:
            inner = getattr(part, name)
            if isinstance(inner, msgspec.Struct):
                waiting.append(inner)
            elif isinstance(inner, tuple):
                waiting.extend(inner)
    return found - {""}


class _Fields(NamedTuple):
    """Of a kind of part: the fields that name facts or one fact, and those that hold parts that do."""

    facts: tuple[str, ...]
    fact: tuple[str, ...]
    holding: tuple[str, ...]


@cache
def _fields(kind: type[msgspec.Struct]) -> _Fields:
    """Read off the types once, so that no part is searched that cannot name a fact."""
    fields = msgspec.structs.fields(kind)
    return _Fields(
        facts=tuple(field.name for field in fields if field.name == "facts"),
        fact=tuple(field.name for field in fields if field.name == "fact"),
        holding=tuple(f.name for f in fields if any(any(_fields(inner)) for inner in _structs(f.type))),
    )


def _structs(hint: object) -> Iterator[type[msgspec.Struct]]:
    """Every kind of part that a field of this type may hold."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for argument in get_args(hint):
        yield from _structs(argument)
