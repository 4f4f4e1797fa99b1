"""What happens in the days after: one frozen value an event, as it happened.

Like at the chair, an event states a fact about the world and never a judgement of ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.reactions import Urgency

Reader = Literal["patient", "team"]
"""patient: or who cares for them."""


class After(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of everything that can happen in the days after. The tag ``kind`` names it."""


class CheckInSent(After, frozen=True, tag="check_in_sent"):
    """The questions of a check-in went out to the patient."""

    check_in: str
    """Id of the check-in."""


class CheckInRead(After, frozen=True, tag="check_in_read"):
    """The patient opened the questions, or somebody of the team read the answer."""

    check_in: str
    reader: Reader = "patient"


class CheckInAnswered(After, frozen=True, tag="check_in_answered"):
    """What was answered. An answer taken by the team, at the telephone or in person, is read."""

    check_in: str
    report: SymptomReport
    taken_by: Reader = "patient"


class ResultReceived(After, frozen=True, tag="result_received"):
    """One laboratory value in its measure's unit. The latest of one measure and time counts."""

    measure: str
    value: Decimal
    drawn_at: dt.datetime
    """Aware; of a result with a day alone, midnight of that day."""
    lower_normal: Decimal | None = None
    upper_normal: Decimal | None = None
    """Limits of that laboratory; None: not known."""

    def __post_init__(self) -> None:
        if self.drawn_at.tzinfo is None:
            raise ValueError("the time of a result needs its offset from UTC")
        if not (self.value.is_finite() and self.value >= 0):
            raise ValueError(f"a result is a number of 0 or more, not {self.value}")


class DiaryEntry(After, frozen=True, tag="diary_entry"):
    """What the patient wrote down."""

    report: SymptomReport


class SymptomsReported(After, frozen=True, tag="symptoms_reported"):
    """A report outside a check-in, and the answer that was shown."""

    report: SymptomReport
    urgency: Urgency
    facts: tuple[str, ...]
    """What the urgency rested on."""


class ReportsSettled(After, frozen=True, tag="reports_settled"):
    """A clinician has dealt with every report and result of the infusion so far; the next report counts
    as a first."""

    reason: str


FollowUpEvent = (
    CheckInSent
    | CheckInRead
    | CheckInAnswered
    | ResultReceived
    | DiaryEntry
    | SymptomsReported
    | ReportsSettled
)
"""Everything that can happen in the days after an infusion."""


class Happened(msgspec.Struct, frozen=True):
    """One thing that happened at an instant."""

    id: str
    at: dt.datetime
    """Aware."""
    what: FollowUpEvent
    by: str = ""
    """Who recorded it."""


def by_time(happened: Iterable[Happened]) -> list[Happened]:
    """Sorted by their moments; of the same moment, as they were given: a journal gives them as they were
    written, and what was written after a settlement is not settled by it."""
    return sorted(happened, key=lambda each: each.at)


def unsettled(happened: Iterable[Happened]) -> tuple[Happened, ...]:
    """What came since a clinician last settled what there was, by time."""
    known = by_time(happened)
    last = max((at for at, each in enumerate(known) if isinstance(each.what, ReportsSettled)), default=-1)
    return tuple(known[last + 1 :])


def reports(happened: Iterable[Happened]) -> tuple[SymptomReport, ...]:
    """Everything that was reported, by time: check-ins answered, and reports beside them."""
    return tuple(
        each.what.report
        for each in by_time(happened)
        if isinstance(each.what, CheckInAnswered | SymptomsReported)
    )


def open_reports(happened: Iterable[Happened]) -> tuple[SymptomReport, ...]:
    """What was reported since a clinician last settled it, by time."""
    return reports(unsettled(happened))
