"""Shared shapes of a sheet: titled sections, tables without lines, marks of evidence."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.evidence import Fact
from ivigil.sheets.references import References
from ivigil.sheets.spoken import texts

UNSEEN = "*"
FOOTNOTE = texts("* weak evidence (unread, or a digest): may warn or restrict, never permit")
DISCLAIMER = texts(
    "Supports a professional's decision and does not replace it. Not cleared as a medical device."
)


def section(title: str, *body: RenderableType) -> RenderableType:
    """A heading and its indented body, after an empty line."""
    heading = Text(title.upper(), style="bold")
    return Group(Text(""), heading, *(Padding(part, (0, 0, 0, 2)) for part in body))


def table(*widths: int | None) -> Table:
    """A table without lines or header; None takes the rest of the line."""
    grid = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    for width in widths:
        grid.add_column(width=width, no_wrap=False, ratio=None if width else 1)
    return grid


def mark(fact: Fact) -> str:
    """The mark of a fact that may not permit."""
    return UNSEEN if fact.weak else ""


def references(refs: References) -> RenderableType:
    """The numbered documents."""
    grid = table(5, None)
    for index, document in refs.listed():
        rest = ", ".join(part for part in (document.publisher, document.version) if part)
        grid.add_row(f"[{index}]", f"{document.title}{'. ' + rest if rest else ''}")
    return section("Sources", grid, Text(FOOTNOTE))
