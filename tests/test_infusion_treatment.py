"""Doses at the chair: worked by hand from the cited records, and never above any of their limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import MedicineGiven
from ivigil.infusion.state import Given
from ivigil.infusion.treatment import Amount, Dosing, RepeatCode, doses, of_class
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.reactions import DrugClass, EmergencyDrug, Population
from tests.support.ladder_day import at, briefing
from tests.support.orders import knowledge

D = Decimal
CLASSES: tuple[DrugClass, ...] = (
    "epinephrine",
    "h1_antihistamine",
    "h2_antagonist",
    "corticosteroid",
    "bronchodilator",
    "glucagon",
    "fluid",
    "oxygen",
)
AGES, WEIGHTS = st.integers(0, 1200), st.decimals(2, 200, places=2)


def drug(minutes: float, name: str, mg: str | None = None, drug_class: str = "") -> Given:
    dose = None if mg is None else D(mg)
    return Given(at(minutes), MedicineGiven(drug=name, drug_class=drug_class, dose_mg=dose))


def epinephrine(minutes: float, mg: str = "0.3") -> Given:
    return drug(minutes, "epinephrine", mg, "epinephrine")


def option(drug_class: DrugClass, known: Briefing, *before: Given, now: float = 0, name: str = "") -> Dosing:
    """The only option, or that of the named drug."""
    found = [o for o in doses(drug_class, known, before, at(now)).options if name in o.drug]
    assert len(found) == 1
    return found[0]


def with_drug(known: Briefing, **fields: object) -> Briefing:
    """The same briefing with one more glucagon record that a site wrote."""
    made = EmergencyDrug(
        id="site.drug",
        drug="site's drug",
        drug_class="glucagon",
        line="second",
        indication="low pressure",
        route="IV",
        default=True,
        basis="synthesis",
        seen=False,
    )
    drugs = (*known.facts.emergency_drug, replace(made, **fields))
    return replace(known, facts=replace(known.facts, emergency_drug=drugs))


def with_policy(known: Briefing, name: str, **fields: object) -> Briefing:
    policies = [p if p.id != name else replace(p, **fields) for p in known.facts.policy]
    return replace(known, facts=replace(known.facts, policy=tuple(policies)))


# --- epinephrine: 0.01 mg/kg of 1 mg/mL into the thigh


@pytest.mark.parametrize(
    ("age_months", "weight_kg", "mg"),
    [
        (480, "70", "0.5"),  # 0.7 mg is above the adult maximum of 0.5 mg
        (480, "48.7", "0.48"),  # 0.487 mL, drawn up as 0.48
        (3, "6.2", "0.06"),  # 0.062 mL
        (36, "14.2", "0.14"),
        (150, "45", "0.3"),  # under 14 years the maximum is 0.3 mg
        (168, "45", "0.45"),  # from 14 years 0.5 mg
        (0, "2", "0.02"),
    ],
)
def test_epinephrine_by_weight_down_to_a_hundredth_of_a_millilitre(
    age_months: int, weight_kg: str, mg: str
) -> None:
    found = option("epinephrine", briefing(age_months, weight_kg))
    assert found.dose_mg == found.volume_ml == Amount(D(mg), D(mg))
    assert (found.route, found.site) == ("IM", "middle of the outer thigh")
    assert found.strength_mg_per_ml == 1


def test_epinephrine_says_which_facts_rule() -> None:
    assert option("epinephrine", briefing(36, "14.2")).facts == (
        "drug.epinephrine-im.child",
        "reaction-epinephrine-ceiling",
        "reaction-epinephrine-child-maximum",
        "reaction-syringe-step",
    )


@given(AGES, WEIGHTS)
def test_epinephrine_is_never_above_the_ceiling_nor_its_maximum(age_months: int, weight_kg: Decimal) -> None:
    found = option("epinephrine", briefing(age_months, weight_kg))
    assert found.dose_mg is not None and found.volume_ml is not None and found.max_mg is not None
    assert D(0) < found.dose_mg.low <= found.dose_mg.high
    assert found.dose_mg.high <= D("0.01") * weight_kg
    assert found.dose_mg.high <= (D("0.3") if age_months < 168 else D("0.5"))
    assert found.volume_ml.high % D("0.01") == 0


@given(AGES, WEIGHTS, st.sampled_from(CLASSES))
def test_no_dose_of_any_class_is_above_the_single_maximum_of_its_record(
    age_months: int, weight_kg: Decimal, drug_class: DrugClass
) -> None:
    found = doses(drug_class, briefing(age_months, weight_kg), (), at(0))
    assert (found.gap == "no_record") == (not found.options)
    for each in found.options:
        record = knowledge().by_id[each.fact]
        population: Population = "adult" if age_months >= 216 else "child"
        assert isinstance(record, EmergencyDrug) and record.serves(age_months, weight_kg, population)
        assert not each.withheld
        if each.dose_mg is not None:
            assert record.max_mg is not None and each.dose_mg.high <= record.max_mg


def test_a_site_that_lowers_the_ceiling_lowers_the_dose() -> None:
    lower = with_policy(briefing(36, "14.2"), "reaction-epinephrine-ceiling", number=D("0.005"))
    assert option("epinephrine", lower).dose_mg == Amount(D("0.07"), D("0.07"))
    lower = with_policy(briefing(150, "45"), "reaction-epinephrine-child-maximum", number=D("0.15"))
    assert option("epinephrine", lower).dose_mg == Amount(D("0.15"), D("0.15"))


@pytest.mark.parametrize("name", ["reaction-epinephrine-ceiling", "reaction-syringe-step"])
def test_a_limit_without_its_number_lets_no_dose_through(name: str) -> None:
    found = option("epinephrine", with_policy(briefing(), name, number=None))
    assert (found.dose_mg, found.volume_ml, found.withheld) == (None, None, "not_measurable")


def test_what_is_below_one_step_of_the_syringe_is_not_measurable() -> None:
    found = option("epinephrine", briefing(0, "0.9"))  # 0.009 mL
    assert (found.dose_mg, found.withheld) == (None, "not_measurable")


# --- when it may be repeated


@pytest.mark.parametrize(
    ("now", "code"), [(0, "too_early"), (4.99, "too_early"), (5, "may_repeat"), (20, "may_repeat")]
)
def test_epinephrine_again_after_five_to_fifteen_minutes(now: float, code: RepeatCode) -> None:
    repeat = option("epinephrine", briefing(), epinephrine(0), now=now).repeat
    assert repeat is not None and repeat.code == code
    assert (repeat.given, repeat.earliest, repeat.latest) == (1, at(5), at(15))


def test_a_device_dose_counts_like_any_other() -> None:
    device = drug(3, "epinephrine auto-injector", "0.3")
    repeat = option("epinephrine", briefing(), epinephrine(-10), device, now=6).repeat
    assert repeat is not None
    assert (repeat.code, repeat.given, repeat.earliest) == ("too_early", 2, at(8))


def test_a_dose_recorded_in_the_future_holds_the_next_one_back() -> None:
    repeat = option("epinephrine", briefing(), epinephrine(2), now=0).repeat
    assert repeat is not None and (repeat.code, repeat.earliest) == ("too_early", at(7))


def test_the_first_dose_waits_for_nothing() -> None:
    repeat = option("epinephrine", briefing(), drug(0, "famotidine", "20")).repeat
    assert repeat is not None and (repeat.code, repeat.given) == ("first", 0)


def test_an_interval_in_hours() -> None:
    """Diphenhydramine every 6 to 8 hours."""
    before = drug(0, "diphenhydramine", "50")
    early = option("h1_antihistamine", briefing(), before, now=359).repeat
    later = option("h1_antihistamine", briefing(), before, now=360).repeat
    assert early is not None and later is not None
    assert (early.code, early.latest, later.code) == ("too_early", at(480), "may_repeat")


def test_without_an_interval_a_second_dose_is_for_a_person_to_decide() -> None:
    before = drug(0, "albuterol", "2.5")
    repeat = option("bronchodilator", briefing(), before, now=600).repeat
    assert repeat is not None and repeat.code == "not_stated"


@pytest.mark.parametrize(
    ("before", "code", "high"),
    [
        ((), "first", "50"),
        ((drug(-500, "diphenhydramine", "250"),), "may_repeat", "50"),
        ((drug(-500, "diphenhydramine", "270"),), "may_repeat", "30"),  # 300 mg a day leave 30
        ((drug(-500, "diphenhydramine", "280"),), "day_maximum", None),  # 20 are below the lowest, 25
        ((drug(-1441, "diphenhydramine", "280"),), "may_repeat", "50"),  # more than 24 h ago
        ((drug(-500, "diphenhydramine"),), "amount_unknown", "50"),
    ],
)
def test_the_maximum_of_the_day(before: tuple[Given, ...], code: RepeatCode, high: str | None) -> None:
    """25 to 50 mg with a maximum of 300 mg a day, as the label of diphenhydramine has it."""
    known = briefing()
    drugs = tuple(
        replace(d, max_mg_per_day=D(300)) if d.id == "drug.diphenhydramine.adult" else d
        for d in known.facts.emergency_drug
    )
    found = option(
        "h1_antihistamine", replace(known, facts=replace(known.facts, emergency_drug=drugs)), *before
    )
    assert found.repeat is not None and found.repeat.code == code
    assert (found.dose_mg.high if found.dose_mg else None) == (None if high is None else D(high))
    assert found.withheld == ("day_maximum" if high is None else "")


def test_a_medicine_without_a_known_class_or_name_is_told() -> None:
    before = (drug(0, "adrenaline", "0.5"), drug(0, "Salbutamol neb"), drug(0, "metamizole", "650"))
    found = doses("epinephrine", briefing(), before, at(0))
    assert found.unrecognised == ("metamizole",)
    assert of_class("bronchodilator", briefing(), before) == (before[1],)


# --- which record rules, and in which unit


@pytest.mark.parametrize(
    ("drug_class", "age_months", "weight_kg", "expected"),
    [
        ("h1_antihistamine", 36, "14.2", {"drug.diphenhydramine.child": ("14.2", "14.2")}),  # 1 mg/kg
        ("h1_antihistamine", 100, "60", {"drug.diphenhydramine.child": ("50", "50")}),
        ("h2_antagonist", 36, "14.2", {  # 0.25 mg/kg into the vein, 0.5 mg/kg by mouth
            "drug.famotidine.child-iv": ("3.55", "3.55"),
            "drug.famotidine.child-po": ("7.1", "7.1"),
        }),
        ("corticosteroid", 480, "70", {
            "drug.hydrocortisone.order-set": ("100", "100"),
            "drug.methylprednisolone.adult": ("80", "125"),
            "drug.prednisone.adult": ("40", "60"),
        }),
        ("corticosteroid", 36, "14.2", {
            "drug.hydrocortisone.child": ("71", "142"),
            "drug.methylprednisolone.child-chop": ("28.4", "28.4"),
            "drug.prednisone.child": ("14.2", "28.4"),
        }),
        ("bronchodilator", 36, "14.2", {"drug.albuterol.child-10-kg": ("3.75", "3.75")}),
        ("bronchodilator", 36, "20", {"drug.albuterol.child-20-kg": ("5", "5")}),
        ("glucagon", 36, "14.2", {"drug.glucagon.child": ("0.284", "0.426")}),
        ("glucagon", 480, "180", {"drug.glucagon.adult": ("3.6", "5")}),
    ],
)  # fmt: skip
def test_doses_in_milligrams(
    drug_class: DrugClass, age_months: int, weight_kg: str, expected: dict[str, tuple[str, str]]
) -> None:
    found = doses(drug_class, briefing(age_months, weight_kg), (), at(0))
    assert {o.fact: o.dose_mg for o in found.options} == {
        name: Amount(D(low), D(high)) for name, (low, high) in expected.items()
    }


@pytest.mark.parametrize(
    ("age_months", "weight_kg", "low", "high"), [(480, "70", "1000", "2000"), (36, "14.2", "142", "284")]
)
def test_fluid_in_millilitres(age_months: int, weight_kg: str, low: str, high: str) -> None:
    found = option("fluid", briefing(age_months, weight_kg))
    assert (found.volume_ml, found.dose_mg) == (Amount(D(low), D(high)), None)


def test_oxygen_in_litres_a_minute() -> None:
    found = option("oxygen", briefing())
    assert (found.flow_l_per_min, found.dose_mg) == (Amount(D(6), D(8)), None)


def test_a_site_may_choose_the_other_record() -> None:
    other = with_policy(briefing(), "reaction-hydrocortisone-adult", choice="drug.hydrocortisone.adult")
    found = option("corticosteroid", other, name="hydrocortisone")
    assert (found.fact, found.dose_mg) == ("drug.hydrocortisone.adult", Amount(D(250), D(500)))


def test_cautions_travel_with_the_dose() -> None:
    assert "angina" in option("epinephrine", briefing()).caution
    found = option("h1_antihistamine", briefing(36, "14.2"))
    assert found.contraindicated == ("neonates and premature infants (label)",)


# --- when no number may be given


def test_no_record_is_said_and_never_filled() -> None:
    """No antihistamine record serves a neonate, and no analgesic one a child under 3 months."""
    assert doses("h1_antihistamine", briefing(0, "3"), (), at(0)).gap == "no_record"
    assert doses("analgesic_antipyretic", briefing(2, "5"), (), at(0)).gap == "no_record"


# --- paracetamol: adults 325 to 650 mg every 4 h, 3 g a day at most; children 15 mg/kg, at most 1 g, 4 doses


@pytest.mark.parametrize(
    ("age_months", "weight_kg", "low", "high"),
    [(480, "70", "325", "650"), (36, "14.2", "213", "213"), (200, "80", "1000", "1000")],
)
def test_paracetamol_by_age_weight_and_maximum(age_months: int, weight_kg: str, low: str, high: str) -> None:
    found = option("analgesic_antipyretic", briefing(age_months, weight_kg))
    assert found.dose_mg == Amount(D(low), D(high))
    assert found.fact.startswith("premedication.acetaminophen_")


@given(AGES, WEIGHTS)
def test_no_dose_of_paracetamol_is_above_its_record(age_months: int, weight_kg: Decimal) -> None:
    """An adult's at most 650 mg, a child's at most 15 mg/kg and 1 g; under 3 months none."""
    found = doses("analgesic_antipyretic", briefing(age_months, weight_kg), (), at(0))
    assert (found.gap == "no_record") == (age_months < 3)
    for each in found.options:
        assert each.dose_mg is not None
        assert each.dose_mg.high <= (D(650) if age_months >= 216 else min(15 * weight_kg, D(1000)))


def test_paracetamol_again_after_four_hours_and_within_the_days_maximum() -> None:
    before = drug(0, "paracetamol", "650")
    early = option("analgesic_antipyretic", briefing(), before, now=239)
    assert early.repeat is not None
    assert (early.repeat.code, early.repeat.earliest) == ("too_early", at(240))
    later = option("analgesic_antipyretic", briefing(), before, now=240)
    assert later.repeat is not None
    assert later.repeat.code == "may_repeat"
    much = tuple(drug(240 * n, "acetaminophen", "650") for n in range(4))  # 2600 mg: 400 are left
    assert option("analgesic_antipyretic", briefing(), *much, now=960).dose_mg == Amount(D(325), D(400))
    all_ = (*much, drug(960, "acetaminophen", "400"))
    assert option("analgesic_antipyretic", briefing(), *all_, now=1200).withheld == "day_maximum"


def test_a_child_gets_no_fifth_dose_within_a_day() -> None:
    child = briefing(36, "14.2")
    four = tuple(drug(300 * n, "paracetamol", "213") for n in range(4))
    assert option("analgesic_antipyretic", child, *four[:3], now=900).withheld == ""
    assert option("analgesic_antipyretic", child, *four, now=1200).withheld == "day_maximum"
    assert option("analgesic_antipyretic", child, *four, now=1440).withheld == ""


def test_no_paracetamol_while_severe_liver_disease_is_not_ruled_out() -> None:
    against = frozenset({"premedication.acetaminophen_reaction_adult"})
    found = option("analgesic_antipyretic", replace(briefing(), contraindicated=against))
    assert (found.withheld, found.dose_mg) == ("contraindicated", None)


def test_a_weak_record_names_the_drug_without_a_dose_until_it_is_signed() -> None:
    weak = with_drug(briefing(), dose_mg_min=D(1), dose_mg_max=D(2), max_mg=D(2))
    found = option("glucagon", weak, name="site")
    assert found.withheld == "sign_off_missing"
    assert (found.dose_mg, found.volume_ml, found.max_mg, found.repeat) == (None, None, None, None)
    signed = replace(weak, permitted=weak.permitted | {"site.drug"})
    assert option("glucagon", signed, name="site").dose_mg == Amount(D(1), D(2))


def test_an_infusion_by_the_minute_is_no_single_dose() -> None:
    known = with_drug(briefing(), infusion_ug_per_kg_per_min_max=D("0.2"))
    signed = replace(known, permitted=known.permitted | {"site.drug"})
    assert option("glucagon", signed, name="site").withheld == "not_a_single_dose"


def test_the_briefing_carries_the_policies_of_the_chair() -> None:
    step = briefing().policies["reaction-syringe-step"]
    assert isinstance(step, Policy) and (step.number, step.unit) == (D("0.01"), "mL")
