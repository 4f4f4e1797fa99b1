"""What is true of one infusion after its events: plain frozen values, computed by ``replay``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.course import Day, Step
from ivigil.infusion.events import MedicineGiven, ReactionGraded, RestartDecided, Whom
from ivigil.patient import Identifier

Phase = Literal["not_started", "running", "halted", "ended", "left"]
"""ended: the flow is over and the patient is observed; left: the patient has gone."""

Halt = Literal["", "paused", "disconnected", "rate_zero", "no_rate"]
"""Why a started infusion does not flow."""


class Flow(msgspec.Struct, frozen=True):
    """A stretch of time at one rate. Halts are the gaps between two of them."""

    start: dt.datetime
    end: dt.datetime | None
    """None: still running."""
    rate_ml_per_h: Decimal


class HungVial(msgspec.Struct, frozen=True, kw_only=True):
    """One vial as it was hung."""

    event: str
    at: dt.datetime
    product: str | None
    grams: Decimal
    volume_ml: Decimal | None
    lot: str
    expiry: dt.date | None
    gtin: str
    serial: str
    finished_at: dt.datetime | None = None
    left_g: Decimal = Decimal(0)


class Vitals(msgspec.Struct, frozen=True):
    """One set of measurements by measure id."""

    at: dt.datetime
    readings: dict[str, Decimal]
    confirmed: bool = False
    """Somebody looked again at what is hardly possible in it."""


class Spell(msgspec.Struct, frozen=True):
    """One symptom from its onset to its end."""

    symptom: str
    since: dt.datetime
    until: dt.datetime | None = None
    """None: still present."""

    def present_at(self, moment: dt.datetime) -> bool:
        """Was it present then? The end is the first moment without it."""
        return self.since <= moment and (self.until is None or moment < self.until)


class Graded(msgspec.Struct, frozen=True):
    """One grading of a reaction."""

    at: dt.datetime
    grading: ReactionGraded


class Given(msgspec.Struct, frozen=True):
    """One medicine as given."""

    at: dt.datetime
    medicine: MedicineGiven


class Call(msgspec.Struct, frozen=True):
    """One call for somebody."""

    at: dt.datetime
    whom: Whom


class Decided(msgspec.Struct, frozen=True):
    """One decision of a clinician to go on."""

    at: dt.datetime
    decision: RestartDecided


AlarmCode = Literal[
    "rate_past_limit",
    "flow_without_start",
    "flow_after_end",
    "more_hung_than_planned",
    "finished_unknown_vial",
    "not_identified",
    "identity_differs",
]


class Alarm(msgspec.Struct, frozen=True):
    """Something recorded that should not be so. It never removes the record."""

    code: AlarmCode
    at: dt.datetime
    event: str
    value: str = ""
    limit: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion day as far as its events tell. Nothing here depends on the present time."""

    day: Day
    phase: Phase = "not_started"
    halt: Halt = ""
    chair: str = ""
    """Where the patient sits or lies; "": nobody told."""
    identified: Identifier | None = None
    identified_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    ended_early: bool = False
    """True if it was stopped before its volume was in."""
    left_at: dt.datetime | None = None
    line_off_at: dt.datetime | None = None
    """When the line was last taken off; None: never, or it is on again."""
    informed_at: dt.datetime | None = None
    """When the patient was told what to report."""
    flows: tuple[Flow, ...] = ()
    set_rate_ml_per_h: Decimal | None = None
    """The rate last set: what the pump goes on with after a pause."""
    counted_ml: Decimal | None = None
    """The volume that the pump counted, told at the end."""
    counted_at: dt.datetime | None = None
    """When it was told. What flows later comes on top."""
    vials: tuple[HungVial, ...] = ()
    vitals: tuple[Vitals, ...] = ()
    symptoms: tuple[Spell, ...] = ()
    grades: tuple[Graded, ...] = ()
    medicines: tuple[Given, ...] = ()
    decisions: tuple[Decided, ...] = ()
    calls: tuple[Call, ...] = ()
    alarms: tuple[Alarm, ...] = ()

    @property
    def grams_hung(self) -> Decimal:
        return sum((vial.grams for vial in self.vials), Decimal(0))

    @property
    def top_step(self) -> Step | None:
        """The step with the highest limit of the day's plan; None: no rates were planned."""
        return max(self.day.steps, key=lambda s: (s.limit_ml_per_h, s.rate_ml_per_h), default=None)

    @property
    def rate_ml_per_h(self) -> Decimal:
        """What flows: 0 unless running."""
        return self.flows[-1].rate_ml_per_h if self.phase == "running" else Decimal(0)

    def rate_at(self, moment: dt.datetime) -> Decimal | None:
        """What flowed at a moment or, during a halt, last before it; None: nothing had flowed."""
        return next((f.rate_ml_per_h for f in reversed(self.flows) if f.start <= moment), None)

    def standing_alarms(self, patient: Identifier) -> tuple[Alarm, ...]:
        """Those that hold still: another identity no more once the plan's patient is identified."""
        if self.identified != patient:
            return self.alarms
        return tuple(alarm for alarm in self.alarms if alarm.code != "identity_differs")

    @property
    def connected(self) -> bool:
        """Has the flow begun and not ended?"""
        return self.phase in ("running", "halted")
