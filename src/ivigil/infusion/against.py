"""What a deed at the chair goes against: the codes of the advice that stood when it was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ivigil.infusion.advice import Advice, Blocker, Code
from ivigil.infusion.events import Corrected, Happening, RateSet, Resumed, Started
from ivigil.infusion.state import State

_NO_FLOW: tuple[Code, ...] = (
    "stop",
    "do_not_start",
    "pause",
    "stay_halted",
    "decide_restart",
    "complete",
)
_GOING_ON: tuple[Code, ...] = ("start", "restart")
RATES: tuple[Code, ...] = (*_GOING_ON, "slow", "step_up")
"""Advice whose rate a flow may go past."""


def against(
    what: Happening | Corrected, advised: Iterable[Advice], state: State
) -> tuple[Code | Blocker, ...]:
    """Each code once; empty: nothing spoke against it. Advice and state are those of just before.

    Only what makes or raises a flow is looked at: less flow is never against advice.
    """
    match what:
        case Started():
            return tuple(dict.fromkeys(_start(advised)))
        case RateSet(rate_ml_per_h=told) | Resumed(rate_ml_per_h=told):
            rate = state.set_rate_ml_per_h if told is None else told
            return tuple(dict.fromkeys(_flow(rate, advised, state))) if rate else ()
    return ()


def _start(advised: Iterable[Advice]) -> Iterator[Code | Blocker]:
    for advice in advised:
        if advice.code == "do_not_start":
            yield advice.code
        elif advice.code == "start":
            yield from advice.blockers


def _flow(rate_ml_per_h: Decimal, advised: Iterable[Advice], state: State) -> Iterator[Code | Blocker]:
    """A flow at this rate, against what may flow, how fast, and what was to be done first."""
    for advice in advised:
        if advice.code in _NO_FLOW:
            yield advice.code
        if advice.code in _GOING_ON or (advice.code == "hold_rate" and rate_ml_per_h > state.rate_ml_per_h):
            yield from advice.blockers
        most = advice.rate_ml_per_h
        if advice.code in RATES and most is not None and rate_ml_per_h > most:
            yield advice.code
