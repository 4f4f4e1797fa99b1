"""A conversion from intravenous to subcutaneous in words."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.planning.conversion import Converted, StartAfter
from ivigil.sheets.layout import DISCLAIMER, references, section
from ivigil.sheets.numbers import number, span
from ivigil.sheets.references import References

_NO_NUMBER = {
    "unsigned": "not read in a strong source: no number before two people have signed it",
    "superseded": "superseded by a newer figure: no number",
}


def convert_sheet(
    dose: tuple[Decimal, Decimal],
    results: tuple[tuple[Product, tuple[Converted, ...]], ...],
    knowledge: Knowledge,
) -> RenderableType:
    """Each product's factors with the weekly grams they give. dose: (grams, weeks between)."""
    grams, weeks = dose
    shown = [item for _, items in results for item in items]
    named = [name for item in shown for name in (item.fact, *(start.fact for start in item.start_after))]
    refs = References({name: knowledge.cited(knowledge.by_id[name]) for name in named})
    every = "every week" if weeks == 1 else f"every {number(weeks)} weeks"
    parts: list[RenderableType] = [
        Text("INTRAVENOUS TO SUBCUTANEOUS", style="bold"),
        Text(f"  {number(grams, 3)} g {every} = {number(grams / weeks, 3)} g a week intravenously"),
    ]
    for product, items in results:
        lines = [_line(item, refs) for item in items] or [Text("no factor known")]
        parts.append(section(product.name, *lines, *_starts(items, refs)))
    parts += [references(refs), Text(""), *_foot(shown)]
    return Group(*parts)


def _line(item: Converted, refs: References) -> RenderableType:
    uses = f" ({', '.join(item.indications)})" if item.indications else ""
    head = Text(f"x {number(item.factor, 3)}{uses}: ")
    if item.weekly_grams is None or item.weekly_ml is None:
        head.append(_NO_NUMBER[item.state])
    else:
        head.append(f"{number(item.weekly_grams, 3)} g a week", style="bold")
        head.append(f" = {number(item.weekly_ml, 1)} mL")
        head.append(", signed by this site" if item.state == "signed" else "")
    head.append(f" {refs.mark([item.fact])}".rstrip())
    return Group(head, Padding(Text(item.fact, style="dim"), (0, 0, 0, 2)))


def _starts(items: tuple[Converted, ...], refs: References) -> list[RenderableType]:
    starts: dict[str, StartAfter] = {start.fact: start for item in items for start in item.start_after}
    return [
        Text(
            f"first dose {_weeks(start)} after the last intravenous one "
            f"({start.schedule}) {refs.mark([start.fact])}".rstrip()
        )
        for start in starts.values()
    ]


def _weeks(start: StartAfter) -> str:
    return "1 week" if start.weeks_max == 1 else span(start.weeks_min, start.weeks_max, "weeks")


def _foot(shown: list[Converted]) -> list[RenderableType]:
    lines = [Text(DISCLAIMER)]
    if any(item.weekly_grams is not None for item in shown):
        lines.insert(0, Text("Not rounded to vials, not adjusted by trough: ivigil plan does both."))
    return list(lines)
