"""A dose that was sought from measured levels, in words: on the plan, and why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import get_args

from rich.console import Group, RenderableType
from rich.text import Text

from ivigil.course import Dose
from ivigil.individual import Reason
from ivigil.kinetics.estimate import Warn
from ivigil.order import Expected, IndividualDose
from ivigil.planning.individual import Why
from ivigil.sheets import levels
from ivigil.sheets.layout import section, table
from ivigil.sheets.numbers import number, span
from ivigil.sheets.references import References

OUTSIDE: dict[Why, str] = {
    "individual_dosing_off": "This site plans no individual doses (policy.individual_dosing).",
    "not_replacement": "Levels guide replacement alone: this condition is treated for another effect.",
    "no_standard_dose": "Without levels no dose can be planned for this order: ivigil plan says why.",
    "not_repeated": "The dose is not repeated at an interval, or is one of a start.",
    "product_not_named": "A subcutaneous range is that of a product: order one.",
    "regimen_states_no_range": "Neither regimen nor label states a range to stay within.",
}
INTERVAL = "The interval aimed at is not one that the regimen or the label gives."
HELD = {
    "least": "held to the least: less would suit the target better",
    "most": "held to the most: more would suit the target better",
}


def refused(reasons: Iterable[Reason]) -> str:
    """Every reason on a line of its own."""
    lines = [f"  - {WORDS[reason]}" for reason in reasons]
    return "\n".join(("no individual dose is sought, and nothing is planned", *lines))


WORDS: dict[Reason, str] = {
    **dict(levels.REFUSED.items()),
    **dict(OUTSIDE.items()),
    "interval_outside_regimen": INTERVAL,
}


def individual_section(sought: IndividualDose, dose: Dose, refs: References) -> RenderableType:
    """What was sought, from what, within what, and what would be given without levels."""
    grid = table(12, None)
    low, high = (number(value) for value in sought.window_g_per_l)
    every = f"every {sought.interval_days} days"
    grid.add_row(
        "Sought",
        Text(f"{number(sought.grams, 3)} g {every}", style="bold")
        + Text(f" for a trough of {number(sought.target_g_per_l)} g/L ({low} to {high})"),
    )
    grid.add_row("Instead of", _instead(dose))
    limits = span(*sought.allowed_g, "g")
    held = f"; {HELD[sought.held_to]}" if sought.held_to else ""
    grid.add_row("Allowed", f"{limits} {refs.mark(dose.facts[:1])}{held}".strip())
    grid.add_row("Exact dose", _figure(sought.exact_grams, "g", 0))
    chance = f"{number(sought.in_window_percent, 0)} % in the window"
    grid.add_row("Trough", f"{_figure(sought.trough_g_per_l, 'g/L', 1)}, {chance}")
    high_peak = ", above the site's limit in some" if sought.above_peak_limit_percent else ""
    grid.add_row("Peak", f"{_figure(sought.peak_g_per_l, 'g/L', 1)}{high_peak}")
    models = (f"{m.model} {number(m.percent, 0)} % ({m.grade})" for m in sought.models)
    cited = [share.model for share in sought.models]
    used = f"{sought.levels_used} level{'s' if sought.levels_used > 1 else ''}"
    grid.add_row("Rests on", f"{used} by {', '.join(models)} {refs.mark(cited)}".strip())
    if sought.interval_outside:
        grid.add_row("Interval", f"not in the data of {', '.join(sought.interval_outside)}")
    known: dict[str, str] = {name: levels.WARNING[name] for name in get_args(Warn)}
    warned = [Text(f"- {known.get(name, name)}") for name in sought.warnings]
    band = f"Middle, and the ends of a band of {number(sought.band_percent, 0)} %, at the steady state."
    return section("Individual dose", Group(grid, *warned, Text(band), Text(levels.SUPPORT)))


def _instead(dose: Dose) -> str:
    plain = dose.without_levels_g
    assert isinstance(plain, Decimal)
    change = (dose.grams - plain) / plain * 100 if plain else Decimal(0)
    sign = "+" if change > 0 else ""
    return f"{number(plain, 3)} g without levels: {sign}{number(change, 0)} %"


def _figure(figure: Expected, unit: str, places: int) -> str:
    low, middle, high = (number(value, places) for value in (figure.low, figure.median, figure.high))
    return f"{middle} {unit} ({low} to {high})"
