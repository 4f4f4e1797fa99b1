"""The course: generate each allowed number of days, test it, keep the first that fits.

There is no going back and forth between days and rates: a day count is filled with vials,
given its steps, and held against every limit; the next is tried only if it fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil import units
from ivigil.course import Course, Day, Neighbour, RateDecision, Reason
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.doses import daily_range
from ivigil.knowledge.hazards import CapDailyDose, CapDailyVolume, MinimumDays, MinimumHours
from ivigil.knowledge.products import Product
from ivigil.planning import rates, stock
from ivigil.planning.dose import MG
from ivigil.planning.rates import Ladder
from ivigil.planning.situation import Situation
from ivigil.planning.stock import Shelf
from ivigil.planning.vials import Sizes, as_vials

PERCENT = Decimal(100)
PERCENT_STEP = Decimal("0.01")
HOURS_PER_DAY = Decimal(24)


class Misfit(msgspec.Struct, frozen=True):
    """A day count that does not fit, and the reason."""

    days: int
    reason: Reason


class NoCourse(msgspec.Struct, frozen=True):
    misfits: tuple[Misfit, ...]


class Built(msgspec.Struct, frozen=True):
    """A course that fits: its days, and what shaped their rates."""

    course: Course
    rates: RateDecision
    days: tuple[Day, ...]
    next_date: dt.date | None = None
    """Subcutaneous: when the infusion after the listed ones is due."""


class Filled(msgspec.Struct, frozen=True):
    """What each day gives and the vials it takes."""

    grams: tuple[Decimal, ...]
    vials: tuple[tuple[Decimal, ...], ...]

    @property
    def total(self) -> Decimal:
        return sum(self.grams, Decimal(0))

    @property
    def opened(self) -> tuple[Decimal, ...]:
        """Every vial of the course."""
        return tuple(grams for day in self.vials for grams in day)

    @property
    def drawn(self) -> Decimal:
        return sum(self.opened, Decimal(0))


def build(product: Product, ladder: Ladder, situation: Situation) -> Built | NoCourse:
    """The first day count whose whole days fit every limit."""
    misfits: list[Misfit] = []
    lacking = stock.lacking(product, situation.knowledge)
    if lacking is not None:
        return NoCourse((Misfit(0, lacking),))
    shelf = stock.shelf(product, situation.knowledge)
    for count in _day_counts(situation):
        made = _try(count, product, shelf, ladder, situation)
        if not isinstance(made, Reason):
            filled, days = made
            return Built(_course(filled, days, shelf, misfits, situation), ladder.decision, days)
        misfits.append(Misfit(count, made))
        if made.code == stock.NOT_IN_STOCK:  # a course is not lengthened for want of vials
            break
    return NoCourse(tuple(misfits))


def _day_counts(situation: Situation) -> Iterator[int]:
    """The counts that the regimen allows, shortest first, then longer ones up to the policy's limit.

    A single infusion of a one-time course, an infusion of prescribed hours, and a regimen that
    states each day's dose are divided further only if a finding caps the dose of a day.
    """
    regimen, ordered = situation.regimen, situation.order.days
    if ordered is not None:
        allowed: tuple[int, ...] = (ordered,)
    else:
        allowed = tuple(sorted(regimen.allowed_days)) or _unstated(situation)
    yield from allowed
    single = situation.condition.course == "one_time" and regimen.allowed_days == (1,)
    if regimen.day_doses_g_per_kg:
        return
    if not (single or _prescribes_hours(regimen)) or _capped_by_a_finding(situation):
        yield from range(max(allowed) + 1, int(situation.number("policy.longest_course")) + 1)


def _prescribes_hours(regimen: Regimen) -> bool:
    return regimen.infusion_hours_min is not None or regimen.infusion_hours_max is not None


def _capped_by_a_finding(situation: Situation) -> bool:
    by_dose = any(e.finding != situation.condition.id for e in situation.limits.of(CapDailyDose))
    return by_dose or bool(situation.limits.of(MinimumDays))


def _unstated(situation: Situation) -> tuple[int, ...]:
    """Days where the regimen is silent: by its daily dose, else one for replacement, else the policy."""
    daily = daily_range(situation.regimen)
    if daily is not None:
        return (int(units.ceil_to(situation.dose.g_per_kg / daily[1], Decimal(1))),)
    if situation.condition.purpose == "replacement":
        return (1,)
    return (int(situation.number("policy.days_not_stated")),)


def _try(
    count: int, product: Product, shelf: Shelf, ladder: Ladder, situation: Situation
) -> tuple[Filled, tuple[Day, ...]] | Reason:
    for minimum in situation.limits.of(MinimumDays):
        if count < minimum.effect.days:
            return Reason(code="minimum_days", finding=minimum.finding, fact=minimum.effect.id)
    filled = fill(_targets(count, situation), product, shelf, situation)
    if isinstance(filled, Reason):
        return filled
    limits = {g: ceiling(count, ladder, _volume_ml(g, product), situation) for g in set(filled.grams)}
    days: list[Day] = []
    for number, grams in enumerate(filled.grams, start=1):
        day = _day(number, filled, product, ladder, situation, limit=limits[grams])
        if isinstance(day, Reason):
            return day
        days.append(day)
    return filled, tuple(days)


def fill(
    targets: tuple[Decimal, ...], product: Product, shelf: Shelf, situation: Situation
) -> Filled | Reason:
    """Vials for near-equal days, within the limits of a day and the stock."""
    filled = _unlimited(targets, product, shelf.sizes, situation)
    if filled is None:
        return Reason(code="no_vial_fits", fact=product.id)
    over = over_daily_limits(filled, product, situation)
    if over is not None or shelf.holds(filled.opened):
        return over or filled
    left = _from_stock(targets, product, shelf, situation)
    if left is None:
        return stock.short(shelf)
    return over_daily_limits(left, product, situation) or left


def _unlimited(
    targets: tuple[Decimal, ...], product: Product, sizes: Sizes, situation: Situation
) -> Filled | None:
    """Whole vials; a part vial where whole vials miss the tolerance."""
    whole = _whole(targets, sizes, _daily_cap(product, situation), situation)
    if all(whole) and _is_near(whole, targets, situation):
        return Filled(whole, tuple(sizes.fill(g) for g in whole))
    parts = _parts(targets, product, situation)
    if not all(parts):
        return None
    return Filled(parts, tuple(sizes.fill(sizes.at_least(g)) for g in parts))


def _from_stock(
    targets: tuple[Decimal, ...], product: Product, shelf: Shelf, situation: Situation
) -> Filled | None:
    """The same from counted vials, the next day from what the day before left."""
    whole = stock.one_by_one(targets, shelf, stock.whole)
    if whole is not None:
        grams = tuple(sum(vials, Decimal(0)) for vials in whole)
        short = [target - given for target, given in zip(targets, grams, strict=True)]
        if _is_near(grams, targets, situation) and max(short) - min(short) <= min(shelf.left):
            return Filled(grams, whole)
    parts = _parts(targets, product, situation)
    opened = stock.one_by_one(parts, shelf, stock.part)
    return None if opened is None else Filled(parts, opened)


def _is_near(grams: tuple[Decimal, ...], targets: tuple[Decimal, ...], situation: Situation) -> bool:
    """Is the whole given within the tolerance of the whole ordered?"""
    ordered, tolerance = _ordered(targets), situation.number("policy.rounding_tolerance") / PERCENT
    return abs(ordered - sum(grams, Decimal(0))) <= ordered * tolerance


def _parts(targets: tuple[Decimal, ...], product: Product, situation: Situation) -> tuple[Decimal, ...]:
    """The targets as a syringe measures them, rounded down."""
    step = situation.number("policy.part_vial_step") * product.g_per_100_ml / units.ML_PER_DL
    return tuple(units.floor_to(target, step) for target in targets)


def _targets(count: int, situation: Situation) -> tuple[Decimal, ...]:
    doses = situation.regimen.day_doses_g_per_kg
    if len(doses) == count:
        whole = sum(doses, Decimal(0))
        return tuple(situation.dose.grams * d / whole for d in doses)
    return (situation.dose.grams / count,) * count


def _ordered(targets: tuple[Decimal, ...]) -> Decimal:
    """The whole dose again, to the milligram: a third of 100 g, three times, is 100 g."""
    return sum(targets, Decimal(0)).quantize(MG)


def _whole(
    targets: tuple[Decimal, ...], sizes: Sizes, cap: Decimal | None, situation: Situation
) -> tuple[Decimal, ...]:
    """Near-equal whole-vial days: each is the sum below or above its target; the larger days first.

    The total never passes the ordered dose, unless the site rounds to the nearest; no day
    passes the daily cap.
    """
    lower = [sizes.at_most(t) for t in targets]
    upper = [sizes.at_least(t) for t in targets]
    ordered = _ordered(targets)
    best = list(lower)
    for index in range(len(targets)):
        if cap is not None and upper[index] > cap:
            break
        trial = [*upper[: index + 1], *lower[index + 1 :]]
        total = sum(trial, Decimal(0))
        nearer = abs(total - ordered) < abs(sum(best, Decimal(0)) - ordered)
        if total <= ordered or (situation.choice("policy.rounding") == "nearest" and nearer):
            best = trial
    return tuple(best)


def _daily_cap(product: Product, situation: Situation) -> Decimal | None:
    """The lowest daily limit in grams, whatever it is stated in."""
    weight = situation.weight_kg
    caps = [g for e in situation.limits.of(CapDailyDose) for g in _in_grams(e.effect, weight)]
    caps += [
        e.effect.ml_per_kg * weight * product.g_per_100_ml / units.ML_PER_DL
        for e in situation.limits.of(CapDailyVolume)
    ]
    return min(caps, default=None)


def _in_grams(cap: CapDailyDose, weight_kg: Decimal) -> list[Decimal]:
    by_weight = [] if cap.g_per_kg is None else [cap.g_per_kg * weight_kg]
    return by_weight if cap.grams is None else [*by_weight, cap.grams]


def over_daily_limits(filled: Filled, product: Product, situation: Situation) -> Reason | None:
    """The cap on grams or volume of one day that a day passes, if any does."""
    largest = max(filled.grams)
    weight = situation.weight_kg
    for entry in situation.limits.of(CapDailyDose):
        cap = entry.effect
        if any(largest > grams for grams in _in_grams(cap, weight)):
            return Reason(code="daily_dose", finding=entry.finding, fact=cap.id)
    for volume in situation.limits.of(CapDailyVolume):
        if units.volume_ml(largest, product.g_per_100_ml) > volume.effect.ml_per_kg * weight:
            return Reason(code="daily_volume", finding=volume.finding, fact=volume.effect.id)
    return None


def _volume_ml(grams: Decimal, product: Product) -> Decimal:
    return units.volume_ml(grams, product.g_per_100_ml)


def _day(
    number: int,
    filled: Filled,
    product: Product,
    ladder: Ladder,
    situation: Situation,
    *,
    limit: Decimal | None,
) -> Day | Reason:
    """One day with its steps, under the ceiling ``limit`` that days of these grams have."""
    grams, vials = filled.grams[number - 1], filled.vials[number - 1]
    volume = _volume_ml(grams, product)
    count = len(filled.grams)
    start = start_of(number, situation)
    steps = rates.steps(ladder, volume, start, limit)
    if not steps:
        return Reason(code="pump_step_too_coarse", value=f"{situation.pump_step_ml_per_h:f}")
    minutes = sum(step.minutes for step in steps)
    if minutes < _shortest_minutes(count, situation):
        return Reason(code="pump_step_too_coarse", value=f"{situation.pump_step_ml_per_h:f}")
    own_time = limit is None and _is_undivided(count, situation)
    late = _too_long(minutes, product, situation, own_time=own_time)
    if late is not None:
        return late
    return Day(
        number=number,
        date=start.date(),
        start=start,
        end=steps[-1].end,
        grams=grams,
        volume_ml=volume,
        duration_min=minutes,
        vials=as_vials(product, vials),
        discard_g=sum(vials, Decimal(0)) - grams,
        steps=steps,
    )


def start_of(number: int, situation: Situation) -> dt.datetime:
    """The same wall-clock time on consecutive days; the site's zone carries daylight saving."""
    start, zone = situation.order.start, situation.knowledge.zone
    local = start.astimezone(zone) if zone is not None else start
    wall = local.replace(tzinfo=None) + dt.timedelta(days=number - 1)
    # Through UTC and back, so that an hour that the clocks skip becomes one that exists.
    return wall.replace(tzinfo=local.tzinfo).astimezone(dt.UTC).astimezone(local.tzinfo)


