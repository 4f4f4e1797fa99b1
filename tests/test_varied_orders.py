"""Every condition, in four places, for patients of all sizes: the planner and the verifier agree."""

from __future__ import annotations

import pytest

from ivigil.order import Order
from ivigil.release import checked_plan
from tests.support.orders import knowledge
from tests.support.varied import varied

ORDERS = varied(knowledge())


@pytest.mark.parametrize(
    "order", ORDERS, ids=lambda o: f"{o.condition}-{o.jurisdiction}-{o.patient.weight_kg}"
)
def test_no_plan_is_withheld(order: Order) -> None:
    checked_plan(order, knowledge())


def test_the_orders_are_varied() -> None:
    made = [checked_plan(order, knowledge()) for order in ORDERS]
    assert {plan.status for plan in made} == {"ready", "needs_answers", "needs_sign_off", "blocked"}
    assert len({plan.product.id for plan in made if plan.product is not None}) > 5
