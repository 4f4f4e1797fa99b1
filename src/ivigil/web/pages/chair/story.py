"""What happened: the chart, what came late or beside, every entry with the way to withdraw it."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.infusion.chronicle import chronicle
from ivigil.infusion.events import AdviceOverridden, AdviceShown, Corrected, Event
from ivigil.practice.late import Late
from ivigil.sheets.chair import went_against
from ivigil.sheets.entries import entry_line
from ivigil.sheets.numbers import hours
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.drawing import picture
from ivigil.web.pages.chair.forms import action, hidden
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import live

PART = "story"
EVERY_SECONDS = 6


def story(view: ChairView) -> Element:
    """The part that grows."""
    return live(PART, view.path, view.report.at, every=EVERY_SECONDS)[
        _beside(view), picture(view), _history(view)
    ]


def _beside(view: ChairView) -> Node:
    """Entries whose author could not see what others wrote: two people look at both."""
    found = [each for each in view.late if each.beside]
    if not found:
        return None
    events = {event.id: event for event in view.report.events}
    return h.section(".beside")[
        h.h2[say("Written without seeing each other")],
        (_pair(view, each, events) for each in found),
    ]


def _pair(view: ChairView, late: Late, events: dict[str, Event]) -> Node:
    entry = events[late.event]
    others = [events[name] for name in late.beside]
    first = say(
        "{entry}, written {time} later. Meanwhile others wrote:", entry=_line(view, entry), time=_behind(late)
    )
    return notice(
        "slow",
        h.p[first],
        h.ul[(h.li[_line(view, each)] for each in others)],
        h.p[say("All of it stands. If one of them did not happen, withdraw it below.")],
    )


def _line(view: ChairView, event: Event) -> str:
    return f"{view.clock.time(event.at)} {_told(view, event)} ({event.by})"


def _told(view: ChairView, event: Event) -> str:
    return entry_line(event.what, view.knowledge, view.state.vials)


def _behind(late: Late) -> str:
    return hours(int(late.behind.total_seconds() // 60))


def _history(view: ChairView) -> Element:
    """The newest first."""
    standing = {event.id: event for event in chronicle(view.report.events)}
    entries = [
        event for event in view.report.events if not isinstance(event.what, AdviceShown | AdviceOverridden)
    ]
    return h.section(".history")[
        h.h2[say("History")],
        h.ol[
            (
                _entry(view, event, standing.get(event.id))
                for event in sorted(entries, key=lambda event: (event.at, event.id), reverse=True)
            )
        ]
        if entries
        else h.p(".soft")[say("Nothing is recorded yet.")],
    ]


def _entry(view: ChairView, event: Event, standing: Event | None) -> Element:
    """As it was recorded; struck out if it does not stand, with what stands instead."""
    withdrawn = standing is None and not isinstance(event.what, Corrected)
    instead = standing if standing is not None and standing.what != event.what else None
    text = _told(view, event)
    return h.li[
        h.p[
            h.b[view.clock.time(event.at)],
            " ",
            h.s[text] if withdrawn or instead else text,
            f"; {say('instead: {what}', what=_told(view, instead))}" if instead else None,
            h.span(".soft")[f" · {event.by}"],
            h.span(".tag")[say("withdrawn")] if withdrawn else None,
            _late(view, event),
        ],
        _against(view, event),
        None if withdrawn or isinstance(event.what, Corrected) else _withdraw(view, event),
    ]


def _late(view: ChairView, event: Event) -> Node:
    found = next((each for each in view.late if each.event == event.id), None)
    return h.span(".tag")[say("written {time} later", time=_behind(found))] if found else None


def _against(view: ChairView, event: Event) -> Node:
    passed = [
        each.what
        for each in view.report.events
        if isinstance(each.what, AdviceOverridden) and each.what.event == event.id
    ]
    return h.ul(".against")[(h.li[went_against(what, event.what)] for what in passed)] if passed else None


def _withdraw(view: ChairView, event: Event) -> Element:
    return h.details(".when", id=f"withdraw-{event.id}")[
        h.summary[say("Withdraw")],
        field.form(view.visit.form_token, action(view, "withdraw"), classes="entry")[
            hidden({"event": event.id}),
            field.text("reason", say("What is wrong with it"), required=False, id=f"reason-{event.id}"),
            field.submit(say("Withdraw this entry"), kind="plain"),
        ],
    ]
