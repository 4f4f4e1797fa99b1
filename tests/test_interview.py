"""Asking what is wrong: what no answer counts as, when it ends, and that a yes never calms the answer."""

from __future__ import annotations

import datetime as dt
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.matching import Matched, Matcher, Mention
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import triage
from ivigil.knowledge.reactions import URGENCIES
from ivigil.practice.interview import Doubt, answered, further, is_emergency, unconfirmed
from tests.support.orders import knowledge

AT = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
NOTHING = SymptomReport(at=AT)
JUDGE = partial(triage, episode=Episode(ended_at=AT - dt.timedelta(hours=20)), knowledge=knowledge())
MATCHER = Matcher(knowledge().facts.symptom)
ASKED = tuple(symptom.id for symptom in knowledge().facts.symptom if symptom.question)
DANGER = tuple(symptom.id for symptom in knowledge().facts.symptom if symptom.ask_first and symptom.question)


def test_what_was_read_in_the_words_counts_until_it_is_answered_no() -> None:
    words = Matched((Mention("symptom.fever", "said", "fever"), Mention("symptom.rash", "denied", "no rash")))
    assert unconfirmed(NOTHING, words) == (Doubt("symptom.fever", True), Doubt("symptom.rash", None))
    silent = NOTHING
    for doubt in unconfirmed(NOTHING, words):
        silent = answered(silent, doubt.symptom, None, counts=doubt.counts)
    assert (silent.present, silent.absent) == (("symptom.fever",), ())
    assert answered(NOTHING, "symptom.fever", False, counts=True).absent == ("symptom.fever",)


def test_what_was_answered_is_not_asked_again() -> None:
    told = answered(NOTHING, "symptom.fever", True)
    assert unconfirmed(told, Matched((Mention("symptom.fever", "denied", "no fever"),))) == ()
    assert answered(told, "symptom.fever", False) == told


def test_danger_to_life_is_asked_first_and_a_yes_ends_the_asking() -> None:
    complaint = answered(NOTHING, "symptom.headache_mild", True)
    assert set(further(complaint, JUDGE)[: len(DANGER)]) <= set(DANGER)
    collapsed = answered(complaint, "symptom.fainting", True)
    assert is_emergency(collapsed, JUDGE)
    assert further(collapsed, JUDGE) == ()


def test_a_question_that_was_passed_over_is_not_put_twice() -> None:
    asked = further(answered(NOTHING, "symptom.headache_mild", True), JUDGE)
    assert asked
    assert further(answered(NOTHING, "symptom.headache_mild", True), JUDGE, asked) == ()


@given(st.sets(st.sampled_from(ASKED)), st.sampled_from(ASKED))
def test_a_yes_is_never_calmer_than_no_answer(present: set[str], more: str) -> None:
    before = SymptomReport(at=AT, present=tuple(sorted(present)))
    after = answered(before, more, True)
    assert URGENCIES.index(JUDGE(after).urgency) >= URGENCIES.index(JUDGE(before).urgency)


@given(st.text(max_size=60))
def test_no_words_of_anybody_are_taken_for_a_no(text: str) -> None:
    report = NOTHING
    for doubt in unconfirmed(report, MATCHER.match(text)):
        report = answered(report, doubt.symptom, None, counts=doubt.counts)
    assert report.absent == ()
