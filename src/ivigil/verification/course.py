"""Number of days, how equal they are, what they add up to, and the limits of one day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil

from ivigil.course import Course, Day
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.hazards import CapDailyDose, CapDailyVolume, MinimumDays
from ivigil.knowledge.products import Product
from ivigil.verification import doses, stock
from ivigil.verification.doses import Cap
from ivigil.verification.exact import ml, show
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

PERCENT = 100
ROUNDING_PERCENT = Fraction(1, 10)
"""A change is stated to 0.1 %."""
DAYS_PER_WEEK = 7
DIVIDED = "immunomodulation"
"""Purpose whose dose is divided over the policy's days where a regimen states none."""


def check(matter: Matter) -> Iterator[Objection]:
    """The course as a whole (subcutaneous: its sums; see skin_course), then each day's limits."""
    course = matter.plan.course
    if course is not None:
        yield from _sums(matter, course)
    if course is not None and matter.order.route == "IV":
        yield from _days(matter, course)
        yield from _interval(matter, course)
        yield from _total(matter, course)
        yield from _equal(matter)
    for index, day in enumerate(matter.plan.days):
        yield from _daily(matter, f"days[{index}]", day)


def _sums(matter: Matter, course: Course) -> Iterator[Objection]:
    days = matter.plan.days
    counted = (
        ("days", course.days, len(days)),
        ("vials", course.vials, sum(vial.count for day in days for vial in day.vials)),
        ("grams", course.grams, sum((day.grams for day in days), Decimal(0))),
        ("discard_g", course.discard_g, sum((day.discard_g for day in days), Decimal(0))),
    )
    for name, told, counted_value in counted:
        if told != counted_value:
            yield Objection("course_sum", f"course.{name}", show(told), show(counted_value))


# ---- how many days


def _days(matter: Matter, course: Course) -> Iterator[Objection]:
    fewest = _fewest_days(matter)
    if course.days < fewest:
        facts = (matter.regimen.id,) if matter.regimen else ()
        yield Objection("days_shortened", "course.days", str(course.days), f"at least {fewest}", facts)
    for effect in matter.effects(MinimumDays):
        if course.days < effect.days:
            expected = f"at least {effect.days}"
            yield Objection("days_below_hazard", "course.days", str(course.days), expected, (effect.id,))
    most = _most_days(matter)
    if most is not None and course.days > most:
        facts = ("policy.longest_course",)
        yield Objection("course_too_long", "course.days", str(course.days), f"at most {most}", facts)
    if course.days not in _plain_days(matter) and not course.days_because:
        expected = " or ".join(str(days) for days in _plain_days(matter)) + ", or the reason why not"
        yield Objection("days_without_reason", "course.days", str(course.days), expected)


def _plain_days(matter: Matter) -> tuple[int, ...]:
    """Day counts that need no reason: as ordered, as the regimen allows, or by policy."""
    if matter.order.days is not None:
        return (matter.order.days,)
    if matter.regimen is not None and matter.regimen.allowed_days:
        return matter.regimen.allowed_days
    if matter.regimen is not None and matter.regimen.day_doses_g_per_kg:
        return (len(matter.regimen.day_doses_g_per_kg),)
    return _unstated_days(matter)


def _unstated_days(matter: Matter) -> tuple[int, ...]:
    """Where a regimen states no days: as many as its daily dose makes, else by policy and purpose."""
    daily = matter.regimen.daily_dose_g_per_kg_max if matter.regimen else None
    if daily and matter.plan.dose is not None:
        return (max(ceil(Fraction(matter.plan.dose.g_per_kg) / Fraction(daily)), 1),)
    policy = matter.number("policy.days_not_stated")
    purpose = matter.condition.purpose if matter.condition else ""
    if policy is None or DIVIDED not in purpose:
        return (1,)
    return (int(policy),) if purpose == DIVIDED else (1, int(policy))


def _fewest_days(matter: Matter) -> int:
    """Never fewer than ordered, and never fewer than the regimen's fewest."""
    stated = matter.regimen.allowed_days if matter.regimen else ()
    return max(min(_plain_days(matter)), min(stated, default=1))


def _most_days(matter: Matter) -> int | None:
    longest = matter.number("policy.longest_course")
    return None if longest is None else max(int(longest), *_plain_days(matter))


def _interval(matter: Matter, course: Course) -> Iterator[Objection]:
    """A repeat is never sooner than ordered or than the regimen says."""
    ordered, regimen = matter.order.interval_days, matter.regimen
    if ordered is not None and course.interval_days not in (None, ordered):
        seen = str(course.interval_days)
        yield Objection("interval_not_as_ordered", "course.interval_days", seen, str(ordered))
    if course.interval_days is None or regimen is None or regimen.interval_weeks_min is None:
        return
    fewest = int(regimen.interval_weeks_min * DAYS_PER_WEEK)
    if course.interval_days < fewest:
        seen, expected = str(course.interval_days), f"at least {fewest} days"
        yield Objection("interval_shortened", "course.interval_days", seen, expected, (regimen.id,))


# ---- how much


