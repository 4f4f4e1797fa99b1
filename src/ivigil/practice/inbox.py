"""The follow-up inbox: what waits for the team in the days after infusions, the most pressing first.

Nothing leaves it by growing old alone: a report until a clinician settles it, an answer until somebody reads
it, silence until it is answered or the patient's next infusion asks anew.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from sqlalchemy import func, select

from ivigil.aftercare.check_ins import CheckIn, check_ins
from ivigil.aftercare.follow_up import FollowUpTest, follow_up_tests
from ivigil.aftercare.happenings import (
    CheckInAnswered,
    Happened,
    ResultReceived,
    SymptomsReported,
    unsettled,
)
from ivigil.aftercare.results import ResultReading, read_results
from ivigil.aftercare.standing import Escalation, Standing, standing
from ivigil.aftercare.team_hours import Unwatched, last_unwatched
from ivigil.aftercare.triage import Call
from ivigil.infusion.briefing import BriefingError
from ivigil.knowledge.logic import FALSE
from ivigil.knowledge.reactions import Urgency
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case, hours_of, of_journal, results_of, triage_of
from ivigil.practice.board import initials
from ivigil.practice.following import Following
from ivigil.practice.reports import complaints
from ivigil.records import rows
from ivigil.records.finding import sites
from ivigil.records.infusing import NoInfusionError
from ivigil.records.journal import Journal
from ivigil.records.kinds import tag
from ivigil.records.lookback import contact_of
from ivigil.records.tables import event
from ivigil.records.views import infusion_state

QUIET = dt.timedelta(days=100)
"""An infusion of which nothing was recorded for so long is counted, no longer listed."""
_OVER = ("stopped", "completed", "observation_ended")
_REPORTED = tuple(tag(kind) for kind in (SymptomsReported, CheckInAnswered, ResultReceived))

Tier = Literal["emergency", "now", "today", "read", "ask", "later"]
TIERS: tuple[Tier, ...] = ("emergency", "now", "today", "read", "ask", "later")
"""From the most to the least pressing."""

Kind = Literal["report", "silence", "answer", "result", "test", "check_in"]
_FOR_THE_TEAM: tuple[Kind, ...] = ("report", "silence", "answer", "result")
"""What somebody has to look at; the rest waits for the patient or a laboratory."""
_OF_URGENCY: dict[Urgency, Tier] = {
    "emergency_now": "emergency",
    "same_day": "today",
    "next_visit": "read",
    "self_care": "later",
}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits. What a patient said is in the record, not here."""

    kind: Kind
    tier: Tier
    infusion: str
    stream: str
    sites: frozenset[str]
    """Where anything was recorded about the patient."""
    initials: str
    since: dt.datetime
    about: str = ""
    """Id of the check-in, or what test it is."""
    urgency: Urgency | None = None
    """Of a report; None: triage is switched off here."""
    call: Call | None = None
    escalation: Escalation | None = None
    """Who is to be told of silence."""
    at_risk: bool = False
    unwatched: Unwatched | None = None
    """When it last waited for the team and nobody was to watch; None: never, or no hours are known."""
    count: int = 1
    """How many reports or results."""
    ended: bool = True
    """False: the end of the infusion is not recorded; it may be running."""


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that waits, at one moment."""

    at: dt.datetime
    items: tuple[Item, ...]
    followed: int
    """Infusions that were looked at."""
    silent: int
    """Infusions of which nothing was recorded for 100 days: not listed."""
    unreadable: int
    """Infusions that could not be followed: they have no course, or cannot be read."""

    def at_site(self, site: str) -> Inbox:
        """What concerns one site: patients of whom anything was recorded there."""
        here = tuple(item for item in self.items if site in item.sites)
        return msgspec.structs.replace(self, items=here)

    def by_infusion(self) -> tuple[tuple[Item, ...], ...]:
        """What waits of one infusion together, where its most pressing item stands."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.infusion, []).append(item)
        return tuple(tuple(items) for items in found.values())


