"""Scenario files of the chair: what happened minute by minute, and what must be so at given minutes.

``tests/scenarios/README.md`` describes the format for the person who writes one.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from ivigil.course import Day, Plan
from ivigil.infusion import advise, brief, replay
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import Event
from ivigil.infusion.progress import expected_end, given_g, given_ml, left_ml, step_number
from ivigil.intake import parse_order
from ivigil.knowledge.site import Overlay, OverlayFile, overlay
from ivigil.knowledge.store import KINDS, Knowledge
from ivigil.planning import plan
from tests.support.orders import knowledge
from tests.support.scenarios import FOLDER, ScenarioError, Table, json_text, laid_over

EXAMPLES = Path(__file__).parents[2] / "examples"
CHAIR = FOLDER / "chair"

WELL_ADULT = {
    "temperature_c": "36.6",
    "heart_rate_per_min": "72",
    "systolic_mmhg": "118",
    "diastolic_mmhg": "74",
    "respiratory_rate_per_min": "14",
    "spo2_percent": "98",
}
WELL_CHILD = {
    **WELL_ADULT,
    "heart_rate_per_min": "104",
    "systolic_mmhg": "98",
    "respiratory_rate_per_min": "22",
}
"""Measured where a scenario only says that all went as planned."""


class ChairScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One infusion day, what happened, and what is expected when."""

    title: str
    source: list[str] | str
    order: str | Table
    """Name of a file in ``examples``, or a table as in an order file."""
    expect: list[Table]
    event: list[Table] = []
    as_planned_until: Decimal | None = None
    """Until this minute all goes as planned: vials, vitals every 15 minutes, each step on time."""
    day: int = 1
    without_rates: bool = False
    """The day's steps are left out, as in a plan whose rates nobody read."""
    site: Table = {}
    note: str = ""
    disputed: str = ""
    """Why the program is known to disagree; the scenario must then fail."""

    @property
    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else self.source


def read(path: Path) -> list[ChairScenario]:
    """The scenarios of one file: the file itself, or each of its cases laid over it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        cases = table.pop("case", None)
        tables = [table] if cases is None else [laid_over(table, case) for case in cases]
        return [msgspec.convert(item, ChairScenario) for item in tables]
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScenarioError(f"{path.name}: {error}") from error


def read_all(folder: Path = CHAIR) -> dict[str, ChairScenario]:
    """Every scenario of the folder by its name and the number of its case."""
    found: dict[str, ChairScenario] = {}
    for path in sorted(folder.glob("*.toml")):
        scenarios = read(path)
        for number, scenario in enumerate(scenarios, 1):
            found[f"{path.stem}-{number}" if len(scenarios) > 1 else path.stem] = scenario
    return found


class Recorded(msgspec.Struct, frozen=True):
    """An event and when it was written down."""

    event: Event
    known_at: dt.datetime


class Run(msgspec.Struct, frozen=True):
    """A scenario's infusion: what was known of it at each minute."""

    made: Plan
    briefing: Briefing
    recorded: tuple[Recorded, ...]

    @property
    def day(self) -> Day:
        return self.briefing.day

    def at(self, when: Table) -> dt.datetime:
        """A time on the clock (``at``), or minutes after the planned start (``minute``)."""
        moment = when["at"] if "at" in when else _minutes_after(self.day.start, when["minute"])
        assert isinstance(moment, dt.datetime)
        return moment

    def known(self, now: dt.datetime) -> list[Event]:
        return [each.event for each in self.recorded if each.event.at <= now and each.known_at <= now]

    def look(self, now: dt.datetime) -> Table:
        """State and advice at a moment, as a scenario names them."""
        state = replay(self.day, self.known(now))
        advice = [_plain(each) for each in advise(self.briefing, state, now)]
        return {
            "phase": state.phase,
            "halt": state.halt,
            "rate_ml_per_h": state.rate_ml_per_h,
            "step": step_number(state),
            "volume_ml": given_ml(state, now),
            "grams": given_g(state, now),
            "left_ml": left_ml(state, now),
            "end": _clock(expected_end(state, now), self.day.start.tzinfo),
            "alarms": [_plain(alarm) for alarm in state.alarms],
            "advice": advice,
            "first": advice[0] if advice else {},
            "highest_advised_ml_per_h": max((each.get("rate_ml_per_h") or 0 for each in advice), default=0),
        }


def run(scenario: ChairScenario) -> Run:
    """The plan, the briefing and the events of a scenario."""
    made, briefing = _briefed(json_text(scenario.order), scenario.day, json_text(scenario.site))
    if scenario.without_rates:
        briefing = replace(briefing, day=replace(briefing.day, steps=()))
    start, told = briefing.day.start, list[Table]()
    if scenario.as_planned_until is not None:
        told += as_planned(briefing, scenario.as_planned_until)
    told += scenario.event
    base = Run(made, briefing, ())
    recorded = []
    for number, table in enumerate(told, 1):
        at = base.at(table)
        known_at = _minutes_after(start, table["recorded"]) if "recorded" in table else at
        recorded.append(Recorded(_event(f"e{number}", at, table, briefing), known_at))
    return Run(made, briefing, tuple(recorded))


