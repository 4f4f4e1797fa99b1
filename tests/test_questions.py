"""No flood: few answers hold a release, and an empty screening asks few things first."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from ivigil.course import Plan
from ivigil.intake import read_order
from ivigil.order import Order
from ivigil.planning import plan
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
