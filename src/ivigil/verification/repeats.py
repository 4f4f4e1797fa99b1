"""Doses under the skin in time: where their grams come from, what each interval adds up to, which days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ivigil.course import Day
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.products import Conversion, Product, RampUp, SubcutaneousDose, TroughAdjustment
from ivigil.verification.exact import MILLIGRAM, ml, show
from ivigil.verification.labels import labelled_uses
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

DAYS_PER_WEEK = 7
PERCENT = 100
ROUNDING_PERCENT = Fraction(1, 10)
"""A change is stated to 0.1 %."""


def check(matter: Matter) -> Iterator[Objection]:
    """The factor, the interval, the grams of each interval or of the ramp-up, and the dates."""
    if matter.order.route != "SC" or matter.plan.dose is None:
        return
    yield from _converted(matter)
    yield from _label_range(matter)
    yield from _allowed_interval(matter)
    if not matter.plan.days:
        return
    yield from _days(matter)
    aims = tuple(_aims(matter))
    for aim, days in aims:
        yield from _given(matter, aim, days)
    yield from _change(matter, sum((aim for aim, _ in aims), Fraction(0)))


# ---- where the grams come from


def _converted(matter: Matter) -> Iterator[Objection]:
    """The last weekly grams times the factor that the dose names, and the trough's change."""
    dose, last = matter.plan.dose, matter.order.last_immunoglobulin
    named = [matter.knowledge.by_id.get(name) for name in dose.facts] if dose else []
    factors = [fact for fact in named if isinstance(fact, Conversion)]
    if not factors or dose is None or matter.interval_days is None:
        return
    factor, weeks = factors[0], Fraction(matter.interval_days, DAYS_PER_WEEK)
    if last is None or last.grams is None or not last.interval_days or factor.superseded:
        expected = "a last dose with its interval, and a factor in force"
        yield Objection("conversion", "dose.grams", show(dose.grams), expected, (factor.id,))
        return
    weekly = Fraction(last.grams) * DAYS_PER_WEEK / last.interval_days
    grams = weekly * Fraction(factor.factor) * weeks + _trough(matter, named)
    if factor.convert_from != last.route or abs(Fraction(dose.grams) - grams) > MILLIGRAM:
        if dose.capped_by and Fraction(dose.grams) < grams:
            return
        expected = f"{show(grams)} g, from {factor.convert_from}"
        yield Objection("conversion", "dose.grams", show(dose.grams), expected, (factor.id,))


def _trough(matter: Matter, named: Sequence[Fact | None]) -> Fraction:
    """Grams that the trough table adds or takes away."""
    cells = [fact for fact in named if isinstance(fact, TroughAdjustment)]
    measured, target = (
        matter.order.patient.measurements.get("igg_g_per_l"),
        matter.order.target_trough_g_per_l,
    )
    product = _dosed_product(matter)
    if not cells or measured is None or target is None or product is None or measured.reading.low is None:
        return Fraction(0)
    grams = Fraction(cells[0].change_ml) * Fraction(product.g_per_100_ml) / PERCENT
    return grams if target > measured.reading.low else -grams


def _label_range(matter: Matter) -> Iterator[Objection]:
    """Never above what the label of the planned product gives by the week for this use."""
    dose, label = matter.plan.dose, _label(matter)
    if dose is None or label is None or label.g_per_kg_per_week_max is None or matter.interval_days is None:
        return
    weeks = Fraction(matter.interval_days, DAYS_PER_WEEK)
    most = Fraction(label.g_per_kg_per_week_max) * matter.dosing_weight_kg * weeks
    if Fraction(dose.grams) > most + MILLIGRAM:
        expected = f"at most {show(most)} g"
        yield Objection("dose_above_label", "dose.grams", show(dose.grams), expected, (label.id,))


def _allowed_interval(matter: Matter) -> Iterator[Objection]:
    ordered, label, days = matter.order.interval_days, _label(matter), matter.interval_days
    if days is None:
        return
    if ordered is not None and days != ordered:
        yield Objection("interval_not_as_ordered", "dose.interval_days", str(days), str(ordered))
    if label is None or label.interval_days_min is None or label.interval_days_max is None:
        return
    if not label.interval_days_min <= days <= label.interval_days_max:
        expected = f"{label.interval_days_min} to {label.interval_days_max} days"
        yield Objection("interval_outside_label", "dose.interval_days", str(days), expected, (label.id,))


