"""The inbox in a browser: from a symptom report to settled, by the people who may; every read is recorded."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead, ReportsSettled, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.practice.aftermath import of_journal, standings
from ivigil.records.aftermath import happened_after
from ivigil.records.entrance import PatientRead
from ivigil.records.journal import system_clock
from ivigil.records.lookback import lots_of
from tests.support.chromium import WIDTHS, faults, serving, signed_in, too_wide
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.orders import knowledge
from tests.support.web import PASSWORD, SITE, Browser, Web


class Days(NamedTuple):
    """Two patients whose infusions have ended; one reports chest pain, one a headache."""

    web: Web
    ward: FictionalWard
    ill: Plan
    other: Plan

    @property
    def path(self) -> str:
        return f"/inbox/{infusion_id(self.ill.id, 1)}"

    def happened(self) -> list[object]:
        records = self.web.journal.read(self.ward.stream(self.ill))
        return [each.what for each in happened_after(records, infusion_id(self.ill.id, 1))]

    def reports(self, plan: Plan, symptom: str, *says: str) -> None:
        at = NOW - dt.timedelta(minutes=10)
        told = SymptomReport(at=at, present=(f"symptom.{symptom}",), unmatched=says)
        self.ward.happens(plan, SymptomsReported(report=told, urgency="same_day", facts=()), at)


@pytest.fixture
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    web = Web(tmp_path_factory.mktemp("web"))
    web.clock.ahead = NOW - system_clock()
    ward = FictionalWard(web.journal, SITE)
    ill = ward.played("SECRET-1", "Alva Lindberg", minutes_ago=420)
    other = ward.played("SECRET-2", "Bo Example", minutes_ago=420)
    found = Days(web, ward, ill, other)
    found.reports(other, "headache")
    found.reports(ill, "chest_pain", "<b>it presses</b>")
    return found


def hidden(browser: Browser, path: str) -> dict[str, str]:
    """The hidden fields of a page's first form that records something."""
    page = browser.get(path).text
    found = re.findall(r'name="(entry|seen)" value="([0-9a-f-]{36})"', page)
    return dict(reversed(found))


def due(days: Days) -> str:
    """Id of a check-in of the ill patient whose time has come."""
    case = of_journal(days.web.journal, infusion_id(days.ill.id, 1), knowledge(), NOW)
    return next(each.check_in.id for each in standings(case) if each.state != "planned")


def test_the_list_shows_the_emergency_first_and_no_word_of_a_patient(days: Days) -> None:
    page = days.web.browser("nurse").get("/inbox").text
    assert page.index("A. L.") < page.index("B. E.")
    assert "EMERGENCY NOW" in page
    assert not any(word in page for word in ("SECRET", "Lindberg", "chest", "presses"))


def test_opening_one_is_a_recorded_read_and_what_was_said_is_shown_as_text(days: Days) -> None:
    page = days.web.browser("nurse").get(days.path).text
    assert "Alva Lindberg" in page
    assert "&lt;b&gt;it presses&lt;/b&gt;" in page
    read = [each for each in days.web.journal.records() if isinstance(each.body, PatientRead)]
    assert [each.subject for each in read] == [days.ward.stream(days.ill)]


def test_no_address_on_a_page_names_a_patient_and_nothing_of_them_is_logged(
    days: Days, caplog: pytest.LogCaptureFixture
) -> None:
    browser, stream = days.web.browser("nurse"), days.ward.stream(days.ill)
    lot = lots_of(days.web.journal, stream)[0].lot
    asking = f"{days.path}/ask/{due(days)}"
    answers = [
        browser.get(path)
        for path in (
            "/inbox",
            days.path,
            asking,
            f"/lots?lot={lot}",
            f"/lots/{stream}?lot={lot}",
            "/lots/none",
        )
    ]
    answers.append(browser.post(asking, {"says": ""}, form_at=asking))
    named = "SECRET|Lindberg|presses|chest"
    for answer in answers:
        addresses = re.findall(r'(?:href|action|src|data-live)="([^"]*)"', answer.text)
        assert addresses
        assert not [each for each in (*addresses, str(answer.url)) if re.search(named, each)]
    assert not re.search(named, caplog.text)


