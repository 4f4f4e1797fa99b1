"""The board in a browser: live, stale in time, calm; no name on it, and every look at a name recorded."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import SymptomNoted
from ivigil.records.entrance import PatientRead
from ivigil.records.infusing import load
from ivigil.records.journal import system_clock
from tests.support.chromium import WIDTHS, faults, serving, signed_in, too_wide
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.web import PASSWORD, SITE, STAFF, Web

WALL = 1920
MAY = ("prescriber", "pharmacist", "nurse")


class Stage(NamedTuple):
    """A web application with infusions under way."""

    web: Web
    ward: FictionalWard
    anna: Plan
    anne: Plan


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    web = Web(tmp_path_factory.mktemp("web"))
    web.clock.ahead = NOW - system_clock()
    ward = FictionalWard(web.journal, SITE)
    anna = ward.played("SECRET-1", "Anna Lindberg", chair="Window 2")
    anne = ward.played("SECRET-2", "Anne Lindborg", chair="Window 3", minutes_ago=95)
    ward.played("SECRET-3", "Eve Sample", minutes_ago=-45)
    return Stage(web, ward, anna, anne)


# --- direct requests


@pytest.mark.parametrize("role", STAFF)
def test_who_treats_sees_the_board_and_nobody_else(stage: Stage, role: str) -> None:
    browser = stage.web.browser(role)
    wanted = 200 if role in MAY else 403
    assert browser.get("/board").status_code == wanted
    assert browser.get("/board?part=infusions").status_code == wanted
    assert browser.get(f"/board/{infusion_id(stage.anna.id, 1)}").status_code == wanted


def test_a_stranger_is_asked_to_sign_in(stage: Stage) -> None:
    stranger = stage.web.browser()
    for path in ("/board", f"/board/{infusion_id(stage.anna.id, 1)}"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_the_board_names_nobody(stage: Stage) -> None:
    page = stage.web.browser("nurse").get("/board").text
    assert "Window 2" in page
    assert "A. L." in page
    assert not any(word in page for word in ("SECRET", "Anna", "Lindb", stage.ward.stream(stage.anna)))


def test_a_look_at_who_it_is_is_recorded_before_it_is_shown(stage: Stage) -> None:
    page = stage.web.browser("nurse").get(f"/board/{infusion_id(stage.anna.id, 1)}").text
    assert "Anna Lindberg" in page
    assert "SECRET-1" in page
    reads = [record for record in stage.web.journal.records() if isinstance(record.body, PatientRead)]
    assert [(read.subject, read.author) for read in reads] == [
        (stage.ward.stream(stage.anna), "nurse Example")
    ]


def test_a_site_sees_its_own_patients(stage: Stage) -> None:
    elsewhere = FictionalWard(stage.web.journal, "Another site")
    elsewhere.played("SECRET-4", "Zoe Other", chair="9")
    page = stage.web.browser("nurse").get("/board").text
    assert "Z. O." not in page
    assert "A. L." in page


def test_a_nurse_seats_a_patient_once_however_often_the_form_is_sent(stage: Stage) -> None:
    infusion = infusion_id(stage.anna.id, 1)
    path = f"/board/{infusion}"
    browser = stage.web.browser("nurse")
    entry = re.search(r'name="entry" value="([0-9a-f-]{36})"', browser.get(path).text)
    assert entry is not None
    for _ in range(2):
        answer = browser.post(f"{path}/chair", {"chair": " Bed  1 ", "entry": entry[1]}, form_at=path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    events = load(stage.web.journal, infusion).events
    assert [event.by for event in events if event.id == entry[1]] == ["nurse Example"]
    assert "Bed 1" in browser.get("/board").text


@pytest.mark.parametrize("chair", ["", "x" * 25])
def test_a_chair_that_nobody_can_read_is_refused_and_what_was_typed_stays(stage: Stage, chair: str) -> None:
    path = f"/board/{infusion_id(stage.anna.id, 1)}"
    browser = stage.web.browser("nurse")
    answer = browser.post(f"{path}/chair", {"chair": chair, "entry": ""}, form_at=path)
    assert answer.status_code == 400
    assert "1 to 24 characters" in answer.text


def test_a_pharmacist_seats_nobody(stage: Stage) -> None:
    path = f"/board/{infusion_id(stage.anna.id, 1)}"
    browser = stage.web.browser("pharmacist")
    assert "Save the chair" not in browser.get(path).text
    assert browser.post(f"{path}/chair", {"chair": "1"}, form_at="/account").status_code == 403


def test_an_infusion_that_is_not_there_is_not_found(stage: Stage) -> None:
    assert stage.web.browser("nurse").get("/board/0000000000000000-1").status_code == 404


# --- in Chromium


def opened(stage: Stage, chromium: Chromium, address: str) -> Page:
    page = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
    page.goto(f"{address}/board")
    return page


def test_what_is_written_is_on_the_board_within_seconds(stage: Stage, chromium: Chromium) -> None:
    with serving(stage.web.app) as address:
        page = opened(stage, chromium, address)
        expect(page.locator(".places-first .place")).to_have_count(0)
        for symptom in ("wheezing", "low_blood_pressure"):
            stage.ward.happens(stage.anne, SymptomNoted(symptom=f"symptom.{symptom}"))
        first = page.locator(".places-first .place").first
        expect(first).to_contain_text("Window 3", timeout=5_000)
        expect(first).to_contain_text("Emergency")
        expect(page).to_have_title("(1) Board · Ivigil")
        expect(page.locator("#board-told")).to_contain_text("Window 3")
        page.context.close()


def test_an_overdue_alarm_is_on_the_screen_within_ten_seconds(stage: Stage, chromium: Chromium) -> None:
    with serving(stage.web.app) as address:
        page = opened(stage, chromium, address)
        expect(page.locator(".places-first .place")).to_have_count(0)
        stage.web.clock.passes(minutes=20)
        began = time.monotonic()
        expect(page.locator(".places-first .place").first).to_contain_text("Overdue", timeout=10_000)
        assert time.monotonic() - began < 10
        page.context.close()


def test_a_board_without_news_greys_itself_within_ten_seconds_and_comes_back(
    stage: Stage, chromium: Chromium
) -> None:
    with serving(stage.web.app) as address:
        page = opened(stage, chromium, address)
        cut = lambda route: route.abort() if "board" in route.request.url else route.continue_()  # noqa: E731
        page.route("**/board", cut)
        live = page.locator("#infusions")
        expect(live).to_have_class(re.compile("stale"), timeout=13_000)
        expect(live.locator(".last-known")).to_contain_text("Not fresh: last known")
        assert faults(page) == []  # grey, and still to be read
        page.unroute("**/board")
        expect(live).not_to_have_class(re.compile("stale"), timeout=6_000)
        page.context.close()


def test_two_chairs_with_near_identical_names_are_told_apart(stage: Stage, chromium: Chromium) -> None:
    with serving(stage.web.app) as address:
        page = opened(stage, chromium, address)
        cards = page.locator(".place", has_text="same initials")
        expect(cards).to_have_count(2)
        page.get_by_role("link", name="Who is this? Window 3, A. L.").click()
        expect(page.locator(".facts")).to_contain_text("Anne Lindborg")
        expect(page.locator(".facts")).to_contain_text("SECRET-2")
        page.context.close()


def test_the_board_is_used_by_keyboard_alone_and_keeps_the_focus(stage: Stage, chromium: Chromium) -> None:
    with serving(stage.web.app) as address:
        page = opened(stage, chromium, address)
        wanted = page.locator(".ask-who").first
        for _ in range(40):
            page.keyboard.press("Tab")
            if wanted.evaluate("link => link === document.activeElement"):
                break
        before = page.locator("#infusions").get_attribute("data-made")
        expect(page.locator("#infusions")).not_to_have_attribute("data-made", before or "", timeout=6_000)
        expect(wanted).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_label("Chair or bed").fill("Window 9")
        page.keyboard.press("Enter")
        expect(page.locator(".places-running")).to_contain_text("Window 9")
        page.context.close()


def test_the_board_is_accessible_and_fits_every_width(stage: Stage, chromium: Chromium) -> None:
    stage.web.clock.passes(minutes=5)
    stage.ward.happens(stage.anne, SymptomNoted(symptom="symptom.wheezing"), NOW + dt.timedelta(minutes=4))
    with serving(stage.web.app) as address:
        context = chromium.new_context()
        page = signed_in(context, address, "nurse", PASSWORD)
        for path in ("/board", f"/board/{infusion_id(stage.anna.id, 1)}"):
            for width in (*WIDTHS.values(), WALL):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}{path}")
                assert not too_wide(page), (path, width)
            assert faults(page) == []
        context.close()


def test_a_locked_screen_still_shows_the_board_and_nobody_s_name(stage: Stage) -> None:
    browser = stage.web.browser("nurse")
    stage.web.clock.passes(minutes=15)
    assert browser.get("/board").status_code == 200
    answer = browser.get(f"/board/{infusion_id(stage.anna.id, 1)}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/unlock")
