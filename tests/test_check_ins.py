"""What holds for all check-ins: risk only adds, no window goes unasked, silence is told of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.asking import asks
from ivigil.aftercare.check_ins import CheckIn, check_ins
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead, CheckInSent, Happened, Reader
from ivigil.aftercare.spans import UnknownEndError
from ivigil.aftercare.standing import Standing, standing, watch
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.check import faults
from ivigil.knowledge.reactions import Reaction, Window
from ivigil.knowledge.site import Overlay, overlay
from ivigil.knowledge.store import FactFile, Knowledge, Site
from tests.support.orders import knowledge

KNOWLEDGE = knowledge()
END = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
HAZARDS = sorted({name for reaction in KNOWLEDGE.facts.reaction for name in reaction.risk_hazards})
CONDITIONS = ("", "kawasaki_disease", "cidp", "hdfn")
STABILISERS = (None, ("maltose",), ("glycine",))
HOUR = dt.timedelta(hours=1)
SHORT = 24
"""Lines that a patient reads at most: the sheet that they were given has sixteen."""


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    minutes = draw(st.none() | st.integers(15, 36 * 60))
    return Episode(
        started_at=None if minutes is None else END - dt.timedelta(minutes=minutes),
        ended_at=END,
        age_months=draw(st.none() | st.sampled_from((0, 1, 40, 215, 216, 900))),
        condition=draw(st.sampled_from(CONDITIONS)),
        stabilisers=draw(st.sampled_from(STABILISERS)),
        hazards=tuple(sorted(draw(st.sets(st.sampled_from(HAZARDS))))),
    )


def by_id(made: tuple[CheckIn, ...]) -> dict[str, CheckIn]:
    found = {each.id: each for each in made}
    assert len(found) == len(made)
    return found


def reactions(check_in: CheckIn) -> set[str]:
    return {watched.reaction for watched in check_in.watches}


def asked_whole(check_in: CheckIn) -> set[str]:
    """The questions, and those that a general one among them stands for."""
    implied = {symptom.id: set(symptom.implies) for symptom in KNOWLEDGE.facts.symptom}
    asked = set(check_in.questions)
    return asked | {name for name, general in implied.items() if general & asked}


def at_least_as_watchful(more: tuple[CheckIn, ...], less: tuple[CheckIn, ...]) -> None:
    ours, theirs = by_id(more), by_id(less)
    for name, check_in in theirs.items():
        assert ours[name].due == check_in.due
        assert reactions(ours[name]) >= reactions(check_in)
        assert asked_whole(ours[name]) >= set(check_in.questions)
        assert ours[name].at_high_risk >= check_in.at_high_risk


@given(episodes(), st.sets(st.sampled_from(HAZARDS)))
def test_more_risk_never_removes_delays_or_shortens_a_check_in(episode: Episode, more: set[str]) -> None:
    riskier = replace(episode, hazards=tuple(sorted({*(episode.hazards or ()), *more})))
    at_least_as_watchful(check_ins(riskier, KNOWLEDGE), check_ins(episode, KNOWLEDGE))


@given(episodes())
def test_hazards_that_nobody_looked_for_count_as_all_of_them(episode: Episode) -> None:
    unknown = check_ins(replace(episode, hazards=None), KNOWLEDGE)
    at_least_as_watchful(unknown, check_ins(replace(episode, hazards=tuple(HAZARDS)), KNOWLEDGE))


@given(episodes())
def test_what_is_not_known_of_the_patient_takes_no_reaction_away(episode: Episode) -> None:
    unknown = replace(episode, age_months=None, condition="", stabilisers=None)
    watched = {name for each in check_ins(unknown, KNOWLEDGE) for name in reactions(each)}
    assert watched >= {name for each in check_ins(episode, KNOWLEDGE) for name in reactions(each)}


def onset_hours(window: Window, before_end: dt.timedelta) -> tuple[Decimal, Decimal] | None:
    """First and last hour after the end of a closed onset window, worked out here; None: not of that kind."""
    low, high = window.span_hours
    if window.of != "onset" or window.counted_from not in ("start", "end") or window.outlier or high is None:
        return None
    shift = Decimal(before_end // HOUR) if window.counted_from == "start" else Decimal(0)
    return (low or Decimal(0)) - shift, high - shift


def may_come(reaction: Reaction, episode: Episode) -> bool:
    """Does the reaction concern this illness and product, and can a patient be asked about it?"""
    asked = {symptom.id for symptom in KNOWLEDGE.facts.symptom if symptom.question}
    return (
        bool(asked & set(reaction.symptoms))
        and (not reaction.conditions or episode.condition in ("", *reaction.conditions))
        and (
            not reaction.stabilisers
            or episode.stabilisers is None
            or bool(set(reaction.stabilisers) & set(episode.stabilisers))
        )
    )


@given(episodes(), st.integers(1, 30), st.booleans())
def test_every_onset_window_that_outlasts_the_chair_is_asked_in(
    episode: Episode, hours: int, nothing_listed: bool
) -> None:
    """Also where a site lists no window at all: each then gets a check-in of its own."""
    base = unlisted(KNOWLEDGE) if nothing_listed else KNOWLEDGE
    whole = replace(episode, started_at=END - hours * HOUR)
    made = check_ins(whole, base)
    for reaction in KNOWLEDGE.facts.reaction:
        if not may_come(reaction, whole):
            continue
        for window in reaction.windows:
            stretch = onset_hours(window, hours * HOUR)
            if stretch is None or stretch[1] <= 1 or (window.population != "any"):
                continue
            inside = [
                each
                for each in made
                if reaction.id in reactions(each)
                and max(stretch[0], Decimal(0)) <= Decimal((each.due - END) // HOUR) <= stretch[1]
            ]
            assert inside, (reaction.id, window.id)


def test_a_window_listed_twice_makes_two_check_ins_with_ids_of_their_own() -> None:
    own = KNOWLEDGE.policies["policy.check_in_moments_apart"].ranking
    usual = KNOWLEDGE.policies["policy.check_in_moments"]
    both = overlay(
        KNOWLEDGE,
        Overlay(FactFile(policy=(replace(usual, ranking=(*usual.ranking, *own)),)), (), Site(), "test"),
    )
    episode = Episode(ended_at=END, condition="kawasaki_disease")
    before, after = by_id(check_ins(episode, KNOWLEDGE)), by_id(check_ins(episode, both))
    assert set(after) - set(before) == {"check-in.kawasaki_resistance.onset_36"}
    assert set(before) <= set(after)


def unlisted(base: Knowledge) -> Knowledge:
    """The fact base under a site that lists no window."""
    names = ("policy.check_in_moments", "policy.check_in_moments_at_risk", "policy.check_in_moments_apart")
    emptied = tuple(replace(base.policies[name], ranking=()) for name in names)
    return overlay(base, Overlay(FactFile(policy=emptied), (), Site(), "test"))


def test_a_site_that_lists_a_window_that_does_not_exist_is_told() -> None:
    slip = replace(KNOWLEDGE.policies["policy.check_in_moments"], ranking=("reaction.trali.onsett",))
    changed = overlay(KNOWLEDGE, Overlay(FactFile(policy=(slip,)), (), Site(), "test"))
    assert any("reaction.trali.onsett" in fault for fault in faults(changed))


@given(episodes())
def test_check_ins_come_after_the_end_in_order_with_danger_asked_first(episode: Episode) -> None:
    made = check_ins(episode, KNOWLEDGE)
    symptoms = {symptom.id: symptom for symptom in KNOWLEDGE.facts.symptom}
    assert made
    assert [each.due for each in made] == sorted(each.due for each in made)
    for each in made:
        assert each.due > END
        assert each.questions and each.watches
        first = [symptoms[name].ask_first for name in each.questions]
        assert first == sorted(first, reverse=True)
        assert all(symptoms[name].question for name in each.questions)


@given(episodes())
def test_without_an_end_there_is_nothing_to_count_from(episode: Episode) -> None:
    with pytest.raises(UnknownEndError):
        check_ins(replace(episode, ended_at=None), KNOWLEDGE)


def test_hours_are_elapsed_hours_where_the_clocks_change() -> None:
    stockholm = ZoneInfo("Europe/Stockholm")
    end = dt.datetime(2026, 10, 24, 16, 0, tzinfo=stockholm)  # clocks go back in the night
    episode = Episode(started_at=end - 5 * HOUR, ended_at=end, condition="cidp", hazards=())
    [two_days] = [each for each in check_ins(episode, KNOWLEDGE) if each.id.endswith("onset_label")]
    assert two_days.due.astimezone(dt.UTC) - end.astimezone(dt.UTC) == 48 * HOUR
    assert two_days.due.hour == 15


@given(episodes(), st.integers(0, 800))
def test_the_next_infusion_takes_over_from_its_start(episode: Episode, hours: int) -> None:
    until = END + hours * HOUR
    whole = check_ins(episode, KNOWLEDGE)
    assert check_ins(episode, KNOWLEDGE, until) == tuple(each for each in whole if each.due < until)


# ---- where they stand

LATER = st.integers(0, 60 * 24 * 40).map(lambda minutes: END + dt.timedelta(minutes=minutes))


def happened(at: dt.datetime, what: CheckInSent | CheckInRead | CheckInAnswered) -> Happened:
    return Happened(f"{at.isoformat()} {type(what).__name__}", at, what)


def answer(check_in: CheckIn, at: dt.datetime, **said: tuple[str, ...]) -> Happened:
    report = SymptomReport(at=at, **said)  # type: ignore[arg-type]
    return happened(at, CheckInAnswered(check_in=check_in.id, report=report))


def wait(check_in: CheckIn) -> dt.timedelta:
    name = "policy.check_in_wait_at_risk" if check_in.at_high_risk else "policy.check_in_wait"
    number = KNOWLEDGE.policies[name].number
    assert number is not None
    return int(number) * HOUR


@given(episodes(), LATER, st.booleans(), st.booleans())
def test_silence_of_a_patient_at_risk_is_always_told_of(
    episode: Episode, now: dt.datetime, opened: bool, watched: bool
) -> None:
    made = check_ins(episode, KNOWLEDGE)
    events = [happened(each.due, CheckInRead(check_in=each.id)) for each in made] if opened else []
    hours = [(END, None)] if watched else []
    for each in standing(made, events, now, KNOWLEDGE, hours):
        over = now >= each.check_in.due + wait(each.check_in)
        if over:
            assert each.state == ("unanswered" if opened else "unread")
        assert (each.escalation is not None) == (over and each.check_in.at_high_risk)
        if each.escalation:
            assert each.escalation.unwatched != watched
            assert ("after_hours" in each.escalation.to) != watched
            assert each.escalation.unsigned == each.escalation.facts


@given(episodes(), st.sets(st.sampled_from(HAZARDS)), LATER)
def test_more_risk_never_silences(episode: Episode, more: set[str], now: dt.datetime) -> None:
    riskier = replace(episode, hazards=tuple(sorted({*(episode.hazards or ()), *more})))

    def told(of: Episode) -> dict[str, dt.datetime]:
        found = standing(check_ins(of, KNOWLEDGE), (), now, KNOWLEDGE)
        return {each.check_in.id: each.escalation.since for each in found if each.escalation}

    ours, theirs = told(riskier), told(episode)
    assert set(ours) >= set(theirs)
    assert all(ours[name] <= since for name, since in theirs.items())


AT_RISK = Episode(
    started_at=END - 5 * HOUR, ended_at=END, condition="cidp", hazards=("thrombosis_risk",), age_months=700
)
FIRST = check_ins(AT_RISK, KNOWLEDGE)[0]


def stands(*events: Happened, after: dt.timedelta) -> Standing:
    return standing([FIRST], events, FIRST.due + after, KNOWLEDGE)[0]


def test_from_planned_to_told_of() -> None:
    assert stands(after=-HOUR).state == "planned"
    assert stands(after=HOUR).state == "due"
    assert stands(after=3 * HOUR).state == "unread"
    sent = stands(happened(FIRST.due, CheckInSent(check_in=FIRST.id)), after=3 * HOUR)
    assert (sent.state, sent.sent_at) == ("unread", FIRST.due)


def test_a_whole_answer_is_one_and_still_has_to_be_read() -> None:
    told = answer(FIRST, FIRST.due, absent=FIRST.questions)
    fresh, old = stands(told, after=HOUR), stands(told, after=3 * HOUR)
    assert (fresh.state, fresh.escalation, fresh.left_open) == ("answered", None, ())
    assert old.escalation is not None
    assert old.escalation.because == "answer_not_read"
    read = happened(FIRST.due + HOUR, CheckInRead(check_in=FIRST.id, reader="team"))
    assert stands(told, read, after=3 * HOUR).escalation is None


def test_an_answer_that_leaves_a_danger_open_is_no_answer() -> None:
    half = answer(FIRST, FIRST.due, absent=FIRST.questions[1:])
    seen = stands(half, after=3 * HOUR)
    assert (seen.state, seen.left_open) == ("unanswered", FIRST.questions[:1])
    assert seen.escalation is not None
    nothing = answer(FIRST, FIRST.due)
    assert stands(nothing, after=3 * HOUR).state == "unanswered"


def test_a_complaint_is_an_answer_even_if_the_rest_is_open() -> None:
    complaint = answer(FIRST, FIRST.due, present=("symptom.headache_severe",))
    assert stands(complaint, after=3 * HOUR).state == "answered"


def test_an_answer_read_before_it_came_was_not_read() -> None:
    early = happened(FIRST.due - HOUR, CheckInRead(check_in=FIRST.id, reader="team"))
    told = answer(FIRST, FIRST.due, absent=FIRST.questions)
    assert stands(early, told, after=3 * HOUR).answer_read_at is None


@pytest.mark.parametrize("reader", ["patient", "team"])
def test_an_answer_taken_by_the_team_is_read(reader: Reader) -> None:
    report = SymptomReport(at=FIRST.due, absent=FIRST.questions)
    told = happened(FIRST.due, CheckInAnswered(check_in=FIRST.id, report=report, taken_by=reader))
    assert (stands(told, after=3 * HOUR).escalation is None) == (reader == "team")


def test_an_answer_of_another_check_in_or_of_later_is_none() -> None:
    other = replace(FIRST, id="check-in.other")
    told = answer(other, FIRST.due, absent=FIRST.questions)
    later = answer(FIRST, FIRST.due + 5 * HOUR, absent=FIRST.questions)
    assert stands(told, later, after=3 * HOUR).state == "unread"


def test_nobody_reads_unless_hours_say_so() -> None:
    assert not watch((), END).reading
    hours = [(END + HOUR, END + 9 * HOUR)]
    assert (watch(hours, END).reading, watch(hours, END).again) == (False, END + HOUR)
    assert (watch(hours, END + HOUR).reading, watch(hours, END + HOUR).until) == (True, END + 9 * HOUR)
    assert not watch(hours, END + 9 * HOUR).reading
    assert watch([(END, None)], END).until is None


def test_the_wait_at_risk_is_not_longer_and_a_longer_one_takes_two_signatures() -> None:
    policies = KNOWLEDGE.policies
    short, long = policies["policy.check_in_wait_at_risk"], policies["policy.check_in_wait"]
    assert short.number is not None and long.number is not None
    assert short.number <= long.number
    assert short.bolder_number == long.bolder_number == "higher"


@given(episode=episodes())
def test_a_patient_ticks_a_short_list_in_which_every_question_stands_once(episode: Episode) -> None:
    for check_in in check_ins(episode, KNOWLEDGE):
        lines = asks(check_in.questions, episode, KNOWLEDGE)
        assert sorted(name for line in lines for name in line.symptoms) == sorted(check_in.questions)
        assert [line.danger for line in lines] == sorted((line.danger for line in lines), reverse=True)
        assert len(lines) <= SHORT


def test_a_sign_of_several_things_together_is_no_line_to_tick() -> None:
    """A no to "a stiff neck with fever" would not be a no to a stiff neck."""
    together = {sign.id for sign in KNOWLEDGE.facts.warning_sign if sign.together}
    assert together
    lines = asks(FIRST.questions, Episode(ended_at=END), KNOWLEDGE)
    assert not together & {line.sign for line in lines}
