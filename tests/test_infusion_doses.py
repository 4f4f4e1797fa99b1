"""A reaction drug as the card shows it: drawn up at its own strength, with its limits and its clock.

The drug is made up, with round numbers, so that every figure can be worked out in the head; it stands
in the fact base's place as a site's own signed record of a class of which the patient got nothing else.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import MedicineGiven
from ivigil.infusion.state import Given
from ivigil.infusion.treatment import Amount, Dosing, Treatment, doses
from ivigil.knowledge.reactions import EmergencyDrug
from tests.support.ladder_day import at, briefing

D = Decimal
KNOWN = briefing()
"""An adult of 70 kg."""
PLAIN = EmergencyDrug(
    id="site.drug",
    drug="siteol",
    drug_class="glucagon",
    line="second",
    indication="low pressure on a beta blocker",
    route="IV",
    default=True,
    max_mg=Decimal(100),
    basis="protocol",
    seen=True,
)


def known(**fields: object) -> Briefing:
    """The briefing with this drug as the only one of its class, signed by the site."""
    others = [drug for drug in KNOWN.facts.emergency_drug if drug.drug_class != "glucagon"]
    facts = replace(KNOWN.facts, emergency_drug=(*others, replace(PLAIN, **fields)))
    return replace(KNOWN, facts=facts, permitted=KNOWN.permitted | {PLAIN.id})


def of(bedside: Briefing, *before: Given, now: float = 0) -> Dosing:
    [option] = doses("glucagon", bedside, before, at(now)).options
    return option


def siteol(minutes: float, mg: str) -> Given:
    return Given(at(minutes), MedicineGiven(drug="siteol", drug_class="glucagon", dose_mg=D(mg)))


def test_the_card_names_the_drug_its_use_and_its_record() -> None:
    option = of(known(dose_mg_min=D(1), dose_mg_max=D(2)))
    named = (option.fact, option.drug, option.line, option.indication, option.route, option.facts)
    use = "low pressure on a beta blocker"
    assert named == ("site.drug", "siteol", "second", use, "IV", ("site.drug",))
    assert option.dose_mg == Amount(D(1), D(2))


def test_a_class_is_named_also_where_no_record_serves() -> None:
    others = tuple(drug for drug in KNOWN.facts.emergency_drug if drug.drug_class != "glucagon")
    bare = replace(KNOWN, facts=replace(KNOWN.facts, emergency_drug=others))
    assert doses("glucagon", bare, (), at(0)) == Treatment(drug_class="glucagon", gap="no_record")
    served = doses("glucagon", known(dose_mg_min=D(1), dose_mg_max=D(2)), (), at(0))
    assert (served.drug_class, served.gap) == ("glucagon", "")


def test_a_strong_ampoule_is_drawn_up_in_less_and_a_weak_one_in_more() -> None:
    """1 to 2 mg: at 4 mg/mL 0.25 to 0.5 mL, at 0.5 mg/mL 2 to 4 mL; the dose is the same."""
    strong = of(known(dose_mg_min=D(1), dose_mg_max=D(2), strength_mg_per_ml=D(4)))
    assert (strong.volume_ml, strong.dose_mg) == (Amount(D("0.25"), D("0.5")), Amount(D(1), D(2)))
    weak = of(known(dose_mg_min=D(1), dose_mg_max=D(2), strength_mg_per_ml=D("0.5")))
    assert (weak.volume_ml, weak.dose_mg) == (Amount(D(2), D(4)), Amount(D(1), D(2)))


def test_what_the_syringe_rounds_away_is_not_in_the_dose() -> None:
    """0.333 mg at 4 mg/mL is 0.08325 mL: drawn up as 0.08 mL, which holds 0.32 mg."""
    option = of(known(dose_mg_min=D("0.333"), dose_mg_max=D("0.333"), strength_mg_per_ml=D(4)))
    assert (option.volume_ml, option.dose_mg) == (Amount(D("0.08"), D("0.08")), Amount(D("0.32"), D("0.32")))


def test_a_dose_too_small_for_a_syringe_names_the_step_that_forbids_it() -> None:
    option = of(known(dose_mg_min=D("0.01"), dose_mg_max=D("0.01"), strength_mg_per_ml=D(4)))
    assert option.withheld == "not_measurable"
    assert option.facts == ("site.drug", "reaction-syringe-step")


def test_how_long_it_runs_what_it_aims_at_and_what_a_day_allows_are_on_the_card() -> None:
    fields = {"over_minutes": D(10), "target_spo2_percent_min": D(94), "max_mg_per_day": D(8)}
    option = of(known(dose_mg_min=D(1), dose_mg_max=D(2), **fields))
    assert (option.over_minutes, option.target_spo2_percent_min, option.max_mg_per_day) == (
        D(10),
        D(94),
        D(8),
    )


@pytest.mark.parametrize(
    "half",
    [
        {"dose_ml_min": D(5)},
        {"dose_ml_max": D(5)},
        {"dose_ml_per_kg_min": D(5)},
        {"dose_ml_per_kg_max": D(5)},
        {"flow_l_per_min_min": D(5)},
        {"flow_l_per_min_max": D(5)},
    ],
)
def test_half_of_a_range_is_no_dose(half: dict[str, Decimal]) -> None:
    assert of(known(**half)).withheld == "not_a_single_dose"


# --- the clock and the day's maximum


def test_the_next_dose_tells_how_many_there_were_and_when_the_last_was() -> None:
    """Every 5 to 15 minutes; given at 0 and at 4."""
    bedside = known(dose_mg_min=D(1), dose_mg_max=D(2), repeat_minutes_min=5, repeat_minutes_max=15)
    repeat = of(bedside, siteol(0, "1"), siteol(4, "1"), now=8).repeat
    assert repeat is not None
    assert (repeat.code, repeat.given, repeat.last_at) == ("too_early", 2, at(4))
    assert (repeat.earliest, repeat.latest) == (at(9), at(19))
    again = of(bedside, siteol(0, "1"), siteol(4, "1"), now=9).repeat
    assert again is not None and again.code == "may_repeat"


def test_an_interval_without_an_upper_end_has_no_latest_time() -> None:
    bedside = known(dose_mg_min=D(1), dose_mg_max=D(2), repeat_minutes_min=5)
    repeat = of(bedside, siteol(0, "1"), now=9).repeat
    assert repeat is not None and (repeat.earliest, repeat.latest) == (at(5), None)


def test_a_record_without_an_interval_still_tells_what_was_given() -> None:
    repeat = of(known(dose_mg_min=D(1), dose_mg_max=D(2)), siteol(0, "1"), siteol(4, "1"), now=60).repeat
    assert repeat is not None
    assert (repeat.code, repeat.given, repeat.last_at) == ("not_stated", 2, at(4))


def test_exactly_what_the_day_leaves_may_be_given() -> None:
    """At most 4 mg a day, 1 to 2 mg each time: after 3 mg one more, after 3.5 mg none."""
    bedside = known(dose_mg_min=D(1), dose_mg_max=D(2), max_mg_per_day=D(4), repeat_minutes_min=5)
    left = of(bedside, siteol(0, "3"), now=60)
    assert (left.withheld, left.dose_mg) == ("", Amount(D(1), D(1)))
    assert of(bedside, siteol(0, "3.5"), now=60).withheld == "day_maximum"


def test_the_lowest_dose_by_weight_is_held_against_what_the_day_leaves() -> None:
    """0.02 mg/kg for 70 kg is 1.4 mg; of 4 mg a day 1.3 mg are left."""
    fields = {"dose_mg_per_kg_min": D("0.02"), "dose_mg_per_kg_max": D("0.02")}
    bedside = known(max_mg_per_day=D(4), repeat_minutes_min=5, **fields)
    assert of(bedside, siteol(0, "2.7"), now=60).withheld == "day_maximum"
    assert of(bedside, siteol(0, "2.6"), now=60).dose_mg == Amount(D("1.4"), D("1.4"))


def test_what_was_given_a_whole_day_ago_counts_no_longer() -> None:
    bedside = known(dose_mg_min=D(1), dose_mg_max=D(2), max_mg_per_day=D(4), repeat_minutes_min=5)
    assert of(bedside, siteol(0, "4"), now=24 * 60 - 1).withheld == "day_maximum"
    assert of(bedside, siteol(0, "4"), now=24 * 60).dose_mg == Amount(D(1), D(2))
