"""Subcutaneous doses: where one infusion's grams come from, and that no infusion passes them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from ivigil.course import Dose
from ivigil.knowledge.products import Conversion, SubcutaneousDose
from ivigil.verification.exact import MILLIGRAM, show
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

DAYS_PER_WEEK = 7
PERCENT = 100
ROUNDING_PERCENT = Fraction(1, 10)


def check(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """The dose of one interval, the infusions that give it, and the rounding that is stated."""
    yield from _origin(matter, dose)
    yield from _infusions(matter, dose)
    yield from _interval(matter, dose)
    yield from _change(matter, dose)


def _origin(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """As ordered; or converted by a factor that may be used; or within a range that may be used."""
    order, grams = matter.order, Fraction(dose.grams)
    if order.total_dose_g is not None:
        right = Fraction(order.total_dose_g)
    elif order.total_dose_g_per_kg is not None:
        right = Fraction(order.total_dose_g_per_kg) * Fraction(dose.dosing_weight_kg)
    else:
        yield from _not_ordered(matter, dose, grams)
        return
    if grams > right + MILLIGRAM:
        yield Objection("dose_not_as_ordered", "dose.grams", show(grams), f"at most {show(right)} g")


def _not_ordered(matter: Matter, dose: Dose, grams: Fraction) -> Iterator[Objection]:
    named = [matter.knowledge.by_id.get(fact) for fact in dose.facts]
    factors = [fact for fact in named if isinstance(fact, Conversion)]
    for factor in factors:
        if factor.superseded or not usable(matter, factor):
            yield Objection("factor_not_usable", "dose.facts", factor.id, "a current factor", (factor.id,))
        most = _converted(matter, factor, dose)
        if most is not None and grams > most + MILLIGRAM and not _adjusted(matter, dose):
            yield Objection("conversion", "dose.grams", show(grams), f"at most {show(most)} g", (factor.id,))
    ranges = [fact for fact in named if isinstance(fact, SubcutaneousDose)]
    for label in ranges:
        if not usable(matter, label):
            yield Objection("range_not_usable", "dose.facts", label.id, "a range that was seen", (label.id,))


def _converted(matter: Matter, factor: Conversion, dose: Dose) -> Fraction | None:
    """Grams of one interval: grams per week before, times the factor, times the weeks of the interval."""
    last = matter.order.last_immunoglobulin
    if last is None or last.grams is None or not last.interval_days or not dose.interval_days:
        return None
    weekly = Fraction(last.grams) * DAYS_PER_WEEK / last.interval_days
    return weekly * Fraction(factor.factor) * dose.interval_days / DAYS_PER_WEEK


def _adjusted(matter: Matter, dose: Dose) -> bool:
    """A trough table may raise a converted dose."""
    product = matter.product
    cells = {cell.id for cell in product.trough_adjustments} if product else set()
    return bool(cells & set(dose.facts))


def _infusions(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """No infusion gives more than the dose of one interval, unless the site rounds to the nearest."""
    nearest = matter.choice("policy.rounding") == "nearest"
    for index, day in enumerate(matter.plan.days):
        if day.grams > dose.grams and not nearest:
            expected = f"at most {show(dose.grams)} g"
            yield Objection("rounded_up", f"days[{index}].grams", show(day.grams), expected)


def _interval(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """Infusions of one interval together never pass its dose."""
    if dose.interval_days is None or matter.choice("policy.rounding") == "nearest":
        return
    days = matter.plan.days
    for index, day in enumerate(days):
        within = [d.grams for d in days[index:] if (d.date - day.date).days < dose.interval_days]
        together = sum(within, Decimal(0))
        if together > dose.grams:
            expected = f"at most {show(dose.grams)} g in {dose.interval_days} days"
            yield Objection("too_often", f"days[{index}].date", show(together), expected)


def _change(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """The stated change is that of the whole infusions against the dose."""
    course, days = matter.plan.course, matter.plan.days
    if course is None or not days or dose.grams <= 0:
        return
    change = (Fraction(max(day.grams for day in days)) / Fraction(dose.grams) - 1) * PERCENT
    if (
        len({day.grams for day in days}) == 1
        and abs(Fraction(course.change_percent) - change) > ROUNDING_PERCENT
    ):
        seen = show(course.change_percent)
        yield Objection("change_percent", "course.change_percent", seen, f"{show(change)} %")
