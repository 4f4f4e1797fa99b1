"""Conditions of immunology, neurology, dermatology, infection and transplantation: what a pharmacist checks.

Expected doses are those printed in the cited labels, leaflets, guidelines and trials.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from ivigil.knowledge.conditions import Condition, Disagreement, Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import FACTS, all_facts, read_folder

IDS = (
    "primary_immunodeficiency",
    "secondary_immunodeficiency_haem_malignancy",
    "secondary_immunodeficiency_car_t",
    "secondary_immunodeficiency_bcell_depletion",
    "cidp",
    "guillain_barre",
    "mmn",
    "myasthenia_gravis_exacerbation",
    "stiff_person",
    "lambert_eaton",
    "autoimmune_encephalitis",
    "idiopathic_small_fibre_neuropathy",
    "pemphigus_and_blistering",
    "sjs_ten",
    "toxic_shock",
    "measles_post_exposure",
    "transplant_amr",
)
TREE = {"US", "EU", "UK", "UK-ENG", "CA", "CA-ON", "CA-NS", "AU", "JP", "FR", "ES", "NL", "SE", "KR", "CN"}
TREE |= {"EG", "IR", "TR", "MY", "INT"}
DOSELESS = {"cart_hill", "ae_monthly"}
"""Carried for their entry level or interval; their sources print no dose."""

FACT_FILE, _ = read_folder(FACTS)
CONDITIONS: dict[str, Condition] = {c.id: c for c in FACT_FILE.condition if c.id in IDS}
REGIMENS: dict[str, Regimen] = {r.id: r for c in CONDITIONS.values() for r in c.regimens}
OWN_FACTS: dict[str, Fact] = {f.id: f for c in CONDITIONS.values() for f in all_facts(c)}
BY_ID: dict[str, Fact] = {f.id: f for f in all_facts(FACT_FILE)}
DISAGREEMENTS: tuple[Disagreement, ...] = tuple(
    d for d in FACT_FILE.disagreement if any(about in OWN_FACTS for about in d.about)
)


def d(text: str) -> Decimal:
    return Decimal(text)


def total(regimen: Regimen) -> tuple[Decimal | None, Decimal | None]:
    return regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max


def test_every_condition_is_there() -> None:
    assert set(CONDITIONS) == set(IDS)


def test_ids_are_unique() -> None:
    counts = Counter(f.id for f in all_facts(FACT_FILE))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda r: r.id)
def test_dose_lies_in_a_sane_band(regimen: Regimen) -> None:
    doses = [value for value in total(regimen) if value is not None]
    assert all(d("0.1") <= dose <= d("4") for dose in doses)
    daily = (regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max)
    assert all(d("0.1") <= dose <= d("1") for dose in daily if dose is not None)
    if regimen.fixed_daily_dose_g is not None:
        assert d("1") <= regimen.fixed_daily_dose_g <= d("100")


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda r: r.id)
def test_a_regimen_states_a_dose_or_is_never_chosen_by_default(regimen: Regimen) -> None:
    stated = (
        regimen.total_dose_g_per_kg_min,
        regimen.daily_dose_g_per_kg_min,
        regimen.fixed_daily_dose_g,
        regimen.scig_weekly_g_per_kg_min,
    )
    if regimen.id in DOSELESS:
        assert stated == (None, None, None, None)
        assert regimen.special
    else:
        assert any(dose is not None for dose in stated)


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda r: r.id)
def test_days_times_daily_dose_is_the_total(regimen: Regimen) -> None:
    low, high = total(regimen)
    if low is None or not regimen.allowed_days:
        return
    high = high or low
    if regimen.day_doses_g_per_kg:
        assert sum(regimen.day_doses_g_per_kg) == low == high
        assert regimen.allowed_days == (len(regimen.day_doses_g_per_kg),)
        return
    daily_low, daily_high = regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max
    if daily_low is None or daily_high is None:
        return
    for days in regimen.allowed_days:
        if daily_low == daily_high:
            assert low <= days * daily_low <= high
        else:
            assert days * daily_low <= high
            assert low <= days * daily_high


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=lambda c: c.id)
def test_no_minimum_above_its_maximum(condition: Condition) -> None:
    for fact in all_facts(condition):
        for name in fact.__struct_fields__:
            if name.endswith("_min"):
                low, high = getattr(fact, name), getattr(fact, name.removesuffix("min") + "max", None)
                assert low is None or high is None or low <= high, (fact, name)


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=lambda r: r.id)
def test_regimen_is_well_formed(regimen: Regimen) -> None:
    assert regimen.jurisdictions
    assert set(regimen.jurisdictions) <= TREE
    assert regimen.population
    assert list(regimen.allowed_days) == sorted(set(regimen.allowed_days))
    if regimen.special:
        assert regimen.indicated
    if regimen.superseded_by:
        better = REGIMENS[regimen.superseded_by]
        assert not better.superseded_by
        assert better.phase == regimen.phase
        assert set(better.jurisdictions) & set(regimen.jurisdictions)


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=lambda c: c.id)
def test_default_phase_has_a_regimen(condition: Condition) -> None:
    if condition.do_not_use:
        assert (condition.default_phase, condition.regimens) == ("", ())
    else:
        assert condition.default_phase in {r.phase for r in condition.regimens if not r.superseded_by}


def test_evidence_is_honest() -> None:
    for fact in (*OWN_FACTS.values(), *DISAGREEMENTS):
        assert fact.seen == bool(fact.sources) or fact.note, fact.id
        assert fact.basis not in {"synthesis"} or not fact.sources, fact.id
        assert not any(source.endswith(".memory") for source in fact.sources), fact.id
    for regimen in REGIMENS.values():
        if regimen.reliability == "low" and not regimen.superseded_by:
            assert regimen.weak, regimen.id


def test_disagreements_point_at_facts() -> None:
    assert DISAGREEMENTS
    for item in DISAGREEMENTS:
        assert len(item.positions) > 1, item.id
        assert all(about in BY_ID for about in item.about), item.id
        assert not item.chosen or item.chosen in BY_ID, item.id
        assert item.chosen_because, item.id
        assert {s for p in item.positions for s in p.sources} == set(item.sources), item.id


def test_emergencies_are_those_that_kill_within_hours() -> None:
    emergencies = {c.id for c in CONDITIONS.values() if c.emergency}
    assert emergencies == {"guillain_barre", "myasthenia_gravis_exacerbation", "toxic_shock"}
    assert all("Emergency" in CONDITIONS[name].note for name in emergencies)


def test_one_condition_is_refused() -> None:
    assert [c.id for c in CONDITIONS.values() if c.do_not_use] == ["idiopathic_small_fibre_neuropathy"]
    assert all(c.do_not_use == (c.purpose == "not_recommended") for c in CONDITIONS.values())


def test_a_code_names_one_condition() -> None:
    codes = Counter(code for c in CONDITIONS.values() for code in (*c.icd10cm, *c.snomed_ct))
    assert [code for code, count in codes.items() if count > 1] == []


@pytest.mark.parametrize(
    ("regimen_id", "low", "high", "days", "weeks"),
    [
        # Privigen and Flebogamma DIF leaflets, posology table
        ("pid_eu_start", "0.4", "0.8", (1,), None),
        ("pid_eu_maint", "0.2", "0.8", (1,), ("3", "4")),
        ("sid_eu", "0.2", "0.4", (1,), ("3", "4")),
        ("gbs_eu", "2", "2", (5,), None),
        ("cidp_eu_load", "2", "2", (2, 3, 4, 5), None),
        ("cidp_eu_maint", "1", "1", (1, 2), ("3", "3")),
        ("mmn_eu_load", "2", "2", (2, 3, 4, 5), None),
        ("mmn_efns_maint_a", "1", "1", (), ("2", "4")),
        ("mmn_efns_maint_b", "2", "2", (2, 3, 4, 5), ("4", "8")),
        ("measles_eu", "0.4", "0.4", (1,), None),
        ("measles_eu_pid", "0.4", "0.4", (1,), None),
        ("measles_eu_pre", "0.53", "0.53", (1,), None),
        # US labels: Privigen, Panzyga, Gammagard Liquid
        ("pid_us_privigen", "0.2", "0.8", (1,), ("3", "4")),
        ("pid_us_others", "0.3", "0.6", (1,), ("3", "4")),
        ("cidp_us_privigen_load", "2", "2", (2, 3, 4, 5), None),
        ("cidp_us_privigen_maint", "1", "1", (1, 2), ("3", "3")),
        ("cidp_us_panzyga_load", "2", "2", (2,), None),
        ("cidp_us_panzyga_maint", "1", "2", (2,), ("3", "3")),
        ("cidp_us_gammagard_load", "2", "2", (2, 3, 4, 5), None),
        ("cidp_us_gammagard_maint", "1", "1", (1, 2, 3, 4), ("3", "3")),
        ("mmn_us", "0.5", "2.4", (), ("4", "4")),
        # Ontario IGUM 5.0
        ("pid_on5_maint", "0.4", "0.6", (1,), ("4", "4")),
        ("pid_on5_lung", "0.4", "0.8", (1,), ("4", "4")),
        ("sid_on5_enterovirus", "2", "2", (), None),
        ("amr_on5_alone", "2", "2", (2, 3, 4, 5), ("4", "4")),
        ("abd_on5", "2", "2", (2, 3, 4, 5), ("4", "4")),
        ("measles_on5", "0.4", "0.4", (1,), None),
        # ACIP, Japanese reference, trials, textbook
        ("measles_acip_iv", "0.4", "0.4", (1,), None),
        ("cidp_jp_load", "2", "2", (5,), None),
        ("gbs_us_adult", "2", "2", (5,), None),
        ("mg_gajdos_1g", "1", "1", (1,), None),
        ("mg_gajdos_2g", "2", "2", (2,), None),
        ("mg_on", "2", "2", (2, 3, 4, 5), None),
        ("tss_us_washington", "2", "2", (3,), None),
        ("ae_mayo_start", "1.5", "1.5", (2,), None),
    ],
)
def test_main_doses_are_as_printed(
    regimen_id: str, low: str, high: str, days: tuple[int, ...], weeks: tuple[str, str] | None
) -> None:
    regimen = REGIMENS[regimen_id]
    assert regimen.seen
    assert total(regimen) == (d(low), d(high))
    assert regimen.allowed_days == days
    expected = (d(weeks[0]), d(weeks[1])) if weeks else (None, None)
    assert (regimen.interval_weeks_min, regimen.interval_weeks_max) == expected


def test_guillain_barre_is_five_days_of_0_4_g_per_kg() -> None:
    for name in ("gbs_eu", "gbs_us_adult", "gbs_us_child"):
        regimen = REGIMENS[name]
        assert (regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max) == (d("0.4"), d("0.4"))
    adult = REGIMENS["gbs_us_adult"]
    assert (adult.start_ideal_within_days, adult.start_within_days) == (14, 28)


def test_toxic_shock_day_doses_are_1_then_0_5_twice() -> None:
    for name in ("tss_us_washington", "tss_darenberg"):
        assert REGIMENS[name].day_doses_g_per_kg == (d("1"), d("0.5"), d("0.5"))


def test_troughs_as_printed() -> None:
    assert REGIMENS["pid_eu_maint"].trough_igg_g_per_l_min == d("6")
    assert REGIMENS["sid_eu"].trough_igg_g_per_l_min == d("6")
    assert REGIMENS["sid_eu"].entry_igg_g_per_l_below == d("4")
    assert REGIMENS["sid_ns"].trough_igg_g_per_l_min == d("7")


def test_measles_prophylaxis_closes_after_six_days() -> None:
    for name in ("measles_acip_iv", "measles_eu", "measles_eu_pid", "measles_us_label_pi"):
        assert REGIMENS[name].start_within_days == 6
    assert REGIMENS["measles_eu"].repeatable
    assert REGIMENS["measles_on5_pregnant"].weight == "actual"


def test_transplant_caps() -> None:
    exchange = REGIMENS["amr_on5_pex"]
    assert (exchange.daily_dose_g_per_kg_max, exchange.max_total_dose_g_per_kg) == (d("0.1"), d("2"))
    assert REGIMENS["amr_on5_alone"].max_daily_dose_g == d("140")


def test_only_chosen_by_name() -> None:
    """Loading, lung disease, failed trials and unproven uses wait for somebody to ask."""
    for name in ("pid_on5_load", "pid_on5_lung", "sid_on5_load", "sid_on5_enterovirus", "mg_bril_maint"):
        assert REGIMENS[name].special, name
    assert all(r.special for r in CONDITIONS["sjs_ten"].regimens)
    assert not any(
        r.phase == "maintenance" and not r.special
        for r in CONDITIONS["myasthenia_gravis_exacerbation"].regimens
    )
