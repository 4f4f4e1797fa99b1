"""Infusions that are looked at again and again: read and folded once each time that something is written.

A page at a chair asks every two seconds. What its patient's records come to is kept until one more is
written, or the knowledge changes; only what time changes is computed at each look.
"""

from __future__ import annotations

import datetime as dt
import threading

import msgspec
from msgspec.structs import replace

from ivigil.knowledge.store import Knowledge
from ivigil.practice.bedside import Bedside, bedside_of, folded
from ivigil.practice.late import Late, late
from ivigil.practice.reports import Unsettled, waiting
from ivigil.records.infusing import find, stream_of
from ivigil.records.journal import Journal

MANY = 300
"""So many infusions are kept: those that were looked at last."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion at one moment, and which of its entries came late."""

    bedside: Bedside
    late: tuple[Late, ...]
    reports: tuple[Unsettled, ...] = ()
    """What the patient reported and nobody has settled, after whichever infusion."""


class _Kept(msgspec.Struct, frozen=True):
    version: int
    """Of the patient's records, from before they were read."""
    knowledge: str
    seen: Seen


class _Place:
    """Of one infusion; several that ask at once wait for the one that reads."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.kept: _Kept | None = None


class Watch:
    """The infusions of one journal. Safe to use from several threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = threading.Lock()
        self._places: dict[str, _Place] = {}

    def look(self, infusion: str, knowledge: Knowledge, at: dt.datetime) -> Seen:
        """As ``bedside.look`` sees it, in the zone of the plan.

        Raises NoInfusionError, BriefingError, UnverifiedPlanError.
        """
        place = self._place(infusion)
        with place.turn:
            stream = stream_of(self._journal, infusion)
            version = self._journal.version(stream)
            kept = place.kept
            if kept is None or (kept.version, kept.knowledge) != (version, knowledge.version):
                kept = _Kept(version, knowledge.version, self._read(infusion, stream, knowledge))
                place.kept = kept
        bedside = kept.seen.bedside
        now = max(at, bedside.at).astimezone(bedside.briefing.day.start.tzinfo)
        return replace(kept.seen, bedside=replace(bedside, at=now))

    def _place(self, infusion: str) -> _Place:
        with self._turn:
            place = self._places.pop(infusion, None) or _Place()
            self._places[infusion] = place
            for oldest in list(self._places)[:-MANY]:
                del self._places[oldest]
            return place

    def _read(self, infusion: str, stream: str, knowledge: Knowledge) -> Seen:
        """At the latest of its events: no look is earlier."""
        records = self._journal.read(stream)
        found = find(records, stream, infusion)
        latest = max((event.at for event in found.events), default=dt.datetime.min.replace(tzinfo=dt.UTC))
        return Seen(
            bedside=folded(bedside_of(found, knowledge, latest)),
            late=late(records, infusion),
            reports=waiting(records, stream, knowledge),
        )
