"""In a real Chromium: facts, products and IgG levels, in both themes, with and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.support.chromium import WIDTHS, faults, signed_in, too_wide
from tests.support.clinic import Clinic
from tests.support.web import PASSWORD, Web

PAGES = (
    "/facts",
    "/facts?q=kawasaki+dose",
    "/facts?kind=disagreement",
    "/facts/privigen-us",
    "/facts/kawasaki_disease",
    "/products",
    "/products?place=US&route=IV&product=privigen-us&product=octagam-10-us",
)


@pytest.fixture(scope="module")
def clinic(web: Web) -> Clinic:
    return Clinic(web)


def test_every_page_is_accessible_in_both_themes(chromium: Browser, clinic: Clinic, address: str) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "prescriber", PASSWORD)
    for path in (*PAGES, f"{clinic.levels}?target=8&each=yes&way=SC"):
        page.goto(f"{address}{path}")
        assert faults(page) == [], path
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 900})
            assert not too_wide(page), (path, width)
    context.close()


def test_a_slider_answers_at_once_and_without_a_connection_says_of_what_there_is_no_answer(
    chromium: Browser, clinic: Clinic, address: str
) -> None:
    """It stands where the number does, and the address keeps the question."""
    context = chromium.new_context()
    page = signed_in(context, address, "prescriber", PASSWORD)
    page.goto(f"{address}{clinic.levels}")
    dose, slider = page.get_by_label("Dose", exact=True), page.get_by_role("slider", name="Dose, g")
    expect(page.get_by_role("cell", name="30 g", exact=True).first).to_be_visible()
    slider.focus()
    page.keyboard.press("Home")
    expect(dose).to_have_value("5")
    expect(page.get_by_role("cell", name="5 g", exact=True).first).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile(r"[?&]grams=5&"))
    expect(page.locator("#waiting")).to_be_hidden()
    page.get_by_label("Over", exact=True).fill("2")
    expect(page.locator("#levels.old")).to_be_visible()
    expect(page.locator(".for")).to_have_text(
        "For 5 g over 2 days, every 28 days, into a vein.", timeout=20_000
    )
    page.get_by_label("Over", exact=True).fill("1")
    expect(page.locator(".for")).to_have_text("For 5 g every 28 days into a vein.", timeout=20_000)
    context.set_offline(True)
    dose.fill("31.8")
    expect(slider).to_have_value("31.8")
    slider.press("ArrowRight")
    expect(dose).to_have_value("34.3")
    expect(page.get_by_text("Not computed for 34.3 g every 28 days: no answer came.")).to_be_visible()
    expect(page.locator("#levels.old")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_role("cell", name="34.3 g", exact=True).first).to_be_visible(timeout=20_000)
    expect(page.locator("#levels.old")).to_have_count(0)
    context.close()


def test_without_a_script_the_question_is_a_form(chromium: Browser, clinic: Clinic, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = signed_in(context, address, "prescriber", PASSWORD)
    page.goto(f"{address}{clinic.levels}")
    expect(page.get_by_role("slider")).to_have_count(0)
    page.get_by_label("Dose", exact=True).fill("40")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("cell", name="40 g", exact=True).first).to_be_visible()
    page.goto(f"{address}/facts")
    page.get_by_label("Search the fact base").fill("octagam maltose")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("octagam-10-us.property.stabiliser", exact=False).first).to_be_visible()
    context.close()
