"""What the last dose, a label or a regimen makes of one subcutaneous dose, in grams."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from ivigil.knowledge.products import Conversion, Product, SubcutaneousDose
from ivigil.verification import skin_trough
from ivigil.verification.labels import covers
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable

DAYS_PER_WEEK = 7
USUAL_PHASE = "maintenance"


class Offer(msgspec.Struct, frozen=True):
    """Least and most grams of one dose by one fact; equal where it says just one amount."""

    low: Fraction
    high: Fraction
    fact: str


def weeks(matter: Matter) -> Fraction | None:
    """Weeks that one dose is for; None for a dose that is given once."""
    days = matter.plan.dose.interval_days if matter.plan.dose else None
    return None if days is None else Fraction(days, DAYS_PER_WEEK)


def label(matter: Matter) -> SubcutaneousDose | None:
    """What the label states for this use, phase and weight, where that may permit a dose."""
    phase, weight = matter.order.phase or USUAL_PHASE, matter.actual_weight_kg
    return next(
        (
            item
            for item in (matter.product.subcutaneous_doses if matter.product else ())
            if item.phase == phase and covers(matter, (item.indication,)) and usable(matter, item)
            if item.weight_kg_min is None or weight >= item.weight_kg_min
            if item.weight_kg_below is None or weight < item.weight_kg_below
        ),
        None,
    )


def carried(matter: Matter) -> tuple[Offer, ...]:
    """The last dose per week, carried over by the product's own factor or given on."""
    last, span, product = matter.order.last_immunoglobulin, weeks(matter), matter.product
    if last is None or last.grams is None or not last.interval_days or span is None or product is None:
        return ()
    grams = Fraction(last.grams) * DAYS_PER_WEEK / last.interval_days * span
    if last.route == "SC" and last.product == product.id:
        return (_adjusted(matter, product, grams, product.id),)
    factors = sorted(_factors(matter, product), key=lambda item: (item.factor, item.id))
    return tuple(_adjusted(matter, product, grams * Fraction(item.factor), item.id) for item in factors[:1])


def _factors(matter: Matter, product: Product) -> Iterator[Conversion]:
    last = matter.order.last_immunoglobulin
    before = matter.knowledge.products.get(last.product or "") if last else None
    if last is None or (last.route == "SC" and before and before.facilitated != product.facilitated):
        return
    for item in product.conversions:
        current = item.convert_from == last.route and not item.replaced
        if current and covers(matter, item.indications) and usable(matter, item):
            yield item


def _adjusted(matter: Matter, product: Product, grams: Fraction, fact: str) -> Offer:
    """The dose as it was carried over, and what the product's own table adds or takes for a trough."""
    change = skin_trough.change(matter)
    more = Fraction(0) if change is None else change.grams(product.g_per_100_ml)
    adjusted = max(grams + more, Fraction(0))
    return Offer(adjusted, adjusted, fact)


def ranges(matter: Matter) -> Iterator[Offer]:
    """Ranges of the label and of the regimen."""
    stated, last = label(matter), matter.order.last_immunoglobulin
    from_iv = last is not None and last.route == "IV"
    if stated is not None and not (stated.unless_from_iv and from_iv):
        yield from _label_range(matter, stated)
    regimen, span = matter.regimen, weeks(matter)
    if regimen is None:
        return
    low, high = regimen.scig_weekly_g_per_kg_min, regimen.scig_weekly_g_per_kg_max
    if span is not None:
        yield from _offer(matter, low, high, span, regimen.id)
    if regimen.route == "SC":
        total = regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max
        yield from _offer(matter, *total, Fraction(1), regimen.id)


def _label_range(matter: Matter, stated: SubcutaneousDose) -> Iterator[Offer]:
    span, month = weeks(matter), matter.number("policy.sc_weeks_per_month")
    yield from _offer(matter, stated.total_g_per_kg_min, stated.total_g_per_kg_max, Fraction(1), stated.id)
    if span is None:
        return
    weekly = stated.g_per_kg_per_week_min, stated.g_per_kg_per_week_max
    yield from _offer(matter, *weekly, span, stated.id)
    if month:
        monthly = stated.g_per_kg_per_month_min, stated.g_per_kg_per_month_max
        yield from _offer(matter, *monthly, span / Fraction(month), stated.id)


def _offer(
    matter: Matter, low: Decimal | None, high: Decimal | None, times: Fraction, fact: str
) -> Iterator[Offer]:
    """Grams from g/kg; where only one end is stated it is both."""
    ends = [end for end in (low, high) if end is not None]
    if ends:
        kg = matter.dosing_weight_kg * times
        yield Offer(Fraction(ends[0]) * kg, Fraction(ends[-1]) * kg, fact)
