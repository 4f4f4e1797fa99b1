"""A simulated infusion: a patient by a scenario, a pump, and a nurse who follows the advice.

What comes out are events like any others, for tests, demonstrations and training. The same
plan, scenario and seed give the same events.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import get_args

import msgspec

from ivigil.course import Plan
from ivigil.infusion.advice import PRESSING, Advice, Code
from ivigil.infusion.advise import advise
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Corrected,
    Event,
    Happening,
    Paused,
    RateSet,
    SymptomNoted,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.hanging import StopCode
from ivigil.infusion.moment import Past, past
from ivigil.infusion.nurse import NURSE, Bedside, Deed, answer, take_down
from ivigil.infusion.progress import given_ml, hung_ml, left_ml
from ivigil.infusion.replay import replay
from ivigil.infusion.scenario import Mistake, Scenario, Trouble, just_past, look_minutes, scenario
from ivigil.infusion.signs import baseline
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge

PUMP = "pump (simulated)"
_MINUTE = dt.timedelta(minutes=1)
_MICROSECONDS_PER_HOUR = Decimal(3_600_000_000)
_LONGEST = dt.timedelta(days=3)
"""An infusion that has not ended by then is cut off."""
_TURNS = 40
"""How many things the nurse can do in one minute."""
_FIRST: tuple[Code, ...] = ("identify", "check_vitals", "hang_vial")
_AT_REST = "policy.simulated_"


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, and the briefing to replay it with."""

    briefing: Briefing
    scenario: Scenario
    seed: int
    events: tuple[Event, ...]
    until: dt.datetime
    """When the patient left, or the simulation was cut off."""


def simulate(
    plan: Plan,
    number: int,
    knowledge: Knowledge,
    *,
    name: str = "quiet",
    seed: int = 1,
    minutes: int | None = None,
) -> Simulation:
    """Simulate day ``number`` (from 1) of a plan, for at most ``minutes`` from its start.

    Raises BriefingError if the plan has no such day, ScenarioError if there is no such scenario.
    """
    rng = Random(seed)
    briefing = brief(plan, number, knowledge)
    infusion = _Infusion(plan, briefing, knowledge, scenario(name, briefing, rng), rng)
    end = infusion.now + (_LONGEST if minutes is None else min(minutes * _MINUTE, _LONGEST))
    infusion.minute()
    while infusion.state.phase != "left" and infusion.now < end:
        infusion.now += _MINUTE
        infusion.minute()
    return Simulation(
        briefing=briefing,
        scenario=infusion.scenario,
        seed=seed,
        events=tuple(infusion.events),
        until=infusion.local(infusion.now),
    )


class _Under(msgspec.Struct, frozen=True):
    """A trouble under way."""

    trouble: Trouble
    since: dt.datetime


