"""In a real Chromium, without a script: two people sign a fact, a result is recorded; axe in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.support.chromium import WIDTHS, faults, leads_on, press, signed_in, too_wide
from tests.support.treated import centre, treated
from tests.support.web import PASSWORD, Web

FACT, SETTING = "qivigy-us.schedule.pi-first", "policy.check_in_wait"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    return centre(tmp_path_factory.mktemp("web"))


def test_two_people_sign_without_a_script(chromium: Browser, web: Web, address: str) -> None:
    for name in ("prescriber", "pharmacist"):
        context = chromium.new_context(java_script_enabled=False)
        page = signed_in(context, address, name, PASSWORD)
        page.goto(f"{address}/facts/{FACT}")
        page.locator("#sign-password").fill(PASSWORD)
        leads_on(page, page.get_by_role("button", name="Sign", exact=True))
        expect(page.get_by_role("cell", name=f"signed as {name}")).to_be_visible()
        context.close()
    assert FACT in web.door.rules.now().signed


def test_a_result_without_a_script(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, "P-S1")
    context = chromium.new_context(java_script_enabled=False)
    page = signed_in(context, address, "nurse", PASSWORD)
    page.goto(f"{address}/patients/{stream}/results")
    page.get_by_label("Haemoglobin").fill("9.8 g/dL")
    page.get_by_label("Drawn at").fill("00:00")
    press(page, "Check")
    expect(page.get_by_text("Nothing is recorded yet")).to_be_visible()
    press(page, "Record these results")
    expect(page.get_by_role("cell", name="haemoglobin 98 g/L")).to_be_visible()
    context.close()


def test_a_value_is_echoed_in_the_other_unit_while_it_is_typed(
    chromium: Browser, web: Web, address: str
) -> None:
    stream, _ = treated(web, "P-S3")
    context = chromium.new_context()
    page = signed_in(context, address, "nurse", PASSWORD)
    page.goto(f"{address}/patients/{stream}/results")
    echo = page.locator("#echo-creatinine")
    page.get_by_label("Creatinine", exact=True).fill("120")
    expect(echo).to_have_text("≈ 1.357 mg/dL")
    page.get_by_label("Creatinine", exact=True).fill("1.5 mg/dL")
    expect(echo).to_have_text("= 132.6 µmol/L")
    page.get_by_label("Creatinine", exact=True).fill("much")
    expect(echo).to_be_empty()
    page.get_by_text("Normal there: Creatinine").click()
    limits = page.get_by_role("group", name="Creatinine: this laboratory’s normal limits")
    limits.get_by_label("to").fill("1.2 mg/dL")
    assert faults(page) == []
    context.close()


def test_the_pages_are_accessible(chromium: Browser, web: Web, address: str) -> None:
    stream, _ = treated(web, "P-S2")
    context = chromium.new_context()
    page = signed_in(context, address, "prescriber", PASSWORD)
    for path in ("/sign-off", f"/facts/{FACT}", f"/facts/{SETTING}", f"/patients/{stream}/results"):
        page.goto(f"{address}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert faults(page) == [], path
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 900})
            assert not too_wide(page), (path, width)
    context.close()
