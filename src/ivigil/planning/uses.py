"""Does what a label says of a use hold for the condition of an order?"""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.knowledge.store import Knowledge


def covers(indications: Iterable[str], condition: str, knowledge: Knowledge) -> bool:
    """True if one of the label's uses covers the condition, or if it names none and means any."""
    codes = tuple(indications)
    known = (knowledge.label_indications.get(code) for code in codes)
    return not codes or any(use is not None and condition in use.conditions for use in known)
