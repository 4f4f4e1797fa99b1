"""What a patient tolerated before: every finished infusion of the journal, summed up."""

from __future__ import annotations

from ivigil.course import infusion_id
from ivigil.infusion.briefing import BriefingError, brief
from ivigil.infusion.replay import replay
from ivigil.infusion.tolerance import DaySummary, NotFinishedError, Tolerance, summary, tolerances
from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import standings
from ivigil.records.infusing import events_of
from ivigil.records.journal import Journal


def days(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[DaySummary, ...]:
    """Every finished infusion of a patient. A day that cannot be read or is not over is left out."""
    records = journal.read(stream)
    found: list[DaySummary] = []
    for standing in standings(records).values():
        for day in standing.plan.days:
            events = events_of(records, infusion_id(standing.plan.id, day.number))
            try:
                briefing = brief(standing.plan, day.number, knowledge)
                found.append(summary(briefing, replay(day, events)))
            except (BriefingError, NotFinishedError):
                continue
    return tuple(sorted(found, key=lambda each: each.started_at))


def tolerated(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[Tolerance, ...]:
    """What was tolerated of each product, the most recently given last: what the next order builds on."""
    return tolerances(days(journal, stream, knowledge), knowledge)