def _is_undivided(count: int, situation: Situation) -> bool:
    """The hours that a regimen prescribes are those of its own number of infusions."""
    return not situation.regimen.allowed_days or count in situation.regimen.allowed_days


def _shortest_minutes(count: int, situation: Situation) -> int:
    hours = [e.effect.hours for e in situation.limits.of(MinimumHours)]
    window = situation.regimen.infusion_hours_min
    if window is not None and _is_undivided(count, situation):
        hours.append(window)
    return int(max(hours, default=Decimal(0)) * units.MINUTES_PER_HOUR)


def ceiling(count: int, ladder: Ladder, volume: Decimal, situation: Situation) -> Decimal | None:
    """The fastest rate at which the infusion still takes the prescribed time; None if none is."""
    shortest = _shortest_minutes(count, situation)
    if rates.duration_minutes(ladder, volume) >= shortest:
        return None
    step = ladder.pump_step_ml_per_h
    low, high = 1, int(rates.top_rate(ladder) / step)
    while low < high:  # the duration only falls as the ceiling rises
        middle = (low + high + 1) // 2
        if rates.duration_minutes(ladder, volume, middle * step) >= shortest:
            low = middle
        else:
            high = middle - 1
    return low * step


def _too_long(minutes: int, product: Product, situation: Situation, *, own_time: bool) -> Reason | None:
    """``own_time``: held to the regimen's longest hours. An infusion that was stretched to the shortest
    is as near to them as the pump's step allows.
    """
    hours = Decimal(minutes) / units.MINUTES_PER_HOUR
    regimen: Regimen = situation.regimen
    if own_time and regimen.infusion_hours_max is not None and hours > regimen.infusion_hours_max:
        return Reason(code="infusion_hours", fact=regimen.id, value=f"{hours:.1f}")
    opening = situation.knowledge.policies["policy.opening_hours"]
    if opening.number is not None and hours > opening.number:
        return Reason(code="opening_hours", fact=opening.id, value=f"{hours:.1f}")
    for pooled in product.properties_named("pooled_use_within_h"):
        if pooled.number is not None and hours > pooled.number:
            return Reason(code="pooled_use", fact=pooled.id, value=f"{hours:.1f}")
    if hours >= HOURS_PER_DAY:
        return Reason(code="longer_than_a_day", value=f"{hours:.1f}")
    return None


