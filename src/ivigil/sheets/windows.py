"""What windows of vaccines and laboratory tests share in words."""

from __future__ import annotations

from collections.abc import Iterable

from rich.padding import Padding
from rich.text import Text

from ivigil.knowledge.store import Knowledge
from ivigil.sheets.numbers import number
from ivigil.sheets.references import References
from ivigil.windows.doses import GivenDose

MARKS = {
    "borrowed": "rule of another place",
    "caution": "asks to consider, not to wait",
    "superseded": "superseded",
    "practice": "practice, not a rule",
    "dose_between_rows": "dose between rows: next higher row",
    "dose_above_table": "dose above the table: highest row",
    "dose_unknown": "dose not known: longest row",
    "route_not_stated": "stated for another route",
    "route_unknown": "route not known: longest row",
    "condition_not_named": "named for another condition",
    "product_not_stated": "no row names this product: longest row",
    "doses_summed": "doses close together counted as one course",
}


def given(doses: Iterable[GivenDose], knowledge: Knowledge) -> list[Padding]:
    """One line a dose, with what is not known of it."""
    return [Padding(Text(_dose(dose, knowledge)), (0, 0, 0, 2)) for dose in doses]


def _dose(dose: GivenDose, knowledge: Knowledge) -> str:
    amount = "dose not known" if dose.g_per_kg is None else f"{number(dose.g_per_kg, 3)} g/kg"
    route = dose.route or "route not known"
    condition = knowledge.conditions.get(dose.condition)
    product = knowledge.products.get(dose.product_id)
    named = [item.name for item in (condition, product) if item is not None]
    return f"{dose.date}: " + ", ".join((amount, route, *named))


def marks(names: Iterable[str]) -> str:
    """Marks of a ruling in words, in brackets; weak evidence has its star at the reference instead."""
    listed = "; ".join(MARKS[name] for name in names if name != "weak")
    return f" ({listed})" if listed else ""


def cite(names: Iterable[str], knowledge: Knowledge) -> References:
    """References for these facts."""
    return References({n: knowledge.cited(knowledge.by_id[n]) for n in names if n in knowledge.by_id})
