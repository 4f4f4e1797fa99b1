"""A journal in which a fictional patient's infusion is over, under a web application."""

from __future__ import annotations

import datetime as dt

import ivigil
from ivigil.practice.entry import Author
from ivigil.practice.rehearsal import Cast, Stage, rehearse
from ivigil.records.journal import system_clock
from ivigil.web.rehearsed import parts
from tests.support.web import SITE, Web

DAY = dt.timedelta(days=1)


class Clinic:
    """A fictional patient, a day after the infusion began: by default the one on replacement."""

    def __init__(self, web: Web, name: str = "Ada Fictional") -> None:
        self.web = web
        self.knowledge = ivigil.load_knowledge()
        self.now = system_clock().replace(microsecond=0)
        cast = Cast(*(Author(name=name, site=SITE, device="a test") for name in ("P", "F", "N")))
        begun = self.now - DAY
        part = next(each for each in parts(self.knowledge, begun) if each.name == name)
        self.plan = rehearse(Stage(web.journal, self.knowledge, cast, self.now), part)
        self.stream = web.journal.stream(self.plan.order.patient.id)
        self.levels = f"/patients/{self.stream}/levels"
