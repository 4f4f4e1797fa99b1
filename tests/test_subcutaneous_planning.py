"""Subcutaneous plans, as a pharmacist would check them against each label.

Expectations are worked out from the labels named in each test; the rows themselves are in
``facts/products/sc``. All patients are fictional.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import Day, Plan, to_json
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.products import Product, SiteLimit
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order
from ivigil.patient import Measurement
from ivigil.planning import plan
from ivigil.verification import verify
from tests.support.boldness import bolder
from tests.support.orders import adult, child, knowledge, last, order, screened

PI, CIDP = "primary_immunodeficiency", "cidp"
SC_US = tuple(p.id for p in knowledge().facts.product if p.route == "SC" and p.jurisdiction == "US")
WITH_RATES = ("hizentra-20-us", "cuvitru-20-us", "xembify-20-us", "cutaquig-165-us", "gammagard-liquid-us-sc")


def iv(grams: str = "30", *, days: int = 28, weeks_ago: int = 1) -> LastImmunoglobulin:
    """The last intravenous dose, so many weeks before the start."""
    date = dt.date(2026, 11, 23) - dt.timedelta(weeks=weeks_ago)
    return last("privigen-us", date=date, grams=Decimal(grams), interval_days=days)


def sc(product: str, grams: str, *, days: int = 7, infusions: int | None = 40) -> LastImmunoglobulin:
    """The last subcutaneous dose, one interval before the start."""
    date = dt.date(2026, 11, 23) - dt.timedelta(days=days)
    return last(product, date=date, grams=Decimal(grams), interval_days=days, route="SC", infusions=infusions)


def wanted(product: str | None, condition: str = PI, **fields: object) -> Order:
    base: dict[str, object] = {"route": "SC", "experience": "experienced", "product": product}
    weight = str(fields.pop("weight_kg", "70"))
    return order(condition, adult(weight), **(base | fields))


def planned(product: str | None, condition: str = PI, **fields: object) -> Plan:
    return plan(wanted(product, condition, **fields), knowledge())


def reasons(made: Plan, product: str) -> set[str]:
    return {reason.code for left in made.products_excluded if left.id == product for reason in left.because}


def notes(made: Plan) -> dict[str, str]:
    assert made.course is not None
    return {reason.code: reason.value for reason in made.course.days_because}


def spread(day: Day) -> list[tuple[Decimal, Decimal]]:
    return [(site.volume_ml, site.rate_ml_per_h) for site in day.sites]


# Conversion


@pytest.mark.parametrize(
    ("product", "weekly"),
    [
        # 30 g every 4 weeks is 7.5 g a week
        ("hizentra-20-us", "10.275"),  # Hizentra US 2.2 (01/2015): 1.37
        ("cuvitru-20-us", "9.75"),  # Cuvitru US 2.2: 1.30
        ("cutaquig-165-us", "9.75"),  # Cutaquig US, current: 1.30, no longer 1.40
        ("xembify-20-us", "10.275"),  # Xembify US: 1.37
        ("gammagard-liquid-us-sc", "10.275"),  # Gammagard Liquid US 2.2: 1.37
    ],
)
def test_the_weekly_dose_is_the_iv_dose_per_week_by_the_products_own_factor(
    product: str, weekly: str
) -> None:
    made = planned(product, last_immunoglobulin=iv())
    assert made.status == "ready"
    assert made.dose is not None
    assert made.dose.grams == Decimal(weekly)
    assert made.dose.interval_days == 7
    assert f"{product}.conversion.iv" in made.dose.facts
    assert made.regimen is None  # a label's dose, not a regimen


def test_three_weeks_between_iv_doses_give_a_third_each_week() -> None:
    made = planned("cuvitru-20-us", last_immunoglobulin=iv("30", days=21))
    assert made.dose is not None
    assert made.dose.grams == Decimal(13)  # 30 / 3 x 1.30


def test_a_superseded_factor_is_never_used_even_if_it_is_signed() -> None:
    signed = replace(knowledge(), signed=frozenset({"hizentra-20-us.conversion.iv-2013"}))
    made = plan(wanted("hizentra-20-us", last_immunoglobulin=iv()), signed)
    assert made.dose is not None
    assert made.dose.grams == Decimal("10.275")


def test_each_jurisdiction_has_its_own_factor() -> None:
    """EU: one to one (AJMC review of conversion ratios; EMA text for CIDP)."""
    made = planned("hizentra-20-eu", last_immunoglobulin=iv(), jurisdiction="EU")
    assert made.dose is not None
    assert made.dose.grams == Decimal("7.5")


def test_a_factor_that_was_not_read_waits_for_a_signature() -> None:
    factor = "hizentra-20-us.conversion.iv"
    made = plan(wanted("hizentra-20-us", last_immunoglobulin=iv()), unread(factor))
    assert made.status == "needs_sign_off"
    assert made.dose is None and not made.days
    assert [sign.fact for sign in made.needs_sign_off] == [factor]


def test_a_factor_is_for_its_own_use() -> None:
    """Hizentra's 1.37 is printed for PI; in CIDP the label gives 0.2 g/kg a week instead."""
    made = planned("hizentra-20-us", CIDP, last_immunoglobulin=iv("70"))
    assert made.dose is not None
    assert made.dose.grams == Decimal(14)  # 0.2 g/kg x 70 kg
    assert made.dose.facts[0] == "hizentra-20-us.dose.cidp"


