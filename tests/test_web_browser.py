"""In a real Chromium: every page of access, in both themes, at three widths; live parts; without a script."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from ivigil.patient import Identifier
from tests.support.chromium import WIDTHS, faults, serving, signed_in, too_wide
from tests.support.web import PASSWORD, Web

OPEN = ("/sign-in", "/code", "/nothing-here")
BY_ROLE = {
    "nurse": ("/board", "/account"),
    "administrator": ("/people", "/people/roles"),
    "auditor": ("/audit", "/audit?what=sign-ins", "/audit?day=x"),
}


def looked_at(page: Page, at: str) -> None:
    """Nothing for axe to find, no sideways scrolling, nothing refused by the policy."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    answer = page.goto(at)
    assert answer
    assert faults(page) == [], at
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 900})
        assert not too_wide(page), (at, width)
    assert [line for line in said if "Failed to load resource" not in line] == [], at


def test_every_page_of_access_is_accessible_in_both_themes(chromium: Browser, address: str) -> None:
    stranger = chromium.new_context()
    for path in OPEN:
        looked_at(stranger.new_page(), f"{address}{path}")
    for role, paths in BY_ROLE.items():
        context = chromium.new_context()
        page = signed_in(context, address, role, PASSWORD)
        for path in paths:
            looked_at(page, f"{address}{path}")


def test_forms_that_are_found_on_the_way_are_accessible_too(
    chromium: Browser, web: Web, address: str
) -> None:
    elsewhere = web.patient(Identifier("urn:test:patients", "P-elsewhere"), "Another fictional site")
    nurse = web.door.desk.people.by_sign_in("nurse")
    assert nurse
    context = chromium.new_context()
    looked_at(signed_in(context, address, "nurse", PASSWORD), f"{address}/glass/{elsewhere}")
    context = chromium.new_context()
    page = signed_in(context, address, "administrator", PASSWORD)
    looked_at(page, f"{address}/people/{nurse[0].id}")
    page.locator("#code-password").fill("wrong")
    page.get_by_role("button", name="Give a one-time code").click()
    expect(page.get_by_role("alert")).to_contain_text("Your password is wrong.")
    assert faults(page) == []


def test_it_works_without_a_script_and_by_the_keyboard_alone(chromium: Browser, address: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/board")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Sign-in name").focus()
    page.keyboard.type("nurse")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Board")).to_be_visible()
    expect(page.get_by_text("As of")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_live_part_greys_itself_when_no_fresh_answer_comes(chromium: Browser, address: str) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "nurse", PASSWORD)
    page.goto(f"{address}/board")
    live = page.locator(".live")
    first = live.get_attribute("data-made")
    expect(live).not_to_have_attribute("data-made", first or "")
    expect(live).not_to_have_class("live stale")
    context.set_offline(True)
    expect(live).to_have_class("live stale", timeout=12_000)
    expect(page.get_by_text("Not fresh: last known")).to_be_visible()
    context.set_offline(False)
    expect(live).to_have_class("live")


def test_an_answer_that_a_cache_gives_again_is_not_fresh(chromium: Browser, address: str) -> None:
    page = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
    page.goto(f"{address}/board")
    page.wait_for_timeout(1_500)
    kept = page.request.get(f"{address}/board?part=infusions").text()
    page.route("**/board", lambda route: route.fulfill(body=kept, content_type="text/html"))
    expect(page.locator(".live")).to_have_class("live stale", timeout=15_000)


def test_a_screen_that_locks_shows_nothing_more(chromium: Browser, tmp_path: Path) -> None:
    web = Web(tmp_path)
    with serving(web.app) as address:
        page = signed_in(chromium.new_context(), address, "nurse", PASSWORD)
        page.goto(f"{address}/inbox")
        web.clock.passes(minutes=11)
        page.wait_for_url(lambda url: "/sign-in" in url, timeout=9_000)
