"""The follow-up inbox: what waits after infusions, in which order, and what lets it go."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from ivigil.aftercare.happenings import (
    CheckInAnswered,
    CheckInRead,
    DiaryEntry,
    FollowUpEvent,
    ReportsSettled,
    ResultReceived,
    SymptomsReported,
)
from ivigil.aftercare.results import read_results
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import Completed, Happening, RateSet, Started
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case, diary_of, hand_over, of_journal, results_of, standings, triage_of
from ivigil.practice.entry import Entry, draft
from ivigil.practice.file import open_file
from ivigil.practice.inbox import TIERS, Item, Post, ranked
from ivigil.practice.rehearsal import Stage, rehearse
from ivigil.practice.reports import waiting
from ivigil.records import Journal
from ivigil.sheets.follow_up import follow_up_sheet
from ivigil.web.rehearsed import parts
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

    def happens(self, what: Happening | FollowUpEvent, after: dt.timedelta, plan: Plan | None = None) -> None:
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


def test_what_is_told_in_the_second_of_a_settlement_and_after_it_is_not_settled_by_it(days: Days) -> None:
    """Many times, for an order by chance would be right half the time."""
    for number in range(1, 9):
        days.happens(ReportsSettled(reason="seen"), number * HOUR)
        days.reports("chest_pain", after=number * HOUR)
        assert "report" in kinds(days.waits(number * HOUR)), number


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


def test_an_infusion_that_goes_on_is_not_followed_until_something_is_told_of_it(days: Days) -> None:
    """Nor is what was told lost if nobody ever records its end."""
    running = days.ward.played("A-2", "Bo Example", minutes_ago=60)
    post = Post(days.journal)
    assert post.inbox(knowledge(), NOW).followed == 1
    days.reports("wheezing", after=HOUR, plan=running)
    for at in (NOW + 2 * HOUR, NOW + 200 * DAY):
        days.clock[0] = at
        (item,) = [each for each in post.inbox(knowledge(), at).items if each.infusion == f"{running.id}-1"]
        assert (item.kind, item.tier, item.ended) == ("report", "emergency", False)
    days.happens(ReportsSettled(reason="seen at the chair"), 201 * DAY, running)
    assert f"{running.id}-1" not in {each.infusion for each in post.inbox(knowledge(), NOW + 202 * DAY).items}


def test_nothing_that_is_told_later_makes_what_waits_less_urgent(days: Days) -> None:
    """Neither being well again nor the time that passed: only the team does."""
    days.reports("chest_pain", after=HOUR)
    well = SymptomReport(at=NOW + 9 * DAY, absent=tuple(each.id for each in knowledge().facts.symptom))
    days.happens(SymptomsReported(report=well, urgency="self_care", facts=()), 9 * DAY)
    (item,) = [each for each in days.waits(9 * DAY + HOUR) if each.kind == "report"]
    assert (item.tier, item.count) == ("emergency", 2)


def test_a_question_that_was_left_open_before_may_be_answered_later(days: Days) -> None:
    """What was not asked counts as danger; once it is answered it is none."""
    days.reports("headache", after=HOUR)
    first = next(each for each in days.waits(2 * HOUR) if each.kind == "report")
    danger = tuple(each.id for each in knowledge().facts.symptom if each.ask_first)
    told = SymptomReport(at=NOW + 3 * HOUR, absent=danger)
    days.happens(SymptomsReported(report=told, urgency="self_care", facts=()), 3 * HOUR)
    case = of_journal(days.journal, first.infusion, knowledge(), NOW + 4 * HOUR)
    answer = triage_of(case)
    assert answer is not None
    assert "unanswered" not in {cause.code for cause in answer.causes}


def test_silence_that_is_told_of_can_be_answered_when_the_next_day_has_begun(days: Days) -> None:
    """The next day of a course silences nothing until it has ended and asks by itself."""
    stream, infusion = days.ward.stream(days.plan), infusion_id(days.plan.id, 1)
    start = NOW + 2 * DAY
    days.clock[0] = start
    next_day = days.ward.played("A-1", "Alva Example", minutes_ago=-60 * 47)
    days.happens(Started(), 2 * DAY, next_day)
    days.happens(RateSet(rate_ml_per_h=Decimal(30)), 2 * DAY, next_day)
    at = start + 2 * HOUR
    days.clock[0] = at
    silent = {item.about for item in days.waits(at - NOW) if item.kind == "silence"}
    assert silent
    file = open_file(days.journal, stream, knowledge(), at)
    assert file.case is not None
    assert file.case.episode.infusion == infusion_id(next_day.id, 1)
    (asked,) = file.asked
    assert asked.episode.infusion == infusion
    assert silent <= {
        each.check_in.id for each in standings(asked) if each.state not in ("planned", "answered")
    }
    days.happens(Completed(), 2 * DAY + 3 * HOUR, next_day)
    later = open_file(days.journal, stream, knowledge(), start + 4 * HOUR)
    assert [case.episode.infusion for case in later.cases] == [infusion_id(next_day.id, 1)]
    before = of_journal(days.journal, infusion, knowledge(), start + 4 * HOUR)
    assert not [each for each in standings(before) if each.escalation]


class Course(NamedTuple):
    """A course of two days of which both have begun, and what is told of each."""

    days: Days
    stream: str
    first: str
    second: str

    def happens(self, infusion: str, what: FollowUpEvent, hours: int) -> None:
        at = self.days.clock[0] = NOW + hours * HOUR
        entry = Entry(by=self.days.ward.cast.nurse, occurred_at=at, device_at=at)
        self.days.journal.append([draft(entry, self.stream, what, infusion)])

    def reports(self, infusion: str, symptom: str, hours: int) -> None:
        told = self.days.report(symptom, after=hours * HOUR)
        self.happens(infusion, SymptomsReported(report=told, urgency="same_day", facts=()), hours)

    def notes(self, infusion: str, symptom: str, hours: int) -> None:
        self.happens(infusion, DiaryEntry(report=self.days.report(symptom, after=hours * HOUR)), hours)

    def after_the_second(self, hours: int) -> Case:
        return of_journal(self.days.journal, self.second, knowledge(), NOW + hours * HOUR)


@pytest.fixture
def course(days: Days) -> Course:
    part = next(each for each in parts(knowledge(), NOW) if each.name == "Carl Fictional")
    plan = rehearse(Stage(days.journal, knowledge(), days.ward.cast, NOW), part)
    return Course(days, days.ward.stream(plan), *(infusion_id(plan.id, day) for day in (1, 2)))


def test_what_was_told_of_one_day_of_a_course_counts_on_the_next_until_it_is_settled(course: Course) -> None:
    """Eyes that light hurts after day 1 and a rash after day 2 are together a sign of meningitis."""

    def answer(hours: int) -> tuple[str, int, set[str]]:
        found = triage_of(course.after_the_second(hours))
        assert found is not None
        listed = waiting(course.days.journal.read(course.stream), course.stream, knowledge())
        assert {each.infusion: each.urgency for each in listed}[course.second] == found.urgency
        return found.urgency, found.contact, {fact for cause in found.causes for fact in cause.facts}

    both = "urgency.meningitis_light_and_rash_or_drowsy"
    course.reports(course.first, "light_hurts_eyes", 1)
    course.reports(course.second, "rash", 2)
    urgency, contact, facts = answer(3)
    assert (urgency, contact, both in facts) == ("emergency_now", 1, True)
    course.happens(course.first, ReportsSettled(reason="seen"), 4)
    urgency, contact, facts = answer(5)
    assert (urgency, contact, both in facts) == ("same_day", 1, False)


def test_a_headache_that_began_on_one_day_of_a_course_lasts_into_the_next(course: Course) -> None:
    """reaction.ivig_headache.duration: usually over within 72 h."""
    course.notes(course.first, "headache_mild", 1)
    course.notes(course.second, "headache_mild", 74)
    reading = diary_of(course.after_the_second(75))
    (spell,) = [each for each in reading.spells if each.symptom == "symptom.headache_mild"]
    assert (spell.since, spell.entries) == (NOW + HOUR, 2)
    assert reading.report is not None
    assert "symptom.headache_over_72_h" in reading.report.present


def test_a_value_of_one_day_of_a_course_is_held_against_that_of_the_day_before(course: Course) -> None:
    """KDIGO: a rise of creatinine by 26 umol/L within 48 h. The order has no value of before."""
    for infusion, hours, value in ((course.first, 1, 80), (course.second, 25, 110)):
        drawn_at = NOW + hours * HOUR
        body = ResultReceived(
            measure="measure.creatinine_umol_per_l", value=Decimal(value), drawn_at=drawn_at
        )
        course.happens(infusion, body, hours)
    case = course.after_the_second(26)
    assert not case.plan.order.patient.measurements.get("creatinine_umol_per_l")
    readings = read_results(results_of(case), case.episode, knowledge(), case.course_start)
    assert {reading.rule: reading.holds for reading in readings}["result.kidney.kdigo"] == "true"


def test_the_hand_over_tells_every_report_in_its_words(days: Days) -> None:
    told = replace(days.report("headache", after=HOUR), words="my head aches since the dog bit me")
    days.happens(SymptomsReported(report=told, urgency="same_day", facts=()), HOUR)
    found = hand_over(of_journal(days.journal, infusion_id(days.plan.id, 1), knowledge(), NOW + 2 * HOUR))
    assert found.reported == (told,)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(follow_up_sheet(found, knowledge(), recorded=True))
    assert "“my head aches since the dog bit me”" in console.export_text()


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