def test_without_the_last_dose_there_is_nothing_to_convert() -> None:
    made = planned("hizentra-20-us")
    assert made.status == "blocked"
    assert [gap.code for gap in made.blocked] == ["last_dose_not_stated"]
    assert not made.days


def test_the_last_interval_must_be_known_to_convert() -> None:
    made = planned("hizentra-20-us", last_immunoglobulin=replace(iv(), interval_days=None))
    assert [gap.code for gap in made.blocked] == ["last_dose_not_stated"]


# Going on under the skin


def test_the_same_product_goes_on_at_the_same_weekly_grams() -> None:
    made = planned("hizentra-20-us", last_immunoglobulin=sc("hizentra-20-us", "10"))
    assert made.dose is not None
    assert made.dose.grams == Decimal(10)


def test_another_brand_keeps_the_weekly_grams_where_its_label_says_so() -> None:
    """Cuvitru: same weekly dose as the earlier SC product; Hizentra US says nothing of it."""
    carried = planned("cuvitru-20-us", last_immunoglobulin=sc("hizentra-20-us", "10"))
    silent = planned("hizentra-20-us", last_immunoglobulin=sc("cuvitru-20-us", "10"))
    assert carried.dose is not None
    assert carried.dose.grams == Decimal(10)
    assert [gap.code for gap in silent.blocked] == ["no_subcutaneous_dose"]


def test_facilitated_grams_are_not_carried_over_one_to_one() -> None:
    made = planned("cuvitru-20-us", last_immunoglobulin=sc("hyqvia-10-us", "30", days=28))
    assert made.dose is None
    assert [gap.code for gap in made.blocked] == ["no_subcutaneous_dose"]


def test_every_two_weeks_is_twice_the_weekly_dose() -> None:
    """Hizentra US 2.2: every 2 weeks, twice the weekly dose."""
    made = planned("hizentra-20-us", last_immunoglobulin=iv(), interval_days=14)
    assert made.dose is not None
    assert made.dose.grams == Decimal("20.55")
    assert [day.date for day in made.days] == [dt.date(2026, 11, 23), dt.date(2026, 12, 7)]


# Label ranges and regimens


def test_a_label_range_gives_its_lowest_dose() -> None:
    """Hizentra EU, PI: 0.4 to 0.8 g/kg a month, a quarter of it each week."""
    made = planned("hizentra-20-eu", jurisdiction="EU")
    assert made.dose is not None
    assert made.dose.grams == Decimal(7)  # 0.1 g/kg x 70 kg
    assert "policy.dose_within_range" in made.dose.facts


def test_a_dose_above_the_label_is_not_planned() -> None:
    """Hizentra EU, CIDP: at most 0.4 g/kg a week."""
    at_most = planned("hizentra-20-eu", CIDP, jurisdiction="EU", total_dose_g=Decimal(28), interval_days=7)
    above = planned("hizentra-20-eu", CIDP, jurisdiction="EU", total_dose_g=Decimal(29), interval_days=7)
    assert at_most.dose is not None and at_most.dose.grams == Decimal(28)
    assert [gap.code for gap in above.blocked] == ["dose_above_label"]
    assert not above.days


