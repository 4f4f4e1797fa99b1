"""A whole course in a browser: ordered, signed, infused with a reaction, asked on the third day, read."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead
from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import ObservationEnded, Started, Stopped, SymptomNoted
from ivigil.practice.authorising import standing_of
from ivigil.records.infusing import load
from ivigil.records.journal import system_clock
from tests.support.chromium import leads_on, press, serving, signed_in
from tests.support.treated import CODE, LINK, centre
from tests.support.web import PASSWORD, Web
from tests.test_web_chair_browser import open_panel, press_in, ready, take_vitals
from tests.test_web_patient_browser import go_on_to_the_end
from tests.test_web_plan_browser import fill, plan_of


class Course:
    """A centre at one moment after another, and whoever works there."""

    def __init__(self, web: Web, chromium: Chromium, address: str) -> None:
        self.web, self.chromium, self.address = web, chromium, address

    def at(self, moment: dt.datetime) -> None:
        self.web.clock.ahead = moment - system_clock()

    @contextmanager
    def someone(self, who: str, path: str) -> Iterator[Page]:
        """A page of somebody who signs in for it: their sessions end between one moment and the next."""
        context = self.chromium.new_context(viewport={"width": 820, "height": 1100})
        page = signed_in(context, self.address, who, PASSWORD)
        page.goto(f"{self.address}{path}")
        yield page
        context.close()


@pytest.fixture
def course(tmp_path: Path, chromium: Chromium) -> Iterator[Course]:
    web = centre(tmp_path)
    with serving(web.app) as address:
        yield Course(web, chromium, address)


def test_from_the_order_through_a_reaction_to_the_check_in_of_the_third_day(course: Course) -> None:
    number = f"C-{uuid.uuid4().hex[:12]}"
    plan = ordered(course, number)
    begins = plan.days[0].start
    chair = f"/chair/{plan.id}/1"
    course.at(begins - dt.timedelta(minutes=10))
    with course.someone("nurse", chair) as page:
        begun(page, number, plan)
    course.at(begins + dt.timedelta(minutes=15))
    with course.someone("nurse", chair) as page:
        reacted(page)
    course.at(begins + dt.timedelta(hours=4))
    with course.someone("nurse", chair) as page:
        sent_home(page)
    happened = [type(event.what) for event in load(course.web.journal, infusion_id(plan.id, 1)).events]
    assert {Started, SymptomNoted, Stopped, ObservationEnded} <= set(happened)
    stream = course.web.journal.stream(plan.order.patient.id)
    course.at(begins + dt.timedelta(hours=5))
    with course.someone("nurse", f"/patients/{stream}") as page:
        press(page, "Make a private link")
        secret, code = found(LINK, page)[0], "".join(found(CODE, page))
    course.at(begins + dt.timedelta(days=3, hours=6))
    answered(course, secret, code)
    with course.someone("nurse", f"/inbox/{infusion_id(plan.id, 1)}") as page:
        expect(page.locator("main")).to_contain_text("ad headache")
        read = page.get_by_role("button", name=re.compile("read", re.IGNORECASE)).first
        leads_on(page, read)
    told = [record.body for record in course.web.journal.records() if record.stream == stream]
    (answer,) = [body for body in told if isinstance(body, CheckInAnswered)]
    assert answer.report.present == ("symptom.headache_severe",)
    assert CheckInRead(check_in=answer.check_in, reader="team") in told


def ordered(course: Course, number: str) -> Plan:
    """From an empty form to a released plan."""
    with course.someone("prescriber", "/plans/new") as page:
        page.eval_on_selector_all("details.group", "all => all.forEach(each => { each.open = true })")
        fill(page, number)
        expect(page.locator("#plan .gist")).to_contain_text("mL/h")
        press(page, "Put this plan into the journal")
        plan = plan_of(page)
        signed(page, "Prescribe")
        with course.someone("pharmacist", f"/plans/{plan}") as second:
            signed(second, "Verify")
        page.reload()
        signed(page, "Release")
    standing = standing_of(course.web.journal, plan)
    assert standing.step == "released"
    return standing.plan


def signed(page: Page, button: str) -> None:
    page.fill("#password", PASSWORD)
    leads_on(page, page.get_by_role("button", name=button, exact=True))


def begun(page: Page, number: str, plan: Plan) -> None:
    """Identity, vital signs, the first vial, the start."""
    ready(page)
    open_panel(page, "identity")
    page.fill("#identity-value", number)
    page.click("#panel-identity button:has-text('It was scanned')")
    expect(page.locator(".done")).to_contain_text("identity checked")
    take_vitals(page)
    assert plan.product is not None
    open_panel(page, "vial")
    page.click("#panel-vial summary:has-text('The barcode cannot be read')")
    page.select_option("#vial-product", plan.product.id)
    page.fill("#vial-grams", str(plan.days[0].vials[0].grams))
    page.fill("#vial-lot", "LOT 1")
    page.fill("#vial-expiry", "2030-01-01")
    page.click("#panel-vial button:has-text('It hangs')")
    expect(page.locator(".done")).to_contain_text("vial hung")
    page.click("#now .next button")
    expect(page.locator(".done")).to_contain_text("rate set to")


def reacted(page: Page) -> None:
    """Hives: the advice is to stop; it is stopped, treated, and over."""
    ready(page)
    open_panel(page, "symptom")
    page.click("#panel-symptom .chips button:has-text('hives')")
    expect(page.locator("#now .next .do").first).to_have_text(re.compile("STOP the infusion"))
    page.click("#halts button:has-text('Stop')")
    expect(page.locator(".done")).to_contain_text("stopped before its volume was in")
    page.locator(".present button:has-text('Gone')").first.click()
    expect(page.locator(".done")).to_contain_text("hives gone")


def sent_home(page: Page) -> None:
    """Vial, line, what to report, good-bye."""
    ready(page)
    take_vitals(page)
    page.locator(".vials button:has-text('Finished')").first.click()
    expect(page.locator(".done")).to_contain_text("vial finished")
    for kind, button, written in (
        ("disconnect", "The line is off", "line taken off"),
        ("informed", "Yes", "was told what to report"),
        ("left", "The patient leaves", "the patient left"),
    ):
        press_in(page, kind, button, written)


def answered(course: Course, secret: str, code: str) -> None:
    """At home, on a phone: the latest check-in that waits, with a bad headache."""
    context = course.chromium.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{course.address}/in/{secret}")
    page.get_by_label("Code of 6 digits").fill(code)
    press(page, "Come in")
    page.get_by_role("link", name="Answer now").click()
    press(page, "None of these is so")
    page.get_by_label("Bad headache").check()
    go_on_to_the_end(page)
    expect(page.get_by_role("heading", name="Your answer")).to_be_visible()
    expect(page.get_by_text("CARE TODAY")).to_be_visible()
    context.close()


def found(pattern: re.Pattern[str], page: Page) -> tuple[str, ...]:
    match = pattern.search(page.content())
    assert match
    return match.groups()
