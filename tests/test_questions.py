"""No flood: few answers hold a release, and an empty screening asks few things first."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.intake import read_order
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.planning.consequences import Answer, answered, consequences, gist
from ivigil.release import checked_plan
from ivigil.sheets import plan_words
from ivigil.sheets.plan_consequences import answer_texts
from ivigil.verification import verify
from ivigil.web.parts.plan import standing_notice
from tests.support.orders import adult, child, knowledge, order, screened

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
CONDITIONS = (
    "kawasaki_disease",
    "dermatomyositis_adult",
    "cidp",
    "itp_adult",
    "primary_immunodeficiency",
    "mmn",
)


def blocking(made: Plan) -> int:
    return sum(question.blocking for question in made.questions)


def realistic() -> list[Order]:
    """The examples, and for each of several conditions a checked and an unchecked patient."""
    made = [read_order(path, knowledge()) for path in EXAMPLES]
    for condition in CONDITIONS:
        patient = child() if condition == "kawasaki_disease" else adult()
        made.append(order(condition, patient))
        made.append(order(condition, screened(patient, complete=False, absent=("selective_iga_deficiency",))))
    return made


def test_the_median_order_waits_for_at_most_one_answer() -> None:
    assert median(blocking(plan(one, knowledge())) for one in realistic()) <= 1


def test_an_empty_screening_holds_the_release_for_few_answers() -> None:
    first = knowledge().policies["policy.first_questions"].number
    assert first == 8  # issue: at most 8 first
    for condition in CONDITIONS:
        patient = child() if condition == "kawasaki_disease" else adult()
        made = plan(order(condition, screened(patient, complete=False)), knowledge())
        assert 1 <= blocking(made) <= first


def test_questions_that_hold_the_release_come_first() -> None:
    made = plan(order("cidp", screened(adult(), complete=False)), knowledge())
    held = [question.blocking for question in made.questions]
    assert held == sorted(held, reverse=True)


def test_each_field_is_asked_once_and_says_what_it_could_lift() -> None:
    made = plan(order("cidp", screened(adult(), complete=False)), knowledge())
    fields = [question.field for question in made.questions]
    assert len(fields) == len(set(fields))
    assert all(question.question for question in made.questions)
    assert all(question.changes or question.findings for question in made.questions)


def half_asked() -> Order:
    """A child with Kawasaki disease of whom only what holds every release was asked."""
    told = ("selective_iga_deficiency", "prior_immunoglobulin_anaphylaxis")
    child_ = screened(child(), complete=False, absent=told)
    return replace(order("kawasaki_disease", child_), experience=None)


def test_a_course_that_leaves_its_regimen_waits_for_an_answer_or_for_the_prescriber_s_word() -> None:
    """The source: one infusion over 10 to 12 h. More days come of a limit that is only assumed."""
    made = checked_plan(half_asked(), knowledge())
    assert made.regimen is not None and made.regimen.allowed_days == (1,)
    assert (made.status, len(made.days)) == ("needs_answers", 5)
    holding = [question.field for question in made.questions if question.blocking]
    assert holding == ["prior_aseptic_meningitis", "days"]
    told = plan_words.asked(made.questions[1], made, knowledge())
    assert told.startswith("Leaves the regimen: 5 days instead of 1.")
    assert str(standing_notice(made, knowledge())).index("Leaves the regimen") < 200

    screening = half_asked().patient.screening
    absent = (*screening.absent, "prior_aseptic_meningitis")
    patient = replace(half_asked().patient, screening=replace(screening, absent=absent))
    lifted = checked_plan(replace(half_asked(), patient=patient), knowledge())
    assert (lifted.status, len(lifted.days)) == ("ready", 1)
    assert checked_plan(replace(half_asked(), days=5), knowledge()).status == "ready"


def test_the_second_opinion_rejects_a_course_that_leaves_its_regimen_unasked() -> None:
    made = plan(half_asked(), knowledge())
    forged = replace(made, status="ready", questions=())
    found = {objection.code for objection in verify(forged, half_asked(), knowledge()).objections}
    assert "regimen_left_unasked" in found


def test_what_an_answer_is_told_to_change_is_what_the_plan_becomes() -> None:
    made = plan(half_asked(), knowledge())
    found = consequences(made, knowledge())
    (told,) = answer_texts("prior_aseptic_meningitis", found, made)
    assert told.startswith("No: ready for verification; 1 day instead of 5;")
    assert max(found.judged, key=found.worth) in ("prior_aseptic_meningitis", "immunoglobulin_naive")


def test_an_answer_of_which_nothing_is_told_changes_nothing() -> None:
    """Answers that can change nothing are not planned: so it is."""
    made = plan(half_asked(), knowledge())
    found, before = consequences(made, knowledge()), gist(made)
    answers: tuple[Answer, ...] = ("no", "yes")
    for field in found.judged:
        planned = {outcome.answer for outcome in found.of(field)}
        for answer in (each for each in answers if each not in planned):
            after = gist(plan(answered(made.order, (field,), answer), knowledge()))
            assert replace(after, hazards=before.hazards) == before, (field, answer)


def test_answers_that_change_the_plan_only_together_are_found() -> None:
    """Dermatomyositis with nothing else asked: no answer alone, all that cap the rate together."""
    told = ("selective_iga_deficiency", "prior_immunoglobulin_anaphylaxis")
    made = plan(order("dermatomyositis_adult", screened(adult(), complete=False, absent=told)), knowledge())
    found = consequences(made, knowledge())
    assert found.together
    for outcome in found.together:
        assert len(outcome.fields) > 1
        assert {"days", "rate"} & {*outcome.changes}
        assert gist(plan(answered(made.order, outcome.fields, "no"), knowledge())) == outcome.after
