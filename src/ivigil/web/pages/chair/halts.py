"""Stop and Slow: always in reach of the thumb, one tap, nothing asked; also on a locked screen."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.infusion.ceiling import step_below
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.forms import tap
from ivigil.web.pages.chair.view import ChairView


def halts(view: ChairView) -> Element:
    """The bar at the foot of the screen; before the start and after the end it holds nothing."""
    return h.div("#halts.halts", role="group", aria_label=say("Stop and slow"))[_buttons(view)]


def _buttons(view: ChairView) -> Node:
    if not view.state.connected:
        return None
    return [tap(view, "stop", say("Stop"), {}, importance="stop"), _slow(view)]


def _slow(view: ChairView) -> Node:
    """To the planned step below; under the first step there is only a pause."""
    if view.state.phase != "running":
        return None
    below = step_below(view.state.day.steps, view.state.rate_ml_per_h)
    if below is None:
        return tap(view, "pause", say("Pause"), {}, importance="slow")
    rate = number(below.rate_ml_per_h)
    return tap(view, "slow", say("Slow to {rate} mL/h", rate=rate), {"rate": rate}, importance="slow")