def test_a_place_without_products_gets_the_dose_of_its_programme() -> None:
    """Ontario: 0.1 to 0.15 g/kg a week on adjusted weight; no SC product of Canada was read."""
    made = planned(None, jurisdiction="CA-ON")
    assert [gap.code for gap in made.gaps] == ["no_product_here"]
    assert made.regimen is not None and made.regimen.id == "pid_on5_maint"
    assert made.dose is not None and made.dose.g_per_kg == Decimal("0.1")
    assert not made.days


def test_another_places_regimen_does_not_stand_before_the_label() -> None:
    made = planned("hizentra-20-us", last_immunoglobulin=iv("60"))  # 0.294 g/kg a week: above Ontario's 0.15
    assert made.dose is not None
    assert made.dose.grams == Decimal("20.55")


def test_a_loading_dose_is_divided_by_the_daily_maximum() -> None:
    """Cutaquig EU: 0.2 to 0.5 g/kg in all, at most 0.15 g/kg a day; rates alone were read."""
    made = planned("cutaquig-165-eu", jurisdiction="EU", phase="loading")
    assert made.dose is not None
    assert made.dose.grams == Decimal(14)  # 0.2 g/kg x 70 kg
    assert made.dose.interval_days is None
    assert [gap.code for gap in made.gaps] == ["rates_not_seen"]


def test_a_loading_dose_runs_over_consecutive_days() -> None:
    """Hizentra EU, PI: 0.2 to 0.5 g/kg, divided over several days if needed; 50 mL and 20 mL/h per site."""
    made = planned("hizentra-20-eu", jurisdiction="EU", phase="loading", days=2)
    assert [day.date for day in made.days] == [dt.date(2026, 11, 23), dt.date(2026, 11, 24)]
    assert [day.grams for day in made.days] == [7, 7]
    assert not [entry for entry in made.timeline if entry.kind == "next_course"]


# Intervals


def test_a_dose_is_weekly_unless_ordered_otherwise() -> None:
    made = planned("cuvitru-20-us", last_immunoglobulin=iv())
    assert made.course is not None and made.course.interval_days == 7
    assert "policy.sc_interval" in made.course.facts
    weeks = [dt.date(2026, 11, 23) + dt.timedelta(weeks=n) for n in range(4)]
    assert [day.date for day in made.days] == weeks
    after = [entry.date for entry in made.timeline if entry.kind == "next_course"]
    assert after == [dt.date(2026, 12, 21)]


def test_an_interval_outside_the_label_leaves_the_product_out() -> None:
    """Gammagard Liquid by SC is weekly; Hizentra up to every 2 weeks."""
    made = planned("gammagard-liquid-us-sc", last_immunoglobulin=iv(), interval_days=14)
    assert [gap.code for gap in made.blocked] == ["interval_outside_label"]


def test_the_wall_clock_stays_across_the_change_of_clocks() -> None:
    zone = dt.timezone(dt.timedelta(hours=-5))
    made = planned(
        "cuvitru-20-us",
        last_immunoglobulin=replace(iv(), date=dt.date(2026, 10, 19)),
        start=dt.datetime(2026, 10, 26, 18, tzinfo=zone),
    )
    assert {day.start.hour for day in made.days} == {18}


@pytest.mark.parametrize(
    ("product", "days", "weeks_ago", "outside"),
    [
        ("hizentra-20-us", 7, 1, False),  # Hizentra US: 1 week after the last IV dose
        ("hizentra-20-us", 7, 3, True),
        ("hizentra-20-us", 14, 2, False),  # every 2 weeks: 1 to 2 weeks after
        ("hizentra-20-us", 14, 3, True),
        ("cuvitru-20-us", 7, 2, True),  # Cuvitru: 1 week after
    ],
)
def test_a_start_outside_the_labels_weeks_is_said_and_not_moved(
    product: str, days: int, weeks_ago: int, outside: bool
) -> None:
    made = planned(product, last_immunoglobulin=iv(weeks_ago=weeks_ago), interval_days=days)
    assert made.days[0].date == dt.date(2026, 11, 23)
    assert ("start_after_last_dose" in notes(made)) is outside


# Sites


