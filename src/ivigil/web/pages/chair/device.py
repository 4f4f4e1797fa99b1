"""What the chair's script needs from the page: whose entries they are, and every text that it says."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Element, Node

from ivigil.practice.told import Kind
from ivigil.sheets.spoken import say, texts
from ivigil.web.pages.chair.entries import TITLE
from ivigil.web.pages.chair.queue import VERSION
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.spare import spare

_TEXTS = texts(
    {
        "waiting-one": "{count} entry not yet saved",
        "waiting-many": "{count} entries not yet saved",
        "kept": "Kept on this device alone. Sent by itself, in this order, as soon as there is a connection.",
        "again": "Try now",
        "others": "{count} more of another person or another chair wait on this device, not yet saved.",
        "unreadable": "It cannot be read: {faults}",
        "fault": "{field}: {value}; accepted: {accepted}",
        "other-version": "it was not entered on this version of the page",
        "remove": "Remove it; I enter it anew",
        "found-one": "{count} symptom fits",
        "found-many": "{count} symptoms fit",
        "found-none": "None fits: the whole list is below.",
        "saved": "Saved now: {entries}",
        "unkept": "The last entry may be lost: the page changed while it was being kept. Look whether it is "
        "there; if not, enter it again.",
        "saved-unseen": "Saved. The page that says so did not come: the connection is gone.",
    }
)


_TAPPED: dict[Kind, str] = texts({"stop": "Stop", "slow": "Slow to {rate} mL/h"})
"""What one tap is called; its panel is called otherwise, or there is none."""


def device(view: ChairView, page: str = "") -> Node:
    """Keeps entries apart: by person, patient and plan. ``page``: of which address; "": the chair's own."""
    offset = view.clock.now.utcoffset() or dt.timedelta(0)
    return [
        h.div(
            "#device",
            hidden=True,
            data_user=view.visit.person.id,
            data_patient=view.stream,
            data_plan=view.plan,
            data_day=str(view.day),
            data_path=view.path,
            data_page=page or view.path,
            data_offset=str(int(offset.total_seconds() // 60)),
            data_version=str(VERSION),
        ),
        script_texts(),
        h.section("#waiting.waiting", aria_live="polite", hidden=True),
    ]


def script_texts() -> Element:
    """Also on the page that a device keeps for when there is no connection."""
    kinds = {f"kind-{kind}": say(title) for kind, title in {**TITLE, **_TAPPED}.items()}
    return spare("chair-texts", {name: say(text) for name, text in _TEXTS.items()} | kinds)
