"""The triage rows of the fact base that may be about one patient, product and time."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from ivigil.aftercare.episode import Episode
from ivigil.knowledge.population import populations
from ivigil.knowledge.reactions import SymptomUrgency, Urgency
from ivigil.knowledge.store import Knowledge

WAITING: tuple[Urgency, ...] = ("self_care", "next_visit")
"""Permissions to wait."""


class Rows(NamedTuple):
    """Rows to raise by, and rows to wait by."""

    applying: tuple[SymptomUrgency, ...]
    """Not ruled out for this patient: what is not known rules nothing out."""
    waiting: tuple[SymptomUrgency, ...]
    """Strong or signed evidence that waiting is fine, known to be about this patient."""


def rows_for(episode: Episode, at: dt.datetime, knowledge: Knowledge) -> Rows:
    """The rows for what is reported at ``at`` (aware)."""
    every = knowledge.facts.symptom_urgency
    known = populations(episode.age_months, knowledge)
    applying = tuple(row for row in every if row.population in known and _may_apply(row, episode, at))
    return Rows(
        applying, tuple(r for r in applying if _is_about(r, episode, at) and _lets_wait(r, knowledge))
    )


def _may_apply(row: SymptomUrgency, episode: Episode, at: dt.datetime) -> bool:
    hours, months, stabilisers = episode.hours_after_end(at), episode.age_months, episode.stabilisers
    return (
        (row.age_months_below is None or months is None or months < row.age_months_below)
        and (not row.conditions or episode.condition in ("", *row.conditions))
        and (not row.stabilisers or stabilisers is None or bool({*row.stabilisers} & {*stabilisers}))
        and (row.hours_after_end_min is None or hours is None or hours >= row.hours_after_end_min)
    )


def _is_about(row: SymptomUrgency, episode: Episode, at: dt.datetime) -> bool:
    """Is everything known that the row asks of a patient?"""
    return (
        ((row.population == "any" and row.age_months_below is None) or episode.age_months is not None)
        and (not row.conditions or bool(episode.condition))
        and (not row.stabilisers or episode.stabilisers is not None)
        and (row.hours_after_end_min is None or episode.hours_after_end(at) is not None)
    )


def _lets_wait(row: SymptomUrgency, knowledge: Knowledge) -> bool:
    return row.urgency in WAITING and knowledge.permits(row)
