"""What a product's label covers: licensed uses of the condition, and the schedules that serve them."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.knowledge.logic import Truth, truth_of
from ivigil.knowledge.logic import When as Condition
from ivigil.knowledge.products import LabelUse, Product, Schedule
from ivigil.verification import body
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable

ANY_USE = "ANY"


def covers(matter: Matter, codes: Iterable[str]) -> bool:
    """Does one of these uses cover the ordered condition? No uses mean any."""
    named = tuple(codes)
    known = (matter.knowledge.label_indications.get(code) for code in named)
    return not named or any(use is not None and matter.order.condition in use.conditions for use in known)


def labelled_uses(matter: Matter, product: Product) -> tuple[LabelUse, ...]:
    """Licensed uses that cover the ordered condition at the patient's age."""
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    return tuple(use for use in product.uses if covers(matter, (use.indication,)) and fits_age(use, age))


def fits_age(use: LabelUse, age: int) -> bool:
    """Is the use licensed at this age, in completed years?"""
    old_enough = use.age_min_years is None or age >= use.age_min_years
    return old_enough and (use.age_max_years is None or age <= use.age_max_years)


def serves(matter: Matter, product: Product, schedule: Schedule) -> bool:
    """Is this a schedule for a labelled use of the ordered condition, or one for any use?"""
    codes = {use.indication for use in labelled_uses(matter, product)}
    return not (codes | {ANY_USE}).isdisjoint(schedule.indications)


def fits_body(matter: Matter, schedule: Schedule) -> bool:
    """Do age and weight lie in the schedule's bands?"""
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    weight = matter.actual_weight_kg
    old_enough = schedule.age_min_years is None or age >= schedule.age_min_years
    heavy_enough = schedule.weight_kg_min is None or weight >= schedule.weight_kg_min
    light_enough = schedule.weight_kg_max is None or weight <= schedule.weight_kg_max
    below = schedule.weight_kg_below is None or weight < schedule.weight_kg_below
    return old_enough and heavy_enough and light_enough and below


def usable_schedules(matter: Matter) -> tuple[Schedule, ...]:
    """Every schedule of the planned product that may set a rate."""
    product = matter.product
    return tuple(s for s in product.schedules if usable(matter, s)) if product else ()


def is_false(matter: Matter, when: Condition) -> bool:
    """Is a condition known not to hold?"""
    return truth_of(when, matter.case) is Truth.FALSE
