"""The time line of an infusion: what happened, at which rate, and what was advised then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import get_args

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.infusion.advice import PRESSING, Advice
from ivigil.infusion.events import AdviceShown
from ivigil.infusion.hanging import StopCode
from ivigil.infusion.retell import Beat
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import advice_line, alarm_words, seen
from ivigil.sheets.entries import entry_line
from ivigil.sheets.layout import section
from ivigil.sheets.numbers import number
from ivigil.sheets.reaction_drugs import short_line

_STOPS: tuple[str, ...] = get_args(StopCode)


def timeline_sheet(beats: Iterable[Beat], zone: dt.tzinfo | None, knowledge: Knowledge) -> RenderableType:
    """A line for each thing, the time where it changes, the rate where it changes."""
    grid = Table(box=None, show_header=True, header_style="", padding=(0, 1, 0, 0), expand=True)
    grid.add_column("time", width=5)
    grid.add_column("mL/h", width=5, justify="right")
    grid.add_column("what happened   > what was advised   ! alarm", ratio=1)
    before, rate, shown = "", Decimal(0), frozenset[str]()
    for beat in beats:
        time = f"{beat.event.at.astimezone(zone):%H:%M}"
        lines = _advised(beat, knowledge) if isinstance(beat.event.what, AdviceShown) else []
        fresh = [line for line in lines if line not in shown]
        shown = frozenset(lines) if lines else shown
        texts = [Text(line, "bold") for line in fresh]
        if not isinstance(beat.event.what, AdviceShown):
            texts = [Text(entry_line(beat.event.what, knowledge, beat.state.vials)), *_alarms(beat)]
        for text in texts:
            flows = beat.state.rate_ml_per_h
            grid.add_row(time if time != before else "", number(flows) if flows != rate else "", text)
            before, rate = time, flows
    return section("Time line", grid)


def _alarms(beat: Beat) -> list[Text]:
    """Those that this event raised."""
    raised = (alarm for alarm in beat.state.alarms if alarm.event == beat.event.id)
    return [Text(f"! {alarm_words(alarm)}", "bold red") for alarm in raised]


def _advised(beat: Beat, knowledge: Knowledge) -> list[str]:
    """What was pressing when advice was shown, or why a vial was not to be hung."""
    what = beat.event.what
    if isinstance(what, AdviceShown) and what.code in _STOPS:
        return [f"> DO NOT HANG THIS VIAL: {words.said(what.code, words.STOP) or what.code}"]
    pressing = [advice for advice in beat.advised if advice.rank in PRESSING]
    lines = [f"> {advice_line(advice, knowledge)}{_dose(advice)}" for advice in pressing]
    if lines and pressing[0].because:
        lines[0] += f" ({seen(pressing[0].because, knowledge)})"
    return lines


def _dose(advice: Advice) -> str:
    """The first dose that is computed, if one is."""
    options = advice.treatment.options if advice.treatment is not None else ()
    computed = (dosing for dosing in options if dosing.dose_mg is not None)
    return next((f": {short_line(dosing)}" for dosing in computed), "")
