"""A simulated infusion: a patient by a scenario, and a nurse who reads the advice every minute.

The nurse does what is advised and nothing else, unless the scenario says so. What comes out are
events like any others, for tests, demonstrations and training. The same plan, scenario and
seed give the same events.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random

import msgspec

from ivigil.course import Plan
from ivigil.infusion.advice import Advice, Code
from ivigil.infusion.advise import advise
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.ceiling import step_below
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Corrected,
    Event,
    Happening,
    IdentityChecked,
    MedicineGiven,
    ObservationEnded,
    Paused,
    RateSet,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.hanging import Chair, VialSeen, check, of_record
from ivigil.infusion.progress import given_g, given_ml, left_ml
from ivigil.infusion.replay import replay
from ivigil.infusion.scenario import Scenario, Trouble, just_past, look_minutes, scenario
from ivigil.infusion.signs import baseline
from ivigil.infusion.state import HungVial, State
from ivigil.knowledge.store import Knowledge

NURSE, CLINICIAN, PUMP = "nurse (simulated)", "clinician (simulated)", "pump (simulated)"
_MINUTE = dt.timedelta(minutes=1)
_MICROSECONDS_PER_HOUR = Decimal(3_600_000_000)
_LONGEST = dt.timedelta(days=3)
"""A simulation that has not ended by then is a defect."""
_TURNS = 40
"""How many things the nurse can do in one minute."""
_PRESSING = ("emergency", "flow", "treat", "overdue")
_AT_REST = "policy.simulated_"


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, and the value to replay it with."""

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
    longest = _LONGEST if minutes is None else min(minutes * _MINUTE, _LONGEST)
    end = infusion.now + longest
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


