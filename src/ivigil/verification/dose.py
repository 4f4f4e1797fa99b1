"""Is the dose the ordered or the policy's one, within the regimen and under every cap?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigil.course import Dose
from ivigil.verification import doses
from ivigil.verification.doses import Cap
from ivigil.verification.exact import MILLIGRAM, show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """Grams, grams per kilogram, range, caps, and what was ordered."""
    dose = matter.plan.dose
    if dose is None:
        return
    yield from _arithmetic(matter, dose)
    caps = tuple(doses.course_caps(matter))
    yield from _caps(dose, caps)
    if matter.order.route == "IV":  # a subcutaneous dose has sources of its own: see skin_dose
        yield from _range(matter, dose)
        yield from _as_asked(matter, dose, caps)
    yield from _capped_by(dose, caps)


def _arithmetic(matter: Matter, dose: Dose) -> Iterator[Objection]:
    weight = Fraction(dose.dosing_weight_kg)
    grams = Fraction(dose.g_per_kg) * weight
    order = matter.order
    derived = dose.capped_by or order.individual or order.total_dose_g is not None
    slack = weight * MILLIGRAM if derived else MILLIGRAM  # g/kg worked out from grams is stated to the mg
    if dose.grams <= 0:
        yield Objection("dose_not_positive", "dose.grams", show(dose.grams), "above 0 g")
    if abs(Fraction(dose.grams) - grams) > slack:
        expected = f"{show(dose.g_per_kg)} g/kg x {show(dose.dosing_weight_kg)} kg = {show(grams)} g"
        yield Objection("dose_arithmetic", "dose.grams", show(dose.grams), expected)
    on_actual = Fraction(dose.g_per_kg) * Fraction(dose.actual_weight_kg)
    slack *= Fraction(dose.actual_weight_kg) / weight if weight else 1
    if abs(Fraction(dose.grams_on_actual_weight) - on_actual) > slack:
        seen = show(dose.grams_on_actual_weight)
        yield Objection("dose_arithmetic", "dose.grams_on_actual_weight", seen, f"{show(on_actual)} g")


def _caps(dose: Dose, caps: tuple[Cap, ...]) -> Iterator[Objection]:
    for cap in caps:
        if Fraction(dose.grams) > cap.grams + MILLIGRAM:
            expected = f"at most {show(cap.grams)} g"
            yield Objection("dose_above_cap", "dose.grams", show(dose.grams), expected, (cap.fact,))


def _range(matter: Matter, dose: Dose) -> Iterator[Objection]:
    if matter.regimen is None:
        return
    low, high = doses.regimen_range_g(matter, matter.regimen)
    grams, facts = Fraction(dose.grams), (matter.regimen.id,)
    if high is not None and grams > high + MILLIGRAM:
        yield Objection("dose_above_regimen", "dose.grams", show(grams), f"at most {show(high)} g", facts)
    if low is not None and grams < low - MILLIGRAM and not dose.capped_by:
        yield Objection("dose_below_regimen", "dose.grams", show(grams), f"at least {show(low)} g", facts)


def _as_asked(matter: Matter, dose: Dose, caps: tuple[Cap, ...]) -> Iterator[Objection]:
    """The ordered grams, or those that the policy picks; less only where a cap binds."""
    given = right(matter, caps)
    if given and not any(abs(Fraction(dose.grams) - grams) <= MILLIGRAM for grams in given):
        code = "dose_not_as_ordered" if doses.ordered_g(matter) else "dose_not_by_policy"
        expected = " or ".join(f"{show(grams)} g" for grams in given)
        facts = (matter.regimen.id,) if matter.regimen else ()
        yield Objection(code, "dose.grams", show(dose.grams), expected, facts)


def right(matter: Matter, caps: tuple[Cap, ...]) -> tuple[Fraction, ...]:
    """Every reading of what the course should be, under the caps; empty if nothing gives a dose."""
    chosen = doses.chosen_g(matter, matter.regimen) if matter.regimen else None
    asked = doses.ordered_g(matter) or (() if chosen is None else (chosen,))
    return tuple(min(grams, *(cap.grams for cap in caps), grams) for grams in asked)


def _capped_by(dose: Dose, caps: tuple[Cap, ...]) -> Iterator[Objection]:
    """A cap that is named as the reason is one that binds at just these grams."""
    binding = {cap.fact for cap in caps if abs(cap.grams - Fraction(dose.grams)) <= MILLIGRAM}
    if dose.capped_by and dose.capped_by not in binding:
        expected = " or ".join(sorted(binding)) or "no cap binds"
        yield Objection("cap_not_binding", "dose.capped_by", dose.capped_by, expected, (dose.capped_by,))