def _course(
    filled: Filled, days: tuple[Day, ...], shelf: Shelf, misfits: list[Misfit], situation: Situation
) -> Course:
    ordered = situation.dose.grams
    vials = sum(v.count for day in days for v in day.vials)
    because = [m.reason for m in misfits]
    allowed = situation.regimen.allowed_days
    if allowed and len(days) not in allowed:
        because.append(Reason(code="lengthened", fact="policy.longest_course"))
    return Course(
        days=len(days),
        grams=filled.total,
        change_percent=change_percent(filled.total, ordered),
        vials=vials,
        discard_g=filled.drawn - filled.total,
        days_because=tuple(dict.fromkeys(because)),
        neighbours=neighbours(filled, shelf, situation),
        facts=(situation.regimen.id, *_policies(filled, situation)),
    )


def _policies(filled: Filled, situation: Situation) -> tuple[str, ...]:
    """The policies that had a say in the days and the rounding."""
    used = ["policy.rounding", "policy.rounding_tolerance", stock.STOCK]
    if filled.drawn != filled.total:
        used.append("policy.part_vial_step")
    if not situation.regimen.allowed_days and situation.order.days is None:
        used.append("policy.days_not_stated")
    return tuple(used)


def change_percent(grams: Decimal, ordered: Decimal) -> Decimal:
    return ((grams - ordered) * PERCENT / ordered).quantize(PERCENT_STEP) + 0


