"""Rates: from a label's own ladder to pump settings that never pass any limit.

The ladder is kept in mL/kg/h until the end; each rung is the least of the rung and every
limit that binds, and is rounded down to the pump's step, strictly below a limit that a
label gives as "less than".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from typing import NamedTuple

import msgspec

from ivigil import units
from ivigil.course import RateDecision, Reason, Step
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import AtRiskRate as RiskEffect
from ivigil.knowledge.hazards import CapRate, SlowStart
from ivigil.knowledge.logic import Reading, Truth
from ivigil.knowledge.products import Product, Schedule
from ivigil.knowledge.store import Knowledge
from ivigil.planning.case import HUNDREDTH
from ivigil.planning.licence import is_on_label
from ivigil.planning.limits import Entry
from ivigil.planning.situation import Situation

TENTH = Decimal("0.1")


class Rung(msgspec.Struct, frozen=True):
    """One step of a ladder before the patient's weight: mL/kg/h and how long, None = until the end."""

    ml_per_kg_h: Decimal
    minutes: int | None


class Cap(msgspec.Struct, frozen=True):
    """An upper limit on the rate of this patient."""

    ml_per_h: Decimal
    strict: bool
    reason: Reason


class Setting(NamedTuple):
    """A pump setting, the limit that it was rounded down from, and how long it holds (None: to the end)."""

    rate_ml_per_h: Decimal
    limit_ml_per_h: Decimal
    minutes: int | None


class Ladder(msgspec.Struct, frozen=True, dict=True):
    """The rungs and caps for one product and patient, and the decision that shaped them."""

    rungs: tuple[Rung, ...]
    caps: tuple[Cap, ...]
    weight_kg: Decimal
    pump_step_ml_per_h: Decimal
    decision: RateDecision
    held: tuple[Reason, ...] = ()
    """Why the start rate is kept to the end, if it is."""

    @cached_property
    def under_caps(self) -> tuple[Setting, ...]:
        """One setting a rung, under every cap."""
        step = self.pump_step_ml_per_h
        caps = [(units.floor_below(c.ml_per_h, step, strict=c.strict), c.ml_per_h) for c in self.caps]
        lowest_cap = [min(caps)] if caps else []
        return tuple(
            Setting(*min([_setting(rung.ml_per_kg_h * self.weight_kg, step), *lowest_cap]), rung.minutes)
            for rung in self.rungs
        )


def _setting(limit_ml_per_h: Decimal, pump_step_ml_per_h: Decimal) -> tuple[Decimal, Decimal]:
    return units.floor_to(limit_ml_per_h, pump_step_ml_per_h), limit_ml_per_h


class NoRates(msgspec.Struct, frozen=True):
    """The product has no rates that may be planned for this use; ``unsigned`` could be signed."""

    code: str
    unsigned: tuple[Fact, ...] = ()


def plannable(product: Product, knowledge: Knowledge) -> tuple[Schedule, ...]:
    """Schedules that may be planned from: complete and seen, or signed by the site."""
    return tuple(
        s for s in product.schedules if knowledge.permits(s) and (s.plannable or s.id in knowledge.signed)
    )


class Serving(NamedTuple):
    """The schedules of a product that may serve this patient, and the one to follow."""

    usable: list[Schedule]
    on_label: bool
    schedule: Schedule


def _serving(product: Product, situation: Situation) -> Serving | NoRates:
    usable = [s for s in plannable(product, situation.knowledge) if _fits_patient(s, situation)]
    if not usable:
        return NoRates("rates_not_seen", product.schedules)
    on_label = [s for s in usable if is_on_label(s, product, situation)]
    return Serving(usable, bool(on_label), _choose(on_label) if on_label else _slowest(usable))


def held(product: Product, situation: Situation) -> tuple[Reason, ...] | NoRates:
    """Why this patient would stay at the product's start rate, without the work of a ladder."""
    serving = _serving(product, situation)
    return serving if isinstance(serving, NoRates) else _at_risk(product, serving.schedule, situation)[1]


