"""The words of the days after: states, silence, results, open points. The core knows only their codes."""

from __future__ import annotations

from ivigil.aftercare.follow_up import OpenCode, TestState
from ivigil.aftercare.results import Missing
from ivigil.aftercare.standing import Because, Escalation, State
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.spoken import say, texts

STATE: dict[State, str] = texts(
    {
        "planned": "planned",
        "due": "DUE NOW",
        "unread": "NOT READ",
        "unanswered": "NOT ANSWERED",
        "answered": "answered",
    }
)

BECAUSE: dict[Because, str] = texts(
    {
        "unread": "the patient is not known to have read it",
        "unanswered": "the patient read it and did not answer",
        "answer_not_read": "nobody of the team is known to have read the answer",
    }
)

TELL = texts(
    {
        "team": "the infusion team",
        "prescriber": "the prescriber",
        "after_hours": "the after-hours service",
        "emergency_contact": "the patient's emergency contact",
    }
)

TEST: dict[TestState, str] = texts(
    {
        "planned": "planned",
        "due": "DUE",
        "overdue": "OVERDUE",
        "done": "done",
        "undated": "no date",
    }
)

HOLDS: dict[Truth, str] = texts({Truth.TRUE: "FITS", Truth.UNKNOWN: "NOT KNOWN", Truth.FALSE: "does not fit"})

MISSING: dict[Missing, str] = texts(
    {
        "baseline": "the patient's own value from before is missing",
        "time": "not shown to lie within the time that the rule names",
        "upper_normal": "the laboratory's upper limit is missing",
        "lower_normal": "the laboratory's lower limit is missing",
        "age": "the age is missing",
    }
)

SEVERITY = texts(
    {
        "mild": "mild",
        "severe": "severe",
        "stage_1": "stage 1",
        "stage_2": "stage 2",
        "stage_3": "stage 3",
        "present": "",
    }
)

OPEN: dict[OpenCode, str] = texts(
    {
        "check_in_unread": "check-in {what} was not read",
        "check_in_unanswered": "check-in {what} was not answered",
        "answer_not_read": "nobody read the answer to check-in {what}",
        "questions_open": "questions left open in check-in {what}",
        "test_overdue": "a test without a result: {what}",
        "result_not_judged": "a result that cannot be judged: {what}",
        "diary_asks": "to be asked: {what}",
        "lot_missing": "a lot number, or every vial, is missing",
        "no_chair_record": "the infusion itself is not on record here",
    }
)


def whom(escalation: Escalation, knowledge: Knowledge) -> str:
    """Who is to be told, and at which number."""
    site = knowledge.site
    phones = {"team": site.contact_phone, "after_hours": site.after_hours_phone}
    return "; ".join(
        f"{say(TELL[name])} ({phones.get(name) or say('no number is set')})" for name in escalation.to
    )
