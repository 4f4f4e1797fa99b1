"""The conditions from Kawasaki disease to stem cell transplantation, as a pharmacist would check them.

Expected doses are copied from the cited documents, not from the facts.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache

import pytest

from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import FACTS, Knowledge, all_facts, read_folder

CONDITIONS = (
    "kawasaki_disease",
    "mis_c",
    "dermatomyositis_adult",
    "polymyositis_adult",
    "juvenile_dermatomyositis",
    "immune_mediated_necrotising_myopathy",
    "inclusion_body_myositis",
    "sle_immune_thrombocytopenia",
    "catastrophic_antiphospholipid_syndrome",
    "antiphospholipid_syndrome_noncatastrophic",
    "still_disease_mas",
    "anca_vasculitis",
    "autoimmune_congenital_heart_block",
    "systemic_sclerosis",
    "sjogren_neuropathy",
    "itp_adult",
    "itp_child",
    "fnait",
    "hdfn",
    "parvovirus_b19_prca",
    "hsct_allogeneic",
)
DOSE_NOT_STATED = {"aav_course"}
RANGES = (
    "total_dose_g_per_kg",
    "daily_dose_g_per_kg",
    "interval_weeks",
    "cycles",
    "infusion_hours",
    "duration_months",
    "gestation_week_start",
    "scig_weekly_g_per_kg",
)


@cache
def knowledge() -> Knowledge:
    return Knowledge(*read_folder(FACTS))


def condition(name: str) -> Condition:
    return knowledge().conditions[name]


def regimens() -> list[Regimen]:
    return [regimen for name in CONDITIONS for regimen in condition(name).regimens]


def regimen(name: str) -> Regimen:
    return next(item for item in regimens() if item.id == name)


def facts() -> list[Fact]:
    return [fact for name in CONDITIONS for fact in all_facts(condition(name))]


def ends(item: Regimen, name: str) -> tuple[Decimal | int | None, Decimal | int | None]:
    low = getattr(item, f"{name}_min")
    high = getattr(item, f"{name}_max")
    return low, high


# --- shape -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONS)
def test_condition_is_there(name: str) -> None:
    found = condition(name)
    assert found.icd10cm
    assert found.populations
    assert bool(found.regimens) != found.do_not_use


def test_ids_are_unique() -> None:
    counts = Counter(fact.id for fact in all_facts(knowledge().facts))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_two_conditions_share_a_name() -> None:
    owners: dict[str, set[str]] = {}
    for item in knowledge().facts.condition:
        for name in (item.id, item.name, *item.synonyms):
            owners.setdefault(name.casefold(), set()).add(item.id)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


def test_shared_codes_are_the_known_ones() -> None:
    """Age tells adult from childhood ITP; the antiphospholipid codes name no form."""
    owners: dict[str, set[str]] = {}
    for name in CONDITIONS:
        for code in (*condition(name).icd10cm, *condition(name).snomed_ct):
            owners.setdefault(code, set()).add(name)
    antiphospholipid = {"catastrophic_antiphospholipid_syndrome", "antiphospholipid_syndrome_noncatastrophic"}
    itp = {"itp_adult", "itp_child"}
    assert {code: ids for code, ids in owners.items() if len(ids) > 1} == {
        "D69.3": itp,
        "2897005": itp,
        "D68.61": antiphospholipid,
        "26843008": antiphospholipid,
    }


@pytest.mark.parametrize("name", CONDITIONS)
def test_broad_codes_are_codes_of_the_condition(name: str) -> None:
    item = condition(name)
    assert set(item.broad_codes) <= {*item.icd10cm, *item.snomed_ct}


def test_sources_exist() -> None:
    known = knowledge().sources
    prefixes = {source.split(".")[0] for source in known}
    cited = {source for fact in facts() for source in fact.sources}
    assert {name.split(".")[0] for name in cited} <= {"cond", "iv", "sc", "safe", "dose", "time"}
    assert {name for name in cited if name.split(".")[0] in prefixes and name not in known} == set()


def test_what_was_not_seen_is_marked_as_ours() -> None:
    assert [fact.id for fact in facts() if not fact.seen and fact.basis != "synthesis"] == []
    assert [fact.id for fact in facts() if fact.seen and not fact.sources] == []


def test_jurisdictions_are_in_the_tree() -> None:
    tree = knowledge().jurisdictions
    assert {place for item in regimens() for place in item.jurisdictions} <= set(tree)
    assert knowledge().lineage("CA-ON") == ("CA-ON", "CA")
    assert knowledge().lineage("UK-SCT") == ("UK-SCT", "UK")
    assert knowledge().lineage("ES") == ("ES", "EU")
    assert all(not node.parent or node.parent in tree for node in tree.values())


# --- doses -------------------------------------------------------------------------------------


def test_ranges_run_upwards() -> None:
    for item in regimens():
        for name in RANGES:
            low, high = ends(item, name)
            assert low is None or high is None or low <= high, (item.id, name)


def test_total_doses_are_in_a_sane_band() -> None:
    for item in regimens():
        given = [end for end in ends(item, "total_dose_g_per_kg") if end is not None]
        assert bool(given) != (item.id in DOSE_NOT_STATED), item.id
        assert all(Decimal("0.1") <= end <= 4 for end in given), item.id
        limit = item.max_total_dose_g_per_kg
        assert limit is None or all(end <= limit for end in given), item.id


def test_days_times_daily_dose_make_the_total() -> None:
    for item in regimens():
        total_low, total_high = ends(item, "total_dose_g_per_kg")
        day_low, day_high = ends(item, "daily_dose_g_per_kg")
        if None in (total_low, total_high, day_low, day_high):
            continue
        assert total_low and total_high and day_low and day_high
        for days in item.allowed_days:
            assert days * day_low <= total_high, (item.id, days)
            assert days * day_high >= total_low, (item.id, days)


def test_days_are_few_and_in_order() -> None:
    for item in regimens():
        assert list(item.allowed_days) == sorted(set(item.allowed_days)), item.id
        longest = 10 if item.id == "prca_harrison" else 5
        assert all(1 <= days <= longest for days in item.allowed_days), item.id


def test_special_regimens_say_when() -> None:
    assert [item.id for item in regimens() if item.special and not item.indicated] == []


def test_retreatment_is_never_a_default() -> None:
    assert [item.id for item in regimens() if item.phase == "retreatment" and not item.special] == []


def test_populations_belong_to_the_condition() -> None:
    for name in CONDITIONS:
        for item in condition(name).regimens:
            assert set(item.population) & set(condition(name).populations), item.id


@pytest.mark.parametrize("name", CONDITIONS)
def test_default_phase_is_a_phase_of_the_condition(name: str) -> None:
    item = condition(name)
    phases = {phase for regimen in item.regimens for phase in (regimen.phase, *regimen.also_phases)}
    assert item.default_phase in phases | {""}
    assert set(item.emergency_phases) <= phases


def test_references_exist() -> None:
    known = knowledge().by_id
    assert [item.id for item in regimens() if item.superseded_by and item.superseded_by not in known] == []
    for item in knowledge().facts.disagreement:
        assert set(item.about) <= set(known), item.id
        assert not item.chosen or item.chosen in known, item.id
        assert len(item.positions) > 1, item.id


# --- what must not be treated, what must not wait ------------------------------------------------


def test_do_not_use() -> None:
    marked = {name for name in CONDITIONS if condition(name).do_not_use}
    assert marked == {"inclusion_body_myositis", "antiphospholipid_syndrome_noncatastrophic"}
    assert all(condition(name).purpose == "not_recommended" for name in marked)


def test_emergencies() -> None:
    marked = {name for name in CONDITIONS if condition(name).emergency}
    assert marked == {
        "kawasaki_disease",
        "mis_c",
        "catastrophic_antiphospholipid_syndrome",
        "still_disease_mas",
        "fnait",
        "hdfn",
    }
    assert condition("fnait").emergency_phases == ("neonatal",)


def test_conditions_of_the_fact_sheet() -> None:
    marked = {name for name in CONDITIONS if condition(name).in_fact_sheet}
    assert marked == {
        "kawasaki_disease",
        "dermatomyositis_adult",
        "polymyositis_adult",
        "juvenile_dermatomyositis",
        "sle_immune_thrombocytopenia",
        "itp_adult",
    }


# --- the mission's conditions, from their sources ------------------------------------------------


@pytest.mark.parametrize(
    ("name", "low", "high", "days"),
    [
        # AHA 2017 through reviews; Therapeutic Guidelines; UK table; EU leaflet; MIMS Malaysia.
        ("kd_aha_initial", "2", "2", (1,)),
        ("kd_au_initial", "2", "2", (1,)),
        ("kd_uk_initial", "2", "2", (1,)),
        ("kd_eu_label", "2", "2", (1,)),
        ("kd_my_label", "2", "2", (1,)),
        ("kd_my_label_divided", "1.6", "2", (2, 3, 4, 5)),
        # Gammagard S/D label: 1 g/kg once, or 400 mg/kg on four consecutive days.
        ("kd_us_label", "1", "1", (1,)),
        ("kd_us_label_alt", "1.6", "1.6", (4,)),
        # Japan: 2000 mg/kg once, or 200 mg/kg on 5 days.
        ("kd_jp_label", "2", "2", (1,)),
        ("kd_jp_label_5day", "1", "1", (5,)),
        # Octagam 10 % label: 2 g/kg in equal doses over 2 to 5 consecutive days every 4 weeks.
        ("dm_us_label", "2", "2", (2, 3, 4, 5)),
        ("dm_eu_label", "2", "2", (2, 3, 4, 5)),
        # Fact sheet: 2 g/kg over either two or five consecutive days.
        ("dm_source_doc", "2", "2", (2, 5)),
        ("pm_source_doc", "2", "2", (2, 5)),
        ("jdm_source_doc", "2", "2", (2, 5)),
        ("imnm_source_doc", "2", "2", (2, 5)),
        ("sle_itp_source_doc", "2", "2", (2, 5)),
        # Ontario, juvenile myositis: 2 g/kg over 2 days.
        ("jdm_on_leg", "2", "2", (2,)),
        # ASH 2011; US labels; EU leaflet; Nova Scotia; NHS England.
        ("itp_ash", "1", "1", (1,)),
        ("itp_us_octagam", "2", "2", (2,)),
        ("itp_us_privigen", "2", "2", (2,)),
        ("itp_us_panzyga", "2", "2", (2,)),
        ("itp_us_gamunex_low", "2", "2", (5,)),
        ("itp_eu_high", "0.8", "1", (1,)),
        ("itp_eu_low", "0.8", "2", (2, 3, 4, 5)),
        ("itp_ns", "2", "2", (2,)),
        ("itp_nhs", "1", "1", (1,)),
        ("itp_jp_label", "2", "2", (5,)),
        ("itpc_ash", "0.8", "1", (1,)),
        # Ontario, catastrophic antiphospholipid syndrome: 2 g/kg over 2 to 5 days.
        ("caps_on5", "2", "2", (2, 3, 4, 5)),
        # NIH, MIS-C: 2 g/kg of ideal body weight, at most 100 g.
        ("misc_nih", "2", "2", (1,)),
    ],
)
def test_dose_as_the_source_states_it(name: str, low: str, high: str, days: tuple[int, ...]) -> None:
    item = regimen(name)
    assert ends(item, "total_dose_g_per_kg") == (Decimal(low), Decimal(high))
    assert item.allowed_days == days


def test_kawasaki_window_and_timing() -> None:
    item = regimen("kd_aha_initial")
    assert ends(item, "infusion_hours") == (10, 12)
    assert (item.start_within_days, item.start_ideal_within_days) == (10, 7)
    assert ends(regimen("kd_us_handbook"), "infusion_hours") == (8, 12)
    assert ends(regimen("kd_uk_initial"), "infusion_hours") == (12, 12)
    assert regimen("kd_aha_retreat").trigger_fever_hours_after_end == 36
    assert regimen("kd_uk_retreat").trigger_fever_hours_after_end == 48


def test_kawasaki_half_dose_label_is_never_a_default() -> None:
    """The only US label text seen is half the guideline dose."""
    defaults = [
        item
        for item in condition("kawasaki_disease").regimens
        if item.phase == "initial" and not item.special
    ]
    assert {item.total_dose_g_per_kg_min for item in defaults} == {Decimal(2)}
    assert regimen("kd_us_label").basis == "label"
    assert regimen("kd_us_label").special


def test_dermatomyositis_rate_cap_in_both_units() -> None:
    """Label: patients with dermatomyositis must not exceed 0.04 mL/kg/min (4 mg/kg/min) of a 10 % product."""
    caps = {cap.unit: cap for cap in condition("dermatomyositis_adult").rate_caps}
    assert {unit: cap.rate for unit, cap in caps.items()} == {
        "mL/kg/min": Decimal("0.04"),
        "mg/kg/min": Decimal(4),
    }
    assert not any(cap.strict or cap.weak for cap in caps.values())


def test_dermatomyositis_repeats_every_four_weeks() -> None:
    for name in ("dm_us_label", "dm_eu_label", "dm_source_doc", "pm_source_doc", "jdm_source_doc"):
        assert ends(regimen(name), "interval_weeks") == (4, 4)


def test_juvenile_dermatomyositis_cap_of_70_g() -> None:
    """CARRA, persistent rash: 3 doses of 2 g/kg (maximum 70 g) every 2 weeks, then monthly."""
    load, after = regimen("jdm_carra_load"), regimen("jdm_carra_maint")
    assert load.max_total_dose_g == after.max_total_dose_g == 70
    assert ends(load, "cycles") == (3, 3)
    assert ends(load, "interval_weeks") == (2, 2)
    assert ends(after, "interval_weeks") == (4, 4)
    assert load.special and after.special
    assert regimen("jdm_source_doc").max_total_dose_g is None


@pytest.mark.parametrize(
    "name",
    [
        "dermatomyositis_adult",
        "polymyositis_adult",
        "juvenile_dermatomyositis",
        "immune_mediated_necrotising_myopathy",
        "sle_immune_thrombocytopenia",
    ],
)
def test_fact_sheet_division_can_be_planned(name: str) -> None:
    """2 g/kg over 2 or 5 days, from evidence strong enough to set a dose, without naming the regimen."""
    item = condition(name)
    usable = [
        regimen
        for regimen in item.regimens
        if not regimen.special
        and not regimen.weak
        and item.default_phase in (regimen.phase, *regimen.also_phases)
    ]
    assert {2, 5} <= {
        day for regimen in usable if "US" in regimen.jurisdictions for day in regimen.allowed_days
    }
    assert all(regimen.total_dose_g_per_kg_max == 2 for regimen in usable)


@pytest.mark.parametrize("name", ["itp_adult", "itp_child", "sle_immune_thrombocytopenia"])
def test_platelets_before_the_second_day(name: str) -> None:
    (check,) = condition(name).day_checks
    assert check.before_day == 2
    assert check.hours_after_previous == 24
    assert check.measure == "platelets_10e9_per_l"


def test_gammagard_sd_doses_are_planned_one_by_one() -> None:
    """Up to three doses on alternate days: not consecutive, so never a three-day course."""
    item = regimen("itp_us_sd")
    assert item.allowed_days == (1,)
    assert item.max_total_dose_g_per_kg == 3
    assert item.special


def test_mis_c_weight_and_cap() -> None:
    assert regimen("misc_nih").weight == "ideal"
    assert regimen("misc_nih").max_total_dose_g == 100
    assert regimen("misc_acr").weight == "ideal"
    assert regimen("misc_on5").weight == "adjusted"
    assert regimen("misc_on5").max_total_dose_g is None


def test_hdfn_and_antenatal_courses_must_be_named() -> None:
    assert all(item.special for item in condition("hdfn").regimens)
    assert all(item.special for item in condition("fnait").regimens if item.phase == "antenatal")
