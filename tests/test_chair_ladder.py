"""A ladder whose steps last 10, 20, 40 and at last 60 minutes: no step may borrow the time of another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigil.course import Day
from ivigil.infusion.events import Completed, IdentityChecked, RateSet, Started, VialHung
from ivigil.infusion.progress import allowed_step, expected_end
from ivigil.infusion.state import State
from ivigil.infusion.tolerance import Tolerance, summary, tolerances
from ivigil.order import LastImmunoglobulin
from tests.support.bedside import event, hand_made_day, minute, rate
from tests.support.bedside import state as stood
from tests.support.ladder_day import PRODUCT, WHO, Happened, briefing, day, state
from tests.support.orders import knowledge

D = Decimal
MINUTES = (10, 20, 40, 60)
RISING = hand_made_day((30, 10), (60, 20), (120, 40), (240, 60))


def started(*rates: tuple[float, int]) -> State:
    return stood([event(0, Started()), *(rate(at, ml_per_h) for at, ml_per_h in rates)], RISING)


@pytest.mark.parametrize(
    ("now", "allowed"), [(0, 30), (9, 30), (10, 60), (29, 60), (30, 120), (69, 120), (70, 240), (200, 240)]
)
def test_a_pump_set_to_the_top_at_once_is_allowed_each_step_in_its_time(now: float, allowed: int) -> None:
    """10, then 20, then 40 minutes: steps begin at 0, 10, 30 and 70."""
    step = allowed_step(started((0, 240)), minute(now))
    assert step is not None and step.rate_ml_per_h == allowed


def test_who_climbs_on_time_is_allowed_the_same() -> None:
    climbing = started((0, 30), (10, 60), (30, 120))
    allowed = {now: allowed_step(climbing, minute(now)) for now in (10, 29, 30, 69, 70)}
    rates = {now: step.rate_ml_per_h for now, step in allowed.items() if step}
    assert rates == {10: 60, 29: 60, 30: 120, 69: 120, 70: 240}


def test_the_end_is_told_by_each_steps_own_time() -> None:
    """200 mL: 5 in 10 min, 20 in 20 min, 80 in 40 min, the last 95 at 240 mL/h in 23.75 min: 93.75 min."""
    assert expected_end(started((0, 30)), minute(0)) == minute(93.75)


# --- tolerance


def uneven() -> Day:
    usual = day()
    steps = (replace(step, minutes=n) for step, n in zip(usual.steps, MINUTES, strict=True))
    return replace(usual, steps=tuple(steps))


def tolerated(*rates: tuple[float, int], until: float) -> Decimal | None:
    happened: list[Happened] = [
        (-10, IdentityChecked(identifier=WHO, method="scanned")),
        (-5, VialHung(product=PRODUCT, grams=D(35), lot="L1")),
        (0, Started()),
        *((at, RateSet(rate_ml_per_h=D(ml_per_h))) for at, ml_per_h in rates),
        (until, Completed()),
    ]
    return summary(briefing(day=uneven()), state(*happened, of=uneven())).tolerated_ml_per_kg_h


@pytest.mark.parametrize(("until", "highest"), [(69, "1"), (70, "2")])
def test_the_third_step_counts_after_its_own_forty_minutes(until: float, highest: str) -> None:
    """35, 70 and 140 mL/h for 70 kg are 0.5, 1 and 2 mL/kg/h."""
    assert tolerated((0, 35), (10, 70), (30, 140), until=until) == D(highest)


@pytest.mark.parametrize(("until", "highest"), [(109, "2"), (110, "4")])
def test_the_last_step_counts_after_the_time_of_the_one_before_it(until: float, highest: str) -> None:
    assert tolerated((0, 35), (10, 70), (30, 140), (70, 280), until=until) == D(highest)


def under_skin(**fields: object) -> Tolerance:
    happened: list[Happened] = [
        (-10, IdentityChecked(identifier=WHO, method="scanned")),
        (-5, VialHung(product=PRODUCT, grams=D(35), lot="L1")),
        (0, Started()),
        (0, RateSet(rate_ml_per_h=D(35))),
        (600, Completed()),
    ]
    one = summary(briefing(route="SC"), state(*happened))
    [found] = tolerances([replace(one, **fields)], knowledge())
    return found


def test_the_next_order_states_the_route_of_the_last_dose() -> None:
    assert under_skin().last() == LastImmunoglobulin(
        date=dt.date(2026, 11, 23),
        grams=D(35),
        route="SC",
        product=PRODUCT,
        infusions=1,
        tolerated_rate_ml_per_kg_per_h=D("0.5"),
    )
    unread = under_skin(product=None, whole=False).last()
    assert (unread.product, unread.route, unread.grams) == (None, "SC", D(35))


def test_a_first_infusion_is_remembered_as_one() -> None:
    assert under_skin().reset == "first"