class _Infusion:
    """One infusion under way. Time is kept in UTC, so that a clock change moves nothing."""

    def __init__(
        self, plan: Plan, briefing: Briefing, knowledge: Knowledge, story: Scenario, rng: Random
    ) -> None:
        self.plan, self.briefing, self.knowledge = plan, briefing, knowledge
        self.scenario, self.rng = story, rng
        self.now = briefing.day.start.astimezone(dt.UTC)
        self.look = dt.timedelta(minutes=look_minutes(briefing))
        self.events: list[Event] = []
        self.state: State = replay(briefing.day, ())
        self.waiting = list(story.troubles)
        self.under: list[_Under] = []
        self.shelf = tuple(_vials(briefing, knowledge, rng))
        self.wrong = _wrong_vial(briefing, knowledge, self.shelf, rng)
        self.wanted_since: dict[Code, dt.datetime] = {}
        self.on_screen: tuple[Advice, ...] = ()
        self.known: tuple[State, Past] | None = None
        self.seen = -1
        self.times: tuple[dt.datetime, ...] = ()

    def local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.briefing.day.start.tzinfo)

    def minute(self) -> None:
        """One minute: the pump, the patient, then everything that the nurse does."""
        self._pump()
        self._patient()
        for _ in range(_TURNS):
            if not (self._changed() and self._nurse()):
                return

    def _record(self, what: Happening, by: str, at: dt.datetime | None = None) -> None:
        name = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        self.events.append(Event(name, self.local(at or self.now), what, by))
        self.state = replay(self.briefing.day, self.events)

    # The pump

    def _pump(self) -> None:
        """It stops by itself when the volume is in, when the vial is empty, or with an alarm."""
        if self.state.phase != "running":
            return
        planned, given = self.briefing.day.volume_ml, given_ml(self.state, self.now)
        hung = hung_ml(self.state)
        if not left_ml(self.state, self.now):
            self._record(Completed(volume_ml=planned), PUMP, self._reached(planned))
            for what, by in take_down(self._bedside()):
                self._record(what, by)
        elif given > hung:
            self._record(Paused(reason="the vial is empty"), PUMP, self._reached(hung))
        elif self._alarms(given / planned):
            self._record(Paused(reason="alarm: line blocked"), PUMP)

    def _alarms(self, share: Decimal) -> bool:
        halts = self.scenario.pump_halts_at_share
        return halts is not None and share >= halts and not self._happened(Paused)

    def _reached(self, volume_ml: Decimal) -> dt.datetime:
        """When this volume was in, at the present rate."""
        over = given_ml(self.state, self.now) - volume_ml
        microseconds = over * _MICROSECONDS_PER_HOUR / self.state.rate_ml_per_h
        return self.now - dt.timedelta(microseconds=int(microseconds))

    # The patient

    def _patient(self) -> None:
        for trouble in [each for each in self.waiting if self._begins(each)]:
            self.waiting.remove(trouble)
            self.under.append(_Under(trouble, self.now))
            self._tell(trouble, present=True)
        for under in [each for each in self.under if self._is_over(each)]:
            self.under.remove(under)
            self._tell(under.trouble, present=False)

    def _begins(self, trouble: Trouble) -> bool:
        given = given_ml(self.state, self.now)
        return self.state.connected and given >= trouble.at_share * self.briefing.day.volume_ml

    def _is_over(self, under: _Under) -> bool:
        """Some looks after the flow was first less than when it began."""
        flows = [flow for flow in self.state.flows if flow.end is None or flow.end >= under.since]
        if not flows:
            return self.now >= under.since + under.trouble.lasts_looks * self.look
        lower = [flow.start for flow in flows if flow.rate_ml_per_h < flows[0].rate_ml_per_h]
        halts = [flow.end for flow in flows if flow.end is not None]
        eased = min([*lower, *halts], default=None)
        return eased is not None and self.now >= eased + under.trouble.lasts_looks * self.look

    def _tell(self, trouble: Trouble, *, present: bool) -> None:
        """What is felt, or what no routine measurement would find, is seen and measured at once."""
        for symptom in trouble.symptoms:
            self._record(SymptomNoted(symptom=symptom, present=present), NURSE)
        routine = {m for check in self.briefing.checks if check.interval_minutes for m in check.measures}
        if trouble.symptoms or any(limit.measure not in routine for limit in trouble.limits):
            self._record(self._measure(self._all_measures()), NURSE)

    def _all_measures(self) -> tuple[str, ...]:
        """What is measured when something is wrong."""
        checks = (check for check in self.briefing.checks if check.phase != "whole")
        return tuple(dict.fromkeys(measure for check in checks for measure in check.measures))

    def _measure(self, measures: tuple[str, ...]) -> VitalsTaken:
        return VitalsTaken(readings={measure: self._reading(measure) for measure in measures})

    def _reading(self, measure: str) -> Decimal:
        """At rest with a small wobble, or just past the limits that a trouble moves it to."""
        rest = self.briefing.policies[_AT_REST + measure.removeprefix("measure.")].number or Decimal(0)
        step = Decimal(1).scaleb(int(rest.as_tuple().exponent))
        calm = rest + self.rng.choice((-1, 0, 1)) * step
        own = baseline(self.state).get(measure, calm)
        limits = [limit for each in self.under for limit in each.trouble.limits if limit.measure == measure]
        pushed = [just_past(limit, own, self.briefing.age_years) for limit in limits]
        return max(pushed, key=lambda value: abs(value - own), default=calm)

    # The nurse

    def _changed(self) -> bool:
        """Can the advice be another than at the last look? It turns on events and on its own times."""
        last = max((vitals.at for vitals in self.state.vitals), default=self.now)
        return (
            len(self.events) != self.seen
            or bool(self.wanted_since)
            or any(abs(time - self.now) <= _MINUTE for time in self.times)
            or not (self.now - last) % self.look
        )

    def _nurse(self) -> bool:
        """Do the most pressing thing that can be done now; False: there is none."""
        advised = advise(self.briefing, self.state, self.now, self._past())
        self._screen(advised)
        self.seen, self.times = len(self.events), tuple(a.at for a in advised if a.at is not None)
        at = self._bedside()
        for advice in sorted(advised, key=_urgency):
            deeds = answer(advice, at)
            if deeds and not self._was_told(deeds) and not self._still_busy(advice):
                self.wanted_since.pop(advice.code, None)
                for what, by in deeds:
                    self._record(what, by)
                return True
        return False

    def _past(self) -> Past:
        """Of the state as it is: most looks find the one of before."""
        if self.known is None or self.known[0] is not self.state:
            self.known = (self.state, past(self.briefing, self.state))
        return self.known[1]

    def _was_told(self, deeds: tuple[Deed, ...]) -> bool:
        """A vial that was refused once is not refused again every minute."""
        told = [event.what for event in self.events if isinstance(event.what, AdviceShown)]
        return all(what in told for what, _ in deeds)

    def _bedside(self) -> Bedside:
        return Bedside(
            plan=self.plan,
            briefing=self.briefing,
            knowledge=self.knowledge,
            state=self.state,
            now=self.now,
            shelf=self.shelf,
            wrong=self.wrong,
            mistake=self._mistake(),
            look=self.look,
            measure=self._measure,
            all_measures=self._all_measures(),
        )

    def _mistake(self) -> Mistake:
        """The mistake that is still to be made."""
        return "" if any(self._is_mistake(event.what) for event in self.events) else self.scenario.mistake

    def _is_mistake(self, what: Happening | Corrected) -> bool:
        match what:
            case AdviceShown(code=code):
                return code in get_args(StopCode)
            case RateSet(rate_ml_per_h=rate):
                return rate > max(step.rate_ml_per_h for step in self.briefing.day.steps)
        return isinstance(what, AdviceOverridden)

    def _screen(self, advised: tuple[Advice, ...]) -> None:
        """What is pressing is kept as shown whenever it changes."""
        pressing = tuple(advice for advice in advised if advice.rank in PRESSING)
        if pressing and pressing != self.on_screen:
            self._record(AdviceShown(code=pressing[0].code, facts=pressing[0].facts), NURSE)
        self.on_screen = pressing

    def _still_busy(self, advice: Advice) -> bool:
        """A late nurse comes some minutes after the advice; never in an emergency."""
        if not self.state.connected or advice.rank == "emergency":
            return False
        since = self.wanted_since.setdefault(advice.code, self.now)
        return self.now < since + self.scenario.late_minutes * _MINUTE

    def _happened(self, kind: type) -> bool:
        return any(isinstance(event.what, kind) for event in self.events)


