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
    for place, (label, text, facts) in enumerate(individual_rows(sought, dose)):
        grid.add_row(label, Text(f"{text} {refs.mark(facts)}".strip(), style="" if place else "bold"))
    *warned, band, support = individual_notes(sought)
    return section("Individual dose", Group(grid, *(Text(f"- {each}") for each in warned), band, support))


def individual_rows(sought: IndividualDose, dose: Dose) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """The same as labels, values and the facts behind them."""
    low, high = (number(value) for value in sought.window_g_per_l)
    given = f"{number(sought.grams, 3)} g every {sought.interval_days} days"
    held = f"; {HELD[sought.held_to]}" if sought.held_to else ""
    chance = f"{number(sought.in_window_percent, 0)} % in the window"
    high_peak = ", above the site's limit in some" if sought.above_peak_limit_percent else ""
    models = ", ".join(f"{m.model} {number(m.percent, 0)} % ({m.grade})" for m in sought.models)
    cited = tuple(share.model for share in sought.models)
    used = f"{sought.levels_used} level{'s' if sought.levels_used > 1 else ''}"
    outside = f"not in the data of {', '.join(sought.interval_outside)}" if sought.interval_outside else ""
    rows: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("Sought", f"{given} for a trough of {number(sought.target_g_per_l)} g/L ({low} to {high})", ()),
        ("Instead of", _instead(dose), ()),
        ("Allowed", f"{span(*sought.allowed_g, 'g')}{held}", dose.facts[:1]),
        ("Exact dose", _figure(sought.exact_grams, "g", 0), ()),
        ("Trough", f"{_figure(sought.trough_g_per_l, 'g/L', 1)}, {chance}", ()),
        ("Peak", f"{_figure(sought.peak_g_per_l, 'g/L', 1)}{high_peak}", ()),
        ("Rests on", f"{used} by {models}", cited),
        ("Interval", outside, ()),
    )
    return tuple(row for row in rows if row[1])


def individual_notes(sought: IndividualDose) -> tuple[str, ...]:
    """Warnings; last, what the figures in brackets are, and what this is not."""
    known: dict[str, str] = {name: levels.WARNING[name] for name in get_args(Warn)}
    band = f"Middle, and the ends of a band of {number(sought.band_percent, 0)} %, at the steady state."
    return (*(known.get(name, name) for name in sought.warnings), band, levels.SUPPORT)


def _instead(dose: Dose) -> str:
    plain = dose.without_levels_g
    assert isinstance(plain, Decimal)
    change = (dose.grams - plain) / plain * 100 if plain else Decimal(0)
    sign = "+" if change > 0 else ""
    return f"{number(plain, 3)} g without levels: {sign}{number(change, 0)} %"


def _figure(figure: Expected, unit: str, places: int) -> str:
    low, middle, high = (number(value, places) for value in (figure.low, figure.median, figure.high))
    return f"{middle} {unit} ({low} to {high})"
