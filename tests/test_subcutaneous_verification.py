"""The second opinion on subcutaneous plans: sound ones pass, each slip is objected to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigil.course import Day, Plan
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.verification import verify
from tests.support.orders import adult, knowledge, last, order


def asked(**fields: object) -> Order:
    """Hizentra every week after 30 g intravenously every 4 weeks: 10.275 g a week (US label, 1.37)."""
    before = last("privigen-us", date=dt.date(2026, 11, 16), interval_days=28)
    base = order(
        "primary_immunodeficiency",
        adult("70"),
        route="SC",
        experience="experienced",
        product="hizentra-20-us",
        last_immunoglobulin=before,
    )
    return replace(base, **fields)


def codes(made: Plan, wanted: Order) -> set[str]:
    return {objection.code for objection in verify(made, wanted, knowledge()).objections}


def with_day(made: Plan, index: int, **fields: object) -> Plan:
    days = list(made.days)
    days[index] = replace(days[index], **fields)
    return replace(made, days=tuple(days))


def sites(day: Day, **fields: object) -> tuple[object, ...]:
    return tuple(replace(site, **fields) for site in day.sites)


@pytest.fixture(scope="module")
def sound() -> Plan:
    return plan(asked(), knowledge())


def test_a_sound_plan_passes(sound: Plan) -> None:
    assert codes(sound, asked()) == set()


def test_the_first_infusions_limits_hold_for_the_first_alone(sound: Plan) -> None:
    """15 mL and 15 mL/h per site at first, 25 from the second."""
    later = sound.days[1]
    early = with_day(sound, 0, sites=later.sites, steps=sound.days[0].steps)
    assert codes(early, asked())


def test_no_later_site_passes_the_later_limit(sound: Plan) -> None:
    day = sound.days[2]
    assert codes(with_day(sound, 2, sites=sites(day, rate_ml_per_h=Decimal(26))), asked())


def test_the_factor_is_worked_out_again(sound: Plan) -> None:
    assert sound.dose is not None
    grams = Decimal("11.475")  # 1.53, the superseded factor
    dose = replace(sound.dose, grams=grams, g_per_kg=grams / 70, grams_on_actual_weight=grams)
    assert codes(replace(sound, dose=dose), asked())


def test_a_superseded_factor_is_objected_to(sound: Plan) -> None:
    assert sound.dose is not None
    facts = ("hizentra-20-us.conversion.iv-2013", *sound.dose.facts[1:])
    assert codes(replace(sound, dose=replace(sound.dose, facts=facts)), asked())


def test_an_interval_never_gets_more_than_its_dose(sound: Plan) -> None:
    assert codes(with_day(sound, 1, grams=Decimal(11)), asked())


def test_an_interval_never_gets_far_less(sound: Plan) -> None:
    assert codes(with_day(sound, 1, grams=Decimal(9)), asked())


def test_two_infusions_on_one_day_are_objected_to(sound: Plan) -> None:
    assert codes(with_day(sound, 1, date=sound.days[0].date), asked())


def test_the_first_infusion_is_on_the_ordered_day(sound: Plan) -> None:
    assert codes(with_day(sound, 0, date=dt.date(2026, 11, 22)), asked())


def test_the_interval_is_the_ordered_one(sound: Plan) -> None:
    assert codes(sound, asked(interval_days=14))


def test_the_interval_stays_in_the_label(sound: Plan) -> None:
    """Hizentra US: up to every 2 weeks."""
    assert sound.dose is not None
    spoilt = replace(sound, dose=replace(sound.dose, interval_days=21))
    assert codes(spoilt, asked())


def test_a_dose_above_the_label_is_objected_to() -> None:
    """Hizentra US, CIDP: at most 0.4 g/kg a week."""
    wanted = replace(asked(total_dose_g=Decimal(28), interval_days=7), condition="cidp")
    made = plan(wanted, knowledge())
    assert codes(made, wanted) == set()
    assert made.dose is not None
    more = replace(made.dose, grams=Decimal(29))
    assert codes(replace(made, dose=more), wanted)
