"""One moment of one infusion: everything that advice looks at, computed once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.ceiling import Bar, Ceiling, bar, ceiling, last_decision, undecided
from ivigil.infusion.doubts import to_measure_anew, trusted
from ivigil.infusion.due import Due, due
from ivigil.infusion.rules import Firing, firings
from ivigil.infusion.signs import Signs, history
from ivigil.infusion.state import State


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What a state tells whatever the time: kept by whoever looks at one state again and again."""

    pictures: tuple[Signs, ...]
    fired: tuple[Firing, ...]


def past(briefing: Briefing, state: State) -> Past:
    """The pictures of the patient, and every rule that they made hold."""
    pictures = history(briefing, state)
    return Past(pictures=pictures, fired=firings(briefing, state, pictures))


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Briefing and state at ``now``. Events after ``now`` must not be in the state."""

    briefing: Briefing
    state: State
    now: dt.datetime
    fired: tuple[Firing, ...]
    """Every rule that held at some time until now."""
    open: tuple[Firing, ...]
    """Those that hold now and that no clinician has decided about."""
    symptoms: tuple[str, ...]
    """Symptoms that are present and that no clinician has decided about."""
    bar: Bar | None
    ceiling: Ceiling | None
    due: tuple[Due, ...]
    signs: Signs | None
    """The last picture of the patient; None: nothing was noted or measured."""
    doubtful: dict[str, Decimal]
    """Measures whose last value is in doubt, with that value."""

    @property
    def identified(self) -> bool:
        """Is the person in the chair the patient of the plan?"""
        return self.state.identified == self.briefing.patient

    @property
    def holding(self) -> tuple[Firing, ...]:
        """The rules that hold now, whether or not a clinician decided to go on."""
        return tuple(firing for firing in self.fired if firing.holds_at(self.now))

    @property
    def overdue(self) -> tuple[Due, ...]:
        """What is late. No vial is wanted where nothing may flow."""
        return tuple(
            each
            for each in self.due
            if each.overdue(self.now) and (each.what != "vial_change" or self.may_flow)
        )

    @property
    def may_flow(self) -> bool:
        """Does no rule hold that asks for a halt or a stop, but for those that a clinician decided about?"""
        return self.bar is None and not any(firing.flow == "pause" for firing in self.open)


def look(briefing: Briefing, state: State, now: dt.datetime, known: Past | None = None) -> Moment:
    """Everything about this moment. known: ``past`` of the same briefing and state, if it is at hand."""
    known = past(briefing, state) if known is None else known
    pictures = known.pictures
    fired = tuple(firing for firing in known.fired if firing.since <= now)
    decided = last_decision(state, now)
    return Moment(
        briefing=briefing,
        state=trusted(briefing, state),
        now=now,
        fired=fired,
        open=undecided(fired, state, now),
        symptoms=tuple(
            spell.symptom
            for spell in state.symptoms
            if spell.present_at(now) and (decided is None or spell.since >= decided.at)
        ),
        bar=bar(state, fired, now),
        ceiling=ceiling(briefing, state, fired, now),
        due=due(briefing, state, now),
        signs=pictures[-1] if pictures else None,
        doubtful=to_measure_anew(briefing, state),
    )