def ranked(items: Iterable[Item]) -> tuple[Item, ...]:
    """By tier, then whatever waits longest."""
    return tuple(sorted(items, key=lambda item: (TIERS.index(item.tier), item.since, item.infusion)))


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the inbox tells of a patient."""

    initials: str = ""
    sites: frozenset[str] = frozenset()


def items_of(case: Case, asked: Iterable[CheckIn], patient: Known) -> tuple[Item, ...]:
    """What waits of one infusion. asked: its check-ins. While its end is not recorded: what was reported."""
    parts = _Parts(case, patient)
    given = results_of(case)
    if case.episode.ended_at is None:
        return (*parts.reports(), *parts.results(given))
    told = standing(asked, case.happened, case.at, case.knowledge, hours_of(case))
    return (
        *parts.reports(),
        *(item for each in told for item in parts.check_in(each)),
        *parts.results(given),
        *(
            item
            for test in follow_up_tests(case.plan, given, case.at, case.knowledge)
            for item in parts.test(test)
        ),
    )


class _Parts:
    """The items of one infusion."""

    def __init__(self, case: Case, patient: Known) -> None:
        self._case = case
        self._patient = patient
        self._open = unsettled(case.known)

    def reports(self) -> Iterator[Item]:
        """One item for everything that was told and not settled, as urgent as its most urgent answer."""
        told = complaints(self._case.known)
        if not told:
            return
        answer = triage_of(self._case)
        urgency = answer.urgency if answer is not None else None
        tier = _OF_URGENCY[urgency] if urgency is not None else "now"
        call = answer.call if answer is not None else None
        if call == "team_now":
            tier = "now"
        yield self._item("report", tier, told[0].at, urgency=urgency, call=call, count=len(told))

    def check_in(self, stands: Standing) -> Iterator[Item]:
        """Silence, an answer that nobody read, or a check-in whose time has come."""
        asked, told = stands.check_in, stands.escalation
        more = {"about": asked.id, "escalation": told, "at_risk": asked.at_high_risk}
        if stands.answered_at is not None and stands.answer_read_at is None:
            yield self._item("answer", "today" if told else "read", stands.answered_at, **more)
        elif stands.state in ("unread", "unanswered") and not self._asked_anew:
            yield self._item("silence", "today" if told else "ask", asked.due, **more)
        elif stands.state == "due":
            yield self._item("check_in", "ask" if stands.sent_at is None else "later", asked.due, **more)

    def results(self, given: Iterable[ResultReceived]) -> Iterator[Item]:
        """Laboratory values since the last settlement: today if a rule may hold by one of them."""
        new = [each for each in self._open if isinstance(each.what, ResultReceived)]
        if new:
            case = self._case
            read = read_results(given, case.episode, case.knowledge, case.course_start)
            speaks = any(_speaks(reading, new) for reading in read)
            yield self._item("result", "today" if speaks else "read", new[0].at, count=len(new))

    def test(self, test: FollowUpTest) -> Iterator[Item]:
        """A blood test whose days have come or passed, without a result."""
        if test.state in ("due", "overdue") and test.first is not None:
            since = dt.datetime.combine(test.first, dt.time(), self._case.at.tzinfo)
            tier: Tier = "ask" if test.state == "overdue" else "later"
            yield self._item("test", tier, since, about=test.what)

    @property
    def _asked_anew(self) -> bool:
        """The patient's next infusion has ended: its own check-ins ask."""
        return self._case.until is not None

    def _item(self, kind: Kind, tier: Tier, since: dt.datetime, **more: object) -> Item:
        case = self._case
        waits = kind in _FOR_THE_TEAM
        made = Item(
            kind=kind,
            tier=tier,
            infusion=case.episode.infusion,
            stream=case.stream,
            sites=self._patient.sites,
            initials=self._patient.initials,
            since=since,
            ended=case.episode.ended_at is not None,
            unwatched=last_unwatched(case.knowledge, since, case.at) if waits else None,
        )
        return msgspec.structs.replace(made, **more)


def _speaks(reading: ResultReading, new: Iterable[Happened]) -> bool:
    """Does one of these values make a rule hold, or leave it open?"""
    drawn = {(each.what.measure, each.what.drawn_at) for each in new if isinstance(each.what, ResultReceived)}
    seen = {(each.measure, each.drawn_at) for each in reading.because}
    return reading.holds is not FALSE and bool(seen & drawn)


