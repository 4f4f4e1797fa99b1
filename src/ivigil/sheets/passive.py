"""An infused antibody that fades, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from ivigil.kinetics.levels import Given
from ivigil.kinetics.passive import Antibody, Fall
from ivigil.sheets.layout import section, table
from ivigil.sheets.levels import spread_text, whole_text
from ivigil.sheets.numbers import number

RULE = "The infused part alone: what the person makes is not in it. No rule for vaccines or serology."


def passive_section(antibody: Antibody, found: Fall | None, doses: Sequence[Given]) -> RenderableType:
    """When it is below the level asked for, and by the slower end of the band."""
    title = f"Infused antibody below {number(antibody.below_units_per_l)} units/L"
    if found is None:
        return section(title, Text("No model that was fitted tells the infused part from the own IgG."))
    last = max(given.end for given in doses)
    grid = table(14, None)
    grid.add_row(
        "At the end", f"{spread_text(found.at_the_end_units_per_l, 'units/L', 1)} after the last dose"
    )
    grid.add_row("Half-life", spread_text(found.half_life_days, "days", 0))
    if found.days is None:
        grid.add_row("Below", f"not within {found.followed_days} days, in most possible persons")
    else:
        grid.add_row("Below", f"{spread_text(found.days, 'days', 0)} after the last dose")
        grid.add_row("That is", f"{_date(last, found.days.median)}")
        slower = found.days.high > found.followed_days
        late = f"after {_date(last, found.followed_days)}" if slower else _date(last, found.days.high)
        grid.add_row("Slower end", late)
    if found.beyond:
        grid.add_row("", f"{whole_text(100 * found.beyond)} % take longer than {found.followed_days} days")
    return section(title, grid, Text(RULE))


def _date(last: dt.datetime, days: float) -> str:
    return (last + dt.timedelta(days=days)).date().isoformat()