def test_hizentra_first_and_later_infusions() -> None:
    """Hizentra US, PI: 15 mL and 15 mL/h per site at first, then 25 mL and 25 mL/h; at most 8 sites."""
    made = planned("hizentra-20-us", last_immunoglobulin=iv())
    first, *later = made.days
    assert (first.grams, first.volume_ml) == (Decimal(10), Decimal(50))
    assert spread(first) == [(Decimal("12.5"), Decimal(15))] * 4
    assert all(spread(day) == [(Decimal(25), Decimal(25))] * 2 for day in later)
    assert [step.rate_ml_per_h for step in first.steps] == [Decimal(60)]
    assert first.duration_min == 50


def test_hizentra_in_cidp() -> None:
    """Hizentra US, CIDP: 20 mL and 20 mL/h per site at first, then 50 mL and 50 mL/h."""
    made = planned("hizentra-20-us", CIDP, last_immunoglobulin=iv(), weight_kg="80")
    first, second, *_ = made.days
    assert first.volume_ml == Decimal(80)  # the maker's example: 80 kg, 16 g, 80 mL
    assert spread(first) == [(Decimal(20), Decimal(20))] * 4
    assert spread(second) == [(Decimal(40), Decimal(50))] * 2


def test_cuvitru_by_weight_and_infusion() -> None:
    """Cuvitru US: first 2 infusions 20 mL per site under 40 kg, 60 from 40 kg; 10 to 20 mL/h, then 60."""
    heavy = planned("cuvitru-20-us", last_immunoglobulin=iv("30"), weight_kg="40")
    light = planned("cuvitru-20-us", last_immunoglobulin=iv("15"), weight_kg="39.9")
    assert [len(day.sites) for day in heavy.days] == [1, 1, 1, 1]
    assert [day.steps[0].rate_ml_per_h for day in heavy.days] == [20, 20, 60, 60]
    # 15 / 4 x 1.30 = 4.875 g: 4 g would miss it by 18 %, so 24 mL of a vial are given: two sites
    assert light.days[0].volume_ml == Decimal(24)
    assert [site.volume_ml for site in light.days[0].sites] == [12, 12]


def test_xembify_by_age() -> None:
    """Xembify US: 25 mL per site; 25 mL/h under 10 years, 35 mL/h from 10; at most 6 sites."""
    grown = planned("xembify-20-us", last_immunoglobulin=iv())
    small = plan(
        order(
            PI,
            replace(child("20"), birth_date=dt.date(2018, 1, 1), height_cm=Decimal(115)),
            route="SC",
            experience="experienced",
            product="xembify-20-us",
            last_immunoglobulin=iv("10"),
        ),
        knowledge(),
    )
    assert {site.rate_ml_per_h for day in grown.days for site in day.sites} == {Decimal(35)}
    assert {site.rate_ml_per_h for day in small.days for site in day.sites} == {Decimal(25)}


def test_hizentra_eu_keeps_the_last_rate_that_was_read() -> None:
    """Hizentra EU: 20 mL/h per site at first, 35 for infusions 2 and 3; later "as tolerated": 35 stays."""
    made = planned("hizentra-20-eu", last_immunoglobulin=iv(), jurisdiction="EU")
    per_site = [day.sites[0].rate_ml_per_h for day in made.days]
    assert per_site == [20, 35, 35, 35]


def test_earlier_infusions_of_the_same_product_count() -> None:
    known = planned("hizentra-20-us", last_immunoglobulin=sc("hizentra-20-us", "10"))
    unknown = planned("hizentra-20-us", last_immunoglobulin=sc("hizentra-20-us", "10", infusions=None))
    assert len(known.days[0].sites) == 2
    assert len(unknown.days[0].sites) == 4


def test_too_much_for_all_sites_is_given_more_often() -> None:
    """Cuvitru US, under 40 kg: 4 sites x 20 mL at first. 24.05 g a week is 120 mL: twice a week."""
    made = planned("cuvitru-20-us", last_immunoglobulin=iv("74"), weight_kg="39")
    assert made.course is not None
    assert notes(made)["too_many_sites"] == "4"
    assert notes(made)["more_often"] == "2"
    assert [day.date.day for day in made.days[:3]] == [23, 26, 30]
    assert all(len(day.sites) <= 4 for day in made.days)
    assert made.course.interval_days == 7


