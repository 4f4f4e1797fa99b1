"""What an answer would make of a plan, in the words that the plan itself is told with."""

from __future__ import annotations

from collections.abc import Callable

from ivigil.course import Plan
from ivigil.planning.consequences import NAIVE, Consequences, Decides, Gist, Outcome
from ivigil.sheets import plan_words, words
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts

_ANSWER = texts({"no": "No: {then}", "yes": "Yes: {then}"})
_EXPERIENCE = texts({"no": "Experienced: {then}", "yes": "Naive: {then}"})
"""The answers to whether it is the first immunoglobulin ever."""


def answer_texts(field: str, found: Consequences, plan: Plan) -> tuple[str, ...]:
    """ "No: 1 day instead of 5", one text an answer that changes what is given."""
    return tuple(outcome_text(outcome, plan) for outcome in found.of(field) if outcome.changes)


def outcome_text(outcome: Outcome, plan: Plan) -> str:
    """The answer and everything that is otherwise with it."""
    if outcome.after.status == "blocked":
        then = say(words.STATUS["blocked"])
    else:
        then = "; ".join(_TOLD[change](outcome.before, outcome.after, plan) for change in outcome.changes)
    called = _EXPERIENCE if outcome.fields == (NAIVE,) else _ANSWER
    return say(called[outcome.answer], then=then)


def _days(before: Gist, after: Gist, plan: Plan) -> str:
    return say("{now} instead of {before}", now=plan_words.days(after.days, plan), before=str(before.days))


def _grams(before: Gist, after: Gist, plan: Plan) -> str:
    return say("{now} g instead of {before} g", now=number(after.grams, 3), before=number(before.grams, 3))


def _product(before: Gist, after: Gist, plan: Plan) -> str:
    return say(
        "{now} instead of {before}",
        now=after.product or say("no product"),
        before=before.product or say("no product"),
    )


def _rate(before: Gist, after: Gist, plan: Plan) -> str:
    return say(
        "at most {now} mL/h instead of {before} mL/h",
        now=number(after.highest_ml_per_h),
        before=number(before.highest_ml_per_h),
    )


_TOLD: dict[Decides, Callable[[Gist, Gist, Plan], str]] = {
    "status": lambda before, after, plan: say(words.STATUS[after.status]),
    "days": _days,
    "dose": _grams,
    "product": _product,
    "rate": _rate,
}
