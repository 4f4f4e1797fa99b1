"""What a draft must be before it may be written: every fault at once."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Sequence

from ivigil.intake.faults import is_plain
from ivigil.records.bodies import Contact
from ivigil.records.errors import DraftError
from ivigil.records.kinds import Kinds
from ivigil.records.words import Draft, Raw

MOST_AT_ONCE = 10_000
MOST_CHARACTERS = 200
TEXTS = ("device", "author", "on_behalf_of", "site", "subject", "product", "lot")
NEEDED = ("author", "site")

MOST_OF_A_PHONE = 50
_JOINERS = {ord(sign): None for sign in "\u200c\u200d"}
"""Some scripts write names with them; they are seen by what they do."""
_STREAM = re.compile(r"[0-9a-f]{32}")


def check(drafts: Sequence[Draft], kinds: Kinds) -> None:
    """Raises DraftError listing every fault of every draft."""
    faults = tuple(f"event {draft.id!r}: {fault}" for draft in drafts for fault in _faults(draft, kinds))
    if not 0 < len(drafts) <= MOST_AT_ONCE:
        faults = (f"{len(drafts)} events in one call; accepted: 1 to {MOST_AT_ONCE:,}", *faults)
    if faults := (*faults, *_repeated(drafts)):
        raise DraftError(faults)


def is_line(text: str) -> bool:
    """One line that a person can read, without outer spaces: the rule for names and what goes beside them.

    No sign that steers a terminal, turns text around, breaks the line or is not seen.
    """
    return text == text.strip() and is_plain(text.translate(_JOINERS))


def is_name(text: str) -> bool:
    """What a patient may be called; empty: not told."""
    return len(text) <= MOST_CHARACTERS and is_line(text)


def is_phone(text: str) -> bool:
    """How a patient may be reached; empty: not told."""
    return len(text) <= MOST_OF_A_PHONE and is_line(text)


def _repeated(drafts: Sequence[Draft]) -> Iterator[str]:
    first: dict[str, Draft] = {}
    for draft in drafts:
        if first.setdefault(draft.id, draft) != draft:
            yield f"event {draft.id!r}: stands twice in one call, with different content"


def _faults(draft: Draft, kinds: Kinds) -> Iterator[str]:
    if not _is_uuid(draft.id):
        yield "id is not a UUID in its usual lower-case form"
    if not _STREAM.fullmatch(draft.stream):
        yield "stream is not a pseudonym of 32 hexadecimal digits"
    for name in ("occurred_at", "device_at"):
        moment = getattr(draft, name)
        if moment is not None and not _is_usable(moment):
            yield f"{name} needs an offset from UTC and a year from 1900 to 9998"
    for name in TEXTS:
        text = getattr(draft, name)
        if len(text) > MOST_CHARACTERS or not is_line(text):
            yield f"{name} has more than {MOST_CHARACTERS} characters, an unprintable one, or outer spaces"
        if not text and name in NEEDED:
            yield f"{name} is missing"
    yield from _body_faults(draft, kinds)


def _body_faults(draft: Draft, kinds: Kinds) -> Iterator[str]:
    kind = kinds.get(draft.kind)
    if kind is None:
        yield f"kind {draft.kind!r} is not known"
    elif type(draft.body) is not kind.type:
        yield f"the body of {draft.kind} is a {kind.type.__name__}, not a {type(draft.body).__name__}"
    elif isinstance(kinds.read(kind.name, kind.schema, kinds.write(draft.body)), Raw):
        yield f"the body does not fit the form of {draft.kind}: it could not be read back"
    elif isinstance(draft.body, Contact) and not (is_name(draft.body.name) and is_phone(draft.body.phone)):
        yield "the name or the phone of the contact is too long, or no line that a person can read"


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _is_usable(moment: dt.datetime) -> bool:
    return moment.utcoffset() is not None and 1900 <= moment.year <= 9998
