"""Infusions under the skin: dates, vials, sites and steps of the first weeks, or of a ramp-up.

Generate and test, as for an intravenous course: the dose is given at its interval; if a
limit is passed it is divided into more frequent infusions, as far as the label allows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil import units
from ivigil.course import Course, Day, RateDecision, Reason, Step
from ivigil.knowledge.hazards import MinimumDays
from ivigil.knowledge.products import Product, Vial
from ivigil.planning import course, rates, sites, stock
from ivigil.planning.course import Built, Filled, Misfit, NoCourse
from ivigil.planning.scheme import DAYS_PER_WEEK, Scheme, allowed_interval
from ivigil.planning.situation import Situation
from ivigil.planning.stock import Shelf
from ivigil.planning.vials import as_vials

HOURS_PER_DAY = Decimal(24)


class Dated(msgspec.Struct, frozen=True):
    """One infusion to come: days after the start, and the grams aimed at."""

    offset_days: int
    grams: Decimal


class _Made(msgspec.Struct, frozen=True):
    """One infusion that fits every limit."""

    aim: Decimal
    """Grams before rounding."""
    day: Day
    decision: RateDecision
    facts: tuple[str, ...]

    @property
    def opened(self) -> tuple[Decimal, ...]:
        """Every vial of the infusion."""
        return tuple(vial.grams for vial in self.day.vials for _ in range(vial.count))


def build(product: Product, situation: Situation) -> Built | NoCourse:
    """The least frequent infusions of this product that fit every limit; its rates were seen."""
    scheme, lacking = situation.scheme, stock.lacking(product, situation.knowledge)
    assert scheme is not None
    if lacking is not None:
        return NoCourse((Misfit(0, lacking),))
    shelf = stock.shelf(product, situation.knowledge)
    misfits: list[Misfit] = []
    for parts in _parts(scheme, situation):
        dated, after = _dated(parts, scheme, situation)
        made = _try(parts, dated, product, shelf, situation)
        if isinstance(made, Reason):
            misfits.append(Misfit(parts, made))
            if made.code == stock.NOT_IN_STOCK:  # a dose is not divided for want of vials
                break
            continue
        planned = _course(parts, made, misfits, shelf, situation)
        next_date = None if after is None else course.start_of(after + 1, situation).date()
        return Built(planned, _rates(made), tuple(m.day for m in made), next_date)
    if not misfits:
        misfits.append(Misfit(0, Reason(code="interval_outside_label", fact=scheme.rule.id)))
    return NoCourse(tuple(misfits))


def _parts(scheme: Scheme, situation: Situation) -> Iterator[int]:
    """Into how many infusions the dose of an interval may be divided, fewest first."""
    fewest = situation.order.days or 1
    if scheme.ramp is not None:
        yield 1
        return
    most = fewest
    allowed = allowed_interval(scheme.label)
    if scheme.once:
        most = max(fewest, int(situation.number("policy.longest_course")))
    elif allowed is not None:
        most = scheme.interval_days // allowed[0]
    yield from range(fewest, most + 1)


def _dated(parts: int, scheme: Scheme, situation: Situation) -> tuple[tuple[Dated, ...], int | None]:
    """The infusions to list, and how many days after the start the one after them is due."""
    whole, interval = situation.dose.grams, scheme.interval_days
    if scheme.once:
        return tuple(Dated(day, whole / parts) for day in range(parts)), None
    if scheme.ramp is not None:
        weekly = whole * DAYS_PER_WEEK / interval
        steps = [step for step in scheme.ramp.steps if step.dose_weeks]
        ramp = tuple(Dated((s.week - 1) * int(DAYS_PER_WEEK), weekly * s.dose_weeks) for s in steps)
        return ramp, ramp[-1].offset_days + interval
    window = max(int(situation.number("policy.sc_listed")), interval)
    cycles = window // interval + 1
    offsets = [
        cycle * interval + part * interval // parts for cycle in range(cycles) for part in range(parts)
    ]
    listed = tuple(Dated(offset, whole / parts) for offset in offsets if offset < window)
    return listed, next((offset for offset in offsets if offset >= window), cycles * interval)


def _try(
    parts: int, dated: tuple[Dated, ...], product: Product, shelf: Shelf, situation: Situation
) -> tuple[_Made, ...] | Reason:
    for minimum in situation.limits.of(MinimumDays):
        if parts < minimum.effect.days:
            return Reason(code="minimum_days", finding=minimum.finding, fact=minimum.effect.id)
    made: list[_Made] = []
    for index, infusion in enumerate(dated):
        one = _infusion(index + 1, infusion, product, shelf, situation)
        if isinstance(one, Reason):
            return one
        made.append(one)
        shelf = shelf.less(one.opened)
        if not shelf.left and index + 1 < len(dated):
            return stock.short(shelf)
    return tuple(made)


def _infusion(
    index: int, infusion: Dated, product: Product, shelf: Shelf, situation: Situation
) -> _Made | Reason:
    filled = course.fill((infusion.grams,), product, shelf, situation)
    if isinstance(filled, Reason):
        return filled
    over = _over_label(filled, situation)
    if over is not None:
        return over
    volume = _volume_ml(filled, product)
    start = course.start_of(infusion.offset_days + 1, situation)
    spread, steps = _paced(index, volume, start, product, situation)
    if isinstance(spread, Reason):
        return spread
    minutes = sum(step.minutes for step in steps)
    if minutes >= HOURS_PER_DAY * units.MINUTES_PER_HOUR:
        return Reason(code="longer_than_a_day", value=f"{minutes / units.MINUTES_PER_HOUR:.1f}")
    day = Day(
        number=index,
        date=start.date(),
        start=start,
        end=steps[-1].end,
        grams=filled.total,
        volume_ml=volume,
        duration_min=minutes,
        vials=as_vials(product, filled.vials[0]),
        discard_g=filled.drawn - filled.total,
        steps=steps,
        sites=sites.as_sites(spread.count, volume, max(step.rate_ml_per_h for step in steps)),
    )
    return _Made(infusion.grams, day, spread.ladder.decision, spread.facts)


def _paced(
    index: int, volume_ml: Decimal, start: dt.datetime, product: Product, situation: Situation
) -> tuple[sites.Spread | Reason, tuple[Step, ...]]:
    """Sites and pump settings of one infusion; the reason if it cannot be given so."""
    usual = sites.prior_infusions(product, situation) + index
    number = index if sites.starts_slowly(situation) else usual
    spread = sites.spread(product, number, volume_ml, situation)
    if isinstance(spread, Reason):
        return spread, ()
    limits = [course.ceiling(1, spread.ladder, volume_ml, situation)]
    if number != usual:  # more sites, each at a first infusion's rate, must not add up to more than usual
        limits.append(_top_rate(sites.spread(product, usual, volume_ml, situation)))
    limit = min((rate for rate in limits if rate is not None), default=None)
    steps = rates.steps(spread.ladder, volume_ml, start, limit)
    if not steps:
        return Reason(code="pump_step_too_coarse", value=f"{situation.pump_step_ml_per_h:f}"), ()
    return spread, steps


def _top_rate(spread: sites.Spread | Reason) -> Decimal | None:
    return None if isinstance(spread, Reason) else rates.top_rate(spread.ladder)


def _over_label(filled: Filled, situation: Situation) -> Reason | None:
    """More on one day than the label's dose allows?"""
    label = situation.scheme.label if situation.scheme is not None else None
    if label is None:
        return None
    per_kg = label.g_per_kg_per_day_max
    by_weight = per_kg is not None and filled.total > per_kg * situation.weight_kg
    by_grams = label.g_per_day_max is not None and filled.total > label.g_per_day_max
    return Reason(code="daily_dose", fact=label.id) if by_weight or by_grams else None


