"""What happened: the chart, what came late or beside, every entry with the way to withdraw it."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from ivigil.infusion.chronicle import chronicle
from ivigil.infusion.events import AdviceOverridden, AdviceShown, Corrected, Event, IdentityChecked
from ivigil.practice.late import Late, lookers, settled
from ivigil.sheets.chair import went_against
from ivigil.sheets.entries import entry_line
from ivigil.sheets.numbers import hours
from ivigil.sheets.spoken import say
from ivigil.web.pages.chair.drawing import picture
from ivigil.web.pages.chair.forms import action, hidden, tap
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts import field
from ivigil.web.parts.notice import notice
from ivigil.web.parts.stamp import live

PART = "story"
EVERY_SECONDS = 6
SHOWN = 50
"""So many entries are shown, the newest, unless every one is asked for: it is made every few seconds."""


def story(view: ChairView) -> Element:
    """The part that grows."""
    path = view.path_of_every if view.every else view.path
    return live(PART, path, view.report.at, every=EVERY_SECONDS)[_beside(view), picture(view), _history(view)]


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
    done = settled(late, view.report.events)
    return notice(
        "info" if done else "slow",
        h.p[first],
        h.ul[(h.li[_line(view, each)] for each in others)],
        h.p[say("All of it stands. If one of them did not happen, withdraw it below.")],
        _seen(view, late, done=done),
    )


def _seen(view: ChairView, late: Late, *, done: bool) -> Node:
    """Who looked at all of them; whoever did not yet says so with one tap."""
    looked = lookers(late, view.report.events)
    mine = view.visit.author.name in looked
    who = h.p[say("Seen by {people}.", people=", ".join(looked))] if looked else None
    if done or mine or not view.visit.may("chair.record", view.stream):
        return who
    named = {"event": late.event, "beside": " ".join(late.beside)}
    return [who, tap(view, "both-seen", say("I have seen both"), named, importance="plain")]


def _line(view: ChairView, event: Event) -> str:
    return f"{view.clock.time(event.at)} {_told(view, event)} ({event.by})"


def _told(view: ChairView, event: Event) -> str:
    return entry_line(event.what, view.knowledge, view.state.vials)


def _behind(late: Late) -> str:
    return hours(int(late.behind.total_seconds() // 60))


def _history(view: ChairView) -> Element:
    """The newest first; those that were written without seeing each other are always among them."""
    standing = {event.id: event for event in chronicle(view.report.events)}
    entries = [
        event for event in view.report.events if not isinstance(event.what, AdviceShown | AdviceOverridden)
    ]
    entries.sort(key=lambda event: (event.at, event.id), reverse=True)
    beside = {name for each in view.late if each.beside for name in (each.event, *each.beside)}
    shown = [
        event for place, event in enumerate(entries) if view.every or place < SHOWN or event.id in beside
    ]
    return h.section("#history.history")[
        h.h2[say("History")],
        h.ol[(_entry(view, event, standing.get(event.id)) for event in shown)]
        if entries
        else h.p(".soft")[say("Nothing is recorded yet.")],
        h.p[h.a(href=f"{view.path_of_every}#history")[say("All {count} entries", count=f"{len(entries)}")]]
        if len(shown) < len(entries)
        else None,
    ]


def _entry(view: ChairView, event: Event, standing: Event | None) -> Element:
    """As it was recorded; struck out if it does not stand, with what stands instead."""
    withdrawn = standing is None and not isinstance(event.what, Corrected)
    instead = standing if standing is not None and standing.what != event.what else None
    text = _told(view, event)
    return h.li(data_key=event.id)[
        h.p[
            h.b[view.clock.time(event.at)],
            " ",
            h.s[text] if withdrawn or instead else text,
            f"; {say('instead: {what}', what=_told(view, instead))}" if instead else None,
            h.span(".soft")[f" · {event.by}"],
            h.span(".tag")[say("withdrawn")] if withdrawn else None,
            h.span(".tag")[say("another patient")] if another_patient(view, event) else None,
            _late(view, event),
        ],
        _against(view, event),
        None if withdrawn or isinstance(event.what, Corrected) else _withdraw(view, event),
    ]


def another_patient(view: ChairView, event: Event) -> bool:
    """Was somebody else identified than the patient of the plan?"""
    what = event.what
    return isinstance(what, IdentityChecked) and what.identifier != view.bedside.briefing.patient


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
