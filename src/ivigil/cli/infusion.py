"""``ivigil infusion ACTION``: what happens at the chair is recorded, and what to do next is said."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

import msgspec

import ivigil
from ivigil.cli import vials
from ivigil.cli.chair_events import NO_REASON, add_given, add_kinds, happening, zero_or_more
from ivigil.cli.journaling import Actions, draft, guarded, now, opened
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.course import Plan, infusion_id
from ivigil.infusion.advice import RANKS, Advice
from ivigil.infusion.advise import advise
from ivigil.infusion.after import DischargeCheck, discharge
from ivigil.infusion.against import against
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.card import Comparison, card, compare
from ivigil.infusion.due import Due, due
from ivigil.infusion.events import (
    AdviceOverridden,
    AdviceShown,
    Completed,
    Corrected,
    Event,
    Happening,
    ObservationEnded,
    Started,
    Stopped,
)
from ivigil.infusion.next_time import next_time
from ivigil.infusion.progress import expected_end, given_g, given_ml, left_ml
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.next_time import Proposal
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Identifier
from ivigil.records import Draft, Journal
from ivigil.records.authorisation import changes, may_start
from ivigil.records.infusing import Infusion, load
from ivigil.records.past import tolerated
from ivigil.release import made_anew

if TYPE_CHECKING:
    from rich.console import RenderableType

_PRESSING = RANKS[: RANKS.index("next")]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One infusion at one moment."""

    infusion: str
    at: dt.datetime
    state: State
    given_ml: Decimal
    given_g: Decimal
    left_ml: Decimal
    expected_end: dt.datetime | None
    due: tuple[Due, ...]
    advice: tuple[Advice, ...]
    events: tuple[Event, ...]
    """All that is on record, with the ids by which it is withdrawn."""
    plan_changed: tuple[str, ...]
    """What is not as it was signed any more: other inputs, or a limit that is tighter by now."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What is settled at the end, how it ran, what may change next time."""

    discharge: tuple[DischargeCheck, ...]
    comparison: Comparison
    next_time: tuple[Proposal, ...]


class _Bedside(msgspec.Struct, frozen=True, kw_only=True):
    """An infusion as it stands: what the journal holds, and what it comes to."""

    journal: Journal
    knowledge: Knowledge
    infusion: Infusion
    briefing: Briefing
    present: Plan
    """The same order, planned with the limits of now."""
    at: dt.datetime

    def state(self, *more: Event) -> State:
        """After the events until now, and further ones that are not yet written."""
        known = [event for event in self.infusion.events if event.at <= self.at]
        return replay(self.briefing.day, [*known, *more])


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


def _bedside(options: argparse.Namespace, infusion: str) -> _Bedside:
    """The infusion at ``--at``, else at the latest of the present time and what is recorded.

    A late entry is judged with everything that is known by now, not as of its own time.
    """
    journal, knowledge = opened(options), ivigil.load_knowledge(options.site)
    found = load(journal, infusion)
    at = now(options, knowledge)
    if options.action not in ("status", "watch") or options.at is None:
        present = dt.datetime.now(at.tzinfo)
        at = max([at, present, *(event.at for event in found.events)]).astimezone(at.tzinfo)
    plan = found.standing.plan
    anew = made_anew(plan, knowledge)
    return _Bedside(
        journal=journal,
        knowledge=knowledge,
        infusion=found,
        briefing=brief(plan, found.day, knowledge, anew),
        present=anew,
        at=at,
    )


def _start(options: argparse.Namespace) -> int:
    bedside = _bedside(options, infusion_id(options.plan, options.day))
    started, standing = Started(pump=options.pump), bedside.infusion.standing
    refused = may_start(standing, bedside.at.date(), bedside.present)
    chair = _against(started, bedside)
    if (refused or chair) and options.given is None:
        from ivigil.sheets.chair_words import AGAINST, BLOCKER, said
        from ivigil.sheets.journal import refusal_text

        return _refuse(
            "start", [*map(refusal_text, refused), *(said(code, BLOCKER, AGAINST) for code in chair)]
        )
    return _write(bedside, started, options, (*(each.code for each in refused), *chair))


