"""The facts of the chair and of aftercare: complete, linked, and never bolder than their sources."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.knowledge.evidence import Record
from ivigil.knowledge.reactions import (
    FLOWS,
    URGENCIES,
    Cluster,
    CtcaeGrade,
    EmergencyDrug,
    Limit,
    PanelTest,
    Population,
    Says,
    SymptomUrgency,
    Urgency,
    Window,
    most_urgent,
)
from ivigil.knowledge.store import FACTS, FactFile, Knowledge, read_folder

FILE, VERSION = read_folder(FACTS)
KNOWLEDGE = Knowledge(FILE, VERSION)
SYMPTOMS = {symptom.id: symptom for symptom in FILE.symptom}
REACTIONS = {reaction.id: reaction for reaction in FILE.reaction}
ROWS = FILE.symptom_urgency
OURS = [row for row in ROWS if row.says is None]
STATED = [row for row in ROWS if row.says is not None]
ASKED = [symptom for symptom in FILE.symptom if symptom.question and not symptom.circumstance]
CEILING_MG_PER_KG = Decimal("0.01")
POPULATIONS: tuple[Population, ...] = ("adult", "child")

MISSION = {  # "Tell Your Rheumatology Provider" in the ACR fact sheet of February 2022
    "difficulty breathing": {"symptom.difficulty_breathing"},
    "chest tightness": {"symptom.chest_tightness"},
    "wheezing": {"symptom.wheezing"},
    "rash": {"symptom.rash"},
    "fever": {"symptom.fever"},
    "severe, persistent headache with neck stiffness": {
        "symptom.headache_severe",
        "symptom.headache_persistent",
        "symptom.stiff_neck",
    },
    "nausea": {"symptom.nausea"},
    "vomiting": {"symptom.vomiting"},
}

MILDEST_ALLOWED: dict[Says, Urgency] = {
    "emergency_help": "emergency_now",
    "doctor_or_emergency_at_once": "same_day",
    "doctor_at_once": "same_day",
    "doctor": "same_day",
    "tell_provider": "next_visit",
    "if_it_lasts": "self_care",
    "home": "self_care",
}


def records(record: Record) -> Iterator[Record]:
    """The record and every record in it, depth first."""
    yield record
    for name in record.__struct_fields__:
        value = getattr(record, name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Record):
                yield from records(item)


def with_implied(names: set[str]) -> frozenset[str]:
    found, todo = set(names), list(names)
    while todo:
        new = set(SYMPTOMS[todo.pop()].implies) - found
        found |= new
        todo.extend(new)
    return frozenset(found)


def general(row: SymptomUrgency, population: Population) -> bool:
    """Does the row concern every patient of this population, whatever the product or illness?"""
    return row.population in ("any", population) and not (
        row.conditions or row.stabilisers or row.age_months_below
    )


def answers(names: set[str], population: Population, rows: list[SymptomUrgency]) -> Urgency | None:
    present = with_implied(names)
    return most_urgent(row.urgency for row in rows if general(row, population) and row.holds(present))


def rank(urgency: Urgency | None) -> int:
    return -1 if urgency is None else URGENCIES.index(urgency)


# --- references


LINKS = {
    "symptom": ["implies"],
    "age_limit": ["symptom"],
    "reaction": ["symptoms", "panels", "incidence", "grading"],
    "stop_rule": ["symptoms", "reactions", "restart"],
    "grade_action": ["symptoms", "restart"],
    "restart_rule": ["reactions"],
    "symptom_urgency": ["all_of", "any_of", "reactions"],
    "warning_sign": ["symptoms", "because", "reactions"],
    "incidence": ["reaction"],
    "test_panel": ["reactions"],
    "result_rule": ["reaction"],
}
NESTED: dict[type[Record], str] = {Limit: "measure", PanelTest: "measure", Cluster: "symptoms"}


def names(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if value else ()


def references(facts: FactFile) -> Iterator[tuple[str, str]]:
    """Every (who refers, to what) within the reaction facts."""
    for kind, fields in LINKS.items():
        for fact in getattr(facts, kind):
            yield from ((fact.id, name) for field in fields for name in names(getattr(fact, field)))
    for record in records(facts):
        field = NESTED.get(type(record))
        if field is not None:
            yield from ((type(record).__name__, name) for name in names(getattr(record, field)))
    for disagreement in facts.disagreement:
        if disagreement.id.startswith("disagreement.reactions."):
            yield from ((disagreement.id, name) for name in disagreement.about)


def test_every_reference_leads_to_a_fact() -> None:
    assert [(who, what) for who, what in references(FILE) if what not in KNOWLEDGE.by_id] == []


def test_risk_hazards_exist_where_hazards_are_loaded() -> None:
    if not KNOWLEDGE.hazards:
        pytest.skip("no hazards in this fact base")
    wanted = {name for reaction in FILE.reaction for name in reaction.risk_hazards}
    assert wanted - set(KNOWLEDGE.hazards) == set()


def test_codes_of_our_own_concepts_exist() -> None:
    own = ("symptom.", "reaction.", "measure.", "ctcae.")
    assert [
        c.id for c in FILE.term_code if c.concept.startswith(own) and c.concept not in KNOWLEDGE.by_id
    ] == []


def test_the_chosen_side_of_a_disagreement_is_one_of_those_concerned() -> None:
    ours = [item for item in FILE.disagreement if item.id.startswith("disagreement.reactions.")]
    assert ours and all(item.chosen in (*item.about, "") for item in ours)


# --- evidence


def test_seen_claims_name_a_source_and_synthesis_is_never_called_seen() -> None:
    kinds = (
        "symptom",
        "reaction",
        "stop_rule",
        "grade_action",
        "emergency_drug",
        "symptom_urgency",
        "incidence",
    )
    for kind in kinds:
        for fact in getattr(FILE, kind):
            assert bool(fact.sources) or not fact.seen, fact.id
            assert fact.basis != "synthesis" or not fact.seen, fact.id


def test_our_urgencies_and_grade_actions_are_unsigned_synthesis() -> None:
    assert OURS and all(row.basis == "synthesis" and not row.seen for row in OURS)
    by_grade = [action for action in FILE.grade_action if action.grades and not action.analogue]
    assert len(by_grade) == 5
    assert all(action.basis == "synthesis" and not action.seen for action in by_grade)


def test_a_stated_row_carries_the_mildest_urgency_that_its_words_allow() -> None:
    for row in STATED:
        assert row.says is not None
        assert row.urgency == MILDEST_ALLOWED[row.says], row.id
        assert row.seen, row.id


# --- time


def all_windows() -> list[Window]:
    return [record for record in records(FILE) if isinstance(record, Window)]


def test_windows_do_not_end_before_they_begin() -> None:
    windows = all_windows()
    assert len(windows) > 40
    for window in windows:
        low, high = window.span_hours
        assert low is not None or high is not None, window.id
        assert low is None or high is None or Decimal(0) <= low <= high, window.id


def test_timing_classes_meet_without_gap_or_overlap() -> None:
    classes = sorted(FILE.timing_class, key=lambda item: item.hours_min)
    assert [item.name for item in classes] == ["immediate", "delayed", "late"]
    assert classes[0].hours_min == 0 and classes[-1].hours_max is None
    for earlier, later in pairwise(classes):
        assert earlier.hours_max == later.hours_min


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        ("reaction.aseptic_meningitis.onset_label", (None, 48)),  # US label 5.5: several hours to 2 days
        ("reaction.aseptic_meningitis.onset_outlier", (None, 168)),  # Jolles 1998: up to 7 days
        ("reaction.haemolysis.onset", (12, 240)),  # Notify 1922: 12 hours to 10 days
        ("reaction.trali.onset", (0, 6)),  # Canadian Blood Services: within 6 h
        ("reaction.arterial_thrombosis.onset", (0, 24)),  # PMID 15970713: 77 % within 24 h
        ("reaction.eczema.onset", (168, 240)),  # 7 to 10 days
        ("reaction.kawasaki_resistance.onset_36", (36, None)),  # 36 h or more after the end
    ],
)
def test_windows_of_the_sources(window: str, hours: tuple[int | None, int | None]) -> None:
    found = KNOWLEDGE.by_id[window]
    assert isinstance(found, Window)
    assert found.span_hours == hours


# --- symptoms


def test_implied_symptoms_form_no_circle() -> None:
    for name, symptom in SYMPTOMS.items():
        assert all(name not in with_implied({other}) for other in symptom.implies), name


def test_no_synonym_belongs_to_two_symptoms() -> None:
    owners: dict[str, str] = {}
    for symptom in FILE.symptom:
        for word in (symptom.name, *symptom.synonyms):
            assert owners.setdefault(word.lower(), symptom.id) == symptom.id, word


@pytest.mark.parametrize("population", POPULATIONS)
def test_whatever_a_patient_can_report_has_an_urgency(population: Population) -> None:
    for symptom in ASKED:
        assert answers({symptom.id}, population, list(ROWS)) is not None, symptom.id


def test_what_is_asked_first_is_an_emergency() -> None:
    for symptom in FILE.symptom:
        if symptom.ask_first and symptom.question:
            assert answers({symptom.id}, "adult", list(ROWS)) == "emergency_now", symptom.id


def test_a_sign_of_danger_that_only_a_clinician_finds_stops_the_infusion() -> None:
    for symptom in FILE.symptom:
        if symptom.ask_first and not symptom.question:
            rules = [rule for rule in FILE.stop_rule if symptom.id in rule.symptoms]
            assert any(max(rule.flow, key=FLOWS.index) in ("pause", "stop") for rule in rules), symptom.id


@pytest.mark.parametrize("name", MISSION)
def test_every_symptom_of_the_mission_has_an_urgency_and_a_reaction(name: str) -> None:
    symptoms = MISSION[name]
    for population in POPULATIONS:
        assert answers(symptoms, population, list(ROWS)) is not None
    assert any(symptoms <= set(reaction.symptoms) for reaction in FILE.reaction)


@pytest.mark.parametrize(
    ("symptoms", "urgency"),
    [
        ("difficulty_breathing", "emergency_now"),
        ("chest_tightness", "emergency_now"),
        ("wheezing", "emergency_now"),
        ("hives", "emergency_now"),  # Multum: hives: get emergency medical help
        ("rash", "same_day"),
        ("rash dizziness", "emergency_now"),
        ("fever", "same_day"),
        ("headache_severe headache_persistent stiff_neck", "same_day"),
        ("headache_severe stiff_neck fever", "emergency_now"),
        ("headache drowsiness", "emergency_now"),
        ("limb_swelling_pain", "same_day"),
        ("limb_swelling_pain difficulty_breathing", "emergency_now"),
        ("dark_urine", "same_day"),
        ("little_urine", "same_day"),
        ("vomiting", "same_day"),
        ("headache_mild", "self_care"),
        ("headache_mild nausea tiredness", "self_care"),
    ],
)
def test_urgency_for_an_adult(symptoms: str, urgency: Urgency) -> None:
    assert answers({f"symptom.{name}" for name in symptoms.split()}, "adult", list(ROWS)) == urgency


def test_a_child_is_never_left_to_self_care() -> None:
    for symptom in ASKED:
        if SYMPTOMS[symptom.id].area != "site" and symptom.id not in (
            "symptom.palm_blisters",
            "symptom.scaly_rash",
        ):
            assert rank(answers({symptom.id}, "child", list(ROWS))) >= rank("same_day"), symptom.id


def test_unsigned_rows_are_never_lower_than_a_seen_row_for_the_same_symptoms() -> None:
    seen = [row for row in ROWS if row.seen]
    for row in OURS:
        for population in POPULATIONS:
            if not general(row, population):
                continue
            for names in row.smallest_sets():
                assert rank(row.urgency) >= rank(answers(set(names), population, seen)), row.id


def test_waiting_rests_on_a_strong_seen_row() -> None:
    """Where an adult may care for herself, a source that may permit says so for that symptom."""
    strong = [row for row in ROWS if not row.weak]
    for name in ("headache_mild", "nausea", "muscle_aches", "tiredness"):
        assert answers({f"symptom.{name}"}, "adult", strong) == "self_care"


@given(st.sets(st.sampled_from(sorted(SYMPTOMS))), st.sampled_from(sorted(SYMPTOMS)))
def test_one_more_symptom_never_lowers_the_urgency(names: set[str], more: str) -> None:
    for population in POPULATIONS:
        before = answers(names, population, list(ROWS))
        assert rank(answers(names | {more}, population, list(ROWS))) >= rank(before)


# --- warning signs


def test_warning_signs_say_what_triage_says() -> None:
    for sign in FILE.warning_sign:
        groups = [set(sign.symptoms)] if sign.together else [{name} for name in sign.symptoms]
        for population in POPULATIONS:
            if sign.population in ("any", population):
                found = [answers(group, population, list(ROWS)) for group in groups]
                assert min(rank(urgency) for urgency in found) == rank(sign.urgency), sign.id


def test_warning_signs_are_named_in_order_and_cover_the_mission() -> None:
    signs = sorted(FILE.warning_sign, key=lambda sign: sign.order)
    assert [sign.order for sign in signs] == list(range(1, len(signs) + 1))
    ranks = [rank(sign.urgency) for sign in signs]
    assert ranks == sorted(ranks, reverse=True)
    covered = {name for sign in signs for name in sign.symptoms}
    wanted = set().union(*MISSION.values())
    extra = ["limb_swelling_pain", "dark_urine", "yellow_skin", "little_urine"]
    assert wanted | {f"symptom.{name}" for name in extra} <= covered


def test_warning_signs_outlast_the_usual_onset_of_what_they_warn_of() -> None:
    for sign in FILE.warning_sign:
        if sign.days_max is None:
            continue
        for name in sign.reactions:
            ends = [
                window.span_hours[1]
                for window in REACTIONS[name].windows
                if window.of == "onset" and not window.outlier
            ]
            assert all(end is None or end <= sign.days_max * 24 for end in ends), (sign.id, name)


def test_warning_signs_are_easy_to_read() -> None:
    """Automated readability index (Smith and Senter, 1967): grade 6 is an age of 11 to 12."""
    text = " ".join(sign.text for sign in FILE.warning_sign)
    words = text.split()
    letters = sum(character.isalnum() for character in text)
    grade = 4.71 * letters / len(words) + 0.5 * len(words) / text.count(".") - 21.43
    assert grade <= 6


# --- emergency drugs


def serving(age_months: int, weight_kg: Decimal) -> list[EmergencyDrug]:
    population: Population = "adult" if age_months >= 216 else "child"
    return [drug for drug in FILE.emergency_drug if drug.serves(age_months, weight_kg, population)]


def test_a_drug_record_without_ages_serves_its_population_alone() -> None:
    """An adult of 28 kg is not given a child's record, nor a child of 32 kg an adult's."""
    small_adult = {drug.id for drug in serving(480, Decimal(28))}
    large_child = {drug.id for drug in serving(120, Decimal(32))}
    assert "drug.epinephrine-im.ebmed-child" not in small_adult
    assert not {"drug.epinephrine-im.fixed-order", "drug.epinephrine-infusion.adult"} & large_child


@pytest.mark.parametrize(
    ("age_months", "weight_kg"), [(480, Decimal(150)), (2, Decimal(3)), (0, Decimal(3)), (150, Decimal(40))]
)
def test_no_dose_is_above_its_stated_maximum(age_months: int, weight_kg: Decimal) -> None:
    drugs = serving(age_months, weight_kg)
    assert drugs
    for drug in drugs:
        dose = drug.dose_mg(weight_kg)
        if dose is None:
            continue
        assert drug.max_mg is not None, drug.id
        low, high = dose
        assert Decimal(0) < low <= high <= drug.max_mg, drug.id


def test_every_stated_dose_has_a_unit_that_can_be_given() -> None:
    for drug in FILE.emergency_drug:
        quantities = (
            drug.dose_mg(Decimal(70)),
            drug.dose_ml_max,
            drug.dose_ml_per_kg_max,
            drug.infusion_ug_per_kg_per_min_max,
            drug.flow_l_per_min_max,
            drug.target_spo2_percent_min,
        )
        assert any(quantity is not None for quantity in quantities), drug.id


@pytest.mark.parametrize(
    ("age_months", "weight_kg", "dose_mg"),
    [
        (480, "150", "0.5"),  # 0.01 mg/kg, at most 0.5 mg in an adult
        (480, "40", "0.4"),
        (2, "3", "0.03"),
        (60, "20", "0.2"),
        (150, "45", "0.3"),  # under 14 years: at most 0.3 mg
    ],
)
def test_epinephrine_by_weight(age_months: int, weight_kg: str, dose_mg: str) -> None:
    weight = Decimal(weight_kg)
    drugs = [d for d in serving(age_months, weight) if d.drug_class == "epinephrine" and d.default]
    assert [drug.dose_mg(weight) for drug in drugs] == [(Decimal(dose_mg), Decimal(dose_mg))]


@given(st.integers(0, 1200), st.decimals(2, 200, places=1))
def test_computed_epinephrine_never_exceeds_the_ceiling(age_months: int, weight_kg: Decimal) -> None:
    drugs = [d for d in serving(age_months, weight_kg) if d.drug_class == "epinephrine" and d.default]
    assert len(drugs) == 1
    dose = drugs[0].dose_mg(weight_kg)
    assert dose is not None and dose[1] <= CEILING_MG_PER_KG * weight_kg
    assert FILE.policy and KNOWLEDGE.policies["reaction-epinephrine-ceiling"].number == CEILING_MG_PER_KG


def test_a_device_dose_never_exceeds_the_ceiling_where_its_label_offers_it() -> None:
    for drug in FILE.emergency_drug:
        if drug.device:
            assert drug.weight_kg_min is not None and drug.dose_mg_max is not None
            assert drug.dose_mg_max <= CEILING_MG_PER_KG * drug.weight_kg_min, drug.id


def test_one_computed_record_a_drug_and_route() -> None:
    ages, weights = (
        (0, 1, 6, 12, 72, 144, 167, 168, 216, 900),
        ("3", "4.9", "5", "10", "20", "30", "70", "150"),
    )
    for age_months, weight in product(ages, weights):
        keys = [(d.drug, d.route) for d in serving(age_months, Decimal(weight)) if d.default]
        assert len(keys) == len(set(keys)), (age_months, weight)


def test_diphenhydramine_is_not_for_neonates() -> None:
    assert not [d for d in serving(0, Decimal(3)) if d.drug == "diphenhydramine"]
    assert [d for d in serving(2, Decimal(4)) if d.drug == "diphenhydramine" and d.default]


def test_every_class_that_an_action_gives_has_a_drug() -> None:
    classes = {drug.drug_class for drug in FILE.emergency_drug}
    given_ = {
        getattr(record, "drug_class", None) for record in records(FILE) if type(record).__name__ == "Action"
    }
    assert given_ - {None, "analgesic_antipyretic"} <= classes  # analgesics stand with premedication


# --- stop rules, grades, restart


def test_label_signs_of_hypersensitivity_stop_before_any_signature() -> None:
    strong = [rule for rule in FILE.stop_rule if not rule.weak and rule.flow == ("stop",)]
    stopped = {name for rule in strong for name in rule.symptoms}
    signs = ["hives", "chest_tightness", "wheezing", "low_blood_pressure", "difficulty_breathing"]
    assert {f"symptom.{name}" for name in signs} <= stopped


def test_rules_name_a_sign_and_list_flows_from_mild_to_strict() -> None:
    flows = {fact.id: fact.flow for fact in FILE.stop_rule} | {
        fact.id: fact.flow for fact in FILE.grade_action
    }
    for name, flow in flows.items():
        assert flow and list(flow) == sorted(flow, key=FLOWS.index), name
    for rule in FILE.stop_rule:
        assert rule.symptoms or rule.limits, rule.id


def test_a_higher_grade_is_never_handled_more_mildly() -> None:
    ours = {a.grades[0]: a for a in FILE.grade_action if a.grades and not a.analogue}
    strictest = [FLOWS.index(ours[grade].flow[-1]) for grade in range(1, 6)]
    assert strictest == sorted(strictest)
    assert all(ours[grade].flow == ("stop",) for grade in (3, 4, 5))


def test_unsigned_grade_actions_are_as_strict_as_what_was_seen_for_the_grade() -> None:
    for action in FILE.grade_action:
        if action.seen or not action.grades:
            continue
        seen = [
            a for a in FILE.grade_action if a.seen and not a.symptoms and set(a.grades) & set(action.grades)
        ]
        for other in seen:
            assert FLOWS.index(action.flow[-1]) >= FLOWS.index(other.flow[-1]), action.id


def test_nothing_permits_going_on_after_a_severe_reaction() -> None:
    for rule in FILE.restart_rule:
        severe = set(rule.grades) & {3, 4, 5} or "reaction.anaphylaxis" in rule.reactions
        assert not severe or rule.allowed != "yes", rule.id


def test_ctcae_terms_are_of_one_version_with_rising_grades() -> None:
    assert {term.version for term in FILE.ctcae_term} == {"6.0"}
    for term in FILE.ctcae_term:
        grades = [grade.grade for grade in term.grades]
        assert grades and grades == sorted(set(grades)), term.id


@pytest.mark.parametrize(
    ("grade", "at_least", "below"),
    [
        ("anaemia.2", "80", "100"),
        ("neutrophil_count_decreased.3", "0.1", "0.5"),
        ("hyponatraemia.2", "125", "130"),
    ],
)
def test_ctcae_numbers(grade: str, at_least: str, below: str) -> None:
    fact = KNOWLEDGE.by_id[f"ctcae.{grade}"]
    assert isinstance(fact, CtcaeGrade)
    (limit,) = fact.limits
    assert (limit.at_least, limit.below) == (Decimal(at_least), Decimal(below))


# --- codes and reports

_VERHOEFF = ("1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")


def verhoeff_holds(code: str) -> bool:
    """The check digit of a SNOMED CT identifier (J. Verhoeff, 1969)."""

    def multiply(a: int, b: int) -> int:
        turn = (a % 5 + (b if a < 5 else -b)) % 5 if b < 5 else (a % 5 + (b - 5 if a < 5 else 5 - b)) % 5
        return turn + 5 * ((a >= 5) != (b >= 5))

    check = 0
    for place, digit in enumerate(map(int, reversed(code))):
        value = digit
        for _ in range(place % 8):
            value = int(_VERHOEFF[0][value])
        check = multiply(check, value)
    return check == 0


def luhn_holds(code: str) -> bool:
    """The check digit of a LOINC code (mod 10)."""
    digits, check = code.split("-")
    total = sum(sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return (10 - total % 10) % 10 == int(check)


def test_check_digits() -> None:
    for code in FILE.term_code:
        if code.system == "SNOMED CT":
            assert verhoeff_holds(code.code), code.id
        elif code.system == "LOINC":
            assert luhn_holds(code.code), code.id
    loinc = [name for measure in FILE.measure for name in measure.loinc]
    loinc += [name for panel in FILE.test_panel for test in panel.tests for name in test.loinc]
    assert loinc and all(luhn_holds(name) for name in loinc)


def test_a_report_asks_for_lot_product_and_outcome_in_both_standards() -> None:
    for standard, codes in {
        "FDA 3500": {"B2", "B5", "D1", "D2", "D6", "D7"},
        "ICH E2B(R3)": {"E.i.7", "G.k.2.2", "G.k.4.r.7", "H.1", "E.i.2.1b"},
    }.items():
        fields = {field.code: field for field in FILE.report_field if field.standard == standard}
        assert codes <= set(fields) and all(fields[code].required for code in codes)
    lot = next(field for field in FILE.report_field if field.code == "G.k.4.r.7")
    assert lot.max_length == 35
