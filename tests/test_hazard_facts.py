"""The hazards, judged on hand-written patients; and the vocabulary that their conditions read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ivigil.knowledge.evidence import Record
from ivigil.knowledge.hazards import (
    Advise,
    Block,
    CapDailyDose,
    ExcludeProducts,
    Hazard,
    Hydrate,
    OrderTest,
    Premedicate,
    Suppress,
)
from ivigil.knowledge.logic import Case, Reading, Truth, Value, When, judge
from ivigil.knowledge.store import FACTS, FactFile, all_facts, read_folder
from ivigil.knowledge.vocabulary import Term, settle

RAW_SCREENS = """
iga_deficiency_anti_iga_reaction iga_undetectable_no_history iga_low_no_history prior_anaphylaxis_to_ig
prior_mild_moderate_reaction atopy_child hyperprolinaemia hereditary_fructose_intolerance
infant_under_2_sorbitol corn_allergy_maltose maltose_glucose_meter glucose_stabilised_diabetes
renal_impairment renal_age renal_diabetes volume_depletion renal_nephrotoxic_drugs loop_diuretic
renal_sepsis renal_paraproteinaemia renal_obesity renal_sucrose_product thrombosis_age
thrombosis_immobility thrombosis_hypercoagulable thrombosis_prior_event thrombosis_coronary_disease
thrombosis_oestrogen thrombosis_central_line thrombosis_cv_risk thrombosis_risk_count
thrombosis_daily_dose thrombosis_osmolality heart_failure_volume sodium_restriction hypertension
haemolysis_non_o haemolysis_dose haemolysis_inflammation haemolysis_combined haemolysis_multiparity
trali_prior migraine ams_high_dose_rapid prior_ams hyperviscosity hyponatraemia ig_naive product_switch
long_interval hypogammaglobulinaemia active_infection pregnancy breastfeeding neonate_haemolytic_disease
elderly_general serology_interference female_headache
"""

Answers = dict[str, Value]

KIND_OF_OPERATOR = {"is": "flag", "one_of": "choice"}


@pytest.fixture(scope="module")
def facts() -> FactFile:
    return read_folder(FACTS)[0]


@pytest.fixture(scope="module")
def hazards(facts: FactFile) -> dict[str, Hazard]:
    return {hazard.id: hazard for hazard in facts.hazard}


@pytest.fixture(scope="module")
def terms(facts: FactFile) -> dict[str, Term]:
    return {term.id: term for term in facts.term}


def exactly(**numbers: str) -> Answers:
    return {name: Reading.exactly(Decimal(number)) for name, number in numbers.items()}


def answered_no(terms: dict[str, Term]) -> Answers:
    """A completed checklist on which nothing was ticked."""
    return {term.id: False for term in terms.values() if term.scope == "screening"}


ORDER: Answers = exactly(
    age_years="40",
    age_days="14610",
    weight_kg="75",
    height_cm="178",
    bmi_kg_per_m2="23.7",
    actual_over_ideal_percent="103",
    dose_g_per_kg="0.4",
    cumulative_dose_g_per_kg="0.8",
    prior_infusions="12",
    weeks_since_last_immunoglobulin="4",
) | {
    "last_dose_within_interval": False,
    "immunoglobulin_naive": False,
    "product_changed": False,
    "condition": "primary_immunodeficiency",
    "route": "IV",
    "sex": "male",
}

LABS: Answers = {"blood_group": "O"} | exactly(
    iga_g_per_l="1.8",
    igg_g_per_l="8.4",
    egfr_ml_per_min_per_1_73m2="98",
    creatinine_umol_per_l="74",
    creatinine_clearance_ml_per_min="110",
    haemoglobin_g_per_l="146",
    platelets_10e9_per_l="230",
    sodium_mmol_per_l="140",
    triglycerides_mmol_per_l="1.2",
    crp_mg_per_l="2",
    temperature_c="36.7",
    parity="0",
)

NEWBORN: Answers = exactly(
    age_years="0.005", age_days="2", dose_g_per_kg="0.5", cumulative_dose_g_per_kg="0.5"
)
TWO_GRAMS = exactly(dose_g_per_kg="2", cumulative_dose_g_per_kg="2")
NAIVE: Answers = {"immunoglobulin_naive": True, "prior_infusions": Reading.exactly(0)}

# One patient who has each hazard: what differs from the healthy man above.
HAS_IT: dict[str, list[Answers]] = {
    "iga_deficiency_anti_iga_reaction": [
        {
            "selective_iga_deficiency": True,
            "anti_iga_antibodies": True,
            "prior_blood_product_hypersensitivity": True,
        },
        {
            "iga_g_per_l": Reading(None, Decimal("0.07"), high_open=True),
            "anti_iga_antibodies": True,
            "prior_immunoglobulin_anaphylaxis": True,
        },
    ],
    "anti_iga_without_reaction": [{"selective_iga_deficiency": True, "anti_iga_antibodies": True}],
    "iga_undetectable_no_history": [exactly(iga_g_per_l="0.0001")],
    "iga_low_no_history": [exactly(iga_g_per_l="0.05"), {"selective_iga_deficiency": True}],
    "prior_anaphylaxis_to_ig": [
        {"prior_immunoglobulin_anaphylaxis": True},
        exactly(prior_reaction_grade="3"),
    ],
    "prior_mild_moderate_reaction": [
        {"prior_immunoglobulin_reaction": True},
        exactly(prior_reaction_grade="1"),
    ],
    "repeated_reactions": [
        {"prior_immunoglobulin_reaction": True, "repeated_immunoglobulin_reactions": True}
    ],
    "atopy_child": [{"atopy": True} | exactly(age_years="6")],
    "l_proline_intolerance": [{"hyperprolinaemia": True}, {"proline_hypersensitivity": True}],
    "polysorbate_in_product": [{"polysorbate_80_hypersensitivity": True}],
    "hyaluronidase_in_product": [{"hyaluronidase_hypersensitivity": True}],
    "subcutaneous_in_itp": [{"condition": "itp_adult"}],
    "subcutaneous_bleeding": [{"bleeding_disorder": True}],
    "sorbitol_intolerance": [{"hereditary_fructose_intolerance": True}, exactly(age_years="1.9")],
    "corn_allergy_maltose": [{"corn_allergy": True}],
    "maltose_glucose_meter": [{"home_glucose_meter_gdh": True}],
    "glucose_stabilised_diabetes": [{"diabetes_mellitus": True}],
    "latex_in_stopper": [{"latex_allergy": True}],
    "renal_risk": [
        {"renal_impairment": True},
        exactly(egfr_ml_per_min_per_1_73m2="45"),
        exactly(creatinine_clearance_ml_per_min="30"),
        exactly(age_years="66"),
        {"diabetes_mellitus": True},
        {"volume_depletion": True},
        {"nephrotoxic_drugs": True},
        {"sepsis": True},
        {"paraproteinaemia": True},
        exactly(bmi_kg_per_m2="30"),
    ],
    "renal_sucrose_product": [{"diabetes_mellitus": True}, exactly(egfr_ml_per_min_per_1_73m2="59")],
    "depleted_volume": [{"volume_depletion": True}],
    "diuretic_interaction": [{"loop_diuretic": True}],
    "thrombosis_risk": [
        exactly(age_years="61"),
        {"immobility": True},
        {"thrombophilia": True},
        {"prior_venous_thrombosis": True},
        {"stroke_or_tia": True},
        {"coronary_artery_disease": True},
        {"oestrogen_use": True},
        {"central_venous_catheter": True},
        {"smoking": True},
        {"obesity": True},
        {"cryoglobulinaemia": True},
    ],
    "thrombosis_high_risk": [
        {"prior_arterial_thrombosis": True},
        {"immobility": True, "smoking": True, "hypertension": True, "oestrogen_use": True},
    ],
    "thrombosis_daily_dose": [
        TWO_GRAMS | {"prior_venous_thrombosis": True, "condition": "dermatomyositis_adult"}
    ],
    "thrombosis_osmolality": [{"stroke_or_tia": True}],
    "hyperviscosity": [{"paraproteinaemia": True}, exactly(triglycerides_mmol_per_l="10.1")],
    "heart_failure_volume": [{"heart_failure": True}],
    "heart_failure_daily_dose": [TWO_GRAMS | {"heart_failure": True, "condition": "dermatomyositis_adult"}],
    "misc_cardiac_dysfunction": [TWO_GRAMS | {"heart_failure": True, "condition": "mis_c"}],
    "blood_pressure_rise": [{"hypertension": True}],
    "sodium_load": [{"sodium_restriction": True}],
    "haemolysis_dose": [TWO_GRAMS, exactly(dose_g_per_kg="1", cumulative_dose_g_per_kg="2")],
    "haemolysis_combined": [{"blood_group": "AB"} | TWO_GRAMS],
    "haemolysis_factor": [{"blood_group": "A"}, {"inflammatory_state": True}],
    "haemolysis_multiparity": [{"sex": "female"} | exactly(parity="2")],
    "headache_risk": [{"migraine": True}],
    "ams_high_dose_rapid": [TWO_GRAMS, exactly(dose_g_per_kg="1")],
    "prior_ams": [{"prior_aseptic_meningitis": True}],
    "female_headache": [{"sex": "female"}],
    "overlapping_course": [{"last_dose_within_interval": True}],
    "first_exposure": [NAIVE, {"product_changed": True}, exactly(weeks_since_last_immunoglobulin="9")],
    "hypogammaglobulinaemia": [
        NAIVE | exactly(igg_g_per_l="1.5"),
        {"untreated_hypogammaglobulinaemia": True},
    ],
    "hypogammaglobulinaemia_rate": [{"untreated_hypogammaglobulinaemia": True}],
    "infection_at_infusion": [{"active_infection": True}, exactly(temperature_c="38.0")],
    "pregnant_patient": [{"sex": "female", "pregnancy": True}],
    "breastfeeding_patient": [{"sex": "female", "breastfeeding": True}],
    "neonate_haemolytic_disease": [{"condition": "hdfn"} | NEWBORN],
    "elderly_general": [exactly(age_years="65")],
    "hyponatraemia": [exactly(sodium_mmol_per_l="131")],
    "serology_interference": [exactly(weeks_since_last_immunoglobulin="11")],
    "trali_prior": [{"prior_trali": True}],
}

# A healthy man has it or not by his treatment alone.
HEALTHY_EXCEPT: dict[str, Answers] = {"serology_interference": NAIVE}


def truth(hazard: Hazard, case: Case) -> Truth:
    return judge(When(any_=tuple(factor.when for factor in hazard.factors)), case).truth


def conditions(record: Record) -> Iterator[When]:
    """Every condition authored anywhere in a record, split into its leaves."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, When) and (item.is_ is not None or item.field is not None):
                yield item
            elif isinstance(item, Record):
                yield from conditions(item)


