"""Everything settled before a product is chosen: what product, course and rates must fit."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ivigil.course import Dose
from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.logic import Case
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning.limits import Limits
from ivigil.planning.scheme import Scheme


class Situation(msgspec.Struct, frozen=True):
    """One order with its regimen, dose, findings merged into limits, and the knowledge."""

    order: Order
    condition: Condition
    regimen: Regimen
    dose: Dose
    case: Case
    limits: Limits
    knowledge: Knowledge
    scheme: Scheme | None = None
    """How a subcutaneous dose repeats; None for an intravenous course."""

    @property
    def weight_kg(self) -> Decimal:
        """The dosing weight: rates per kg use it too, so an adjusted weight slows the pump."""
        return self.dose.dosing_weight_kg

    @property
    def pump_step_ml_per_h(self) -> Decimal:
        ordered = self.order.pump_step_ml_per_h
        return ordered if ordered is not None else self.number("policy.pump_step")

    def number(self, policy: str) -> Decimal:
        """The number of a policy that must have one."""
        value = self.knowledge.policies[policy].number
        if value is None:
            raise LookupError(f"{policy} has no number")
        return value

    def choice(self, policy: str) -> str:
        return self.knowledge.policies[policy].choice
