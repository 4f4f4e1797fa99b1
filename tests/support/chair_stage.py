"""A chair in a test: a web application with fictional infusions on it, on 2026-12-01 from 09:30 -06:00."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from itertools import count
from typing import Any

import httpx
from msgspec.structs import replace

from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import AdviceOverridden, AdviceShown, Event, Happening
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.intake import parse_order
from ivigil.patient import Identifier
from ivigil.practice.entry import Author
from ivigil.practice.rehearsal import Cast, Part, Stage, rehearse
from ivigil.records.infusing import load
from ivigil.records.journal import system_clock
from tests.support.centre import ORDER
from tests.support.orders import knowledge
from tests.support.web import SITE, Browser, Web

START = dt.datetime(2026, 12, 1, 15, 30, tzinfo=dt.UTC)
"""09:30 at the chair: when the plan begins."""
WELL = {
    "measure.systolic_mmhg": "118",
    "measure.diastolic_mmhg": "74",
    "measure.heart_rate_per_min": "80",
    "measure.temperature_c": "36.6",
    "measure.respiratory_rate_per_min": "14",
    "measure.spo2_percent": "98",
}
_numbers = count(207)


class Chairs:
    """The application, its clock at some minutes after the planned start, and the plans on it."""

    def __init__(self, web: Web, minutes: float = -15) -> None:
        self.web = web
        self.at(minutes)

    def at(self, minutes: float) -> None:
        """Set the clock to this many minutes after the planned start."""
        self.web.clock.ahead = START + dt.timedelta(minutes=minutes) - system_clock()

    def plan(self, name: str = "Fictional Patient", patient: str = "", scenario: str = "quiet") -> Plan:
        """A released plan of a further patient; the infusion has run by its script until now."""
        patient = patient or f"P-{next(_numbers)}"
        order = parse_order(ORDER.read_bytes(), "toml", knowledge())
        order = replace(order, patient=replace(order.patient, id=Identifier("urn:example", patient)))
        cast = Cast(
            *(Author(name=f"{who} Example", site=SITE, device="browser") for who in ("Dr", "Ph", "Nu"))
        )
        stage = Stage(self.web.journal, knowledge(), cast, self.web.clock())
        made = Part(order=order, name=name, reached="released", scenario=scenario)
        return rehearse(stage, made)

    def events(self, plan: Plan) -> tuple[Event, ...]:
        """What is on record of the first day."""
        return load(self.web.journal, infusion_id(plan.id, 1)).events

    def deeds(self, plan: Plan) -> list[Happening]:
        """What happened, in the order of the journal, without what was shown or gone against."""
        found = (event.what for event in self.events(plan))
        return [what for what in found if not isinstance(what, AdviceShown | AdviceOverridden)]  # type: ignore[misc]

    def state(self, plan: Plan) -> State:
        return replay(plan.days[0], self.events(plan))


def path(plan: Plan) -> str:
    return f"/chair/{plan.id}/1"


def tell(browser: Browser, plan: Plan, kind: str, **fields: str) -> httpx.Response:
    """Send one form of the page as a browser without a script does."""
    halt = "halt/" if kind in ("stop", "slow", "pause") else ""
    sent = {"id": str(uuid.uuid4()), **fields}
    return browser.post(f"{path(plan)}/{halt}{kind}", sent, form_at=path(plan))


def told(browser: Browser, plan: Plan, kind: str, **fields: str) -> None:
    """The same, and it was written."""
    answer = tell(browser, plan, kind, **fields)
    assert answer.status_code == 303, answer.text


def begin(browser: Browser, plan: Plan) -> None:
    """Identity, vital signs, a vial, the start at the first planned rate."""
    told(browser, plan, "identity", value=plan.order.patient.id.value, scanned="yes")
    told(browser, plan, "vital-signs", **WELL)
    told(browser, plan, "vial", product="privigen-us", grams="20", lot="L 77", expiry="2027-01-01")
    told(browser, plan, "start", rate="19")


def queued(browser: Browser, plan: Plan, entry: dict[str, Any], *, halt: str = "") -> httpx.Response:
    """Send an entry as a device does that kept it."""
    token = browser.form_token("/account")
    return browser.http.post(
        f"{path(plan)}{halt}/queue",
        content=json.dumps(entry),
        headers={"x-form-token": token, "content-type": "application/json", "accept": "application/json"},
    )


def entry(chairs: Chairs, kind: str, ago: float = 0, **more: Any) -> dict[str, Any]:
    """An entry of a device whose clock is 3 h ahead, tapped so many minutes ago."""
    sent = chairs.web.clock() + dt.timedelta(hours=3)
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "fields": {},
        "occurred_at": (sent - dt.timedelta(minutes=ago)).isoformat(),
        "sent_at": sent.isoformat(),
        "device": "d1",
        **more,
    }
