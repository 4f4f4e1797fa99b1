"""What a draft must be before it may be written: every fault at once."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Sequence

from ivigil.records.errors import DraftError
from ivigil.records.kinds import Kinds
from ivigil.records.words import Draft, Raw

MOST_AT_ONCE = 10_000
MOST_CHARACTERS = 200
TEXTS = ("device", "author", "on_behalf_of", "site", "subject", "product", "lot")
NEEDED = ("author", "site")

_STREAM = re.compile(r"[0-9a-f]{32}")


def check(drafts: Sequence[Draft], kinds: Kinds) -> None:
    """Raises DraftError listing every fault of every draft."""
    faults = tuple(f"event {draft.id!r}: {fault}" for draft in drafts for fault in _faults(draft, kinds))
    if not 0 < len(drafts) <= MOST_AT_ONCE:
        faults = (f"{len(drafts)} events in one call; accepted: 1 to {MOST_AT_ONCE:,}", *faults)
    if faults := (*faults, *_repeated(drafts)):
        raise DraftError(faults)


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
        if len(text) > MOST_CHARACTERS or not (text.isprintable() and text == text.strip()):
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


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _is_usable(moment: dt.datetime) -> bool:
    return moment.utcoffset() is not None and 1900 <= moment.year <= 9998
