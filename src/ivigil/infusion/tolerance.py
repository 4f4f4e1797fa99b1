"""What one patient tolerated of each product, over many infusions: what the next order may build on.

A finished day becomes a summary; summaries are folded by time. A change of product, a long
gap or a reaction begins anew. A rate below which a reaction held the patient stays until a
prescriber orders otherwise: nothing here lifts it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.course import Step
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.onset import lowest, next_rate, onsets, per_kg
from ivigil.infusion.progress import elapsed, given_g
from ivigil.infusion.state import Flow, State
from ivigil.knowledge.hazards import Hazard
from ivigil.knowledge.logic import Reading, Truth, Value, judge
from ivigil.knowledge.next_time import NextRate
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Route
from ivigil.patient import Identifier

_FIRST_EXPOSURE = "first_exposure"
_DAYS_PER_WEEK = 7
_MICROSECONDS_PER_HOUR = 3_600_000_000

Reset = Literal["first", "product_switch", "long_gap", "reaction"]
"""Why the count began anew."""


class NotFinishedError(ValueError):
    """Only an infusion that flowed and ended can be summed up."""


class MixedPatientsError(ValueError):
    """Days of several patients cannot be folded into one history."""


class DaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one finished day says about tolerance."""

    patient: Identifier
    plan: str
    number: int
    date: dt.date
    """In the zone of the plan."""
    started_at: dt.datetime
    product: str | None
    """None: not every vial is on record as the planned product."""
    route: Route
    grams: Decimal
    tolerated_ml_per_kg_h: Decimal | None
    """None: no rate was shown to be tolerated."""
    whole: bool
    """The planned end was reached, in the patient of the plan."""
    reacted: bool
    next_rate: NextRate | None
    """The highest rate that a reaction leaves."""


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """What a patient tolerated of one product until its last infusion."""

    product: str | None
    infusions: int
    """Whole infusions without a reaction since the last reset."""
    highest_ml_per_kg_h: Decimal | None
    """The highest rate tolerated since the last reset."""
    ceiling: NextRate | None
    """The lowest rate that any reaction to this product left."""
    last_date: dt.date
    route: Route
    grams: Decimal
    """Of all the days so far of the last plan, whatever the product."""
    reset: Reset
    facts: tuple[str, ...] = ()
    """What says that a change or gap begins anew."""

    def last(self) -> LastImmunoglobulin:
        """As the next order states it; of an unknown product nothing is told but date and grams."""
        if self.product is None:
            return LastImmunoglobulin(date=self.last_date, grams=self.grams, route=self.route)
        return LastImmunoglobulin(
            date=self.last_date,
            product=self.product,
            grams=self.grams,
            route=self.route,
            tolerated_rate_ml_per_kg_per_h=self._rate(),
            infusions=self.infusions,
        )

    def _rate(self) -> Decimal | None:
        """The highest tolerated rate that the ceiling allows."""
        highest, ceiling = self.highest_ml_per_kg_h, self.ceiling
        if highest is None or ceiling is None or ceiling.allows(highest):
            return highest
        return None if ceiling.below else ceiling.ml_per_kg_h


def summary(briefing: Briefing, state: State) -> DaySummary:
    """Sum up a finished day.

    Raises NotFinishedError if nothing flowed or the flow is not over.
    """
    started_at, ended_at = state.started_at, state.ended_at
    if started_at is None or ended_at is None or not state.flows:
        raise NotFinishedError(f"plan {briefing.plan}, day {state.day.number}")
    whole = not state.ended_early and state.identified == briefing.patient
    return DaySummary(
        patient=briefing.patient,
        plan=briefing.plan,
        number=state.day.number,
        date=started_at.astimezone(state.day.start.tzinfo).date(),
        started_at=started_at,
        product=_product(briefing, state),
        route=briefing.route,
        grams=given_g(state, ended_at),
        tolerated_ml_per_kg_h=_tolerated(briefing, state, ended_at) if whole else None,
        whole=whole,
        reacted=bool(onsets(briefing, state)),
        next_rate=next_rate(briefing, state),
    )


