"""A document as a page that can be printed: the same content as its text and its PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import htpy as h
from htpy import Element, Node

from ivigil.sheets.document import Bullets, Columns, Document, Paragraph, Rows, Section, cleaned
from ivigil.web.parts.notice import notice


def sheet(document: Document) -> Element:
    """The whole document but its title, which is the page's."""
    clean = cleaned(document)
    return h.article(".sheet")[
        notice("stop", h.p[clean.alert]) if clean.alert else None,
        (_block(block, title) for block, title in _titled(clean.blocks)),
        h.p(".soft")[clean.foot] if clean.foot else None,
    ]


Part = Section | Paragraph | Bullets | Rows | Columns


def _titled(blocks: Iterable[Part]) -> Iterator[tuple[Part, str]]:
    """Each part with the heading that it stands under."""
    title = ""
    for block in blocks:
        title = block.title if isinstance(block, Section) else title
        yield block, title


def _block(block: Part, under: str) -> Node:
    match block:
        case Section(title=title):
            return h.h2[title]
        case Paragraph(text=text, strong=strong):
            return h.p[h.strong[text] if strong else text]
        case Bullets(items=items):
            return h.ul[(h.li[item] for item in items)]
        case Rows(rows=rows):
            return h.table(".rows")[h.tbody[(_row(label, text) for label, text in rows)]]
    return _table(block, under)


def _row(label: str, text: str) -> Element:
    return h.tr[h.th(scope="row")[label] if label else h.td, h.td[_lines(text)]]


def _table(block: Columns, under: str) -> Element:
    label = f"{under}: {', '.join(block.heads)}"
    return h.div(".table", role="region", aria_label=label, tabindex="0")[
        h.table[
            h.thead[h.tr[(h.th(scope="col")[head] for head in block.heads)]],
            h.tbody[(h.tr[(h.td[_lines(cell)] for cell in row)] for row in block.rows)],
        ]
    ]


def _lines(text: str) -> Node:
    first, *rest = text.split("\n")
    return [first, ([h.br, line] for line in rest)]
