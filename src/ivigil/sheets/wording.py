"""Patient wording in one language: translated where a translation may be shown, else English and marked.

English is the source. A text whose English changed has no translation any more. What to do and how
soon (``urgent``) is translated only by what two people of the site have signed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH, Translation, fits
from ivigil.sheets.dates import MONTHS
from ivigil.sheets.numbers import number

MARK = "[English] "
"""Stands before a text that is shown in English to somebody who reads another language."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class NoLanguageError(Exception):
    """There is no wording in this language; the message says what is accepted."""


def languages(knowledge: Knowledge) -> dict[str, str]:
    """Code -> English name of every language that patients can read."""
    return {ENGLISH: "English"} | {item.language: item.name for item in _for_patients(knowledge)}


def _for_patients(knowledge: Knowledge) -> Iterator[Translation]:
    return (item for item in knowledge.facts.translation if not item.staff)


class Wording:
    """``say("Call {phone}.", phone="112")`` in the language that was asked for."""

    def __init__(self, knowledge: Knowledge, language: str = ENGLISH) -> None:
        """Raises NoLanguageError."""
        known = languages(knowledge)
        if language not in known:
            accepted = ", ".join(f"{code} ({name})" for code, name in known.items())
            raise NoLanguageError(f"no wording in {language!r}; accepted: {accepted}")
        self.language = language
        items = tuple(item for item in _for_patients(knowledge) if item.language == language)
        self._plain = dict(_texts(item for item in items if not item.urgent and _usable(item, knowledge)))
        self._urgent = dict(_texts(item for item in items if item.urgent and knowledge.permits(item)))
        self._decimal_mark = next((item.decimal_mark for item in items if not item.urgent), ".")
        self.signed = all(knowledge.permits(item) for item in items)
        """Nothing is ours alone: two people of the site stand behind every translation. True for English."""

    def __call__(self, english: str, **values: str) -> str:
        """The text with its values; English and marked if it may not be shown in the language."""
        return self._said(english, self._plain.get(english) or self._urgent.get(english), values)

    def urgent(self, english: str, **values: str) -> str:
        """The same for what to do and how soon: only a signed translation counts."""
        return self._said(english, self._urgent.get(english), values)

    def _said(self, english: str, translated: str | None, values: dict[str, str]) -> str:
        if self.language == ENGLISH:
            return _filled(english, values)
        if translated is None:
            return MARK + _filled(english, {name: _unmarked(value) for name, value in values.items()})
        return _filled(translated, values)

    def number(self, value: Decimal | int, places: int = 2) -> str:
        """A number with the language's decimal mark."""
        return number(value, places).replace(".", self._decimal_mark)

    def day(self, day: dt.date) -> str:
        """ "Monday 23 November 2026"."""
        return self(
            "{weekday} {day} {month} {year}",
            weekday=self(_DAYS[day.weekday()]),
            day=str(day.day),
            month=self(MONTHS[day.month - 1]),
            year=str(day.year),
        )

    def noted(self, paragraphs: Iterable[str]) -> list[str]:
        """The paragraphs, after a line that explains the mark if one of them carries it."""
        found = list(paragraphs)
        if any(MARK in text for text in found):
            return [self("What stands after [English] is in English. Ask for an interpreter."), *found]
        return found

    def unsigned(self) -> list[str]:
        """The line that a translation which nobody signed carries."""
        if self.signed:
            return []
        return [
            self(
                "This translation is not signed by your hospital. If it is not clear, ask for an interpreter."
            )
        ]


def _usable(item: Translation, knowledge: Knowledge) -> bool:
    """Ours, or a site's own once it is signed."""
    return item.id not in knowledge.local or knowledge.permits(item)


def _texts(items: Iterable[Translation]) -> Iterator[tuple[str, str]]:
    """A site's own text comes later and holds."""
    for item in items:
        for english, translated in item.texts.items():
            if fits(english, translated):
                yield english, translated


def _filled(text: str, values: dict[str, str]) -> str:
    return text.format(**values) if values else text


def _unmarked(value: str) -> str:
    """A value inside an English sentence that is marked needs no mark of its own."""
    return value.removeprefix(MARK)
