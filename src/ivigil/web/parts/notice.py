"""What has to be read: stop, slow, go, info. The sign and a word say it as well as the colour."""

from __future__ import annotations

from typing import Literal

import htpy as h
from htpy import Element, Node

from ivigil.sheets.spoken import say, texts

Tone = Literal["stop", "slow", "go", "info"]
_SIGN = {"stop": "■", "slow": "▲", "go": "✓", "info": "i"}
_WORD = texts({"stop": "Stop", "slow": "Caution", "go": "Done", "info": "Note"})


def notice(tone: Tone, *content: Node, urgent: bool = False) -> Element:
    """A boxed message; an urgent one is read out at once."""
    return h.div(f".notice.{tone}", role="alert" if urgent else None)[
        h.span(".sign", aria_hidden="true")[_SIGN[tone]],
        h.div[h.span(".unseen")[f"{say(_WORD[tone])}: "], content],
    ]


def faults(found: tuple[str, ...], *, asked: bool = False) -> Node:
    """All faults of what was sent, together, before the form; nothing if there is none.

    ``asked``: it was to find something, so that there was nothing to save.
    """
    if not found:
        return None
    told = say("Nothing was looked for.") if asked else say("Nothing was saved.")
    return notice("stop", h.p[told], h.ul[[h.li[fault] for fault in found]], urgent=True)
