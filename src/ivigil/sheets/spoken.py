"""What staff read, in the language that is spoken at the site: ``say("Ends at {time}", time="14:05")``.

English is the source and stands in the code. The language is ambient, set once a request by the face that
knows it (``speaking``), for a sentence deep in a page or paper has no business with who reads it. Patients
may read another language than the staff around them: their wording is handed over (``sheets.wording``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce
from types import MappingProxyType
from typing import TypeVar

from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH, fits

T = TypeVar("T")


class Language(Mapping[str, str]):
    """English text -> what is said instead; a text that is missing is said in English.

    Each is equal to itself alone: what was set in one is never taken for another's, of whatever code.
    """

    __eq__, __hash__ = object.__eq__, object.__hash__

    def __init__(self, code: str = ENGLISH, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        self.code = code
        self._texts = texts

    def __getitem__(self, english: str) -> str:
        return self._texts[english]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


ENGLISH_SPOKEN = Language()
"""Every text as it stands in the code."""
_SPOKEN: ContextVar[Language] = ContextVar("spoken", default=ENGLISH_SPOKEN)


def staff_language(knowledge: Knowledge, code: str) -> Language | None:
    """A language of the site for its staff: translations that two people signed. None: there is none."""
    if code == ENGLISH:
        return ENGLISH_SPOKEN
    found = {
        english: said
        for item in knowledge.facts.translation
        if item.staff and item.language == code and knowledge.permits(item)
        for english, said in item.texts.items()
        if fits(english, said)
    }
    return Language(code, found) if found else None


def speak(language: Language) -> None:
    """From here on, in this request or thread and what it starts."""
    _SPOKEN.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Inside it that language is spoken."""
    before = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def spoken() -> str:
    """Code of the language: of an HTML document, a PDF."""
    return language().code


def language() -> Language:
    """What is spoken here: the key of whatever is kept of a page, for translations come and go."""
    return _SPOKEN.get()


def translated(english: str) -> str:
    """The text with its places still open: for ``web.parts.woven``."""
    return _SPOKEN.get().get(english, english)


def say(english: str, **values: str) -> str:
    """The text with its values, each already said: a number through ``numbers``, a word through ``say``."""
    text = translated(english)
    return text.format(**values) if values else text


def counted(count: int, one: str, many: str, **values: str) -> str:
    """``one`` for 1, else ``many``; both may have room for {count}."""
    return say(one if count == 1 else many, count=str(count), **values)


def either(alternatives: Iterable[str]) -> str:
    """ "slow or pause": texts that are said already."""
    return reduce(lambda one, other: say("{one} or {other}", one=one, other=other), alternatives)


def capital(text: str) -> str:
    """As a line or a label begins; the rest as it is: SpO2, eGFR."""
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]


def texts(table: T) -> T:
    """Marks a table whose texts are said where they are looked up: ``say(PHASE[phase])``.

    It changes nothing. ``ivigil texts`` finds what there is to translate by this mark and by the calls.
    """
    return table
