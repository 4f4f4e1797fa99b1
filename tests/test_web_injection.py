"""Hostile text as names, reasons and lots: it stays text on every page, paper, calendar and list."""

from __future__ import annotations

import csv
import functools
import io
import json
import logging
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ivigil.course import Plan, infusion_id
from ivigil.records.drafts import is_line
from ivigil.records.errors import DraftError
from ivigil.records.export import FORMULA
from ivigil.web.access.desk import NotAdmittedError
from ivigil.web.settings import SettingsError
from tests.support.chair_stage import WELL, Chairs, path, tell, told
from tests.support.treated import centre, inside, treated
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


def elements(page: str) -> list[str]:
    """What of a page is more than text and should not be."""
    found = Elements()
    found.feed(page)
    return found.bad


def typed(text: str) -> tuple[tuple[str, dict[str, str]], ...]:
    """Every other field of the chair that takes words, one deed after the other."""
    return (
        ("identity", {"value": text}),
        ("symptom", {"symptom": "symptom.urticaria", "note": text}),
        ("pause", {"reason": text}),
        ("decide", {"decided_by": text, "rate": "19", "reason": text}),
        ("resume", {"rate": "19", "why": text, "all_the_same": "yes"}),
        ("medicine", {"drug": text, "route": text, "text": text}),
        ("vial", {"scan": text}),
        ("stop", {"reason": text}),
        ("disconnect", {"reason": text, "pump": text}),
        ("withdraw", {"event": text, "reason": text}),
    )


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Chairs:
    return Chairs(Web(tmp_path_factory.mktemp("hostile")))


@functools.cache
def _plan_of(chairs: Chairs) -> Plan:
    """A patient for whatever needs one."""
    chairs.at(40)
    return chairs.plan()


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
    try:
        plan = chairs.plan(name=text)
    except DraftError:
        assert not text.isprintable()  # nor any patient
        plan = chairs.plan()
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
                assert elements(answer.text) == [], page
                assert "\x1b" not in answer.text or page not in ("/board", "/plans")
            elif kind == "text/calendar":
                assert "\nX-BAD" not in answer.text
                assert answer.text.count("END:VEVENT") == answer.text.count("BEGIN:VEVENT")
        lots = nurse.http.get("/lots/contacts.csv", params={"lot": text})
        assert lots.status_code == 200
        for row in csv.reader(io.StringIO(lots.text, newline="")):
            assert not [cell for cell in row if cell.startswith(FORMULA)]
    assert text not in caplog.text


def test_every_field_of_the_chair_is_text(chairs: Chairs) -> None:
    plan, text = _plan_of(chairs), " ".join(TEXTS)
    nurse = chairs.web.browser("nurse")
    for kind, fields in typed(text):
        answer = tell(nurse, plan, kind, **fields)
        assert answer.status_code in (303, 400, 409), kind
        assert elements(answer.text) == [], kind
    found = nurse.get(path(plan)).text
    assert elements(found) == []
    assert found.count("&lt;x-bad&gt;a&lt;/x-bad&gt;") >= 5  # it was written, and stands there as text


@pytest.mark.parametrize("text", [TEXTS[0], *(text for text in TEXTS if not text.isprintable())])
def test_a_patient_is_called_by_a_line_that_can_be_read(chairs: Chairs, text: str) -> None:
    """Also when staff change how a patient is reached, or name the patient with a new plan."""
    web, plan = chairs.web, _plan_of(chairs)
    nurse, page = web.browser("nurse"), f"/patients/{web.journal.stream(plan.order.patient.id)}"
    answer = nurse.post(f"{page}/contact", {"name": text, "phone": ""}, form_at=page)
    assert (answer.status_code == 303) == is_line(text)
    assert elements(answer.text) == []
    sent = {"contact.name": text, "contact.phone": text, "do": "add"}
    answer = web.browser("prescriber").post("/plans/new", sent, form_at="/plans/new")
    assert answer.status_code == 200
    assert elements(answer.text) == []
    assert is_line(text) or "printable characters" in answer.text


def test_names_of_every_script_are_names() -> None:
    for name in ("Zoë Núñez-O’Neil", "علی\u200cرضا", "क्\u200dष", "王小明", "Ana\u00a0María"):
        assert is_line(name), name
    for name in ("Ana\x1b[2J", "Ana\nB", " Ana", "Ana\u202eB", "Ana\x00", "Ana\u2028"):
        assert not is_line(name), name


def test_what_a_patient_types_is_text(tmp_path: Path) -> None:
    web, text = centre(tmp_path), " ".join(TEXTS)
    stream, _ = treated(web)
    patient = inside(web, stream)
    fields = {"tick": [text], "temperature": text, "unit": text, "pain": text, "words": text, "answer": text}
    for page in ("/me/diary", "/me/wrong"):
        answer = patient.bare_post(page, {"form_token": patient.form_token(page), **fields})
        assert answer.status_code < 500, page
        assert elements(answer.text) == [], page
    staff = web.browser("nurse")
    for page in ("/inbox", f"/patients/{stream}"):
        assert elements(staff.get(page).text) == [], page


@pytest.mark.parametrize("text", ["<x-bad>a</x-bad>\"' onfocus=alert(1) {{7*7}}", "Site\x1b[2J"])
def test_a_site_is_called_by_a_line_that_can_be_read(tmp_path: Path, text: str) -> None:
    overlay = tmp_path / "site"
    overlay.mkdir()
    (overlay / "site.toml").write_text(f"[site]\nname = {json.dumps(text)}\n")
    if not is_line(text):
        with pytest.raises(SettingsError, match="printable"):
            Web(tmp_path, site=str(overlay))
        return
    web = Web(tmp_path, site=str(overlay))
    for role, page in (("nurse", "/board"), ("administrator", "/people"), ("auditor", "/audit")):
        assert elements(web.browser(role).get(page).text) == [], page


def test_a_file_is_taken_nowhere(chairs: Chairs) -> None:
    """No page takes one; sent all the same, it is no text of any field."""
    plan, nurse = _plan_of(chairs), chairs.web.browser("nurse")
    token = nurse.form_token("/account")
    bad = ("<x-bad>.svg", b"<svg onload=alert(1)>", "image/svg+xml")
    for page in ("/patients", "/lots", f"{path(plan)}/symptom"):
        answer = nurse.http.post(page, files={"text": bad, "note": bad}, data={"form_token": token})
        assert answer.status_code in (200, 303, 400, 405), page
        assert elements(answer.text) == [], page
