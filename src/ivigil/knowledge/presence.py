"""Which symptoms are present, given what was said and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ivigil.knowledge.logic import Truth
from ivigil.knowledge.reactions import AgeLimit, Limit, Symptom


def with_implied(names: Iterable[str], symptoms: Iterable[Symptom]) -> frozenset[str]:
    """These symptoms and every one that is present whenever one of them is."""
    implies = {symptom.id: symptom.implies for symptom in symptoms}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(implies.get(name, ()))
    return frozenset(found)


def measured(
    judge: Callable[[Limit], Truth], symptoms: Iterable[Symptom], age_limits: Iterable[AgeLimit]
) -> frozenset[str]:
    """Symptoms that measured values amount to; ``age_limits``: those of the patient's age."""
    rows = [(symptom.id, limit) for symptom in symptoms for limit in symptom.limits]
    rows += [(row.symptom, row.limit) for row in age_limits]
    return frozenset(name for name, limit in rows if judge(limit) is Truth.TRUE)
