"""An infused antibody that fades: by hand, and what more or less of it must do."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.kinetics.aim import wash_out
from ivigil.kinetics.estimate import Person, physical
from ivigil.kinetics.passive import Antibody, Fall, fall, half_life
from ivigil.kinetics.physics import concentrations
from tests.support.kinetics_people import ONE, K, V, people, person
from tests.support.kinetics_person import FIRST, day, monthly
from tests.support.orders import knowledge

D = Decimal
BOLUS = tuple(replace(item, hours=D(0)) for item in monthly(1))
TESTED = Antibody(units_per_g=D(12), below_units_per_l=D(10))


def told(
    antibody: Antibody = TESTED, who: tuple[Person, ...] = (ONE,), grams: int = 30, times: int = 1
) -> Fall:
    found = fall(who, monthly(times, grams), FIRST, antibody, knowledge())
    assert found is not None
    return found


def test_one_dose_by_hand() -> None:
    """30 g into 4 L: 7.5 g/L x 12 units/g = 90 units/L; below 10 after ln 9 / k = 58.6 days, on day 59."""
    found = fall([ONE], BOLUS, FIRST, TESTED, knowledge())
    assert found is not None
    assert found.days is not None
    assert found.days.median == math.ceil(math.log(9) / K) == 59
    assert found.half_life_days.median == pytest.approx(math.log(2) / K)


def test_what_the_person_makes_is_not_in_it() -> None:
    """The own 3 g/L do not matter: the same with none and with ten times as much."""
    for own in (0.0, 30.0):
        rich = ONE.parameters._replace(production_g_per_day=0.15 * own)
        assert told(who=(Person("by hand", rich, own, 1.0, 1.0, ()),)).days == told().days


def test_a_measured_level_stands_for_what_a_gram_carries() -> None:
    """12 units/g of 30 g are so many units/L after ten days; measured there, the answer is the same."""
    measured = 12 * 30 / V * math.exp(-K * 10)
    found = fall(
        [ONE],
        BOLUS,
        FIRST,
        Antibody(units_per_l=D(repr(measured)), taken=day(10), below_units_per_l=D(10)),
        knowledge(),
    )
    assert found is not None
    assert found.days is not None
    assert found.days.median == 59


@given(
    who=people,
    grams=st.integers(5, 60),
    more=st.integers(0, 60),
    times=st.integers(1, 4),
    below=st.decimals("1", "50", places=1),
)
@settings(max_examples=25, deadline=None)
def test_a_larger_dose_or_a_lower_threshold_never_comes_sooner(
    who: Person, grams: int, more: int, times: int, below: Decimal
) -> None:
    def days(amount: int, limit: Decimal) -> float:
        found = told(replace(TESTED, below_units_per_l=limit), (who,), amount, times)
        return math.inf if found.days is None else found.days.median

    assert days(grams, below) <= days(grams + more, below)
    assert days(grams, below) <= days(grams, below / 2)


@given(who=people, grams=st.integers(5, 60), more=st.integers(0, 60))
@settings(max_examples=20, deadline=None)
def test_a_larger_dose_washes_out_no_sooner(who: Person, grams: int, more: int) -> None:
    """Total IgG within the policy's share of the own level."""
    found = [wash_out([who], monthly(2, amount), FIRST, knowledge()) for amount in (grams, grams + more)]
    days = [math.inf if item is None or item.days is None else item.days.median for item in found]
    assert days[0] <= days[1]


def test_what_takes_longer_than_was_followed_is_told() -> None:
    found = told(replace(TESTED, below_units_per_l=D("0.000000000001")))
    assert found.days is None
    assert found.beyond == 1


def test_the_slower_end_is_that_of_the_slower_person() -> None:
    slow = replace(ONE, parameters=ONE.parameters._replace(cl_l_per_day=0.075))
    both = told(who=(ONE, slow))
    alone = told(who=(slow,))
    assert both.days is not None
    assert alone.days is not None
    assert both.days.high == alone.days.median
    assert half_life(slow) == pytest.approx(2 * half_life(ONE))


def test_a_model_of_total_igg_alone_cannot_tell() -> None:
    total = replace(ONE, own_g_per_l=None)
    assert fall([total], BOLUS, FIRST, TESTED, knowledge()) is None
    assert fall([ONE], (), FIRST, TESTED, knowledge()) is None
    assert told(who=(ONE, total)).days == told().days


def test_a_level_before_the_first_dose_is_refused() -> None:
    early = Antibody(units_per_l=D(5), taken=FIRST, below_units_per_l=D(1))
    with pytest.raises(ValueError, match="after a dose"):
        fall([ONE], BOLUS, FIRST, early, knowledge())


def test_the_terminal_half_life_is_that_of_the_tail() -> None:
    """Two compartments: late levels fall by half in it."""
    who = person()
    late = told(who=(who,))
    span = late.half_life_days.median
    bare = replace(who, parameters=who.parameters._replace(production_g_per_day=0.0))
    first, half = concentrations(bare.parameters, physical(BOLUS, FIRST, 1.0), [300.0, 300.0 + span])
    assert half == pytest.approx(first / 2, rel=1e-6)
