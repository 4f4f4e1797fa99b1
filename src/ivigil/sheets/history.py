"""What a patient tolerated before, and the lines with which the next order says so."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ivigil.infusion.tolerance import Reset, Tolerance
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin
from ivigil.sheets.layout import DISCLAIMER, section, table
from ivigil.sheets.numbers import number

RESET: dict[Reset, str] = {
    "first": "counted from the first infusion",
    "product_switch": "counted anew after a change of product",
    "long_gap": "counted anew after a long gap",
    "reaction": "counted anew after a reaction",
}


def history_sheet(found: tuple[Tolerance, ...], knowledge: Knowledge) -> RenderableType:
    """One part a product, the most recent last, and the table for the next order."""
    if not found:
        return Text("No finished infusion of this patient is in the journal.")
    parts = [_product(each, knowledge) for each in found]
    order = section("For the next order", Text(_toml(found[-1].last())))
    return Group(Text("TOLERATED BEFORE", style="bold"), *parts, order, Text(""), Text(DISCLAIMER))


def _product(tolerance: Tolerance, knowledge: Knowledge) -> RenderableType:
    product = knowledge.products.get(tolerance.product or "")
    grid = table(16, None)
    grid.add_row("Last", f"{tolerance.last_date}, {number(tolerance.grams)} g, {tolerance.route}")
    grid.add_row("Infusions", f"{tolerance.infusions} without a reaction; {RESET[tolerance.reset]}")
    highest = tolerance.highest_ml_per_kg_h
    grid.add_row("Tolerated rate", f"{number(highest)} mL/kg/h" if highest is not None else "none shown")
    if tolerance.ceiling is not None:
        word = "below" if tolerance.ceiling.below else "at most"
        grid.add_row("After a reaction", f"{word} {number(tolerance.ceiling.ml_per_kg_h)} mL/kg/h")
    return section(product.name if product else "Product not known", grid)


def _toml(last: LastImmunoglobulin) -> str:
    """As an order file writes it."""
    values = {
        "date": f"{last.date}",
        "product": f'"{last.product}"' if last.product else "",
        "grams": number(last.grams) if last.grams is not None else "",
        "route": f'"{last.route}"',
        "infusions": f"{last.infusions}" if last.infusions is not None else "",
        "tolerated_rate_ml_per_kg_per_h": (
            f"{last.tolerated_rate_ml_per_kg_per_h:f}"
            if last.tolerated_rate_ml_per_kg_per_h is not None
            else ""
        ),
    }
    lines = [f"{name} = {value}" for name, value in values.items() if value]
    return "\n".join(["[last_immunoglobulin]", *lines])
