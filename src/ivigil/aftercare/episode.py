"""The infusion that the days after belong to, and what bears on them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ivigil.course import Day, Plan, infusion_id
from ivigil.knowledge.store import Knowledge
from ivigil.patient import completed_months
from ivigil.windows.doses import DoseRoute

_HOUR = dt.timedelta(hours=1)


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion, seen from the days after. What is not known never counts as harmless."""

    infusion: str = ""
    """Id of the infusion ("PLAN-DAY"); empty: not one of ours."""
    jurisdiction: str = ""
    started_at: dt.datetime | None = None
    """Aware; None: not known."""
    ended_at: dt.datetime | None = None
    """Aware; None: not known."""
    age_months: int | None = None
    """Completed months on the day; None: not known."""
    condition: str = ""
    """Condition id; empty: not known."""
    route: DoseRoute = ""
    product: str = ""
    """Product id; empty: not known."""
    stabilisers: tuple[str, ...] | None = None
    """None: not known."""
    dose_g_per_kg: Decimal | None = None
    """Of the course up to and with this infusion; None: not known."""
    hazards: tuple[str, ...] | None = None
    """Ids of the hazards that are present or assumed; None: nobody looked."""

    def hours_after_end(self, now: dt.datetime) -> Decimal | None:
        """Hours from the end until ``now`` (aware), negative before it; None if the end is not known."""
        return None if self.ended_at is None else _hours(now - self.ended_at)

    def hours_after_start(self, now: dt.datetime) -> Decimal | None:
        """Hours from the start until ``now`` (aware); None if the start is not known."""
        return None if self.started_at is None else _hours(now - self.started_at)


def of_plan(
    plan: Plan,
    day: Day,
    knowledge: Knowledge,
    *,
    started_at: dt.datetime | None,
    ended_at: dt.datetime | None,
) -> Episode:
    """The episode of one planned day, with the times at which it really began and ended.

    The dose is the planned one: all days up to this one.
    """
    patient = plan.order.patient
    product = knowledge.products[plan.product.id] if plan.product else None
    grams = sum((other.grams for other in plan.days if other.number <= day.number), Decimal(0))
    return Episode(
        infusion=infusion_id(plan.id, day.number),
        jurisdiction=plan.order.jurisdiction,
        started_at=started_at,
        ended_at=ended_at,
        age_months=completed_months(patient.birth_date, day.date),
        condition=plan.order.condition,
        route=plan.order.route,
        product=product.id if product else "",
        stabilisers=knowledge.stabilisers_of(product) if product else None,
        dose_g_per_kg=grams / patient.weight_kg,
        hazards=tuple(f.id for f in plan.findings if f.state in ("present", "assumed")),
    )


def _hours(span: dt.timedelta) -> Decimal:
    return Decimal(span // dt.timedelta(microseconds=1)) / Decimal(_HOUR // dt.timedelta(microseconds=1))
