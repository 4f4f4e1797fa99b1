"""What is still to be done after an infusion: tests, and the hand-over to whoever treats next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.aftercare.diary import DiaryReading
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import ResultReceived
from ivigil.aftercare.results import ResultReading
from ivigil.aftercare.spans import later
from ivigil.aftercare.standing import Standing, Watch
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, TimelineEntry
from ivigil.knowledge.care import BaselineTest
from ivigil.knowledge.hazards import OrderTest
from ivigil.knowledge.logic import FALSE, TRUE
from ivigil.knowledge.next_time import Proposal, proposals
from ivigil.knowledge.reactions import PanelTiming
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Identifier

TestState = Literal["planned", "due", "overdue", "done", "undated"]
"""overdue: its last day is over, and no result in its days is on record."""


class FollowUpTest(msgspec.Struct, frozen=True, kw_only=True):
    """One blood test that the plan asks for after the infusion."""

    what: str
    first: dt.date | None
    last: dt.date | None
    state: TestState
    finding: str
    """Id of the finding that asks for it."""
    measures: tuple[str, ...]
    """Whose results show that it was done; none: no result on record can."""
    facts: tuple[str, ...]


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """One stated time."""

    fact: str
    first: dt.datetime | None
    """None: at once, or what it counts from is not known."""
    last: dt.datetime | None


class PanelDue(msgspec.Struct, frozen=True, kw_only=True):
    """Tests for a reaction that a result or a sign speaks for, and when to draw them."""

    panel: str
    reactions: tuple[str, ...]
    draws: tuple[Draw, ...]


class ChairRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the chair has on record, in plain values. Empty: nothing was recorded."""

    given_g: Decimal | None = None
    lots: tuple[tuple[str, str], ...] = ()
    """Product and lot of every vial; each empty where it was not read."""
    symptoms: tuple[str, ...] = ()
    reactions: tuple[str, ...] = ()
    """Suspected at the chair."""
    medicines: tuple[str, ...] = ()


OpenCode = Literal[
    "check_in_unread",
    "check_in_unanswered",
    "answer_not_read",
    "questions_open",
    "test_overdue",
    "result_not_judged",
    "diary_asks",
    "lot_missing",
    "no_chair_record",
]


class OpenPoint(msgspec.Struct, frozen=True):
    """One thing that nobody has settled."""

    code: OpenCode
    what: str = ""
    """Id of what it is about."""


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the next provider needs to know of one infusion, as one value."""

    at: dt.datetime
    patient: Identifier
    episode: Episode
    planned_g: Decimal
    """Of this day."""
    chair: ChairRecord | None
    """None: the infusion is not on record here."""
    check_ins: tuple[Standing, ...]
    watch: Watch
    diary: DiaryReading
    tests: tuple[FollowUpTest, ...]
    results: tuple[ResultReceived, ...]
    readings: tuple[ResultReading, ...]
    panels: tuple[PanelDue, ...]
    next_order: tuple[Proposal, ...]
    """Proposals for the prescriber, of every reaction that is suspected."""
    open_points: tuple[OpenPoint, ...]
    reported: tuple[SymptomReport, ...] = ()
    """What was told beside the check-ins and in them, by time."""

    def facts(self) -> tuple[str, ...]:
        """Ids of every fact that is named but those of the check-ins, which name their own."""
        named = [name for test in self.tests for name in test.facts]
        for reading in self.readings:
            named += [reading.rule, *reading.first_actions]
        for panel in self.panels:
            named += [panel.panel, *(draw.fact for draw in panel.draws)]
        for proposal in self.next_order:
            named += [*proposal.facts, *proposal.against]
        return tuple(dict.fromkeys((*named, *self.diary.facts)))


def follow_up_tests(
    plan: Plan, results: Iterable[ResultReceived], now: dt.datetime, knowledge: Knowledge
) -> tuple[FollowUpTest, ...]:
    """The tests that the plan's timeline asks for, and which of them are done at ``now`` (aware)."""
    drawn = tuple(results)
    return tuple(_test(entry, drawn, now, knowledge) for entry in plan.timeline if entry.kind == "test")


