"""What can happen at the chair: one frozen value an event, as it happened and who saw it.

An event states a fact about the world and never a judgement of ours: a rate past the limit
or a vial of another patient is recorded like any other. Times are aware; arithmetic with
them is done in UTC, so that daylight saving moves no volume.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.patient import Identifier

CHAIR_LETTERS = 24
"""The longest name of a chair: it is read from across a room."""
CTCAE_GRADES: tuple[int, ...] = (1, 2, 3, 4, 5)

Whom = Literal["emergency_team", "prescriber"]
"""Who is called to the chair."""


class What(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of everything that can happen. The tag ``kind`` names it on paper and in the journal."""


class IdentityChecked(What, frozen=True, tag="identity_checked"):
    """The person in the chair was identified: the identifier read from the wristband or card."""

    identifier: Identifier
    method: Literal["scanned", "asked"]


class Seated(What, frozen=True, tag="seated"):
    """The patient took a chair or bed, or changed to another one."""

    chair: str
    """As it is written at the place: "4", "Window 2". Nothing of the patient."""

    def __post_init__(self) -> None:
        if not self.chair.strip() or self.chair != " ".join(self.chair.split()):
            raise ValueError("the name of a chair is a word or more, one space apart")
        if len(self.chair) > CHAIR_LETTERS:
            raise ValueError(f"the name of a chair has at most {CHAIR_LETTERS} characters")


class Started(What, frozen=True, tag="started"):
    """The line was connected. The flow begins with the first rate."""

    pump: str = ""


class RateSet(What, frozen=True, tag="rate_set"):
    """The pump was set to a rate in mL/h; 0 halts it."""

    rate_ml_per_h: Decimal

    def __post_init__(self) -> None:
        _amounts(rate_ml_per_h=self.rate_ml_per_h)


class VialHung(What, frozen=True, tag="vial_hung"):
    """A vial was spiked or pooled. ``product`` and ``gtin`` as scanned or typed, never guessed."""

    product: str | None
    grams: Decimal
    volume_ml: Decimal | None = None
    lot: str = ""
    """Empty: not read."""
    expiry: dt.date | None = None
    gtin: str = ""
    serial: str = ""

    def __post_init__(self) -> None:
        _amounts(grams=self.grams, volume_ml=self.volume_ml)


class VialFinished(What, frozen=True, tag="vial_finished"):
    """A hung vial is empty, or was taken down with ``left_g`` in it."""

    hung: str
    """Id of the event that hung it."""
    left_g: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _amounts(left_g=self.left_g)


class VitalsTaken(What, frozen=True, tag="vitals_taken"):
    """Measured values by measure id ("measure.systolic_mmhg"), in the unit of the id."""

    readings: dict[str, Decimal]
    confirmed: bool = False
    """Something in it is hardly possible, and was looked at again."""

    def __post_init__(self) -> None:
        if not all(value.is_finite() for value in self.readings.values()):
            raise ValueError("a reading is a number")


class SymptomNoted(What, frozen=True, tag="symptom_noted"):
    """A symptom came, or is gone."""

    symptom: str
    present: bool = True
    note: str = ""


class ReactionGraded(What, frozen=True, tag="reaction_graded"):
    """A clinician's grade of a reaction by a CTCAE term, with the version that was used."""

    term: str
    grade: int
    version: str
    reaction: str = ""
    """Suspected reaction, if one was named."""

    def __post_init__(self) -> None:
        if self.grade not in CTCAE_GRADES:
            raise ValueError(f"no CTCAE grade: {self.grade}")


class MedicineGiven(What, frozen=True, tag="medicine_given"):
    """A medicine as it was given: always recordable, whatever was advised."""

    drug: str
    drug_class: str = ""
    route: str = ""
    dose_mg: Decimal | None = None
    text: str = ""
    """The dose in words where milligrams do not say it ("oxygen 6 L/min")."""


class Paused(What, frozen=True, tag="paused"):
    """The pump was halted and may go on."""

    reason: str = ""