def _label(matter: Matter) -> SubcutaneousDose | None:
    """What the planned product's label states for this use, phase and weight."""
    product, weight = matter.product, matter.actual_weight_kg
    if product is None:
        return None
    codes = {use.indication for use in labelled_uses(matter, product)}
    fitting = (
        dose
        for dose in product.subcutaneous_doses
        if dose.indication in codes
        and dose.phase == (matter.order.phase or "maintenance")
        and (dose.weight_kg_min is None or weight >= dose.weight_kg_min)
        and (dose.weight_kg_max is None or weight < dose.weight_kg_max)
    )
    return next(fitting, None)


def _dosed_product(matter: Matter) -> Product | None:
    return matter.product or matter.knowledge.products.get(matter.order.product or "")


# ---- on which days, and how much


def _days(matter: Matter) -> Iterator[Objection]:
    """From the ordered start, never two on one day; a ramp-up in the weeks of its table."""
    days, start = matter.plan.days, matter.start.date()
    if days[0].date != start:
        yield Objection("day_date", "days[0].date", str(days[0].date), str(start))
    for index, (before, after) in enumerate(pairwise(days), start=1):
        if after.date <= before.date:
            yield Objection("day_date", f"days[{index}].date", str(after.date), f"after {before.date}")
    ramp = _ramp(matter)
    weeks = [step.week for step in ramp.steps if step.dose_weeks] if ramp is not None else []
    for index, (day, week) in enumerate(zip(days, weeks, strict=False)):
        date = start + dt.timedelta(weeks=week - 1)
        if day.date != date:
            facts = (ramp.id,) if ramp is not None else ()
            yield Objection("day_date", f"days[{index}].date", str(day.date), str(date), facts)


def _aims(matter: Matter) -> Iterator[tuple[Fraction, tuple[Day, ...]]]:
    """The grams aimed at and the days that give them: of each interval, each ramp step, or in all."""
    dose, days, interval = matter.plan.dose, matter.plan.days, matter.interval_days
    grams = Fraction(dose.grams) if dose else Fraction(0)
    if interval is None:
        yield grams, days
        return
    ramp = _ramp(matter)
    if ramp is not None:
        steps = [step for step in ramp.steps if step.dose_weeks]
        for step, day in zip(steps, days, strict=False):
            yield grams * DAYS_PER_WEEK / interval * Fraction(step.dose_weeks), (day,)
        return
    by_interval: dict[int, list[Day]] = {}
    for day in days:
        by_interval.setdefault((day.date - days[0].date).days // interval, []).append(day)
    last = max(by_interval)
    parts = len(by_interval[0])
    for number, given in by_interval.items():
        share = Fraction(len(given), parts) if number == last else Fraction(1)
        yield grams * share, tuple(given)


def _ramp(matter: Matter) -> RampUp | None:
    """The ramp-up that the plan names."""
    course = matter.plan.course
    named = (matter.knowledge.by_id.get(name) for name in (course.facts if course else ()))
    return next((fact for fact in named if isinstance(fact, RampUp)), None)


def _given(matter: Matter, aim: Fraction, days: tuple[Day, ...]) -> Iterator[Objection]:
    """No more than aimed at, unless the site rounds to the nearest; no less than rounding may take."""
    given = Fraction(sum((day.grams for day in days), Decimal(0)))
    where, seen = f"days[{days[0].number - 1}].grams", show(given)
    if given > aim + MILLIGRAM and matter.choice("policy.rounding") != "nearest":
        yield Objection("rounded_up", where, seen, f"at most {show(aim)} g", ("policy.rounding",))
    tolerance, step = matter.number("policy.rounding_tolerance"), matter.number("policy.part_vial_step")
    if tolerance is None or abs(given - aim) * PERCENT <= aim * Fraction(tolerance):
        return
    short = ml(aim - given, matter.product.g_per_100_ml) if matter.product else Fraction(0)
    if step is None or not 0 <= short < step * len(days):  # less than can be measured of a part vial
        expected = f"within {show(tolerance)} % of {show(aim)} g"
        yield Objection("rounding_tolerance", where, seen, expected, ("policy.rounding_tolerance",))


def _change(matter: Matter, aim: Fraction) -> Iterator[Objection]:
    course = matter.plan.course
    if course is None or aim <= 0:
        return
    change = (Fraction(course.grams) / aim - 1) * PERCENT
    if abs(Fraction(course.change_percent) - change) > ROUNDING_PERCENT:
        seen = show(course.change_percent)
        yield Objection("change_percent", "course.change_percent", seen, f"{show(change)} %")
