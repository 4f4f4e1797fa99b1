"""An infusion of the journal as the days after see it, and what was reported about it."""

from __future__ import annotations

from ivigil.aftercare.episode import Episode, of_plan
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.infusion.replay import replay
from ivigil.knowledge.store import Knowledge
from ivigil.records.bodies import ReportsSettled, SymptomsReported
from ivigil.records.infusing import Infusion
from ivigil.records.journal import Journal


def episode_of(infusion: Infusion, knowledge: Knowledge) -> Episode:
    """When it really began and ended, in the plan's zone, with what its plan says of the patient."""
    plan = infusion.standing.plan
    day = next(day for day in plan.days if day.number == infusion.day)
    state = replay(day, infusion.events)
    zone = day.start.tzinfo
    started_at = state.flows[0].start.astimezone(zone) if state.flows else None
    ended_at = state.ended_at.astimezone(zone) if state.ended_at else None
    return of_plan(plan, day, knowledge, started_at=started_at, ended_at=ended_at)


def reports(journal: Journal, infusion: Infusion) -> tuple[SymptomReport, ...]:
    """Everything that was reported about an infusion, by time of recording."""
    return tuple(
        record.body.report
        for record in journal.read(infusion.stream)
        if record.subject == infusion.id and isinstance(record.body, SymptomsReported)
    )


def open_reports(journal: Journal, infusion: Infusion) -> tuple[SymptomReport, ...]:
    """What was reported about an infusion since a clinician last settled it, by time of recording."""
    found: list[SymptomReport] = []
    for record in journal.read(infusion.stream):
        if record.subject == infusion.id and isinstance(record.body, SymptomsReported):
            found.append(record.body.report)
        elif record.subject == infusion.id and isinstance(record.body, ReportsSettled):
            found.clear()
    return tuple(found)
