"""A patient's file: who they are, their plans, what was given, the days after; for them and for the team."""

from __future__ import annotations

import datetime as dt

import msgspec

from ivigil.course import Day, Plan
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case, followed, ours
from ivigil.records import Journal
from ivigil.records.authorisation import Standing, standings
from ivigil.records.bodies import Contact
from ivigil.records.lookback import contact_of


class File(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is on record of one patient, put in order."""

    stream: str
    contact: Contact | None
    """None: never written, or it cannot be read."""
    plans: tuple[Standing, ...]
    """By the day on which they were to begin."""
    given: tuple[tuple[Plan, State], ...]
    """Every day on which something flowed, by its beginning."""
    cases: tuple[Case, ...]
    """The days after every infusion that is followed, by its beginning."""

    @property
    def case(self) -> Case | None:
        """What is told now is about the last infusion; None: nothing was given yet."""
        return self.cases[-1] if self.cases else None

    @property
    def asked(self) -> tuple[Case, ...]:
        """Those that have ended and whose check-ins ask."""
        return tuple(case for case in self.cases if case.episode.ended_at is not None and case.until is None)

    @property
    def released(self) -> Plan | None:
        """The plan that holds now: the last one that was released."""
        return next((each.plan for each in reversed(self.plans) if each.step == "released"), None)

    @property
    def plan(self) -> Plan | None:
        """The plan that says most about the patient: the one that holds, else the last one."""
        return self.released or (self.plans[-1].plan if self.plans else None)

    def coming(self, now: dt.datetime) -> tuple[Day, ...]:
        """The days of the plan that holds which have not begun."""
        begun = {state.day.start for plan, state in self.given if plan == self.released}
        days = self.released.days if self.released else ()
        return tuple(day for day in days if day.end > now and day.start not in begun)

    def under_way(self, now: dt.datetime) -> State | None:
        """The infusion that began today and whose end is not recorded; not one that nobody ever closed."""
        _, last = self.given[-1] if self.given else (None, None)
        if last is None or last.started_at is None or last.ended_at is not None or last.started_at > now:
            return None
        return last if last.started_at.astimezone(now.tzinfo).date() == now.date() else None

    def next_course(self, today: dt.date) -> dt.date | None:
        """Around which day the next treatment is due, by the plan that holds."""
        entries = self.released.timeline if self.released else ()
        days = [entry.date for entry in entries if entry.kind == "next_course" and entry.date]
        return min((day for day in days if day >= today), default=None)


def open_file(journal: Journal, stream: str, knowledge: Knowledge, at: dt.datetime) -> File:
    """A patient's file at a moment (aware)."""
    return File(
        stream=stream,
        contact=contact_of(journal, stream),
        plans=tuple(sorted(standings(journal.read(stream)).values(), key=lambda each: each.plan.order.start)),
        given=ours(journal, stream),
        cases=followed(journal, stream, knowledge, at),
    )