def _volume_ml(filled: Filled, product: Product) -> Decimal:
    """What whole vials hold by their labels; a part vial by the strength, as it is measured."""
    if filled.drawn != filled.total:
        return units.volume_ml(filled.total, product.g_per_100_ml)
    printed = {vial.grams: vial.volume_ml for vial in _seen_vials(product)}
    return sum((printed[grams] for grams in filled.vials[0]), Decimal(0))


def _seen_vials(product: Product) -> tuple[Vial, ...]:
    return tuple(vial for vial in product.vials if vial.seen)


def _course(
    parts: int,
    made: tuple[_Made, ...],
    misfits: list[Misfit],
    shelf: Shelf,
    situation: Situation,
) -> Course:
    scheme = situation.scheme
    assert scheme is not None
    days = [m.day for m in made]
    grams = sum((d.grams for d in days), Decimal(0))
    because = [*scheme.notes, *(m.reason for m in misfits)]
    if parts > 1 and not scheme.once:
        fact = scheme.label.id if scheme.label is not None else scheme.rule.id
        because.append(Reason(code="more_often", fact=fact, value=str(parts)))
    whole = parts == 1 and scheme.ramp is None
    first = Filled((days[0].grams,), (made[0].opened,))
    left = shelf.less(grams for later in made[1:] for grams in later.opened)
    ruling = [scheme.rule.id, "policy.rounding", "policy.rounding_tolerance", stock.STOCK]
    ruling += _policies(scheme, situation)
    ruling += [] if scheme.ramp is None else [scheme.ramp.id]
    return Course(
        days=len(days),
        grams=grams,
        change_percent=course.change_percent(grams, sum((m.aim for m in made), Decimal(0))),
        vials=sum(v.count for d in days for v in d.vials),
        discard_g=sum((d.discard_g for d in days), Decimal(0)),
        interval_days=None if scheme.once else scheme.interval_days,
        days_because=tuple(dict.fromkeys(because)),
        neighbours=course.neighbours(first, left, situation) if whole else (),
        facts=tuple(dict.fromkeys([*ruling, *(fact for m in made for fact in m.facts)])),
    )


def _policies(scheme: Scheme, situation: Situation) -> list[str]:
    """The policies that set the interval and how far ahead is listed."""
    repeats = not scheme.once and situation.order.interval_days is None
    listed = not scheme.once and scheme.ramp is None
    return ["policy.sc_interval"] * repeats + ["policy.sc_listed"] * listed


def _rates(made: tuple[_Made, ...]) -> RateDecision:
    """The rates of all infusions as one decision: where they start and how fast they become."""
    decisions = [m.decision for m in made]
    return replace(
        decisions[0],
        max_ml_per_kg_h=max(d.max_ml_per_kg_h for d in decisions),
        limited_by=tuple(dict.fromkeys(reason for d in decisions for reason in d.limited_by)),
        facts=tuple(dict.fromkeys(fact for d in decisions for fact in d.facts)),
    )