def test_every_screen_of_the_fact_base_survives_as_hazard_or_factor(hazards: dict[str, Hazard]) -> None:
    factor_names = {factor.id.split(".")[-1] for hazard in hazards.values() for factor in hazard.factors}
    screens = set(RAW_SCREENS.split())
    assert len(screens) == 58
    assert screens <= set(hazards) | factor_names


def test_conditions_read_only_vocabulary_terms_of_the_right_kind(
    facts: FactFile, terms: dict[str, Term]
) -> None:
    for when in conditions(facts):
        term = terms[when.is_ or when.field or ""]
        operator = "is" if when.is_ is not None else "one_of" if when.one_of is not None else "number"
        assert term.kind == KIND_OF_OPERATOR.get(operator, "number"), (term.id, operator)
        if term.choices:
            assert set(when.one_of or ()) <= set(term.choices), term.id


def test_every_term_can_be_asked_for(terms: dict[str, Term]) -> None:
    for term in terms.values():
        if term.kind != "choice" or term.scope != "order":  # a regimen may be asked for by name
            assert (term.question != "") == (term.scope in {"patient", "screening", "vaccination"}), term.id
            assert term.topic or not term.question, term.id
        if term.scope == "screening":
            assert term.kind == "flag" and term.patient_question.endswith((".", "?")), term.id
        if term.kind == "number":
            assert term.unit and term.plausible_min is not None and term.plausible_max is not None, term.id


