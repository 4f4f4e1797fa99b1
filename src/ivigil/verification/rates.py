"""Is every rate within every limit, a setting of the pump, and from a schedule meant for this patient?"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from ivigil.course import RateDecision, Step
from ivigil.knowledge.hazards import SlowStart
from ivigil.knowledge.products import Schedule
from ivigil.verification import limits
from ivigil.verification.exact import ml_per_h, show
from ivigil.verification.labels import fits_body
from ivigil.verification.limits import Ceiling
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection


def check(matter: Matter) -> Iterator[Objection]:
    """Rates of an intravenous plan; subcutaneous ones are checked per site."""
    if matter.order.route != "IV":
        return
    rates, schedule = matter.plan.rates, matter.schedule
    if rates is not None and schedule is None:
        yield Objection(
            "not_a_schedule", "rates.schedule", rates.schedule, "a schedule of the planned product"
        )
    if rates is not None and schedule is not None:
        yield from _schedule(matter, rates, schedule)
    starts = limits.starts(matter)
    if rates is not None and schedule is not None:
        yield from _stated(matter, rates, starts)
    yield from _steps(matter, starts)


# ---- the schedule


def _schedule(matter: Matter, rates: RateDecision, schedule: Schedule) -> Iterator[Objection]:
    facts = (schedule.id,)
    if not limits.on_label(matter) and not rates.off_label:
        yield Objection("off_label_not_marked", "rates.off_label", "false", "true", facts)
    if not fits_body(matter, schedule):
        expected = "age and weight in the schedule's bands"
        yield Objection("schedule_not_for_body", "rates.schedule", schedule.id, expected, facts)
    lacking = _lacking(matter, schedule)
    if lacking:
        yield Objection("not_experienced", "rates.schedule", schedule.id, lacking, facts)


def _lacking(matter: Matter, schedule: Schedule) -> str:
    """What a schedule for tolerant patients asks for and the order does not document; empty if nothing."""
    demands = schedule.infusions_tolerated_min or schedule.tolerated_rate_min
    if schedule.experience != "experienced" and not demands:
        return ""
    last, product = matter.order.last_immunoglobulin, matter.plan.product
    other = last is not None and product is not None and last.product not in (None, product.id)
    if matter.case.get("immunoglobulin_naive") is not False or other or matter.effects(SlowStart):
        return "documented experience with this product, and nothing that asks for a slow start"
    infusions = last.infusions if last else None
    if schedule.infusions_tolerated_min and (infusions or 0) < schedule.infusions_tolerated_min:
        return f"at least {schedule.infusions_tolerated_min} infusions tolerated"
    if schedule.tolerated_rate_min is None:
        return ""
    needed = ml_per_h(schedule.tolerated_rate_min, schedule.unit, schedule.g_per_100_ml, Fraction(1))
    tolerated = last.tolerated_rate_ml_per_kg_per_h if last and last.product else None
    if tolerated and (tolerated >= needed or _is_rounded(Fraction(tolerated), needed, matter, schedule)):
        return ""
    return f"{show(needed)} mL/kg/h tolerated"


def _is_rounded(tolerated: Fraction, needed: Fraction, matter: Matter, schedule: Schedule) -> bool:
    """Is it the needed rate, cut to a pump's step and to a hundredth, and still the label's figure?"""
    pump, told = matter.pump_step_ml_per_h, schedule.tolerated_rate_min
    if not pump or not told:
        return False
    on_pump = needed * matter.dosing_weight_kg // pump * pump / matter.dosing_weight_kg
    digit = Fraction(10) ** int(told.as_tuple().exponent)
    printed = (1 - digit / 2 / Fraction(told)) * needed
    return tolerated >= Fraction(on_pump * 100 // 1, 100) and tolerated >= printed


def _stated(matter: Matter, rates: RateDecision, starts: tuple[Ceiling, ...]) -> Iterator[Objection]:
    """Start and maximum as the plan states them, in mL per kilogram of body weight."""
    pairs = (
        ("start_ml_per_kg_h", rates.start_ml_per_kg_h, starts),
        ("max_ml_per_kg_h", rates.max_ml_per_kg_h, limits.ordinary(matter)),
    )
    for name, told, bounds in pairs:
        bound = limits.tightest(bounds)
        if bound is not None and Fraction(told) * matter.actual_weight_kg > bound.ml_per_h:
            expected = f"at most {show(bound.ml_per_h / matter.actual_weight_kg)} mL/kg/h"
            yield Objection("stated_rate", f"rates.{name}", show(told), expected, bound.facts)


# ---- the steps


def _steps(matter: Matter, starts: tuple[Ceiling, ...]) -> Iterator[Objection]:
    ceilings = limits.ceilings(matter)
    for index, day in enumerate(matter.plan.days):
        where = f"days[{index}].steps"
        if not day.steps:
            yield Objection("no_steps", where, "none", "at least one")
            continue
        for number, step in enumerate(day.steps):
            yield from _rate(matter, f"{where}[{number}]", step, ceilings)
        yield from _within(f"{where}[0].rate_ml_per_h", Fraction(day.steps[0].rate_ml_per_h), starts)
        for number, (before, after) in enumerate(pairwise(day.steps), start=1):
            if after.rate_ml_per_h < before.rate_ml_per_h:
                expected = f"at least {show(before.rate_ml_per_h)} mL/h"
                seen = show(after.rate_ml_per_h)
                yield Objection("rate_falls", f"{where}[{number}].rate_ml_per_h", seen, expected)


def _rate(matter: Matter, where: str, step: Step, ceilings: tuple[Ceiling, ...]) -> Iterator[Objection]:
    rate, pump = Fraction(step.rate_ml_per_h), matter.pump_step_ml_per_h
    if rate <= 0:
        yield Objection("rate_not_positive", f"{where}.rate_ml_per_h", show(rate), "above 0 mL/h")
    if pump is not None and pump > 0 and (rate / pump).denominator != 1:
        expected = f"a multiple of {show(pump)} mL/h"
        yield Objection("pump_step", f"{where}.rate_ml_per_h", show(rate), expected)
    if step.limit_ml_per_h < step.rate_ml_per_h:
        seen, expected = show(step.limit_ml_per_h), f"at least {show(rate)} mL/h"
        yield Objection("stated_limit", f"{where}.limit_ml_per_h", seen, expected)
    yield from _within(f"{where}.rate_ml_per_h", rate, ceilings)
    bound = limits.tightest(ceilings)
    if bound is not None and Fraction(step.limit_ml_per_h) > bound.ml_per_h:
        seen, expected = show(step.limit_ml_per_h), f"at most {show(bound.ml_per_h)} mL/h"
        yield Objection("stated_limit", f"{where}.limit_ml_per_h", seen, expected, bound.facts)


def _within(where: str, rate: Fraction, ceilings: tuple[Ceiling, ...]) -> Iterator[Objection]:
    for ceiling in ceilings:
        if not ceiling.allows(rate):
            word = "below" if ceiling.strict else "at most"
            expected = f"{word} {show(ceiling.ml_per_h)} mL/h"
            yield Objection(ceiling.code, where, show(rate), expected, ceiling.facts)
