"""Forms of the chair page: one tap, or fields; each carries the id of its entry, so that it counts once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import htpy as h
from htpy import Element, Node

from ivigil.practice.told import HALTS, Kind
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts import field
from ivigil.web.parts.field import Importance

ENTRY = "entry"
"""Class of every form whose entry may wait on the device."""
ID = "id"


def action(view: ChairView, kind: Kind) -> str:
    """Where an entry is sent; what lowers the flow goes where a locked screen may also send it."""
    return f"{view.path}/{'halt/' if kind in HALTS else ''}{kind}"


def hidden(fields: Mapping[str, str]) -> Node:
    """Fields that nobody types, and the entry's own id."""
    sent = {ID: str(uuid.uuid4()), **fields}
    return [h.input(type="hidden", name=name, value=value) for name, value in sent.items()]


def tap(
    view: ChairView,
    kind: Kind,
    text: str,
    fields: Mapping[str, str],
    *,
    importance: Importance = "main",
    edit: tuple[str, str, str] | None = None,
    id: str = "",
) -> Element:
    """One button; ``edit``: the name, label and value of a number that may be changed before.

    ``id``: where it stays the same button whatever it sends.
    """
    return field.form(view.visit.form_token, action(view, kind), classes=f"{ENTRY} tap", id=id)[
        hidden(fields), _edited(edit), field.submit(text, kind=importance)
    ]


def _edited(edit: tuple[str, str, str] | None) -> Node:
    if edit is None:
        return None
    name, label, value = edit
    return h.label(".edit")[
        h.span(".label")[label],
        h.input(name=name, value=value, type="text", inputmode="decimal", autocomplete="off", required=True),
    ]


def entry_id(written: str) -> str:
    """The id of an entry as a page sent it; "" if it is none."""
    try:
        return str(uuid.UUID(written))
    except ValueError:
        return ""
