"""A table: a caption, headings, rows. On a narrow screen it scrolls by itself and never the page, or its rows
stand as stacks, each cell under its heading."""

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

    ``empty``: what stands there without a row; "": that there is nothing. ``stacked``: on a narrow screen,
    for rows of text.
    """
    right = set(numbers)
    made = [
        h.tr[
            [
                (h.th(scope="row") if at == 0 else h.td)(
                    class_={"figure": at in right}, data_heading=headings[at] if stacked else None
                )[cell]
                for at, cell in enumerate(row)
            ]
        ]
        for row in rows
    ]
    if not made:
        return h.section(".table")[h.h2[caption], h.p(".soft")[empty or say("Nothing.")]]
    return h.div(class_={"table": True, "stacked": stacked}, role="region", aria_label=caption, tabindex="0")[
        h.table[
            h.caption[caption],
            h.thead[
                h.tr[
                    [
                        h.th(scope="col", class_={"figure": at in right})[heading]
                        for at, heading in enumerate(headings)
                    ]
                ]
            ],
            h.tbody[made],
        ]
    ]
