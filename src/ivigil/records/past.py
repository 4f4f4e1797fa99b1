"""What a patient tolerated before: every finished infusion of the journal, summed up."""

from __future__ import annotations

from ivigil.course import Plan, infusion_id
from ivigil.infusion.briefing import BriefingError, brief
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.infusion.tolerance import DaySummary, NotFinishedError, Tolerance, summary, tolerances
from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import standings
from ivigil.records.infusing import events_of
from ivigil.records.journal import Journal


def infused(journal: Journal, stream: str) -> tuple[tuple[Plan, State], ...]:
    """Every planned day of a patient on which something happened, in the order of the plans and days."""
    records = journal.read(stream)
    found = (
        (standing.plan, day, events_of(records, infusion_id(standing.plan.id, day.number)))
        for standing in standings(records).values()
        for day in standing.plan.days
    )
    return tuple((plan, replay(day, events)) for plan, day, events in found if events)


def days(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[DaySummary, ...]:
    """Every finished infusion of a patient. A day that cannot be read or is not over is left out."""
    found: list[DaySummary] = []
    for plan, state in infused(journal, stream):
        try:
            found.append(summary(brief(plan, state.day.number, knowledge), state))
        except (BriefingError, NotFinishedError):
            continue
    return tuple(sorted(found, key=lambda each: each.started_at))


def tolerated(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[Tolerance, ...]:
    """What was tolerated of each product, the most recently given last: what the next order builds on."""
    return tolerances(days(journal, stream, knowledge), knowledge)
