"""A document as text of 80 columns. Nothing is cut off: a word that is too long is broken."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.sheets.document import Bullets, Columns, Document, Paragraph, Rows, Section, cleaned

_LABEL = 24
_INDENT = (0, 0, 0, 2)


def document_sheet(document: Document, hint: str = "") -> RenderableType:
    """The whole document; last, what the screen adds to it."""
    document = cleaned(document)
    parts: list[RenderableType] = [Text(document.title.upper(), style="bold")]
    if document.alert:
        parts += [Text(""), Text(f"! {document.alert}", style="bold")]
    parts += [_block(block) for block in document.blocks]
    parts += [Text(f"\n{text}") for text in (document.foot, hint) if text]
    return Group(*parts)


def _block(block: Section | Paragraph | Bullets | Rows | Columns) -> RenderableType:
    match block:
        case Section(title=title):
            return Text(f"\n{title.upper()}", style="bold")
        case Paragraph(text=text, strong=strong):
            above = 1 if strong else 0
            return Padding(Text(text, style="bold" if strong else "", overflow="fold"), (above, 0, 0, 2))
        case Bullets(items=items):
            return Padding(_grid((1, None), [("-", item) for item in items]), _INDENT)
        case Rows(rows=rows):
            return Padding(_grid((_LABEL, None), rows), _INDENT)
        case Columns(heads=heads, widths=widths, rows=rows):
            return Padding(_grid(widths, rows, heads), _INDENT)


def _grid(
    widths: tuple[int | None, ...],
    rows: tuple[tuple[str, ...], ...] | list[tuple[str, str]],
    heads: tuple[str, ...] = (),
) -> Table:
    grid = Table(box=box.SIMPLE_HEAD if heads else None, show_header=bool(heads), expand=True)
    grid.padding = (0, 1, 0, 0)
    grid.show_edge = False
    for number, width in enumerate(widths):
        head = heads[number] if heads else ""
        grid.add_column(Text(head), width=width, ratio=None if width else 1, overflow="fold")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid
