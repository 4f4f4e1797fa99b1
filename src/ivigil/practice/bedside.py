"""An infusion as it stands: what the journal holds, what it comes to, what to do; and the next entry."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.infusion.advice import PRESSING, Advice
from ivigil.infusion.advise import advise
from ivigil.infusion.after import DischargeCheck, discharge
from ivigil.infusion.against import RATES, against
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.card import Comparison, compare
from ivigil.infusion.doubts import Doubt, doubts
from ivigil.infusion.due import Due, due
from ivigil.infusion.events import AdviceOverridden, AdviceShown, Corrected, Event, Happening
from ivigil.infusion.moment import Past, past
from ivigil.infusion.next_time import next_time
from ivigil.infusion.progress import expected_end, given_g, given_ml, left_ml
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.next_time import Proposal
from ivigil.knowledge.store import Knowledge
from ivigil.practice.entry import Entry, draft
from ivigil.records import Draft, Journal
from ivigil.records.authorisation import Refusal, changes, may_start
from ivigil.records.infusing import Infusion, load
from ivigil.release import made_anew

NO_REASON = "no reason stated"
_VOID = ("reopened", "superseded")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion at one moment."""

    infusion: str
    at: dt.datetime
    state: State
    given_ml: Decimal
    given_g: Decimal
    left_ml: Decimal
    expected_end: dt.datetime | None
    due: tuple[Due, ...]
    advice: tuple[Advice, ...]
    events: tuple[Event, ...]
    """All that is on record, with the ids by which it is withdrawn."""
    plan_changed: tuple[str, ...]
    """What is not as it was signed any more: other inputs, or a limit that is tighter by now."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What is settled at the end, how it ran, what may change next time."""

    discharge: tuple[DischargeCheck, ...]
    comparison: Comparison
    next_time: tuple[Proposal, ...]


class Folded(msgspec.Struct, frozen=True, kw_only=True):
    """What all events of an infusion come to: kept by whoever looks at it again and again."""

    state: State
    past: Past


class Bedside(msgspec.Struct, frozen=True, kw_only=True):
    """An infusion, what rules it, and the moment at which it is looked at."""

    knowledge: Knowledge
    infusion: Infusion
    briefing: Briefing
    present: Plan
    """The same order, planned with the limits of now."""
    at: dt.datetime
    folded: Folded | None = None
    """Where it is kept; then no event is later than ``at``."""

    def state(self, *more: Event) -> State:
        """After the events until now, and further ones that are not yet written."""
        if self.folded is not None and not more:
            return self.folded.state
        known = [event for event in self.infusion.events if event.at <= self.at]
        return replay(self.briefing.day, [*known, *more])

    def advised(self, state: State) -> tuple[Advice, ...]:
        """What to do now; nothing where the site has switched live advice off."""
        if not self.knowledge.is_on("policy.live_advice"):
            return ()
        return self._advice(state)

    @property
    def plan_changed(self) -> tuple[str, ...]:
        """What is not as it was signed: the limits of now, and a plan that was reopened or replaced since."""
        standing = self.infusion.standing
        voided = (standing.step,) if standing.step in _VOID else ()
        return (*voided, *changes(standing.plan, self.present))

    def against(self, what: Happening | Corrected) -> tuple[str, ...]:
        """What speaks against a deed at the chair, at the moment of the bedside.

        Whether the advice is shown or not: what was known is known.
        """
        state = self.state()
        return against(what, self._advice(state), state)

    def advised_rate(self, code: str) -> Decimal | None:
        """The rate that an advice names and a flow may go past; None: it names none."""
        found = (each for each in self._advice(self.state()) if each.code == code and each.code in RATES)
        return next((each.rate_ml_per_h for each in found), None)

    def doubts(self, what: Happening | Corrected) -> tuple[Doubt, ...]:
        """What to ask once more about a deed, at the moment of the bedside."""
        return doubts(what, self.briefing, self.state(), self.at)

    def _advice(self, state: State) -> tuple[Advice, ...]:
        known = self.folded.past if self.folded is not None and state is self.folded.state else None
        return advise(self.briefing, state, self.at, known)

    def against_start(self) -> tuple[Refusal, ...]:
        """Why the plan may not be started: its signatures, its dates, its inputs."""
        return may_start(self.infusion.standing, self.at.date(), self.present)


def look(
    journal: Journal, infusion: str, knowledge: Knowledge, at: dt.datetime, *, as_of: bool = False
) -> Bedside:
    """The infusion at ``at``, or at the latest of its events if one of them is later.

    A late entry is judged with everything that is known by now, not as of its own time.

    as_of: exactly at ``at``, as it was or will be then.

    Raises NoInfusionError, BriefingError, UnverifiedPlanError.
    """
    found = load(journal, infusion)
    if not as_of:
        at = max([at, *(event.at for event in found.events)]).astimezone(at.tzinfo)
    return bedside_of(found, knowledge, at)


