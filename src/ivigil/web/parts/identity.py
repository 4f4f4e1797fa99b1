"""Whom a page is about: two identifiers of the patient, alike on every page."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Element, Node

from ivigil.sheets.spoken import say, texts

UNNAMED = texts("no name on record")


def identity(name: str, identifier: str, born: dt.date | None = None, *more: Node) -> Element:
    """Name, identifier, birth date; then what helps to tell two patients apart, or to reach them."""
    return h.div(".whom")[
        h.strong(".name")[name or say(UNNAMED)],
        _pair(say("ID"), identifier),
        _pair(say("Born"), f"{born:%Y-%m-%d}") if born else None,
        [h.span(".more")[each] for each in more if each],
    ]


def _pair(label: str, value: str) -> Element:
    return h.span(".pair")[h.span(".label")[label], " ", h.b[value]]
