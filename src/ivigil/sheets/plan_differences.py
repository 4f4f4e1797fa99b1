"""What a plan does otherwise than an earlier one, in the words that both are told with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ivigil.course import Plan
from ivigil.sheets import plan_words, words
from ivigil.sheets.numbers import hours, number
from ivigil.sheets.spoken import say, texts

NOTHING = texts("none")


def differences(before: Plan, now: Plan) -> tuple[tuple[str, str, str], ...]:
    """What is told otherwise: what it is, before, now. Empty: everything that is compared is the same."""
    told = ((label, tell(before), tell(now)) for label, tell in _COMPARED)
    nothing = say(NOTHING)
    rows = tuple((say(label), was or nothing, is_ or nothing) for label, was, is_ in told if was != is_)
    was_found, is_found = _findings(before), _findings(now)
    if was_found == is_found:
        return rows
    # Of a long list only what is not in the other one: nobody compares two of them by eye.
    gone, new = (
        "; ".join(sorted(one - other)) or nothing
        for one, other in ((was_found, is_found), (is_found, was_found))
    )
    return (*rows, (say(_FINDINGS), gone, new))


_FINDINGS = texts("Findings that differ")


def _findings(plan: Plan) -> set[str]:
    shown = plan_words.shown_findings(plan)
    return {f"{each.name} ({state})" if (state := plan_words.state(each)) else each.name for each in shown}


def _premedication(plan: Plan) -> str:
    given = (each for each in plan.premedication if each.state == "indicated")
    return "; ".join(map(plan_words.premedication, given))


def _top(plan: Plan) -> str:
    rates = [step.rate_ml_per_h for day in plan.days for step in day.steps]
    return f"{number(max(rates))} mL/h" if rates else ""


def _longest(plan: Plan) -> str:
    return hours(max(day.duration_min for day in plan.days)) if plan.days else ""


def _each(tell: Callable[[Plan], Iterator[str]]) -> Callable[[Plan], str]:
    """Equal days are told once."""
    return lambda plan: "; ".join(dict.fromkeys(tell(plan)))


_COMPARED: tuple[tuple[str, Callable[[Plan], str]], ...] = texts(
    (
        ("Treated", lambda plan: plan.order.condition.replace("_", " ")),
        ("Route", lambda plan: plan.order.route),
        ("Weight", lambda plan: f"{number(plan.order.patient.weight_kg)} kg"),
        ("Regimen", plan_words.regimen),
        ("Dose", plan_words.dose),
        ("Made of", plan_words.dose_sum),
        ("Product", lambda plan: plan.product.name if plan.product else ""),
        ("Days", lambda plan: str(len(plan.days))),
        ("A day", _each(lambda plan: (plan_words.amount(day) for day in plan.days))),
        ("Vials a day", _each(lambda plan: (plan_words.vials(day) for day in plan.days))),
        ("Highest rate", _top),
        ("Longest", _longest),
        ("Experience", lambda plan: say(words.EXPERIENCE[plan.rates.experience]) if plan.rates else ""),
        ("Premedication", _premedication),
        ("Facts", lambda plan: plan.knowledge_version),
    )
)
