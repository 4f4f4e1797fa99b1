"""Forms that work without a script: the hidden token, labelled fields, faults beside the field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import htpy as h
from htpy import Element, Node

from ivigil.sheets.spoken import say
from ivigil.web.access.forms import FIELD

Importance = Literal["main", "plain", "quiet", "stop", "slow", "go"]


@h.with_children
def form(
    content: Node, token: str, action: str, *, classes: str = "", multipart: bool = False, id: str = ""
) -> Element:
    """A form that is posted to ``action``; its fields in the brackets. ``token``: ``visit.form_token``."""
    return h.form(
        method="post",
        action=action,
        class_=classes or None,
        id=id or None,
        enctype="multipart/form-data" if multipart else None,
    )[h.input(type="hidden", name=FIELD, value=token), content]


def submit(text: str, *, kind: Importance = "main", name: str = "", value: str = "") -> Element:
    """A button that sends its form; ``name`` and ``value`` tell which of several it was."""
    return h.button(f".{kind}", type="submit", name=name or None, value=value or None)[text]


def text(
    name: str,
    label: str,
    value: str = "",
    *,
    id: str = "",
    type: str = "text",
    hint: str = "",
    unit: str = "",
    faults: Iterable[str] = (),
    required: bool = True,
    autocomplete: str = "off",
    inputmode: str = "",
) -> Element:
    """A labelled input; ``unit`` stands behind it, faults and hint are read out with it.

    ``id``: where a page has two inputs of one name.
    """
    wrong = tuple(faults)
    known_as = id or name
    told = _told(known_as, hint, wrong)
    return h.div(class_=["field", {"wrong": bool(wrong)}])[
        h.label(for_=known_as)[label],
        h.div(".with-unit")[
            h.input(
                id=known_as,
                name=name,
                type=type,
                value=None if type == "password" else value,
                required=required,
                autocomplete=autocomplete,
                inputmode=inputmode or None,
                aria_invalid="true" if wrong else None,
                aria_describedby=told[0],
            ),
            h.span(".unit")[unit] if unit else None,
        ],
        told[1],
    ]


def area(name: str, label: str, value: str = "", *, hint: str = "", faults: Iterable[str] = ()) -> Element:
    """A labelled text of several lines."""
    wrong = tuple(faults)
    told = _told(name, hint, wrong)
    return h.div(class_=["field", {"wrong": bool(wrong)}])[
        h.label(for_=name)[label],
        h.textarea(
            id=name,
            name=name,
            rows=3,
            required=True,
            aria_invalid="true" if wrong else None,
            aria_describedby=told[0],
        )[value],
        told[1],
    ]


def choice(
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    chosen: str = "",
    *,
    hint: str = "",
    faults: Iterable[str] = (),
    id: str = "",
) -> Element:
    """One of several: values and what they are called. ``id``: as of ``text``."""
    wrong = tuple(faults)
    known_as = id or name
    told = _told(known_as, hint, wrong)
    return h.div(class_=["field", {"wrong": bool(wrong)}])[
        h.label(for_=known_as)[label],
        h.select(id=known_as, name=name, aria_invalid="true" if wrong else None, aria_describedby=told[0])[
            [h.option(value=value, selected=value == chosen)[called] for value, called in options]
        ],
        told[1],
    ]


def ticks(
    name: str, legend: str, options: Iterable[tuple[str, str]], ticked: Iterable[str] = (), *, hint: str = ""
) -> Element:
    """Any of several: boxes under one legend."""
    chosen = set(ticked)
    return h.fieldset[
        h.legend[legend],
        h.p(".hint")[hint] if hint else None,
        [
            h.label(".tick")[
                h.input(type="checkbox", name=name, value=value, checked=value in chosen), h.span[called]
            ]
            for value, called in options
        ],
    ]


def search(action: str, label: str, asked: str = "", *, name: str = "q", hint: str = "") -> Element:
    """A search: a form that is fetched, so that it has an address and no token."""
    told = _told(name, hint, ())
    return h.form(".search", method="get", action=action, role="search")[
        h.label(for_=name)[label],
        h.div(".row")[
            h.input(
                id=name, name=name, type="search", value=asked, autocomplete="off", aria_describedby=told[0]
            ),
            h.button(".main", type="submit")[say("Search")],
        ],
        told[1],
    ]


def password(label: str = "", name: str = "password", *, hint: str = "", new: bool = False) -> Element:
    """A password; never filled in by us. ``label``: "": it is called so."""
    complete = "new-password" if new else "current-password"
    return text(name, label or say("Password"), type="password", hint=hint, autocomplete=complete)


def signature(faults: Iterable[str] = (), *, id: str = "") -> Element:
    """What stands before every signing button: the password again. ``visit.confirm`` checks it.

    ``id``: where a page has two signing forms.
    """
    return text(
        "password",
        say("Your password signs this"),
        id=id,
        type="password",
        autocomplete="current-password",
        faults=faults,
        hint=say("A PIN is no signature."),
    )


def _told(id: str, hint: str, wrong: tuple[str, ...]) -> tuple[str | None, Node]:
    """Ids for aria-describedby, and the elements that they name."""
    ids = [f"{id}-hint"] if hint else []
    ids += [f"{id}-fault"] if wrong else []
    return " ".join(ids) or None, [
        h.p(".hint", id=f"{id}-hint")[hint] if hint else None,
        h.p(".fault", id=f"{id}-fault")["; ".join(wrong)] if wrong else None,
    ]