def test_a_label_that_allows_no_shorter_interval_leaves_the_product_out() -> None:
    """Gammagard Liquid by SC: weekly, 8 sites x 30 mL; 27.4 g are 274 mL."""
    made = planned("gammagard-liquid-us-sc", last_immunoglobulin=iv("80"))
    assert [gap.code for gap in made.blocked] == ["no_product_fits"]
    assert reasons(made, "gammagard-liquid-us-sc") == {"too_many_sites"}


@pytest.mark.parametrize("product", ["gamunex-c-us-sc", "gammaked-us-sc"])
def test_without_volume_and_rate_per_site_there_is_a_dose_only(product: str) -> None:
    """Gamunex-C by SC prints rates per site and no volume per site; of Gammaked nothing was read."""
    made = planned(product, total_dose_g=Decimal(10), interval_days=7)
    assert made.status == "needs_sign_off"
    assert [gap.code for gap in made.gaps] == ["rates_not_seen"]
    assert made.dose is not None and made.dose.grams == Decimal(10)
    assert not made.days and made.product is None


def test_a_patient_at_risk_keeps_the_slowest_rate() -> None:
    """Cuvitru US: "minimum rate practicable" at risk of thrombosis; the lowest printed is 10 mL/h."""
    patient = screened(adult("70"), present=("prior_venous_thrombosis",), complete=True)
    at_risk = replace(wanted("cuvitru-20-us", last_immunoglobulin=iv()), patient=patient)
    made = plan(at_risk, knowledge())
    assert {site.rate_ml_per_h for day in made.days for site in day.sites} == {Decimal(10)}
    assert made.rates is not None
    assert "no_at_risk_rate" in {reason.code for reason in made.rates.limited_by}


def test_an_excluded_stabiliser_leaves_hizentra_out() -> None:
    """L-proline is contraindicated in hyperprolinaemia; Hizentra holds it, Cuvitru holds glycine."""
    patient = screened(adult("70"), present=("hyperprolinaemia",), complete=True)
    asked = replace(wanted(None, last_immunoglobulin=iv()), patient=patient)
    made = plan(asked, knowledge())
    assert {"stabiliser", "contraindicated"} & reasons(made, "hizentra-20-us")
    assert made.product is not None and made.product.id != "hizentra-20-us"


def test_the_best_product_that_fits_is_chosen_with_its_own_dose() -> None:
    made = planned(None, last_immunoglobulin=sc("cuvitru-20-us", "10"))
    assert made.product is not None and made.product.id == "cuvitru-20-us"  # no change of product
    assert made.dose is not None and made.dose.grams == Decimal(10)


# Ramp-up of a facilitated product


def unread(fact: str) -> Knowledge:
    """The fact base as if one conversion had not been read."""

    def forget(product: Product) -> Product:
        return replace(
            product,
            conversions=tuple(
                replace(c, seen=False, basis="synthesis") if c.id == fact else c for c in product.conversions
            ),
        )

    return with_products(*(forget(p) for p in knowledge().facts.product if fact.startswith(p.id)))


def with_products(*changed: Product) -> Knowledge:
    by_id = {product.id: product for product in changed}
    facts = knowledge().facts
    products = tuple(by_id.get(product.id, product) for product in facts.product)
    return Knowledge(replace(facts, product=products), knowledge().version)


def hyqvia_with_rates() -> Knowledge:
    """HyQvia US with site limits that a site could add: none were read for PI."""
    product = knowledge().products["hyqvia-10-us"]
    added = SiteLimit(
        id="hyqvia-10-us.site.local",
        basis="protocol",
        seen=True,
        sources=product.sources,
        applies="any",
        volume_ml_per_site=Decimal(600),
        rate_ml_per_h_per_site=Decimal(300),
        sites_max=2,
        indications=("PI",),
    )
    return with_products(replace(product, site_limits=(*product.site_limits, added)))


