"""A fictional patient in a test's web application: treated, gone home, and who looks after them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from msgspec.structs import replace

import ivigil
from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Identifier
from ivigil.practice.entry import Author
from ivigil.practice.rehearsal import Cast, Part, Stage, rehearse
from tests.support.web import Browser, Web

EXAMPLES = Path(__file__).parents[2] / "examples"
SITE_FOLDER = EXAMPLES / "site"
LINK = re.compile(r"/in/([\w-]{40,})")
CODE = re.compile(r'class="code">(\d{3}) (\d{3})<')


def centre(folder: Path, site: Path = SITE_FOLDER, journal: str = "") -> Web:
    """A centre with phone numbers: the example's."""
    return Web(folder, journal, site=str(site))


def treated(
    web: Web, value: str = "P-207", name: str = "Fictional Patient", *, ended_hours_ago: float = 20
) -> tuple[str, Plan]:
    """Somebody whose infusion ended some hours ago: their stream, and the plan."""
    knowledge: Knowledge = ivigil.load_knowledge(str(SITE_FOLDER))
    now = web.clock().astimezone(knowledge.zone).replace(microsecond=0)
    order = ivigil.read_order(EXAMPLES / "immunodeficiency.toml")
    length = ivigil.plan(order, str(SITE_FOLDER)).days[0].duration_min
    start = now - dt.timedelta(hours=ended_hours_ago, minutes=length)
    patient = replace(order.patient, id=Identifier("urn:example", value), measurements={})
    last = order.last_immunoglobulin
    assert last is not None
    order = replace(
        order,
        start=start,
        patient=patient,
        last_immunoglobulin=replace(last, date=start.date() - dt.timedelta(days=28)),
    )
    site = knowledge.site.name
    cast = Cast(
        prescriber=Author(name="prescriber Example", site=site, device="browser"),
        pharmacist=Author(name="pharmacist Example", site=site, device="browser"),
        nurse=Author(name="nurse Example", site=site, device="browser"),
    )
    stage = Stage(web.journal, knowledge, cast, now)
    plan = rehearse(stage, Part(order=order, name=name, reached="released"))
    return web.journal.stream(patient.id), plan


def linked(web: Web, stream: str, by: str = "nurse") -> tuple[str, str]:
    """A private link made by a nurse on the patient's page: its secret and its code."""
    nurse = web.browser(by)
    page = nurse.post(f"/patients/{stream}/link", form_at=f"/patients/{stream}").text
    secret, code = LINK.search(page), CODE.search(page)
    assert secret and code, page
    return secret[1], code[1] + code[2]


def inside(web: Web, stream: str) -> Browser:
    """The patient's browser, come in by a private link."""
    secret, code = linked(web, stream)
    browser = web.browser()
    answer = browser.post("/in", {"secret": secret, "code": code}, form_at=f"/in/{secret}")
    assert (answer.status_code, answer.headers.get("location")) == (303, "/me"), answer.text
    return browser