def _urgency(advice: Advice) -> tuple[bool, int]:
    """What presses comes first; else who it is, then measurements and vials, then the rate."""
    return advice.rank not in PRESSING, _FIRST.index(advice.code) if advice.code in _FIRST else len(_FIRST)


def _vials(briefing: Briefing, knowledge: Knowledge, rng: Random) -> Iterator[VialHung]:
    """The planned vials, by barcode where one is known, of one lot a size."""
    for size in briefing.day.vials:
        lot, days = f"SIM{rng.randint(10_000, 99_999)}", rng.randint(60, 600)
        gtin = _gtin(briefing.product, size.grams, knowledge)
        for _ in range(size.count):
            yield VialHung(
                product=briefing.product,
                grams=size.grams,
                volume_ml=size.volume_ml,
                lot=lot,
                expiry=briefing.day.date + dt.timedelta(days=days),
                gtin=gtin,
                serial=f"{rng.randint(100_000, 999_999)}",
            )


def _gtin(product: str, grams: Decimal, knowledge: Knowledge) -> str:
    """A package that may be hung on its barcode; empty: the vial is typed."""
    items = (item for item in knowledge.facts.trade_item if knowledge.permits(item))
    return next((item.gtin for item in items if product in item.products and item.grams == grams), "")


def _wrong_vial(
    briefing: Briefing, knowledge: Knowledge, shelf: tuple[VialHung, ...], rng: Random
) -> VialHung | None:
    """The right one out of date or with its lot not read, or another product's."""
    if not shelf:
        return None
    expired = msgspec.structs.replace(shelf[0], expiry=briefing.day.date - dt.timedelta(days=1))
    swaps = [expired, msgspec.structs.replace(shelf[0], lot="")]
    others = [item for item in knowledge.facts.trade_item if briefing.product not in item.products]
    if others:
        item = rng.choice(others)
        swaps.append(
            msgspec.structs.replace(shelf[0], product=item.products[0], gtin=item.gtin, grams=item.grams)
        )
    return rng.choice(swaps)
