"""A dose that was sought from levels: may this site use it, and does it stay within what is stated?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msgspec import UNSET
from msgspec.structs import replace

from ivigil.course import Dose, ProductChoice
from ivigil.order import Expected, IndividualDose
from ivigil.verification import dose as dosing
from ivigil.verification import doses, skin_dose, skin_doses
from ivigil.verification.exact import MILLIGRAM, show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

SWITCH = "policy.individual_dosing"
FIGURES = ("exact_grams", "trough_g_per_l", "peak_g_per_l")
WHERE = "order.individual"
DAYS_PER_WEEK, HUNDRED = 7, 100


def check(matter: Matter) -> Iterator[Objection]:
    """The switch, the purpose, the range, the interval, and the dose that it stands in place of."""
    dose, sought = matter.plan.dose, matter.order.individual
    if dose is None:
        return
    if sought is UNSET:
        if dose.without_levels_g is not UNSET:
            yield Objection("no_levels", "dose.without_levels_g", str(dose.without_levels_g), "nothing")
        return
    yield from _permitted(matter, dose, sought)
    labelled = _with_product(matter)
    yield from _within(labelled, dose)
    yield from _interval(matter, dose, sought)
    yield from _without(labelled, dose)
    yield from _sound(sought)


def _with_product(matter: Matter) -> Matter:
    """A subcutaneous plan for the dose alone is held against the label of the ordered product."""
    ordered = matter.knowledge.products.get(matter.order.product or "")
    if matter.product is not None or ordered is None:
        return matter
    named = ProductChoice(id=ordered.id, name=ordered.name, g_per_100_ml=ordered.g_per_100_ml, on_label=False)
    return Matter(replace(matter.plan, product=named), matter.order, matter.knowledge)


def _permitted(matter: Matter, dose: Dose, sought: IndividualDose) -> Iterator[Objection]:
    if matter.choice(SWITCH) != "on":
        yield Objection("individual_dosing_off", WHERE, matter.choice(SWITCH), "on", (SWITCH,))
    purpose = matter.condition.purpose if matter.condition else ""
    if purpose != "replacement":
        yield Objection("individual_dose_purpose", "order.condition", purpose, "replacement")
    missing = {SWITCH, *(share.model for share in sought.models), *sought.facts} - set(dose.facts)
    if missing or not sought.models:
        seen = ", ".join(sorted(missing)) or "no model"
        yield Objection("individual_dose_not_cited", "dose.facts", seen, "every fact and model that ruled")


def _within(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """Within the regimen's range; under the skin within that of the label or of the regimen."""
    grams = Fraction(dose.grams)
    ranges: list[tuple[Fraction, Fraction]] = []
    if matter.order.route == "SC":
        ranges += [(offer.low, offer.high) for offer in skin_doses.ranges(matter)]
    elif matter.regimen is not None:
        low, high = doses.regimen_range_g(matter, matter.regimen)
        ranges += [] if low is None or high is None else [(low, high)]
    if not any(low - MILLIGRAM <= grams <= high + MILLIGRAM for low, high in ranges):
        expected = " or ".join(f"{show(low)} to {show(high)} g" for low, high in ranges) or "a stated range"
        yield Objection("individual_dose_range", "dose.grams", show(grams), expected)


def _interval(matter: Matter, dose: Dose, sought: IndividualDose) -> Iterator[Objection]:
    days, regimen = sought.interval_days, matter.regimen
    planned = dose.interval_days if matter.order.route == "SC" else matter.order.interval_days
    if planned != days:
        yield Objection("individual_dose_interval", f"{WHERE}.interval_days", str(days), str(planned))
    if matter.order.route == "SC":
        return  # skin_dose holds it against the label
    low, high = (regimen.interval_weeks_min, regimen.interval_weeks_max) if regimen else (None, None)
    stated = [weeks * DAYS_PER_WEEK for weeks in (low, high) if weeks is not None]
    if not stated or not stated[0] <= days <= stated[-1]:
        expected = f"{show(stated[0])} to {show(stated[-1])} days" if stated else "a stated interval"
        facts = (regimen.id,) if regimen else ()
        yield Objection("individual_dose_interval", f"{WHERE}.interval_days", str(days), expected, facts)


def _without(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """The dose that stands beside it is the one that order, regimen and label give."""
    plain = Matter(matter.plan, replace(matter.order, individual=UNSET), matter.knowledge)
    if matter.order.route == "SC":
        right = tuple(offer.low for offer in skin_dose.right(plain, tuple(skin_doses.ranges(plain))))
    else:
        right = dosing.right(plain, tuple(doses.course_caps(plain)))
    told = dose.without_levels_g
    if told is UNSET or not any(abs(Fraction(told) - grams) <= MILLIGRAM for grams in right):
        expected = " or ".join(f"{show(grams)} g" for grams in right) or "a fact that gives a dose"
        yield Objection("individual_dose_beside", "dose.without_levels_g", str(told), expected)


def _sound(sought: IndividualDose) -> Iterator[Objection]:
    """Bands are in order, and shares and probabilities are shares of a whole."""
    for name in FIGURES:
        figure: Expected = getattr(sought, name)
        if not figure.low <= figure.median <= figure.high:
            seen = f"{show(figure.low)}, {show(figure.median)}, {show(figure.high)}"
            yield Objection("individual_dose_band", f"{WHERE}.{name}", seen, "ends around the middle")
    for name in ("in_window_percent", "above_peak_limit_percent"):
        if not 0 <= getattr(sought, name) <= HUNDRED:
            yield Objection(
                "individual_dose_share", f"{WHERE}.{name}", str(getattr(sought, name)), "0 to 100"
            )
    if not sought.window_g_per_l[0] <= sought.target_g_per_l <= sought.window_g_per_l[1]:
        seen = show(sought.target_g_per_l)
        yield Objection("individual_dose_target", f"{WHERE}.target_g_per_l", seen, "within its window")
