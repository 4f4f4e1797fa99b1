"""Signing in, people, trail, errors, inbox, lots, status: every text of them goes through the catalogue."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from litestar import Response
from litestar.exceptions import TooManyRequestsException
from litestar.testing import RequestFactory
from msgspec.structs import replace

from ivigil.aftercare.happenings import CheckInAnswered, ResultReceived, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.knowledge.store import KnowledgeError
from ivigil.patient import Identifier
from ivigil.practice.aftermath import of_journal, standings
from ivigil.practice.recall import letter
from ivigil.records.entrance import SubjectBound
from ivigil.records.errors import ConflictError, JournalUnavailableError
from ivigil.records.journal import system_clock
from ivigil.records.lookback import look_back, lots_of
from ivigil.sheets.document import Paragraph, Rows, Section
from ivigil.sheets.look_back_letter import Notice, To, look_back_letter
from ivigil.sheets.spoken import ENGLISH_SPOKEN, speaking
from ivigil.web import errors
from ivigil.web.given import Asked
from ivigil.web.settings import ProviderSettings
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.orders import knowledge
from tests.support.web import PASSWORD, SITE, STAFF, Browser, Web

FORGETFUL = "forgetful"
PEOPLE = (*STAFF, FORGETFUL, "second", "Second", "new", "New", "Example")
"""Sign-in names, and names as "nurse Example"."""
SIGN = "i"
"""Of a note, beside the word."""
CALLED = "The Example House"
HOUR = dt.timedelta(hours=1)
HOURS = """
[site]
time_zone = "UTC"
[site.watch]
through = 2026-12-04
hours = [{ days = ["thu", "fri"], from = 06:00:00, until = 16:30:00 }]
"""


class House(NamedTuple):
    """A site whose staff read the language that nobody speaks; four patients after their infusions."""

    web: Web
    ward: FictionalWard
    ill: Plan

    def of(self, role: str) -> Browser:
        return self.web.browser(role)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    secret = folder / "client-secret"
    secret.write_text("fictional")
    asked = ProviderSettings(
        issuer="http://127.0.0.1:9", client_id="ivigil", client_secret_file=str(secret), called=CALLED
    )
    site = overlay(folder / "site")
    (folder / "site" / "hours.toml").write_text(HOURS)
    web = Web(folder, site=site, language=CODE, provider=asked)
    web.clock.ahead = NOW - system_clock()
    web.admit(FORGETFUL, ("nurse",))
    ward = FictionalWard(web.journal, SITE)
    yield House(web, ward, ward.played("LANG-1", "Alva Lindberg", minutes_ago=420))


def left(page: str, *data: str) -> list[str]:
    """What a page leaves in English; ids stand in ``code``."""
    codes = re.findall(r"<code[^>]*>([^<]*)</code>", page)
    return unsaid(page, *PEOPLE, SIGN, CALLED, SITE, *codes, *data)


def forms(browser: Browser, path: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', browser.get(path).text))


def person(house: House, sign_in: str) -> str:
    found = house.web.door.desk.people.by_sign_in(sign_in)
    assert found
    return found[0].id


# --- coming in


@pytest.mark.parametrize("path", ["/sign-in?next=/account", "/code"])
def test_the_ways_in(house: House, path: str) -> None:
    assert left(house.web.browser().get(path).text) == []


def test_refused_sign_ins(house: House) -> None:
    browser = house.web.browser()
    for password in ["wrong"] * 7:
        answer = browser.sign_in(FORGETFUL, password)
        assert (answer.status_code, left(answer.text)) == (400, [])
    sent = {"sign_in": "nurse", "code": "AAAA", "new": "x", "again": "x"}
    for data in (sent, {**sent, "again": "y"}):
        answer = browser.post("/code", data, form_at="/code")
        assert (answer.status_code, left(answer.text)) == (400, [])
    stale = browser.bare_post("/sign-in", {"sign_in": "nurse", "password": PASSWORD, "form_token": "0" * 64})
    assert left(stale.text) == []


def test_a_provider_that_is_down_and_one_that_sends_back_nothing(house: House) -> None:
    browser = house.web.browser()
    for path, status in (("/sign-in/provider", 503), ("/sign-in/provider/back?state=x&code=x", 400)):
        answer = browser.get(path)
        assert (answer.status_code, left(answer.text)) == (status, [])


def test_one_s_own_account_and_what_is_wrong_with_a_password(house: House) -> None:
    browser = house.of("nurse")
    assert left(browser.get("/account?done=pin").text) == []
    sent = {"password": PASSWORD, "new": "short", "again": "short"}
    for data in (
        sent,
        {**sent, "new": "password1234", "again": "password1234"},
        {**sent, "again": "y"},
        {**sent, "password": "wrong", "new": "x" * 130, "again": "x" * 130},
        {**sent, "new": "x" * 130, "again": "x" * 130},
        {**sent, "new": "nurse Example", "again": "nurse Example"},
    ):
        answer = browser.post("/account/password", data, form_at="/account")
        assert (answer.status_code, left(answer.text)) == (400, [])
    for pin, again, password in (("12", "13", ""), ("111111", "111111", ""), ("385201", "385201", "wrong")):
        data = {"pin": pin, "pin_again": again, "pin_password": password}
        answer = browser.post("/account/pin", data, form_at="/account")
        assert (answer.status_code, left(answer.text)) == (400, [])


def test_who_has_no_password_is_told(house: House) -> None:
    desk = house.web.door.desk
    new = desk.admit("a test", sign_in="new", name="New Example", roles=("nurse",), sites=(SITE,))
    bound = SubjectBound(issuer="http://127.0.0.1:9", claim="sub", subject="new-one")
    found = desk.people.by_sign_in("administrator")
    assert found
    desk.bind(found[0], new, bound)
    browser = house.web.browser()
    code = desk.issue_code("a test", new)
    sent = {
        "sign_in": "new",
        "code": code,
        "new": "fictional words together",
        "again": "fictional words together",
    }
    assert browser.post("/code", sent, form_at="/code").status_code == 303
    assert left(browser.get("/account").text) == []


def test_a_locked_screen(house: House) -> None:
    browser = house.of("pharmacist")
    sent = {"pin": "385201", "pin_again": "385201", "pin_password": PASSWORD}
    assert browser.post("/account/pin", sent, form_at="/account").status_code == 303
    house.web.clock.passes(minutes=11)
    assert browser.get("/facts").headers["location"].startswith("/unlock")
    assert left(browser.get("/unlock").text) == []
    token = browser.form_token("/unlock")
    locked = browser.bare_post("/account/pin", {"form_token": token})
    assert (locked.status_code, left(locked.text)) == (423, [])
    wrong = browser.post("/unlock", {"pin": "000000"}, form_at="/unlock")
    assert (wrong.status_code, left(wrong.text)) == (400, [])


# --- people and the trail


def test_people_and_roles(house: House) -> None:
    browser = house.of("administrator")
    for path in ("/people", "/people/roles", f"/people/{person(house, 'nurse')}"):
        assert left(browser.get(path).text) == []


def test_changes_of_people_and_what_is_wrong_with_them(house: House) -> None:
    browser = house.of("administrator")
    new = {
        "sign_in": "second",
        "name": "Second Example",
        "roles": "nurse",
        "sites": SITE,
        "password": PASSWORD,
    }
    names = ("NURSE", "nurse example", "subject-of-nurse")
    for change, status in (
        ({"password": "wrong"}, 400),
        ({"sign_in": " x ", "name": ""}, 400),
        ({"sign_in": "NURSE", "name": "nurse example"}, 400),
        ({"roles": "", "sites": ""}, 400),
        ({}, 200),
    ):
        answer = browser.post("/people", {**new, **change}, form_at="/people")
        assert (answer.status_code, left(answer.text, *names)) == (status, [])
    page, own = (f"/people/{person(house, name)}" for name in ("second", "administrator"))
    changed = {"roles": "auditor", "sites": SITE, "password": PASSWORD}
    for path, sent, status in (
        (page, {**changed, "password": "wrong"}, 400),
        (page, changed, 200),
        (own, changed, 400),
        (f"{page}/code", {"password": PASSWORD}, 200),
        (f"{page}/subject", {"subject": " x ", "password": PASSWORD}, 400),
        (f"{page}/subject", {"subject": "new-one", "password": PASSWORD}, 400),
        (f"{page}/subject", {"subject": "subject-of-nurse", "password": PASSWORD}, 200),
    ):
        answer = browser.post(path, sent, form_at="/people")
        assert (answer.status_code, left(answer.text, *names)) == (status, [])


def test_the_audit_trail(house: House) -> None:
    web = house.web
    foreign = web.patient(Identifier("urn:example", "LANG-ELSEWHERE"), "Another site")
    glass, nurse = f"/glass/{foreign}", house.of("nurse")
    nurse.get(f"/patients/{foreign}")
    assert nurse.post(glass, {"reason": "a fictional emergency"}, form_at=glass).status_code == 303
    nurse.get("/people")
    nurse.post("/account/sign-out-everywhere", form_at="/account")
    desk = web.door.desk
    desk.vouched(SubjectBound(issuer="http://127.0.0.1:9", claim="sub", subject="nobody"), "127.0.0.1")
    browser = house.of("auditor")
    cast = house.ward.cast
    names = (each.name for each in (cast.prescriber, cast.pharmacist, cast.nurse))
    data = ("a test", "Another site", *names)
    stream = house.ward.stream(house.ill)
    for what in ("", "&what=plans", "&what=sign-ins"):
        assert left(browser.get(f"/audit?{what}").text, *data) == []
    assert left(browser.get(f"/audit?patient={stream}").text, *data) == []
    nobody = browser.get("/audit?patient=nobody")
    assert (nobody.status_code, left(nobody.text, *data)) == (400, [])
    for identifier, status in (("LANG-1", 200), ("nobody", 200), ("", 400)):
        found = browser.post("/audit/handle", {"identifier": identifier}, form_at="/audit")
        assert (found.status_code, left(found.text, *data, identifier)) == (status, [])
    wrong = browser.get("/audit?day=yesterday")
    assert (wrong.status_code, left(wrong.text, *data)) == (400, [])


def test_breaking_the_glass(house: House) -> None:
    stream = house.web.patient(Identifier("urn:example", "LANG-GLASS"), "Another site")
    browser, path = house.of("prescriber"), f"/glass/{stream}"
    denied = browser.get(f"/patients/{stream}")
    assert (denied.status_code, left(denied.text)) == (403, [])
    assert left(browser.get(path).text) == []
    short = browser.post(path, {"reason": "short"}, form_at=path)
    assert (short.status_code, left(short.text, "short")) == (400, [])


# --- errors


def test_errors(house: House) -> None:
    browser = house.of("nurse")
    big = {"form_token": browser.form_token("/account"), "pin": "1" * 1_100_000}
    for answer, status in (
        (browser.get("/no-such-page"), 404),
        (browser.get("/people"), 403),
        (browser.bare_post("/account/pin", {"form_token": "0" * 64}), 403),
        (browser.bare_post("/board", {"form_token": browser.form_token("/account")}), 405),
        (browser.bare_post("/account/pin", big), 413),
        (browser.get("/audit?before"), 403),
        (house.web.browser().get("/board?part=board"), 401),
    ):
        assert (answer.status_code, left(answer.text)) == (status, [])


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (lambda asked: errors.records(asked, ConflictError(1, 2)), 409),
        (lambda asked: errors.http(asked, TooManyRequestsException()), 429),
        (lambda asked: errors.defect(asked, ValueError("SECRET")), 500),
        (lambda asked: errors.records(asked, JournalUnavailableError("SECRET")), 503),
        (lambda asked: errors.knowledge(asked, KnowledgeError(["SECRET"])), 503),
    ],
)
def test_errors_of_ours(house: House, told: Callable[[Asked], Response[str]], status: int) -> None:
    house.web.browser().get("/sign-in")
    with speaking(ENGLISH_SPOKEN):  # what a request speaks ends with it
        answer = told(RequestFactory(app=house.web.app).get("/board"))
    page = str(answer.content)
    assert (answer.status_code, left(page)) == (status, [])
    assert "SECRET" not in page


def test_an_error_as_json_speaks_the_language_too(house: House) -> None:
    answer = house.of("nurse").get("/no-such-page", accept="application/json")
    assert answer.json()["title"] == "«Not found»"


# --- the days after, lots, status


@pytest.fixture(scope="module")
def days(house: House) -> House:
    """Two days on: beside the ill patient one who answered and one of whom a value came; all silent since."""
    ward, now = house.ward, NOW
    report = SymptomReport(at=now - HOUR, present=("symptom.chest_pain",), unmatched=("it presses",))
    ward.happens(house.ill, SymptomsReported(report=report, urgency="same_day", facts=()), now - HOUR)
    answered, drawn = (ward.played(f"LANG-{n}", "Bo Example", minutes_ago=420) for n in (2, 3))
    told = SymptomReport(at=now, present=("symptom.headache",))
    ward.happens(answered, CheckInAnswered(check_in=due(house, answered), report=told), now)
    value = ResultReceived(measure="measure.haemoglobin_g_per_l", value=Decimal(70), drawn_at=now - HOUR)
    ward.happens(drawn, value, now)
    house.web.clock.passes(days=2)
    return house


def due(house: House, plan: Plan) -> str:
    """Id of a check-in whose time has come."""
    case = of_journal(house.web.journal, infusion_id(plan.id, 1), knowledge(), NOW)
    return next(each.check_in.id for each in standings(case) if each.state != "planned")


LETTERS = ("A", "B", "E", "L")
"""Of initials."""


def test_the_inbox_with_every_kind_of_item(days: House) -> None:
    page = days.of("nurse").get("/inbox").text
    assert left(page, *LETTERS) == []
    for text in ("Report:", "Answer not read", "Silence:", "«1 laboratory value to read»"):
        assert text in page, text


def test_one_infusion_in_the_inbox(days: House) -> None:
    browser, path = days.of("nurse"), f"/inbox/{infusion_id(days.ill.id, 1)}"
    names = ("Alva Lindberg", days.ill.order.patient.id.value, "it presses", days.ward.cast.nurse.name)
    assert left(browser.get(path).text, *names) == []
    empty = browser.post(f"{path}/settle", {"reason": " ", **forms(browser, path)}, form_at=path)
    stale = browser.post(f"{path}/settle", {"reason": "x", "seen": "another"}, form_at=path)
    asking = f"{path}/ask/{due(days, days.ill)}"
    nothing = browser.post(asking, {}, form_at=asking)
    both = browser.post(asking, {"yes": "symptom.headache", "no": "symptom.headache"}, form_at=asking)
    for answer in (empty, stale, nothing, both):
        assert (answer.status_code, left(answer.text, *names)) == (400, [])
    assert left(browser.get(asking).text, *names) == []


def test_lots(days: House) -> None:
    browser, stream = days.of("nurse"), days.ward.stream(days.ill)
    lot = lots_of(days.web.journal, stream)[0].lot
    names = (*LETTERS, "Alva Lindberg", days.ill.order.patient.id.value, lot, infusion_id(days.ill.id, 1))
    for path in ("/lots", "/lots?lot=NONE", f"/lots?lot={lot}", f"/lots/{stream}?lot={lot}"):
        assert left(browser.get(path).text, "NONE", *names) == []
    sent = {"lot": lot, "says": "Return unused vials.", "phone": "", "to": "patient"}
    at = f"/lots/{stream}?lot={lot}"
    missing = browser.post(f"/lots/{stream}/letter", sent, form_at=at)
    assert (missing.status_code, left(missing.text, "Return unused vials", *names)) == (400, [])


@pytest.mark.parametrize("to", ["patient", "provider"])
def test_the_look_back_letter(days: House, to: To) -> None:
    stream = days.ward.stream(days.ill)
    lot = lots_of(days.web.journal, stream)[0].lot
    (traced,) = (each for each in look_back(days.web.journal, lot) if each.stream == stream)
    found, language = letter(days.web.journal, traced), days.web.door.language()
    assert found.contact and language
    notice = Notice(to=to, lot=lot, says="Return unused vials.", phone="555 0199")
    with speaking(language):
        made = look_back_letter(found.contact, found.doses, notice, NOW.date(), knowledge())
    patient = days.ill.order.patient.id
    data = (f"Alva Lindberg, {patient.value} ({patient.system})", "Alva Lindberg", lot, notice.says)
    assert made.language == CODE
    page = "".join(f"<p>{text}</p>" for text in texts_in(made.title, made.blocks))
    assert left(page, infusion_id(days.ill.id, 1), *data) == []


def texts_in(*parts: object) -> Iterator[str]:
    """What somebody reads of a document's parts."""
    for part in parts:
        match part:
            case str():
                yield part
            case tuple():
                yield from texts_in(*part)
            case Section(title=text) | Paragraph(text=text):
                yield text
            case Rows(rows=rows):
                yield from texts_in(rows)


