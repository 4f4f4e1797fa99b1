"""Events in the order in which they happened, with repeats dropped and corrections applied.

The result depends on the set of events alone: any order of arrival gives the same one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from ivigil.infusion.events import (
    Completed,
    Corrected,
    Event,
    IdentityChecked,
    ObservationEnded,
    Paused,
    RateSet,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialFinished,
    VialHung,
)

_AT_ONE_INSTANT = (
    IdentityChecked,
    VialHung,
    Started,
    RestartDecided,
    Resumed,
    RateSet,
    VialFinished,
    Paused,
    Stopped,
    Completed,
    ObservationEnded,
)
"""Which comes first when two events carry one time: what makes a flow before what ends it."""


def chronicle(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events as they stand: each id once, corrected, in UTC, by time.

    Two different events under one id cannot both be right: the one whose content sorts last
    holds, whatever came first. A correction of an unknown event is kept out of sight until
    that event arrives.
    """
    unique = _once(events)
    corrections = _corrections(unique.values())
    standing = (
        _corrected(event, corrections.get(event.id))
        for event in unique.values()
        if not isinstance(event.what, Corrected)
    )
    return tuple(sorted((event for event in standing if event is not None), key=_key))


def correction_of(event: str, events: Iterable[Event]) -> Event | None:
    """The correction of an event (by id) that holds after these events; None: it stands as recorded."""
    return _corrections(_once(events).values()).get(event)


def _corrections(events: Iterable[Event]) -> dict[str, Event]:
    """The correction of each event that holds: the last of those that no other one replaces.

    If all replace each other, which no person can have seen, the last.
    """
    found: dict[str, list[Event]] = {}
    replaced: set[tuple[str, str]] = set()
    for event in sorted(events, key=_key):
        if isinstance(event.what, Corrected):
            found.setdefault(event.what.event, []).append(event)
            replaced.add((event.what.event, event.what.replaces))
    return {
        name: next((each for each in reversed(made) if (name, each.id) not in replaced), made[-1])
        for name, made in found.items()
    }


def _once(events: Iterable[Event]) -> dict[str, Event]:
    unique: dict[str, Event] = {}
    for event in events:
        settled = msgspec.structs.replace(event, at=event.at.astimezone(dt.UTC))
        other = unique.get(event.id)
        if other is None or _content(other) < _content(settled):
            unique[event.id] = settled
    return unique


def _content(event: Event) -> bytes:
    return msgspec.json.encode(event, order="sorted")


def _corrected(event: Event, correction: Event | None) -> Event | None:
    if correction is None or not isinstance(correction.what, Corrected):
        return event
    change = correction.what
    if change.what is None:
        return None
    at = event.at if change.at is None else change.at.astimezone(dt.UTC)
    return msgspec.structs.replace(event, what=change.what, at=at)


def _key(event: Event) -> tuple[dt.datetime, int, bool, str]:
    kinds = [isinstance(event.what, kind) for kind in _AT_ONE_INSTANT]
    rank = kinds.index(True) if True in kinds else len(kinds)
    return event.at, rank, _present(event), event.id


def _present(event: Event) -> bool:
    """A symptom that came and went at one instant is there: it is sorted last."""
    return isinstance(event.what, SymptomNoted) and event.what.present