def _against(what: Happening | Corrected, bedside: _Bedside) -> tuple[str, ...]:
    """What speaks against it at the chair, at the moment of the bedside."""
    state = bedside.state()
    return against(what, advise(bedside.briefing, state, bedside.at), state)


def _record(options: argparse.Namespace) -> int:
    bedside = _bedside(options, options.infusion)
    if options.kind != "vial":
        what = happening(options, bedside.briefing, bedside.infusion.events)
        then = msgspec.structs.replace(bedside, at=now(options, bedside.knowledge))
        return _write(bedside, what, options, _against(what, then))
    plan, today = bedside.infusion.standing.plan, bedside.at.date()
    vial = vials.seen(options, today)
    stops = vials.stops(vial, vials.chair(plan, bedside.state(), today), bedside.knowledge)
    if stops and options.given is None:
        from ivigil.sheets.chair_words import STOP

        return _refuse("hang", [STOP[code] for code in stops])
    return _write(bedside, vials.hung(vial, plan, bedside.knowledge), options, stops)


def _write(
    bedside: _Bedside, what: Happening | Corrected, options: argparse.Namespace, despite: Iterable[str] = ()
) -> int:
    """One event, with what it went against and the pressing advice that it brought up; then the sheet.

    All of it is one transaction.
    """
    written = _drafts(bedside, what, options, despite)
    new = [Event(each.id, each.occurred_at, body, each.author) for each, body in written]
    state = bedside.state(*new)
    advised = _advised(bedside, state)
    shown = [_shown(advice, bedside, options) for advice in advised if advice.rank in _PRESSING]
    bedside.journal.append([*(each for each, _ in written), *shown])
    infused = msgspec.structs.replace(bedside.infusion, events=(*bedside.infusion.events, *new))
    return _put_status(msgspec.structs.replace(bedside, infusion=infused), state, advised, options)


def _drafts(
    bedside: _Bedside, what: Happening | Corrected, options: argparse.Namespace, despite: Iterable[str]
) -> list[tuple[Draft, Happening | Corrected]]:
    """What happened, and each piece of advice that it went against."""
    stream, infusion = bedside.infusion.stream, bedside.infusion.id
    deed = draft(
        options,
        stream,
        what,
        infusion,
        event_id=options.id,
        product=getattr(what, "product", "") or "",
        lot=getattr(what, "lot", ""),
    )
    reason = getattr(options, "given", None) or NO_REASON
    passed = [AdviceOverridden(code=code, reason=reason, event=deed.id) for code in dict.fromkeys(despite)]
    return [(deed, what), *((draft(options, stream, each, infusion), each) for each in passed)]


def _shown(advice: Advice, bedside: _Bedside, options: argparse.Namespace) -> Draft:
    said = AdviceShown(code=advice.code, facts=advice.facts)
    return draft(options, bedside.infusion.stream, said, bedside.infusion.id)


def _status(options: argparse.Namespace) -> int:
    bedside = _bedside(options, options.infusion)
    state = bedside.state()
    return _put_status(bedside, state, _advised(bedside, state), options)


def _advised(bedside: _Bedside, state: State) -> tuple[Advice, ...]:
    """What to do now; nothing where the site has switched live advice off."""
    if not bedside.knowledge.is_on("policy.live_advice"):
        return ()
    return advise(bedside.briefing, state, bedside.at)


def _put_status(
    bedside: _Bedside, state: State, advised: tuple[Advice, ...], options: argparse.Namespace
) -> int:
    briefing, at = bedside.briefing, bedside.at
    report = Report(
        infusion=bedside.infusion.id,
        at=at,
        state=state,
        given_ml=given_ml(state, at),
        given_g=given_g(state, at),
        left_ml=left_ml(state, at),
        expected_end=expected_end(state, at),
        due=due(briefing, state, at),
        advice=advised,
        events=bedside.infusion.events,
        plan_changed=_plan_changed(bedside),
    )
    changed = report.plan_changed
    put(report, lambda: _status_sheet(bedside, state, advised, changed), as_json=options.json)
    return OK


