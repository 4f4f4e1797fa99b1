"""A picture of levels on the page, with its sentence and its numbers."""

from __future__ import annotations

from htpy import Element, Node

from ivigil.sheets.level_plot import Picture, PlotError, drawn
from ivigil.web.parts.chart import chart
from ivigil.web.parts.notice import notice
from ivigil.web.parts.table import table


def figure(picture: Picture) -> Node:
    """The picture, or why there is none; its numbers stand either way."""
    try:
        svg = drawn(picture, "svg").decode()
    except PlotError as error:
        return [notice("slow", str(error)), _numbers(picture)]
    return chart(svg, picture.described, _numbers(picture), scrolls=True)


def _numbers(picture: Picture) -> Element:
    return table(picture.rows.title, picture.rows.heads, picture.rows.cells)
