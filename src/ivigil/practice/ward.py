"""All infusions of the day, followed as the journal grows: read again only where something was written.

What time does not change is kept: the plan made anew (by plan and knowledge version), the briefing, the state
and the rules that fired. Everything else is computed at each look.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace
from sqlalchemy import select

from ivigil.course import Day, Plan, infusion_id
from ivigil.infusion.advice import Rank
from ivigil.infusion.advise import advise
from ivigil.infusion.after import Stay, observation
from ivigil.infusion.briefing import Briefing, BriefingError, brief
from ivigil.infusion.due import due
from ivigil.infusion.events import Completed, Event, RateSet, Started, Stopped, VialHung
from ivigil.infusion.moment import Past, past
from ivigil.infusion.progress import expected_end, given_ml, step_number
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.practice.board import (
    NOT_AS_SIGNED,
    UNCERTAIN,
    WRONG_PATIENT,
    Board,
    Note,
    Place,
    impersonal,
    initials,
    public,
    rank_of,
    ranked,
    told_apart,
    waiting_since,
)
from ivigil.practice.following import Following
from ivigil.practice.reports import REPORTED, Unsettled, waiting
from ivigil.records import rows
from ivigil.records.authorisation import Refusal, Standing, changes, may_start, standings
from ivigil.records.bodies import Contact
from ivigil.records.infusing import events_of
from ivigil.records.journal import Journal
from ivigil.records.views import infusion_state, plan_state
from ivigil.records.words import Record
from ivigil.release import UnverifiedPlanError, made_anew

QUIET = dt.timedelta(days=100)
"""A plan of which something was given, and nothing for so long, has no further day."""
AHEAD = dt.timedelta(days=400)
"""No plan is made for a day further ahead."""
_VOID = ("reopened", "superseded")
_LIVE = "policy.live_advice"


class _Day(msgspec.Struct, frozen=True):
    """One day of one plan, and what happened on it."""

    id: str
    standing: Standing
    day: Day
    events: tuple[Event, ...]
    state: State
    latest: dt.datetime | None
    """When the latest of its events happened."""
    told: tuple[Record, ...] = ()
    """The patient's records, if they ever reported anything."""

    @property
    def under_way(self) -> bool:
        return bool(self.events) and self.state.phase not in ("not_started", "left")

    def of_today(self, today: dt.date, zone: dt.tzinfo | None) -> bool:
        """Planned for today, or anything happened today."""
        happened = self.latest is not None and self.latest.astimezone(zone).date() == today
        return self.day.date == today or happened


class _Patient(msgspec.Struct, frozen=True):
    """What the board needs of one patient's records."""

    stream: str
    sites: frozenset[str]
    initials: str
    days: tuple[_Day, ...]
    unreadable: int

    def wanted(self, today: dt.date, zone: dt.tzinfo | None) -> bool:
        return bool(self.unreadable) or any(d.under_way or d.of_today(today, zone) for d in self.days)


class _Kept(msgspec.Struct, frozen=True):
    """What is computed once for a day, its events and the knowledge."""

    day: _Day
    briefing: Briefing | None
    """None: the plan has no course that could be advised about."""
    present: Plan | None
    """None: it cannot be made anew."""
    past: Past | None
    stay: Stay
    changed: bool
    reports: tuple[Unsettled, ...] = ()
    """Of the patient, after whichever infusion."""


