"""``ivigil simulate-infusion FILE``: plan an order and let an invented infusion run on the plan."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.infusion.advice import Advice
from ivigil.infusion.advise import advise
from ivigil.infusion.briefing import BriefingError, brief
from ivigil.infusion.events import Event
from ivigil.infusion.progress import given_g, given_ml
from ivigil.infusion.replay import replay
from ivigil.infusion.scenario import ScenarioError, names
from ivigil.infusion.simulate import Simulation, simulate
from ivigil.infusion.state import State


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What happened and what is true at the end."""

    plan: str
    day: int
    scenario: str
    seed: int
    events: tuple[Event, ...]
    state: State
    given_ml: Decimal
    given_g: Decimal
    advice: tuple[Advice, ...]
    """At the end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", metavar="FILE", help="order in TOML or JSON")
    parser.add_argument("--day", type=int, default=1, help="day of the plan, from 1")
    parser.add_argument(
        "--scenario",
        default="quiet",
        metavar="NAME",
        help="what goes wrong: headache, anaphylaxis, late_nurse, ... or a stop rule's id; list: all of them",
    )
    parser.add_argument("--seed", type=int, default=1, help="the same number gives the same infusion")
    parser.add_argument("--minutes", type=int, metavar="N", help="cut off N minutes after the planned start")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    if options.minutes is not None and options.minutes < 0:
        raise InputError(f"--minutes {options.minutes}: 0 or more is needed")
    plan = ivigil.plan(ivigil.read_order(options.order, options.site), options.site)
    try:
        if options.scenario == "list":
            return _list(names(brief(plan, options.day, knowledge)), options)
        found = simulate(
            plan, options.day, knowledge, name=options.scenario, seed=options.seed, minutes=options.minutes
        )
    except ScenarioError as error:
        raise naming.unknown("scenario", error.name, {name: (name,) for name in error.accepted}) from error
    except BriefingError as error:
        if error.code == "blocked":
            print(
                "ivigil simulate-infusion: the plan is blocked or has no product (ivigil plan says why)",
                file=sys.stderr,
            )
            return BLOCKED
        days = f"{len(plan.days)} day{'s' if len(plan.days) > 1 else ''}"
        raise InputError(f"the plan has {days}; there is no day {options.day}") from error
    _show(found, options)
    return OK


def _list(found: tuple[str, ...], options: argparse.Namespace) -> int:
    from rich.text import Text

    put(found, lambda: Text("\n".join(found)), as_json=options.json)
    return OK


def _show(found: Simulation, options: argparse.Namespace) -> None:
    knowledge, briefing = ivigil.load_knowledge(options.site), found.briefing
    state = replay(briefing.day, found.events)
    advised = advise(briefing, state, found.until)
    report = Report(
        plan=briefing.plan,
        day=briefing.day.number,
        scenario=found.scenario.name,
        seed=found.seed,
        events=found.events,
        state=state,
        given_ml=given_ml(state, found.until),
        given_g=given_g(state, found.until),
        advice=advised,
    )
    from ivigil.sheets.simulation import simulation_sheet

    put(report, lambda: simulation_sheet(found, state, advised, knowledge), as_json=options.json)
