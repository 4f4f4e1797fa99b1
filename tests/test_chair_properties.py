"""What holds for every run at the chair: order, limits, stops, halts, time zones, evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import fields, replace

from ivigil.infusion import advise, replay
from ivigil.infusion.advice import Advice
from ivigil.infusion.against import against
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import (
    Event,
    Happening,
    RateSet,
    RestartDecided,
    Resumed,
    SymptomNoted,
    VitalsTaken,
)
from ivigil.infusion.moment import look
from ivigil.infusion.progress import expected_end, given_g, given_ml, left_ml
from ivigil.knowledge.store import FactFile
from ivigil.practice.told import Said, Scene, told
from tests.support.bedside import (
    NAMES,
    PUMP,
    RATES,
    RUNS,
    SIGNS,
    SYMPTOMS,
    begun,
    briefing,
    event,
    happenings,
    minute,
    vitals,
    without_rates,
)

BRIEFINGS = st.sampled_from([*map(briefing, NAMES), without_rates(briefing("immunodeficiency"))])
RATED = st.sampled_from([*map(briefing, NAMES)])
NOW = st.integers(-20, 260)
unhurried = settings(deadline=None)
GOING_ON = {"start", "restart", "step_up", "slow", "hold_rate"}


def until(events: Iterable[Event], now: dt.datetime) -> list[Event]:
    return [each for each in events if each.at <= now]


def advice_at(base: Briefing, events: Iterable[Event], now: dt.datetime) -> tuple[Advice, ...]:
    return advise(base, replay(base.day, until(events, now)), now)


def highest(advice: Iterable[Advice]) -> Decimal:
    return max((each.rate_ml_per_h or Decimal(0) for each in advice), default=Decimal(0))


def strictness(advice: Iterable[Advice]) -> int:
    """0 flows, 1 halted by advice, 2 ended by advice."""
    codes = {each.code for each in advice}
    return 2 if codes & {"stop", "do_not_start"} else 1 if codes & {"pause", "stay_halted"} else 0


# --- slow


@unhurried
@given(BRIEFINGS, RUNS, NOW, st.one_of(st.none(), RATES))
def test_slow_never_raises_what_flows_or_what_goes_on_after_a_pause(
    base: Briefing, run: list[Event], now: int, said: Decimal | None
) -> None:
    """Whatever rate a page that saw an earlier state sends."""
    known = until([*begun(base), *run], minute(now))
    before = replay(base.day, known)
    fields = {} if said is None else {"rate": f"{said}"}
    (what,) = told("slow", Said(fields), Scene(base, before, tuple(known)))
    after = replay(base.day, [*known, event(now, what, "z-slow")])
    flows = before.rate_ml_per_h
    assert after.rate_ml_per_h < flows or after.rate_ml_per_h == flows == 0
    if before.connected:
        assert (after.set_rate_ml_per_h or 0) <= (before.set_rate_ml_per_h or 0)
    else:
        assert after == before
    if said is not None and 0 < said < flows:
        assert after.rate_ml_per_h == said  # what was set on the pump


# --- order of arrival


@unhurried
@given(BRIEFINGS, RUNS, NOW, st.data())
def test_any_order_and_repetition_gives_the_same_state_and_advice(
    base: Briefing, run: list[Event], now: int, data: st.DataObject
) -> None:
    events = until([*begun(base), *run], minute(now))
    shuffled = data.draw(
        st.permutations(
            [*events, *data.draw(st.lists(st.sampled_from(events or run or begun(base)[:1]), max_size=4))]
        )
    )
    assume({each.id for each in shuffled} == {each.id for each in events})
    assert replay(base.day, shuffled) == replay(base.day, events)
    assert advice_at(base, shuffled, minute(now)) == advice_at(base, events, minute(now))


# --- limits and stops


@unhurried
@given(BRIEFINGS, RUNS, NOW)
def test_no_advised_rate_is_past_what_holds(base: Briefing, run: list[Event], now: int) -> None:
    moment = minute(now)
    seen = look(base, replay(base.day, until([*begun(base), *run], moment)), moment)
    decisions = [each.decision.rate_ml_per_h_max for each in seen.state.decisions]
    for advice in advice_at(base, [*begun(base), *run], moment):
        if advice.rate_ml_per_h is None:
            continue
        assert advice.rate_ml_per_h > 0
        assert advice.rate_ml_per_h % base.pump_step_ml_per_h == 0 or advice.code == "hold_rate"
        assert seen.ceiling is not None
        assert advice.rate_ml_per_h <= seen.ceiling.rate_ml_per_h
        if decisions:
            assert advice.rate_ml_per_h <= decisions[-1]
        if base.day.steps:
            step = max(base.day.steps, key=lambda each: each.rate_ml_per_h)
            assert advice.rate_ml_per_h <= step.rate_ml_per_h <= step.limit_ml_per_h


@unhurried
@given(
    BRIEFINGS,
    RUNS,
    st.sampled_from(["chest_tightness", "face_droop", "dark_urine"]),
    st.integers(1, 150),
    NOW,
)
def test_after_a_stop_nothing_but_a_decision_goes_on(
    base: Briefing, run: list[Event], symptom: str, at: int, now: int
) -> None:
    """Whatever else happens, and whether or not the symptom goes."""
    assume(now >= at)
    sign = SymptomNoted(symptom=f"symptom.{symptom}")
    undecided = [
        each
        for each in run
        if each.at <= minute(at) or not isinstance(each.what, RestartDecided)
        if each.at > minute(at)
        or not (isinstance(each.what, SymptomNoted) and each.what.symptom == sign.symptom)
    ]
    stop = event(at, sign, "stop")
    advice = advice_at(base, [*begun(base), *undecided, stop], minute(now))
    assert {each.code for each in advice} & {"stop", "do_not_start"}
    assert not {each.code for each in advice} & GOING_ON
    assert highest(advice) == 0


@unhurried
@given(BRIEFINGS, RUNS, NOW)
def test_advice_is_never_empty_while_something_is_overdue_or_a_rule_holds(
    base: Briefing, run: list[Event], now: int
) -> None:
    moment = minute(now)
    seen = look(base, replay(base.day, until([*begun(base), *run], moment)), moment)
    advice = advice_at(base, [*begun(base), *run], moment)
    assert advice
    if seen.overdue:
        assert any(each.rank == "overdue" for each in advice)
    for firing in seen.open:
        assert any(firing.fact in each.facts for each in advice), firing.fact


@unhurried
@given(BRIEFINGS, RUNS, NOW)
def test_who_does_what_is_advised_goes_against_nothing(base: Briefing, run: list[Event], now: int) -> None:
    """And whoever lets it flow after a stop, or faster than is advised, does."""
    moment = minute(now)
    seen = replay(base.day, until([*begun(base), *run], moment))
    advice = advise(base, seen, moment)
    for each in advice:
        if each.code in ("slow", "step_up", "restart") and each.rate_ml_per_h and not each.blockers:
            assert not against(RateSet(rate_ml_per_h=each.rate_ml_per_h), advice, seen), each.code
    codes, fastest = {each.code for each in advice}, RateSet(rate_ml_per_h=Decimal(10_000))
    if codes & {"stop", "do_not_start", "slow", "step_up", "hold_rate", "restart"}:
        assert against(fastest, advice, seen)
    assert not against(RateSet(rate_ml_per_h=Decimal(0)), advice, seen)


# --- more signs


@unhurried
@given(RATED, RUNS, NOW, st.sampled_from(SYMPTOMS))
def test_one_more_symptom_never_loosens(base: Briefing, run: list[Event], now: int, symptom: str) -> None:
    events = [*begun(base), *run]
    more = [*events, event(now, SymptomNoted(symptom=symptom), "zz-more")]
    before, after = (advice_at(base, each, minute(now)) for each in (events, more))
    assert highest(after) <= highest(before)
    assert strictness(after) >= strictness(before)


WORSE = {
    "measure.temperature_c": Decimal("40"),
    "measure.heart_rate_per_min": Decimal(180),
    "measure.systolic_mmhg": Decimal(55),
    "measure.spo2_percent": Decimal(80),
}
"""As bad as or worse than any value of a random run, in the direction of the strictest rule."""


@unhurried
@given(RATED, RUNS, st.integers(1, 260), st.sampled_from(sorted(WORSE)))
def test_a_worse_value_never_loosens(base: Briefing, run: list[Event], now: int, measure: str) -> None:
    events = [
        each
        for each in [*begun(base), *run]
        if each.at != minute(now) or not isinstance(each.what, VitalsTaken)
    ]
    worse = VitalsTaken(readings={measure: WORSE[measure]})
    before = advice_at(base, events, minute(now))
    after = advice_at(base, [*events, event(now, worse, "zz-worse")], minute(now))
    assert highest(after) <= highest(before)
    assert strictness(after) >= strictness(before)


@unhurried
@given(
    RATED,
    happenings(SIGNS.filter(lambda what: not isinstance(what, SymptomNoted) or what.present)),
    st.integers(0, 200),
    NOW,
    st.sampled_from(SYMPTOMS),
)
def test_an_earlier_reaction_never_loosens(
    base: Briefing, run: list[Event], at: int, now: int, symptom: str
) -> None:
    """The rate rises meanwhile: a lower rate at the earlier reaction leaves less."""
    ladder = [
        event(30 * n, RateSet(rate_ml_per_h=s.rate_ml_per_h), f"l-{n}")
        for n, s in enumerate(base.day.steps[:7])
    ]
    events = [*begun(base), *ladder, *run]
    more = [*events, event(at, SymptomNoted(symptom=symptom), "zz-more")]
    before, after = (advice_at(base, each, minute(now)) for each in (events, more))
    assert highest(after) <= highest(before)
    assert strictness(after) >= strictness(before)


# --- time


@unhurried
@given(BRIEFINGS, happenings(PUMP), st.integers(-20, 260), st.integers(0, 200))
def test_volume_never_decreases(base: Briefing, run: list[Event], now: int, later: int) -> None:
    state = replay(base.day, [*begun(base), *run])
    assert given_ml(state, minute(now)) <= given_ml(state, minute(now + later))
    assert left_ml(state, minute(now)) >= left_ml(state, minute(now + later)) >= 0


@unhurried
@given(
    BRIEFINGS,
    RUNS,
    NOW,
    st.timedeltas(dt.timedelta(days=-400), dt.timedelta(days=400)),
    st.sampled_from(["UTC", "Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_neither_shift_nor_time_zone_changes_anything(
    base: Briefing, run: list[Event], now: int, shift: dt.timedelta, zone: str
) -> None:
    there = ZoneInfo(zone)

    def moved(moment: dt.datetime) -> dt.datetime:
        return (moment.astimezone(dt.UTC) + shift).astimezone(there)

    events = [*begun(base), *run]
    other = [replace(each, at=moved(each.at)) for each in events]
    elsewhere = replace(base, day=replace(base.day, start=moved(base.day.start)))
    here, away = (
        replay(base.day, until(events, minute(now))),
        replay(elsewhere.day, until(other, moved(minute(now)))),
    )
    assert given_ml(here, minute(now)) == given_ml(away, moved(minute(now)))
    assert given_g(here, minute(now)) == given_g(away, moved(minute(now)))
    end, end_away = expected_end(here, minute(now)), expected_end(away, moved(minute(now)))
    assert (end is None) == (end_away is None)
    if end is not None and end_away is not None:
        assert end + shift == end_away
    plain = [replace(a, at=None) for a in advice_at(base, events, minute(now))]
    assert plain == [replace(a, at=None) for a in advice_at(elsewhere, other, moved(minute(now)))]


# --- evidence


def strong(base: Briefing) -> Briefing:
    """The briefing without any weak fact."""
    kinds = {field.name: getattr(base.facts, field.name) for field in fields(FactFile)}
    kept = {
        name: tuple(fact for fact in facts if fact.id in base.permitted or name in ("measure", "policy"))
        for name, facts in kinds.items()
    }
    return replace(base, facts=FactFile(**kept))


STRONG = {base.plan: strong(base) for base in map(briefing, NAMES)}


@unhurried
@given(RATED, RUNS, NOW)
def test_weak_facts_only_restrict(base: Briefing, run: list[Event], now: int) -> None:
    events = [*begun(base), *run]
    with_all = advice_at(base, events, minute(now))
    without = advice_at(STRONG[base.plan], events, minute(now))
    assert highest(without) >= highest(with_all)
    assert strictness(without) <= strictness(with_all)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_weak_facts_to_leave_out(name: str) -> None:
    base = briefing(name)
    assert len(STRONG[base.plan].facts.stop_rule) < len(base.facts.stop_rule)


# --- a run, event by event


class Chair(RuleBasedStateMachine):
    """A nurse, a patient and a pump; the nurse may follow the advice or not."""

    @initialize(name=st.sampled_from(NAMES))
    def start(self, name: str) -> None:
        self.base = briefing(name)
        self.events = begun(self.base)
        self.minute = 0
        self.given = Decimal(0)
        self.stopped = False

    def record(self, what: Happening) -> None:
        self.events.append(event(self.minute, what, f"m-{len(self.events):03}"))

    def advice(self) -> tuple[Advice, ...]:
        return advice_at(self.base, self.events, minute(self.minute))

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.minute += minutes

    @rule()
    def follow_the_rate(self) -> None:
        """What is advised is done: never past a limit of the plan, never after a stop."""
        for each in self.advice():
            if each.rate_ml_per_h and not each.blockers:
                assert not self.stopped
                self.record(Resumed(rate_ml_per_h=each.rate_ml_per_h))
                now = replay(self.base.day, self.events)
                assert now.rate_ml_per_h <= max(s.rate_ml_per_h for s in self.base.day.steps)
                return

    @rule(what=PUMP)
    def use_the_pump(self, what: Happening) -> None:
        self.record(what)

    @rule(what=SIGNS)
    def see(self, what: Happening) -> None:
        self.record(what)

    @rule()
    def measure(self) -> None:
        self.record(vitals(0).what)  # type: ignore[arg-type]

    @rule()
    def hypersensitivity(self) -> None:
        self.minute += 1
        self.record(SymptomNoted(symptom="symptom.hives", present=False))
        self.minute += 1
        self.record(SymptomNoted(symptom="symptom.hives"))
        self.stopped = True

    @precondition(lambda self: self.stopped)
    @rule(most=RATES)
    def decide(self, most: Decimal) -> None:
        self.minute += 1
        self.record(RestartDecided(decided_by="Dr E", rate_ml_per_h_max=most, reason="seen"))
        self.stopped = False

    @invariant()
    def volume_only_grows(self) -> None:
        now = given_ml(replay(self.base.day, self.events), minute(self.minute))
        assert now >= self.given
        self.given = now

    @invariant()
    def a_stop_bars(self) -> None:
        if self.stopped:
            advice = self.advice()
            assert strictness(advice) == 2
            assert highest(advice) == 0

    @invariant()
    def something_is_always_said(self) -> None:
        assert self.advice()


TestChair = Chair.TestCase
TestChair.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
