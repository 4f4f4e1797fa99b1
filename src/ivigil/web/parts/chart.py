"""A chart: the picture, what it says in words, and the same numbers as a table."""

from __future__ import annotations

import re

import htpy as h
from htpy import Element, Node
from markupsafe import Markup

from ivigil.sheets.spoken import say

_STYLE = re.compile(r'\sstyle="([^"]*)"')
_SHEET = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)
_PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)


def chart(svg: str, words: str, numbers: Node, *, scrolls: bool = False) -> Element:
    """``svg``: a whole SVG document of ours, never of anybody else; ``words``: what it shows, in a
    sentence or two; ``numbers``: the table of what is drawn. ``scrolls``: it is wider than a phone, and the
    keyboard reaches it."""
    return h.figure(".chart")[
        h.div(".picture", role="img", aria_label=words, tabindex="0" if scrolls else None)[
            Markup(inlined(svg))
        ],
        h.figcaption[words],
        h.details[h.summary[say("The numbers")], numbers],
    ]


def inlined(svg: str) -> str:
    """The SVG as it may stand in a page that allows no inline style: each property becomes an attribute."""
    return _STYLE.sub(_attributes, _SHEET.sub("", _PROLOGUE.sub("", svg)))


def _attributes(found: re.Match[str]) -> str:
    pairs = (item.split(":", 1) for item in found[1].split(";") if ":" in item)
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)
