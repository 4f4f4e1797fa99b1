"""Who looked at which patient, who was refused, who broke the glass: written into the journal.

A look that goes on (a live page asks every few seconds) is one read an hour for each person, patient and
action; a restart begins anew. Nothing is shown before its read is on disk.
"""

from __future__ import annotations

import datetime as dt
import threading

import msgspec

from ivigil.practice.entry import Author, Entry, draft
from ivigil.records.entrance import AccessRefused, GlassBroken, PatientRead, ReadEvent, of_reads
from ivigil.records.journal import Journal
from ivigil.records.kinds import tag
from ivigil.web.access.people import Person

DEVICE = "browser"
AGAIN = dt.timedelta(hours=1)
_MOST_KEPT = 50_000


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, at which site, when."""

    person: Person
    site: str
    at: dt.datetime


class Reads:
    """The reads of one journal. Safe to use from several threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = threading.Lock()
        self._noted: dict[tuple[str, ...], dt.datetime] = {}
        self._position = 0
        self._opened: dict[tuple[str, str], dt.datetime] = {}

    def note(self, look: Look, stream: str, action: str) -> None:
        """Somebody looks at a patient."""
        self._once("read", look, stream, PatientRead(person=look.person.id, action=action))

    def refuse(self, look: Look, stream: str, action: str, missing: str) -> None:
        """Somebody was refused; ``stream``: whose account it was by id, "" if it was about nobody."""
        body = AccessRefused(person=look.person.id, action=action, missing=missing)
        self._once("refused", look, stream, body)

    def break_glass(self, look: Look, stream: str, reason: str, until: dt.datetime) -> None:
        """Open a patient to somebody for a while."""
        self._write(look, stream, GlassBroken(person=look.person.id, reason=reason, until=until))

    def opened(self, look: Look, stream: str) -> bool:
        """Whether broken glass opens this patient to this person now."""
        with self._turn:
            self._refresh()
            until = self._opened.get((look.person.id, stream))
        return until is not None and look.at < until

    def _refresh(self) -> None:
        head = self._journal.head().position
        if head > self._position:
            for record in self._journal.records(self._position, (tag(GlassBroken),)):
                if isinstance(record.body, GlassBroken):
                    self._opened[record.body.person, record.subject] = record.body.until
            self._position = head

    def _once(self, what: str, look: Look, stream: str, body: PatientRead | AccessRefused) -> None:
        key = (what, look.person.id, stream, body.action)
        with self._turn:
            before = self._noted.get(key)
            if before is not None and dt.timedelta(0) <= look.at - before < AGAIN:
                return
            self._write(look, stream, body)
            if len(self._noted) > _MOST_KEPT:
                self._noted.clear()
            self._noted[key] = look.at

    def _write(self, look: Look, stream: str, body: ReadEvent) -> None:
        by = Author(name=look.person.author, site=look.site, device=DEVICE)
        entry = Entry(by=by, occurred_at=look.at, device_at=look.at)
        self._journal.append([draft(entry, self._journal.stream(of_reads(stream)), body, stream)])
