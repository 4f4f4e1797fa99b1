"""Stop and Slow: always in reach of the thumb, one tap, nothing asked; also on a locked screen.

The bar comes anew with each live answer. While entries wait on the device its script makes the bar, from the
planned rates and spare buttons that are beside it.
"""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.infusion.ceiling import step_below
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.entries import record_state
from ivigil.web.pages.chair.forms import tap
from ivigil.web.pages.chair.view import ChairView


def halts(view: ChairView) -> Element:
    """The bar at the foot of the screen; before the start and after the end it holds nothing."""
    return h.div(
        "#halts.halts",
        role="group",
        aria_label=say("Stop and slow"),
        data_rates=" ".join(number(step.rate_ml_per_h) for step in view.state.day.steps),
        data_record=record_state(view),
    )[_buttons(view)]


def spare_halts(view: ChairView) -> Element:
    """Each button once, for the page's script."""
    return h.template("#spare-halts")[_stop(view), _slow_to(view, "{rate}"), _pause(view)]


def _buttons(view: ChairView) -> Node:
    if not view.state.connected:
        return None
    return [_stop(view), _slow(view)]


def _slow(view: ChairView) -> Node:
    """To the planned step below; under the first step there is only a pause."""
    if view.state.phase != "running":
        return None
    below = step_below(view.state.day.steps, view.state.rate_ml_per_h)
    return _pause(view) if below is None else _slow_to(view, number(below.rate_ml_per_h))


def _stop(view: ChairView) -> Element:
    return tap(view, "stop", say("Stop"), {}, importance="stop", id="halt-stop")


def _slow_to(view: ChairView, rate: str) -> Element:
    text = say("Slow to {rate} mL/h", rate=rate)
    return tap(view, "slow", text, {"rate": rate}, importance="slow", id="halt-slow")


def _pause(view: ChairView) -> Element:
    return tap(view, "pause", say("Pause"), {}, importance="slow", id="halt-pause")
