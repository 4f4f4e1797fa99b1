"""How an installation stands: its facts, its journal, what the site has switched and signed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

import msgspec

from ivigil.knowledge.policies import Policy
from ivigil.knowledge.store import FactFile, Knowledge
from ivigil.records import checkpoint
from ivigil.records.journal import Journal

_ON_OFF = {"on", "off"}


class Signed(msgspec.Struct, frozen=True):
    """Who signed a setting as it now is."""

    by: str
    role: str
    date: dt.date


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a site can switch on or off."""

    policy: str
    text: str
    on: bool
    signed: tuple[Signed, ...]


class Unsigned(msgspec.Struct, frozen=True):
    """Facts of one kind that permit nothing here before two people of the site have signed them."""

    kind: str
    facts: int
    of: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at one moment. Nothing in it is about a patient."""

    at: dt.datetime
    site: str
    """"": the site has no name."""
    knowledge_version: str
    facts: int
    journal: str
    """The journal's own id."""
    position: int
    """Of the last event; 0: nothing was written."""
    hash: str
    checkpoint_at: str | None
    """When the journal's end was last signed, as UTC; a backup does it too. None: never."""
    checkpoint_position: int | None
    switches: tuple[Switch, ...]
    unsigned: tuple[Unsigned, ...]
    loosened: tuple[str, ...]
    watched_through: dt.date | None
    """The last day for which it is stated when somebody of the team watches; None: it never was."""


def status(journal: Journal, knowledge: Knowledge, at: dt.datetime) -> Status:
    """How it stands at ``at``. Raises JournalUnavailableError."""
    head = journal.head()
    with journal.store.reading() as connection:
        kept = checkpoint.kept(connection)
    last = max(kept, key=lambda each: each.at, default=None)
    return Status(
        at=at,
        site=knowledge.site.name,
        knowledge_version=knowledge.version,
        facts=len(knowledge.by_id),
        journal=journal.identity.id,
        position=head.position,
        hash=head.hash,
        checkpoint_at=last.at if last is not None else None,
        checkpoint_position=last.position if last is not None else None,
        switches=tuple(_switch(each, knowledge) for each in knowledge.facts.policy if _is_switch(each)),
        unsigned=tuple(_unsigned(knowledge)),
        loosened=knowledge.loosened,
        watched_through=knowledge.site.watch.through if knowledge.site.watch is not None else None,
    )


def _is_switch(policy: Policy) -> bool:
    return {policy.choice, *policy.alternatives} == _ON_OFF


def _switch(policy: Policy, knowledge: Knowledge) -> Switch:
    signed = tuple(Signed(each.by, each.role, each.date) for each in knowledge.signatures_of(policy))
    return Switch(policy=policy.id, text=policy.text, on=policy.choice == "on", signed=signed)


def _unsigned(knowledge: Knowledge) -> Iterable[Unsigned]:
    """By kind, the most first; facts that a newer one replaced count for nothing and are left out."""
    every: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    for kind in FactFile.__struct_fields__:
        for fact in getattr(knowledge.facts, kind):
            if getattr(fact, "id", None) in knowledge.by_id and not fact.replaced:
                every[kind] += 1
                waiting[kind] += not knowledge.permits(fact)
    return (Unsigned(kind, count, every[kind]) for kind, count in waiting.most_common() if count)
