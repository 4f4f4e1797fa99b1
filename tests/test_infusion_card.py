"""The pump card and the comparison, worked by hand for 350 mL at 35, 70, 140 and 280 mL/h."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion.card import Comparison, SizeHung, card, compare
from ivigil.infusion.events import Completed, Paused, RateSet, Resumed, Started, VialHung
from ivigil.infusion.progress import given_ml
from ivigil.patient import Patient
from ivigil.planning import plan
from tests.support.ladder_day import TO_THE_END, UP, Happened, at, day, state
from tests.support.orders import adult, child, knowledge, order

D = Decimal
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def compared(*happened: Happened, now: float = 300) -> Comparison:
    return compare(state(*happened), at(now))


def rates(*steps: tuple[float, int]) -> tuple[Happened, ...]:
    return ((0, Started()), *((minute, RateSet(rate_ml_per_h=D(rate))) for minute, rate in steps))


# --- the card


def test_each_line_in_the_order_in_which_a_pump_asks() -> None:
    lines = [(x.rate_ml_per_h, x.volume_ml, x.minutes, x.total_ml) for x in card(day())]
    assert lines == [
        (D(35), D("17.5"), 30, D("17.5")),
        (D(70), D(35), 30, D("52.5")),
        (D(140), D(70), 30, D("122.5")),
        (D(280), D("227.5"), 49, D(350)),
    ]
    assert [(x.start, x.end) for x in card(day())] == [
        (at(0), at(30)),
        (at(30), at(60)),
        (at(60), at(90)),
        (at(90), at(139)),
    ]


def test_a_late_start_moves_every_line() -> None:
    assert [x.start for x in card(day(), at(25))] == [at(25), at(55), at(85), at(115)]


def test_a_change_of_the_clocks_moves_no_line() -> None:
    """Berlin, 25 October 2026: 02:30 comes twice. A start at 02:15 summer time, planned for 01:15."""
    planned = dt.datetime(2026, 10, 25, 1, 15, tzinfo=BERLIN)
    steps = tuple(
        replace(
            step,
            start=(planned.astimezone(dt.UTC) + (step.start - at(0))).astimezone(BERLIN),
            end=(planned.astimezone(dt.UTC) + (step.end - at(0))).astimezone(BERLIN),
        )
        for step in day().steps
    )
    lines = card(day(start=planned, steps=steps), planned.replace(hour=2))
    begun = dt.datetime(2026, 10, 25, 0, 15, tzinfo=dt.UTC)
    starts = [line.start.astimezone(dt.UTC) for line in lines]
    assert starts == [begun + dt.timedelta(minutes=m) for m in (0, 30, 60, 90)]


@pytest.mark.parametrize("patient", [adult("71.3"), adult("48.6"), child()])
@pytest.mark.parametrize("condition", ["primary_immunodeficiency", "kawasaki_disease", "itp_adult"])
def test_planned_cards_add_up_exactly(patient: Patient, condition: str) -> None:
    for planned in plan(order(condition, patient), knowledge()).days:
        lines = card(planned)
        assert lines
        assert sum(line.volume_ml for line in lines) == lines[-1].total_ml == planned.volume_ml
        assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]


# --- what was infused


def test_as_planned() -> None:
    """227.5 mL at 280 mL/h take 48.75 min; after 49 the pump would have counted 228.67."""
    found = compared(*UP, (138.75, Completed(volume_ml=D(350))))
    assert [(x.planned_ml, x.given_ml) for x in found.steps] == [
        (D("17.5"), D("17.5")),
        (D(35), D(35)),
        (D(70), D(70)),
        (D("227.5"), D("227.5")),
    ]
    assert [x.given for x in found.steps] == [dt.timedelta(minutes=m) for m in (30, 30, 30, 48.75)]
    assert (found.difference_ml, found.difference_g, found.count_difference_ml) == (D(0), D(0), D(0))
    assert found.past == ()


def test_a_pump_that_counted_less_than_rate_times_time() -> None:
    """35 g in 350 mL: 10 mL less are 1 g less."""
    found = compared(*UP, (138.75, Completed(volume_ml=D(340))))
    assert (found.given_ml, found.difference_ml, found.difference_g) == (D(340), D(-10), D(-1))
    assert found.count_difference_ml == D(-10)


def test_no_count_is_no_difference() -> None:
    assert compared(*TO_THE_END).count_difference_ml is None
    assert compared(*UP, (138.75, Completed(volume_ml=D(340))), now=100).count_difference_ml is None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 35), (29.9, 70)], [("past_step", 70, 35)]),  # up too early
        ([(0, 35), (30, 70)], []),
        ([(0, 35), (30, 140)], [("past_step", 140, 70)]),  # a step left out
        ([(0, 70)], [("past_step", 70, 35)]),
        ([(0, 36)], [("past_step", 36, 35)]),
        ([(0, 281)], [("past_day", 281, 280)]),
        ([(0, 35), (30, 70), (60, 35), (61, 70)], [("past_step", 70, 35)]),  # anew after a lower rate
        ([(0, 35), (30, 70), (60, 35), (90, 70)], []),
        ([(0, 35), (45, 70), (60, 20), (100, 35)], []),
    ],
)
def test_flows_past_the_limit_in_force(
    steps: list[tuple[float, int]], expected: list[tuple[Literal["past_step", "past_day"], int, int]]
) -> None:
    found = compared(*rates(*steps), now=120).past
    assert [(x.code, int(x.rate_ml_per_h), int(x.limit_ml_per_h)) for x in found] == [*expected]


def test_a_pause_neither_counts_nor_begins_a_step_anew() -> None:
    paused: list[Happened] = [(20, Paused()), (60, Resumed())]
    up = [(minute, RateSet(rate_ml_per_h=D(70))) for minute in (69, 70)]
    assert [x.code for x in compared(*rates((0, 35)), *paused, up[0]).past] == ["past_step"]
    assert compared(*rates((0, 35)), *paused, up[1]).past == ()


def test_at_a_limit_that_a_label_gives_as_less_than() -> None:
    """Planned at 279 under "less than 280": 280 is past it. Planned at 280: it is not."""
    planned = day()
    strict = replace(planned.steps[3], rate_ml_per_h=D(279))
    under = replace(planned, steps=(*planned.steps[:3], strict))
    assert [x.code for x in compare(state(*TO_THE_END, of=under), at(300)).past] == ["past_day"]
    assert compared(*TO_THE_END).past == ()


def test_hung_against_planned() -> None:
    """Three of 10 g and one of 5 were planned: two of 10 and one of 20 were hung."""
    hung: list[Happened] = [(-5, VialHung(product="p", grams=D(grams))) for grams in (10, 10, 20)]
    found = compared(*hung, *TO_THE_END)
    assert found.vials == (
        SizeHung(grams=D(20), planned=0, hung=1),
        SizeHung(grams=D(10), planned=3, hung=2),
        SizeHung(grams=D(5), planned=1, hung=0),
    )
    assert found.hung_difference_g == D(5)


def test_without_planned_steps_there_is_nothing_to_pass() -> None:
    bare = day(steps=())
    assert compare(state(*TO_THE_END, of=bare), at(300)).past == ()
    assert card(bare) == ()


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=8), st.integers(0, 500))
def test_what_the_steps_were_given_adds_up_to_the_whole(changes: list[tuple[int, int]], now: int) -> None:
    made = state(*rates(*sorted(changes)))
    total = sum((step.given_ml for step in compare(made, at(now)).steps), D(0))
    assert abs(total - given_ml(made, at(now))) <= D("1e-20")


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), max_size=8))
def test_a_flow_above_every_limit_is_always_found(changes: list[tuple[int, int]]) -> None:
    made = state(*rates(*sorted(changes)))
    fast = [flow.start for flow in made.flows if flow.rate_ml_per_h > 280]
    assert [x.start for x in compare(made, at(500)).past if x.code == "past_day"] == fast
