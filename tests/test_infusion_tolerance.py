"""Tolerance per patient and product, worked by hand; never bolder for more reactions or less knowledge."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion.events import (
    Completed,
    IdentityChecked,
    Paused,
    RateSet,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialHung,
)
from ivigil.infusion.onset import lowest
from ivigil.infusion.tolerance import (
    DaySummary,
    MixedPatientsError,
    NotFinishedError,
    Reset,
    Tolerance,
    summary,
    tolerances,
)
from ivigil.knowledge.next_time import NextRate
from ivigil.order import LastImmunoglobulin
from ivigil.patient import Identifier
from ivigil.planning import plan
from ivigil.verification import verify
from tests.support.ladder_day import (
    PRODUCT,
    START,
    TO_THE_END,
    UP,
    WHO,
    Happened,
    at,
    briefing,
    day,
    state,
)
from tests.support.orders import adult, knowledge, order

D = Decimal
KNOWN = briefing()
BEFORE: tuple[Happened, ...] = (
    (-10, IdentityChecked(identifier=WHO, method="scanned")),
    (-5, VialHung(product=PRODUCT, grams=D(35), lot="L1")),
)


def noted(minute: float, name: str = "chills", present: bool = True) -> Happened:
    return minute, SymptomNoted(symptom=f"symptom.{name}", present=present)


def rate(minute: float, ml_per_h: int) -> Happened:
    return minute, RateSet(rate_ml_per_h=D(ml_per_h))


def summed(*happened: Happened) -> DaySummary:
    return summary(KNOWN, state(*BEFORE, *happened))


def tolerated(*happened: Happened) -> Decimal | None:
    return summed(*happened).tolerated_ml_per_kg_h


# --- one day


def test_a_quiet_day_on_time() -> None:
    """280 mL/h for 70 kg are 4 mL/kg/h; 49 min at 280 count 228.67 mL, 22.87 g of the last step."""
    found = summed(*UP, (139, Completed(volume_ml=D(350))))
    assert found == DaySummary(
        patient=WHO,
        plan="plan-1",
        number=1,
        date=dt.date(2026, 11, 23),
        started_at=at(0),
        product=PRODUCT,
        route="IV",
        grams=D(35),
        tolerated_ml_per_kg_h=D(4),
        whole=True,
        reacted=False,
        next_rate=None,
    )


@pytest.mark.parametrize(
    ("minute", "highest"),
    [(119, 2), (120, 4), (125, 4)],  # the last step must run as long as the one before it, 30 min
)
def test_the_last_step_counts_after_the_time_of_the_step_before(minute: float, highest: int) -> None:
    assert tolerated(*UP, (minute, Completed())) == D(highest)


def test_a_step_that_was_left_early_does_not_count() -> None:
    """What ran above a rate counts for it too: at 140 mL/h or above for 29 min, then for 30."""
    rushed = (*UP[:3], rate(50, 140), rate(75, 280))
    assert tolerated(*rushed, (79, Completed())) == D(1)
    assert tolerated(*rushed, (80, Completed())) == D(2)
    slow = (*UP[:3], (50, Completed()))
    assert tolerated(*slow) == D("0.5")


def test_a_lower_rate_between_begins_a_step_anew_and_a_pause_does_not() -> None:
    between = (*UP[:4], rate(75, 70), rate(80, 140), (95, Completed()))
    assert tolerated(*between) == D(1)
    paused = (*UP[:4], (75, Paused()), (80, Resumed()), (95, Completed()))
    assert tolerated(*paused) == D(2)


def test_an_only_step_must_run_until_its_volume_is_in() -> None:
    """70 mL at 140 mL/h take 30 min."""
    only = day(steps=(replace(day().steps[2], minutes=31),))
    for minute, expected in ((29.9, None), (30, D(2))):
        happened = (*BEFORE, (0, Started()), rate(0, 140), (minute, Completed()))
        assert summary(replace(KNOWN, day=only), state(*happened, of=only)).tolerated_ml_per_kg_h == expected


def test_a_rate_that_a_symptom_followed_is_not_tolerated() -> None:
    found = summed(*TO_THE_END, noted(100))
    assert (found.tolerated_ml_per_kg_h, found.reacted, found.next_rate) == (None, True, NextRate(D(2)))
    assert summed(*TO_THE_END, noted(150)).tolerated_ml_per_kg_h is None


def test_what_ran_quietly_after_the_symptom_counts_up_to_what_it_leaves() -> None:
    """Chills at 280; then 140 for 30 min without more: 2 mL/kg/h, the step below. Back at 280: still 2."""
    slower = (*UP, noted(100), rate(105, 140), (140, Completed()))
    assert tolerated(*slower) == D(2)
    assert tolerated(*slower[:-1], rate(140, 280), (180, Completed())) == D(2)
    assert tolerated(*UP, noted(100), rate(100, 140), (140, Completed())) is None  # at the very instant


def test_a_headache_from_before_is_no_reaction() -> None:
    assert tolerated(noted(-30, "headache_mild"), *TO_THE_END) == D(4)


def test_a_day_that_ended_early_shows_nothing() -> None:
    found = summed(*UP, (139, Stopped()))
    assert (found.tolerated_ml_per_kg_h, found.whole, found.reacted) == (None, False, False)


def test_a_person_who_was_not_identified_shows_nothing() -> None:
    other = IdentityChecked(identifier=Identifier("urn:example", "T-9"), method="asked")
    for first in ((), ((-10.0, other),)):
        found = summary(KNOWN, state(*first, BEFORE[1], *TO_THE_END))
        assert (found.tolerated_ml_per_kg_h, found.whole) == (None, False)


@pytest.mark.parametrize("hung", [(), (PRODUCT, None), (PRODUCT, "octagam-10-us")])
def test_a_product_is_known_only_if_every_vial_is(hung: tuple[str | None, ...]) -> None:
    vials = ((-5.0, VialHung(product=name, grams=D(10))) for name in hung)
    assert summary(KNOWN, state(BEFORE[0], *vials, *TO_THE_END)).product is None


@pytest.mark.parametrize("happened", [(), UP, ((0, Started()), (5, Completed()))])
def test_only_a_finished_infusion_is_summed_up(happened: tuple[Happened, ...]) -> None:
    with pytest.raises(NotFinishedError):
        summed(*happened)


NOTED = st.lists(st.integers(0, 200), max_size=3)


@given(NOTED, NOTED, st.lists(st.tuples(st.integers(0, 180), st.integers(1, 300)), max_size=6))
def test_more_symptoms_never_show_more(
    some: list[int], more: list[int], changes: list[tuple[int, int]]
) -> None:
    run = (
        (0.0, Started()),
        rate(0, 35),
        *(rate(*change) for change in sorted(changes)),
        (190.0, Completed()),
    )
    names = ("chills", "nausea", "flushing", "itching", "rash", "cough")
    signs = [noted(minute, name) for minute, name in zip((*some, *more), names, strict=False)]
    few, many = tolerated(*run, *signs[: len(some)]), tolerated(*run, *signs)
    assert (many or 0) <= (few or 0)


# --- many days


def quiet(days_after: int = 0, highest: str | None = "4", **fields: object) -> DaySummary:
    """A whole infusion without a reaction."""
    begun = START + dt.timedelta(days=days_after)
    usual = DaySummary(
        patient=WHO,
        plan=f"plan-{days_after}",
        number=1,
        date=begun.date(),
        started_at=begun,
        product=PRODUCT,
        route="IV",
        grams=D(35),
        tolerated_ml_per_kg_h=None if highest is None else D(highest),
        whole=True,
        reacted=False,
        next_rate=None,
    )
    return replace(usual, **fields)


def reacting(days_after: int, left: str = "2", **fields: object) -> DaySummary:
    return quiet(days_after, None, **{"reacted": True, "next_rate": NextRate(D(left)), **fields})


def folded(*days: DaySummary) -> tuple[Tolerance, ...]:
    return tolerances(days, knowledge())


def latest(*days: DaySummary) -> Tolerance:
    return folded(*days)[-1]


def test_four_weekly_infusions_add_up() -> None:
    found = latest(quiet(0, "2"), quiet(28, "4"), quiet(56, "3"))
    assert (found.infusions, found.highest_ml_per_kg_h, found.reset) == (3, D(4), "first")
    assert found.last() == LastImmunoglobulin(
        date=dt.date(2027, 1, 18),
        product=PRODUCT,
        grams=D(35),
        route="IV",
        tolerated_rate_ml_per_kg_per_h=D(4),
        infusions=3,
    )


@pytest.mark.parametrize(("days", "reset", "count"), [(56, "first", 2), (57, "long_gap", 1)])
def test_more_than_eight_weeks_begin_anew(days: int, reset: Reset, count: int) -> None:
    """SmPC class text, and the 8 weeks of the monograph."""
    found = latest(quiet(0, "4"), quiet(days, "2"))
    assert (found.reset, found.infusions, found.highest_ml_per_kg_h) == (
        reset,
        count,
        D(4) if count == 2 else D(2),
    )
    assert found.facts == (("first_exposure.long_interval",) if count == 1 else ("first_exposure",))


def test_another_product_begins_anew_and_so_does_the_way_back() -> None:
    other = quiet(28, "1", product="octagam-10-us")
    first, second = folded(quiet(0), other)
    assert (first.product, second.product, second.reset) == (PRODUCT, "octagam-10-us", "product_switch")
    assert second.facts == ("first_exposure.product_switch",)
    back = latest(quiet(0), other, quiet(56, "2"))
    assert (back.product, back.infusions, back.highest_ml_per_kg_h) == (PRODUCT, 1, D(2))


def test_an_unknown_product_tells_only_when_and_how_much() -> None:
    found = latest(quiet(0), quiet(28, product=None))
    assert found.last() == LastImmunoglobulin(date=dt.date(2026, 12, 21), grams=D(35), route="IV")
    assert latest(quiet(0, product=None), quiet(28)).infusions == 1


def test_a_reaction_begins_anew_and_leaves_its_rate() -> None:
    found = latest(quiet(0), quiet(28), reacting(56))
    assert (found.infusions, found.highest_ml_per_kg_h, found.reset) == (0, None, "reaction")
    assert found.last().tolerated_rate_ml_per_kg_per_h is None
    after = latest(quiet(0), reacting(28), quiet(56, "4"))
    assert (after.infusions, after.highest_ml_per_kg_h, after.ceiling) == (1, D(4), NextRate(D(2)))
    assert after.last().tolerated_rate_ml_per_kg_per_h == D(2)


def test_a_reaction_at_the_first_step_leaves_no_rate() -> None:
    under = reacting(0, "0.5", next_rate=NextRate(D("0.5"), below=True))
    assert latest(under, quiet(28, "0.5")).last().tolerated_rate_ml_per_kg_per_h is None
    assert latest(under, quiet(28, "0.4")).last().tolerated_rate_ml_per_kg_per_h == D("0.4")


def test_the_rate_that_a_reaction_left_outlives_gap_and_switch() -> None:
    other = quiet(28, product="octagam-10-us")
    assert latest(reacting(0), other, quiet(200)).ceiling == NextRate(D(2))
    assert latest(reacting(0), other).ceiling is None  # it is the other product's


def test_an_infusion_that_ended_early_is_not_counted() -> None:
    found = latest(quiet(0), quiet(28, None, whole=False))
    assert (found.infusions, found.highest_ml_per_kg_h) == (1, D(4))


def test_days_of_one_course_are_one_amount() -> None:
    course = [quiet(n, plan="five-days", number=n + 1) for n in range(5)]
    assert latest(*course).grams == D(175)
    assert latest(*course, quiet(28)).grams == D(35)


def test_days_of_two_patients_are_refused() -> None:
    with pytest.raises(MixedPatientsError):
        folded(quiet(0), quiet(28, patient=Identifier("urn:example", "T-9")))


def test_nothing_given_is_nothing_known() -> None:
    assert folded() == ()


def test_the_next_order_picks_it_up() -> None:
    """Privigen's European schedule for 4.8 mL/kg/h tolerated needs it; after a reaction it is gone."""
    patient, start = adult(), START + dt.timedelta(days=84)
    base = order("primary_immunodeficiency", patient, jurisdiction="EU", product="privigen-eu", start=start)

    def maximum(*days: DaySummary) -> Decimal:
        last = latest(*days).last()
        rates = plan(replace(base, experience="experienced", last_immunoglobulin=last), knowledge()).rates
        assert rates is not None
        return rates.max_ml_per_kg_h

    privigen = {"product": "privigen-eu"}
    well = [quiet(n, "4.8", **privigen) for n in (0, 28, 56)]
    assert maximum(*well) == D("7.2")
    assert maximum(*well[:2], reacting(56, **privigen)) == D("4.8")
    assert maximum(*(quiet(n, "4.7", **privigen) for n in (0, 28, 56))) == D("4.8")


