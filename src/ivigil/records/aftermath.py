"""An infusion seen from the days after, as the journal holds it: how it ended, what came since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import get_args

import msgspec

from ivigil.aftercare.episode import Episode, of_plan
from ivigil.aftercare.follow_up import ChairRecord
from ivigil.aftercare.happenings import FollowUpEvent, Happened
from ivigil.course import Plan, infusion_id
from ivigil.infusion.briefing import Briefing, BriefingError, brief
from ivigil.infusion.events import Corrected
from ivigil.infusion.next_time import suspected
from ivigil.infusion.progress import given_g
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.records import clocks
from ivigil.records.authorisation import standings
from ivigil.records.finding import plan_and_day
from ivigil.records.infusing import Infusion, events_of, load
from ivigil.records.journal import Journal
from ivigil.records.words import Record

_FOLLOW_UP = get_args(FollowUpEvent)


class Aftermath(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion, and the days after it."""

    infusion: Infusion
    plan: Plan
    episode: Episode
    chair: ChairRecord
    happened: tuple[Happened, ...]
    others: tuple[tuple[Happened, ...], ...]
    """As of ``other_days``."""
    until: dt.datetime | None
    """When the patient's next infusion that has ended began; None: there is none."""


def aftermath(journal: Journal, infusion: str, knowledge: Knowledge, at: dt.datetime) -> Aftermath:
    """The days after one infusion; of the other days of its course what was told by ``at``.

    Raises NoInfusionError, and BriefingError for a day without a course.
    """
    found = load(journal, infusion)
    records = journal.read(found.stream)
    plan = found.standing.plan
    briefing = brief(plan, found.day, knowledge)
    state = replay(briefing.day, found.events)
    return Aftermath(
        infusion=found,
        plan=plan,
        episode=episode_of(found, knowledge),
        chair=_chair(briefing, state),
        happened=happened_after(records, infusion),
        others=other_days(records, infusion, at),
        until=_next_start(records, state.ended_at, knowledge),
    )


def episode_of(infusion: Infusion, knowledge: Knowledge) -> Episode:
    """When it really began and ended, in the plan's zone, with what its plan says of the patient."""
    plan = infusion.standing.plan
    day = next(day for day in plan.days if day.number == infusion.day)
    state = replay(day, infusion.events)
    zone = day.start.tzinfo
    started_at = state.flows[0].start.astimezone(zone) if state.flows else None
    ended_at = state.ended_at.astimezone(zone) if state.ended_at else None
    return of_plan(plan, day, knowledge, started_at=started_at, ended_at=ended_at)


def happened_after(records: Iterable[Record], infusion: str) -> tuple[Happened, ...]:
    """What happened in the days after one infusion, by one clock, without what was withdrawn."""
    known = tuple(records)
    behind = clocks.offsets(known)
    about = [record for record in known if record.subject == infusion]
    withdrawn = {record.body.event for record in about if isinstance(record.body, Corrected)}
    return tuple(
        Happened(record.id, clocks.happened_at(record, behind), record.body, record.author)
        for record in about
        if isinstance(record.body, _FOLLOW_UP) and record.id not in withdrawn
    )


def other_days(
    records: Iterable[Record], infusion: str, until: dt.datetime | None = None
) -> tuple[tuple[Happened, ...], ...]:
    """What happened after each other day of the same course. until: by then; None: all of it."""
    known, course = tuple(records), plan_and_day(infusion)
    found = []
    for name in dict.fromkeys(record.subject for record in known if isinstance(record.body, _FOLLOW_UP)):
        other = plan_and_day(name)
        if name != infusion and course and other and other[0] == course[0]:
            told = happened_after(known, name)
            found.append(tuple(each for each in told if until is None or each.at <= until))
    return tuple(found)


def _chair(briefing: Briefing, state: State) -> ChairRecord:
    return ChairRecord(
        given_g=None if state.ended_at is None else given_g(state, state.ended_at),
        lots=tuple(dict.fromkeys((vial.product or "", vial.lot) for vial in state.vials)),
        symptoms=tuple(dict.fromkeys(spell.symptom for spell in state.symptoms)),
        reactions=tuple(reaction.id for reaction in suspected(briefing, state)),
        medicines=tuple(dict.fromkeys(given.medicine.drug for given in state.medicines)),
    )


def _next_start(
    records: tuple[Record, ...], ended_at: dt.datetime | None, knowledge: Knowledge
) -> dt.datetime | None:
    """When the next infusion after this one began; one whose end is not recorded asks nothing yet."""
    starts = []
    for standing in standings(records).values():
        for day in standing.plan.days:
            try:
                briefing = brief(standing.plan, day.number, knowledge)
            except BriefingError:
                continue
            state = replay(briefing.day, events_of(records, infusion_id(standing.plan.id, day.number)))
            if state.started_at is not None and state.ended_at is not None:
                starts.append(state.started_at)
    return min((start for start in starts if ended_at is not None and start >= ended_at), default=None)
