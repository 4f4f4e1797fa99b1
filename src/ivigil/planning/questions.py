"""Questions: which unanswered fields would change the plan, the most valuable first."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ivigil.course import Course, Finding, Question
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.hazards import Advise, Confirm
from ivigil.knowledge.logic import Case, judge
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order

DAYS = "days"
"""The field that asks for a number of days outside the regimen's own: the order's."""
LEAVES_REGIMEN = "leaves_regimen"
_SEVERITY_WORTH = {"contraindicated": 8, "serious": 4, "moderate": 2, "info": 1}


class _Gathered(msgspec.Struct):
    findings: list[str]
    changes: list[str]
    worth: int = 0
    blocking: bool = False


def questions(
    findings: tuple[Finding, ...], also: Iterable[tuple[str, str]], case: Case, knowledge: Knowledge
) -> tuple[Question, ...]:
    """One question a field, ranked: those that hold the release, then by what an answer could lift.

    ``also``: (field, what it decides) pairs from other steps, such as the height that a
    dosing weight needs; they always hold the release. A present finding that wants a
    professional's word asks for an override.
    """
    gathered: dict[str, _Gathered] = {}
    for finding in findings:
        for field in askable(finding.missing, case, knowledge):
            entry = gathered.setdefault(field, _Gathered([], []))
            entry.findings.append(finding.id)
            entry.changes.extend(a.effect for a in finding.do if a.effect != _ADVISE)
            entry.worth += _SEVERITY_WORTH[finding.severity]
            entry.blocking = entry.blocking or _holds(finding, knowledge)
    for named, decides in also:
        for field in askable((named,), case, knowledge):
            entry = gathered.setdefault(field, _Gathered([], []))
            entry.changes.append(decides)
            entry.blocking = True
    ranked = sorted(gathered.items(), key=lambda item: (not item[1].blocking, -item[1].worth, item[0]))
    asked = tuple(_question(field, entry, knowledge) for field, entry in ranked)
    return (*_confirmations(findings, knowledge), *asked)


def leaving(
    course: Course | None, regimen: Regimen, order: Order, findings: tuple[Finding, ...]
) -> list[tuple[str, str]]:
    """What holds a course of more days than its regimen allows, where nobody ordered them.

    What nobody answered and would give the regimen's own days back, and at the end the number of days itself:
    ordered, it is the prescriber's.
    """
    allowed = regimen.allowed_days
    if course is None or not allowed or course.days in allowed or order.days is not None:
        return []
    causes = {reason.finding for reason in course.days_because}
    open_ = [f for finding in findings if finding.id in causes for f in finding.missing]
    return [*((field, LEAVES_REGIMEN) for field in dict.fromkeys(open_)), (DAYS, LEAVES_REGIMEN)]


def _confirmations(findings: tuple[Finding, ...], knowledge: Knowledge) -> tuple[Question, ...]:
    """What a named professional has to set aside, with a reason, before the release."""
    return tuple(
        Question(
            field=f"overrides.{finding.id}",
            question=effect.text,
            blocking=True,
            findings=(finding.id,),
            changes=(str(effect.__struct_config__.tag),),
        )
        for finding in findings
        if finding.state == "present" and not finding.overridden_by
        for effect in knowledge.hazards[finding.id].effects
        if isinstance(effect, Confirm)
    )


_ADVISE = str(Advise.__struct_config__.tag)


def _holds(finding: Finding, knowledge: Knowledge) -> bool:
    hazard = knowledge.hazards[finding.id]
    return finding.state == "asked" and hazard.unknown == "ask" and not finding.overridden_by


def askable(fields: Iterable[str], case: Case, knowledge: Knowledge) -> tuple[str, ...]:
    """Replace derived terms by the unanswered terms that define them."""
    asked: list[str] = []
    for field in fields:
        term = knowledge.terms.get(field)
        if term is not None and term.when is not None:
            asked.extend(askable(judge(term.when, case).missing, case, knowledge))
        else:
            asked.append(field)
    return tuple(dict.fromkeys(asked))


def _question(field: str, entry: _Gathered, knowledge: Knowledge) -> Question:
    term = knowledge.terms.get(field)
    return Question(
        field=field,
        question=term.question if term else "",
        blocking=entry.blocking,
        findings=tuple(dict.fromkeys(entry.findings)),
        changes=tuple(dict.fromkeys(entry.changes)),
    )
