"""Fictional infusions in the journal of a web application, and a nurse who writes into it."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from ivigil.aftercare.happenings import FollowUpEvent
from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import Happening
from ivigil.intake import parse_order
from ivigil.order import Order
from ivigil.patient import Identifier
from ivigil.practice.entry import Author, Entry, draft
from ivigil.practice.rehearsal import Cast, Part, Reached, Stage, rehearse
from ivigil.records import Journal
from tests.support.at_the_chair import EXAMPLES
from tests.support.orders import knowledge

NOW = dt.datetime(2026, 12, 1, 18, 0, tzinfo=dt.UTC)


class FictionalWard:
    """A journal in which infusions are played until ``NOW``."""

    def __init__(self, journal: Journal, site: str = "Example") -> None:
        self.journal = journal
        names = ("Dr A Example", "Ph B Example", "N C Example")
        self.cast = Cast(*(Author(name=name, site=site, device="test") for name in names))

    def order(self, value: str, start: dt.datetime) -> Order:
        made = parse_order((EXAMPLES / "immunodeficiency.toml").read_bytes(), "toml", knowledge())
        patient = replace(made.patient, id=Identifier("urn:example", value))
        return replace(made, patient=patient, start=start)

    def played(
        self,
        value: str,
        name: str,
        *,
        minutes_ago: int = 120,
        scenario: str = "quiet",
        chair: str = "",
        reached: Reached = "released",
    ) -> Plan:
        """An infusion that was to begin so long ago. value: an identifier that ends in "-" and a number."""
        start = NOW - dt.timedelta(minutes=minutes_ago)
        part = Part(
            order=self.order(value, start),
            name=name,
            reached=reached,
            scenario=scenario,
            chair=chair,
            seed=100 * int(value.rpartition("-")[2]),
        )
        return rehearse(Stage(self.journal, knowledge(), self.cast, NOW), part)

    def happens(self, plan: Plan, what: Happening | FollowUpEvent, at: dt.datetime = NOW) -> None:
        """Something at the chair of the plan's first day, or in the days after it."""
        entry = Entry(by=self.cast.nurse, occurred_at=at, device_at=self.journal.clock())
        self.journal.append([draft(entry, self.stream(plan), what, infusion_id(plan.id, 1))])

    def stream(self, plan: Plan) -> str:
        return self.journal.stream(plan.order.patient.id)
