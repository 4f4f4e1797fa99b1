"""The words of advice: closed codes with what they rest on. ``sheets`` puts them into sentences."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.infusion.events import Whom
from ivigil.infusion.treatment import Treatment
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.reactions import Do, DrugClass, Flow, If

Code = Literal[
    "do",  # an action of a rule: ``action`` says which
    "stop",
    "do_not_start",  # not at all today, or not again
    "pause",
    "stay_halted",
    "slow",
    "identify",
    "record_anew",  # a symptom or measure is on record that no rule knows: ``because`` names it
    "measure_anew",  # the last value of a measure is in doubt: ``because`` names it
    "check_vitals",
    "hang_vial",
    "start",
    "decide_restart",
    "restart",
    "step_up",
    "hold_rate",
    "complete",
    "observe",
    "may_leave",
]

Blocker = Literal[
    "not_identified",
    "baseline_missing",
    "no_vial",
    "vitals_overdue",
    "vitals_at_this_rate",
    "symptom_present",
    "rule_holds",
    "step_time",
    "ceiling",
    "top_of_ladder",
    "no_planned_rate",
    "observation_time",
    "end_vitals_missing",
]
"""Why not yet."""

Rank = Literal["emergency", "flow", "treat", "overdue", "next", "later"]
RANKS: tuple[Rank, ...] = ("emergency", "flow", "treat", "overdue", "next", "later")
"""From the most to the least pressing."""
PRESSING = RANKS[: RANKS.index("next")]
"""Ranks at which somebody is needed now."""

CALLS: dict[Do, Whom] = {"call_emergency_team": "emergency_team", "call_prescriber": "prescriber"}
"""Actions that are done once somebody was called."""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do or to leave, why, and since or until when."""

    code: Code
    rank: Rank
    action: Do | None = None
    drug_class: DrugClass | None = None
    treatment: Treatment | None = None
    """The computed doses, where something is to be given."""
    if_: If = ""
    """Only then, for the person at the chair to judge; empty: it is so."""
    rate_ml_per_h: Decimal | None = None
    at: dt.datetime | None = None
    """When it is due, or until when to wait; None: now."""
    done_at: dt.datetime | None = None
    """When it was last done in this reaction, where it was: a call."""
    measures: tuple[str, ...] = ()
    because: tuple[Saw, ...] = ()
    facts: tuple[str, ...] = ()
    weak: bool = False
    """True if it rests only on evidence that may warn and restrict."""
    stricter: tuple[Flow, ...] = ()
    """What the same rules also allow."""
    blockers: tuple[Blocker, ...] = ()
    """Why the step is not taken yet; empty: it may be."""

    @property
    def waits(self) -> bool:
        """Is it done, or too early for another dose? It stays in sight behind what is still to be done."""
        options = self.treatment.options if self.treatment is not None else ()
        repeats = [each.repeat.code for each in options if each.repeat is not None]
        return self.done_at is not None or (bool(repeats) and set(repeats) == {"too_early"})