@pytest.mark.parametrize(
    ("weight_kg", "pump_step", "kept", "reached"),
    [
        ("61.3", "1", "4.79", True),  # 4.8 x 61.3 = 294.24, 294 on the pump, 4.796 kept as 4.79
        ("61.3", "1", "4.78", False),  # 293 mL/h: one step lower
        ("61.3", "0.1", "4.79", True),  # 294.2 mL/h are 4.799
        ("60", "1", "4.79", False),  # 4.8 x 60 = 288 needs no rounding
        ("61.3", "10", "4.73", False),  # 290 mL/h are 4.73, which nobody calls 4.8
        ("61.3", "10", "4.75", True),
    ],
)
def test_the_pumps_rounding_of_a_tolerated_rate_is_that_rate(
    weight_kg: str, pump_step: str, kept: str, reached: bool
) -> None:
    """Privigen's European schedule up to 7.2 mL/kg/h is for those who tolerated 4.8; the others get 4.8."""
    patient, start = adult(weight_kg), START + dt.timedelta(days=84)
    base = order("primary_immunodeficiency", patient, jurisdiction="EU", product="privigen-eu", start=start)
    last = latest(*(quiet(n, kept, product="privigen-eu") for n in (0, 28, 56))).last()
    asked = replace(base, experience="experienced", last_immunoglobulin=last, pump_step_ml_per_h=D(pump_step))
    made = plan(asked, knowledge())
    assert made.rates is not None
    assert made.rates.max_ml_per_kg_h == D("7.2" if reached else "4.8")
    assert verify(made, asked, knowledge()).objections == ()


