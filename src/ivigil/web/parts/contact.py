"""What somebody typed as a patient's name and telephone: what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.records.drafts import is_name, is_phone
from ivigil.sheets.spoken import say


def contact_faults(name: str, phone: str) -> Iterator[str]:
    """Each with the field, what was typed and what is accepted."""
    if not is_name(name):
        yield refused(say("Name"), name, say("1 to 200 printable characters"))
    if not is_phone(phone):
        yield refused(say("Phone"), phone, say("up to 50 printable characters, or none"))


def refused(field: str, typed: str, accepted: str) -> str:
    """One fault as a sentence."""
    return say("{field}: {typed}; accepted: {accepted}", field=field, typed=repr(typed), accepted=accepted)
