"""Hostile text as names, reasons and lots: it stays text on every page, paper, calendar and list."""

from __future__ import annotations

import csv
import io
import logging
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ivigil.course import infusion_id
from ivigil.records.export import FORMULA
from ivigil.web.access.desk import NotAdmittedError
from tests.support.chair_stage import WELL, Chairs, path, tell, told
from tests.support.web import PASSWORD, SITE, Web

TEXTS: list[str] = tomllib.loads(Path(__file__).with_name("hostile.toml").read_text(encoding="utf-8"))[
    "texts"
]


class Elements(HTMLParser):
    """What of a page came from somebody's typing and is more than text."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = name in ("href", "src", "action") and (value or "").startswith("javascript:")
            if leads or name.startswith("on"):
                self.bad.append(f"{tag} {name}={value}")
        if tag == "x-bad" or (tag == "script" and not dict(attrs).get("src")):
            self.bad.append(tag)


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Chairs:
    return Chairs(Web(tmp_path_factory.mktemp("hostile")))


@pytest.mark.parametrize("text", TEXTS)
def test_what_people_typed_is_text_wherever_it_comes_out(
    chairs: Chairs, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    web = chairs.web
    sign_in = f"nurse{TEXTS.index(text)}"
    try:
        person = web.door.desk.admit(
            "a test", sign_in=sign_in, name=text, roles=("nurse",), sites=(SITE,), patient=""
        )
        web.door.desk.set_password(person, PASSWORD)
    except NotAdmittedError:
        assert not text.isprintable()  # no person is called so
        web.admit(sign_in, ("nurse",))
    plan = chairs.plan(name=text)
    nurse = web.browser(sign_in)
    with caplog.at_level(logging.DEBUG, logger="ivigil"):
        told(nurse, plan, "identity", value=plan.order.patient.id.value, scanned="yes")
        told(nurse, plan, "vital-signs", **WELL)
        vial = {"product": "privigen-us", "grams": "20", "expiry": "2027-01-01"}
        for lot in (text, "L 77"):
            answer = tell(nurse, plan, "vial", lot=lot, **vial)
            if answer.status_code == 303:
                break
            assert answer.status_code == 400 and not lot.isprintable()  # refused as a whole
        told(nurse, plan, "start", rate="19")
        answer = tell(nurse, plan, "stop", reason=text)
        assert answer.status_code == 303 or not text.isprintable()
        stream, infusion = web.journal.stream(plan.order.patient.id), infusion_id(plan.id, 1)
        papers = (f"/plans/{plan.id}/appointments.ics",)  # on PDF: test_plan_papers
        pages = (
            *(path(plan), "/board", f"/board/{infusion}", "/plans", f"/plans/{plan.id}", "/inbox"),
            *(f"/inbox/{infusion}", f"/patients/{stream}", f"/lots/{stream}", "/account", *papers),
        )
        asked = [(nurse, page) for page in pages]
        asked += [(web.browser("administrator"), "/people"), (web.browser("auditor"), "/audit")]
        for browser, page in asked:
            answer = browser.get(page)
            assert answer.status_code in (200, 404), page
            kind = answer.headers["content-type"].partition(";")[0]
            if kind == "text/html":
                found = Elements()
                found.feed(answer.text)
                assert found.bad == [], page
            elif kind == "text/calendar":
                assert "\nX-BAD" not in answer.text
                assert answer.text.count("END:VEVENT") == answer.text.count("BEGIN:VEVENT")
        lots = nurse.http.get("/lots/contacts.csv", params={"lot": text})
        assert lots.status_code == 200
        for row in csv.reader(io.StringIO(lots.text, newline="")):
            assert not [cell for cell in row if cell.startswith(FORMULA)]
    assert text not in caplog.text
