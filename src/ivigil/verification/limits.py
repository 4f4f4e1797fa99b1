"""Every limit on the rate of this plan, in mL/h, gathered from labels, risks, condition and regimen.

Label rates are per kilogram of body weight: they are limits on the actual weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from ivigil.knowledge.hazards import AtRiskRate, CapRate, SlowStart
from ivigil.knowledge.products import AtRiskRate as LabelRisk
from ivigil.knowledge.products import Product, RiskGroup, Schedule
from ivigil.verification.exact import ml_per_h
from ivigil.verification.labels import fits_body, is_false, serves, usable_schedules
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable


class Ceiling(msgspec.Struct, frozen=True):
    """A rate that may not be passed, nor reached if it is strict."""

    code: str
    ml_per_h: Fraction
    strict: bool
    facts: tuple[str, ...]

    def allows(self, rate: Fraction) -> bool:
        return rate < self.ml_per_h or (rate == self.ml_per_h and not self.strict)


def ceilings(matter: Matter) -> tuple[Ceiling, ...]:
    """All limits on any step."""
    return (
        *ordinary(matter),
        *_at_risk(matter),
        *caps(matter),
    )


def caps(matter: Matter) -> tuple[Ceiling, ...]:
    """Limits that do not depend on a schedule: of findings, of the condition, of its regimen."""
    return (*_hazard_caps(matter), *_condition_caps(matter), *_regimen_cap(matter))


def ordinary(matter: Matter) -> tuple[Ceiling, ...]:
    """The maximum of the schedule; off label, the maximum of each of the product's schedules."""
    code = "schedule_maximum" if on_label(matter) else "off_label_maximum"
    return tuple(
        Ceiling(code, _of(matter, s.max_rate, s.unit), s.max_strict, (s.id,)) for s in _binding(matter)
    )


def starts(matter: Matter) -> tuple[Ceiling, ...]:
    """Limits on the first rate: the schedule's start, or the slowest where caution or use asks for it."""
    slow = matter.effects(SlowStart)
    own = _binding(matter)
    found = [Ceiling("start_rate", _of(matter, s.start_rate, s.unit), False, (s.id,)) for s in own]
    if slow and matter.product is not None:
        for schedule in usable_schedules(matter):
            if serves(matter, matter.product, schedule) and fits_body(matter, schedule):
                rate = _of(matter, schedule.start_rate, schedule.unit)
                found.append(Ceiling("slow_start", rate, False, (schedule.id, slow[0].id)))
    return tuple(found)


def on_label(matter: Matter) -> bool:
    """Does the planned schedule serve a labelled use, and may it set a rate?"""
    product, schedule = matter.product, matter.schedule
    if product is None or schedule is None or not usable(matter, schedule):
        return False
    return serves(matter, product, schedule)


def _binding(matter: Matter) -> tuple[Schedule, ...]:
    """The schedules whose start and maximum both bind."""
    product, schedule = matter.product, matter.schedule
    if product is None or schedule is None:
        return ()
    if not on_label(matter):
        return tuple(dict.fromkeys((schedule, *usable_schedules(matter))))
    return tuple(dict.fromkeys((schedule, *_first_time(matter, product))))


def _first_time(matter: Matter, product: Product) -> tuple[Schedule, ...]:
    """Schedules printed for a first infusion bind whoever may be having one."""
    if matter.case.get("immunoglobulin_naive") is False and not matter.effects(SlowStart):
        return ()
    return tuple(
        schedule
        for schedule in usable_schedules(matter)
        if schedule.experience == "naive"
        if serves(matter, product, schedule) and fits_body(matter, schedule)
    )


# ---- patients at risk


def _at_risk(matter: Matter) -> Iterator[Ceiling]:
    product = matter.product
    if product is None:
        return
    for effect in matter.effects(AtRiskRate):
        for risk, rate in _printed(matter, product, effect.group):
            yield Ceiling("at_risk_rate", rate, risk.strict, (risk.id, effect.id))
        most = (ceiling.ml_per_h for ceiling in ordinary(matter))
        if not may_step_up(matter, product, effect.group, most):
            for start in starts(matter):
                yield Ceiling("no_step_up", start.ml_per_h, False, (effect.id, *start.facts))


def _printed(matter: Matter, product: Product, group: RiskGroup) -> list[tuple[LabelRisk, Fraction]]:
    """What the label prints as maximum for a risk group, or for other groups if it is silent on this one."""
    weight = matter.actual_weight_kg
    return [
        (risk, ml_per_h(risk.rate, risk.unit, product.g_per_100_ml, weight))
        for risk in _said(product, group)
        if risk.rate is not None and risk.unit is not None
    ]


def _said(product: Product, group: RiskGroup) -> tuple[LabelRisk, ...]:
    own = tuple(risk for risk in product.at_risk_rates if group in risk.groups)
    return own or product.at_risk_rates


def may_step_up(matter: Matter, product: Product, group: RiskGroup, ordinary: Iterable[Fraction]) -> bool:
    """Is there a number for this risk group below every ordinary maximum, that may permit a rate?

    A site may read "minimum practicable" as the start rate whatever number is printed.
    """
    stay = matter.choice("policy.minimum_practicable_rate") == "start_rate"
    rules = {risk.rule for risk in _said(product, group)}
    if stay and "minimum_practicable" in rules:
        return False
    most = min(ordinary, default=Fraction(0))
    return any(rate < most and usable(matter, risk) for risk, rate in _printed(matter, product, group))


# ---- caps


def _hazard_caps(matter: Matter) -> Iterator[Ceiling]:
    for cap in matter.effects(CapRate):
        yield Ceiling("hazard_cap", _of(matter, cap.rate, cap.unit), cap.strict, (cap.id,))


def _condition_caps(matter: Matter) -> Iterator[Ceiling]:
    for cap in matter.condition.rate_caps if matter.condition else ():
        if cap.when is None or not is_false(matter, cap.when):
            yield Ceiling("condition_cap", _of(matter, cap.rate, cap.unit), cap.strict, (cap.id,))


def _regimen_cap(matter: Matter) -> Iterator[Ceiling]:
    regimen = matter.regimen
    if regimen is not None and regimen.max_rate is not None and regimen.max_rate_unit is not None:
        rate = _of(matter, regimen.max_rate, regimen.max_rate_unit)
        yield Ceiling("regimen_max_rate", rate, False, (regimen.id,))


def _of(matter: Matter, rate: Decimal, unit: str) -> Fraction:
    strength = matter.product.g_per_100_ml if matter.product else Decimal(100)
    return ml_per_h(rate, unit, strength, matter.actual_weight_kg)


def tightest(limits: Iterable[Ceiling]) -> Ceiling | None:
    """The lowest limit; of equals, a strict one."""
    return min(limits, key=lambda limit: (limit.ml_per_h, not limit.strict), default=None)
