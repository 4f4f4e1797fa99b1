"""What the chair page shows: one infusion at the moment of a visit, as values."""

from __future__ import annotations

import datetime as dt

import msgspec
from litestar.exceptions import NotFoundException

from ivigil.course import infusion_id
from ivigil.infusion.briefing import BriefingError
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault
from ivigil.practice.bedside import Bedside, Report, report
from ivigil.practice.deeds import Objection
from ivigil.practice.late import Late
from ivigil.practice.reports import Unsettled
from ivigil.practice.told import Kind
from ivigil.practice.watch import Seen
from ivigil.records.infusing import NoInfusionError
from ivigil.records.lookback import contact_of
from ivigil.sheets.chair import Clock
from ivigil.web.kept import kept
from ivigil.web.visit import Visit


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was not written: what was typed, and why not."""

    kind: Kind
    fields: dict[str, str]
    faults: tuple[Fault, ...] = ()
    refused: tuple[Objection, ...] = ()


class ChairView(msgspec.Struct, frozen=True, kw_only=True):
    """An infusion as one visit looks at it."""

    visit: Visit
    plan: str
    day: int
    bedside: Bedside
    report: Report
    name: str
    """Of the patient, as the journal knows it; "" if it does not."""
    late: tuple[Late, ...]
    reports: tuple[Unsettled, ...] = ()
    """What the patient reported and nobody has settled."""
    typed: Typed | None = None
    done: str = ""
    """Id of the entry that was written just now."""
    every: bool = False
    """Every entry is asked for, not the last ones."""

    @property
    def path(self) -> str:
        return chair_path(self.plan, self.day)

    @property
    def path_of_every(self) -> str:
        """With every entry."""
        return f"{self.path}?every=yes"

    @property
    def path_locked(self) -> str:
        """What a locked screen shows of it."""
        return f"{self.path}/locked"

    @property
    def state(self) -> State:
        return self.report.state

    @property
    def knowledge(self) -> Knowledge:
        return self.bedside.knowledge

    @property
    def clock(self) -> Clock:
        """Times in the zone of the site, as a nurse reads them."""
        return Clock(self.bedside.briefing, self.report.at)

    @property
    def stream(self) -> str:
        return self.bedside.infusion.stream


def chair_path(plan: str, day: int) -> str:
    """Where the infusion of one day of a plan is."""
    return f"/chair/{plan}/{day}"


def moment(visit: Visit, plan: str, day: int) -> dt.datetime:
    """Now, to the millisecond, so that two taps within one second keep their order; in the zone of the plan.

    Raises NotFoundException.
    """
    try:
        seen = watched(visit, plan, day)
    except BriefingError:
        raise NotFoundException(detail="no such infusion") from None
    return visit.door.clock().astimezone(seen.bedside.briefing.day.start.tzinfo)


def watched(visit: Visit, plan: str, day: int) -> Seen:
    """The infusion as it is by now. Raises NotFoundException, BriefingError."""
    try:
        return kept(visit.journal).watch.look(infusion_id(plan, day), visit.knowledge, visit.door.clock())
    except NoInfusionError:
        raise NotFoundException(detail="no such infusion") from None


def see(
    visit: Visit, plan: str, day: int, *, typed: Typed | None = None, done: str = "", every: bool = False
) -> ChairView:
    """The infusion as it is by now. Raises NotFoundException, BriefingError."""
    seen = watched(visit, plan, day)
    contact = contact_of(visit.journal, seen.bedside.infusion.stream)
    return ChairView(
        visit=visit,
        plan=plan,
        day=day,
        bedside=seen.bedside,
        report=report(seen.bedside),
        name=contact.name if contact is not None else "",
        late=seen.late,
        reports=seen.reports,
        typed=typed,
        done=done,
        every=every,
    )