def test_a_report_is_settled_once_with_what_was_done(days: Days) -> None:
    browser = days.web.browser("nurse")
    sent = {"reason": "Called; seen in the  emergency department", **hidden(browser, days.path)}
    for _ in range(2):
        assert browser.post(f"{days.path}/settle", sent, form_at=days.path).status_code == 303
    settled = [what for what in days.happened() if isinstance(what, ReportsSettled)]
    assert settled == [ReportsSettled(reason="Called; seen in the emergency department")]
    assert "EMERGENCY NOW" not in browser.get("/inbox").text


def test_a_report_that_came_meanwhile_is_not_settled_unread(days: Days) -> None:
    browser = days.web.browser("nurse")
    sent = {"reason": "Called", **hidden(browser, days.path)}
    days.reports(days.ill, "face_swelling")
    answer = browser.post(f"{days.path}/settle", sent, form_at=days.path)
    assert answer.status_code == 400
    assert "Something came while this page was open" in answer.text
    assert not [what for what in days.happened() if isinstance(what, ReportsSettled)]


def test_settling_without_a_reason_settles_nothing(days: Days) -> None:
    browser = days.web.browser("nurse")
    answer = browser.post(f"{days.path}/settle", {"reason": " "}, form_at=days.path)
    assert answer.status_code == 400
    assert not [what for what in days.happened() if isinstance(what, ReportsSettled)]


def test_a_pharmacist_reads_and_records_nothing(days: Days) -> None:
    browser = days.web.browser("pharmacist")
    assert "Settle what was told" not in browser.get(days.path).text
    answer = browser.post(f"{days.path}/settle", {"reason": "x"}, form_at="/account")
    assert answer.status_code == 403


def test_what_was_said_at_the_telephone_is_an_answer_that_is_read(days: Days) -> None:
    browser, check_in = days.web.browser("nurse"), due(days)
    path = f"{days.path}/ask/{check_in}"
    page = browser.get(path).text
    assert "In danger? Call" in page
    asked = re.findall(r'name="answer\.([^"]+)" value="no"', page)
    sent = {f"answer.{name}": "no" for name in asked[1:]}
    sent |= {f"answer.{asked[0]}": "yes", "says": "feels well otherwise", **hidden(browser, path)}
    assert browser.post(path, sent, form_at=path).status_code == 303
    (told,) = [what for what in days.happened() if isinstance(what, CheckInAnswered)]
    assert (told.check_in, told.taken_by) == (check_in, "team")
    assert (told.report.present, set(told.report.absent)) == ((asked[0],), set(asked[1:]))
    assert told.report.unmatched == ("feels well otherwise",)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "Nothing was answered."),
        (
            {"answer.symptom.chest_pain": ["yes", "no"]},
            "Answered with yes and with no: Do you have chest pain",
        ),
    ],
)
def test_nothing_and_a_contradiction_are_no_answer(days: Days, sent: dict[str, list[str]], told: str) -> None:
    browser = days.web.browser("nurse")
    path = f"{days.path}/ask/{due(days)}"
    answer = browser.post(path, sent, form_at=path)
    assert answer.status_code == 400
    assert told in answer.text
    assert not [what for what in days.happened() if isinstance(what, CheckInAnswered)]


def test_an_answer_from_home_is_marked_as_read(days: Days) -> None:
    check_in = due(days)
    told = SymptomReport(at=NOW, present=("symptom.headache",))
    days.ward.happens(days.ill, CheckInAnswered(check_in=check_in, report=told), NOW)
    browser = days.web.browser("nurse")
    assert "Answer not read" in browser.get("/inbox").text
    sent = hidden(browser, days.path)
    assert browser.post(f"{days.path}/read/{check_in}", sent, form_at=days.path).status_code == 303
    assert CheckInRead(check_in=check_in, reader="team") in days.happened()
    assert "Answer not read" not in browser.get("/inbox").text


