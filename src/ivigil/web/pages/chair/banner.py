"""Whom the chair is about: two identifiers, on every state of the page."""

from __future__ import annotations

from htpy import Element

from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.identity import identity

_SHOWN = 3
"""Characters of an identifier that a locked screen shows."""


def banner(view: ChairView) -> Element:
    """Name, identifier, birth date; then what helps to tell two patients apart."""
    patient = view.bedside.infusion.standing.plan.order.patient
    briefing = view.bedside.briefing
    body = say("{years} years, {weight} kg", years=f"{briefing.age_years}", weight=number(briefing.weight_kg))
    return identity(view.name, patient.id.value, patient.birth_date, body)


def masked(view: ChairView) -> Element:
    """On a locked screen: enough to know the chair again, too little for whoever passes by."""
    patient = view.bedside.infusion.standing.plan.order.patient
    initials = "".join(f"{word[0]}." for word in view.name.split())
    return identity(initials, f"…{patient.id.value[-_SHOWN:]}", None, say("Locked"))
