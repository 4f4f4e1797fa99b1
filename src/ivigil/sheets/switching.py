"""A subcutaneous dose that measured levels put in place of an intravenous one, in words."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.kinetics.aim import Refused
from ivigil.kinetics.switching import Match, Switch
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.layout import mark, section
from ivigil.sheets.levels import REFUSED, SUPPORT, float_text, spread_text
from ivigil.sheets.numbers import number

ROUTE = {"SC": "Subcutaneous", "facilitated_SC": "Facilitated subcutaneous", "IV": "Intravenous"}


def refused_section(reasons: tuple[Refused, ...]) -> RenderableType:
    """Why the levels give no dose: the labels' factors above stand by themselves."""
    return section("By measured levels: no dose is sought", *(Text(f"- {REFUSED[item]}") for item in reasons))


def switch_section(found: Switch, knowledge: Knowledge) -> RenderableType:
    """The same average and the same trough, all models together and each by itself."""
    days = found.subcutaneous.interval_days
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    for head, width in (
        ("", 18),
        ("same average, g", 18),
        ("factor", 6),
        ("same trough, g", 18),
        ("factor", 6),
    ):
        grid.add_column(head, width=width)
    for match in (found.together, *found.models):
        grid.add_row(*_row(match, knowledge))
    now, then = found.trough_now_g_per_l, found.trough_by_average_g_per_l
    lines = [
        Text(f"Trough now {spread_text(now, 'g/L', 1)}; with the middle of the same average"),
        Text(
            f"{spread_text(then, 'g/L', 1)}, its peak {spread_text(found.peak_by_average_g_per_l, 'g/L', 1)}."
        ),
        Text("Factor: over the intravenous grams a week. A band is over possible persons."),
    ]
    if found.left_out:
        lines.append(Text(f"Without this route: {', '.join(found.left_out)}."))
    every = "every week" if days == 7 else f"every {days} days"
    title = f"By measured levels: {ROUTE[found.subcutaneous.route].lower()}, g {every}"
    was = f"Instead of {number(found.intravenous_g)} g every {found.intravenous.interval_days} days."
    return section(title, Group(Text(was), grid, *lines, Text(SUPPORT)))


def _row(match: Match, knowledge: Knowledge) -> tuple[str, ...]:
    name = "all together"
    if match.model:
        verdict = knowledge.population_models[match.model].verdict
        name = f"{match.model}{mark(verdict)}"
    return (
        name,
        spread_text(match.same_average_g, "", 1),
        float_text(match.average_factor.median),
        spread_text(match.same_trough_g, "", 1),
        float_text(match.trough_factor.median),
    )
