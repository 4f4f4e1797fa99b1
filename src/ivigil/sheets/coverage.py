"""The state of the fact base in words: faults, counts, and how far each use can be planned."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.check import Coverage
from ivigil.knowledge.store import Knowledge

_MARK = {"full plan": "F", "sign-off": "S", "dose only": "D", "refused": "-"}


def coverage_sheet(
    knowledge: Knowledge, coverage: Coverage, faults: tuple[str, ...], *, every_use: bool
) -> RenderableType:
    """Faults and rounding traps first; then counts by kind and basis; then the table of product and use."""
    head = f"{coverage.total} facts from {len(knowledge.sources)} sources; knowledge {knowledge.version}"
    weak = (
        f"{coverage.weak} are weak (may warn or restrict, never permit); {coverage.signed} signed by the site"
    )
    parts: list[RenderableType] = [Text("FACT BASE", style="bold"), Text(head), Text(weak), Text("")]
    parts.append(_faults(faults))
    if coverage.rounding_traps:
        parts += [Text("Second figures of labels, rounded up past the maximum (never planned from):")]
        parts += [Text(f"  {line}") for line in coverage.rounding_traps]
    parts += [
        Text(""),
        _counts("By basis", coverage.by_basis),
        Text(""),
        _counts("By kind", coverage.by_kind),
    ]
    known = coverage.known_by_barcode
    parts += [Text(""), Text(f"{len(known)} products known by barcode: {', '.join(known) or 'none'}")]
    parts += [Text(""), Text("PRODUCT x USE x JURISDICTION", style="bold")]
    parts.append(Text("F full plan, S needs sign-off, D dose only, - refused (no vial size seen)"))
    parts.append(_uses(coverage))
    if every_use:
        parts += [
            Text(f"{u.product:<28} {u.jurisdiction:<6} {u.indication:<20} {u.reach}") for u in coverage.uses
        ]
    return Group(*parts)


def _faults(faults: tuple[str, ...]) -> RenderableType:
    if not faults:
        return Text("no faults", style="bold green")
    lines = [Text(f"{len(faults)} faults", style="bold red"), *(Text(f"  {line}") for line in faults)]
    return Group(*lines)


def _counts(title: str, counts: dict[str, int]) -> RenderableType:
    listed = ", ".join(f"{name} {count}" for name, count in counts.items())
    return Text(f"{title}: {listed}")


def _uses(coverage: Coverage) -> RenderableType:
    by_product: dict[tuple[str, str], list[str]] = defaultdict(list)
    for use in coverage.uses:
        by_product[use.product, use.jurisdiction].append(f"{use.indication} {_MARK[use.reach]}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("Product", "Place", "Uses"):
        table.add_column(title)
    for (product, place), uses in by_product.items():
        table.add_row(product, place, ", ".join(uses))
    return table