class RestartDecided(What, frozen=True, tag="restart_decided"):
    """A clinician decided that the infusion goes on after a reaction, and how fast at most."""

    decided_by: str
    rate_ml_per_h_max: Decimal
    reason: str

    def __post_init__(self) -> None:
        _amounts(rate_ml_per_h_max=self.rate_ml_per_h_max)


class Resumed(What, frozen=True, tag="resumed"):
    """The pump runs again, at the last rate unless another is given."""

    rate_ml_per_h: Decimal | None = None

    def __post_init__(self) -> None:
        _amounts(rate_ml_per_h=self.rate_ml_per_h)


class Disconnected(What, frozen=True, tag="disconnected"):
    """The line was taken off (imaging, toilet, another line) and may be put back."""

    reason: str = ""


class Stopped(What, frozen=True, tag="stopped"):
    """The infusion was ended before its volume was in."""

    reason: str = ""
    volume_ml: Decimal | None = None
    """As the pump counted it."""

    def __post_init__(self) -> None:
        _amounts(volume_ml=self.volume_ml)


class Completed(What, frozen=True, tag="completed"):
    """The volume is in."""

    volume_ml: Decimal | None = None
    """As the pump counted it."""

    def __post_init__(self) -> None:
        _amounts(volume_ml=self.volume_ml)


class ObservationEnded(What, frozen=True, tag="observation_ended"):
    """The patient left the chair."""


class Called(What, frozen=True, tag="called"):
    """Somebody was called to a reaction, and reached."""

    whom: Whom


class PatientInformed(What, frozen=True, tag="patient_informed"):
    """The patient or caregiver was told what to report in the days after, and to whom."""


class AdviceShown(What, frozen=True, tag="advice_shown"):
    """What was on the screen: the code and the facts that ruled."""

    code: str
    facts: tuple[str, ...] = ()


class AdviceOverridden(What, frozen=True, tag="advice_overridden"):
    """A person did otherwise, and why."""

    code: str
    reason: str
    event: str = ""
    """Id of the event that tells what was done."""


class BothSeen(What, frozen=True, tag="both_seen"):
    """A person looked at entries whose authors could not see each other's. It changes nothing else."""

    event: str
    """Id of the one that came late."""
    beside: tuple[str, ...]
    """Ids of those that others wrote meanwhile."""


class Corrected(What, frozen=True, tag="corrected"):
    """An earlier event was recorded wrongly. The first record stays in the journal.

    A correction is never itself corrected: the event is corrected anew, and the new
    correction names the one before. What a person saw and set right does not hold, whatever
    the clocks say. Of two that did not know of each other, the later in time holds.
    """

    event: str
    """Id of the event that was wrong."""
    what: Happening | None = None
    """What happened instead; None: it did not happen."""
    at: dt.datetime | None = None
    """When it happened; None: the time was right."""
    reason: str = ""
    replaces: str = ""
    """Id of the correction of the same event that held until then."""

    def __post_init__(self) -> None:
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("the time of an event needs its offset from UTC")


Happening = (
    IdentityChecked
    | Seated
    | Started
    | RateSet
    | VialHung
    | VialFinished
    | VitalsTaken
    | SymptomNoted
    | ReactionGraded
    | MedicineGiven
    | Paused
    | RestartDecided
    | Resumed
    | Disconnected
    | Stopped
    | Completed
    | ObservationEnded
    | Called
    | PatientInformed
    | AdviceShown
    | AdviceOverridden
    | BothSeen
)
"""Everything that can happen but a correction."""


class Event(msgspec.Struct, frozen=True):
    """One thing that happened at an instant."""

    id: str
    """Made by the client; the same id is the same event."""
    at: dt.datetime
    """Aware."""
    what: Happening | Corrected
    by: str = ""
    """Who did or saw it."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of an event needs its offset from UTC")


def _amounts(**values: Decimal | None) -> None:
    """Raises ValueError for what no pump or vial shows: less than nothing, or no number."""
    for name, value in values.items():
        if value is not None and not (value.is_finite() and value >= 0):
            raise ValueError(f"{name} is an amount of 0 or more, not {value}")