class _Under:
    """A trouble under way."""

    def __init__(self, trouble: Trouble, since: dt.datetime) -> None:
        self.trouble = trouble
        self.since = since


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
        self.shelf = list(_vials(briefing, knowledge, rng))
        self.wrong = _wrong_vial(briefing, knowledge, self.shelf, rng)
        self.mistake = story.mistake
        self.pump_halts_at_share = story.pump_halts_at_share
        self.wanted_since: dict[Code, dt.datetime] = {}
        self.on_screen: tuple[str, ...] = ()

    def local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.briefing.day.start.tzinfo)

    def minute(self) -> None:
        """One minute: the pump, the patient, then everything that the nurse does."""
        self._pump()
        self._patient()
        for _ in range(_TURNS):
            if not self._nurse():
                return

    def _record(self, what: Happening | Corrected, by: str, at: dt.datetime | None = None) -> None:
        name = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        self.events.append(Event(name, self.local(at or self.now), what, by))
        self.state = replay(self.briefing.day, self.events)

    # The pump

    def _pump(self) -> None:
        """It stops by itself when the volume is in or the vial is empty."""
        if self.state.phase != "running":
            return
        day, given = self.briefing.day, given_ml(self.state, self.now)
        hung_ml = sum((vial.volume_ml or Decimal(0) for vial in self.state.vials), Decimal(0))
        if not left_ml(self.state, self.now):
            self._record(Completed(volume_ml=day.volume_ml), PUMP, self._reached(day.volume_ml))
            self._take_down()
        elif given > hung_ml:
            self._record(Paused(reason="the vial is empty"), PUMP, self._reached(hung_ml))
        elif self.pump_halts_at_share is not None and given >= self.pump_halts_at_share * day.volume_ml:
            self.pump_halts_at_share = None
            self._record(Paused(reason="alarm: line blocked"), PUMP)

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
        in_now = given_ml(self.state, self.now)
        return self.state.connected and in_now >= trouble.at_share * self.briefing.day.volume_ml

    def _is_over(self, under: _Under) -> bool:
        """Some looks after the flow was first less than when it began."""
        rate = self.state.rate_at(under.since) or Decimal(0)
        flows = [flow for flow in self.state.flows if flow.start >= under.since and flow.rate_ml_per_h < rate]
        halts = [flow.end for flow in self.state.flows if flow.end is not None and flow.end >= under.since]
        eased = min([*(flow.start for flow in flows), *halts], default=None)
        return eased is not None and self.now >= eased + under.trouble.lasts_looks * self.look

    def _tell(self, trouble: Trouble, *, present: bool) -> None:
        """What is felt is noted at once, and measured; a value alone waits for the next measurement."""
        for symptom in trouble.symptoms:
            self._record(SymptomNoted(symptom=symptom, present=present), NURSE)
        if trouble.symptoms:
            self._record(self._vitals(self._all_measures()), NURSE)

    def _all_measures(self) -> tuple[str, ...]:
        wanted = dict.fromkeys(
            m for check in self.briefing.checks if check.phase != "whole" for m in check.measures
        )
        troubled = dict.fromkeys(limit.measure for each in self.under for limit in each.trouble.limits)
        return tuple(wanted | troubled)

    def _vitals(self, measures: tuple[str, ...]) -> VitalsTaken:
        return VitalsTaken(readings={measure: self._reading(measure) for measure in measures})

    def _reading(self, measure: str) -> Decimal:
        """At rest with a small wobble, or just past every limit that a trouble moves it to."""
        rest = self.briefing.policies[_AT_REST + measure.removeprefix("measure.")].number or Decimal(0)
        step = Decimal(1).scaleb(int(rest.as_tuple().exponent))
        calm = rest + self.rng.choice((-1, 0, 1)) * step
        own = baseline(self.state).get(measure, calm)
        limits = [
            limit for each in self.under for limit in each.trouble.limits if limit.measure == measure
        ]
        pushed = [just_past(limit, own, self.briefing.age_years) for limit in limits]
        return max(pushed, key=lambda value: abs(value - own), default=calm)

    # The nurse

    def _nurse(self) -> bool:
        """Do the most pressing thing that can be done now; False: there is none."""
        advised = advise(self.briefing, self.state, self.now)
        self._screen(advised)
        for advice in advised:
            does = tuple(self._answer(advice))
            if does and not self._still_busy(advice):
                self.wanted_since.pop(advice.code, None)
                for what, by in does:
                    self._record(what, by)
                return True
        return False

    def _screen(self, advised: tuple[Advice, ...]) -> None:
        """What is pressing is kept as shown whenever it changes."""
        pressing = [advice for advice in advised if advice.rank in _PRESSING]
        shown = tuple(f"{a.code} {a.action} {a.drug_class} {a.facts}" for a in pressing)
        if shown != self.on_screen:
            self.on_screen = shown
            for advice in pressing[:1]:
                self._record(AdviceShown(code=advice.code, facts=advice.facts), NURSE)

    def _still_busy(self, advice: Advice) -> bool:
        if not self.state.connected or advice.rank == "emergency":
            return False
        since = self.wanted_since.setdefault(advice.code, self.now)
        return self.now < since + self.scenario.late_minutes * _MINUTE

    def _answer(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        """What the nurse does about one advice at this moment, and who it is recorded by."""
        answer = _ANSWERS.get(advice.code)
        if answer is not None:
            yield from answer(self, advice)

    def _identify(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        yield IdentityChecked(identifier=self.briefing.patient, method="scanned"), NURSE

    def _measure(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        if self._is_due(advice):
            yield self._vitals(advice.measures), NURSE

    def _is_due(self, advice: Advice) -> bool:
        return advice.at is None or advice.at < self.now + _MINUTE

    def _hang(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        """Hold the vial against the plan, and hang it if nothing speaks against it."""
        if self._is_due(advice):
            yield from self._next_vial()

    def _next_vial(self) -> Iterator[tuple[Happening, str]]:
        vial = self.wrong if self.mistake == "wrong_vial" and self.wrong else next(iter(self.shelf), None)
        if vial is None:
            return
        chair = Chair(
            identity=self.state.identified,
            plan=self.plan,
            day_number=self.briefing.day.number,
            hung_so_far=tuple(of_record(hung) for hung in self.state.vials),
            today=self.local(self.now).date(),
        )
        stops = [stop for stop in check(of_record(vial), chair, self.knowledge) if not stop.notice]
        if stops:
            self.mistake = "" if vial is self.wrong else self.mistake
            yield from ((AdviceShown(code=stop.code, facts=stop.facts), NURSE) for stop in stops)
            return
        self.shelf.remove(vial)
        yield from ((VialFinished(hung=hung.event), NURSE) for hung in self.state.vials if not hung.finished_at)
        yield vial, NURSE

    def _start(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        if not advice.blockers and advice.rate_ml_per_h is not None:
            yield Started(), NURSE
            yield RateSet(rate_ml_per_h=advice.rate_ml_per_h), NURSE

    def _set_rate(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        if advice.rate_ml_per_h is None:
            return
        slip = self.mistake == "mistyped_rate" and advice.code == "step_up"
        if slip:
            self.mistake = ""
        yield RateSet(rate_ml_per_h=advice.rate_ml_per_h * (10 if slip else 1)), NURSE

    def _hold(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        """Stay, and look again; or go against the advice."""
        higher = [step for step in self.briefing.day.steps if step.rate_ml_per_h > self.state.rate_ml_per_h]
        if self.mistake == "steps_early" and "step_time" in advice.blockers and higher:
            self.mistake = ""
            yield AdviceOverridden(code=advice.code, reason="the day's last transport leaves soon"), NURSE
            yield RateSet(rate_ml_per_h=higher[-1].rate_ml_per_h), NURSE
        elif {"rule_holds", "symptom_present"} & set(advice.blockers):
            yield from self._look_again(advice)

    def _look_again(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        last = max((vitals.at for vitals in self.state.vitals), default=None)
        if last is None or self.now >= last + self.look:
            yield self._vitals(self._all_measures()), NURSE

    def _pause(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        yield Paused(reason=", ".join(advice.facts)), NURSE

    def _stop(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        yield Stopped(reason=", ".join(advice.facts)), NURSE
        yield from ((VialFinished(hung=h.event, left_g=self._left_g()), NURSE) for h in self._hanging())

    def _take_down(self) -> None:
        for hung in self._hanging():
            self._record(VialFinished(hung=hung.event, left_g=self._left_g()), NURSE)

    def _hanging(self) -> list[HungVial]:
        return [vial for vial in self.state.vials if vial.finished_at is None]

    def _left_g(self) -> Decimal:
        """What is left in the last vial."""
        left = self.state.grams_hung - given_g(self.state, self.now)
        return max(left, Decimal(0)).quantize(Decimal("0.01"))

    def _do(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        """Medicines once a class; other actions leave no event of their own."""
        if advice.action == "check_vital_signs":
            yield from self._look_again(advice)
        if advice.action != "give" or advice.drug_class is None or advice.if_:
            return
        given = {item.medicine.drug_class for item in self.state.medicines}
        drugs = [drug for drug in self.briefing.facts.emergency_drug if drug.drug_class == advice.drug_class]
        drug = next((drug for drug in drugs if drug.default), next(iter(drugs), None))
        if drug is not None and advice.drug_class not in given:
            yield (
                MedicineGiven(
                    drug=drug.drug, drug_class=drug.drug_class, route=drug.route, text="as ordered"
                ),
                CLINICIAN,
            )

    def _restart(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        if advice.blockers:
            yield from self._look_again(advice)
        elif self._is_dry():
            yield from self._next_vial()
        else:
            yield Resumed(rate_ml_per_h=advice.rate_ml_per_h), NURSE

    def _is_dry(self) -> bool:
        hung_ml = sum((vial.volume_ml or Decimal(0) for vial in self.state.vials), Decimal(0))
        return given_ml(self.state, self.now) >= hung_ml and bool(self.shelf)

    def _decide(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        """The clinician lets it go on one planned step below, once the patient is well."""
        if advice.blockers:
            yield from self._look_again(advice)
            return
        steps = self.briefing.day.steps
        before = self.state.rate_at(self.now)
        if not steps or before is None or self.state.phase != "halted" or advice.rank == "later":
            return
        below = step_below(steps, before) or steps[0]
        yield (
            RestartDecided(
                decided_by=CLINICIAN,
                rate_ml_per_h_max=min(below.rate_ml_per_h, before),
                reason="the signs have gone",
            ),
            CLINICIAN,
        )

    def _observe(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        if {"rule_holds", "symptom_present"} & set(advice.blockers):
            yield from self._look_again(advice)

    def _leave(self, advice: Advice) -> Iterator[tuple[Happening, str]]:
        yield ObservationEnded(), NURSE


_ANSWERS: dict[Code, Callable[[_Infusion, Advice], Iterator[tuple[Happening, str]]]] = {
    "identify": _Infusion._identify,
    "check_vitals": _Infusion._measure,
    "hang_vial": _Infusion._hang,
    "start": _Infusion._start,
    "step_up": _Infusion._set_rate,
    "slow": _Infusion._set_rate,
    "hold_rate": _Infusion._hold,
    "pause": _Infusion._pause,
    "stay_halted": _Infusion._look_again,
    "stop": _Infusion._stop,
    "do": _Infusion._do,
    "restart": _Infusion._restart,
    "decide_restart": _Infusion._decide,
    "observe": _Infusion._observe,
    "may_leave": _Infusion._leave,
}
"""What the nurse does about each code; the others ask for nothing that leaves a record."""


def _vials(briefing: Briefing, knowledge: Knowledge, rng: Random) -> Iterator[VialHung]:
    """The planned vials, by barcode where one is known, all of one lot a size, the largest first."""
    for size in briefing.day.vials:
        lot = f"SIM{rng.randint(10_000, 99_999)}"
        gtin = _gtin(briefing.product, size.grams, knowledge)
        for _ in range(size.count):
            yield VialHung(
                product=briefing.product,
                grams=size.grams,
                volume_ml=size.volume_ml,
                lot=lot,
                expiry=briefing.day.date + dt.timedelta(days=rng.randint(60, 600)),
                gtin=gtin,
                serial=f"{rng.randint(100_000, 999_999)}",
            )


def _gtin(product: str, grams: Decimal, knowledge: Knowledge) -> str:
    items = (item for item in knowledge.facts.trade_item if knowledge.permits(item))
    return next((item.gtin for item in items if product in item.products and item.grams == grams), "")


def _wrong_vial(
    briefing: Briefing, knowledge: Knowledge, shelf: list[VialHung], rng: Random
) -> VialHung | None:
    """Another product's vial, the right one out of date, or one whose lot was not read."""
    if not shelf:
        return None
    right = shelf[0]
    others = [item for item in knowledge.facts.trade_item if briefing.product not in item.products]
    swaps = [msgspec.structs.replace(right, expiry=briefing.day.date - dt.timedelta(days=1))]
    swaps.append(msgspec.structs.replace(right, lot=""))
    if others:
        item = rng.choice(others)
        swaps.append(
            msgspec.structs.replace(right, product=item.products[0], gtin=item.gtin, grams=item.grams)
        )
    return rng.choice(swaps)
