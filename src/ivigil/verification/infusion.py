"""Do the steps deliver the day's volume, in a time that regimen, product and site allow?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from ivigil.course import Day, Step
from ivigil.knowledge.hazards import MinimumHours
from ivigil.verification.exact import show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

MINUTES_PER_HOUR = 60
ROUNDING_ML = Fraction(1, 10)
"""Step volumes are stated to 0.1 mL."""


def check(matter: Matter) -> Iterator[Objection]:
    """Volumes of the steps, and the hours that each day takes."""
    for index, day in enumerate(matter.plan.days):
        where = f"days[{index}]"
        for number, step in enumerate(day.steps):
            yield from _step(f"{where}.steps[{number}].volume_ml", step)
        total = sum((step.volume_ml for step in day.steps), Decimal(0))
        if day.steps and total != day.volume_ml:
            yield Objection("steps_do_not_add_up", f"{where}.steps", show(total), f"{show(day.volume_ml)} mL")
        yield from _hours(matter, f"{where}.duration_min", day)


def _step(where: str, step: Step) -> Iterator[Objection]:
    """A step gives what its rate and minutes give; its last minute may be begun and not filled."""
    per_minute = Fraction(step.rate_ml_per_h) / MINUTES_PER_HOUR
    most = per_minute * step.minutes + ROUNDING_ML
    least = per_minute * (step.minutes - 1) - ROUNDING_ML
    if not least <= Fraction(step.volume_ml) <= most:
        expected = (
            f"{show(step.rate_ml_per_h)} mL/h for {step.minutes} min: {show(per_minute * step.minutes)} mL"
        )
        yield Objection("step_volume", where, show(step.volume_ml), expected)


def _hours(matter: Matter, where: str, day: Day) -> Iterator[Objection]:
    hours, seen = Fraction(day.duration_min, MINUTES_PER_HOUR), f"{day.duration_min} min"
    for code, least, fact in _least_hours(matter):
        if hours < least:
            yield Objection(code, where, seen, f"at least {show(least)} h", (fact,))
    for code, most, fact in _most_hours(matter, day):
        if hours > most and not (code == "infusion_too_long" and _nearest(matter, day, hours)):
            yield Objection(code, where, seen, f"at most {show(most)} h", (fact,))


def _nearest(matter: Matter, day: Day, hours: Fraction) -> bool:
    """One pump step faster in the last step, and the infusion would be over before its shortest time."""
    regimen, step = matter.regimen, matter.pump_step_ml_per_h
    if regimen is None or regimen.infusion_hours_min is None or step is None or not day.steps:
        return False
    last = day.steps[-1]
    saved = Fraction(last.minutes, MINUTES_PER_HOUR) * step / (Fraction(last.rate_ml_per_h) + step)
    return hours - saved < regimen.infusion_hours_min


def _is_undivided(matter: Matter) -> bool:
    """The hours of a regimen are those of its own number of infusions."""
    regimen = matter.regimen
    if regimen is None or regimen.route != matter.order.route:
        return False
    return not regimen.allowed_days or len(matter.plan.days) in regimen.allowed_days


def _least_hours(matter: Matter) -> Iterator[tuple[str, Decimal, str]]:
    regimen = matter.regimen
    if regimen is not None and regimen.infusion_hours_min is not None and _is_undivided(matter):
        yield "infusion_too_short", regimen.infusion_hours_min, regimen.id
    for effect in matter.effects(MinimumHours):
        yield "infusion_too_short", effect.hours, effect.id


def _most_hours(matter: Matter, day: Day) -> Iterator[tuple[str, Decimal, str]]:
    regimen, opening = matter.regimen, matter.number("policy.opening_hours")
    if regimen is not None and regimen.infusion_hours_max is not None and _is_undivided(matter):
        yield "infusion_too_long", regimen.infusion_hours_max, regimen.id
    if opening is not None:
        yield "opening_hours", opening, "policy.opening_hours"
    pooled = sum(vial.count for vial in day.vials) > 1
    for item in matter.product.properties_named("pooled_use_within_h") if matter.product else ():
        if pooled and item.number is not None:
            yield "pooled_use", item.number, item.id