def ladder(product: Product, situation: Situation) -> Ladder | NoRates:
    """The ladder of this product for this patient: label steps, then every cap."""
    weight_kg = situation.weight_kg
    serving = _serving(product, situation)
    if isinstance(serving, NoRates):
        return serving
    usable, on_label, schedule = serving
    rungs = _rungs(schedule, situation)
    if not on_label:
        rungs = _no_shorter(rungs, usable, situation)
    if not on_label or situation.limits.of(SlowStart):
        rungs = _from_slowest_start(rungs, usable, situation)
    at_risk, hold = _at_risk(product, schedule, situation)
    if hold:
        rungs = (Rung(rungs[0].ml_per_kg_h, None),)
    ordinary = _schedule_caps([schedule] if on_label else usable, weight_kg)
    caps = (*ordinary, *_finding_caps(product, situation), *at_risk)
    lowest = min(c.ml_per_h for c in caps)
    decision = RateDecision(
        schedule=schedule.id,
        experience=schedule.experience,
        start_ml_per_kg_h=rungs[0].ml_per_kg_h,
        max_ml_per_kg_h=min(rungs[-1].ml_per_kg_h, lowest / weight_kg),
        limited_by=(*(c.reason for c in caps), *hold),
        off_label=not on_label,
        facts=_facts(schedule, caps, hold, off_label=not on_label),
    )
    return Ladder(rungs, caps, weight_kg, situation.pump_step_ml_per_h, decision, hold)


class Stretch(NamedTuple):
    """One pump setting before it has a place on the clock."""

    rate_ml_per_h: Decimal
    limit_ml_per_h: Decimal
    minutes: int
    volume_ml: Decimal


def steps(
    ladder: Ladder, volume_ml: Decimal, start: dt.datetime, ceiling: Decimal | None = None
) -> tuple[Step, ...]:
    """Pump settings that give exactly ``volume_ml``; empty if the pump's step is too coarse.

    ceiling: a further limit in mL/h, used to stretch an infusion to a prescribed time.
    """
    made: list[Step] = []
    clock = start
    for part in _stretches(ladder, volume_ml, ceiling):
        end = _later(clock, part.minutes)
        made.append(
            Step(
                rate_ml_per_h=part.rate_ml_per_h,
                minutes=part.minutes,
                volume_ml=part.volume_ml,
                start=clock,
                end=end,
                limit_ml_per_h=part.limit_ml_per_h,
            )
        )
        clock = end
    return tuple(made)


def duration_minutes(ladder: Ladder, volume_ml: Decimal, ceiling: Decimal | None = None) -> int:
    """Minutes that ``steps`` takes; 0 if the pump's step is too coarse."""
    return sum(part.minutes for part in _stretches(ladder, volume_ml, ceiling))


def _stretches(ladder: Ladder, volume_ml: Decimal, ceiling: Decimal | None) -> list[Stretch]:
    """Rates, minutes and volumes in turn, until the volume is in; empty if a rate rounds down to 0."""
    made: list[Stretch] = []
    given = Decimal(0)
    for rate, limit, minutes in settings(ladder, ceiling):
        if rate <= 0:
            return []
        to_end = _minutes_for(volume_ml - given, rate)
        upto = volume_ml if minutes is None else given + _tenths(rate, minutes)
        if minutes is None or to_end <= minutes or upto >= volume_ml:  # no step is left with nothing to give
            made.append(Stretch(rate, limit, to_end, volume_ml - given))
            return made
        made.append(Stretch(rate, limit, minutes, upto - given))
        given = upto
    return made


def _tenths(rate_ml_per_h: Decimal, minutes: int) -> Decimal:
    """What a step gives, to 0.1 mL."""
    return (rate_ml_per_h * minutes / units.MINUTES_PER_HOUR).quantize(TENTH)


