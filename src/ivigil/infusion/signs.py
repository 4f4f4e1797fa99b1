"""What was to be seen of the patient at each moment: symptoms, what they imply, measured values."""

from __future__ import annotations

import datetime as dt
from collections import deque
from decimal import Decimal
from functools import partial

import msgspec

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.doubts import parted, trusted
from ivigil.infusion.state import State
from ivigil.knowledge.bounds import depth, reached
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.presence import measured, with_implied
from ivigil.knowledge.reactions import Limit


class Signs(msgspec.Struct, frozen=True):
    """The picture from one moment until the next. A measured value holds until it is taken again."""

    at: dt.datetime
    symptoms: frozenset[str]
    """Noted, measured and implied."""
    readings: dict[str, Decimal]
    baseline: dict[str, Decimal]
    doubted: dict[str, Decimal]
    """Last values in doubt: one of them may reach a limit, and none takes a better known one away."""

    def judge(self, limit: Limit, age_years: int) -> Truth:
        """Is a limit reached, by what was measured or by what is in doubt?"""
        if self._reached(limit, self.doubted, age_years) is Truth.TRUE:
            return Truth.TRUE
        return self._reached(limit, self.readings, age_years)

    def value(self, limit: Limit, age_years: int) -> Decimal:
        """The value by which a limit is reached."""
        certain = self._reached(limit, self.readings, age_years) is Truth.TRUE
        return (self.readings if certain else self.doubted)[limit.measure]

    def depth(self, limit: Limit) -> Decimal:
        """How far the value lies in the limit's direction: the larger, the worse."""
        values = (self.readings.get(limit.measure), self.doubted.get(limit.measure))
        found = [depth(limit, value, self.baseline.get(limit.measure)) for value in values]
        return max((each for each in found if each is not None), default=Decimal("-Infinity"))

    def _reached(self, limit: Limit, values: dict[str, Decimal], age_years: int) -> Truth:
        return reached(limit, values.get(limit.measure), self.baseline.get(limit.measure), age_years)


def history(briefing: Briefing, state: State) -> tuple[Signs, ...]:
    """The picture at every moment when something was noted, measured or graded, by time.

    A measured value that is in doubt stands beside what is certain.
    """
    moments = {vitals.at for vitals in state.vitals} | {graded.at for graded in state.grades}
    for spell in state.symptoms:
        moments |= {spell.since} | ({spell.until} if spell.until else set())
    facts = briefing.facts
    before, readings, doubted = baseline(trusted(briefing, state)), dict[str, Decimal](), dict[str, Decimal]()
    waiting, pictures = deque(parted(briefing, state)), list[Signs]()
    for moment in sorted(moments):
        while waiting and waiting[0].at <= moment:
            taken = waiting.popleft()
            readings = readings | taken.certain
            doubted = {m: v for m, v in doubted.items() if m not in taken.certain} | taken.doubted
        noted = {spell.symptom for spell in state.symptoms if spell.present_at(moment)}
        bare = Signs(moment, frozenset(), readings, before, doubted)
        amount_to = measured(
            partial(bare.judge, age_years=briefing.age_years), facts.symptom, facts.age_limit
        )
        present = with_implied(noted | amount_to, facts.symptom)
        pictures.append(Signs(moment, present, readings, before, doubted))
    return tuple(pictures)


def baseline(state: State) -> dict[str, Decimal]:
    """The patient's own values: of each measure the last before the flow began, else the first.

    The first value after the start is a poor baseline, but the only one there is: a change
    from it is still a change.
    """
    begun = state.flows[0].start if state.flows else None
    values: dict[str, Decimal] = {}
    for vitals in state.vitals:
        before = begun is None or vitals.at <= begun
        values |= {m: v for m, v in vitals.readings.items() if before or m not in values}
    return values
