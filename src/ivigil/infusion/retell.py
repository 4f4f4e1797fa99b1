"""An infusion told again: what happened when, and what was advised then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.infusion.advice import Advice
from ivigil.infusion.advise import advise
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import AdviceShown, Event
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State


class Beat(msgspec.Struct, frozen=True):
    """One event, in the order in which it was recorded, and what is true after it."""

    event: Event
    state: State
    advised: tuple[Advice, ...] = ()
    """Where advice was shown: all of it, computed anew. The same events give the same advice."""


def retell(briefing: Briefing, events: tuple[Event, ...]) -> Iterator[Beat]:
    """Every event by its time; events of one time as they were recorded."""
    ordered = sorted(events, key=lambda event: event.at.astimezone(dt.UTC))
    for count, event in enumerate(ordered, 1):
        state = replay(briefing.day, ordered[:count])
        shown = isinstance(event.what, AdviceShown)
        yield Beat(event, state, advise(briefing, state, event.at) if shown else ())