def _total(matter: Matter, course: Course) -> Iterator[Objection]:
    dose, tolerance = matter.plan.dose, matter.number("policy.rounding_tolerance")
    if dose is None or dose.grams <= 0:
        return
    nearest = matter.choice("policy.rounding") == "nearest"
    change = (Fraction(course.grams) / Fraction(dose.grams) - 1) * PERCENT
    if change > 0 and not nearest:
        expected = f"at most {show(dose.grams)} g"
        yield Objection("rounded_up", "course.grams", show(course.grams), expected, ("policy.rounding",))
    if tolerance is not None and abs(change) > tolerance and not _part_vials(matter):
        seen, expected = f"{show(change)} %", f"within {show(tolerance)} %"
        yield Objection("rounding_tolerance", "course.grams", seen, expected, ("policy.rounding_tolerance",))
    if abs(Fraction(course.change_percent) - change) > ROUNDING_PERCENT:
        seen = show(course.change_percent)
        yield Objection("change_percent", "course.change_percent", seen, f"{show(change)} %")


def _part_vials(matter: Matter) -> bool:
    """Is the shortfall no more than the measuring step of one part vial a day?"""
    dose, product, step = matter.plan.dose, matter.product, matter.number("policy.part_vial_step")
    given = sum((day.grams for day in matter.plan.days), Decimal(0))
    if dose is None or product is None or step is None:
        return False
    short_ml = ml(Fraction(dose.grams - given), product.g_per_100_ml)
    discards = any(day.discard_g > 0 for day in matter.plan.days)
    return discards and 0 <= short_ml < Fraction(step) * len(matter.plan.days)


def _equal(matter: Matter) -> Iterator[Objection]:
    """Days as equal as whole vials allow, or each near its own dose where the regimen's days differ."""
    days, product = matter.plan.days, matter.product
    if not days or product is None or not product.vials:
        return
    gap = _gap(matter, product)
    aims = _aims(matter)
    off = [Fraction(day.grams) - aim for day, aim in zip(days, aims, strict=True)]
    spread = max(off) - min(off)
    if spread > gap:
        seen = ", ".join(f"{show(day.grams)} g" for day in days)
        yield Objection("days_unequal", "days", seen, f"within {show(gap)} g of each other", (product.id,))


def _gap(matter: Matter, product: Product) -> Fraction:
    """Largest gap between neighbouring whole-vial sums: the smallest vial added always makes a next sum."""
    listed = stock.rows(matter)
    sizes = [
        vial.grams
        for vial in product.vials
        if usable(matter, vial) and (not listed or stock.on_shelf(listed, product.id, vial.grams) != 0)
    ]
    return Fraction(min(sizes or [vial.grams for vial in product.vials]))


def _aims(matter: Matter) -> tuple[Fraction, ...]:
    own = matter.regimen.day_doses_g_per_kg if matter.regimen else ()
    if len(own) != len(matter.plan.days):
        return (Fraction(0),) * len(matter.plan.days)
    return tuple(Fraction(dose) * matter.dosing_weight_kg for dose in own)


# ---- limits of one day


def _daily(matter: Matter, where: str, day: Day) -> Iterator[Objection]:
    for cap in _daily_caps(matter):
        if Fraction(day.grams) > cap.grams:
            expected = f"at most {show(cap.grams)} g a day"
            yield Objection("day_above_cap", f"{where}.grams", show(day.grams), expected, (cap.fact,))
    for effect in matter.effects(CapDailyVolume):
        most = Fraction(effect.ml_per_kg) * matter.dosing_weight_kg
        if Fraction(day.volume_ml) > most:
            expected = f"at most {show(most)} mL a day"
            yield Objection("day_volume", f"{where}.volume_ml", show(day.volume_ml), expected, (effect.id,))


def _daily_caps(matter: Matter) -> Iterator[Cap]:
    regimen, weight = matter.regimen, matter.dosing_weight_kg
    if regimen is not None and regimen.route == matter.order.route:
        yield from _regimen_caps(matter, regimen)
    for cap in doses.dose_caps(matter):
        if cap.max_g_per_day is not None:
            yield Cap(Fraction(cap.max_g_per_day), cap.id)
    for effect in matter.effects(CapDailyDose):
        if effect.grams is not None:
            yield Cap(Fraction(effect.grams), effect.id)
        if effect.g_per_kg is not None:
            yield Cap(Fraction(effect.g_per_kg) * weight, effect.id)


def _regimen_caps(matter: Matter, regimen: Regimen) -> Iterator[Cap]:
    """Absolute grams as they stand; the dose of a day may be rounded to vials as the course may."""
    daily, tolerance = regimen.daily_dose_g_per_kg_max, matter.number("policy.rounding_tolerance")
    if daily is not None:
        rounded = 1 + Fraction(tolerance or 0) / PERCENT
        yield Cap(Fraction(daily) * matter.dosing_weight_kg * rounded, regimen.id)
    for grams in (regimen.max_daily_dose_g, regimen.fixed_daily_dose_g):
        if grams is not None:
            yield Cap(Fraction(grams), regimen.id)
