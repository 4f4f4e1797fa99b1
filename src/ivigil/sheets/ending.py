"""The end of an infusion for the terminal: what is settled, how it ran, what may change next time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from ivigil.infusion.after import CheckCode, CheckState, DischargeCheck
from ivigil.infusion.next_time import Proposal
from ivigil.infusion.state import State
from ivigil.knowledge.reactions import Lever, NextTime
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.chair import against_plan
from ivigil.sheets.layout import DISCLAIMER, section, table
from ivigil.sheets.numbers import number

CHECK: dict[CheckCode, str] = {
    "line_off": "the line is off",
    "vials_finished": "every vial is taken down",
    "lots_recorded": "every lot is on record",
    "observation_over": "the time to observe is over",
    "end_vitals_taken": "measured since the end",
    "vitals_within_rules": "no rule holds by those values",
    "no_open_symptom": "no symptom is open",
    "patient_informed": "the patient was told what to report",
}
STATE: dict[CheckState, str] = {"met": "yes", "unmet": "NO", "unknown": "NOT KNOWN"}
LEVER: dict[Lever, str] = {
    "stop_product": "not this product again",
    "change_route": "another route",
    "switch_product": "another product",
    "split": "divide the dose",
    "slower": "slower",
    "premedicate": "premedication",
    "hydrate": "fluids",
}


def ending_sheet(
    checks: Iterable[DischargeCheck],
    proposals: tuple[Proposal, ...],
    state: State,
    now: dt.datetime,
    knowledge: Knowledge,
) -> RenderableType:
    """Before the patient leaves; against the plan; next time."""
    settled = table(10, None)
    for each in checks:
        settled.add_row(Text(STATE[each.state], "" if each.state == "met" else "bold"), CHECK[each.code])
    parts = [section("Before the patient leaves", settled), against_plan(state, now)]
    if proposals:
        grid = table(24, None)
        for proposal in proposals:
            grid.add_row(_lever(proposal), _why(proposal, knowledge))
        parts.append(section("May change next time (for the next order)", grid))
    return Group(*parts, Text(""), Text(DISCLAIMER))


def _lever(proposal: Proposal) -> str:
    rate = proposal.rate
    if rate is None:
        return LEVER[proposal.lever]
    below = "below" if rate.below else "at most"
    return f"{LEVER[proposal.lever]}: {below} {number(rate.ml_per_kg_h)} mL/kg/h"


def _why(proposal: Proposal, knowledge: Knowledge) -> str:
    """What the sources say for it, and against it."""
    texts = [_text(name, knowledge) for name in proposal.facts]
    against = [f"not against it: {_text(name, knowledge)}" for name in proposal.against]
    return "; ".join(text for text in dict.fromkeys((*texts, *against)) if text)


def _text(name: str, knowledge: Knowledge) -> str:
    fact = knowledge.by_id.get(name)
    return fact.text if isinstance(fact, NextTime) else ""
