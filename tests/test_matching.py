"""Words to symptoms: spelling, denial, doubt, temperatures. Expectations are read off the words by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.aftercare.matching import Matched
from tests.support.vignettes import matcher


def read(text: str) -> Matched:
    return matcher().match(text)


def said(text: str) -> set[str]:
    return {name.removeprefix("symptom.") for name in read(text).symptoms("said")}


def denied(text: str) -> set[str]:
    return {name.removeprefix("symptom.") for name in read(text).symptoms("denied")}


def unclear(text: str) -> set[str]:
    return {name.removeprefix("symptom.") for name in read(text).symptoms("unclear")}


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("I have a terible headace", "headache_severe"),
        ("stiff nek since last night", "stiff_neck"),
        ("shortnes of breth", "difficulty_breathing"),
        ("my calf is swollen and hot", "limb_swelling_pain"),
        ("pee is the colour of cola", "dark_urine"),
        ("not peeing much", "little_urine"),
        ("he won't wake up", "unresponsive"),
        ("can't keep anything down", "cannot_keep_fluids_down"),
        ("URTICARIA!!", "hives"),
        ("pyrexia", "fever"),
    ],
)
def test_what_is_said_is_found_in_spite_of_spelling(text: str, symptom: str) -> None:
    assert symptom in said(text)


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("no stiff neck", "stiff_neck"),
        ("I don't have a fever", "fever"),
        ("no fever or rash", "rash"),
        ("my calf isn't swollen", "limb_swelling_pain"),
        ("wheezing? no.", "wheezing"),
        ("never had any chest pain", "chest_pain"),
    ],
)
def test_what_is_denied_is_not_taken_as_said(text: str, symptom: str) -> None:
    assert symptom in denied(text)
    assert symptom not in said(text)


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("no fever but my urine is dark", "dark_urine"),
        ("headache is not getting better", "headache"),
        ("no relief from the headache", "headache"),
        ("I can't climb the stairs without gasping", "difficulty_breathing"),
        ("out of breath for no reason", "difficulty_breathing"),
        ("running a fever 3 days after my infusion but no headache", "fever"),
        ("not only a rash, my lips are swelling", "face_mouth_throat_swelling"),
    ],
)
def test_a_denial_of_something_else_hides_nothing(text: str, symptom: str) -> None:
    assert symptom in said(text)


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("no fever, chest pain all night", "chest_pain"),
        ("no fever and a rash", "rash"),
        ("the rash has gone", "rash"),
    ],
)
def test_where_a_denial_may_end_the_person_is_asked(text: str, symptom: str) -> None:
    assert symptom in unclear(text)


@pytest.mark.parametrize(
    ("text", "fever"),
    [
        ("temp 38.6", True),
        ("38.6 tonight", True),
        ("temperature of 101.5", True),
        ("temp 36.9", False),
        ("temperature 98.4 F", False),
        ("my temp is 40", True),
    ],
)
def test_a_temperature_counts_as_fever_from_the_limit_of_the_fact_base_on(text: str, fever: bool) -> None:
    assert ("fever" in said(text)) == fever


def test_a_sentence_without_a_symptom_is_handed_back() -> None:
    assert read("Had my drip yesterday. My ears ring like bells.").unmatched == ("my ears ring like bells",)


def test_when_and_what_was_given_is_no_complaint() -> None:
    assert not read("Had my infusion yesterday morning. Privigen.").unmatched


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = read(text)
    assert len({mention.symptom for mention in found.mentions}) == len(found.mentions)


@given(
    st.sampled_from(["no fever", "no rash", "I don't wheeze"]), st.sampled_from(["chest pain", "stiff neck"])
)
def test_a_sentence_of_its_own_is_not_denied_by_the_one_before(denial: str, complaint: str) -> None:
    name = "symptom." + complaint.replace(" ", "_")
    assert name in read(f"{denial}. {complaint}").symptoms("said")
