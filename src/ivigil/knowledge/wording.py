"""What patients and staff read in other languages: translations, keyed by the English text."""

from __future__ import annotations

import string

from ivigil.knowledge.evidence import Fact

ENGLISH = "en"
"""The source: it needs no translation."""


class Translation(Fact):
    """Texts of one language. Ours are weak: nobody who answers for patients has signed them."""

    language: str
    """ISO 639-1 code: "es"."""
    name: str
    """Of the language, in English."""
    urgent: bool = False
    """It says what to do and how soon: shown in English until two people of a site have signed it."""
    staff: bool = False
    """What staff read, in a language of the site. Numbers and dates stay as they are; no patient reads it."""
    decimal_mark: str = "."
    texts: dict[str, str]
    """English text -> translation. A text that is not found word for word is not translated."""


def places(text: str) -> frozenset[str]:
    """The names of the values that a text has room for: "Call {phone}." -> {"phone"}."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def fits(english: str, translated: str) -> bool:
    """Is it a text, with room for the same values?"""
    try:
        return bool(translated.strip()) and places(english) == places(translated)
    except ValueError:
        return False
