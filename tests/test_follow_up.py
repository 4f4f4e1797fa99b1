"""Results, diary and hand-over: what holds, what is not known, what is still open."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.diary import DiaryReading, read_diary
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.follow_up import (
    ChairRecord,
    follow_up_tests,
    next_order,
    open_points,
    panels_due,
    suspected,
)
from ivigil.aftercare.happenings import ResultReceived
from ivigil.aftercare.results import ResultReading, baselines, read_results
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.logic import FALSE, TRUE, UNKNOWN, Reading, Truth
from ivigil.order import Order
from ivigil.patient import Measurement
from ivigil.release import checked_plan
from tests.support.orders import START, adult, child, knowledge, order

KNOWLEDGE = knowledge()
D = Decimal
HB, CREA = "measure.haemoglobin_g_per_l", "measure.creatinine_umol_per_l"
URINE, NEUTRO = "measure.urine_ml_per_kg_per_h", "measure.neutrophils_10e9_per_l"
BEGUN = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
ENDED = dt.datetime(2026, 11, 23, 13, tzinfo=dt.UTC)
EPISODE = Episode(started_at=BEGUN, ended_at=ENDED, age_months=480, condition="cidp", hazards=())


def result(measure: str, value: str | Decimal, hours: int) -> ResultReceived:
    """A value drawn so many hours after the start; before it, if negative."""
    return ResultReceived(measure=measure, value=D(value), drawn_at=BEGUN + dt.timedelta(hours=hours))


def read(*results: ResultReceived) -> dict[str, ResultReading]:
    return {each.rule: each for each in read_results(results, EPISODE, KNOWLEDGE)}


def truths(*results: ResultReceived) -> dict[str, Truth]:
    return {name.removeprefix("result."): each.holds for name, each in read(*results).items()}


# ---- haemoglobin: Bellac 2015 (mild: a fall of less than 2 g/dL, severe: of more than 2 g/dL)


@pytest.mark.parametrize(
    ("after", "mild", "severe"),
    [("130", FALSE, FALSE), ("129", TRUE, FALSE), ("111", TRUE, FALSE), ("109", FALSE, TRUE)],
)
def test_a_fall_of_haemoglobin_by_the_published_classes(after: str, mild: Truth, severe: Truth) -> None:
    found = truths(result(HB, "130", -24), result(HB, after, 72))
    assert (found["haemolysis.mild"], found["haemolysis.severe"]) == (mild, severe)


def test_a_fall_that_lies_between_the_published_classes_is_not_read_as_normal() -> None:
    found = truths(result(HB, "130", -24), result(HB, "110", 72))
    assert TRUE in found.values()


def test_a_fall_within_ten_days_is_told_from_one_against_an_old_value() -> None:
    """A fall of 10 g/L within 240 h; against a value of a year ago nobody can say when it fell."""
    assert truths(result(HB, "130", -24), result(HB, "119", 72))["haemolysis.canadian"] is TRUE
    old = read(result(HB, "130", -8760), result(HB, "119", 72))["result.haemolysis.canadian"]
    assert (old.holds, old.missing) == (UNKNOWN, ("time",))
    assert truths(result(HB, "130", -8760), result(HB, "125", 72))["haemolysis.canadian"] is FALSE


# ---- creatinine and urine: KDIGO (BMJ Best Practice)


@pytest.mark.parametrize(
    ("after", "stages"),
    [
        ("100", ()),
        ("125", ()),
        ("126", ("kdigo", "kdigo.stage1")),
        ("150", ("kdigo", "kdigo.stage1")),
        ("199", ("kdigo", "kdigo.stage1")),
        ("300", ("kdigo", "kdigo.stage1", "kdigo.stage3")),
        ("354", ("kdigo", "kdigo.stage1", "kdigo.stage3")),
    ],
)
def test_a_rise_of_creatinine_by_kdigo(after: str, stages: tuple[str, ...]) -> None:
    """From 100 umol/L, drawn a day before, to 24 h after the start: a rise of 26 in 48 h, or by half."""
    found = truths(result(CREA, "100", -24), result(CREA, after, 24))
    assert {name for name, truth in found.items() if truth is TRUE} == {f"kidney.{name}" for name in stages}
    assert UNKNOWN not in found.values()


def test_creatinine_doubled_over_a_week_is_stage_two() -> None:
    found = truths(result(CREA, "60", -24), result(CREA, "121", 120))
    assert (found["kidney.kdigo"], found["kidney.kdigo.stage2"]) == (TRUE, TRUE)


def test_a_rise_between_two_later_values_counts_without_any_from_before() -> None:
    found = truths(result(CREA, "80", 24), result(CREA, "110", 60))
    assert found["kidney.kdigo"] is TRUE


def test_little_urine_must_have_lasted() -> None:
    once = read(result(URINE, "0.4", 12))["result.kidney.kdigo"]
    assert (once.holds, once.missing) == (UNKNOWN, ("time",))
    assert truths(result(URINE, "0.4", 12), result(URINE, "0.4", 18))["kidney.kdigo"] is TRUE
    broken = truths(result(URINE, "0.4", 12), result(URINE, "1", 15), result(URINE, "0.4", 18))
    assert broken["kidney.kdigo"] is UNKNOWN
    assert truths(result(URINE, "1", 12))["kidney.kdigo"] is FALSE


@given(st.decimals(1, 353, places=0))
def test_without_a_value_from_before_nothing_reads_as_normal(value: Decimal) -> None:
    for measure in (HB, CREA):
        found = read(result(measure, value, 48))
        assert found
        assert {each.holds for each in found.values()} == {UNKNOWN}
        assert all(each.missing == ("baseline",) for each in found.values())


@given(st.integers(20, 200), st.integers(20, 200), st.integers(1, 240))
def test_forgetting_the_value_from_before_never_reads_as_normal(before: int, after: int, hours: int) -> None:
    for measure in (HB, CREA):
        known = read(result(measure, f"{before}", -24), result(measure, f"{after}", hours))
        blind = read(result(measure, f"{after}", hours))
        assert all(blind[name].holds is not FALSE for name, each in known.items() if each.holds is TRUE)


def test_neutrophils_need_no_value_from_before() -> None:
    assert truths(result(NEUTRO, "1.4", 48)) == {"neutropenia.below_1_5": TRUE}
    assert truths(result(NEUTRO, "1.5", 48)) == {"neutropenia.below_1_5": FALSE}


def test_what_was_not_measured_is_named() -> None:
    found = read(result(CREA, "80", -24), result(CREA, "80", 48))["result.kidney.kdigo"]
    assert (found.holds, found.unmeasured) == (FALSE, (URINE,))


def test_a_value_from_the_course_is_no_value_from_before_it() -> None:
    """Day 2 of a course: what was drawn after day 1 may have fallen already."""
    drawn = (result(HB, "130", -48), result(HB, "115", -2), result(HB, "105", 48))
    course_start = BEGUN - dt.timedelta(hours=24)

    def severe(before: dt.datetime | None) -> Truth:
        found = {each.rule: each.holds for each in read_results(drawn, EPISODE, KNOWLEDGE, before)}
        return found["result.haemolysis.severe"]

    assert (severe(course_start), severe(None)) == (TRUE, FALSE)


def test_the_last_of_two_results_of_one_time_counts() -> None:
    slip = result(HB, "13", 48)
    assert truths(result(HB, "130", -24), slip, result(HB, "130", 48))["haemolysis.severe"] is FALSE


def test_dated_values_of_the_order_are_those_from_before() -> None:
    measured = {
        "haemoglobin_g_per_l": Measurement(Reading.exactly(130), dt.date(2026, 11, 20)),
        "creatinine_umol_per_l": Measurement(Reading.exactly(80)),  # undated
        "iga_g_per_l": Measurement(Reading.exactly(1), dt.date(2026, 11, 20)),  # no rule reads it
    }
    [known] = baselines(replace(adult(), measurements=measured), None, KNOWLEDGE)
    assert (known.measure, known.value, known.drawn_at.date()) == (HB, D(130), dt.date(2026, 11, 20))


# ---- what follows


def test_a_result_that_holds_or_may_hold_asks_for_the_tests_of_its_reaction() -> None:
    readings = tuple(read(result(HB, "130", -24), result(HB, "100", 48)).values())
    [due] = panels_due(readings, EPISODE, KNOWLEDGE)
    assert due.panel == "panel.haemolysis"
    late = next(draw for draw in due.draws if draw.fact == "panel.haemolysis.when.late")
    assert (late.first, late.last) == (ENDED + dt.timedelta(days=5), ENDED + dt.timedelta(days=10))
    assert panels_due(tuple(read(result(NEUTRO, "3", 48)).values()), EPISODE, KNOWLEDGE) == ()


def test_proposals_come_from_what_holds_and_say_what_does_not_help() -> None:
    """Haemolysis: another product; dividing the dose does not prevent it (SmPC)."""
    readings = tuple(read(result(HB, "130", -24), result(HB, "100", 48)).values())
    assert suspected(None, readings) == ("reaction.haemolysis",)
    levers = [proposal.lever for proposal in next_order(suspected(None, readings), KNOWLEDGE)]
    assert levers == ["switch_product"]
    at_chair = ChairRecord(reactions=("reaction.aseptic_meningitis",))
    proposed = next_order(suspected(at_chair, readings), KNOWLEDGE)
    split = next(each for each in proposed if each.lever == "split")
    assert split.against == ("reaction.haemolysis.next.split",)


def test_a_result_that_cannot_be_judged_is_open_and_proposes_nothing() -> None:
    readings = tuple(read(result(CREA, "80", 48)).values())
    assert suspected(None, readings) == ()
    chair = ChairRecord(lots=(("privigen-us", "L1"),))
    [point] = open_points((), (), readings, DiaryReading(spells=()), chair)
    assert (point.code, point.what) == ("result_not_judged", "reaction.acute_kidney_injury")


def kawasaki() -> Order:
    return order("kawasaki_disease", replace(child(), choices={"blood_group": "A"}))


def test_the_tests_are_those_of_the_plan_and_a_result_in_their_days_settles_them() -> None:
    """2 g/kg, blood group A: a blood count 36 to 96 h after the end (FDA 2012), a screen on days 5 to 10."""
    plan = checked_plan(kawasaki(), KNOWLEDGE)
    end = plan.days[-1].end
    [count, screen] = follow_up_tests(plan, (), end, KNOWLEDGE)
    assert (count.state, screen.state) == ("planned", "planned")
    assert count.first == (end + dt.timedelta(hours=36)).date()
    assert count.last == (end + dt.timedelta(hours=96)).date()
    days = plan.days[0].date
    assert (screen.first, screen.last) == (days + dt.timedelta(days=5), days + dt.timedelta(days=10))
    drawn = ResultReceived(measure=HB, value=D(120), drawn_at=end + dt.timedelta(hours=60))
    later = end + dt.timedelta(days=20)
    assert [each.state for each in follow_up_tests(plan, (drawn,), later, KNOWLEDGE)] == ["done", "overdue"]
    early = replace(drawn, drawn_at=end + dt.timedelta(hours=1))
    assert follow_up_tests(plan, (early,), later, KNOWLEDGE)[0].state == "overdue"


def test_open_points_name_a_missing_lot_and_a_chair_without_a_record() -> None:
    nothing = DiaryReading(spells=())
    assert [p.code for p in open_points((), (), (), nothing, None)] == ["no_chair_record"]
    unread = ChairRecord(lots=(("privigen-us", ""),))
    assert [p.code for p in open_points((), (), (), nothing, unread)] == ["lot_missing"]


# ---- diary


def entry(hours: int, *present: str, absent: tuple[str, ...] = (), pain: str | None = None) -> SymptomReport:
    return SymptomReport(
        at=ENDED + dt.timedelta(hours=hours),
        present=tuple(f"symptom.{name}" for name in present),
        absent=tuple(f"symptom.{name}" for name in absent),
        readings={} if pain is None else {"measure.pain_0_10": D(pain)},
    )


def diary(hours: int, *entries: SymptomReport) -> DiaryReading:
    return read_diary(entries, ENDED + dt.timedelta(hours=hours), KNOWLEDGE)


def present(reading: DiaryReading) -> set[str]:
    return {name.removeprefix("symptom.") for name in reading.report.present} if reading.report else set()


def test_a_headache_noted_for_more_than_72_hours_is_one() -> None:
    assert "headache_over_72_h" in present(diary(80, entry(2, "headache_mild"), entry(75, "headache_severe")))
    assert "headache_over_72_h" not in present(
        diary(74, entry(2, "headache_mild"), entry(74, "headache_mild"))
    )


def test_a_headache_over_72_hours_is_also_a_persistent_one_for_triage() -> None:
    assert "headache_persistent" in present(diary(80, entry(2, "headache_mild"), entry(75, "headache_mild")))


def test_silent_days_do_not_end_a_headache() -> None:
    """Noted once, then nothing: it is asked about, and still present."""
    reading = diary(90, entry(2, "headache_mild"))
    assert "headache_mild" in present(reading)
    assert reading.ask == ("symptom.headache_over_72_h",)
    assert diary(60, entry(2, "headache_mild")).ask == ()


def test_a_headache_that_was_gone_counts_anew() -> None:
    gone = entry(40, absent=("headache_mild", "headache_severe", "headache_persistent", "headache_over_72_h"))
    reading = diary(90, entry(2, "headache_mild"), gone, entry(80, "headache_mild"))
    assert "headache_over_72_h" not in present(reading)
    assert reading.ask == ()
    ended = [spell for spell in reading.spells if spell.until is not None]
    assert {spell.symptom for spell in ended} == {"symptom.headache", "symptom.headache_mild"}


def test_denying_one_kind_of_headache_does_not_end_it() -> None:
    reading = diary(90, entry(2, "headache_mild"), entry(40, absent=("headache_severe",)))
    assert "headache_mild" in present(reading)


@pytest.mark.parametrize(
    "entries",
    [
        (entry(2, "headache_mild", pain="3"), entry(20, "headache_mild", pain="6")),
        (entry(2, "headache_mild"), entry(20, "headache_severe")),
    ],
)
def test_a_headache_that_gets_worse_lets_nobody_wait(entries: tuple[SymptomReport, ...]) -> None:
    reading = diary(24, *entries)
    assert reading.worse == ("symptom.headache",)
    assert "headache_persistent" in present(reading)


def test_a_headache_that_eases_is_not_worse() -> None:
    eased = diary(24, entry(2, "headache_severe", pain="6"), entry(20, "headache_mild", pain="3"))
    assert eased.worse == ()


NAMES = [symptom.id.removeprefix("symptom.") for symptom in KNOWLEDGE.facts.symptom]
ENTRIES = st.lists(
    st.builds(
        lambda hours, has, hasnt: entry(hours, *sorted(has), absent=tuple(sorted(hasnt - has))),
        st.integers(0, 200),
        st.sets(st.sampled_from(NAMES), max_size=4),
        st.sets(st.sampled_from(NAMES), max_size=4),
    ),
    max_size=5,
)


@given(ENTRIES, st.sampled_from(NAMES), st.integers(0, 200))
def test_one_more_complaint_never_takes_a_symptom_away(
    entries: list[SymptomReport], name: str, hours: int
) -> None:
    more = [replace(each, present=(*each.present, f"symptom.{name}")) for each in entries]
    assert present(diary(hours, *more)) >= present(diary(hours, *entries))


@given(ENTRIES, st.integers(0, 200))
def test_the_order_of_entries_does_not_matter(entries: list[SymptomReport], hours: int) -> None:
    unique = list({each.at: each for each in entries}.values())
    assert diary(hours, *unique) == diary(hours, *reversed(unique))


def test_a_result_needs_an_offset_and_a_number() -> None:
    with pytest.raises(ValueError, match="offset"):
        ResultReceived(measure=HB, value=D(1), drawn_at=START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="0 or more"):
        ResultReceived(measure=HB, value=D("NaN"), drawn_at=START)
