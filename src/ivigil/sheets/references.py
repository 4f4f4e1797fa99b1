"""Numbered references: the documents behind the facts that a sheet names."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.knowledge.evidence import WEAK_BASES, Cited, Document


class References:
    """Numbers documents in order of first mention."""

    def __init__(self, sources: dict[str, Cited]) -> None:
        self._sources = sources
        self._numbers: dict[str, int] = {}
        self._documents: dict[str, Document] = {}

    def mark(self, facts: Iterable[str]) -> str:
        """ "[1, 4]" for the documents behind these facts; "*" where one is weak evidence."""
        numbers: list[int] = []
        weak = False
        for fact in facts:
            cited = self._sources.get(fact)
            if cited is None:
                continue
            weak = weak or not cited.seen or cited.basis in WEAK_BASES
            numbers.extend(self._number(document) for document in cited.documents)
        listed = ", ".join(str(n) for n in sorted(set(numbers)))
        marks = f"[{listed}]" if listed else ""
        return marks + ("*" if weak else "")

    def _number(self, document: Document) -> int:
        self._documents.setdefault(document.id, document)
        return self._numbers.setdefault(document.id, len(self._numbers) + 1)

    def listed(self) -> list[tuple[int, Document]]:
        """Every numbered document."""
        return [(number, self._documents[key]) for key, number in self._numbers.items()]
