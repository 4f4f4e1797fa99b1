"""A simulated infusion on one sheet: the time line, the state at the end, the check against the plan."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ivigil.infusion.advice import Advice
from ivigil.infusion.after import discharge
from ivigil.infusion.retell import retell
from ivigil.infusion.simulate import Simulation
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.chair import against_plan, discharge_sheet, status_sheet
from ivigil.sheets.timeline import timeline_sheet


def simulation_sheet(
    found: Simulation, state: State, advised: tuple[Advice, ...], knowledge: Knowledge
) -> RenderableType:
    """What happened and what was advised, then where it ended."""
    zone = found.briefing.day.start.tzinfo
    parts = [
        Text(
            f"SIMULATED INFUSION: {found.scenario.name}, seed {found.seed}. No patient; for training.", "bold"
        ),
        timeline_sheet(retell(found.briefing, found.events), zone, knowledge),
        Text(""),
        status_sheet(found.briefing, state, advised, found.until, knowledge),
        against_plan(state, found.until),
    ]
    if state.ended_at is not None:
        parts.append(discharge_sheet(discharge(found.briefing, state, found.until)))
    return Group(*parts)
