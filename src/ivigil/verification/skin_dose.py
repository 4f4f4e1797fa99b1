"""A subcutaneous dose: carried over from the last one, or from the label's or regimen's range."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigil.course import Dose
from ivigil.verification import doses, skin_doses
from ivigil.verification.exact import MILLIGRAM, show
from ivigil.verification.matter import Matter
from ivigil.verification.skin_doses import Offer
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """Grams and interval of a subcutaneous plan with a product."""
    dose = matter.plan.dose
    if matter.order.route != "SC" or dose is None or matter.product is None:
        return
    yield from _interval(matter, dose)
    ranges = tuple(skin_doses.ranges(matter))
    yield from _above(dose, ranges, matter)
    given = tuple(right(matter, ranges))
    if not any(abs(Fraction(dose.grams) - offer.low) <= MILLIGRAM for offer in given):
        expected = " or ".join(f"{show(offer.low)} g" for offer in given) or "a fact that gives a dose"
        facts = tuple(dict.fromkeys(offer.fact for offer in given))
        yield Objection("skin_dose", "dose.grams", show(dose.grams), expected, facts)


def right(matter: Matter, ranges: tuple[Offer, ...]) -> Iterator[Offer]:
    """The ordered grams; else the last dose carried over; else what the policy picks of a range."""
    asked = tuple(Offer(grams, grams, "") for grams in doses.ordered_g(matter))
    given = asked or skin_doses.carried(matter) or tuple(_picked(matter, ranges))
    caps = tuple(cap.grams for cap in doses.course_caps(matter))
    for offer in given:
        grams = min((offer.low, *caps))
        yield Offer(grams, grams, offer.fact)


def _picked(matter: Matter, ranges: tuple[Offer, ...]) -> Iterator[Offer]:
    for offer in ranges:
        grams = doses.pick(matter, offer.low, offer.high)
        yield Offer(grams, grams, offer.fact)


def _above(dose: Dose, ranges: tuple[Offer, ...], matter: Matter) -> Iterator[Objection]:
    """Whatever it comes from, not above the most that the product's label states."""
    stated = skin_doses.label(matter)
    for offer in ranges:
        if stated is not None and offer.fact == stated.id and Fraction(dose.grams) > offer.high + MILLIGRAM:
            expected = f"at most {show(offer.high)} g"
            yield Objection("skin_dose_above_label", "dose.grams", show(dose.grams), expected, (offer.fact,))


def _interval(matter: Matter, dose: Dose) -> Iterator[Objection]:
    days, course, stated = dose.interval_days, matter.plan.course, skin_doses.label(matter)
    where = "dose.interval_days"
    if days is not None and days <= 0:
        yield Objection("skin_interval", where, str(days), "above 0 days")
    if course is not None and course.interval_days != days:
        yield Objection("skin_interval", "course.interval_days", str(course.interval_days), str(days))
    ordered = matter.order.interval_days
    if days is not None and ordered is not None and days != ordered:
        yield Objection("skin_interval", where, str(days), f"{ordered} as ordered")
    low, high = (stated.interval_days_min, stated.interval_days_max) if stated else (None, None)
    if days is None or low is None or high is None or low <= days <= high:
        return
    facts = (stated.id,) if stated else ()
    yield Objection("skin_interval", where, str(days), f"{low} to {high} days", facts)