def tolerances(days: Iterable[DaySummary], knowledge: Knowledge) -> tuple[Tolerance, ...]:
    """What was tolerated of each product, the most recently given last; any order of days will do.

    The next order builds on the last one. Raises MixedPatientsError.
    """
    ordered = sorted(set(days), key=lambda day: (day.started_at, day.plan, day.number))
    if len({day.patient for day in ordered}) > 1:
        raise MixedPatientsError("days of more than one patient")
    hazard, found = knowledge.hazards[_FIRST_EXPOSURE], dict[str | None, Tolerance]()
    before, grams = None, Decimal(0)
    for day in ordered:
        grams = day.grams + (grams if before is not None and before.plan == day.plan else Decimal(0))
        found[day.product] = _after(found.pop(day.product, None), before, day, grams, hazard)
        before = day
    return tuple(found.values())


# ---- one day


def _product(briefing: Briefing, state: State) -> str | None:
    return briefing.product if {vial.product for vial in state.vials} == {briefing.product} else None


def _tolerated(briefing: Briefing, state: State, ended_at: dt.datetime) -> Decimal | None:
    """The highest planned rate that ran for its step time after the last reaction of the day began.

    It also lies within what the reactions of the day leave.
    """
    last = max(onsets(briefing, state), default=None)
    flows = [flow for flow in state.flows if last is None or flow.start > last]
    left, steps = next_rate(briefing, state), state.day.steps
    rates = [
        per_kg(step.rate_ml_per_h, briefing)
        for number, step in enumerate(steps)
        if _longest(flows, step, ended_at) >= _step_time(steps, number)
    ]
    return max((rate for rate in rates if left is None or left.allows(rate)), default=None)


def _longest(flows: Iterable[Flow], step: Step, ended_at: dt.datetime) -> dt.timedelta:
    """The longest time at a step's rate or above it, without a lower one between; halts do not count."""
    longest = run = dt.timedelta()
    for flow in flows:
        run = run + elapsed(flow, ended_at) if flow.rate_ml_per_h >= step.rate_ml_per_h else dt.timedelta()
        longest = max(longest, run)
    return longest


def _step_time(steps: tuple[Step, ...], number: int) -> dt.timedelta:
    """How long a step must run to count.

    The last one only runs until the volume is in: it must last as long as the step before it,
    and an only step until its volume is in.
    """
    if number < len(steps) - 1:
        return dt.timedelta(minutes=steps[number].minutes)
    if number:
        return dt.timedelta(minutes=steps[number - 1].minutes)
    microseconds = steps[0].volume_ml * _MICROSECONDS_PER_HOUR / steps[0].rate_ml_per_h
    return dt.timedelta(microseconds=int(microseconds))


# ---- many days


def _after(
    old: Tolerance | None, before: DaySummary | None, day: DaySummary, grams: Decimal, hazard: Hazard
) -> Tolerance:
    """Tolerance of the day's product after this day."""
    resets = dict(_resets(before, day, hazard))
    count, highest = (old.infusions, old.highest_ml_per_kg_h) if old and not resets else (0, None)
    reset: Reset = next(iter(resets), old.reset if old else "first")
    if day.reacted:
        count, highest, reset = 0, None, "reaction"
    rates = [rate for rate in (highest, day.tolerated_ml_per_kg_h) if rate is not None]
    return Tolerance(
        product=day.product,
        infusions=count + (day.whole and not day.reacted),
        highest_ml_per_kg_h=max(rates, default=None),
        ceiling=lowest((old.ceiling if old else None, day.next_rate)),
        last_date=day.date,
        route=day.route,
        grams=grams,
        reset=reset,
        facts=tuple(resets.values()) if resets or old is None else old.facts,
    )


def _resets(before: DaySummary | None, day: DaySummary, hazard: Hazard) -> Iterator[tuple[Reset, str]]:
    """What makes this count as a first infusion, with the fact; what is not known counts as true."""
    if before is None:
        yield "first", hazard.id
        return
    weeks = Decimal((day.date - before.date).days) / _DAYS_PER_WEEK
    case: dict[str, Value] = {
        "immunoglobulin_naive": False,
        "weeks_since_last_immunoglobulin": Reading.exactly(weeks),
    }
    if before.product is not None and day.product is not None:
        case["product_changed"] = before.product != day.product
    for factor in hazard.factors:
        if judge(factor.when, case).truth is not Truth.FALSE:
            gap = "weeks_since_last_immunoglobulin" in factor.when.fields()
            yield ("long_gap" if gap else "product_switch"), factor.id
