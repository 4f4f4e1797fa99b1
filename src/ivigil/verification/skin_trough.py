"""The change of a subcutaneous dose by the IgG trough, read again from the product's own table.

A table is entered with the difference to the target and the body weight. Between two printed
figures the smaller holds; below the first difference nothing changes; beyond the last figure the
table says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from ivigil.course import Reason
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.products import TroughAdjustment
from ivigil.verification.exact import show
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

MEASURED = "igg_g_per_l"
TABLES = {7: "weekly", 14: "biweekly"}
"""Interval in days of each kind of table."""
MADE, ONLY_SHOWN, NOT_SEEN = "trough_change", "trough_change_not_made", "trough_table_not_seen"
ML_PER_100_ML = 100
Cells = tuple[TroughAdjustment, ...]


class Change(msgspec.Struct, frozen=True):
    """What the trough comes to: the code of the outcome, the cell that holds, and its mL with their sign."""

    code: str
    cell: TroughAdjustment | None = None
    ml: Fraction = Fraction(0)

    def grams(self, g_per_100_ml: Decimal) -> Fraction:
        """Grams to add to a dose; none unless the change is made."""
        return self.ml * Fraction(g_per_100_ml) / ML_PER_100_ML if self.code == MADE else Fraction(0)


def check(matter: Matter) -> Iterator[Objection]:
    """The plan says what became of the target: the change, or why there is none."""
    course, dose, product = matter.plan.course, matter.plan.dose, matter.product
    if matter.order.route != "SC" or course is None or dose is None or product is None:
        return
    if dose.interval_days is None:
        return  # given once: no table is for it
    due = change(matter)
    told = [reason for reason in course.days_because if reason.code.startswith("trough_")]
    if due is None:
        for reason in told:
            yield Objection("trough_note", "course.days_because", reason.code, "no target was ordered")
        return
    expected = _note(due, product.id)
    if told != [expected]:
        seen = ", ".join(_worded(reason) for reason in told) or "nothing"
        yield Objection("trough_note", "course.days_because", seen, _worded(expected), (expected.fact,))
    if due.code == MADE and expected.fact not in dose.facts:
        yield Objection("trough_not_cited", "dose.facts", ", ".join(dose.facts), expected.fact)
    listed = {item.fact for item in matter.plan.needs_sign_off}
    signable = due.cell is not None and not due.cell.replaced
    if due.code == NOT_SEEN and signable and expected.fact not in listed:
        yield Objection("trough_not_listed", "needs_sign_off", "nothing", expected.fact, (expected.fact,))


def _note(due: Change, product: str) -> Reason:
    if due.cell is None:
        return Reason(code=due.code, fact=product)
    sign = "-" if due.ml < 0 else "+"
    shown = "" if due.code == NOT_SEEN else sign + show(abs(due.ml))
    return Reason(code=due.code, fact=due.cell.id, value=shown)


def _worded(reason: Reason) -> str:
    return " ".join(part for part in (reason.code, reason.fact, reason.value) if part)


def change(matter: Matter) -> Change | None:
    """What the table makes of the measured and the ordered trough; None without a target."""
    target, dose, product = matter.order.target_trough_g_per_l, matter.plan.dose, matter.product
    if target is None or dose is None or product is None:
        return None
    measured = _exact(matter.case.get(MEASURED))
    if measured is None:
        return Change("trough_not_measured")
    kind = TABLES.get(dose.interval_days or 0)
    table = tuple(cell for cell in product.trough_adjustments if cell.interval == kind)
    sound = tuple(cell for cell in table if usable(matter, cell))
    difference = target - measured
    code, cell = _cell(sound or table, abs(difference), matter.order.patient.weight_kg)
    if cell is None:
        return Change(code)
    ml = Fraction(cell.change_ml if difference > 0 else -cell.change_ml)
    if cell not in sound:
        return Change(NOT_SEEN, cell, ml)
    return Change(MADE if _goes_on(matter) else ONLY_SHOWN, cell, ml)


def _exact(value: object) -> Decimal | None:
    known = isinstance(value, Reading) and not value.stale and value.low == value.high
    return value.low if isinstance(value, Reading) and known else None


def _goes_on(matter: Matter) -> bool:
    """Does the dose go on from an earlier subcutaneous one, at which the trough was measured?"""
    order, last, product = matter.order, matter.order.last_immunoglobulin, matter.product
    ordered = order.total_dose_g is not None or order.total_dose_g_per_kg is not None
    if (
        order.individual
        or ordered
        or last is None
        or last.grams is None
        or not last.interval_days
        or product is None
    ):
        return False
    return last.route == "SC"


def _cell(table: Cells, difference: Decimal, weight_kg: Decimal) -> tuple[str, TroughAdjustment | None]:
    if not table:
        return "trough_no_table", None
    printed = {cell.trough_difference_g_per_l for cell in table}
    if difference < min(printed):
        return "trough_within_target", None
    row = _printed_up_to(difference, printed)
    column = _printed_up_to(weight_kg, [cell.weight_kg for cell in table if cell.weight_kg is not None])
    for cell in table:
        own_column = cell.weight_kg is None or cell.weight_kg == column
        if cell.trough_difference_g_per_l == row and own_column and _in_band(cell, weight_kg):
            return "", cell
    return "trough_outside_table", None


def _printed_up_to(value: Decimal, printed: Iterable[Decimal]) -> Decimal | None:
    """The last printed figure that the value reaches; None beyond the last of all."""
    figures = sorted(printed)
    if not figures or value > figures[-1]:
        return None
    return max((figure for figure in figures if figure <= value), default=None)


def _in_band(cell: TroughAdjustment, weight_kg: Decimal) -> bool:
    above = cell.weight_kg_above is None or weight_kg > cell.weight_kg_above
    return above and (cell.weight_kg_up_to is None or weight_kg <= cell.weight_kg_up_to)
