"""Which signed plans are not what was signed any more: looked at whenever what rules has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.knowledge.store import Knowledge
from ivigil.records.authorisation import SIGNED, Standing, changes, last_day, standings
from ivigil.records.finding import plans
from ivigil.records.journal import Journal
from ivigil.release import UnverifiedPlanError, made_anew

_OVER = ("superseded", "reopened")


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A signed plan, and what would be otherwise if it were made now."""

    stream: str
    version: int
    """Of the patient's record when it was looked at."""
    plan: str
    because: tuple[str, ...]


def changed(journal: Journal, knowledge: Knowledge, today: dt.date) -> Iterator[Changed]:
    """Every plan that bears a signature, may still be started by its date, and is to be reopened."""
    listed = {each.stream for each in plans(journal) if each.state not in _OVER}
    for stream in sorted(listed):
        version = journal.version(stream)
        for standing in standings(journal.read(stream)).values():
            because = _because(standing, knowledge, today) if standing.step in SIGNED else ()
            if because:
                yield Changed(stream=stream, version=version, plan=standing.plan.id, because=because)


def _because(standing: Standing, knowledge: Knowledge, today: dt.date) -> tuple[str, ...]:
    try:
        present = made_anew(standing.plan, knowledge)
    except UnverifiedPlanError:
        return ("independent check",)
    last = last_day(standing.plan, present)
    return changes(standing.plan, present) if last is not None and today <= last else ()
