"""What a check looks at: plan, order and knowledge, with what several checks derive from them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TypeVar, cast

import msgspec

from ivigil.course import Plan
from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import Effect, Hazard
from ivigil.knowledge.logic import Truth, Value
from ivigil.knowledge.products import Product, Schedule
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.verification.case import CourseDose, build, product_changed
from ivigil.verification.overlap import overlaps
from ivigil.verification.screening import Standing, screen
from ivigil.verification.walk import Found, walk

E = TypeVar("E", bound=Fact)
ANOTHER = ""
"""Stands for any product but the last one."""
NOT_ENTERED = frozenset({"order", "sources"})


class Matter(msgspec.Struct, frozen=True, dict=True, eq=False):
    """The three inputs of ``verify``; everything else here is derived from them on first use."""

    plan: Plan
    order: Order
    knowledge: Knowledge

    @cached_property
    def parts(self) -> list[Found]:
        """Every struct, number and date of the plan, but for its order and its citations."""
        return walk(self.plan, leaving_out=NOT_ENTERED)

    # ---- who and when

    @cached_property
    def zone(self) -> dt.tzinfo:
        """The site's zone, or the order's own offset."""
        return self.knowledge.zone or self.order.start.tzinfo or dt.UTC

    @cached_property
    def start(self) -> dt.datetime:
        """The ordered start on the site's wall clock."""
        return self.order.start.astimezone(self.zone)

    @cached_property
    def actual_weight_kg(self) -> Fraction:
        return Fraction(self.order.patient.weight_kg)

    @cached_property
    def dosing_weight_kg(self) -> Fraction:
        """The plan's dosing weight, never above the actual one."""
        dose = self.plan.dose
        return min(Fraction(dose.dosing_weight_kg), self.actual_weight_kg) if dose else self.actual_weight_kg

    # ---- the records that the plan names

    @cached_property
    def condition(self) -> Condition | None:
        return self.knowledge.conditions.get(self.order.condition)

    @cached_property
    def regimen(self) -> Regimen | None:
        """The planned regimen; None if the plan has none, or none of that id exists."""
        return self._named(Regimen, self.plan.regimen.id if self.plan.regimen else "")

    @cached_property
    def product(self) -> Product | None:
        """The planned product."""
        return self._named(Product, self.plan.product.id if self.plan.product else "")

    @cached_property
    def schedule(self) -> Schedule | None:
        """The planned schedule, if it is one of the planned product."""
        named = self.plan.rates.schedule if self.plan.rates else ""
        own = self.product.schedules if self.product else ()
        return next((schedule for schedule in own if schedule.id == named), None)

    def _named(self, kind: type[E], name: str) -> E | None:
        fact = self.knowledge.by_id.get(name)
        return fact if isinstance(fact, kind) else None

    # ---- policies

    def choice(self, policy: str) -> str:
        """What a policy chooses; empty if there is no such policy."""
        found = self.knowledge.policies.get(policy)
        return found.choice if found else ""

    def number(self, policy: str) -> Decimal | None:
        """The number of a policy; None if it sets none."""
        found = self.knowledge.policies.get(policy)
        return found.number if found else None

    @cached_property
    def pump_step_ml_per_h(self) -> Fraction | None:
        step = self.order.pump_step_ml_per_h or self.number("policy.pump_step")
        return Fraction(step) if step else None

    # ---- hazards

    @cached_property
    def case(self) -> dict[str, Value]:
        """The case with the planned product in place of the ordered one; without a product none changes."""
        return self._case(self._changed)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Every hazard; without a planned product, it is open which one is meant."""
        possible = (self.order.product,) if self.plan.product else (self.order.product, None, ANOTHER)
        changes = {product_changed(self.order, product) for product in possible} - {self._changed}
        cases = [self.case, *(self._case(changed) for changed in changes)]
        return screen(self.knowledge.facts.hazard, self.order.route, cases)

    @cached_property
    def _changed(self) -> bool | None:
        """Does the product change with the planned one, or without one the ordered or the last one?"""
        last = self.order.last_immunoglobulin
        if self.plan.product is not None:
            return product_changed(self.order, self.plan.product.id)
        return product_changed(self.order, self.order.product or (last.product if last else None))

    def _case(self, changed: bool | None) -> dict[str, Value]:
        dose = CourseDose(self._g_per_kg(), self.dosing_weight_kg, self._overlaps)
        return build(self.order, self.knowledge, self.start.date(), dose, changed=changed)

    @cached_property
    def _overlaps(self) -> bool | None:
        planned = (self.regimen, self.product)
        return overlaps(self.plan, self.order, self.knowledge, planned, self.start.date())

    def _g_per_kg(self) -> Fraction | None:
        return Fraction(self.plan.dose.g_per_kg) if self.plan.dose else None

    @cached_property
    def emergency(self) -> bool:
        """Is this a condition and phase whose dose is not delayed for screening?"""
        if self.condition is None or not self.condition.emergency:
            return False
        phases = self.condition.emergency_phases
        return not phases or (self.plan.regimen is not None and self.plan.regimen.phase in phases)

    @cached_property
    def overridden(self) -> frozenset[str]:
        """Findings that a named professional set aside in the order."""
        return frozenset(override.finding for override in self.order.overrides)

    @cached_property
    def acting(self) -> tuple[Hazard, ...]:
        """Hazards whose effects bind: present, taken as present, or open in a plan that does not wait.

        In an emergency the dose does not wait for an answer.
        """
        return tuple(s.hazard for s in self.standings if self._acts(s))

    def _acts(self, standing: Standing) -> bool:
        """An override lifts a block and a question (see ``status``); it loosens no limit."""
        if standing.planned is not Truth.UNKNOWN:
            return standing.planned is Truth.TRUE
        if standing.hazard.unknown == "assume":
            return True
        waits = self.plan.status != "ready" or self.emergency or standing.hazard.id in self.overridden
        return standing.hazard.unknown == "ask" and not waits

    def effects(self, kind: type[E]) -> tuple[E, ...]:
        """The effects of one kind that bind this plan."""
        return cast("tuple[E, ...]", tuple(self._effects.get(kind, ())))

    @cached_property
    def _effects(self) -> dict[type, list[Effect]]:
        found: dict[type, list[Effect]] = {}
        for hazard in self.acting:
            for effect in hazard.effects:
                found.setdefault(effect.__class__, []).append(effect)
        return found
