"""The end of an infusion for the terminal: what is settled, how it ran, what may change next time."""

from __future__ import annotations

import datetime as dt

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.infusion.after import DischargeCheck
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.card import Line
from ivigil.infusion.state import State
from ivigil.knowledge.next_time import Proposal
from ivigil.knowledge.reactions import Lever, NextTime
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.chair import against_plan, discharge_sheet
from ivigil.sheets.layout import DISCLAIMER, section, table
from ivigil.sheets.numbers import hours, number

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
    checks: tuple[DischargeCheck, ...],
    proposals: tuple[Proposal, ...],
    state: State,
    now: dt.datetime,
    knowledge: Knowledge,
) -> RenderableType:
    """Before the patient leaves; against the plan; next time."""
    parts = [discharge_sheet(checks), against_plan(state, now)]
    if proposals:
        parts.append(proposals_section(proposals, knowledge))
    return Group(*parts, Text(""), Text(DISCLAIMER))


def proposals_section(proposals: tuple[Proposal, ...], knowledge: Knowledge) -> RenderableType:
    """What the next order may change, and what the sources say."""
    grid = table(24, None)
    for proposal in proposals:
        grid.add_row(_lever(proposal), _why(proposal, knowledge))
    return section("May change next time (for the next order)", grid)


def card_sheet(briefing: Briefing, lines: tuple[Line, ...], knowledge: Knowledge) -> RenderableType:
    """The pump card: per step rate, volume and time, in the order in which a pump asks."""
    grid = table(5, 10, 11, 11, 11, None)
    heads = ("step", "rate mL/h", "volume mL", "time", "total mL", "from - to")
    grid.add_row(*(Text(head, "bold") for head in heads))
    for line in lines:
        grid.add_row(
            f"{line.step}",
            number(line.rate_ml_per_h),
            number(line.volume_ml),
            hours(line.minutes),
            number(line.total_ml),
            f"{line.start:%H:%M} - {line.end:%H:%M}",
        )
    day, product = briefing.day, knowledge.products[briefing.product].name
    head = table(13, None)
    head.add_row("Patient", f"{briefing.patient.value} ({briefing.patient.system})")
    head.add_row("Plan", f"{briefing.plan}, day {day.number} ({day.date})")
    head.add_row("Product", f"{product}, {number(day.grams, 3)} g = {number(day.volume_ml)} mL")
    parts = [Text("PUMP CARD", style="bold"), Padding(head, (0, 0, 0, 2)), section("Steps", grid)]
    if not lines:
        parts.append(Text("No rates are planned: the plan gives the dose alone."))
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