def test_a_check_in_or_an_infusion_that_is_not_there_is_not_found(days: Days) -> None:
    browser = days.web.browser("nurse")
    running = days.ward.played("SECRET-3", "Cleo Example", minutes_ago=30)
    assert browser.get(f"{days.path}/ask/check-in.of.nothing").status_code == 404
    assert browser.get(f"/inbox/{infusion_id(running.id, 1)}").status_code == 404


def test_a_report_during_an_infusion_leads_from_the_board_and_the_chair_to_where_it_is_settled(
    days: Days,
) -> None:
    browser = days.web.browser("nurse")
    running = days.ward.played("SECRET-3", "Cleo Example", minutes_ago=30)
    days.reports(running, "wheezing")
    infusion = infusion_id(running.id, 1)
    path = f"/inbox/{infusion}"
    for page in ("/board", f"/chair/{running.id}/1", "/inbox", f"/patients/{days.ward.stream(running)}"):
        found = browser.get(page).text
        assert f'href="{path}"' in found, page
        assert "EMERGENCY NOW" in found, page
    record = browser.get(path)
    assert "The end of this infusion is not recorded." in record.text
    sent = {"reason": "Seen at the chair", **hidden(browser, path)}
    assert browser.post(f"{path}/settle", sent, form_at=path).status_code == 303
    assert path not in browser.get("/board").text + browser.get(f"/chair/{running.id}/1").text


def test_what_nobody_asked_about_danger_is_listed_and_can_be_asked(days: Days) -> None:
    browser, check_in = days.web.browser("nurse"), due(days)
    asking = f"{days.path}/ask/{check_in}"
    sent = {"answer.symptom.headache": "yes", "says": "cannot talk long", **hidden(browser, asking)}
    assert browser.post(asking, sent, form_at=asking).status_code == 303
    page = browser.get(days.path).text
    listed = page[page.index("Not answered, and may mean danger") :]
    assert "Do you wheeze or whistle when you breathe?" in listed
    assert asking in listed
    days.web.clock.passes(minutes=1)
    rest = {"answer.symptom.chest_pain": "no", "none": "yes", **hidden(browser, asking)}
    assert browser.post(asking, rest, form_at=asking).status_code == 303
    assert "Not answered, and may mean danger" not in browser.get(days.path).text


def test_a_site_sees_its_own_patients(days: Days) -> None:
    elsewhere = FictionalWard(days.web.journal, "Another site")
    plan = elsewhere.played("SECRET-4", "Zoe Other", minutes_ago=420)
    at = NOW - dt.timedelta(minutes=5)
    told = SymptomReport(at=at, present=("symptom.chest_pain",))
    elsewhere.happens(plan, SymptomsReported(report=told, urgency="emergency_now", facts=()), at)
    assert "Z. O." not in days.web.browser("nurse").get("/inbox").text


def test_from_a_report_to_settled_in_a_browser(days: Days, chromium: Chromium) -> None:
    with serving(days.web.app) as address:
        page = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
        page.goto(f"{address}/inbox")
        days.reports(days.other, "chest_pain")
        second = page.locator(".entry", has_text="B. E.")
        expect(second).to_contain_text("EMERGENCY NOW", timeout=8_000)
        page.get_by_role("link", name="Open what waits for A. L.").click()
        expect(page.get_by_role("region", name="Whom this page is about")).to_contain_text("Alva Lindberg")
        page.get_by_label("What was done").fill("Called the patient; ambulance sent")
        page.get_by_role("button", name="Settle what was told so far").click()
        expect(page.locator("main")).to_contain_text("No report waits.")
        page.goto(f"{address}/inbox")
        expect(page.locator(".entry").first).to_contain_text("B. E.")
        page.context.close()


def test_the_inbox_is_accessible_and_fits_every_width(days: Days, chromium: Chromium) -> None:
    with serving(days.web.app) as address:
        context = chromium.new_context()
        page = signed_in(context, address, "nurse", PASSWORD)
        for path in ("/inbox", days.path, f"{days.path}/ask/{due(days)}"):
            for width in WIDTHS.values():
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}{path}")
                assert not too_wide(page), (path, width)
            assert faults(page) == []
        context.close()
