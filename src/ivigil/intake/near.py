"""Names near to one that is not known."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

LOOKED_AT = 80
"""Characters of an unknown name that are compared; longer ones are no name."""
OFFERED = 3
NAME_LIKENESS = 72
KEY_LIKENESS = 60
LEAD = 10
"""A name that is less like the written one than the best by more than this is not offered."""


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """A name for comparison: no case, no accents, single spaces for spaces, hyphens and underscores.

    Kept, for every name of the fact base is compared with every name that is typed.
    """
    letters = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(letters).casefold().replace("-", " ").replace("_", " ").split())


def nearest_keys(written: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known keys most like a written one, best first; empty if none is like it."""
    from rapidfuzz import fuzz, process

    found = process.extract(
        written[:LOOKED_AT],
        list(known),
        scorer=fuzz.ratio,
        processor=str.casefold,
        limit=OFFERED,
        score_cutoff=KEY_LIKENESS,
    )
    return tuple(key for key, score, _ in found if score >= found[0][1] - LEAD)


def nearest_names(written: str, names: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The ids whose names are most like a written one, best first. ``names``: id -> its names."""
    from rapidfuzz import fuzz, process

    owners = {label: owner for owner, labels in names.items() for label in map(plain, labels)}
    query = plain(written[:LOOKED_AT])
    found = process.extract(
        query, list(owners), scorer=fuzz.WRatio, limit=2 * OFFERED, score_cutoff=NAME_LIKENESS
    )
    close = (owners[label] for label, score, _ in found if score >= found[0][1] - LEAD)
    return tuple(dict.fromkeys(close))[:OFFERED]
