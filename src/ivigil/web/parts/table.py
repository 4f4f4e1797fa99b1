"""A table: a caption, headings, rows. On a narrow screen it scrolls by itself, or its rows stand one under
another; the page never scrolls sideways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import htpy as h
from htpy import Element, Node

from ivigil.sheets.spoken import say


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Node]],
    *,
    empty: str = "",
    numbers: Iterable[int] = (),
    stacked: bool = False,
) -> Element:
    """``numbers``: which columns hold numbers, counted from 0. The first cell of a row is its heading.

    ``empty``: what stands there without a row; "": that there is nothing. ``stacked``: on a narrow screen
    each row stands by itself, and each of its cells below the first under the name of its column.
    """
    right = set(numbers)
    made = [
        h.tr(role="row" if stacked else None)[
            [
                (h.th(scope="row") if at == 0 else h.td)(
                    class_={"figure": at in right},
                    role=("rowheader" if at == 0 else "cell") if stacked else None,
                    data_column=headings[at] if stacked and at else None,
                )[cell]
                for at, cell in enumerate(row)
            ]
        ]
        for row in rows
    ]
    if not made:
        return h.section(".table")[h.h2[caption], h.p(".soft")[empty or say("Nothing.")]]
    return h.div(class_=["table", {"stacked": stacked}], role="region", aria_label=caption, tabindex="0")[
        h.table(role="table" if stacked else None)[
            h.caption[caption],
            h.thead(role="rowgroup" if stacked else None)[
                h.tr(role="row" if stacked else None)[
                    [
                        h.th(
                            scope="col",
                            class_={"figure": at in right},
                            role="columnheader" if stacked else None,
                        )[heading]
                        for at, heading in enumerate(headings)
                    ]
                ]
            ],
            h.tbody(role="rowgroup" if stacked else None)[made],
        ]
    ]
