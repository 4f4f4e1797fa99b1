"""What was given: the input of every window."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

DoseRoute = Literal["IV", "SC", "IM", ""]
"""Empty: not known."""

IMMUNOGLOBULIN = "antibody-product.immunoglobulin"
"""AntibodyProduct id of what Ivigil plans."""


class GivenDose(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion, or a course with its total. What is not known is never taken as harmless."""

    date: date
    """Day of the infusion, or last day of the course if ``g_per_kg`` is the total of the course."""
    g_per_kg: Decimal | None = None
    """IgG per kg of body weight; None: not known."""
    route: DoseRoute = ""
    condition: str = ""
    """Condition id; empty: not known."""
    product_id: str = ""
    """Product id, carried for the reader."""
    kind: str = IMMUNOGLOBULIN
    """AntibodyProduct id; any other text: a product that no source has a row for."""
    stabilisers: tuple[str, ...] | None = None
    """None: not known."""
    summed: bool = False
    """True if ``as_courses`` added other doses to ``g_per_kg``."""


def as_courses(doses: tuple[GivenDose, ...], window_days: int) -> tuple[GivenDose, ...]:
    """Give each dose the grams per kg of all doses of its kind in the ``window_days`` up to it.

    Sources count the total of a course from its last day. A trailing sum gives that day the
    total without having to decide where a course ends, and can only raise a dose. A sum with
    an unknown part is unknown; a route or condition that differs inside it is unknown.
    """
    return tuple(_with_course_total(dose, doses, timedelta(days=window_days)) for dose in doses)


def _with_course_total(dose: GivenDose, doses: tuple[GivenDose, ...], window: timedelta) -> GivenDose:
    course = [
        other for other in doses if other.kind == dose.kind and dose.date - window < other.date <= dose.date
    ]
    amounts = [other.g_per_kg for other in course]
    known = [amount for amount in amounts if amount is not None]
    return msgspec.structs.replace(
        dose,
        g_per_kg=sum(known, Decimal(0)) if len(known) == len(amounts) else None,
        route=dose.route if all(other.route == dose.route for other in course) else "",
        summed=len(course) > 1,
        condition=dose.condition if all(other.condition == dose.condition for other in course) else "",
    )