def _later(clock: dt.datetime, minutes: int) -> dt.datetime:
    """Elapsed minutes, not minutes on the wall: a change of the clocks moves no step."""
    return (clock.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(clock.tzinfo)


def top_rate(ladder: Ladder) -> Decimal:
    """The fastest pump setting of the ladder, in mL/h."""
    return max(rate for rate, _, _ in settings(ladder))


def settings(ladder: Ladder, ceiling: Decimal | None = None) -> tuple[Setting, ...]:
    """The settings of the ladder under a further limit in mL/h; equal neighbours merged."""
    lowest = [] if ceiling is None else [_setting(ceiling, ladder.pump_step_ml_per_h)]
    merged: list[Setting] = []
    for own_rate, own_limit, minutes in ladder.under_caps:
        rate, limit = min([(own_rate, own_limit), *lowest])
        if merged and merged[-1].rate_ml_per_h == rate:
            before = merged[-1]
            joined = None if before.minutes is None or minutes is None else before.minutes + minutes
            merged[-1] = before._replace(minutes=joined)
        else:
            merged.append(Setting(rate, limit, minutes))
    merged[-1] = merged[-1]._replace(minutes=None)
    return tuple(merged)


def _minutes_for(volume_ml: Decimal, rate_ml_per_h: Decimal) -> int:
    return int((volume_ml * units.MINUTES_PER_HOUR / rate_ml_per_h).to_integral_value(ROUND_CEILING))


def _fits_patient(schedule: Schedule, situation: Situation) -> bool:
    """May this patient be given this schedule at all? Unknown experience is none."""
    case = situation.case
    if _outside(case.get("age_years"), schedule.age_min_years, None):
        return False
    if _outside(case.get("weight_kg"), schedule.weight_kg_min, schedule.weight_kg_max):
        return False
    if not _lighter(case.get("weight_kg"), schedule.weight_kg_below):
        return False
    if schedule.experience != "experienced":
        return True
    if situation.limits.of(SlowStart) or case.get("immunoglobulin_naive") is not False:
        return False
    return _reached(case.get("prior_infusions"), schedule.infusions_tolerated_min) and _reached(
        case.get("tolerated_rate_ml_per_kg_per_h"), _tolerated(schedule, situation)
    )


def _outside(value: object, low: Decimal | None, high: Decimal | None) -> bool:
    if not isinstance(value, Reading):
        return low is not None or high is not None
    below = low is not None and value.below(low) is not Truth.FALSE
    above = high is not None and value.above(high) is not Truth.FALSE
    return below or above


def _lighter(value: object, than: Decimal | None) -> bool:
    return than is None or (isinstance(value, Reading) and value.below(than) is Truth.TRUE)


def _reached(value: object, needed: Decimal | int | None) -> bool:
    if needed is None:
        return True
    return isinstance(value, Reading) and value.below(Decimal(needed)) is Truth.FALSE


def _tolerated(schedule: Schedule, situation: Situation) -> Decimal | None:
    """What the label wants tolerated, in mL/kg/h, as a pump runs it and a history keeps it.

    The pump's step lies below the label's rate, and the history cuts to the hundredth. What does not
    round to the label's own digits is another rate, however coarse the pump.
    """
    told = schedule.tolerated_rate_min
    if told is None:
        return None
    half = Decimal(5).scaleb(int(told.as_tuple().exponent) - 1)
    exact, least = (
        units.rate_ml_per_kg_h(rate, schedule.unit, schedule.g_per_100_ml) for rate in (told, told - half)
    )
    weight = situation.weight_kg
    run = units.floor_to(exact * weight, situation.pump_step_ml_per_h) / weight
    return max(units.floor_to(run, HUNDREDTH), least)


def _choose(schedules: list[Schedule]) -> Schedule:
    """The schedule made for this patient's experience before one for anybody; then the slower."""
    specific = [s for s in schedules if s.experience == "experienced"]
    naive = [s for s in schedules if s.experience == "naive"]
    return _slowest(specific or naive or schedules)


def _slowest(schedules: list[Schedule]) -> Schedule:
    return min(schedules, key=lambda s: (_max(s), _start(s), s.id))


def _start(schedule: Schedule) -> Decimal:
    return units.rate_ml_per_kg_h(schedule.start_rate, schedule.unit, schedule.g_per_100_ml)


def _max(schedule: Schedule) -> Decimal:
    return units.rate_ml_per_kg_h(schedule.max_rate, schedule.unit, schedule.g_per_100_ml)


def _rungs(schedule: Schedule, situation: Situation) -> tuple[Rung, ...]:
    """The printed steps, or steps by policy between the printed start and maximum."""
    if schedule.steps:
        return tuple(
            Rung(units.rate_ml_per_kg_h(s.rate, schedule.unit, schedule.g_per_100_ml), s.minutes)
            for s in schedule.steps
        )
    rates = _printed_rates(schedule) or _even_rates(schedule, situation)
    interval = _interval(schedule, situation)
    first = schedule.start_minutes or interval
    minutes: list[int | None] = [max(first, interval), *[interval] * (len(rates) - 1)]
    minutes[-1] = None
    return tuple(Rung(rate, length) for rate, length in zip(rates, minutes, strict=True))


def _printed_rates(schedule: Schedule) -> list[Decimal]:
    """Rates printed without their durations."""
    return [units.rate_ml_per_kg_h(r, schedule.unit, schedule.g_per_100_ml) for r in schedule.step_rates]


def _even_rates(schedule: Schedule, situation: Situation) -> list[Decimal]:
    """Rates by the step policy from the printed start to the printed maximum."""
    start, top = _start(schedule), _max(schedule)
    double = situation.choice("policy.step_increase") == "double"
    rates = [start]
    while rates[-1] < top:
        rates.append(min(rates[-1] * 2 if double else rates[-1] + start, top))
    return rates


def _interval(schedule: Schedule, situation: Situation) -> int:
    stated = schedule.step_minutes_max or schedule.step_minutes_min
    return stated if stated is not None else int(situation.number("policy.step_interval"))


def _from_slowest_start(
    rungs: tuple[Rung, ...], usable: list[Schedule], situation: Situation
) -> tuple[Rung, ...]:
    """The slowest start of all the product's schedules comes first, for the longest interval."""
    start = min(_start(s) for s in usable)
    if rungs[0].ml_per_kg_h <= start:
        return rungs
    return (Rung(start, _longest_interval(usable, situation)), *rungs)


def _no_shorter(rungs: tuple[Rung, ...], usable: list[Schedule], situation: Situation) -> tuple[Rung, ...]:
    """Off label no step is shorter than the longest interval of the product's schedules."""
    longest = _longest_interval(usable, situation)
    return tuple(Rung(r.ml_per_kg_h, None if r.minutes is None else max(r.minutes, longest)) for r in rungs)


def _longest_interval(usable: list[Schedule], situation: Situation) -> int:
    return max(_interval(s, situation) for s in usable)


def _schedule_caps(schedules: Iterable[Schedule], weight_kg: Decimal) -> tuple[Cap, ...]:
    """The maxima themselves are caps, so that a strict one stays strict."""
    return tuple(
        Cap(_max(s) * weight_kg, s.max_strict, Reason(code="label_maximum", fact=s.id)) for s in schedules
    )


def _finding_caps(product: Product, situation: Situation) -> list[Cap]:
    """Caps that findings, the condition and its regimen put on the rate."""
    return [
        Cap(
            units.rate_ml_per_h(
                entry.effect.rate, entry.effect.unit, product.g_per_100_ml, situation.weight_kg
            ),
            entry.effect.strict,
            Reason(code="cap_rate", finding=entry.finding, fact=entry.effect.id),
        )
        for entry in situation.limits.of(CapRate)
    ]


def _at_risk(
    product: Product, schedule: Schedule, situation: Situation
) -> tuple[tuple[Cap, ...], tuple[Reason, ...]]:
    """Caps for every risk that acts, and the reasons (if any) to stay at the start rate."""
    found = [_of_risk(product, schedule, risk, situation) for risk in situation.limits.of(RiskEffect)]
    return tuple(cap for caps, _ in found for cap in caps), tuple(why for _, hold in found for why in hold)


def _of_risk(
    product: Product, schedule: Schedule, risk: Entry[RiskEffect], situation: Situation
) -> tuple[list[Cap], list[Reason]]:
    """What this label says for one risk group. Without a number of its own: no step up."""
    group = risk.effect.group
    own = [r for r in product.at_risk_rates if group in r.groups]
    # A label that is silent on this group is held to what it says of the other patients at risk.
    rules = own or list(product.at_risk_rates)
    ordinary = _max(schedule) * situation.weight_kg
    caps: list[Cap] = []
    numbered = False
    for rule in rules:
        if rule.rate is None or rule.unit is None:
            continue
        ml_per_h = units.rate_ml_per_h(rule.rate, rule.unit, product.g_per_100_ml, situation.weight_kg)
        reason = Reason(code="at_risk_rate", finding=risk.finding, fact=rule.id, value=group)
        caps.append(Cap(ml_per_h, rule.strict, reason))
        # "Below the ordinary maximum" is no number for a patient at risk; a weak number permits nothing.
        numbered = numbered or (ml_per_h < ordinary and situation.knowledge.permits(rule))
    always = situation.choice("policy.minimum_practicable_rate") == "start_rate"
    if numbered and not (always and any(r.rule == "minimum_practicable" for r in rules)):
        return caps, []
    fact = rules[0].id if rules else risk.effect.id
    return caps, [Reason(code="no_at_risk_rate", finding=risk.finding, fact=fact, value=group)]


def _facts(
    schedule: Schedule, caps: tuple[Cap, ...], hold: tuple[Reason, ...], *, off_label: bool
) -> tuple[str, ...]:
    used = [schedule.id, *(c.reason.fact for c in caps), *(r.fact for r in hold)]
    if not schedule.steps:
        if not schedule.step_rates:
            used.append("policy.step_increase")
        if schedule.step_minutes_max is None and schedule.step_minutes_min is None:
            used.append("policy.step_interval")
    if hold:
        used.append("policy.minimum_practicable_rate")
    if off_label:
        used.append("policy.off_label_rate")
    return tuple(dict.fromkeys(used))
