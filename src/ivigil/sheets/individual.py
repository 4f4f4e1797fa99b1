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
from ivigil.sheets.spoken import counted, say, texts

OUTSIDE: dict[Why, str] = texts(
    {
        "individual_dosing_off": "This site plans no individual doses (policy.individual_dosing).",
        "not_replacement": "Levels guide replacement alone: this condition is treated for another effect.",
        "no_standard_dose": "Without levels no dose can be planned for this order: ivigil plan says why.",
        "not_repeated": "The dose is not repeated at an interval, or is one of a start.",
        "product_not_named": "A subcutaneous range is that of a product: order one.",
        "regimen_states_no_range": "Neither regimen nor label states a range to stay within.",
    }
)
INTERVAL = texts("The interval aimed at is not one that the regimen or the label gives.")
HELD = texts(
    {
        "least": "{allowed}; held to the least: less would suit the target better",
        "most": "{allowed}; held to the most: more would suit the target better",
    }
)

GRADE = texts({"good": "good", "fair": "fair", "poor": "poor"})
"""Of a model's evidence."""


def refused(reasons: Iterable[Reason]) -> str:
    """Every reason on a line of its own."""
    lines = [f"  - {say(WORDS[reason])}" for reason in reasons]
    return "\n".join((say("no individual dose is sought, and nothing is planned"), *lines))


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
    aim = say(
        "{grams} g every {days} days for a trough of {target} g/L ({low} to {high})",
        grams=number(sought.grams, 3),
        days=str(sought.interval_days),
        target=number(sought.target_g_per_l),
        low=low,
        high=high,
    )
    allowed = span(*sought.allowed_g, "g")
    if sought.held_to:
        allowed = say(HELD[sought.held_to], allowed=allowed)
    trough = say(
        "{level}, {percent} % in the window",
        level=_figure(sought.trough_g_per_l, "g/L", 1),
        percent=number(sought.in_window_percent, 0),
    )
    peak = _figure(sought.peak_g_per_l, "g/L", 1)
    if sought.above_peak_limit_percent:
        peak = say("{level}, above the site's limit in some", level=peak)
    models = ", ".join(f"{m.model} {number(m.percent, 0)} % ({_grade(m.grade)})" for m in sought.models)
    cited = tuple(share.model for share in sought.models)
    used = counted(
        sought.levels_used, "{count} level by {models}", "{count} levels by {models}", models=models
    )
    outside = ""
    if sought.interval_outside:
        outside = say("not in the data of {models}", models=", ".join(sought.interval_outside))
    rows: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        (say("Sought"), aim, ()),
        (say("Instead of"), _instead(dose), ()),
        (say("Allowed"), allowed, dose.facts[:1]),
        (say("Exact dose"), _figure(sought.exact_grams, "g", 0), ()),
        (say("Trough"), trough, ()),
        (say("Peak"), peak, ()),
        (say("Rests on"), used, cited),
        (say("Interval"), outside, ()),
    )
    return tuple(row for row in rows if row[1])


def individual_notes(sought: IndividualDose) -> tuple[str, ...]:
    """Warnings; last, what the figures in brackets are, and what this is not."""
    known: dict[str, str] = {name: levels.WARNING[name] for name in get_args(Warn)}
    band = say(
        "Middle, and the ends of a band of {percent} %, at the steady state.",
        percent=number(sought.band_percent, 0),
    )
    return (*(say(known.get(name, name)) for name in sought.warnings), band, say(levels.SUPPORT))


def _instead(dose: Dose) -> str:
    plain = dose.without_levels_g
    assert isinstance(plain, Decimal)
    change = (dose.grams - plain) / plain * 100 if plain else Decimal(0)
    sign = "+" if change > 0 else ""
    return say(
        "{grams} g without levels: {change} %", grams=number(plain, 3), change=f"{sign}{number(change, 0)}"
    )


def _figure(figure: Expected, unit: str, places: int) -> str:
    low, middle, high = (number(value, places) for value in (figure.low, figure.median, figure.high))
    return say("{middle} ({low} to {high})", middle=f"{middle} {unit}", low=low, high=high)


def _grade(grade: str) -> str:
    return say(GRADE.get(grade, grade))
