"""A bedside for tests: briefings of the example orders, a hand-made day, events by the minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from itertools import count

from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import Day, Step, Vial
from ivigil.infusion import brief, replay
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import (
    Corrected,
    Disconnected,
    Event,
    Happening,
    IdentityChecked,
    Paused,
    RateSet,
    ReactionGraded,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.state import State
from ivigil.intake import parse_order
from ivigil.planning import plan
from tests.support.at_the_chair import EXAMPLES, WELL_ADULT
from tests.support.orders import knowledge

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
WELL = {f"measure.{name}": Decimal(value) for name, value in WELL_ADULT.items()}
NAMES = ("immunodeficiency", "kawasaki", "dermatomyositis", "subcutaneous", "guillain-barre")
"""Examples: adult, child, adult at risk, under the skin, one low rate."""


@cache
def briefing(name: str) -> Briefing:
    """The briefing for the first day of an example order, moved to ``START``."""
    made = plan(parse_order((EXAMPLES / f"{name}.toml").read_bytes(), "toml", knowledge()), knowledge())
    found = brief(made, 1, knowledge())
    return replace(found, day=replace(found.day, start=START))


def without_rates(base: Briefing) -> Briefing:
    return replace(base, day=replace(base.day, steps=()))


def hand_made_day(*steps: tuple[int, int], volume_ml: int = 200) -> Day:
    """20 g in 200 mL; steps as (mL/h, minutes)."""
    return Day(
        number=1,
        date=START.date(),
        start=START,
        end=START + dt.timedelta(hours=4),
        grams=Decimal(20),
        volume_ml=Decimal(volume_ml),
        duration_min=240,
        vials=(Vial(grams=Decimal(20), count=1, volume_ml=Decimal(200)),),
        steps=tuple(
            Step(
                rate_ml_per_h=Decimal(rate),
                minutes=minutes,
                volume_ml=Decimal(0),
                start=START,
                end=START,
                limit_ml_per_h=Decimal(rate) + Decimal("0.5"),
            )
            for rate, minutes in steps
        ),
    )


DAY = hand_made_day((30, 30), (60, 30), (120, 60))


def minute(number: float | Decimal) -> dt.datetime:
    return START + dt.timedelta(seconds=1) * int(Decimal(number) * 60)


_ids = count(1)


def event(at: float, what: Happening | Corrected, name: str = "") -> Event:
    return Event(id=name or f"id-{next(_ids):06}", at=minute(at), what=what)


def rate(at: float, ml_per_h: str | int | Decimal) -> Event:
    return event(at, RateSet(rate_ml_per_h=Decimal(ml_per_h)))


def sign(at: float, name: str, *, present: bool = True) -> Event:
    return event(at, SymptomNoted(symptom=f"symptom.{name}", present=present))


def vitals(at: float, **readings: float | str) -> Event:
    """Well but for what is given."""
    changed = {f"measure.{name}": Decimal(str(value)) for name, value in readings.items()}
    return event(at, VitalsTaken(readings={**WELL, **changed}))


def decided(at: float, ml_per_h: int) -> Event:
    return event(at, RestartDecided(decided_by="Dr E", rate_ml_per_h_max=Decimal(ml_per_h), reason="seen"))


def begun(base: Briefing) -> list[Event]:
    """Identity, vitals and vials before; started at the first planned rate."""
    first = base.day.steps[0].rate_ml_per_h if base.day.steps else Decimal(20)
    hung = VialHung(product=base.product, grams=base.day.grams)
    return [
        event(-10, IdentityChecked(identifier=base.patient, method="scanned"), "a-identity"),
        replace(vitals(-5), id="a-vitals"),
        event(-4, hung, "a-vial"),
        event(0, Started(), "a-start"),
        event(0, RateSet(rate_ml_per_h=first), "a-rate"),
    ]


def state(events: Iterable[Event], day: Day = DAY) -> State:
    return replay(day, events)


# --- random runs

SYMPTOMS = tuple(symptom.id for symptom in knowledge().facts.symptom)
RATES = st.sampled_from([Decimal(n) for n in (0, 3, 4, 8, 12, 17, 19, 30, 38, 57, 60, 98, 148, 152, 400)])
READINGS = st.fixed_dictionaries(
    {
        "measure.temperature_c": st.sampled_from([Decimal(n) for n in ("36.6", "37.8", "38.2", "39.5")]),
        "measure.heart_rate_per_min": st.sampled_from([Decimal(n) for n in (72, 101, 102, 121, 150)]),
        "measure.systolic_mmhg": st.sampled_from([Decimal(n) for n in (60, 82, 90, 118, 148, 190)]),
        "measure.diastolic_mmhg": st.just(Decimal(74)),
        "measure.respiratory_rate_per_min": st.just(Decimal(14)),
        "measure.spo2_percent": st.sampled_from([Decimal(n) for n in (85, 91, 95, 96, 98)]),
    }
)
SIGNS: st.SearchStrategy[Happening] = st.one_of(
    st.builds(SymptomNoted, symptom=st.sampled_from(SYMPTOMS), present=st.booleans()),
    st.builds(VitalsTaken, readings=READINGS),
    st.builds(
        ReactionGraded,
        term=st.sampled_from(["ctcae.chills", "ctcae.headache"]),
        grade=st.integers(1, 5),
        version=st.just("6.0"),
    ),
)
PUMP: st.SearchStrategy[Happening] = st.one_of(
    st.builds(RateSet, rate_ml_per_h=RATES),
    st.builds(Paused),
    st.builds(Disconnected),
    st.builds(Resumed, rate_ml_per_h=st.one_of(st.none(), RATES)),
    st.builds(Stopped),
)
DECISIONS: st.SearchStrategy[Happening] = st.builds(
    RestartDecided, decided_by=st.just("Dr E"), rate_ml_per_h_max=RATES, reason=st.just("seen")
)
MINUTES = st.integers(-20, 200)


def happenings(*kinds: st.SearchStrategy[Happening]) -> st.SearchStrategy[list[Event]]:
    """Random events with ids of their own; several may share a minute."""
    pairs = st.lists(st.tuples(MINUTES, st.one_of(*kinds)), max_size=9)
    return pairs.map(lambda found: [event(at, what, f"r-{n}") for n, (at, what) in enumerate(found)])


RUNS = happenings(SIGNS, PUMP, DECISIONS)
