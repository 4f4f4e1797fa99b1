"""What a patient, or somebody for them, reports after an infusion."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec


class SymptomReport(msgspec.Struct, frozen=True, kw_only=True):
    """One report. A symptom in neither tuple was not answered: that is not a no."""

    at: dt.datetime
    """Aware: when it was reported."""
    present: tuple[str, ...] = ()
    """Symptom ids that the person says they have."""
    absent: tuple[str, ...] = ()
    """Symptom ids that the person says they do not have."""
    readings: dict[str, Decimal] = {}
    """Measure id -> value in the measure's unit, as the person read it at home."""
    unmatched: tuple[str, ...] = ()
    """Complaints in the person's words that they did not find on the list."""
    words: str = ""
    """Everything that the person wrote, as they wrote it, whatever was found in it."""

    @property
    def own_words(self) -> tuple[str, ...]:
        """What is to be shown between quotation marks: all that was written, else the complaints."""
        return (self.words,) if self.words else self.unmatched
