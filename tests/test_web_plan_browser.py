"""New plan and plan in a real Chromium: live, without a script, by keyboard alone, for everybody's eyes."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Browser, Page, expect

from ivigil.practice.authorising import standing_of
from tests.support.chromium import WIDTHS, faults, leads_on, press, signed_in, too_wide
from tests.support.web import PASSWORD, Web

NEW = "/plans/new"
TYPED = {
    "condition": "CIDP",
    "patient.id.value": "F-001",
    "patient.birth_date": "1960-08-02",
    "patient.weight_kg": "218 lb",
    "patient.height_cm": "1.76 m",
}


def page_at(
    chromium: Browser, address: str, path: str = NEW, who: str = "prescriber", **options: object
) -> Page:
    """A page, and a test that fails if anything on it went wrong."""
    context = chromium.new_context(**options)  # type: ignore[arg-type]
    page = signed_in(context, address, who, PASSWORD)
    page.goto(f"{address}{path}")
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def at(name: str) -> str:
    return f'[id="at-{name}"]'


def opened(page: Page, group: str) -> None:
    page.eval_on_selector(f"#group-{group}", "each => { each.open = true }")


def fill(page: Page, identifier: str = "F-001") -> None:
    """The few first fields, what the site does not suggest, and the screening."""
    for group in ("body", "screening"):
        opened(page, group)
    for name, text in (TYPED | {"patient.id.value": identifier, "patient.id.system": "urn:example"}).items():
        page.fill(at(name), text)
    page.select_option(at("patient.sex"), "male")
    page.select_option(at("jurisdiction"), "US")
    page.check(at("screening.complete"))


def plan_of(page: Page) -> str:
    return page.url.rpartition("/")[2]


def signs(chromium: Browser, address: str, who: str, path: str, button: str) -> None:
    page = page_at(chromium, address, path, who)
    page.fill("#password", PASSWORD)
    leads_on(page, page.get_by_role("button", name=button, exact=True))
    page.context.close()


def test_from_an_empty_form_to_a_released_plan(chromium: Browser, address: str, web: Web) -> None:
    page = page_at(chromium, address)
    expect(page.locator("#plan")).to_contain_text("Still needed")
    number = f"E-{uuid.uuid4().hex[:12]}"  # nobody whom an earlier try has signed for
    fill(page, number)
    expect(page.locator("#plan .gist")).to_contain_text("mL/h")
    expect(page.locator('[id="echo-patient.weight_kg"]')).to_have_text("≈ 98.88 kg")
    expect(page.locator('[id="echo-patient.height_cm"]')).to_have_text("= 176 cm")
    expect(page.locator('[id="echo-condition"]')).to_contain_text("emyelinating")
    press(page, "Put this plan into the journal")
    expect(page).to_have_url(re.compile("/plans/[0-9a-f]+$"))
    path = f"/plans/{plan_of(page)}"
    expect(page.locator(".banner")).to_contain_text(number)
    expect(page.locator(".banner")).to_contain_text("1960-08-02")
    signs(chromium, address, "prescriber", path, "Prescribe")
    signs(chromium, address, "pharmacist", path, "Verify")
    signs(chromium, address, "prescriber", path, "Release")
    standing = standing_of(web.journal, plan_of(page))
    assert standing.step == "released"
    page.reload()
    expect(page.locator(".stands")).to_contain_text("RELEASED")
    page.context.close()


def test_the_plan_follows_what_is_typed(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    fill(page)
    dose = page.locator("#plan .gist li").first
    expect(dose).to_contain_text("164.76")
    # Devine: 50 + 2.3 x (176 / 2.54 - 60) = 71.37 kg; 40 % of the rest: 82.38 kg; 2 g/kg.
    page.fill(at("patient.weight_kg"), "70")
    expect(dose).to_contain_text("140")
    expect(page.locator('[id="echo-patient.weight_kg"]')).to_have_text(
        "≈ 154.3 lb ≈ 70000 g".replace("≈ 7", "= 7")
    )
    page.context.close()


def test_an_answer_on_the_spot_is_typed_into_the_form(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    fill(page)
    page.wait_for_selector("#questions:not([data-ranks])")
    page.wait_for_timeout(700)  # a press on a question that has just moved does not count
    question = page.locator(".question", has_text="ABO blood group?")
    question.get_by_role("button", name="AB", exact=True).click()
    expect(page.locator(at("patient.blood_group"))).to_have_value("AB")
    expect(question).to_have_count(0)
    expect(page.locator(".question :focus")).to_have_count(1)  # at the next one
    page.context.close()


def test_a_fault_is_told_at_its_field_while_the_rest_is_kept(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    fill(page)
    page.fill(at("condition"), "kidp")
    fault = page.locator('[id="fault-condition"]')
    expect(fault).to_contain_text("Did you mean")
    expect(page.locator(at("condition"))).to_have_attribute("aria-invalid", "true")
    fault.get_by_role("button").first.click()
    expect(page.locator("#plan .gist")).to_be_visible()
    expect(page.locator(at("condition"))).not_to_have_attribute("aria-invalid", "true")
    page.fill(at("patient.weight_kg"), "1.500")
    expect(page.locator('[id="fault-patient.weight_kg"]')).to_contain_text("1.5")
    assert page.input_value(at("patient.id.value")) == "F-001"
    page.context.close()


def test_an_unusual_weight_is_planned_once_it_was_checked(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    fill(page)
    page.fill(at("patient.last_weight_kg"), "60")
    checked = page.get_by_label("I have checked this value").first
    expect(checked).to_be_visible()
    checked.check()
    expect(page.locator("#plan .gist")).to_be_visible()
    page.context.close()


def test_without_an_answer_the_plan_says_that_it_is_not_up_to_date(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    fill(page)
    expect(page.locator("#plan .gist")).to_be_visible()
    page.context.set_offline(True)
    page.fill(at("patient.weight_kg"), "50")
    expect(page.locator("#plan .outdated")).to_contain_text("typed before")
    page.context.set_offline(False)
    page.fill(at("patient.weight_kg"), "60")
    expect(page.locator("#plan .gist li").first).to_contain_text("120")
    expect(page.locator("#plan .outdated")).to_be_hidden()
    page.context.close()


def test_all_of_it_works_without_a_script(chromium: Browser, address: str, web: Web) -> None:
    page = page_at(chromium, address, java_script_enabled=False)
    for name in ("condition", "patient.id.value", "patient.birth_date", "patient.weight_kg"):
        page.fill(at(name), TYPED[name] if name != "patient.id.value" else f"N-{uuid.uuid4().hex[:12]}")
    page.fill(at("patient.id.system"), "urn:example")
    page.select_option(at("patient.sex"), "male")
    leads_on(page, page.locator("main button[value=plan]:not(.unseen):not(.choice)"))
    expect(page.locator(".notice.stop").first).to_contain_text("Country")
    page.select_option(at("jurisdiction"), "US")
    leads_on(page, page.locator("main button[value=plan]:not(.unseen):not(.choice)"))
    expect(page.locator("#plan .gist")).to_contain_text("g")
    page.locator("#questions > details > summary").last.click()
    question = page.locator(".question", has_text="Cryoglobulins?")
    leads_on(page, question.get_by_role("button", name="No", exact=True))
    assert page.is_checked('[name="screening.cryoglobulinaemia"][value=absent]')
    page.fill('[id="answer-patient.height_cm"]', "176")
    leads_on(page, page.locator(".question", has_text="Height?").get_by_role("button", name="Answer"))
    assert page.input_value(at("patient.height_cm")) == "176"
    leads_on(page, page.locator("button[value=add]"))
    page.fill("#password", PASSWORD)
    leads_on(page, page.get_by_role("button", name="Prescribe", exact=True))
    assert standing_of(web.journal, plan_of(page)).step == "prescribed"
    page.context.close()


def test_by_keyboard_alone(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    page.locator(at("condition")).focus()
    for text in ("CIDP", "K-001", "1960-08-02"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.type("male")
    page.keyboard.press("Tab")
    page.keyboard.type("98.9")
    page.keyboard.press("Tab")
    page.keyboard.type("urn:example")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # the route stays as suggested
    page.keyboard.type("United States")
    expect(page.locator("#plan .gist")).to_be_visible()
    page.locator("#plan summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#plan .reason").first).to_be_visible()
    page.context.close()


def test_nothing_is_wrong_for_those_who_see_otherwise(chromium: Browser, address: str) -> None:
    page = page_at(chromium, address)
    assert faults(page) == []
    fill(page, "A-001")
    expect(page.locator("#plan .gist")).to_be_visible()
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    assert faults(page) == []
    page.fill(at("condition"), "kidp")
    expect(page.locator('[id="fault-condition"]')).to_contain_text("Did you mean")
    assert faults(page) == []
    page.fill(at("condition"), "CIDP")
    expect(page.locator("#plan .gist")).to_be_visible()
    press(page, "Put this plan into the journal")
    expect(page).to_have_url(re.compile("/plans/[0-9a-f]+$"))
    base = page.url
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    assert faults(page) == []
    for paper in ("/papers/plan", "/days/1/pump-card", "/days/1/downtime"):
        page.goto(base + paper)
        assert faults(page) == []
    page.context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_reaches_past_the_window(width: int, chromium: Browser, address: str) -> None:
    page = page_at(chromium, address, viewport={"width": width, "height": 900})
    assert not too_wide(page)
    fill(page, f"W-{width}")
    expect(page.locator("#plan .gist")).to_be_visible()
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    assert not too_wide(page)
    press(page, "Put this plan into the journal")
    expect(page).to_have_url(re.compile("/plans/[0-9a-f]+$"))
    base = page.url
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    assert not too_wide(page)
    for paper in ("/papers/plan", "/days/1/downtime"):
        page.goto(base + paper)
        assert not too_wide(page)
    page.context.close()
