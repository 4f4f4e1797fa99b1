"""The server is replaced by another version while an infusion runs: pages stay open, entries wait."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

import ivigil
from ivigil.course import Plan
from ivigil.infusion.events import VitalsTaken
from tests.support.chair_server import Server
from tests.support.chair_stage import Chairs, path
from tests.support.chromium import faults, signed_in
from tests.support.web import PASSWORD, Web

_PULSE = '#panel-vital-signs input[name="measure.heart_rate_per_min"]'
_BUILD = "document.querySelector('meta[name=build]').content"
_ONWARD = "[...document.querySelectorAll('#now .fresh-only')].filter(each => each.checkVisibility()).length"


class Site:
    """A server, and another version to put in its place: on the same port, over the same journal."""

    def __init__(self, folder: Path) -> None:
        self.chairs = Chairs(Web(folder), 40)
        self.server = Server(self.chairs.web)
        self._other = folder / "other"
        package = Path(ivigil.__file__).parent
        shutil.copytree(package, self._other / package.name)
        with (self._other / package.name / "web/static/chair.css").open("a") as sheet:
            sheet.write("/* another version */\n")

    def stop(self) -> None:
        self.server.kill()

    def replace(self) -> None:
        """The version that did not run before runs now."""
        self.stop()
        self.server.source = None if self.server.source else self._other
        self.server.start()

    def pulses(self, plan: Plan) -> list[str]:
        taken = (what for what in self.chairs.deeds(plan) if isinstance(what, VitalsTaken))
        return [str(what.readings["measure.heart_rate_per_min"]) for what in taken]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    made.server.start()
    yield made
    made.stop()


@pytest.fixture
def running(site: Site) -> Plan:
    return site.chairs.plan()


def at_chair(chromium: Chromium, site: Site, plan: Plan) -> Page:
    page = signed_in(chromium.new_context(), site.server.address, "nurse", PASSWORD)
    page.goto(f"{site.server.address}{path(plan)}")
    ready(page)
    return page


def ready(page: Page) -> None:
    page.wait_for_selector("html[data-chair=ready]", state="attached")


def type_pulse(page: Page, value: str) -> None:
    page.click("#panel-vital-signs > summary")
    page.fill(_PULSE, value)


def send(page: Page) -> None:
    page.click("#panel-vital-signs button:has-text('Record vital signs')")


def test_what_waits_is_written_once_by_the_other_version_and_the_page_goes_on_to_it(
    chromium: Chromium, site: Site, running: Plan
) -> None:
    page = at_chair(chromium, site, running)
    before, build = site.pulses(running), page.evaluate(_BUILD)
    site.stop()
    for value in ("101", "102"):
        type_pulse(page, value)
        send(page)
        expect(page.locator("#waiting")).to_contain_text(f"Pulse {value}")
    page.click("#halts button:has-text('Slow to 19 mL/h')")
    expect(page.locator("#waiting h2")).to_have_text("3 entries not yet saved")
    site.replace()
    expect(page.locator(f"meta[name=build]:not([content='{build}'])")).to_be_attached()  # by itself
    ready(page)
    expect(page.locator("#waiting")).to_be_hidden()
    assert site.pulses(running) == [*before, "101", "102"]
    assert site.chairs.state(running).rate_ml_per_h == 19
    page.context.close()


def test_nothing_typed_is_taken_away_and_no_two_versions_are_mixed(
    chromium: Chromium, site: Site, running: Plan
) -> None:
    page = at_chair(chromium, site, running)
    before, build = site.pulses(running), page.evaluate(_BUILD)
    expect(page.locator("#newer")).to_be_hidden()
    type_pulse(page, "88")
    site.replace()
    expect(page.locator("#newer")).to_contain_text("A newer version of Ivigil runs here now.")
    assert faults(page) == []
    known = page.locator("#now .as-of").inner_text()
    expect(page.locator("#now")).to_have_class(re.compile("stale"))
    assert page.locator("#now .as-of").inner_text() == known
    assert page.evaluate(_ONWARD) == 0
    assert (page.evaluate(_BUILD), page.locator(_PULSE).input_value()) == (build, "88")
    send(page)
    expect(page.locator(".done")).to_contain_text("pulse 88")
    assert page.evaluate(_BUILD) != build
    assert site.pulses(running) == [*before, "88"]
    site.replace()
    page.click("#halts button:has-text('Stop')")
    expect(page.locator(".done")).to_contain_text("stopped")
    assert site.chairs.state(running).ended_early
    page.context.close()


def test_what_one_version_cannot_read_is_kept_for_a_person_and_for_the_next(
    chromium: Chromium, site: Site, running: Plan
) -> None:
    page = at_chair(chromium, site, running)
    before = site.pulses(running)
    answers = iter(({"outcome": "faulty", "faults": []}, {"outcome": "of a later day"}))

    def answer(route: Route) -> None:
        route.fulfill(json=next(answers), headers={"x-ivigil-build": "another"})

    page.context.set_offline(True)
    for value in ("91", "92"):
        type_pulse(page, value)
        send(page)
        expect(page.locator("#waiting")).to_contain_text(f"Pulse {value}")
    page.route("**/queue", answer)
    page.route("**/chair/*/1", lambda route: route.abort())
    page.context.set_offline(False)
    expect(page.locator("#waiting li p")).to_have_count(2)
    expect(page.locator("#waiting li p").first).to_contain_text("It cannot be read")
    assert site.pulses(running) == before
    page.unroute("**/queue")
    page.unroute("**/chair/*/1")
    expect(page.locator("#waiting")).to_be_hidden()
    assert site.pulses(running) == [*before, "91", "92"]
    page.context.close()
