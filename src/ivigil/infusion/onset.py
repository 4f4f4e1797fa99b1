"""When and at which rates reactions began, and how fast the next infusion may run at most."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from ivigil import units
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.ceiling import step_below
from ivigil.infusion.rules import Firing, firings
from ivigil.infusion.signs import history
from ivigil.infusion.state import State
from ivigil.infusion.treatment import of_class
from ivigil.knowledge.next_time import NextRate

_HUNDREDTH = Decimal("0.01")


def fired(briefing: Briefing, state: State) -> tuple[Firing, ...]:
    """Every rule that held at some time of the day."""
    return firings(briefing, state, history(briefing, state))


def onsets(briefing: Briefing, state: State) -> tuple[dt.datetime, ...]:
    """When reactions began, by time. What was there before the first flow is not one.

    A symptom or a rule that began to hold is an onset. A grade or a dose of epinephrine is
    one only where neither was on record by then.
    """
    if not state.flows:
        return ()
    begun = state.flows[0].start
    noted = [spell.since for spell in state.symptoms]
    noted += [firing.since for firing in fired(briefing, state) if firing.kind != "grade"]
    signs = [graded.at for graded in state.grades]
    signs += [item.at for item in of_class("epinephrine", briefing, state.medicines)]
    first = min((at for at in noted if at >= begun), default=None)
    alone = [at for at in signs if first is None or at < first]
    return tuple(sorted({at for at in (*noted, *alone) if at >= begun}))


def next_rate(briefing: Briefing, state: State) -> NextRate | None:
    """The planned step below the slowest rate at which a reaction began; None without a reaction."""
    return lowest(_below(_rate_before(state, at), briefing) for at in onsets(briefing, state))


def lowest(rates: Iterable[NextRate | None]) -> NextRate | None:
    """The one that allows least; None if there is none."""
    known = [rate for rate in rates if rate is not None]
    return min(known, key=lambda rate: (rate.ml_per_kg_h, not rate.below), default=None)


def per_kg(rate_ml_per_h: Decimal, briefing: Briefing) -> Decimal:
    """A pump rate in mL/kg/h, rounded down to a hundredth."""
    return units.floor_to(rate_ml_per_h / briefing.weight_kg, _HUNDREDTH)


def _rate_before(state: State, at: dt.datetime) -> Decimal:
    """What flowed until an instant, in mL/h: a change of rate at that very instant came after it."""
    before = [flow for flow in state.flows if flow.start < at] or state.flows[:1]
    return before[-1].rate_ml_per_h


def _below(rate_ml_per_h: Decimal, briefing: Briefing) -> NextRate:
    step = step_below(briefing.day.steps, rate_ml_per_h)
    if step is None:
        return NextRate(per_kg(rate_ml_per_h, briefing), below=True)
    return NextRate(per_kg(step.rate_ml_per_h, briefing))
