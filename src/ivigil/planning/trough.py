"""The change of a subcutaneous dose by the IgG trough, from the product's own table.

Tables print the difference to the target in rows and body weight in columns or bands. A
patient between two of them gets the smaller change; one outside the table gets none.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from ivigil import units
from ivigil.course import Reason
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import Case, Reading, Saw
from ivigil.knowledge.products import Product, TroughAdjustment
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order

MEASURED = "igg_g_per_l"
TARGET = "target_trough_g_per_l"
_INTERVALS = {7: "weekly", 14: "biweekly"}


class Adjustment(msgspec.Struct, frozen=True):
    """Grams to add to one infusion (negative: to take away), and what was said of it."""

    grams: Decimal = Decimal(0)
    notes: tuple[Reason, ...] = ()
    facts: tuple[str, ...] = ()
    saw: tuple[Saw, ...] = ()
    unsigned: tuple[Fact, ...] = ()


def adjust(
    product: Product | None,
    order: Order,
    interval_days: int,
    case: Case,
    knowledge: Knowledge,
    *,
    applies: bool,
) -> Adjustment:
    """The change that the trough asks for; none, with the reason, where the table gives none.

    applies: the dose goes on from an earlier subcutaneous one, at which the trough was
    measured. Any other dose, an ordered one above all, stands; the change is only shown.
    """
    target = order.target_trough_g_per_l
    if product is None or target is None:
        return Adjustment()
    measured = _exact(case.get(MEASURED))
    if measured is None:
        return _none("trough_not_measured", product.id)
    saw = (Saw(MEASURED, format(measured, "f"), measured), Saw(TARGET, format(target, "f"), target))
    table = _table(product, interval_days)
    usable = [cell for cell in table if knowledge.permits(cell)]
    difference = target - measured
    code, cell = _find(usable or table, abs(difference), order.patient.weight_kg)
    if cell is None:
        return _none(code, product.id, saw)
    change_ml = cell.change_ml if difference > 0 else -cell.change_ml
    if cell not in usable:
        unsigned = () if cell.replaced else (cell,)  # a signature would not bring an old edition back
        return Adjustment(
            notes=(Reason(code="trough_table_not_seen", fact=cell.id),), saw=saw, unsigned=unsigned
        )
    shown = f"{change_ml.normalize():+f}"
    if not applies:
        return Adjustment(notes=(Reason(code="trough_change_not_made", fact=cell.id, value=shown),), saw=saw)
    grams = change_ml * product.g_per_100_ml / units.ML_PER_DL
    return Adjustment(grams, (Reason(code="trough_change", fact=cell.id, value=shown),), (cell.id,), saw)


def _exact(value: object) -> Decimal | None:
    """An exact and current measurement."""
    if not isinstance(value, Reading) or value.stale or value.low != value.high:
        return None
    return value.low


def _none(code: str, fact: str, saw: tuple[Saw, ...] = ()) -> Adjustment:
    return Adjustment(notes=(Reason(code=code, fact=fact),), saw=saw)


def _table(product: Product, interval_days: int) -> list[TroughAdjustment]:
    """The cells for this interval; other intervals have no table."""
    name = _INTERVALS.get(interval_days)
    return [cell for cell in product.trough_adjustments if cell.interval == name]


def _find(
    table: list[TroughAdjustment], difference: Decimal, weight_kg: Decimal
) -> tuple[str, TroughAdjustment | None]:
    """The cell at or next below difference and weight; else the code of why there is none."""
    if not table:
        return "trough_no_table", None
    rows = sorted({cell.trough_difference_g_per_l for cell in table})
    if difference < rows[0]:
        return "trough_within_target", None
    row = _at_or_below(rows, difference)
    in_row = [cell for cell in table if cell.trough_difference_g_per_l == row and _weighs(cell, weight_kg)]
    columns = [cell.weight_kg for cell in table if cell.weight_kg is not None]
    column = _at_or_below(columns, weight_kg)
    found = [cell for cell in in_row if cell.weight_kg is None or cell.weight_kg == column]
    return ("", found[0]) if found else ("trough_outside_table", None)


def _at_or_below(printed: Iterable[Decimal], value: Decimal) -> Decimal | None:
    """The printed figure at or next below a value; None if it lies outside all of them."""
    figures = sorted(printed)
    if not figures or not figures[0] <= value <= figures[-1]:
        return None
    return max(figure for figure in figures if figure <= value)


def _weighs(cell: TroughAdjustment, weight_kg: Decimal) -> bool:
    """Is the weight in the cell's band? Printed "over 30, up to 50"."""
    heavy_enough = cell.weight_kg_above is None or weight_kg > cell.weight_kg_above
    return heavy_enough and (cell.weight_kg_up_to is None or weight_kg <= cell.weight_kg_up_to)
