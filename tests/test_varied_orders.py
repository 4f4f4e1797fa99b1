"""Every condition in four places, every product under the skin: the planner and the verifier agree."""

from __future__ import annotations

import pytest

from ivigil.order import Order
from ivigil.release import checked_plan
from tests.support.orders import knowledge
from tests.support.varied import varied, varied_skin

ORDERS = varied(knowledge())
SKIN = varied_skin(knowledge())


@pytest.mark.parametrize(
    "order", (*ORDERS, *SKIN), ids=lambda o: f"{o.route}-{o.condition}-{o.jurisdiction}-{o.patient.weight_kg}"
)
def test_no_plan_is_withheld(order: Order) -> None:
    checked_plan(order, knowledge())


def test_the_orders_are_varied() -> None:
    made = [checked_plan(order, knowledge()) for order in ORDERS]
    assert {plan.status for plan in made} == {"ready", "needs_answers", "needs_sign_off", "blocked"}
    assert len({plan.product.id for plan in made if plan.product is not None}) > 5


def test_the_orders_under_the_skin_are_varied() -> None:
    made = [checked_plan(order, knowledge()) for order in SKIN]
    codes = {reason.code for plan in made if plan.course for reason in plan.course.days_because}
    assert {"trough_change", "start_after_last_dose"} <= codes
    assert len({plan.product.id for plan in made if plan.product is not None}) > 5