def as_planned(briefing: Briefing, until: Decimal) -> list[Table]:
    """Identity, vials and vitals before; each step on time, vitals every 15 minutes and before each step."""
    told: list[Table] = [
        {"minute": -10, "kind": "identity_checked"},
        {"minute": -5, "kind": "vitals_taken"},
        *(
            {"minute": -4, "kind": "vial_hung", "grams": vial.grams, "volume_ml": vial.volume_ml}
            for vial in briefing.day.vials
            for _ in range(vial.count)
        ),
        {"minute": 0, "kind": "started"},
    ]
    start = briefing.day.start.astimezone(dt.UTC)
    for step in briefing.day.steps:
        minute = Decimal((step.start.astimezone(dt.UTC) - start) // dt.timedelta(minutes=1))
        if minute <= until:
            told.append({"minute": minute, "kind": "rate_set", "rate_ml_per_h": step.rate_ml_per_h})
    told += [{"minute": Decimal(m), "kind": "vitals_taken"} for m in range(14, int(until) + 1, 15)]
    return told


@cache
def _briefed(order: str, day: int, site: str) -> tuple[Plan, Briefing]:
    wanted, known = json.loads(order, parse_float=Decimal), _knowledge(site)
    if isinstance(wanted, str):
        made = plan(parse_order((EXAMPLES / f"{wanted}.toml").read_bytes(), "toml", known), known)
    else:
        made = plan(parse_order(order.encode(), "json", known), known)
    return made, brief(made, day, known)


def _knowledge(site: str) -> Knowledge:
    if site == "{}":
        return knowledge()
    found = msgspec.convert(json.loads(site, parse_float=Decimal), OverlayFile)
    records = type(knowledge().facts)(**{kind: getattr(found, kind) for kind in KINDS})
    return overlay(knowledge(), Overlay(records, found.signature, found.site or knowledge().site, "scenario"))


def _event(name: str, at: dt.datetime, table: Table, briefing: Briefing) -> Event:
    """The event that a table describes, with what goes without saying filled in."""
    what = {key: value for key, value in table.items() if key not in ("minute", "at", "recorded", "id")}
    if what.get("kind") == "corrected" and "moved_to" in what:
        what["at"] = _minutes_after(briefing.day.start, what.pop("moved_to"))
    plain = {"id": table.get("id", name), "at": at, "what": _filled(what, briefing)}
    return msgspec.convert(plain, Event)


def _filled(what: Table, briefing: Briefing) -> Table:
    match what["kind"]:
        case "identity_checked":
            usual: Table = {"identifier": msgspec.to_builtins(briefing.patient), "method": "scanned"}
        case "vial_hung":
            usual = {"product": briefing.product, "lot": "L100"}
        case "reaction_graded":
            usual = {"version": "6.0"}
        case "restart_decided":
            usual = {"decided_by": "Dr Example", "reason": "seen and decided"}
        case "vitals_taken":
            well = WELL_ADULT if briefing.adult else WELL_CHILD
            given = {key: value for key, value in what.items() if key != "kind"}
            readings = given if given.pop("only", False) else {**well, **given}
            return {
                "kind": "vitals_taken",
                "readings": {f"measure.{name}": f"{value}" for name, value in readings.items()},
            }
        case "corrected" if "what" in what:
            return {**what, "what": _filled(what["what"], briefing)}
        case _:
            usual = {}
    return {**usual, **what}


def _minutes_after(start: dt.datetime, minute: int | Decimal) -> dt.datetime:
    """Elapsed minutes, whatever the clocks do meanwhile."""
    moment = start.astimezone(dt.UTC) + dt.timedelta(seconds=1) * int(Decimal(minute) * 60)
    return moment.astimezone(start.tzinfo)


def _clock(moment: dt.datetime | None, zone: dt.tzinfo | None) -> str:
    return "" if moment is None else moment.astimezone(zone).strftime("%H:%M")


def _plain(value: msgspec.Struct) -> Table:
    """As JSON, with numbers that keep their digits."""
    text = msgspec.json.Encoder(decimal_format="number").encode(value)
    return dict(json.loads(text, parse_float=Decimal))


def facts_named(scenario: ChairScenario) -> Iterator[str]:
    """Every fact that the advice expected of a scenario rests on."""
    for expected in scenario.expect:
        advice: Any = expected.get("advice", {})
        for item in [*advice.get("has", []), expected.get("first", {})]:
            facts = item.get("facts", ()) if isinstance(item, dict) else ()
            yield from [facts] if isinstance(facts, str) else facts