class Ward:
    """The infusions of the day in one journal. Safe to use from several threads."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn = threading.Lock()
        self._following = Following(journal)
        self._patients: dict[str, _Patient] = {}
        self._dates: dict[str, frozenset[dt.date]] = {}
        """Of patients without anything today: the days of their plans."""
        self._anew: dict[tuple[str, str], Plan | None] = {}
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._last: tuple[int, str, dt.datetime, Board] | None = None

    def board(self, knowledge: Knowledge, at: dt.datetime) -> Board:
        """Everything at ``at`` (aware, in the site's zone), to the second. Raises JournalUnavailableError."""
        at = at.replace(microsecond=0)
        with self._turn:
            self._follow(at)
            known = self._last
            if known is not None and known[:3] == (self._following.position, knowledge.version, at):
                return known[3]
            made = self._look(knowledge, at)
            self._last = (self._following.position, knowledge.version, at, made)
            return made

    def _look(self, knowledge: Knowledge, at: dt.datetime) -> Board:
        today, zone = at.date(), at.tzinfo
        places, left, unreadable = list[Place](), 0, 0
        for patient in self._patients.values():
            unreadable += patient.unreadable
            for day in patient.days:
                if day.state.phase == "left":
                    left += day.of_today(today, zone)
                elif day.under_way or (day.of_today(today, zone) and day.standing.step != "superseded"):
                    places.append(_place(patient, self._keep(patient.stream, day, knowledge), knowledge, at))
        self._forget(place.infusion for place in places)
        return Board(
            at=at,
            knowledge_version=knowledge.version,
            live_advice=knowledge.is_on(_LIVE),
            places=ranked(told_apart(places)),
            left=left,
            unreadable=unreadable,
        )

    def _follow(self, at: dt.datetime) -> None:
        """Read the records of every patient of whom something was written since."""
        today, zone = at.date(), at.tzinfo
        head = self._journal.head().position
        touched: Iterable[str] = ()
        if not self._following.position:
            touched = _candidates(self._journal, at)
        elif head > self._following.position:
            touched = self._following.written()
        for stream in touched:
            self._dates.pop(stream, None)
            self._read(stream, today, zone)
        for stream in [stream for stream, dates in self._dates.items() if today in dates]:
            del self._dates[stream]
            self._read(stream, today, zone)
        for patient in [each for each in self._patients.values() if not each.wanted(today, zone)]:
            self._put_away(patient)
        self._following.caught_up(head)

    def _read(self, stream: str, today: dt.date, zone: dt.tzinfo | None) -> None:
        patient = _patient(stream, self._journal.read(stream))
        if patient.wanted(today, zone):
            self._patients[stream] = patient
        else:
            self._put_away(patient)

    def _put_away(self, patient: _Patient) -> None:
        """Nothing of today: only the days of the plans are kept."""
        self._patients.pop(patient.stream, None)
        if patient.days:
            self._dates[patient.stream] = frozenset(day.day.date for day in patient.days)

    def _keep(self, stream: str, day: _Day, knowledge: Knowledge) -> _Kept:
        kept = self._kept.get((day.id, knowledge.version))
        if kept is None or kept.day is not day:
            made = _kept(day, self._made_anew(day.standing.plan, knowledge), knowledge)
            kept = replace(made, reports=waiting(day.told, stream, knowledge)) if day.told else made
            self._kept[day.id, knowledge.version] = kept
        return kept

    def _made_anew(self, plan: Plan, knowledge: Knowledge) -> Plan | None:
        key = plan.id, knowledge.version
        if key not in self._anew:
            try:
                self._anew[key] = made_anew(plan, knowledge)
            except UnverifiedPlanError:
                self._anew[key] = None
        return self._anew[key]

    def _forget(self, shown: Iterable[str]) -> None:
        """Nothing is kept of what the board does not show any more."""
        wanted = set(shown)
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in wanted}
        plans = {kept.day.standing.plan.id for kept in self._kept.values()}
        self._anew = {key: plan for key, plan in self._anew.items() if key[0] in plans}


def _candidates(journal: Journal, at: dt.datetime) -> tuple[str, ...]:
    """Patients who may have an infusion under way or a plan to come, by the views alone."""
    quiet, ahead = rows.utc_text(at - QUIET), rows.utc_text(at - AHEAD)
    runs, plans = infusion_state.c, plan_state.c
    begun = select(runs.stream).where((runs.state != "observation_ended") | (runs.last_at >= quiet))
    planned = select(plans.stream).where(plans.state != "superseded", plans.last_at >= ahead)
    with journal.store.reading() as connection:
        return tuple(connection.execute(begun.union(planned)).scalars())


def _patient(stream: str, records: Sequence[Record]) -> _Patient:
    found = standings(records)
    contacts = [record.body for record in records if isinstance(record.body, Contact)]
    return _Patient(
        stream,
        frozenset(record.site for record in records),
        initials(contacts[-1].name) if contacts else "",
        tuple(_days(found.values(), records)),
        len(_unreadable(records, found)),
    )


