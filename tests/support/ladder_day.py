"""One infusion at the chair, made by hand: 35 g at 10 % for a person of 70 kg, four steps of half an hour."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ivigil.course import CareItem, Day, Step, Vial
from ivigil.infusion.briefing import Briefing, Check, chair_facts
from ivigil.infusion.events import Completed, Event, Happening, RateSet, Started
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.store import all_facts
from ivigil.patient import Identifier
from tests.support.orders import knowledge

D = Decimal
Happened = tuple[float, Happening]
"""Minutes after the start, and what happened."""
START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
WHO = Identifier("urn:example", "T-1")
PRODUCT = "privigen-us"
RATES = (("35", 30), ("70", 30), ("140", 30), ("280", 49))
"""mL/h and minutes: 0.5, 1, 2 and 4 mL/kg/h; 17.5 + 35 + 70 + 227.5 mL."""
VOLUMES = ("17.5", "35", "70", "227.5")


def at(minutes: float) -> dt.datetime:
    """So many minutes after the start."""
    return START + dt.timedelta(minutes=minutes)


def day(**fields: Any) -> Day:
    """350 mL in 139 minutes: 17.5, 35, 70 and 227.5 mL."""
    steps: list[Step] = []
    clock = 0
    for (rate, minutes), volume in zip(RATES, VOLUMES, strict=True):
        steps.append(
            Step(
                rate_ml_per_h=D(rate),
                minutes=minutes,
                volume_ml=D(volume),
                start=at(clock),
                end=at(clock + minutes),
                limit_ml_per_h=D(rate),
            )
        )
        clock += minutes
    usual = Day(
        number=1,
        date=START.date(),
        start=START,
        end=at(clock),
        grams=D(35),
        volume_ml=D(350),
        duration_min=clock,
        vials=(
            Vial(grams=D(10), count=3, volume_ml=D(100)),
            Vial(grams=D(5), count=1, volume_ml=D(50)),
        ),
        steps=tuple(steps),
    )
    return replace(usual, **fields)


def briefing(age_months: int = 480, weight_kg: Decimal | str = "70", **fields: Any) -> Briefing:
    """The briefing of that day, with the real facts for this age and weight."""
    weight, adult = D(weight_kg), age_months >= 18 * 12
    facts = chair_facts("adult" if adult else "child", age_months, weight, knowledge().facts)
    usual = Briefing(
        plan="plan-1",
        knowledge_version=knowledge().version,
        patient=WHO,
        age_months=age_months,
        weight_kg=weight,
        adult=adult,
        product=PRODUCT,
        route="IV",
        day=day(),
        pump_step_ml_per_h=D(1),
        checks=(Check("monitoring.end", "end", None, ("measure.heart_rate_per_min",)),),
        observation=CareItem(
            kind="observation", text="", minutes=60, facts=("observation.first_switch_gap",)
        ),
        facts=facts,
        permitted=frozenset(fact.id for fact in all_facts(facts) if knowledge().permits(fact)),
    )
    return replace(usual, **fields)


def events(*happened: Happened) -> tuple[Event, ...]:
    """Events at so many minutes after the start."""
    return tuple(Event(f"e{i}", at(minutes), what) for i, (minutes, what) in enumerate(happened))


UP: tuple[Happened, ...] = (
    (0, Started()),
    (0, RateSet(rate_ml_per_h=D(35))),
    (30, RateSet(rate_ml_per_h=D(70))),
    (60, RateSet(rate_ml_per_h=D(140))),
    (90, RateSet(rate_ml_per_h=D(280))),
)
"""Up the ladder on time."""

TO_THE_END: tuple[Happened, ...] = (*UP, (139, Completed()))


def state(*happened: Happened, of: Day | None = None) -> State:
    """What stands after these events."""
    return replay(of or day(), events(*happened))
