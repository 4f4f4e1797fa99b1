"""In a real Chromium at the size of a phone: from a private link through a report to the team's view."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import WIDTHS, faults, press, signed_in, too_wide
from tests.support.treated import centre, linked, treated
from tests.support.web import PASSWORD, Web

PHONE = {"width": 360, "height": 740}
PAGES = (
    "/me",
    "/me/wrong",
    "/me/diary",
    "/me/treatment",
    "/me/prepare",
    "/me/windows",
    "/me/papers",
    "/me/way-back",
)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    return centre(tmp_path_factory.mktemp("web"))


def somebody() -> str:
    """An identifier that no other test has, and no other try of the same."""
    return f"P-{uuid.uuid4().hex[:12]}"


def come_in(context: BrowserContext, web: Web, address: str, stream: str) -> Page:
    """By a link and its code, as they are typed."""
    secret, code = linked(web, stream)
    page = context.new_page()
    page.goto(f"{address}/in/{secret}")
    page.get_by_label("Code of 6 digits").fill(code)
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("heading", name="Hello")).to_be_visible()
    return page


def phone(chromium: Browser, *, script: bool = False) -> BrowserContext:
    return chromium.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=script,
    )


def test_from_a_link_through_red_flags_to_the_answer_and_the_team(
    chromium: Browser, web: Web, address: str
) -> None:
    stream, _ = treated(web, somebody(), "Fictional Phone")
    page = come_in(phone(chromium), web, address, stream)
    expect(page.get_by_text("For: Fictional Phone")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Something is wrong").click()
    expect(page.get_by_text("In danger? Call 112 now")).to_be_visible()
    page.get_by_label("Chest pain", exact=True).check()
    page.get_by_role("button", name="Send what I ticked").click()
    expect(page.get_by_text("EMERGENCY NOW")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="EMERGENCY: call 112.")).to_have_attribute(
        "href", "tel:112"
    )
    assert re.fullmatch(r".*/me/answers/[0-9a-f-]{36}", page.url)
    team = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
    team.goto(f"{address}/patients/{stream}")
    expect(team.get_by_text("EMERGENCY NOW")).to_be_visible()
    expect(team.get_by_text("chest pain: may be a heart attack or a clot in the lungs")).to_be_visible()
    expect(team.get_by_role("cell", name="something is wrong")).to_be_visible()


def test_the_check_in_of_the_third_day_is_answered_without_a_script(
    chromium: Browser, web: Web, address: str
) -> None:
    stream, plan = treated(web, somebody(), "Fictional Third Day", ended_hours_ago=74)
    page = come_in(phone(chromium), web, address, stream)
    page.get_by_role("link", name="Answer now").click()
    press(page, "None of these is so")
    page.get_by_label("Bad headache").check()
    page.get_by_label("Is there anything else?").fill("I sleep badly.")
    go_on_to_the_end(page)
    expect(page.get_by_role("heading", name="Your answer")).to_be_visible()
    expect(page.get_by_text("CARE TODAY")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Bad headache")).to_be_visible()
    team = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
    team.goto(f"{address}/patients/{stream}")
    expect(team.get_by_text("check-in, answered by the patient")).to_be_visible()
    expect(team.get_by_text("answered", exact=True)).to_be_visible()
    assert plan.id in team.content()


def test_by_the_keyboard_alone(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, somebody(), "Fictional Keyboard")
    page = come_in(phone(chromium), web, address, stream)
    page.goto(f"{address}/me/wrong")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="EMERGENCY: call 112.")).to_be_focused()
    box = page.get_by_label("Fainting or passing out")
    for _ in range(60):
        if box.evaluate("box => box === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_text("EMERGENCY NOW")).to_be_visible()


def test_every_page_is_accessible_and_fits(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, somebody(), "Fictional Reader", ended_hours_ago=30)
    context = phone(chromium, script=True)
    page = come_in(context, web, address, stream)
    number = page.get_by_role("link", name="Answer now").get_attribute("href") or ""
    for path in (*PAGES, number):
        page.goto(f"{address}{path}")
        looked_at(page, path)
    press(page, "None of these is so")
    looked_at(page, "the questions of a check-in")
    page.goto(f"{address}/me/wrong")
    press(page, "None of these is so")
    looked_at(page, "what is wrong")
    page.get_by_label("What is wrong?").fill("My neck is stiff. The cat looks odd.")
    press(page, "Go on")
    looked_at(page, "own words confirmed")
    press(page, "Go on")
    looked_at(page, "further questions")
    go_on_to_the_end(page)
    looked_at(page, "the answer")
    for language in ("Español", "Français"):
        press(page, language)
        looked_at(page, language)
    team = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
    team.goto(f"{address}/patients/{stream}")
    press(team, "Make a private link")
    team.locator("summary").last.click()
    looked_at(team, "the team's page")


def go_on_to_the_end(page: Page) -> None:
    """Through all further questions as they stand."""
    while page.get_by_role("button", name="Go on").count():
        press(page, "Go on")


def looked_at(page: Page, what: str) -> None:
    assert faults(page) == [], what
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 740})
        assert not too_wide(page), (what, width)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]


def test_a_step_back_and_other_answers_are_kept_as_well(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, somebody(), "Fictional Back")
    page = come_in(phone(chromium), web, address, stream)
    page.goto(f"{address}/me/wrong")
    page.get_by_label("Chest pain", exact=True).check()
    press(page, "Send what I ticked")
    first = page.url
    page.go_back()
    page.get_by_label("Sudden confusion").check()
    press(page, "Send what I ticked")
    expect(page.get_by_text("EMERGENCY NOW")).to_be_visible()
    assert page.url != first
    page.goto(first)
    expect(page.get_by_text("EMERGENCY NOW")).to_be_visible()


def test_a_patient_comes_back_with_a_password(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, somebody(), "Fictional Return")
    page = come_in(phone(chromium), web, address, stream)
    page.goto(f"{address}/me/way-back")
    name = page.locator("strong.name").inner_text()
    page.get_by_label("New password").fill("four fictional words here")
    page.get_by_label("The same again").fill("four fictional words here")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_text("Your password is kept.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    again = signed_in(phone(chromium), address, name, "four fictional words here")
    expect(again.get_by_role("heading", name="Hello")).to_be_visible()
