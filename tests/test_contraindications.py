"""What in a patient speaks against a live vaccine: asked apart from the interval, never a permission."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.knowledge.logic import Value
from ivigil.knowledge.vocabulary import settle
from ivigil.windows.contraindications import PatientCheck, patient_checks
from ivigil.windows.vaccines import VaccineFacts
from tests.support.orders import knowledge

_EVERY = knowledge().facts
FACTS = VaccineFacts(_EVERY.vaccine, _EVERY.vaccine_interval, _EVERY.vaccine_rule)
FLAGS = sorted({name for rule in FACTS.rules if rule.when is not None for name in rule.when.fields()})
ANSWERS = st.dictionaries(st.sampled_from(FLAGS), st.booleans())
US = ("US",)


def checks(answers: dict[str, Value], facts: VaccineFacts = FACTS) -> dict[str, PatientCheck]:
    found = patient_checks(settle(knowledge().implied_flags, answers), facts, US)
    return {item.vaccine.removeprefix("vaccine."): item for item in found}


# CDSi 4.64: code -> what was answered "yes", vaccines that it speaks against, the rule that says so.
CDSI = {
    "013": ("severe_combined_immunodeficiency", ("rotavirus-monovalent", "rotavirus-pentavalent"), "scid"),
    "145": (
        "severe_antibody_deficiency",
        ("yellow-fever", "influenza-live", "typhoid-oral", "dengue-live"),
        "antibody-deficiency",
    ),
    "146": ("antibody_deficiency", ("yellow-fever", "dengue-live"), "antibody-deficiency-less-severe"),
    "147": ("complete_t_cell_defect", ("mmr", "varicella", "typhoid-oral"), "immunosuppression"),
    "154": ("severe_hiv", ("mmr", "varicella", "yellow-fever"), "immunosuppression"),
    "155": ("hiv", ("mmrv",), "hiv-mmrv"),
    "158": ("immunosuppressive_therapy", ("mmr", "yellow-fever", "influenza-live"), "immunosuppression"),
    "246": ("severe_immunocompromise", ("mmr", "mmrv", "varicella"), "severe-immunocompromise"),
}


@pytest.mark.parametrize("code", CDSI)
def test_as_cdc_logic_says(code: str) -> None:
    flag, vaccines, rule = CDSI[code]
    found = checks({flag: True})
    for vaccine in vaccines:
        assert found[vaccine].answer == "contraindicated"
        assert f"vaccine-rule.{rule}" in found[vaccine].rules
        assert flag in {saw.field for saw in found[vaccine].saw}


def test_mild_hiv_leaves_measles_vaccine_to_be_asked() -> None:
    found = checks({"hiv": True})
    assert found["mmrv"].answer == "contraindicated"
    assert found["mmr"].answer == "ask"


def test_a_weak_rule_warns_all_the_same() -> None:
    """Pregnancy was read for varicella and zoster; for every other live vaccine the rule is ours."""
    found = checks({"pregnancy": True})
    assert {item.answer for item in found.values()} == {"contraindicated"}
    assert knowledge().by_id["vaccine-rule.pregnancy"].weak


@given(ANSWERS)
def test_what_was_not_answered_is_asked(answers: dict[str, Value]) -> None:
    """Nothing was found only where every rule for the vaccine has its answer."""
    settled = settle(knowledge().implied_flags, answers)
    for item in checks(answers).values():
        assert item.answer != "none_found" or not item.ask
        assert (item.answer == "ask") <= bool(item.ask)
        assert not any(name in settled for name in item.ask)


@given(ANSWERS, st.sampled_from(FLAGS))
def test_forgetting_an_answer_never_clears(answers: dict[str, Value], flag: str) -> None:
    """Of answers that agree: severe HIV and no HIV together are taken as HIV, and either alone as itself."""
    settled = settle(knowledge().implied_flags, answers)
    assume(all(settled[name] == value for name, value in answers.items()))
    less = {name: value for name, value in answers.items() if name != flag}
    before, after = checks(answers), checks(less)
    for vaccine, item in after.items():
        assert item.answer != "none_found" or before[vaccine].answer == "none_found"


def test_a_vaccine_without_rules_is_asked_about() -> None:
    bare = VaccineFacts(FACTS.vaccines, FACTS.intervals, tuple(replace(r, when=None) for r in FACTS.rules))
    assert {item.answer for item in checks({}, bare).values()} == {"ask"}