def test_hyqvia_ramps_up_to_the_whole_dose() -> None:
    """HyQvia US 2.2, example 30 g every 4 weeks: 7.5 g in week 1, 15 in 2, 22.5 in 4, 30 in 7."""
    asked = wanted("hyqvia-10-us", last_immunoglobulin=iv())
    made = plan(asked, hyqvia_with_rates())
    assert made.dose is not None and made.dose.grams == Decimal(30)  # 1:1, same interval
    weeks = [(day.date - dt.date(2026, 11, 23)).days // 7 + 1 for day in made.days]
    assert list(zip(weeks, [day.grams for day in made.days], strict=True)) == [
        (1, Decimal("7.5")),
        (2, Decimal(15)),
        (4, Decimal("22.5")),
        (7, Decimal(30)),
    ]
    assert all(len(day.sites) == 1 for day in made.days)  # one site holds the volume
    after = [entry.date for entry in made.timeline if entry.kind == "next_course"]
    assert after == [dt.date(2027, 2, 1)]  # 4 weeks after week 7


def test_hyqvia_every_three_weeks_ends_its_ramp_in_week_four() -> None:
    asked = wanted("hyqvia-10-us", last_immunoglobulin=iv("30", days=21))
    made = plan(asked, hyqvia_with_rates())
    assert [day.grams for day in made.days] == [Decimal(10), Decimal(20), Decimal(30)]


def test_hyqvia_goes_on_without_a_ramp() -> None:
    asked = wanted("hyqvia-10-us", last_immunoglobulin=sc("hyqvia-10-us", "30", days=28, infusions=12))
    made = plan(asked, hyqvia_with_rates())
    assert [day.grams for day in made.days] == [Decimal(30)]


def test_hyqvia_without_rates_is_a_dose_only() -> None:
    """No rate table for PI was read."""
    made = planned("hyqvia-10-us", last_immunoglobulin=iv())
    assert made.dose is not None and made.dose.grams == Decimal(30)
    assert made.dose.interval_days == 28
    assert [gap.code for gap in made.gaps] == ["rates_not_seen"]


def test_a_facilitated_product_without_its_ramp_table_is_a_dose_only() -> None:
    """CIDP: part of the monthly dose first; the table was not read. 2-week intervals have none either."""
    made = planned("hyqvia-10-us", CIDP, last_immunoglobulin=iv())
    assert [gap.code for gap in made.gaps] == ["rates_not_seen"]
    assert not made.days


# Trough


def with_trough(asked: Order, measured: str, target: str) -> Order:
    measurements = {"igg_g_per_l": Measurement(Reading.exactly(Decimal(measured)), dt.date(2026, 11, 20))}
    patient = replace(asked.patient, measurements=measurements)
    return replace(asked, patient=patient, target_trough_g_per_l=Decimal(target))


def going_on(product: str, weight_kg: str = "70", grams: str = "10") -> Order:
    return wanted(product, weight_kg=weight_kg, last_immunoglobulin=sc(product, grams))


@pytest.mark.parametrize(
    ("product", "weight", "measured", "target", "grams", "said"),
    [
        # Xembify US: 900 mg/dL measured, 1000 the target, 70 kg: 5 mL = 1 g more
        ("xembify-20-us", "70", "9", "10", "11", "trough_change"),
        ("xembify-20-us", "70", "10", "9", "9", "trough_change"),
        ("xembify-20-us", "71", "9", "10", "10", "trough_outside_table"),  # one column alone: 70 kg
        ("xembify-20-us", "70", "8", "10", "10", "trough_outside_table"),  # one row alone: 1 g/L
        # Cuvitru US: 100 mg/dL: 3, 5, 7, 9, 11 mL at 30, 50, 70, 90, 110 kg; no change below 100
        ("cuvitru-20-us", "70", "9", "10", "11.4", "trough_change"),
        ("cuvitru-20-us", "80", "9", "10", "11.4", "trough_change"),  # between columns: the smaller change
        ("cuvitru-20-us", "70", "9.5", "10", "10", "trough_within_target"),
        ("cuvitru-20-us", "111", "9", "10", "10", "trough_outside_table"),
    ],
)
def test_the_trough_changes_the_dose_by_the_products_own_table(
    product: str, weight: str, measured: str, target: str, *, grams: str, said: str
) -> None:
    made = plan(with_trough(going_on(product, weight), measured, target), knowledge())
    assert made.dose is not None
    assert made.dose.grams == Decimal(grams)
    assert said in notes(made)


def test_a_table_that_was_recalled_changes_nothing_and_asks_for_a_signature() -> None:
    cell = "hizentra-20-us.trough.weekly.100.over-50"
    made = plan(with_trough(going_on("hizentra-20-us"), "9", "10"), knowledge())
    assert made.dose is not None and made.dose.grams == Decimal(10)
    assert "trough_table_not_seen" in notes(made)
    assert cell in [sign.fact for sign in made.needs_sign_off]
    assert made.status == "needs_sign_off"


def test_a_superseded_table_changes_nothing_signed_or_not() -> None:
    """Cutaquig's table was read in the label of 2020; that of the label in force was not."""
    cell = "cutaquig-165-us.trough.weekly.100.70"
    for signed in (frozenset[str](), frozenset({cell})):
        made = plan(with_trough(going_on("cutaquig-165-us"), "9", "10"), replace(knowledge(), signed=signed))
        assert made.dose is not None and made.dose.grams == Decimal(10)
        assert "trough_table_not_seen" in notes(made)
        assert not made.needs_sign_off


def test_a_signed_table_is_used() -> None:
    signed = replace(knowledge(), signed=frozenset({"hizentra-20-us.trough.weekly.100.over-50"}))
    made = plan(with_trough(going_on("hizentra-20-us"), "9", "10"), signed)
    assert made.dose is not None and made.dose.grams == Decimal(12)  # 10 mL = 2 g more


def test_an_ordered_dose_stands_and_the_change_is_shown() -> None:
    asked = replace(going_on("xembify-20-us"), total_dose_g=Decimal(10), interval_days=7)
    made = plan(with_trough(asked, "9", "10"), knowledge())
    assert made.dose is not None and made.dose.grams == Decimal(10)
    assert notes(made)["trough_change_not_made"] == "+5"


def test_a_trough_under_iv_does_not_change_the_first_subcutaneous_dose() -> None:
    asked = wanted("xembify-20-us", last_immunoglobulin=iv())
    made = plan(with_trough(asked, "9", "10"), knowledge())
    assert made.dose is not None and made.dose.grams == Decimal("10.275")


# Safety


def rows(product: Product, day: Day, made: Plan) -> list[SiteLimit]:
    """The label's rows that bind a patient's infusion, read anew: numbered rows that include it."""
    weight = made.order.patient.weight_kg
    age = made.order.start.year - made.order.patient.birth_date.year
    codes = {i.id for i in knowledge().facts.label_indication if made.order.condition in i.conditions}
    return [
        row
        for row in product.site_limits
        if (not row.indications or set(row.indications) & codes)
        and (row.weight_kg_min is None or weight >= row.weight_kg_min)
        and (row.weight_kg_below is None or weight < row.weight_kg_below)
        and (row.age_min_years is None or age >= row.age_min_years)
        and (row.age_max_years is None or age < row.age_max_years)
        and (row.infusions_from or 1) <= day.number
        and (row.infusions_to is None or day.number <= row.infusions_to)
        and (row.applies != "later" or row.infusions_from is not None)
    ]


def per_interval(made: Plan) -> list[Decimal]:
    """Grams of each interval, however often they are given."""
    given: dict[int, Decimal] = {}
    for day in made.days:
        assert made.dose is not None and made.dose.interval_days is not None
        number = (day.date - made.days[0].date).days // made.dose.interval_days
        given[number] = given.get(number, Decimal(0)) + day.grams
    return list(given.values())


@settings(max_examples=150, deadline=None)
@given(
    product=st.sampled_from(WITH_RATES),
    weight=st.decimals(min_value=12, max_value=150, places=1),
    monthly=st.decimals(min_value=3, max_value=120, places=0),
    step=st.sampled_from(["0.1", "1", "5"]),
    interval=st.sampled_from([None, 3, 7, 14]),
    age=st.integers(min_value=2, max_value=80),
)
def test_no_site_passes_any_limit(
    *, product: str, weight: Decimal, monthly: Decimal, step: str, interval: int | None, age: int
) -> None:
    patient = adult(str(weight), age=age)
    asked = replace(
        wanted(product, last_immunoglobulin=iv(str(monthly)), interval_days=interval),
        patient=patient,
        pump_step_ml_per_h=Decimal(step),
    )
    made = plan(asked, knowledge())
    label = knowledge().products[product]
    for day in made.days:
        assert sum(site.volume_ml for site in day.sites) == day.volume_ml
        assert sum(s.volume_ml for s in day.steps) == day.volume_ml
        top = max(s.rate_ml_per_h for s in day.steps)
        assert sum(site.rate_ml_per_h for site in day.sites) == top
        assert top % Decimal(step) == 0 and top > 0
        assert all(s.rate_ml_per_h <= s.limit_ml_per_h for s in day.steps)
        for row in rows(label, day, made):
            if row.volume_ml_per_site is not None:
                assert max(site.volume_ml for site in day.sites) <= row.volume_ml_per_site
            if row.rate_ml_per_h_per_site is not None:
                assert max(site.rate_ml_per_h for site in day.sites) <= row.rate_ml_per_h_per_site
            if row.rate_ml_per_h_total is not None:
                assert top <= row.rate_ml_per_h_total
            if row.sites_max is not None:
                assert len(day.sites) <= row.sites_max
        vials = sum(v.grams * v.count for v in day.vials)
        assert vials - day.discard_g == day.grams
    assert verify(made, asked, knowledge()).objections == ()
    for grams in per_interval(made):
        assert made.dose is not None and grams <= made.dose.grams


@pytest.mark.parametrize("product", SC_US)
def test_the_same_order_gives_the_same_bytes(product: str) -> None:
    asked = wanted(product, last_immunoglobulin=iv())
    assert to_json(plan(asked, knowledge())) == to_json(plan(asked, knowledge()))


def test_forgetting_a_first_row_leaves_no_rates() -> None:
    product = knowledge().products["hizentra-20-us"]
    without = replace(
        product, site_limits=tuple(r for r in product.site_limits if r.id != "hizentra-20-us.site.pi-first")
    )
    made = plan(wanted("hizentra-20-us", last_immunoglobulin=iv()), with_products(without))
    assert [gap.code for gap in made.gaps] == ["rates_not_seen"]


def test_a_slow_start_is_no_faster_than_the_usual_infusion() -> None:
    """More sites at a first infusion's rate must not add up to a faster infusion."""
    asked = going_on("hizentra-20-us")
    ill = replace(asked, patient=screened(asked.patient, present=("active_infection",), complete=True))
    usual, slow = plan(asked, knowledge()), plan(ill, knowledge())
    assert usual.days and slow.days
    assert slow.days[0].steps[0].rate_ml_per_h <= usual.days[0].steps[0].rate_ml_per_h
    assert slow.days[0].sites[0].volume_ml <= Decimal(15)


FLAGS = [term.id for term in knowledge().facts.term if term.scope == "screening"]
BASES: dict[str, Order] = {
    "Hizentra from IV": wanted("hizentra-20-us", last_immunoglobulin=iv()),
    "Hizentra, going on": going_on("hizentra-20-us"),
    "Cuvitru, going on, 38 kg": going_on("cuvitru-20-us", "38"),
    "Hizentra in CIDP": wanted("hizentra-20-us", CIDP, last_immunoglobulin=iv("70")),
    "Gammagard Liquid from IV": wanted("gammagard-liquid-us-sc", last_immunoglobulin=iv()),
}


def answered(base: Order, flag: str, answer: bool | None) -> Order:
    """The order with one answer, everything else asked and absent."""
    others = tuple(name for name in FLAGS if name != flag)
    present = (flag,) if answer is True else ()
    absent = (*others, flag) if answer is False else others
    return replace(base, patient=screened(base.patient, present=present, absent=absent, complete=False))


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", BASES)
def test_unknown_and_risk_are_never_bolder(name: str, flag: str) -> None:
    unknown, risky, clean = (plan(answered(BASES[name], flag, a), knowledge()) for a in (None, True, False))
    assert bolder(risky, than=clean) == []
    assert bolder(unknown, than=risky) == []
    assert bolder(unknown, than=clean) == []


@pytest.mark.parametrize("name", BASES)
def test_every_fact_that_ruled_is_cited_and_strong(name: str) -> None:
    made = plan(BASES[name], knowledge())
    assert made.dose is not None and made.course is not None and made.rates is not None
    for decision in (made.dose, made.course, made.rates):
        assert set(decision.facts) <= set(made.sources)
    for fact in (made.dose.facts[0], made.rates.schedule):
        assert not knowledge().by_id[fact].weak
