"""When a live vaccine can work after immunoglobulin. Expectations are written from the cited tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil.knowledge.store import FACTS, read_folder
from ivigil.knowledge.timing import VaccineInterval
from ivigil.windows.dates import add, add_months, first_clear_day
from ivigil.windows.doses import GivenDose, as_courses
from ivigil.windows.intervals import Ruling
from ivigil.windows.vaccines import (
    GivenVaccine,
    VaccineCheck,
    VaccineFacts,
    VaccineWindow,
    check_vaccines,
    non_live_vaccines,
    vaccine_windows,
)

_FILE = read_folder(FACTS)[0]
FACTS_READ = VaccineFacts(_FILE.vaccine, _FILE.vaccine_interval, _FILE.vaccine_rule)
DAY = date(2026, 1, 15)
IG, IM_IG = "immunoglobulin", "intramuscular-immunoglobulin"
PID, KD = "primary_immunodeficiency", "kawasaki_disease"
US, EU, CA, AU, NZ = ("US",), ("EU",), ("CA",), ("AU",), ("NZ",)
UK, JP, MY, CH = ("UK",), ("JP",), ("MY",), ("CH",)


def dose(
    g_per_kg: str | None = "2",
    condition: str = "",
    *,
    route: Any = "IV",
    kind: str = "immunoglobulin",
    day: date = DAY,
) -> GivenDose:
    amount = None if g_per_kg is None else Decimal(g_per_kg)
    return GivenDose(
        date=day, g_per_kg=amount, route=route, condition=condition, kind=f"antibody-product.{kind}"
    )


def window(
    vaccine: str,
    *doses: GivenDose,
    place: tuple[str, ...] = US,
    ongoing: bool = False,
    facts: VaccineFacts = FACTS_READ,
) -> VaccineWindow:
    windows = vaccine_windows(doses, facts, place, ongoing=ongoing)
    return next(item for item in windows if item.vaccine == f"vaccine.{vaccine}")


def ruling(found: VaccineWindow) -> Ruling:
    assert found.ruling is not None
    return found.ruling


# Rows that rule: id -> place, product, g/kg, route, condition, vaccine, first free day (None: no interval).
RULING_ROWS: dict[str, tuple[tuple[str, ...], str, str | None, str, str, str, date | None]] = {
    # ACIP: replacement 300-400 mg/kg, 8 months; measles or varicella exposure 400 mg/kg, 8; ITP 400 mg/kg,
    # 8, and 1 g/kg, 10; Kawasaki disease 2 g/kg, 11 (MIS-C in one copy).
    "us.igiv-replacement": (US, IG, "0.4", "IV", PID, "mmr", date(2026, 9, 15)),
    "us.igiv-exposure": (US, IG, "0.4", "IV", "measles_post_exposure", "varicella", date(2026, 9, 15)),
    "us.igiv-itp-400": (US, IG, "0.4", "IV", "itp_child", "mmr", date(2026, 9, 15)),
    "us.igiv-itp-1000": (US, IG, "1", "IV", "itp_adult", "mmrv", date(2026, 11, 15)),
    "us.igiv-kawasaki": (US, IG, "2", "IV", KD, "mmr", date(2026, 12, 15)),
    "us.igiv-mis-c": (US, IG, "2", "IV", "mis_c", "varicella", date(2026, 12, 15)),
    # ACIP: other products.
    "us.im-hepatitis-a-short": (US, IM_IG, "0.0165", "IM", "", "mmr", date(2026, 7, 15)),
    "us.im-hepatitis-a-long": (US, IM_IG, "0.033", "IM", "", "mmr", date(2026, 7, 15)),
    "us.im-measles": (US, IM_IG, "0.08", "IM", "", "mmr", date(2026, 7, 15)),
    "us.hepatitis-b": (US, "hepatitis-b-immunoglobulin", "0.01", "IM", "", "mmr", date(2026, 4, 15)),
    "us.rabies": (US, "rabies-immunoglobulin", "0.022", "IM", "", "mmr", date(2026, 5, 15)),
    "us.tetanus": (US, "tetanus-immunoglobulin", "0.01", "IM", "", "measles", date(2026, 4, 15)),
    "us.varicella": (US, "varicella-immunoglobulin", "0.1", "IM", "", "varicella", date(2026, 6, 15)),
    "us.cytomegalovirus": (US, "cytomegalovirus-immunoglobulin", "0.15", "IV", "", "mmr", date(2026, 7, 15)),
    "us.botulism": (US, "botulism-immunoglobulin", "0.05", "IV", "", "mmr", date(2026, 7, 15)),
    "us.red-cells-adenine-saline": (
        US,
        "red-cells-adenine-saline",
        "0.01",
        "IV",
        "",
        "mmr",
        date(2026, 4, 15),
    ),
    "us.red-cells-packed": (US, "red-cells-packed", "0.06", "IV", "", "mmr", date(2026, 7, 15)),
    "us.whole-blood": (US, "whole-blood", "0.09", "IV", "", "rubella", date(2026, 7, 15)),
    "us.plasma-or-platelets": (US, "plasma-or-platelets", "0.16", "IV", "", "mumps", date(2026, 8, 15)),
    "us.red-cells-washed": (US, "red-cells-washed", None, "IV", "", "mmr", None),
    "us.palivizumab": (US, "palivizumab", "0.015", "IM", "", "mmr", None),
    "us.covid-19-monoclonal": (US, "covid-19-monoclonal", None, "IV", "", "varicella", None),
    # CDC: yellow fever, oral typhoid, nasal influenza and rotavirus need no interval.
    "us.unaffected": (US, IG, "2", "IV", KD, "yellow-fever", None),
    # EU leaflets: 3 months, measles up to 1 year, whatever dose and route.
    "eu.label-measles": (EU, IG, "0.4", "IV", PID, "mmr", date(2027, 1, 15)),
    "eu.label-others": (EU, IG, "0.1", "SC", "", "varicella", date(2026, 4, 15)),
    "eu.proquad": (EU, "hepatitis-b-immunoglobulin", "0.01", "IM", "", "mmrv", date(2026, 4, 15)),
    "eu.rotateq": (EU, IG, "1", "IV", "", "rotavirus-pentavalent", date(2026, 2, 26)),
    "eu.ervebo": (EU, "plasma-or-platelets", None, "IV", "", "ebola-live", date(2026, 4, 15)),
    # Malaysia, Switzerland: the same class text.
    "my.label-measles": (MY, IG, "2", "IV", "", "measles", date(2027, 1, 15)),
    "my.label-others": (MY, IG, "2", "IV", "", "mumps", date(2026, 4, 15)),
    "ch.label-measles": (CH, IG, "2", "IV", "", "measles-rubella", date(2027, 1, 15)),
    "ch.label-others": (CH, IG, "2", "IV", "", "rubella", date(2026, 4, 15)),
    # Canada: BCG needs no interval either.
    "ca.unaffected": (CA, IG, "2", "IV", "", "bcg", None),
    # Australia and New Zealand: 11 months after Kawasaki IVIG.
    "anz.kawasaki": (NZ, IG, "2", "IV", KD, "mmr", date(2026, 12, 15)),
}

# Rows that are shown beside a rule and never rule: id -> place, product, g/kg, condition, vaccine, day, mark.
SHOWN_ROWS: dict[str, tuple[tuple[str, ...], str, str, str, str, date | None, str]] = {
    "us.im-hepatitis-a-old": (US, IM_IG, "0.01", "", "mmr", date(2026, 4, 15), "superseded"),
    "us.cdsi-measles-025": (US, IM_IG, "0.04", "", "mmr", date(2026, 6, 15), "superseded"),
    "eu.rotarix": (EU, IG, "2", "", "rotavirus-monovalent", None, ""),
    "ca.single-components": (CA, IG, "2", "", "rubella", date(2026, 4, 15), "superseded"),
    "ca.anti-d-varicella": (CA, "anti-d", "0.01", "", "varicella", date(2026, 3, 15), "superseded"),
    "au.2013-replacement": (AU, IG, "0.4", PID, "mmr", date(2026, 10, 15), "superseded"),
    "au.2013-itp-400": (AU, IG, "0.4", "itp_child", "mmr", date(2026, 9, 15), "superseded"),
    "au.2013-itp-1000": (AU, IG, "1", "itp_child", "mmr", date(2026, 11, 15), "superseded"),
    "au.2013-high": (AU, IG, "1.6", "", "mmr", date(2026, 12, 15), "superseded"),
    "au.2013-red-cells-packed": (AU, "red-cells-packed", "0.06", "", "mmr", date(2026, 6, 15), "superseded"),
    "au.2013-anti-d": (AU, "anti-d", "0.01", "", "mmr", None, "superseded"),
    "au.2013-zoster-live": (AU, IG, "2", "", "zoster-live", None, "superseded"),
    "uk.1996": (UK, IG, "2", "", "mmr", date(2026, 4, 15), "superseded"),
    "jp.kawasaki": (JP, IG, "2", KD, "mmr", date(2026, 7, 15), "practice"),
    "study.kawasaki-4-g-per-kg": (US, IG, "4", KD, "measles", date(2026, 10, 15), "practice"),
    "review.multiple-sclerosis-measles": (US, IG, "2", "", "measles", date(2027, 1, 15), "practice"),
    "review.multiple-sclerosis-others": (US, IG, "2", "", "varicella", date(2026, 4, 15), "practice"),
}

UNREAD_ROWS = {"ca.table": CA, "au.table": AU, "nz.table": NZ}

# From a vaccine given on DAY to immunoglobulin: place, vaccine, a day inside the span, first day outside.
BEFORE_ROWS: dict[str, tuple[tuple[str, ...], str, date, date, str]] = {
    "us.before": (US, "mmr", date(2026, 1, 28), date(2026, 1, 29), "repeat"),  # 14 days
    "ca.before": (CA, "varicella", date(2026, 1, 28), date(2026, 1, 29), "repeat"),  # 14 days
    "eu.proquad-before": (EU, "mmrv", date(2026, 2, 14), date(2026, 2, 15), "repeat"),  # 1 month
    "eu.ervebo-before": (EU, "ebola-live", date(2026, 2, 14), date(2026, 2, 15), "repeat"),  # 1 month
    "eu.kiovig-before": (EU, "mmr", date(2026, 4, 14), date(2026, 4, 15), "ask"),  # up to 3 months
    "us.acr-before": (US, "mmr", date(2026, 2, 11), date(2026, 2, 12), "ask"),  # 4 weeks, not seen
    "uk.before": (UK, "mmr", date(2026, 2, 4), date(2026, 2, 5), "ask"),  # 3 weeks, not seen
}
NEVER_ROWS = {"au.2013-before"}


def test_every_row_has_a_case() -> None:
    cases = {*RULING_ROWS, *SHOWN_ROWS, *UNREAD_ROWS, *BEFORE_ROWS, *NEVER_ROWS}
    assert {f"vaccine-interval.{case}" for case in cases} == {row.id for row in FACTS_READ.intervals}


@pytest.mark.parametrize("row", RULING_ROWS)
def test_row_rules(row: str) -> None:
    place, kind, amount, route, condition, vaccine, until = RULING_ROWS[row]
    found = window(vaccine, dose(amount, condition, route=route, kind=kind), place=place)
    assert (ruling(found).fact, found.earliest) == (f"vaccine-interval.{row}", until)
    assert found.answer == ("no_interval_needed" if until is None else "wait_until")
    assert "borrowed" not in ruling(found).marks


@pytest.mark.parametrize("row", SHOWN_ROWS)
def test_row_is_shown_and_does_not_rule(row: str) -> None:
    place, kind, amount, condition, vaccine, until, mark = SHOWN_ROWS[row]
    found = window(vaccine, dose(amount, condition, kind=kind), place=place)
    shown = {item.fact: item for item in found.alternatives}
    assert shown[f"vaccine-interval.{row}"].until == until
    assert not mark or mark in shown[f"vaccine-interval.{row}"].marks
    assert found.ruling is None or found.ruling.fact != f"vaccine-interval.{row}"


@pytest.mark.parametrize("row", UNREAD_ROWS)
def test_a_table_that_was_not_read_is_named(row: str) -> None:
    found = window("mmr", dose("0.4"), place=UNREAD_ROWS[row])
    assert found.unread == (f"vaccine-interval.{row}",)


def check(
    vaccine: str, *doses: GivenDose, place: tuple[str, ...] = US, day: date = DAY, facts: Any = FACTS_READ
) -> VaccineCheck:
    return check_vaccines((GivenVaccine(f"vaccine.{vaccine}", day),), doses, facts, place)[0]


@pytest.mark.parametrize("row", BEFORE_ROWS)
def test_row_before_immunoglobulin(row: str) -> None:
    place, vaccine, inside, outside, verdict = BEFORE_ROWS[row]
    fact = f"vaccine-interval.{row}"
    hit = check(vaccine, dose("0.4", day=inside), place=place)
    assert fact in {item.fact for item in hit.because}
    assert hit.verdict == verdict
    missed = check(vaccine, dose("0.4", day=outside), place=place)
    assert fact not in {item.fact for item in missed.because}


def test_a_superseded_span_before_immunoglobulin_judges_nothing() -> None:
    """The Australian 3 weeks of 2013 are superseded: day 15 is inside them and outside 14 days."""
    found = check("mmr", dose("0.4", day=date(2026, 1, 30)), place=AU)
    assert "vaccine-interval.au.2013-before" not in {item.fact for item in found.because}


class TestDose:
    def test_between_two_rows_takes_the_next_higher(self) -> None:
        found = window("mmr", dose("0.6", "itp_adult"))
        assert found.earliest == date(2026, 11, 15)  # the row of 1 g/kg, 10 months
        assert "dose_between_rows" in ruling(found).marks

    def test_below_the_lowest_row_takes_the_lowest(self) -> None:
        found = window("mmr", dose("0.1", "primary_immunodeficiency"))
        assert found.earliest == date(2026, 9, 15)
        assert "dose_between_rows" in ruling(found).marks

    def test_above_the_highest_row_takes_the_highest_and_says_so(self) -> None:
        found = window("mmr", dose("4", "kawasaki_disease"))
        assert found.earliest == date(2026, 12, 15)
        assert "dose_above_table" in ruling(found).marks

    def test_unknown_takes_the_longest(self) -> None:
        found = window("mmr", dose(None, "primary_immunodeficiency"))
        assert found.earliest == date(2026, 12, 15)
        assert "dose_unknown" in ruling(found).marks

    @pytest.mark.parametrize("condition", ["guillain_barre", "dermatomyositis_adult", ""])
    def test_2_g_per_kg_outside_kawasaki_is_marked(self, condition: str) -> None:
        """Neither ACIP nor CDSi states 2 g/kg for another indication: the nearest row, marked."""
        found = window("mmr", dose("2", condition))
        assert found.earliest == date(2026, 12, 15)
        assert "condition_not_named" in ruling(found).marks

    def test_subcutaneous_in_the_us_borrows_the_row_of_the_dose(self) -> None:
        found = window("mmr", dose("0.1", "primary_immunodeficiency", route="SC"))
        assert found.earliest == date(2026, 9, 15)
        assert "route_not_stated" in ruling(found).marks

    def test_a_product_without_a_row_takes_the_longest_of_all(self) -> None:
        found = window("mmr", dose("0.01", kind="anthrax-immunoglobulin"))
        assert found.earliest == date(2027, 1, 15)  # measles, EU leaflets: 12 months
        assert "product_not_stated" in ruling(found).marks

    def test_five_days_of_a_course_count_together_from_the_last(self) -> None:
        days = [dose("0.4", "guillain_barre", day=date(2026, 1, 15 + n)) for n in range(5)]
        found = window("mmr", *days)
        assert found.earliest == date(2026, 12, 19)  # 2 g/kg, 11 months from 19 January
        assert "doses_summed" in ruling(found).marks

    def test_monthly_replacement_stays_single(self) -> None:
        months = [dose("0.4", "primary_immunodeficiency", day=date(2026, m, 15)) for m in (1, 2, 3)]
        found = window("mmr", *months)
        assert found.earliest == date(2026, 11, 15)  # 8 months from 15 March
        assert "doses_summed" not in ruling(found).marks

    def test_an_old_large_dose_can_rule_over_a_recent_small_one(self) -> None:
        old, recent = dose("2", "kawasaki_disease"), dose("0.4", "itp_child", day=date(2026, 3, 1))
        found = window("mmr", old, recent)
        assert found.earliest == date(2026, 12, 15)  # 15 January + 11 months, not 1 March + 8
        assert ruling(found).start == DAY

    def test_a_course_with_an_unknown_part_is_unknown(self) -> None:
        course = as_courses((dose("0.4"), dose(None, day=date(2026, 1, 16))), 14)
        assert [item.g_per_kg for item in course] == [Decimal("0.4"), None]

    def test_a_mixed_course_has_neither_route_nor_condition(self) -> None:
        last = as_courses(
            (dose("1", "itp_child", route="SC"), dose("1", "mis_c", day=date(2026, 1, 20))), 14
        )[-1]
        assert (last.g_per_kg, last.route, last.condition) == (Decimal(2), "", "")


class TestPlace:
    def test_without_a_table_the_longest_of_all_is_borrowed(self) -> None:
        varicella = window("varicella", dose("2", "kawasaki_disease"), place=JP)
        assert varicella.earliest == date(2026, 12, 15)  # 11 months, US and Australia
        assert "borrowed" in ruling(varicella).marks
        measles = window("mmr", dose("2", "kawasaki_disease"), place=JP)
        assert measles.earliest == date(2027, 1, 15)  # 12 months, EU leaflets

    def test_practice_of_a_country_does_not_shorten(self) -> None:
        found = window("mmr", dose("2", "kawasaki_disease"), place=JP)
        assert found.earliest is not None
        assert found.earliest > date(2026, 7, 15)  # Japan vaccinates at 6 months

    def test_a_province_lies_in_its_country(self) -> None:
        assert "borrowed" not in ruling(window("bcg", dose(), place=("CA-ON", "CA"))).marks
        assert "borrowed" in ruling(window("bcg", dose(), place=US)).marks

    def test_the_other_table_is_shown_beside_a_label(self) -> None:
        """EU leaflet 3 months, ACIP 11: the place decides, both are seen."""
        found = window("varicella", dose("2", "kawasaki_disease"), place=EU)
        assert found.earliest == date(2026, 4, 15)
        shown = {item.fact: item.until for item in found.alternatives}
        assert shown["vaccine-interval.us.igiv-kawasaki"] == date(2026, 12, 15)


class TestAnswer:
    def test_nothing_given_nothing_said(self) -> None:
        assert vaccine_windows((), FACTS_READ, US) == ()

    def test_only_live_vaccines_have_windows(self) -> None:
        found = {item.vaccine for item in vaccine_windows((dose(),), FACTS_READ, US)}
        assert found == {vaccine.id for vaccine in FACTS_READ.vaccines if vaccine.live}

    def test_regular_therapy_never_frees_a_date(self) -> None:
        found = window("mmr", dose("0.4", "primary_immunodeficiency"), ongoing=True)
        assert (found.answer, found.earliest, found.if_stopped) == (
            "not_while_on_therapy",
            None,
            date(2026, 9, 15),
        )
        assert "vaccine-rule.regular-therapy" in found.rules

    @pytest.mark.parametrize(
        "vaccine",
        ["yellow-fever", "typhoid-oral", "influenza-live", "rotavirus-pentavalent", "rotavirus-monovalent"],
    )
    @pytest.mark.parametrize("ongoing", [False, True])
    def test_no_interval_is_not_permission(self, vaccine: str, ongoing: bool) -> None:
        found = window(vaccine, dose("2", "kawasaki_disease"), ongoing=ongoing)
        assert (found.answer, found.earliest) == ("no_interval_needed", None)
        assert "vaccine-rule.immunosuppression" in found.rules

    def test_severe_antibody_deficiency_is_told_where_cdsi_lists_it(self) -> None:
        for vaccine in ("yellow-fever", "influenza-live", "typhoid-oral", "dengue-live"):
            assert "vaccine-rule.antibody-deficiency" in window(vaccine, dose()).rules
        assert "vaccine-rule.antibody-deficiency" not in window("mmr", dose()).rules

    @pytest.mark.parametrize(
        "vaccine",
        ["zoster-live", "dengue-live", "cholera-live", "vaccinia", "vaccinia-mva", "chikungunya-live"],
    )
    @pytest.mark.parametrize("place", [US, EU, AU, ()])
    def test_silence_stays_silence(self, vaccine: str, place: tuple[str, ...]) -> None:
        found = window(vaccine, dose(), place=place)
        assert (found.answer, found.earliest, found.ruling) == ("not_stated", None, None)

    def test_a_caution_says_that_it_is_one(self) -> None:
        found = window("rotavirus-pentavalent", dose(), place=EU)
        assert found.earliest == date(2026, 2, 26)
        assert "caution" in ruling(found).marks

    def test_washed_cells_do_not_hide_a_dose(self) -> None:
        found = window("mmr", dose("0.4", "itp_child"), dose(None, kind="red-cells-washed"))
        assert found.earliest == date(2026, 9, 15)


class TestGivenVaccine:
    def test_immunoglobulin_13_days_later_spoils_it(self) -> None:
        found = check("mmr", dose("1", "itp_child", day=date(2026, 1, 28)))
        assert found.verdict == "repeat"
        assert found.repeat is not None
        assert found.repeat.earliest == date(2026, 11, 28)  # 10 months after 1 g/kg
        assert "vaccine-rule.repeat-after-early-product" in found.rules

    def test_immunoglobulin_14_days_later_does_not(self) -> None:
        assert check("mmr", dose("1", day=date(2026, 1, 29)), place=CA).verdict != "repeat"

    def test_long_after_it_counts(self) -> None:
        found = check("mmr", dose("1", day=date(2026, 6, 1)))
        assert (found.verdict, found.because, found.repeat) == ("counts", (), None)

    def test_on_the_same_day_it_does_not_count(self) -> None:
        assert check("varicella", dose("0.4")).verdict == "repeat"

    def test_given_before_the_interval_is_over_it_does_not_count(self) -> None:
        found = check("mmr", dose("2", "kawasaki_disease"), day=date(2026, 12, 14))
        assert found.verdict == "repeat"
        assert [item.fact for item in found.because] == ["vaccine-interval.us.igiv-kawasaki"]

    def test_given_on_the_first_free_day_it_counts(self) -> None:
        assert check("mmr", dose("2", "kawasaki_disease"), day=date(2026, 12, 15)).verdict == "counts"

    def test_given_inside_a_mere_caution_asks(self) -> None:
        found = check("rotavirus-pentavalent", dose(), place=EU, day=date(2026, 2, 1))
        assert found.verdict == "ask"

    def test_immunoglobulin_can_wait_until(self) -> None:
        assert check("mmr").antibodies_from == date(2026, 1, 29)  # 14 days, US
        assert check("mmrv", place=EU).antibodies_from == date(2026, 2, 15)  # 1 month, ProQuad

    def test_products_without_antibody_spoil_nothing(self) -> None:
        for kind in ("red-cells-washed", "palivizumab", "covid-19-monoclonal"):
            assert check("mmr", dose(None, kind=kind, day=date(2026, 1, 20))).verdict == "counts"

    def test_a_vaccine_without_interval_counts(self) -> None:
        assert check("yellow-fever", dose(day=date(2026, 1, 16))).verdict == "counts"

    def test_a_vaccine_on_which_sources_are_silent_is_not_judged(self) -> None:
        assert check("zoster-live", dose(day=date(2026, 1, 16))).verdict == "not_stated"
        assert check("unheard-of").verdict == "not_stated"

    def test_a_vaccine_that_is_not_live_counts(self) -> None:
        assert check("hepatitis-b", dose()).verdict == "counts"


def test_non_live_vaccines_need_no_interval_and_may_work_less() -> None:
    found = {item.vaccine: item for item in non_live_vaccines(FACTS_READ, US)}
    assert set(found) == {vaccine.id for vaccine in FACTS_READ.vaccines if not vaccine.live}
    influenza = found["vaccine.influenza-inactivated"]
    assert influenza.may_respond_poorly  # the mission sheet: may not fully respond
    assert {"vaccine-rule.non-live-any-time", "vaccine-rule.influenza-stays"} <= set(influenza.rules)
    assert "vaccine-rule.covid-19" in found["vaccine.covid-19"].rules


# A place of our own, to see how weak rows and partial rules act.


def row(**changes: Any) -> VaccineInterval:
    given_row: dict[str, Any] = {
        "id": "local",
        "basis": "guideline",
        "seen": True,
        "table": "local",
        "authority": "local",
        "jurisdictions": ("XX",),
        "direction": "after_antibodies",
        "covers": ("measles", "mumps", "rubella", "varicella"),
        "kind": "wait",
        **changes,
    }
    return VaccineInterval(**given_row)


def with_rows(*rows: VaccineInterval) -> VaccineFacts:
    return VaccineFacts(FACTS_READ.vaccines, (*FACTS_READ.intervals, *rows), FACTS_READ.rules)


class TestWeakRows:
    def test_a_weak_shorter_row_never_wins(self) -> None:
        facts = with_rows(row(months=1, seen=False))
        assert window("mmr", dose(), place=("XX",), facts=facts).earliest == date(2027, 1, 15)

    def test_a_weak_longer_row_lengthens_and_is_marked(self) -> None:
        facts = with_rows(row(months=6), row(id="weak", table="weak", months=9, basis="digest"))
        found = window("mmr", dose(), place=("XX",), facts=facts)
        assert found.earliest == date(2026, 10, 15)
        assert "weak" in ruling(found).marks

    def test_a_weak_row_does_not_stand_between_strong_rows(self) -> None:
        """A weak row for 0.5 g/kg must not shorten what the strong row for 1 g/kg says of 0.5 g/kg."""
        facts = with_rows(
            row(months=10, g_per_kg_max=Decimal(1)),
            row(id="weak", months=2, g_per_kg_max=Decimal("0.5"), seen=False),
        )
        assert window("mmr", dose("0.5"), place=("XX",), facts=facts).earliest == date(2026, 11, 15)

    def test_a_weak_row_never_says_no_interval(self) -> None:
        facts = with_rows(row(kind="no_interval_needed", seen=False))
        assert window("mmr", dose(), place=("XX",), facts=facts).earliest == date(2027, 1, 15)

    def test_a_weak_row_of_another_place_is_not_borrowed(self) -> None:
        facts = with_rows(row(months=30, jurisdictions=("YY",), basis="synthesis", seen=False))
        assert window("mmr", dose(), place=("XX",), facts=facts).earliest == date(2027, 1, 15)

    def test_a_rule_for_a_part_of_the_vaccine_does_not_free_the_rest(self) -> None:
        facts = with_rows(row(months=2, covers=("varicella",)))
        assert window("varicella", dose(), place=("XX",), facts=facts).earliest == date(2026, 3, 15)
        assert window("mmrv", dose(), place=("XX",), facts=facts).earliest == date(2027, 1, 15)

    def test_a_smaller_step_that_is_longer_holds_for_larger_doses_too(self) -> None:
        facts = with_rows(
            row(months=14, g_per_kg_max=Decimal("0.5")), row(id="b", months=3, g_per_kg_max=Decimal(2))
        )
        assert window("mmr", dose("2"), place=("XX",), facts=facts).earliest == date(2027, 3, 15)


class TestCalendar:
    @pytest.mark.parametrize(
        ("start", "months", "expected"),
        [
            (date(2026, 1, 15), 8, date(2026, 9, 15)),
            (date(2026, 1, 31), 1, date(2026, 3, 1)),  # no 31 February: forward, never earlier
            (date(2028, 1, 31), 1, date(2028, 3, 1)),
            (date(2028, 1, 29), 1, date(2028, 2, 29)),
            (date(2000, 3, 31), 6, date(2000, 10, 1)),  # the example of CDSi rule CALCDT-5
            (date(2026, 12, 31), 2, date(2027, 3, 1)),
            (date(2026, 2, 28), 12, date(2027, 2, 28)),
            (date(2028, 2, 29), 12, date(2029, 3, 1)),
            (date(2026, 11, 30), 1, date(2026, 12, 30)),
        ],
    )
    def test_calendar_months(self, start: date, months: int, expected: date) -> None:
        assert add_months(start, months) == expected

    def test_weeks_and_days(self) -> None:
        assert add(DAY, weeks=6) == date(2026, 2, 26)
        assert add(DAY, days=14) == date(2026, 1, 29)
        assert add(DAY, months=1, days=1) == date(2026, 2, 16)

    @pytest.mark.parametrize(("hours", "day"), [(15, 17), (24, 17), (25, 18), (0, 16)])
    def test_hours_after_an_unknown_time_of_day(self, hours: int, day: int) -> None:
        """15 hours after an end late on the 15th reach into the 16th: the 17th is clear."""
        assert first_clear_day(DAY, hours) == date(2026, 1, day)

    @given(
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        st.dates(date(2000, 1, 1), date(2100, 1, 1)),
        st.integers(1, 36),
    )
    def test_a_later_start_never_ends_earlier(self, one: date, other: date, months: int) -> None:
        first, second = sorted((one, other))
        assert add_months(first, months) <= add_months(second, months)
        assert add_months(first, months).day in (first.day, 1)


PRODUCTS = sorted(product.id for product in _FILE.antibody_product)
CONDITIONS = sorted({name for item in FACTS_READ.intervals for name in item.conditions})
AMOUNTS = st.decimals("0.001", "6", places=3)
DOSES = st.builds(
    GivenDose,
    date=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    g_per_kg=st.one_of(st.none(), AMOUNTS),
    route=st.sampled_from(["IV", "SC", "IM", ""]),
    condition=st.sampled_from([*CONDITIONS, "guillain_barre", ""]),
    kind=st.sampled_from([*PRODUCTS, *["antibody-product.immunoglobulin"] * len(PRODUCTS), ""]),
)
HISTORIES = st.lists(DOSES, min_size=1, max_size=4).map(tuple)
PLACES = st.sampled_from([US, EU, ("CA-ON", "CA"), AU, NZ, UK, JP, MY, CH, ()])


def ends(doses: tuple[GivenDose, ...], place: tuple[str, ...]) -> list[date]:
    """First free day of each vaccine; the earliest date of all where none is set."""
    return [item.earliest or date.min for item in vaccine_windows(doses, FACTS_READ, place)]


def never_earlier(before: list[date], after: list[date]) -> bool:
    return all(old <= new for old, new in zip(before, after, strict=True))


@settings(deadline=None, max_examples=60)
@given(HISTORIES, DOSES, PLACES)
def test_another_dose_never_brings_a_date_earlier(
    doses: tuple[GivenDose, ...], another: GivenDose, place: tuple[str, ...]
) -> None:
    assert never_earlier(ends(doses, place), ends((*doses, another), place))


@settings(deadline=None, max_examples=60)
@given(HISTORIES, AMOUNTS, PLACES)
def test_a_larger_dose_never_shortens(
    doses: tuple[GivenDose, ...], more: Decimal, place: tuple[str, ...]
) -> None:
    first = doses[0]
    larger = msgspec.structs.replace(
        first, g_per_kg=None if first.g_per_kg is None else first.g_per_kg + more
    )
    assert never_earlier(ends(doses, place), ends((larger, *doses[1:]), place))


@settings(deadline=None, max_examples=100)
@given(HISTORIES, st.sampled_from(["route", "condition", "kind", "g_per_kg"]), PLACES)
def test_forgetting_never_shortens(
    doses: tuple[GivenDose, ...], forgotten: str, place: tuple[str, ...]
) -> None:
    nothing: Any = None if forgotten == "g_per_kg" else ""
    less = msgspec.structs.replace(doses[0], **{forgotten: nothing})
    assert never_earlier(ends(doses, place), ends((less, *doses[1:]), place))


@settings(deadline=None, max_examples=40)
@given(HISTORIES, PLACES)
def test_regular_therapy_gives_no_date(doses: tuple[GivenDose, ...], place: tuple[str, ...]) -> None:
    assert all(item.earliest is None for item in vaccine_windows(doses, FACTS_READ, place, ongoing=True))


@settings(deadline=None, max_examples=40)
@given(HISTORIES, PLACES)
def test_the_order_of_doses_does_not_matter(doses: tuple[GivenDose, ...], place: tuple[str, ...]) -> None:
    assert ends(doses, place) == ends(doses[::-1], place)