def neighbours(filled: Filled, shelf: Shelf, situation: Situation) -> tuple[Neighbour, ...]:
    """The next dose up, and the nearest smaller one that saves a vial; the smallest day changes.

    One whose vials are not in stock is not shown.
    """
    ordered, sizes = situation.dose.grams, shelf.sizes
    found: list[Neighbour] = []
    hair = sizes.smallest / PERCENT
    up = _with_smallest(filled.grams, sizes.at_least(min(filled.grams) + hair))
    opened = _opened(up, sizes)
    if shelf.holds(opened):
        found.append(_neighbour("round_up", up, ordered, opened))
    smaller = sizes.at_most(min(filled.grams) - hair)
    tolerance = situation.number("policy.rounding_tolerance") / PERCENT
    while smaller > 0:
        trial = _with_smallest(filled.grams, smaller)
        total = sum(trial, Decimal(0))
        if ordered - total > ordered * tolerance:
            break
        opened = _opened(trial, sizes)
        if len(opened) < len(filled.opened) and shelf.holds(opened):
            found.append(_neighbour("fewer_vials", trial, ordered, opened))
            break
        smaller = sizes.at_most(smaller - hair)
    return tuple(found)


def _with_smallest(days: tuple[Decimal, ...], grams: Decimal) -> tuple[Decimal, ...]:
    """The same days with other grams on the smallest one."""
    place = days.index(min(days))
    return (*days[:place], grams, *days[place + 1 :])


def _opened(grams: tuple[Decimal, ...], sizes: Sizes) -> tuple[Decimal, ...]:
    return tuple(vial for g in grams for vial in sizes.fill(sizes.at_least(g)))


def _neighbour(
    kind: Literal["round_up", "fewer_vials"],
    grams: tuple[Decimal, ...],
    ordered: Decimal,
    opened: tuple[Decimal, ...],
) -> Neighbour:
    total = sum(grams, Decimal(0))
    return Neighbour(
        kind=kind,
        grams=total,
        change_percent=change_percent(total, ordered),
        vials=len(opened),
        days=len(grams),
    )