def test_status(days: House) -> None:
    browser = days.of("administrator")
    for _ in range(2):
        assert left(browser.get("/status").text) == []
        browser.post("/status/verify", form_at="/status")


def test_the_hours_of_the_team(days: House) -> None:
    """On Thursday evening, on Friday morning, and on Saturday, for which nothing is stated."""
    for hours, text in ((0, "somebody does"), (13, "The team watches"), (24, "nobody is known to watch")):
        days.web.clock.passes(hours=hours)
        browser = days.of("nurse")
        page = browser.get("/inbox").text
        assert text in page
        assert left(page, *LETTERS) == []
        assert left(browser.get("/status").text) == []


def test_where_passwords_let_no_staff_in(house: House, tmp_path: Path) -> None:
    """The same texts, said otherwise."""
    kept, provider = house.web.settings, house.web.settings.provider
    assert provider and kept.site
    stern = replace(provider, staff_passwords=False)
    web = Web(tmp_path, site=kept.site, language=CODE, provider=stern, roles=("nurse",))
    browser = web.browser()
    assert left(browser.get("/sign-in?next=/account").text) == []
    assert left(browser.get("/sign-in/provider").text) == []
    assert left(browser.sign_in("nurse").text) == []
    nurse = web.door.desk.people.by_sign_in("nurse")
    assert nurse
    code, words = web.door.desk.issue_code("a test", nurse[0]), "fictional words never put together"
    sent = {"sign_in": "nurse", "code": code, "new": words, "again": words}
    assert browser.post("/code", sent, form_at="/code").status_code == 303
    assert left(browser.get("/account").text) == []