def bedside_of(found: Infusion, knowledge: Knowledge, at: dt.datetime) -> Bedside:
    """An infusion with what rules it. Raises BriefingError, UnverifiedPlanError."""
    plan = found.standing.plan
    anew = made_anew(plan, knowledge)
    return Bedside(
        knowledge=knowledge,
        infusion=found,
        briefing=brief(plan, found.day, knowledge, anew),
        present=anew,
        at=at,
    )


def folded(bedside: Bedside) -> Bedside:
    """The same, its events folded once for every later look. No event may be later than its moment."""
    state = bedside.state()
    return replace(bedside, folded=Folded(state=state, past=past(bedside.briefing, state)))


def report(bedside: Bedside) -> Report:
    """Everything that a face shows of it."""
    state, at = bedside.state(), bedside.at
    return Report(
        infusion=bedside.infusion.id,
        at=at,
        state=state,
        given_ml=given_ml(state, at),
        given_g=given_g(state, at),
        left_ml=left_ml(state, at),
        expected_end=expected_end(state, at),
        due=due(bedside.briefing, state, at),
        advice=bedside.advised(state),
        events=bedside.infusion.events,
        plan_changed=bedside.plan_changed,
    )


def ending(bedside: Bedside) -> Ending:
    """Everything that a face shows once the flow is over."""
    state = bedside.state()
    return Ending(
        discharge=discharge(bedside.briefing, state, bedside.at),
        comparison=compare(state, bedside.at),
        next_time=next_time(bedside.briefing, state),
    )


def record(
    journal: Journal,
    bedside: Bedside,
    what: Happening | Corrected,
    entry: Entry,
    *,
    despite: Iterable[str] = (),
    reason: str = NO_REASON,
    happened_at: dt.datetime | None = None,
) -> Bedside:
    """Write one event, what it went against and the pressing advice that it brought up: one transaction.

    despite: codes of the advice, blockers or refusals that it went against, each recorded with the reason.
    happened_at: when it happened by our clock, where the entry tells it by a device's; None: the same.

    The bedside with what was written. The same entry sent again is written once. Raises RecordsError, and
    then nothing was acknowledged.
    """
    written = _drafts(bedside, what, entry, despite, reason)
    after = _with(bedside, written, happened_at)
    shown = [] if after is bedside else _shown(after, entry)
    journal.append([*(each for each, _ in written), *shown])
    return after


def record_quietly(
    journal: Journal,
    bedside: Bedside,
    what: Happening,
    entry: Entry,
    *,
    despite: Iterable[str] = (),
    reason: str = NO_REASON,
    happened_at: dt.datetime | None = None,
) -> Bedside:
    """Like ``record``, of an end: no advice follows from it that a nurse must see at once."""
    written = _drafts(bedside, what, entry, despite, reason)
    journal.append([each for each, _ in written])
    return _with(bedside, written, happened_at)


def _drafts(
    bedside: Bedside,
    what: Happening | Corrected,
    entry: Entry,
    despite: Iterable[str],
    reason: str,
) -> list[tuple[Draft, Happening | Corrected]]:
    """What happened, and each piece of advice that it went against."""
    deed = _draft(bedside, what, entry)
    passed = [AdviceOverridden(code=code, reason=reason, event=deed.id) for code in dict.fromkeys(despite)]
    ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{deed.id} {each.code}")) for each in passed]
    beside = (
        (_draft(bedside, each, replace(entry, id=made)), each) for each, made in zip(passed, ids, strict=True)
    )
    return [(deed, what), *beside]


def _shown(bedside: Bedside, entry: Entry) -> list[Draft]:
    """The pressing advice that now stands, to be written as shown."""
    return [
        _draft(bedside, AdviceShown(code=advice.code, facts=advice.facts), replace(entry, id=""))
        for advice in bedside.advised(bedside.state())
        if advice.rank in PRESSING
    ]


def _draft(bedside: Bedside, what: Happening | Corrected, entry: Entry) -> Draft:
    return draft(
        entry,
        bedside.infusion.stream,
        what,
        bedside.infusion.id,
        product=getattr(what, "product", "") or "",
        lot=getattr(what, "lot", ""),
    )


def _with(
    bedside: Bedside, written: Iterable[tuple[Draft, Happening | Corrected]], at: dt.datetime | None
) -> Bedside:
    """The bedside after what was written; the same one if all of it was on record already."""
    known = {event.id for event in bedside.infusion.events}
    new = [
        Event(each.id, at or each.occurred_at, body, each.author)
        for each, body in written
        if each.id not in known
    ]
    if not new:
        return bedside
    infusion = replace(bedside.infusion, events=(*bedside.infusion.events, *new))
    return replace(bedside, infusion=infusion, folded=None)
