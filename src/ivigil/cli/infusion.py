"""``ivigil infusion ACTION``: what happens at the chair is recorded, and what to do next is said."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NoReturn

import msgspec

from ivigil.cli import vials
from ivigil.cli.chair_events import add_given, add_kinds, happening, zero_or_more
from ivigil.cli.journaling import Actions, entry, guarded, now, opened, ruling
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.course import infusion_id
from ivigil.infusion.after import discharge
from ivigil.infusion.briefing import brief
from ivigil.infusion.card import card
from ivigil.infusion.events import (
    Completed,
    Corrected,
    Happening,
    ObservationEnded,
    Started,
    Stopped,
    VitalsTaken,
)
from ivigil.patient import Identifier
from ivigil.practice.bedside import NO_REASON, Bedside, Report, ending, look, record, record_quietly, report
from ivigil.practice.vial import chair, stops
from ivigil.records import Journal
from ivigil.records.infusing import load
from ivigil.records.past import tolerated

if TYPE_CHECKING:
    from rich.console import RenderableType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    starting = actions.add("start", "the line was connected; only of a plan that may start", writes=True)
    starting.add_argument("plan", metavar="PLAN", help="id of a released plan")
    starting.add_argument("--day", type=int, default=1, help="day of the plan, from 1")
    starting.add_argument("--pump", default="")
    recording = actions.add("record", "record what happened, and see what to do next")
    for name, text in (("status", "where it is and what to do"), ("watch", "the same, live")):
        looking = actions.add(name, text)
        looking.add_argument("infusion", metavar="INFUSION", help="PLAN-DAY")
        looking.add_argument("--at", metavar="TIME", help="as it was or will be then; default: now")
    actions.add("card", "the pump card of a day").add_argument(
        "infusion", metavar="INFUSION", help="PLAN-DAY"
    )
    past = actions.add("history", "what a patient tolerated before, as the next order states it")
    past.add_argument("system", metavar="SYSTEM", help="naming system of the identifier")
    past.add_argument("value", metavar="VALUE", help="the identifier")
    ending = actions.add("finish", "the flow is over; then: the patient leaves", writes=True)
    for action in (recording, ending):
        action.add_argument("infusion", metavar="INFUSION", help="PLAN-DAY")
    ending.add_argument("--volume-ml", metavar="ML", help="as the pump counted it")
    ending.add_argument("--stopped", metavar="REASON", help="it was stopped before its volume was in")
    for action in (starting, ending):
        add_given(action)
    add_kinds(recording, actions.complete)


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _ACTIONS[options.action](options), f"infusion {options.action}")


def _bedside(options: argparse.Namespace, journal: Journal, infusion: str) -> Bedside:
    """The infusion as it is by now; as it was or will be at ``--at`` where nothing is written."""
    knowledge = ruling(options, journal)
    at = now(options, knowledge)
    if options.action in ("status", "watch") and options.at is not None:
        return look(journal, infusion, knowledge, at, as_of=True)
    return look(journal, infusion, knowledge, max(at, dt.datetime.now(at.tzinfo)))


def _start(options: argparse.Namespace) -> int:
    journal = opened(options)
    bedside = _bedside(options, journal, infusion_id(options.plan, options.day))
    started = Started(pump=options.pump)
    refused, chair = bedside.against_start(), bedside.against(started)
    if (refused or chair) and options.given is None:
        from ivigil.sheets.chair_words import AGAINST, BLOCKER, said
        from ivigil.sheets.journal import refusal_text

        return _refuse(
            "start", [*map(refusal_text, refused), *(said(code, BLOCKER, AGAINST) for code in chair)]
        )
    return _write(journal, bedside, started, options, (*(each.code for each in refused), *chair))


def _record(options: argparse.Namespace) -> int:
    journal = opened(options)
    bedside = _bedside(options, journal, options.infusion)
    if options.kind != "vial":
        what = happening(options, bedside.briefing, bedside.infusion.events)
        then = msgspec.structs.replace(bedside, at=now(options, bedside.knowledge), folded=None)
        doubts = then.doubts(what)
        if doubts and options.given is None:
            from ivigil.sheets.chair import Clock
            from ivigil.sheets.entries import doubt_line

            clock = Clock(then.briefing, then.at)
            return _ask([doubt_line(each, bedside.knowledge, clock) for each in doubts])
        if doubts and isinstance(what, VitalsTaken):
            what = msgspec.structs.replace(what, confirmed=True)
        codes = (*then.against(what), *(each.code for each in doubts))
        return _write(journal, bedside, what, options, codes)
    plan, today = bedside.infusion.standing.plan, bedside.at.date()
    seen = vials.seen(options, today)
    stopped = stops(seen, chair(plan, bedside.state(), today), bedside.knowledge)
    if stopped and options.given is None:
        from ivigil.sheets.chair_words import STOP

        return _refuse("hang", [STOP[code] for code in stopped])
    return _write(journal, bedside, vials.hung(seen, plan, bedside.knowledge), options, stopped)


def _write(
    journal: Journal,
    bedside: Bedside,
    what: Happening | Corrected,
    options: argparse.Namespace,
    despite: Iterable[str] = (),
) -> int:
    """One event and what follows from it; then the sheet."""
    when = entry(options, bedside.knowledge)
    reason = getattr(options, "given", None) or NO_REASON
    return _put_status(record(journal, bedside, what, when, despite=despite, reason=reason), options)


def _status(options: argparse.Namespace) -> int:
    return _put_status(_bedside(options, opened(options), options.infusion), options)


def _put_status(bedside: Bedside, options: argparse.Namespace) -> int:
    made = report(bedside)
    put(made, lambda: _status_sheet(bedside, made), as_json=options.json)
    return OK


def _status_sheet(bedside: Bedside, made: Report) -> RenderableType:
    from rich.console import Group

    from ivigil.sheets.chair import overridden_sheet, status_sheet
    from ivigil.sheets.journal import plan_changed_sheet

    sheet = status_sheet(bedside.briefing, made.state, made.advice, made.at, bedside.knowledge)
    against = overridden_sheet(made.events, bedside.briefing)
    above = [plan_changed_sheet(made.plan_changed)] if made.plan_changed else []
    return Group(*above, sheet, *([against] if against else []))


def _card(options: argparse.Namespace) -> int:
    from ivigil.sheets.ending import card_sheet

    journal = opened(options)
    knowledge = ruling(options, journal)
    found = load(journal, options.infusion)
    briefing = brief(found.standing.plan, found.day, knowledge)
    lines = card(briefing.day)
    put(lines, lambda: card_sheet(briefing, lines, knowledge), as_json=options.json)
    return OK


def _history(options: argparse.Namespace) -> int:
    from ivigil.sheets.history import history_sheet

    journal = opened(options)
    knowledge = ruling(options, journal)
    found = tolerated(journal, journal.stream(Identifier(options.system, options.value)), knowledge)
    put(found, lambda: history_sheet(found, knowledge), as_json=options.json)
    return OK


def _watch(options: argparse.Namespace) -> int:
    """Look anew each second until interrupted; what other people record appears as it is written.

    As JSON, one report a line.
    """
    from rich.live import Live

    try:
        if options.json:
            _each_second(options, lambda seen: _put_status(seen, options))
        with Live(refresh_per_second=1, screen=sys.stdout.isatty()) as live:
            _each_second(options, lambda seen: live.update(_status_sheet(seen, report(seen)), refresh=True))
    except KeyboardInterrupt:
        return OK


def _each_second(options: argparse.Namespace, show: Callable[[Bedside], object]) -> NoReturn:
    while True:
        journal = opened(options)
        show(_bedside(options, journal, options.infusion))
        journal.close()
        time.sleep(1)


def _finish(options: argparse.Namespace) -> int:
    """The first time: the flow is over. After that: the patient leaves, if everything is settled."""
    journal = opened(options)
    bedside = _bedside(options, journal, options.infusion)
    if bedside.state().ended_at is None:
        counted = zero_or_more(options.volume_ml, "--volume-ml") if options.volume_ml else None
        ended = (
            Stopped(reason=options.stopped, volume_ml=counted)
            if options.stopped
            else Completed(volume_ml=counted)
        )
        return _end(journal, bedside, ended, options)
    from ivigil.sheets.chair_words import CHECK

    checks = discharge(bedside.briefing, bedside.state(), bedside.at)
    unsettled = [each for each in checks if each.state != "met"]
    if unsettled and options.given is None:
        return _refuse("leave", [f"{CHECK[each.code]}: {each.state}" for each in unsettled])
    return _end(journal, bedside, ObservationEnded(), options, [each.code for each in unsettled])


def _end(
    journal: Journal,
    bedside: Bedside,
    what: Happening,
    options: argparse.Namespace,
    despite: Iterable[str] = (),
) -> int:
    when = entry(options, bedside.knowledge)
    reason = options.given or NO_REASON
    record_quietly(journal, bedside, what, when, despite=despite, reason=reason)
    return _put_ending(_bedside(options, journal, options.infusion), options)


def _put_ending(bedside: Bedside, options: argparse.Namespace) -> int:
    from ivigil.sheets.ending import ending_sheet

    made, state, at = ending(bedside), bedside.state(), bedside.at
    put(
        made,
        lambda: ending_sheet(made.discharge, made.next_time, state, at, bedside.knowledge),
        as_json=options.json,
    )
    return OK


def _refuse(what: str, reasons: list[str]) -> int:
    lines = "\n".join(f"  {reason}" for reason in reasons)
    print(f"ivigil infusion: do not {what}\n{lines}\nIf it was done all the same: --given", file=sys.stderr)
    return BLOCKED


def _ask(doubts: list[str]) -> int:
    lines = "\n".join(f"  {doubt}" for doubt in doubts)
    print(f"ivigil infusion: is that right?\n{lines}\nIf it is: --given", file=sys.stderr)
    return BLOCKED


_ACTIONS = {
    "start": _start,
    "record": _record,
    "status": _status,
    "watch": _watch,
    "finish": _finish,
    "card": _card,
    "history": _history,
}