PRODUCTS = st.sampled_from([PRODUCT, "octagam-10-us", None])
RATES = st.none() | st.integers(1, 8).map(str)
QUIET = st.builds(
    lambda n, highest, name: quiet(n, highest, product=name), st.integers(0, 400), RATES, PRODUCTS
)
REACTING = st.builds(
    lambda n, left, name: reacting(n, left, product=name),
    st.integers(0, 400),
    st.integers(1, 8).map(str),
    PRODUCTS,
)
HISTORY = st.lists(QUIET | REACTING, min_size=1, max_size=8, unique_by=lambda each: each.plan)


@given(HISTORY, st.randoms())
def test_any_order_of_days_gives_the_same(days: list[DaySummary], chance: Random) -> None:
    shuffled = list(days)
    chance.shuffle(shuffled)
    assert folded(*days) == folded(*shuffled, *days)


@given(HISTORY, st.integers(0, 7), st.integers(1, 8))
def test_one_more_reaction_on_any_day_never_allows_more(
    days: list[DaySummary], place: int, left: int
) -> None:
    ordered = sorted(days, key=lambda each: each.started_at)
    place %= len(ordered)
    leaves = lowest((ordered[place].next_rate, NextRate(D(left))))
    worse = replace(ordered[place], reacted=True, tolerated_ml_per_kg_h=None, next_rate=leaves)
    for before, after in zip(
        folded(*ordered), folded(*ordered[:place], worse, *ordered[place + 1 :]), strict=True
    ):
        was, now = before.last(), after.last()
        assert (now.tolerated_rate_ml_per_kg_per_h or 0) <= (was.tolerated_rate_ml_per_kg_per_h or 0)
        assert (now.infusions or 0) <= (was.infusions or 0)


@given(HISTORY)
def test_the_rate_told_was_tolerated_and_lies_within_what_reactions_left(days: list[DaySummary]) -> None:
    for found in folded(*days):
        told = found.last().tolerated_rate_ml_per_kg_per_h
        own = [each for each in days if each.product == found.product]
        if told is not None:
            assert any((each.tolerated_ml_per_kg_h or 0) >= told for each in own)
            assert all(each.next_rate is None or each.next_rate.allows(told) for each in own)
