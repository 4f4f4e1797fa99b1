"""Is a product licensed for this use, in this patient?"""

from __future__ import annotations

from ivigil.knowledge.logic import Reading, Truth
from ivigil.knowledge.products import LabelUse, Product, Schedule
from ivigil.planning.situation import Situation

ANY_USE = "ANY"
"""Indication of a rate table that is not tied to a use."""


def label_use(product: Product, situation: Situation) -> LabelUse | None:
    """The licensed use that covers the condition at this age, if there is one."""
    for use in product.uses:
        if _covers(use.indication, situation) and _fits_age(use, situation):
            return use
    return None


def is_on_label(schedule: Schedule, product: Product, situation: Situation) -> bool:
    """May this schedule be used as the label's own: for a licensed use at this age, or for any use?"""
    if ANY_USE in schedule.indications:
        return True
    licensed = any(
        use.indication in schedule.indications
        and _covers(use.indication, situation)
        and _fits_age(use, situation)
        for use in product.uses
    )
    return licensed or (not product.uses and any(_covers(c, situation) for c in schedule.indications))


def _covers(indication: str, situation: Situation) -> bool:
    return situation.knowledge.covers((indication,), situation.order.condition)


def _fits_age(use: LabelUse, situation: Situation) -> bool:
    """Is the age known to lie within the use's limits? A use without limits fits every age."""
    age, low, high = situation.case.get("age_years"), use.age_min_years, use.age_max_years
    if low is None and high is None:
        return True
    return (
        isinstance(age, Reading)
        and (low is None or age.below(low) is Truth.FALSE)
        and (high is None or age.above(high) is Truth.FALSE)
    )
