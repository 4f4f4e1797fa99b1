"""The follow-up inbox: what waits after infusions, in which order, and what lets it go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.happenings import (
    CheckInAnswered,
    CheckInRead,
    FollowUpEvent,
    ReportsSettled,
    ResultReceived,
    SymptomsReported,
)
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.knowledge.store import Knowledge
from ivigil.practice.inbox import TIERS, Item, Post, ranked
from ivigil.records import Journal
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.orders import knowledge

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Days(NamedTuple):
    """One infusion that has ended, and the days after it."""

    journal: Journal
    ward: FictionalWard
    plan: Plan
    clock: list[dt.datetime]

    def waits(self, after: dt.timedelta, base: Knowledge | None = None) -> tuple[Item, ...]:
        self.clock[0] = NOW + after
        return Post(self.journal).inbox(base or knowledge(), NOW + after).items

    def happens(self, what: FollowUpEvent, after: dt.timedelta, plan: Plan | None = None) -> None:
        self.clock[0] = NOW + after
        self.ward.happens(plan or self.plan, what, NOW + after)

    def report(self, *symptoms: str, after: dt.timedelta) -> SymptomReport:
        return SymptomReport(at=NOW + after, present=tuple(f"symptom.{name}" for name in symptoms))

    def reports(self, *symptoms: str, after: dt.timedelta, plan: Plan | None = None) -> None:
        told = self.report(*symptoms, after=after)
        self.happens(SymptomsReported(report=told, urgency="same_day", facts=()), after, plan)


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    clock = [NOW]
    journal = Journal.create(str(tmp_path / "journal.db"), tmp_path / "secrets", clock=lambda: clock[0])
    ward = FictionalWard(journal)
    yield Days(journal, ward, ward.played("A-1", "Alva Example", minutes_ago=300), clock)
    journal.close()


def kinds(items: tuple[Item, ...]) -> list[str]:
    return [item.kind for item in items]


def test_nothing_waits_right_after_the_end(days: Days) -> None:
    assert [item for item in days.waits(dt.timedelta()) if item.tier in ("emergency", "now", "today")] == []


def test_a_report_of_danger_to_life_waits_before_everything_until_a_clinician_settles_it(days: Days) -> None:
    other = days.ward.played("A-2", "Bo Example", minutes_ago=300)
    days.reports("headache", after=2 * HOUR, plan=other)
    days.reports("chest_pain", after=3 * HOUR)
    waiting = days.waits(4 * HOUR)
    first, second = waiting[0], next(item for item in waiting[1:] if item.kind == "report")
    assert (first.kind, first.tier, first.urgency) == ("report", "emergency", "emergency_now")
    assert (first.infusion, first.initials) == (infusion_id(days.plan.id, 1), "A. E.")
    assert (second.infusion, second.tier) == (infusion_id(other.id, 1), "today")
    days.happens(ReportsSettled(reason="seen in the emergency department"), 5 * HOUR)
    assert infusion_id(days.plan.id, 1) not in {
        item.infusion for item in days.waits(6 * HOUR) if item.kind == "report"
    }


def test_where_triage_is_switched_off_a_report_waits_unjudged_and_before_care_of_today(days: Days) -> None:
    days.reports("headache", after=2 * HOUR)
    base = knowledge()
    off = tuple(
        replace(each, choice="off") if each.id == "policy.patient_triage" else each
        for each in base.facts.policy
    )
    (item,) = [
        each
        for each in days.waits(3 * HOUR, replace(base, facts=replace(base.facts, policy=off)))
        if each.kind == "report"
    ]
    assert (item.tier, item.urgency) == ("now", None)


def test_silence_waits_and_whoever_is_at_risk_is_told_of(days: Days) -> None:
    silent = [item for item in days.waits(10 * DAY) if item.kind == "silence"]
    assert silent
    for item in silent:
        assert (item.tier == "today") == (item.escalation is not None)
        assert item.escalation is None or item.escalation.to


def test_an_answer_waits_until_somebody_of_the_team_has_read_it(days: Days) -> None:
    asked = next(item.about for item in days.waits(10 * DAY) if item.kind == "silence")
    told = days.report("headache", after=10 * DAY)
    days.happens(CheckInAnswered(check_in=asked, report=told), 10 * DAY)
    waiting = [item for item in days.waits(10 * DAY + HOUR) if item.about == asked]
    assert kinds(tuple(waiting)) == ["answer"]
    days.happens(CheckInRead(check_in=asked, reader="team"), 10 * DAY + 2 * HOUR)
    assert not [item for item in days.waits(10 * DAY + 3 * HOUR) if item.about == asked]


def test_an_answer_to_the_team_is_read(days: Days) -> None:
    asked = next(item.about for item in days.waits(10 * DAY) if item.kind == "silence")
    told = days.report("headache", after=10 * DAY)
    days.happens(CheckInAnswered(check_in=asked, report=told, taken_by="team"), 10 * DAY)
    assert not [item for item in days.waits(10 * DAY + HOUR) if item.about == asked]


def test_a_result_waits_until_it_is_settled_and_a_later_one_waits_again(days: Days) -> None:
    def drawn(after: dt.timedelta) -> ResultReceived:
        return ResultReceived(measure="measure.haemoglobin_g_per_l", value=Decimal(70), drawn_at=NOW + after)

    days.happens(drawn(2 * DAY), 2 * DAY + HOUR)
    assert "result" in kinds(days.waits(2 * DAY + 2 * HOUR))
    days.happens(ReportsSettled(reason="read, repeated tomorrow"), 2 * DAY + 3 * HOUR)
    assert "result" not in kinds(days.waits(2 * DAY + 4 * HOUR))
    days.happens(drawn(3 * DAY), 3 * DAY + HOUR)
    assert "result" in kinds(days.waits(3 * DAY + 2 * HOUR))


def test_an_infusion_that_goes_on_is_not_followed_yet(days: Days) -> None:
    days.ward.played("A-2", "Bo Example", minutes_ago=60)
    assert Post(days.journal).inbox(knowledge(), NOW).followed == 1


def test_what_is_kept_is_what_a_new_inbox_reads(days: Days) -> None:
    post = Post(days.journal)
    for number in range(4):
        after = number * DAY
        days.reports("headache", after=after)
        at = NOW + after + HOUR
        days.clock[0] = at
        assert post.inbox(knowledge(), at) == Post(days.journal).inbox(knowledge(), at)


ITEMS = st.builds(
    lambda tier, hours, name: Item(
        kind="report",
        tier=tier,
        infusion=f"p{name}-1",
        stream="s",
        sites=frozenset(),
        initials="",
        since=NOW - hours * HOUR,
    ),
    st.sampled_from(TIERS),
    st.integers(0, 500),
    st.integers(0, 9),
)


@given(st.lists(ITEMS, max_size=12))
def test_nothing_stands_above_an_emergency(items: list[Item]) -> None:
    order = [TIERS.index(item.tier) for item in ranked(items)]
    assert order == sorted(order)
    assert len(order) == len(items)
