"""Whom the page is about: two identifiers, on every state of it."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.sheets.numbers import number
from ivigil.web.pages.chair.view import ChairView

_SHOWN = 3
"""Characters of an identifier that a locked screen shows."""


def banner(view: ChairView) -> Node:
    """Name, identifier, birth date; then what helps to tell two patients apart."""
    patient = view.bedside.infusion.standing.plan.order.patient
    briefing = view.bedside.briefing
    return h.div(".whom")[
        h.strong(".name")[view.name],
        _pair("ID", patient.id.value),
        _pair("Born", f"{patient.birth_date:%Y-%m-%d}"),
        h.span(".more")[f"{briefing.age_years} years, {number(briefing.weight_kg)} kg"],
    ]


def masked(view: ChairView) -> Node:
    """On a locked screen: enough to know the chair again, too little for whoever passes by."""
    patient = view.bedside.infusion.standing.plan.order.patient
    initials = "".join(f"{word[0]}." for word in view.name.split())
    return h.div(".whom")[
        h.strong(".name")[initials], _pair("ID", f"…{patient.id.value[-_SHOWN:]}"), h.span(".more")["Locked"]
    ]


def _pair(label: str, value: str) -> Element:
    return h.span(".pair")[h.span(".label")[label], " ", h.b[value]]
