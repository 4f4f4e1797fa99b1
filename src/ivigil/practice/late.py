"""Entries written later than they happened, and what others wrote meanwhile: to be looked at. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from ivigil.infusion.chronicle import chronicle
from ivigil.infusion.events import AdviceOverridden, AdviceShown, BothSeen, Event, What
from ivigil.records import clocks
from ivigil.records.words import Record

_NO_DEEDS = (AdviceShown, AdviceOverridden, BothSeen)
_ENOUGH = 2
"""So many people who looked at it settle it, whoever wrote it."""


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """One entry that came late."""

    event: str
    behind: dt.timedelta
    """From when it happened to when it was written."""
    beside: tuple[str, ...] = ()
    """Ids of what others wrote in that time: its author cannot have seen it, nor they this entry."""


def late(records: Iterable[Record], infusion: str) -> tuple[Late, ...]:
    """The late entries of an infusion among a patient's records, in the order in which they were written."""
    known = tuple(records)
    behind = clocks.offsets(known)
    deeds = [each for each in known if each.subject == infusion and _is_deed(each.body)]
    found = []
    for record in deeds:
        happened = clocks.happened_at(record, behind)
        if record.received_at - happened <= clocks.TOLERANCE:
            continue
        unseen = tuple(each.id for each in deeds if _unseen(each, record, happened))
        found.append(Late(event=record.id, behind=record.received_at - happened, beside=unseen))
    return tuple(found)


def lookers(each: Late, events: Iterable[Event]) -> tuple[str, ...]:
    """Who looked at a late entry together with all that stands beside it, in the order of time."""
    return tuple(dict.fromkeys(event.by for event in chronicle(events) if _covers(event.what, each)))


def settled(each: Late, events: Iterable[Event]) -> bool:
    """Has everybody who wrote one of the entries looked at all of them, or have two people?"""
    known = tuple(events)
    looked = set(lookers(each, known))
    writers = {event.by for event in known if event.id in (each.event, *each.beside)}
    return len(looked) >= _ENOUGH or writers <= looked


def _covers(what: object, each: Late) -> bool:
    return isinstance(what, BothSeen) and what.event == each.event and set(each.beside) <= set(what.beside)


def _is_deed(body: msgspec.Struct) -> bool:
    return isinstance(body, What) and not isinstance(body, _NO_DEEDS)


def _unseen(other: Record, record: Record, happened: dt.datetime) -> bool:
    """Was it written by somebody else, or on another device, between the deed and its entry?"""
    elsewhere = (other.author, other.device) != (record.author, record.device)
    return elsewhere and happened < other.received_at <= record.received_at