def _test(
    entry: TimelineEntry, results: tuple[ResultReceived, ...], now: dt.datetime, knowledge: Knowledge
) -> FollowUpTest:
    measures = _measures(entry, knowledge)
    first, last = entry.date, entry.until or entry.date
    state: TestState = "undated"
    if first is not None and last is not None:
        days = {each.drawn_at.date() for each in results if each.measure in measures}
        if any(first <= day <= last for day in days):
            state = "done"
        elif now.date() > last:
            state = "overdue"
        else:
            state = "due" if now.date() >= first else "planned"
    return FollowUpTest(
        what=entry.what,
        first=first,
        last=last,
        state=state,
        finding=entry.state,
        measures=measures,
        facts=entry.facts,
    )


def _measures(entry: TimelineEntry, knowledge: Knowledge) -> tuple[str, ...]:
    """The measures of a test, by the codes that both carry."""
    ordered = [fact for name in entry.facts if isinstance(fact := knowledge.by_id[name], OrderTest)]
    tests = [knowledge.by_id.get(order.test) for order in ordered]
    codes = {code for test in tests if isinstance(test, BaselineTest) for code in test.loinc}
    return tuple(measure.id for measure in knowledge.facts.measure if codes & set(measure.loinc))


def panels_due(
    readings: Iterable[ResultReading], episode: Episode, knowledge: Knowledge
) -> tuple[PanelDue, ...]:
    """The tests for the reactions that results speak for, counted from the end or from the result."""
    seen_at: dict[str, dt.datetime] = {}
    for reading in readings:
        if reading.holds is not FALSE:
            first = min(each.drawn_at for each in reading.because)
            seen_at[reading.reaction] = min(first, seen_at.get(reading.reaction, first))
    due = []
    for panel in knowledge.facts.test_panel:
        reactions = tuple(name for name in panel.reactions if name in seen_at)
        if reactions:
            onset = min(seen_at[name] for name in reactions)
            draws = (_draw(timing, onset, episode) for timing in panel.timings)
            dated = tuple(draw for draw in draws if draw is not None)
            due.append(PanelDue(panel=panel.id, reactions=reactions, draws=dated))
    return tuple(due)


def _draw(timing: PanelTiming, onset: dt.datetime, episode: Episode) -> Draw | None:
    """When a stated time falls; None for one before the infusion, or counted from what is not known."""
    start = {"onset": onset, "end": episode.ended_at, "first_day": None}[timing.counted_from]
    if start is None:
        return None
    low = timing.hours_min if timing.days_min is None else timing.days_min * 24
    high = timing.hours_max if timing.days_max is None else timing.days_max * 24
    return Draw(
        fact=timing.id,
        first=None if low is None else later(start, low),
        last=None if high is None else later(start, high),
    )


def suspected(chair: ChairRecord | None, readings: Iterable[ResultReading]) -> tuple[str, ...]:
    """Reactions that the chair or a result speaks for. What a result leaves open is an open point."""
    at_chair = chair.reactions if chair else ()
    by_result = (reading.reaction for reading in readings if reading.holds is TRUE)
    return tuple(dict.fromkeys((*at_chair, *by_result)))


def next_order(reactions: Iterable[str], knowledge: Knowledge) -> tuple[Proposal, ...]:
    """What may change in the next order after these reactions."""
    wanted = set(reactions)
    return proposals(reaction for reaction in knowledge.facts.reaction if reaction.id in wanted)


def open_points(
    check_ins: Iterable[Standing],
    tests: Iterable[FollowUpTest],
    readings: Iterable[ResultReading],
    diary: DiaryReading,
    chair: ChairRecord | None,
) -> tuple[OpenPoint, ...]:
    """What nobody has settled, the check-ins first."""
    points: list[OpenPoint] = []
    for each in check_ins:
        if each.state == "unread":
            points.append(OpenPoint("check_in_unread", each.check_in.id))
        if each.state == "unanswered":
            points.append(OpenPoint("check_in_unanswered", each.check_in.id))
        if each.answered_at is not None and each.answer_read_at is None:
            points.append(OpenPoint("answer_not_read", each.check_in.id))
        if each.left_open:
            points.append(OpenPoint("questions_open", each.check_in.id))
    points += [OpenPoint("test_overdue", test.what) for test in tests if test.state == "overdue"]
    points += [OpenPoint("result_not_judged", read.reaction) for read in readings if read.missing]
    points += [OpenPoint("diary_asks", name) for name in diary.ask]
    if chair is None:
        points.append(OpenPoint("no_chair_record"))
    elif not chair.lots or not all(lot for _, lot in chair.lots):
        points.append(OpenPoint("lot_missing"))
    return tuple(dict.fromkeys(points))