def _unreadable(records: Iterable[Record], found: Collection[str]) -> set[str]:
    """Infusions that began under a plan that cannot be read, and that nobody has ended."""
    begun = {record.subject for record in records if isinstance(record.body, Started | RateSet | VialHung)}
    over = {record.subject for record in records if isinstance(record.body, Stopped | Completed)}
    return {subject for subject in begun - over if subject.rpartition("-")[0] not in found}


def _days(found: Iterable[Standing], records: Sequence[Record]) -> Iterator[_Day]:
    told = tuple(records) if any(isinstance(each.body, REPORTED) for each in records) else ()
    for standing in found:
        for day in standing.plan.days:
            name = infusion_id(standing.plan.id, day.number)
            events = events_of(records, name)
            latest = max((event.at for event in events), default=None)
            yield _Day(name, standing, day, events, replay(day, events), latest, told)


def _kept(day: _Day, present: Plan | None, knowledge: Knowledge) -> _Kept:
    plan = day.standing.plan
    try:
        briefing = brief(plan, day.day.number, knowledge, present)
    except BriefingError:
        briefing = None
    changed = present is None or day.standing.step in _VOID or bool(changes(plan, present))
    known = past(briefing, day.state) if briefing is not None else None
    over = briefing is not None and day.state.phase == "ended"
    stay = observation(briefing, day.state) if briefing is not None and over else Stay()
    return _Kept(day, briefing, present, known, stay, changed)


def _place(patient: _Patient, kept: _Kept, knowledge: Knowledge, now: dt.datetime) -> Place:
    """One infusion now, or at the latest of its events if that lies in the future."""
    day, state = kept.day, kept.day.state
    at = max(now, day.latest.astimezone(now.tzinfo)) if day.latest is not None else now
    plan, briefing = day.standing.plan, kept.briefing
    live = knowledge.is_on(_LIVE)
    advice = advise(briefing, state, at, kept.past) if briefing is not None and live else ()
    wanted = due(briefing, state, at) if briefing is not None else ()
    symptom = not live and any(spell.present_at(at) for spell in state.symptoms)
    notes = tuple(_notes(kept, ahead=at > now))
    also = (*_pressing(notes, day), *((UNCERTAIN,) if briefing is None and day.under_way else ()))
    rank = rank_of(advice, wanted, at, symptom=symptom, reports=kept.reports, also=also)
    begun = state.phase != "not_started"
    return Place(
        infusion=day.id,
        stream=patient.stream,
        sites=patient.sites,
        chair=state.chair,
        initials=patient.initials,
        product=plan.product.id if plan.product is not None else "",
        planned_at=day.day.start,
        step=day.standing.step,
        refused=() if begun else _refused(day.standing, kept.present, at),
        arrived=bool(day.events),
        phase=state.phase,
        halt=state.halt,
        ladder_step=step_number(state),
        ladder_steps=len(day.day.steps),
        rate_ml_per_h=state.rate_ml_per_h,
        given_ml=given_ml(state, at),
        volume_ml=day.day.volume_ml,
        expected_end=expected_end(state, at),
        ended_at=state.ended_at,
        stay_until=kept.stay.until,
        due=wanted,
        advice=public(advice),
        alarms=impersonal(state.standing_alarms(plan.order.patient.id)),
        rank=rank,
        waiting_since=waiting_since(advice, wanted, at, kept.reports),
        reports=kept.reports,
        notes=notes,
    )


def _pressing(notes: Iterable[Note], day: _Day) -> Iterator[Rank]:
    """What cannot wait while the infusion goes on, though no advice is about it."""
    if day.state.phase in ("running", "halted"):
        yield from (_BY_NOTE[note] for note in notes if note in _BY_NOTE)


_BY_NOTE: dict[Note, Rank] = {"wrong_patient": WRONG_PATIENT, "plan_changed": NOT_AS_SIGNED}


def _refused(standing: Standing, present: Plan | None, at: dt.datetime) -> tuple[Refusal, ...]:
    if present is None:
        return (Refusal("inputs_changed", "independent check"),)
    return may_start(standing, at.date(), present)


def _notes(kept: _Kept, *, ahead: bool) -> Iterator[Note]:
    state, someone = kept.day.state, kept.day.standing.plan.order.patient
    if state.identified is not None and state.identified != someone.id:
        yield "wrong_patient"
    if kept.changed and state.phase != "not_started":
        yield "plan_changed"
    if kept.briefing is None:
        yield "no_course"
    if ahead:
        yield "ahead"
