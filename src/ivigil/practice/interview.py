"""Asking a patient what is wrong: danger to life first, then own words, then what may change the answer.

Pure: a face puts the questions and brings back the answers. No answer is never a no.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from msgspec.structs import replace

from ivigil.aftercare.matching import Matched
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Triage

Judge = Callable[[SymptomReport], Triage]


class Doubt(NamedTuple):
    """A symptom that was read in a person's words, to be confirmed by them."""

    symptom: str
    counts: bool | None
    """What it counts as until they answer: True, or None for nothing."""


def unconfirmed(report: SymptomReport, words: Matched) -> tuple[Doubt, ...]:
    """What was read in the words and not answered yet. What was only read as denied denies nothing."""
    taken = [Doubt(name, True) for name in words.symptoms("said", "unclear")]
    denied = [Doubt(name, None) for name in words.symptoms("denied")]
    return tuple(each for each in (*taken, *denied) if each.symptom not in (*report.present, *report.absent))


def answered(
    report: SymptomReport, symptom: str, answer: bool | None, *, counts: bool | None = None
) -> SymptomReport:
    """The report with one question answered; counts: what no answer is taken as, None: left open."""
    said = counts if answer is None else answer
    if said is None or symptom in (*report.present, *report.absent):
        return report
    if said:
        return replace(report, present=(*report.present, symptom))
    return replace(report, absent=(*report.absent, symptom))


def further(report: SymptomReport, judge: Judge, passed: Collection[str] = ()) -> tuple[str, ...]:
    """Symptoms to ask next: a yes to one may make the answer more urgent. Empty: nothing may.

    passed: those that were asked and not answered.
    """
    if is_emergency(report, judge):
        return ()
    return tuple(name for name in judge(report).ask if name not in passed)


def is_emergency(report: SymptomReport, judge: Judge) -> bool:
    """Is what was told so far an emergency? Then nothing else is asked."""
    return bool(report.present or report.readings) and judge(report).urgency == "emergency_now"