def _plan_changed(bedside: _Bedside) -> tuple[str, ...]:
    """What is not as it was signed: the limits of now, and a plan that was reopened or replaced since."""
    standing = bedside.infusion.standing
    voided = (standing.step,) if standing.step in ("reopened", "superseded") else ()
    return (*voided, *changes(standing.plan, bedside.present))


def _status_sheet(
    bedside: _Bedside, state: State, advised: tuple[Advice, ...], changed: tuple[str, ...]
) -> RenderableType:
    from rich.console import Group

    from ivigil.sheets.chair import overridden_sheet, status_sheet
    from ivigil.sheets.journal import plan_changed_sheet

    sheet = status_sheet(bedside.briefing, state, advised, bedside.at, bedside.knowledge)
    against = overridden_sheet(bedside.infusion.events, bedside.briefing)
    above = [plan_changed_sheet(changed)] if changed else []
    return Group(*above, sheet, *([against] if against else []))


def _card(options: argparse.Namespace) -> int:
    from ivigil.sheets.ending import card_sheet

    journal, knowledge = opened(options), ivigil.load_knowledge(options.site)
    found = load(journal, options.infusion)
    briefing = brief(found.standing.plan, found.day, knowledge)
    lines = card(briefing.day)
    put(lines, lambda: card_sheet(briefing, lines, knowledge), as_json=options.json)
    return OK


def _history(options: argparse.Namespace) -> int:
    from ivigil.sheets.history import history_sheet

    journal, knowledge = opened(options), ivigil.load_knowledge(options.site)
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
            _each_second(options, lambda seen, state, advised: _put_status(seen, state, advised, options))
        with Live(refresh_per_second=1, screen=sys.stdout.isatty()) as live:
            _each_second(
                options,
                lambda seen, state, advised: live.update(
                    _status_sheet(seen, state, advised, _plan_changed(seen)), refresh=True
                ),
            )
    except KeyboardInterrupt:
        return OK


def _each_second(
    options: argparse.Namespace, show: Callable[[_Bedside, State, tuple[Advice, ...]], object]
) -> NoReturn:
    while True:
        bedside = _bedside(options, options.infusion)
        state = bedside.state()
        show(bedside, state, _advised(bedside, state))
        bedside.journal.close()
        time.sleep(1)


def _finish(options: argparse.Namespace) -> int:
    """The first time: the flow is over. After that: the patient leaves, if everything is settled."""
    bedside = _bedside(options, options.infusion)
    if bedside.state().ended_at is None:
        counted = zero_or_more(options.volume_ml, "--volume-ml") if options.volume_ml else None
        if options.stopped:
            _write_quietly(bedside, Stopped(reason=options.stopped, volume_ml=counted), options)
        else:
            _write_quietly(bedside, Completed(volume_ml=counted), options)
        return _put_ending(_bedside(options, options.infusion), options)
    from ivigil.sheets.chair_words import CHECK

    checks = discharge(bedside.briefing, bedside.state(), bedside.at)
    unsettled = [each for each in checks if each.state != "met"]
    if unsettled and options.given is None:
        return _refuse("leave", [f"{CHECK[each.code]}: {each.state}" for each in unsettled])
    _write_quietly(bedside, ObservationEnded(), options, [each.code for each in unsettled])
    return _put_ending(_bedside(options, options.infusion), options)


def _write_quietly(
    bedside: _Bedside, what: Happening, options: argparse.Namespace, despite: Iterable[str] = ()
) -> None:
    bedside.journal.append([each for each, _ in _drafts(bedside, what, options, despite)])


def _put_ending(bedside: _Bedside, options: argparse.Namespace) -> int:
    from ivigil.sheets.ending import ending_sheet

    briefing, state, at = bedside.briefing, bedside.state(), bedside.at
    ending = Ending(
        discharge=discharge(briefing, state, at),
        comparison=compare(state, at),
        next_time=next_time(briefing, state),
    )
    put(
        ending,
        lambda: ending_sheet(ending.discharge, ending.next_time, state, at, bedside.knowledge),
        as_json=options.json,
    )
    return OK


def _refuse(what: str, reasons: list[str]) -> int:
    lines = "\n".join(f"  {reason}" for reason in reasons)
    print(f"ivigil infusion: do not {what}\n{lines}\nIf it was done all the same: --given", file=sys.stderr)
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
