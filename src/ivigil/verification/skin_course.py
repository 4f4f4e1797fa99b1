"""Subcutaneous infusions: on which days, how much each, and how a facilitated product is begun."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from ivigil.course import Course, Day, Dose
from ivigil.knowledge.hazards import MinimumDays
from ivigil.knowledge.products import Product, RampUp
from ivigil.verification import skin_doses
from ivigil.verification.course import PERCENT, ROUNDING_PERCENT
from ivigil.verification.exact import ml, show
from ivigil.verification.labels import covers
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

DAYS_PER_WEEK = 7


class Aim(msgspec.Struct, frozen=True):
    """When an infusion is due, in days after the first, and the grams it is meant to give."""

    offset: int
    grams: Fraction


def check(matter: Matter) -> Iterator[Objection]:
    """Dates and grams of the listed infusions, and the daily limits of the label."""
    plan, product = matter.plan, matter.product
    if matter.order.route != "SC" or product is None or plan.dose is None or not plan.days:
        return
    tables = tuple(_tables(matter, product, plan.dose))
    if product.facilitated and not _established(matter, product, tables):
        aims = _ramp(plan.dose, tables)
        if not aims:
            expected = "the label's table for starting this product"
            yield Objection("no_ramp_up", "days", f"{len(plan.days)} infusions", expected, (product.id,))
    else:
        aims = _even(matter, plan.dose)
        yield from _often(matter, plan.dose)
    yield from _match(matter, aims)
    if plan.course is not None:
        yield from _change(plan.course, aims)
    for index, day in enumerate(plan.days):
        yield from _label_limits(matter, f"days[{index}].grams", day)


def _offsets(matter: Matter) -> list[int]:
    return [(day.date - matter.start.date()).days for day in matter.plan.days]


# ---- what is due


def _parts(matter: Matter, dose: Dose) -> int:
    """Into how many infusions one dose is divided."""
    if dose.interval_days is None:
        return max(len(matter.plan.days), 1)
    return max(sum(1 for offset in _offsets(matter) if offset < dose.interval_days), 1)


def _even(matter: Matter, dose: Dose) -> tuple[Aim, ...]:
    """A dose every interval, in equal parts; a dose that is given once, on consecutive days."""
    parts = _parts(matter, dose)
    grams = Fraction(dose.grams) / parts
    count = range(len(matter.plan.days))
    if dose.interval_days is None:
        return tuple(Aim(index, grams) for index in count)
    interval = dose.interval_days
    return tuple(Aim(index // parts * interval + index % parts * interval // parts, grams) for index in count)


def _tables(matter: Matter, product: Product, dose: Dose) -> Iterator[RampUp]:
    for table in product.ramp_ups:
        fits = table.interval_weeks is not None and table.interval_weeks * DAYS_PER_WEEK == dose.interval_days
        if fits and covers(matter, table.indications) and usable(matter, table):
            yield table


def _ramp(dose: Dose, tables: tuple[RampUp, ...]) -> tuple[Aim, ...]:
    """The printed table: grams of a week times its factor, in the weeks that it names."""
    if not tables or not dose.interval_days:
        return ()
    weekly = Fraction(dose.grams) * DAYS_PER_WEEK / dose.interval_days
    steps = (step for step in tables[0].steps if step.dose_weeks)
    return tuple(Aim((s.week - 1) * DAYS_PER_WEEK, weekly * Fraction(s.dose_weeks)) for s in steps)


def _established(matter: Matter, product: Product, tables: tuple[RampUp, ...]) -> bool:
    """Was this product given often enough before, or at this interval already?"""
    last, dose = matter.order.last_immunoglobulin, matter.plan.dose
    if last is None or dose is None or last.product != product.id:
        return False
    if last.infusions is None or not tables:
        return last.interval_days == dose.interval_days
    return last.infusions >= sum(1 for step in tables[0].steps if step.dose_weeks)


# ---- what is planned


def _match(matter: Matter, aims: tuple[Aim, ...]) -> Iterator[Objection]:
    if len(aims) != len(matter.plan.days):
        return
    for index, (day, offset, aim) in enumerate(zip(matter.plan.days, _offsets(matter), aims, strict=True)):
        where = f"days[{index}]"
        if offset != aim.offset:
            expected = f"{aim.offset} days after the first"
            yield Objection("skin_date", f"{where}.date", f"{offset} days", expected)
        yield from _grams(matter, f"{where}.grams", day, aim)


def _grams(matter: Matter, where: str, day: Day, aim: Aim) -> Iterator[Objection]:
    """Rounded down to vials within the tolerance, or to what a syringe measures."""
    short = aim.grams - Fraction(day.grams)
    if short < 0 and matter.choice("policy.rounding") != "nearest":
        expected = f"at most {show(aim.grams)} g"
        yield Objection("rounded_up", where, show(day.grams), expected, ("policy.rounding",))
    tolerance, step = matter.number("policy.rounding_tolerance"), matter.number("policy.part_vial_step")
    if tolerance is None or abs(short) * PERCENT <= aim.grams * Fraction(tolerance):
        return
    product, finest_ml = matter.product, Fraction(step or 0)
    if product is None or not 0 <= ml(short, product.g_per_100_ml) < finest_ml:
        expected = f"{show(aim.grams)} g within {show(tolerance)} %"
        facts = ("policy.rounding_tolerance",)
        yield Objection("rounding_tolerance", where, show(day.grams), expected, facts)


def _change(course: Course, aims: tuple[Aim, ...]) -> Iterator[Objection]:
    aimed = sum((aim.grams for aim in aims), Fraction(0))
    change = (Fraction(course.grams) / aimed - 1) * PERCENT if aimed else Fraction(0)
    if aimed and abs(Fraction(course.change_percent) - change) > ROUNDING_PERCENT:
        seen = show(course.change_percent)
        yield Objection("change_percent", "course.change_percent", seen, f"{show(change)} %")


def _often(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """Not divided into more infusions than the label allows, nor fewer than ordered or a finding asks."""
    parts, stated = _parts(matter, dose), skin_doses.label(matter)
    closest = stated.interval_days_min if stated is not None else None
    if dose.interval_days is not None and closest and parts > 1 and dose.interval_days // parts < closest:
        seen, expected = f"{parts} infusions in {dose.interval_days} days", f"{closest} days apart"
        yield Objection("skin_interval", "days", seen, expected, (stated.id,) if stated else ())
    for effect in matter.effects(MinimumDays):
        if parts < effect.days:
            yield Objection("days_below_hazard", "days", str(parts), f"at least {effect.days}", (effect.id,))
    if matter.order.days is not None and parts < matter.order.days:
        yield Objection("days_shortened", "days", str(parts), f"at least {matter.order.days}")


def _label_limits(matter: Matter, where: str, day: Day) -> Iterator[Objection]:
    stated = skin_doses.label(matter)
    if stated is None:
        return
    limits = (
        (stated.g_per_day_max, Fraction(1)),
        (stated.g_per_kg_per_day_max, matter.dosing_weight_kg),
    )
    for most, factor in limits:
        if most is not None and Fraction(day.grams) > Fraction(most) * factor:
            expected = f"at most {show(Fraction(most) * factor)} g a day"
            yield Objection("day_above_cap", where, show(day.grams), expected, (stated.id,))