def test_the_patients_below_cover_every_hazard(hazards: dict[str, Hazard]) -> None:
    assert set(HAS_IT) == set(hazards)


@pytest.mark.parametrize("hazard_id", HAS_IT)
def test_hazard_on_a_patient_who_has_it_on_a_healthy_man_and_on_nobody_known(
    hazard_id: str, hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    hazard = hazards[hazard_id]
    healthy = answered_no(terms) | ORDER | LABS
    for patient in HAS_IT[hazard_id]:
        assert truth(hazard, settle(terms.values(), healthy | patient)) is Truth.TRUE, patient
    healthy |= HEALTHY_EXCEPT.get(hazard_id, {})
    assert truth(hazard, settle(terms.values(), healthy)) is Truth.FALSE
    assert truth(hazard, settle(terms.values(), {})) is Truth.UNKNOWN


@pytest.mark.parametrize("hazard_id", HAS_IT)
def test_forgetting_one_value_never_clears_a_hazard(
    hazard_id: str, hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    """No answer here contradicts a measurement: a "no" beside an eGFR of 45 is not an honest order."""
    measurable = {term.id for term in terms.values() if term.signs}
    asked = {name: no for name, no in answered_no(terms).items() if name not in measurable}
    labs = {name: value for name, value in LABS.items() if name != "iga_g_per_l"}
    for patient in HAS_IT[hazard_id]:
        known = asked | ORDER | labs | patient
        for forgotten in known:
            rest = {name: value for name, value in known.items() if name != forgotten}
            outcome = truth(hazards[hazard_id], settle(terms.values(), rest))
            assert outcome is not Truth.FALSE, (patient, forgotten)


def open_hazards(hazards: dict[str, Hazard], terms: dict[str, Term], case: Case) -> set[str]:
    settled = settle(terms.values(), case)
    return {hazard.id for hazard in hazards.values() if truth(hazard, settled) is Truth.UNKNOWN}


def test_without_laboratory_values_a_completed_checklist_leaves_few_hazards_open(
    hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    man = answered_no(terms) | ORDER
    # Listed only: a blood group and a sodium that nobody needs before an ordinary dose.
    listed = {"haemolysis_factor", "hyponatraemia"}
    assert open_hazards(hazards, terms, man) == listed
    assert all(hazards[name].unknown == "note" for name in listed)
    # From 2 g/kg on the blood group matters to everybody: unknown counts as not O.
    assert open_hazards(hazards, terms, man | TWO_GRAMS) == listed | {"haemolysis_combined"}
    # Listed only: number of births.
    woman = man | {"sex": "female"}
    assert open_hazards(hazards, terms, woman) == listed | {"haemolysis_multiparity"}


def test_only_two_hazards_hold_the_release_and_few_answers_settle_them(
    hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    asking = {hazard.id for hazard in hazards.values() if hazard.unknown == "ask"}
    assert asking == {"iga_deficiency_anti_iga_reaction", "prior_anaphylaxis_to_ig"}
    assert asking == {h.id for h in hazards.values() if any(isinstance(e, Block) for e in h.effects)}
    first = settle(terms.values(), ORDER | NAIVE)
    assert truth(hazards["prior_anaphylaxis_to_ig"], first) is Truth.FALSE
    assert truth(hazards["iga_deficiency_anti_iga_reaction"], first) is Truth.UNKNOWN
    measured = settle(terms.values(), ORDER | NAIVE | exactly(iga_g_per_l="1.8"))
    assert truth(hazards["iga_deficiency_anti_iga_reaction"], measured) is Truth.FALSE
    answered = settle(terms.values(), ORDER | NAIVE | {"selective_iga_deficiency": False})
    assert truth(hazards["iga_deficiency_anti_iga_reaction"], answered) is Truth.FALSE


def test_a_hazard_acts_and_only_information_may_stay_unanswered(hazards: dict[str, Hazard]) -> None:
    for hazard in hazards.values():
        assert hazard.factors and hazard.effects, hazard.id
        assert (hazard.unknown == "note") == (hazard.severity == "info"), hazard.id
        assert hazard.patient_text and hazard.category, hazard.id
        assert (
            any(not isinstance(effect, Advise) for effect in hazard.effects)
            or hazard.severity != "contraindicated"
        )


def test_the_raw_any_rules_that_fired_for_almost_everybody_are_gone(
    hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    healthy = answered_no(terms) | ORDER | LABS

    def fires(name: str, case: Answers) -> bool:
        return truth(hazards[name], settle(terms.values(), healthy | case)) is Truth.TRUE

    assert not fires("atopy_child", exactly(age_years="5"))
    assert not fires("atopy_child", {"atopy": True})
    assert not fires("iga_low_no_history", {"prior_blood_product_hypersensitivity": False})
    assert not fires("haemolysis_combined", {"blood_group": "A"})
    assert not fires("haemolysis_dose", {"blood_group": "A"})
    assert not fires("iga_deficiency_anti_iga_reaction", exactly(iga_g_per_l="0.05"))


def test_kawasaki_with_weak_heart_stays_one_infusion_while_adults_are_split(
    hazards: dict[str, Hazard], terms: dict[str, Term]
) -> None:
    def daily_caps(condition: str) -> set[Decimal | None]:
        case = answered_no(terms) | ORDER | LABS | {"condition": condition, "heart_failure": True} | TWO_GRAMS
        found = [h for h in hazards.values() if truth(h, settle(terms.values(), case)) is Truth.TRUE]
        return {e.g_per_kg for h in found for e in h.effects if isinstance(e, CapDailyDose)}

    assert daily_caps("kawasaki_disease") == set()
    assert daily_caps("mis_c") == {Decimal(1)}
    assert daily_caps("dermatomyositis_adult") == {Decimal("0.4")}


def test_products_are_excluded_by_the_stabiliser_or_the_label_that_is_meant(
    hazards: dict[str, Hazard],
) -> None:
    excluded = {
        name: {item for e in hazard.effects if isinstance(e, ExcludeProducts) for item in e.stabilisers}
        for name, hazard in hazards.items()
    }
    assert excluded["l_proline_intolerance"] == {"l-proline"}
    assert excluded["sorbitol_intolerance"] == {"sorbitol"}
    assert excluded["renal_sucrose_product"] == {"sucrose"}
    # One strength only is contraindicated in corn allergy: excluded by its own label, not by stabiliser.
    assert excluded["corn_allergy_maltose"] == set()


def test_copies_of_one_list_of_risk_factors_agree(facts: FactFile, hazards: dict[str, Hazard]) -> None:
    renal = {factor.when for factor in hazards["renal_risk"].factors}
    assert set(hazards["renal_sucrose_product"].factors[0].when.any_ or ()) == renal
    monitoring = {item.id: item for item in facts.monitoring}
    watch = monitoring["monitoring.urine_output"].applies_when
    assert watch is not None and set(watch.any_ or ()) == renal

    weigh = {f.id: f.when for f in hazards["thrombosis_high_risk"].factors}
    split = {f.id: f.when for f in hazards["thrombosis_daily_dose"].factors}
    assert (split["thrombosis_daily_dose.risk_count"].all_ or ())[-1] == weigh[
        "thrombosis_high_risk.thrombosis_risk_count"
    ]
    assert (split["thrombosis_daily_dose.prior_event"].all_ or ())[-1] == weigh[
        "thrombosis_high_risk.prior_event"
    ]
    counted = {name for when in weigh.values() for name in when.fields()}
    named = {name for factor in hazards["thrombosis_risk"].factors for name in factor.when.fields()}
    assert counted == named

    exposure = hazards["first_exposure"]
    stay = {item.id: item for item in facts.observation}["observation.first_switch_gap"].applies_when
    assert stay is not None and set(stay.any_ or ()) == {factor.when for factor in exposure.factors}


def test_effects_name_care_that_exists(facts: FactFile, hazards: dict[str, Hazard]) -> None:
    tests = {test.id for test in facts.baseline_test}
    fluids = {rule.id for rule in facts.hydration}
    classes = {item.drug_class for item in facts.premedication if item.purpose != "reaction_treatment"}
    for hazard in hazards.values():
        for effect in hazard.effects:
            if isinstance(effect, OrderTest) and effect.test.startswith("baseline."):
                assert effect.test in tests, effect.id
            if isinstance(effect, Hydrate):
                assert effect.withhold or effect.hydration in fluids, effect.id
            if isinstance(effect, Premedicate | Suppress):
                assert effect.drug_class in classes, effect.id


def test_ids_are_unique_and_our_sources_are_listed(facts: FactFile) -> None:
    ids = [fact.id for fact in all_facts(facts)]
    assert len(ids) == len(set(ids))
    listed = {source.id for source in facts.source}
    cited = {source for fact in all_facts(facts) for source in fact.sources}
    assert {source for source in cited if source.startswith(("safe.", "haz."))} <= listed
    for fact in all_facts(facts):
        assert fact.sources or not fact.seen, fact.id


def test_premedication_doses_rest_on_sources_and_fit_the_population(facts: FactFile) -> None:
    doses = [p for p in facts.premedication if (p.dose_mg, p.dose_mg_min, p.dose_mg_per_kg) != (None,) * 3]
    # Weak evidence never sets a dose: this one waits for a site's signature.
    assert {p.id for p in doses if p.weak} == {"premedication.prednisone_oral_adult"}
    for p in doses:
        if p.population == "child" and p.purpose == "premedication":
            assert p.age_months_min is not None and p.age_months_max is not None, p.id
        if p.dose_mg_per_kg is not None and p.drug_class != "corticosteroid":
            assert p.max_mg is not None, p.id


def test_no_nsaid_where_the_kidney_the_heart_or_the_platelets_forbid_it(
    facts: FactFile, terms: dict[str, Term]
) -> None:
    healthy = answered_no(terms) | ORDER | LABS
    for drug in (p for p in facts.premedication if p.drug_class == "nsaid"):
        assert drug.contraindicated_when is not None
        assert judge(drug.contraindicated_when, healthy).truth is Truth.FALSE
        for case in (
            {"renal_impairment": True},
            {"volume_depletion": True},
            {"heart_failure": True},
            exactly(platelets_10e9_per_l="20"),
        ):
            assert judge(drug.contraindicated_when, healthy | case).truth is Truth.TRUE


def test_a_measurement_settles_a_flag_even_against_an_answer(terms: dict[str, Term]) -> None:
    no = {"renal_impairment": False, "selective_iga_deficiency": False, "active_infection": False}
    low = exactly(age_years="40", egfr_ml_per_min_per_1_73m2="45", temperature_c="38.4")
    settled = settle(terms.values(), no | low | {"condition": "cidp"})
    assert settled["renal_impairment"] is True
    assert settled["active_infection"] is True
    assert settled["selective_iga_deficiency"] is False


def test_fever_is_no_infection_where_it_is_the_disease(terms: dict[str, Term]) -> None:
    child = exactly(age_years="3", temperature_c="39.5")
    settled = settle(terms.values(), child | {"condition": "kawasaki_disease"})
    assert "active_infection" not in settled
    assert settled["inflammatory_state"] is True


@pytest.mark.parametrize(
    ("age", "iga", "expected"),
    [
        ("40", Reading(None, Decimal("0.07"), high_open=True), True),
        ("3.8", Reading(None, Decimal("0.07"), high_open=True), True),
        ("0.1", Reading.exactly(Decimal("0.02")), None),  # usual below 6 months
        ("40", Reading.exactly(Decimal("0.07")), False),
        ("40", Reading.exactly(Decimal("0.02"), stale=True), True),  # an old low value still counts
        ("40", Reading(None, Decimal("0.25"), high_open=True), None),  # a coarse assay tells nothing
    ],
)
def test_iga_deficiency_follows_from_the_measured_iga(
    terms: dict[str, Term], age: str, iga: Reading, expected: bool | None
) -> None:
    settled = settle(terms.values(), exactly(age_years=age) | {"iga_g_per_l": iga})
    assert settled.get("selective_iga_deficiency") is expected


def test_absent_when_answers_only_what_was_left_open(terms: dict[str, Term]) -> None:
    assert settle(terms.values(), {"sex": "male"})["pregnancy"] is False
    assert settle(terms.values(), {"sex": "male", "pregnancy": True})["pregnancy"] is True
    assert "pregnancy" not in settle(terms.values(), {"sex": "female"} | exactly(age_years="30"))
    first = settle(terms.values(), {"immunoglobulin_naive": True})
    assert first["prior_immunoglobulin_reaction"] is False
    assert first["repeated_immunoglobulin_reactions"] is False
    assert "prior_blood_product_hypersensitivity" not in first