class _Kept(msgspec.Struct, frozen=True):
    """One infusion, and what waited of it when it was last looked at."""

    at: dt.datetime
    case: Case | None
    """None: it cannot be followed, or has not ended and nothing was told of it."""
    unreadable: bool = False
    asked: tuple[CheckIn, ...] = ()
    patient: Known = Known()
    items: tuple[Item, ...] = ()

    def looked_at(self, at: dt.datetime) -> _Kept:
        """The same at another moment."""
        if self.case is None:
            return self
        items = items_of(msgspec.structs.replace(self.case, at=at), self.asked, self.patient)
        return msgspec.structs.replace(self, at=at, items=items)


class Post:
    """The inbox of one journal, read again only where something was written. Safe for several threads."""

    FRESH = dt.timedelta(minutes=1)
    """How long what waits is not computed again while nothing is written about the patient."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = threading.Lock()
        self._following = Following(journal)
        self._version = ""
        self._kept: dict[str, _Kept] = {}

    def inbox(self, knowledge: Knowledge, at: dt.datetime) -> Inbox:
        """Everything that waits at ``at`` (aware, in the site's zone). Raises JournalUnavailableError."""
        with self._turn:
            head = self._journal.head().position
            listed, over, silent = _listed(self._journal, at)
            self._drop(set(self._following.written()), listed, knowledge.version)
            found = {
                name: self._of(name, stream, knowledge, at, over=name in over)
                for name, stream in listed.items()
            }
            self._kept = found
            self._following.caught_up(head)
        return Inbox(
            at=at,
            items=ranked(item for kept in found.values() for item in kept.items),
            followed=sum(kept.case is not None for kept in found.values()),
            silent=silent,
            unreadable=sum(kept.unreadable for kept in found.values()),
        )

    def _drop(self, written: set[str], listed: dict[str, str], version: str) -> None:
        if version != self._version:
            self._kept, self._version = {}, version
        stale = [name for name in self._kept if listed.get(name) in written]
        for name in stale:
            del self._kept[name]

    def _of(self, infusion: str, stream: str, knowledge: Knowledge, at: dt.datetime, *, over: bool) -> _Kept:
        kept = self._kept.get(infusion)
        if kept is not None and dt.timedelta(0) <= at - kept.at < self.FRESH:
            return kept
        return (kept or self._read(infusion, stream, knowledge, at, over=over)).looked_at(at)

    def _read(
        self, infusion: str, stream: str, knowledge: Knowledge, at: dt.datetime, *, over: bool
    ) -> _Kept:
        if not over and not _told_of(self._journal, infusion, stream):
            return _Kept(at, None)
        contact = contact_of(self._journal, stream)
        known = Known(
            initials=initials(contact.name) if contact is not None else "",
            sites=frozenset(sites(self._journal, stream)),
        )
        try:
            case = of_journal(self._journal, infusion, knowledge, at)
        except (BriefingError, NoInfusionError):
            return _Kept(at, None, unreadable=True)
        if case.episode.ended_at is None:
            return _Kept(at, case, unreadable=over, patient=known)
        return _Kept(at, case, asked=check_ins(case.episode, knowledge, case.until), patient=known)


def _listed(journal: Journal, at: dt.datetime) -> tuple[dict[str, str], set[str], int]:
    """Infusions with their patients: those that have ended and those that have not; which of them have; how
    many have and are silent too long to be listed. What was told while one goes on is never too old."""
    view, quiet = infusion_state.c, rows.utc_text(at - QUIET)
    ended = view.state.in_(_OVER)
    asked = select(view.subject, view.stream, view.state).where(~ended | (view.last_at >= quiet))
    others = select(func.count()).where(ended, view.last_at < quiet)
    with journal.store.reading() as connection:
        found = connection.execute(asked).all()
        silent = connection.execute(others).scalar_one()
    return (
        {row.subject: row.stream for row in found},
        {row.subject for row in found if row.state in _OVER},
        silent,
    )


def _told_of(journal: Journal, infusion: str, stream: str) -> bool:
    """Was anything reported of an infusion?"""
    of = event.c
    asked = select(of.position).where(of.stream == stream, of.subject == infusion, of.kind.in_(_REPORTED))
    with journal.store.reading() as connection:
        return connection.execute(asked.limit(1)).first() is not None
