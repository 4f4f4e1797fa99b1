"""Which tests a dose makes unreadable. Expectations are written from the cited studies and labels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil.knowledge.store import FACTS, read_folder
from ivigil.knowledge.timing import LabInterference, LabRule, Residual
from ivigil.windows.doses import GivenDose
from ivigil.windows.serology import LabFacts, LabWindow, lab_windows

_FILE = read_folder(FACTS)[0]
FACTS_READ = LabFacts(_FILE.lab_interference, _FILE.lab_rule, _FILE.baseline_sample)
DAY = date(2026, 1, 15)
THREE_MONTHS = date(2026, 4, 15)
MALTOSE = GivenDose(date=DAY, g_per_kg=Decimal(2), route="IV", stabilisers=("maltose",))
GLYCINE = GivenDose(date=DAY, g_per_kg=Decimal(2), route="IV", stabilisers=("glycine",))


def window(test: str, *doses: GivenDose, ongoing: bool = False, facts: LabFacts = FACTS_READ) -> LabWindow:
    found = lab_windows(doses or (MALTOSE,), facts, ongoing=ongoing)
    return next(item for item in found if item.interference == f"lab.{test}")


# After one dose on 15 January: test -> answer, first reliable day, day before which it is no use,
# how urgently to draw it before the first gram.
CASES: dict[str, tuple[str, date | None, date | None, int | None]] = {
    "anti-hbc": ("until", THREE_MONTHS, None, 1),  # weeks to about 3 months
    "anti-hbs": ("not_quantified", None, THREE_MONTHS, 1),
    "hbsag": ("not_affected", None, None, None),
    "hbv-dna": ("not_affected", None, None, None),
    "anti-hbc-igm": ("not_quantified", None, None, None),  # no source was read: never "not affected"
    "anti-hav": ("not_quantified", None, THREE_MONTHS, 3),
    "cmv-igg": ("not_quantified", None, THREE_MONTHS, 3),
    "ebv-igg": ("not_quantified", None, THREE_MONTHS, 3),
    "vzv-igg": ("not_quantified", None, date(2026, 7, 15), 2),  # 6 to 12.5 % still positive at 6 months
    "measles-igg": ("until", date(2026, 10, 15), None, 2),  # none positive at 9 months
    "mumps-igg": ("until", date(2026, 7, 15), None, 2),  # none of 32 at 6 months
    "rubella-igg": ("until", date(2026, 7, 15), None, 2),
    "hsv2-igg": ("not_quantified", None, THREE_MONTHS, 3),
    "parvovirus-igg": ("not_quantified", None, THREE_MONTHS, 3),
    "hcv-antibody": ("not_affected", None, None, 2),  # donors are screened
    "hiv-antibody": ("not_affected", None, None, 2),
    "htlv-antibody": ("not_quantified", None, THREE_MONTHS, 3),
    "treponemal-antibody": ("until", THREE_MONTHS, None, 3),  # 11 weeks in one case: the class rule is longer
    "infant-treponemal": ("not_quantified", None, THREE_MONTHS, None),
    "borrelia-antibody": ("not_quantified", None, THREE_MONTHS, 3),
    "bartonella-igg": ("until", THREE_MONTHS, None, 3),  # 30 days in 7 of 8: the class rule is longer
    "toxoplasma-igg": ("not_quantified", None, THREE_MONTHS, 3),
    "tetanus-igg": ("not_quantified", None, THREE_MONTHS, 1),
    "pneumococcal-igg": ("not_quantified", None, THREE_MONTHS, 1),
    "beta-d-glucan": ("until", date(2026, 1, 22), None, None),  # all negative on day 7
    "galactomannan": ("until", date(2026, 2, 2), None, None),  # all negative by day 18
    "ana": ("until", THREE_MONTHS, None, 1),
    "ssa-tpo-thyroglobulin": ("until", THREE_MONTHS, None, 1),
    "ama-m2": ("until", THREE_MONTHS, None, 1),  # 1 month in 2 patients: the class rule is longer
    "anca": ("not_quantified", None, THREE_MONTHS, 1),
    "rheumatoid-factor": ("not_quantified", None, THREE_MONTHS, 1),
    "cardiolipin": ("not_quantified", None, THREE_MONTHS, 1),
    "dsdna": ("not_quantified", None, THREE_MONTHS, 1),
    "direct-antiglobulin": ("not_quantified", None, None, 1),
    "antibody-screen": ("not_quantified", None, None, 1),
    "reticulocytes-haptoglobin": ("not_quantified", None, None, None),
    "haemoglobin": ("value_changed", None, None, None),
    "igg-total": ("value_changed", THREE_MONTHS, None, 1),  # back to its start after 2 to 3 months
    "igg-own": ("until", date(2026, 8, 15), None, 1),  # 6 to 7 months after the last dose
    "total-protein": ("value_changed", None, None, 3),
    "protein-electrophoresis": ("until", date(2026, 2, 14), None, 3),  # mostly within 30 days
    "sodium": ("not_quantified", None, None, 3),
    "viscosity": ("value_changed", None, None, None),
    "esr": ("not_quantified", None, None, None),
    "crp": ("not_affected", None, None, None),
    "liver-enzymes": ("value_changed", None, None, None),
    "creatinine": ("value_changed", None, None, None),
    "glucose-meter": ("until", date(2026, 1, 17), None, None),  # 15 h after an end at an unknown hour
    "glucose": ("value_changed", None, None, None),
}

# What regular therapy does to tests that are never clear of it.
ON_THERAPY_CLEAR = {"beta-d-glucan", "galactomannan", "glucose-meter", "sodium", "esr", "anti-hbc-igm"}


def test_every_test_has_a_case() -> None:
    assert {f"lab.{case}" for case in CASES} == {item.id for item in FACTS_READ.interferences}


@pytest.mark.parametrize("test", CASES)
def test_after_one_dose(test: str) -> None:
    found = window(test)
    assert (found.answer, found.reliable_from, found.not_before, found.draw_before) == CASES[test]


@pytest.mark.parametrize(
    "test", [name for name, case in CASES.items() if case[0] in ("until", "not_quantified")]
)
def test_on_regular_therapy(test: str) -> None:
    found = window(test, ongoing=True)
    if test in ON_THERAPY_CLEAR:
        assert found.answer == CASES[test][0]
    else:
        assert (found.answer, found.reliable_from) == ("not_while_on_therapy", None)
        assert found.if_stopped == CASES[test][1]


@pytest.mark.parametrize(
    ("test", "alternative"),
    [
        ("anti-hbc", "HBV DNA"),
        ("anti-hav", "IgM"),
        ("treponemal-antibody", "RPR"),
        ("esr", "C-reactive protein"),
        ("htlv-antibody", "proviral PCR"),
        ("direct-antiglobulin", "haptoglobin"),
        ("glucose-meter", "glucose oxidase"),
        ("hcv-antibody", "HCV RNA"),
        ("measles-igg", "measles PCR"),
        ("sodium", "osmolality"),
    ],
)
def test_what_to_use_instead(test: str, alternative: str) -> None:
    assert alternative in window(test).alternative


def test_hepatitis_b_dna_has_its_codes() -> None:
    assert {"29615-2", "11258-1"} <= set(window("anti-hbc").alternative_loinc)


def test_class_rules_as_published() -> None:
    rules = {rule.id: rule for rule in FACTS_READ.rules}
    assert rules["lab-rule.six-weeks"].weeks == 6  # UK laboratory authors
    assert rules["lab-rule.three-months"].months == 3
    used = {rule.id for rule in FACTS_READ.rules if rule.topic == "class_window"}
    assert used == {"lab-rule.six-weeks", "lab-rule.three-months"}
    assert window("cmv-igg").ruled_by == "lab-rule.three-months"


def test_the_drawing_names_its_sample() -> None:
    assert window("ana").sample == "baseline-sample.autoantibodies"
    samples = {sample.id: sample for sample in FACTS_READ.samples}
    assert samples["baseline-sample.stored-serum"].priority == 1
    assert samples["baseline-sample.hepatitis-b"].priority == 1


class TestMaltose:
    def test_another_stabiliser_leaves_the_meter_alone(self) -> None:
        found = window("glucose-meter", GLYCINE)
        assert (found.answer, found.reliable_from) == ("no_dose", None)

    def test_an_unknown_stabiliser_is_taken_for_maltose(self) -> None:
        found = window("glucose-meter", GivenDose(date=DAY))
        assert (found.answer, found.reliable_from) == ("until", date(2026, 1, 17))
        assert found.assumed_product

    def test_a_known_maltose_product_is_not_assumed(self) -> None:
        found = window("glucose-meter", MALTOSE)
        assert not found.assumed_product
        assert found.hours_after_end == 15

    def test_only_the_maltose_dose_counts(self) -> None:
        later = msgspec.structs.replace(GLYCINE, date=date(2026, 2, 15))
        assert window("glucose-meter", MALTOSE, later).dose_date == DAY


def test_the_last_dose_counts() -> None:
    later = msgspec.structs.replace(MALTOSE, date=date(2026, 3, 1))
    found = window("measles-igg", later, MALTOSE)
    assert (found.dose_date, found.reliable_from) == (date(2026, 3, 1), date(2026, 12, 1))


def test_without_a_dose_only_drawing_before_is_told() -> None:
    found = {item.interference: item for item in lab_windows((), FACTS_READ)}
    assert found["lab.anti-hbc"].answer == "no_dose"
    assert found["lab.anti-hbc"].draw_before == 1
    assert found["lab.hbsag"].answer == "not_affected"


def interference(**changes: Any) -> LabInterference:
    fields: dict[str, Any] = {
        "id": "lab.own",
        "basis": "paper",
        "seen": True,
        "test": "own",
        "effect": "false_positive",
        "mechanism": "own",
        **changes,
    }
    return LabInterference(**fields)


def own(item: LabInterference, *rules: LabRule) -> LabWindow:
    return window("own", facts=LabFacts((item,), rules, ()))


class TestWeakFacts:
    def test_a_weak_fact_never_clears_a_test(self) -> None:
        assert own(interference(effect="not_affected", seen=False)).answer == "not_quantified"

    def test_a_weak_end_is_no_promise(self) -> None:
        found = own(interference(days=5, basis="digest"))
        assert (found.answer, found.reliable_from, found.not_before) == (
            "not_quantified",
            None,
            date(2026, 1, 20),
        )

    def test_a_weak_class_rule_can_lengthen(self) -> None:
        rule = LabRule(id="r", basis="digest", seen=True, topic="class_window", text="", months=4)
        assert own(interference(days=5, passive_igg=True), rule).reliable_from == date(2026, 5, 15)

    def test_somebody_still_positive_moves_the_day(self) -> None:
        seen = Residual(id="s", basis="paper", seen=True, percent=Decimal(5), months=8)
        none = Residual(id="n", basis="paper", seen=True, percent=Decimal(0), months=12)
        found = own(interference(residuals=(seen, none)))
        assert (found.answer, found.not_before) == ("not_quantified", date(2026, 9, 15))


DOSES = st.builds(
    GivenDose,
    date=st.dates(date(2025, 1, 1), date(2026, 12, 31)),
    stabilisers=st.sampled_from([None, ("maltose",), ("glycine",), ()]),
)


def days(doses: tuple[GivenDose, ...]) -> list[date]:
    found = lab_windows(doses, FACTS_READ)
    return [item.reliable_from or item.not_before or date.min for item in found]


@settings(deadline=None, max_examples=60)
@given(st.lists(DOSES, max_size=4).map(tuple), DOSES)
def test_another_dose_never_clears_a_test_earlier(doses: tuple[GivenDose, ...], another: GivenDose) -> None:
    assert all(old <= new for old, new in zip(days(doses), days((*doses, another)), strict=True))


@settings(deadline=None, max_examples=40)
@given(DOSES)
def test_forgetting_the_stabiliser_never_clears_a_test_earlier(dose: GivenDose) -> None:
    less = msgspec.structs.replace(dose, stabilisers=None)
    assert all(old <= new for old, new in zip(days((dose,)), days((less,)), strict=True))
