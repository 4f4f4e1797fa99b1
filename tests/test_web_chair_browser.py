"""The chair in a real Chromium: whole infusions, no script, no connection, two tabs, keyboard, axe."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from ivigil.course import Plan
from ivigil.infusion.events import (
    Completed,
    MedicineGiven,
    ObservationEnded,
    PatientInformed,
    RateSet,
    Started,
    Stopped,
    SymptomNoted,
    VitalsTaken,
)
from tests.support import cuts
from tests.support.chair_server import Server
from tests.support.chair_stage import WELL, Chairs, path, told
from tests.support.chromium import WIDTHS, faults, signed_in, too_wide
from tests.support.proxy import Proxy
from tests.support.web import PASSWORD, Web

_OPENED = """new Promise(done => {
  const asked = indexedDB.open('ivigil-chair');
  asked.onsuccess = () => done(asked.result);
})"""
_ALL_OF = """name => new Promise(done => {
  const asked = db.transaction(name).objectStore(name).getAll();
  asked.onsuccess = () => done(asked.result);
})"""
_KEYS = f"""async () => {{
  const db = await {_OPENED}, all = {_ALL_OF};
  return (await all('keys')).map(key => key.extractable);
}}"""
_SHOWN = f"""async count => {{
  const db = await {_OPENED}, all = {_ALL_OF};
  const {{ length }} = await all('known');
  db.close();
  return length === count;
}}"""
"""Whether the device keeps so many pages that it showed."""
_ALL_KEPT = f"""async () => {{
  const db = await {_OPENED}, all = {_ALL_OF};
  let text = JSON.stringify(localStorage);
  for (const name of db.objectStoreNames) for (const each of await all(name)) {{
    text += JSON.stringify(each);
    if (each.box) text += new TextDecoder('latin1').decode(each.box);
  }}
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys())
    text += await (await caches.match(request)).text();
  return text;
}}"""
"""Everything that this device holds, as text."""
_OPEN_ALL = """document.querySelectorAll('main details').forEach(each => {
  each.removeAttribute('name');
  each.open = true;
})"""

_TAPS = """addEventListener('submit', () =>
  console.debug('tapped', document.getElementById('saved')?.textContent))"""
_ENTER = """([values, apart]) => values.forEach((value, place) => setTimeout(() => {
  const form = document.querySelector('#panel-vital-signs form');
  form.elements['measure.heart_rate_per_min'].value = value;
  form.requestSubmit();
}, place * apart))"""
"""Readings so many milliseconds apart, without the waiting of a click while another page is on its way."""

_SLOW_TO_KEEP = """const seal = crypto.subtle.encrypt;
crypto.subtle.encrypt = async function (...told) {
  await new Promise((go) => setTimeout(go, 400));
  return seal.apply(this, told);
};"""
"""A device that takes its time to write down what was tapped."""


@pytest.fixture
def chairs(web: Web) -> Chairs:
    return Chairs(web)


@pytest.fixture
def running(chairs: Chairs) -> Plan:
    """Flows at 38 mL/h, the second of eight steps, 40 minutes after the start."""
    chairs.at(40)
    return chairs.plan()


def at_chair(
    chromium: Chromium,
    address: str,
    plan: Plan,
    *,
    script: bool = True,
    width: int = 360,
) -> Page:
    """The page of a nurse on a phone."""
    context = chromium.new_context(
        viewport={"width": width, "height": 780},
        java_script_enabled=script,
    )
    page = arrived(context, address, "nurse", plan)
    if script:
        ready(page)
    return page


def arrived(context: BrowserContext, address: str, who: str, plan: Plan) -> Page:
    """Signed in, at the chair."""
    page = signed_in(context, address, who, PASSWORD)
    page.goto(f"{address}{path(plan)}")
    return page


def ready(page: Page) -> None:
    """The chair's module has begun."""
    page.wait_for_selector("html[data-chair=ready]", state="attached")


def led_out(page: Page) -> None:
    """The page finds no session any more and goes to the way in by itself."""
    expect(page).to_have_url(re.compile("/sign-in"))
    page.wait_for_load_state()


def open_panel(page: Page, kind: str) -> None:
    page.click(f"#panel-{kind} > summary")


def press_in(page: Page, kind: str, button: str, written: str) -> None:
    """Press a button of a panel; what is then said to be written, "" if it asks first."""
    open_panel(page, kind)
    page.click(f"#panel-{kind} button:has-text('{button}')")
    if written:
        expect(page.locator(".done")).to_contain_text(written)


def take_vitals(page: Page, **changed: str) -> None:
    open_panel(page, "vital-signs")
    for name, value in {**WELL, **{f"measure.{key}": value for key, value in changed.items()}}.items():
        page.fill(f'#panel-vital-signs input[name="{name}"]', value)
    page.click("#panel-vital-signs button:has-text('Record vital signs')")
    expect(page.locator(".done")).to_contain_text("measured")


def next_action(page: Page) -> str:
    return " ".join(page.locator("#now .next .do").first.inner_text().split())


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_whole_infusion_through_forms(
    chromium: Chromium, address: str, chairs: Chairs, script: bool
) -> None:
    """Identity, vital signs, vial, start, a step, a reaction, stop, observation, discharge."""
    chairs.at(-9)
    plan = chairs.plan()
    page = at_chair(chromium, address, plan, script=script)
    assert next_action(page) == "Check the patient's identity"
    open_panel(page, "identity")
    page.fill("#identity-value", plan.order.patient.id.value)
    page.click("#panel-identity button:has-text('It was scanned')")
    expect(page.locator(".done")).to_contain_text("identity checked")
    take_vitals(page)
    open_panel(page, "vial")
    page.click("#panel-vial summary:has-text('The barcode cannot be read')")
    page.select_option("#vial-product", "privigen-us")
    page.fill("#vial-grams", "20")
    page.fill("#vial-lot", "L 77")
    page.fill("#vial-expiry", "2027-01-01")
    page.click("#panel-vial button:has-text('It hangs')")
    expect(page.locator(".done")).to_contain_text("vial hung: 20 g Privigen 10%, lot L 77")
    assert next_action(page) == "Start at 19 mL/h"
    page.click("#now .next button")
    expect(page.locator(".done")).to_contain_text("rate set to 19 mL/h")
    chairs.at(0)
    page = at_chair(chromium, address, plan, script=script)
    take_vitals(page)
    chairs.at(9)
    open_panel(page, "symptom")
    page.click("#panel-symptom .chips button:has-text('hives')")
    expect(page.locator(".done")).to_contain_text("hives noted")
    assert next_action(page) == "STOP the infusion"
    page.click("#halts button:has-text('Stop')")
    expect(page.locator(".done")).to_contain_text("stopped before its volume was in")
    page.locator("form[action$='/medicine'] button").first.click()
    expect(page.locator(".done")).to_contain_text("given: ")
    page.locator(".present button:has-text('Gone')").first.click()
    expect(page.locator(".done")).to_contain_text("hives gone")
    page.locator(".vials button:has-text('Finished')").first.click()
    expect(page.locator(".done")).to_contain_text("vial finished")
    for kind, button, written in (
        ("disconnect", "The line is off", "line taken off"),
        ("informed", "Yes", "was told what to report"),
        ("left", "The patient leaves", ""),
    ):
        press_in(page, kind, button, written)
    expect(page.locator("#panel-left .notice.stop")).to_contain_text("the time to observe is over")
    page.fill("#left-why", "handed over to the ward")
    page.click("#panel-left button:has-text('Record it all the same')")
    expect(page.locator(".done")).to_contain_text("the patient left")
    kinds: list[type] = [type(what) for what in chairs.deeds(plan)]
    deeds = {Started, RateSet, SymptomNoted, Stopped, MedicineGiven, PatientInformed, ObservationEnded}
    assert deeds <= set(kinds)
    assert Completed not in kinds
    page.context.close()


@pytest.mark.parametrize("scenario", ["quiet", "anaphylaxis"])
def test_nothing_is_wrong_with_its_accessibility(
    chromium: Chromium, address: str, chairs: Chairs, scenario: str
) -> None:
    chairs.at(40)
    plan = chairs.plan(scenario=scenario)
    page = at_chair(chromium, address, plan)
    assert faults(page) == []
    page.evaluate(_OPEN_ALL)
    assert faults(page) == []
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 780})
        assert not too_wide(page), width
    page.context.close()


def test_targets_are_large_enough_for_a_thumb(chromium: Chromium, address: str, running: Plan) -> None:
    page = at_chair(chromium, address, running)
    small = page.evaluate(
        """[...document.querySelectorAll('.chair button, .halts button, .panel > summary, .chair a.button')]
        .filter(each => each.offsetParent && each.getBoundingClientRect().height < 56)
        .map(each => each.textContent)"""
    )
    assert small == []
    page.context.close()


def test_by_keyboard_alone(chromium: Chromium, address: str, chairs: Chairs, running: Plan) -> None:
    page = at_chair(chromium, address, running, width=1440)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#panel-symptom') !== null"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("hives noted")
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#halts') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".done")).to_contain_text("stopped")
    assert chairs.state(running).ended_early
    page.context.close()


def test_the_next_step_is_one_tap_and_a_stale_page_gives_none(
    chromium: Chromium, address: str, chairs: Chairs
) -> None:
    chairs.at(31)
    plan = chairs.plan()
    chairs.web.clock.passes(minutes=14)
    page = at_chair(chromium, address, plan)
    take_vitals(page)
    chairs.at(61)
    page = at_chair(chromium, address, plan)
    take_vitals(page)
    assert next_action(page) == "Step up to 57 mL/h"
    button = page.locator("#now .next button:has-text('57 mL/h is set')")
    expect(button).to_be_visible()
    page.context.set_offline(True)
    expect(button).to_be_hidden(timeout=10_500)
    expect(page.locator("#now .stale-only").first).to_contain_text("Last known 10:31")
    expect(page.locator("#now")).to_have_class(re.compile("stale"), timeout=10_500)
    page.context.set_offline(False)
    expect(button).to_be_visible(timeout=10_000)
    button.click()
    expect(page.locator(".done")).to_contain_text("rate set to 57 mL/h")
    page.context.close()


def test_a_stop_of_somebody_else_ends_step_ups(chromium: Chromium, address: str, chairs: Chairs) -> None:
    """Without a connection the page cannot know of it, so it advises no step; with one it learns."""
    chairs.at(61)
    plan = chairs.plan()
    page = at_chair(chromium, address, plan)
    take_vitals(page)
    page.context.set_offline(True)
    told(chairs.web.browser("prescriber"), plan, "stop", reason="rash")
    onward = page.locator("#now .fresh-only button")
    expect(onward).to_be_hidden(timeout=10_500)
    page.wait_for_timeout(1_000)
    expect(onward).to_be_hidden()
    page.context.set_offline(False)
    expect(page.locator("#now .phase")).to_contain_text("ENDED", timeout=10_000)
    page.context.close()


def test_the_page_follows_what_others_enter_and_keeps_what_is_in_use(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """The bar, the forms and the figures; a dose in the middle of typing, the focus, an open reason stay."""
    page, other = at_chair(chromium, address, running), chairs.web.browser("prescriber")
    halts, typed = page.locator("#halts"), page.locator("#now input[name=mg]").first
    expect(halts).to_contain_text("Slow to 19 mL/h")
    for kind, fields in (
        ("slow", {"rate": "19"}),
        ("symptom", {"symptom": "symptom.hives"}),
        ("symptom", {"symptom": "symptom.wheezing"}),
        ("vital-signs", {**WELL, "measure.systolic_mmhg": "78"}),
    ):
        told(other, running, kind, **fields)
    expect(halts.get_by_role("button")).to_have_text(["Stop", "Pause"])
    why = page.locator("#now .beside-it", has=page.locator("input[name=mg]")).first.locator(".source").first
    why.locator("summary").click()
    typed.fill("0.3")
    told(other, running, "stop", reason="rash")
    expect(page.locator("#now .phase")).to_contain_text("ENDED")
    expect(halts).to_be_empty()
    expect(page.locator("#record .panels").first).to_contain_text("Patient leaves")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("0.3")
    page.keyboard.press("Tab")
    given, made = page.locator(":focus"), page.locator("#now").get_attribute("data-made")
    expect(page.locator("#now")).not_to_have_attribute("data-made", made or "")
    expect(given).to_have_text("It is given")
    expect(typed).to_have_value("0.3")
    expect(why).to_have_attribute("open", "")
    page.context.close()


def test_two_tabs_and_the_back_button_write_once(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    other = page.context.new_page()
    other.goto(f"{address}{path(running)}")
    ready(other)
    take_vitals(page, temperature_c="37.11")
    expect(other.locator("#story .history")).to_contain_text("measured: 118/74 mmHg", timeout=15_000)
    page.go_back()
    ready(page)
    take_vitals(other, temperature_c="37.12")
    measured = [what for what in chairs.deeds(running) if isinstance(what, VitalsTaken)]
    warmth = [str(what.readings["measure.temperature_c"]) for what in measured]
    assert warmth[-2:] == ["37.11", "37.12"]
    page.context.close()


def test_two_chairs_with_names_alike_are_never_crossed(
    chromium: Chromium, address: str, chairs: Chairs
) -> None:
    """The same chromium, two tabs, one queue on the device: each entry reaches its own patient."""
    chairs.at(40)
    anna, anne = chairs.plan(name="Anna Lindberg"), chairs.plan(name="Anne Lindberg")
    one = at_chair(chromium, address, anna)
    two = one.context.new_page()
    two.goto(f"{address}{path(anne)}")
    ready(two)
    one.context.set_offline(True)
    for page, name, rate in (
        (one, "Anna", "88"),
        (two, "Anne", "99"),
        (one, "Anna", "89"),
        (two, "Anne", "98"),
    ):
        expect(page.locator(".banner")).to_contain_text(f"{name} Lindberg")
        page.bring_to_front()
        enter_pulse(page, rate)
    one.context.set_offline(False)
    settled(one)
    two.bring_to_front()
    settled(two)
    assert pulses(chairs, anna)[-2:] == ["88", "89"]
    assert pulses(chairs, anne)[-2:] == ["99", "98"]
    one.context.close()


def enter_pulse(page: Page, value: str) -> None:
    """Vital signs without a connection: they wait, and the page says so."""
    open_panel(page, "vital-signs")
    page.fill('#panel-vital-signs input[name="measure.heart_rate_per_min"]', value)
    page.click("#panel-vital-signs button:has-text('Record vital signs')")
    expect(page.locator("#waiting")).to_contain_text(f"Pulse {value}")


def settled(page: Page) -> None:
    """Nothing waits any more."""
    expect(page.locator("#waiting")).to_be_hidden(timeout=20_000)


def eventually(holds: Callable[[], bool]) -> None:
    """It becomes so within 20 s."""
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def pulses(chairs: Chairs, plan: Plan) -> list[str]:
    taken = (what for what in chairs.deeds(plan) if isinstance(what, VitalsTaken))
    return [str(what.readings["measure.heart_rate_per_min"]) for what in taken]


def test_without_a_connection_entries_wait_encrypted_and_are_sent_once(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    before = pulses(chairs, running)
    for value in ("101", "102", "103"):
        enter_pulse(page, value)
    expect(page.locator("#waiting h2")).to_have_text("3 entries not yet saved")
    kept = page.evaluate(_ALL_KEPT)
    assert '"101"' not in kept
    assert "heart_rate" not in kept
    assert "Fictional" not in kept
    page.reload()  # the service worker's page, filled with what was last known
    ready(page)
    expect(page.locator(".banner")).to_contain_text("Fictional Patient")
    expect(page.locator("#waiting h2")).to_have_text("3 entries not yet saved")
    page.click("#halts button:has-text('Slow to 19 mL/h')")
    expect(page.locator("#halts").get_by_role("button")).to_have_text(["Stop", "Pause"])  # slower than that
    page.click("#halts button:has-text('Stop')")
    expect(page.locator("#waiting h2")).to_have_text("5 entries not yet saved")
    lines = page.locator("#waiting li")
    now = dt.datetime.now(dt.UTC).astimezone(running.days[0].start.tzinfo)  # where the plan is
    hours = "|".join(f"{moment:%H}" for moment in (now, now - dt.timedelta(minutes=5)))
    for line, said in ((0, "Vital signs: Pulse 101 /min"), (3, "Slow to 19 mL/h"), (4, "Stop")):
        expect(lines.nth(line)).to_have_text(re.compile(f"^({hours}):[0-9]{{2}} {said}$"))
    page.context.set_offline(False)
    eventually(lambda: chairs.state(running).ended_early)  # the last of the queue
    assert pulses(chairs, running) == [*before, "101", "102", "103"]
    ready(page)
    settled(page)
    page.context.close()


def test_keys_cannot_be_read_and_go_at_sign_out(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    assert page.evaluate(_KEYS) == [False]
    page.context.set_offline(True)
    enter_pulse(page, "104")
    page.click("button:has-text('Sign out')")
    expect(page.locator("form[action='/sign-out'] [role=alert]")).to_contain_text("1 entry of yours")
    page.context.set_offline(False)
    settled(page)
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/sign-in")
    assert page.evaluate(_KEYS) == []
    assert pulses(chairs, running)[-1] == "104"
    page.context.close()


def test_once_the_session_is_over_only_what_waits_stays_on_the_device(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """A time-out: the browser holds no session any more and is led to the sign-in page."""
    page = at_chair(chromium, address, running)
    page.wait_for_function(_SHOWN, arg=1)
    page.context.set_offline(True)
    enter_pulse(page, "107")
    page.context.clear_cookies()
    page.context.set_offline(False)
    led_out(page)
    page.wait_for_function(_SHOWN, arg=0)
    assert page.evaluate(_KEYS) == [False]
    again = arrived(page.context, address, "nurse", running)
    ready(again)
    settled(again)
    assert pulses(chairs, running)[-1] == "107"
    again.context.clear_cookies()
    led_out(again)
    again.wait_for_function(_SHOWN, arg=0)
    assert again.evaluate(_KEYS) == []
    page.context.close()


def test_another_person_does_not_send_what_somebody_left(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    page.context.set_offline(True)
    enter_pulse(page, "105")
    page.close()  # a page left open leads itself to the way in, beside the one who signs in
    page.context.clear_cookies()
    page.context.set_offline(False)
    other = arrived(page.context, address, "prescriber", running)
    ready(other)
    expect(other.locator("#waiting")).to_contain_text("1 more of another person")
    other.wait_for_timeout(4_000)
    assert "105" not in pulses(chairs, running)
    other.close()
    page.context.clear_cookies()
    again = arrived(page.context, address, "nurse", running)
    ready(again)
    settled(again)
    written = [event for event in chairs.events(running) if isinstance(event.what, VitalsTaken)]
    assert (pulses(chairs, running)[-1], written[-1].by) == ("105", "nurse Example")
    page.context.close()


def test_a_lost_answer_doubles_nothing(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """The server has written it; the answer never comes."""
    page = at_chair(chromium, address, running)
    lost = 0

    def lose(route: Route) -> None:
        nonlocal lost
        route.fetch()
        lost += 1
        route.abort() if lost <= 2 else route.continue_()

    page.route("**/queue", lose)
    before = pulses(chairs, running)
    enter_pulse(page, "106")
    settled(page)
    assert lost >= 3
    assert pulses(chairs, running) == [*before, "106"]
    page.context.close()


def test_what_the_server_cannot_read_is_kept_and_said(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    page.context.set_offline(True)
    enter_pulse(page, "1O7")
    page.click("#halts button:has-text('Stop')")
    page.context.set_offline(False)
    expect(page.locator("#waiting")).to_contain_text("It cannot be read", timeout=20_000)
    expect(page.locator("#waiting h2")).to_have_text("1 entry not yet saved")
    assert chairs.state(running).ended_early  # what cannot be read holds up nothing
    page.context.close()


def test_refused_with_a_connection_the_page_says_why(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    open_panel(page, "rate")
    page.fill("#rate-rate", "57")
    page.click("#panel-rate button:has-text('The pump is set')")
    expect(page.locator("#panel-rate .notice.stop")).to_contain_text("this step's time is not over")
    expect(page.locator("#rate-rate")).to_have_value("57")
    assert chairs.state(running).rate_ml_per_h == 38
    page.fill("#rate-why", "in a hurry")
    page.click("#panel-rate button:has-text('Record it all the same')")
    expect(page.locator(".done")).to_contain_text("57 mL/h")
    page.context.close()


def test_a_locked_screen_leads_to_stop_and_slow(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """Kept, sent once and told there, with and without a connection; what else waits stays closed."""
    page = at_chair(chromium, address, running)
    before = pulses(chairs, running)
    page.context.set_offline(True)
    enter_pulse(page, "109")
    chairs.web.clock.passes(minutes=11)
    page.context.set_offline(False)
    expect(page).to_have_url(re.compile("/locked"), timeout=15_000)
    ready(page)
    expect(page.locator("body")).not_to_contain_text("Fictional Patient")
    assert faults(page) == []
    page.context.set_offline(True)
    page.click("#halts button:has-text('Slow to 19 mL/h')")
    expect(page.locator("#waiting li")).to_have_text(re.compile("Slow to 19 mL/h$"))
    expect(page.locator("#halts").get_by_role("button")).to_have_text(["Stop", "Pause"])
    page.context.set_offline(False)
    eventually(lambda: chairs.state(running).rate_ml_per_h == 19)
    page.click("#halts button:has-text('Stop')")
    expect(page.locator(".done")).to_contain_text("stopped")
    expect(page.locator("#locked")).to_contain_text("nothing flows")
    assert [type(what) for what in chairs.deeds(running)[-2:]] == [RateSet, Stopped]
    assert pulses(chairs, running) == before
    page.context.close()


def test_a_symptom_is_found_by_a_few_letters_with_the_keyboard(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    page = at_chair(chromium, address, running)
    open_panel(page, "symptom")
    page.focus("#symptom-find")
    fits = page.locator("#symptom-find-found button:visible")
    page.keyboard.type("dysp")  # no name, another word for it
    expect(fits).to_have_count(1)
    expect(page.locator("#symptom-find-told")).to_have_text("1 symptom fits")
    page.keyboard.press("Enter")  # records nothing: it leads to what fits
    expect(fits.first).to_be_focused()
    assert faults(page) == []
    page.fill("#symptom-find", "zzz")
    expect(page.locator("#symptom-find-told")).to_have_text("None fits: the whole list is below.")
    expect(page.locator("#symptom-symptom option")).not_to_have_count(1)  # nothing is taken off it
    page.fill("#symptom-find", "dif br")
    expect(fits).to_have_text(["difficulty breathing"])
    page.context.set_offline(True)
    fits.first.press("Enter")
    expect(page.locator("#waiting li")).to_contain_text("Symptom: difficulty breathing")
    page.context.set_offline(False)
    eventually(
        lambda: [each.symptom for each in chairs.state(running).symptoms] == ["symptom.difficulty_breathing"]
    )
    page.context.close()


def test_without_a_script_the_whole_list_is_there(chromium: Chromium, address: str, running: Plan) -> None:
    page = at_chair(chromium, address, running, script=False)
    open_panel(page, "symptom")
    expect(page.locator("#symptom-find")).to_be_hidden()
    assert page.locator("#symptom-symptom option").count() > 50
    page.context.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_random_cuts_lose_nothing_and_double_nothing(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan, seed: int
) -> None:
    """Without a network, lost on the way there or back, refused by a broken server, left in the middle."""
    page = at_chair(chromium, address, running)
    came = cuts.run(cuts.Bed(page, chairs, running, address), 13, seed)
    assert came.written == came.entered
    assert came.onward_while_cut == 0
    page.context.close()


def test_server_proxy_and_sockets_killed_lose_nothing(
    chromium: Chromium, chairs: Chairs, running: Plan
) -> None:
    """Each by itself, while readings are entered; ``make prove-chair`` does the same at length."""
    server = Server(chairs.web)
    server.start()
    proxy = Proxy(server.port)
    try:
        proxy.start()
        page = at_chair(chromium, proxy.address, running)
        came = cuts.run(cuts.Bed(page, chairs, running, proxy.address, server, proxy), 4, seed=94)
    finally:
        proxy.kill()
        server.kill()
    assert {"server killed", "proxy killed", "sockets reset"} <= set(came.cuts)
    assert came.written == came.entered
    assert came.onward_while_cut == 0
    page.context.close()


def test_a_page_with_entries_that_wait_is_accessible(chromium: Chromium, address: str, running: Plan) -> None:
    page = at_chair(chromium, address, running)
    page.context.set_offline(True)
    enter_pulse(page, "99")
    expect(page.locator("#now")).to_have_class(re.compile("stale"), timeout=12_000)
    assert faults(page) == []
    page.context.close()


def test_a_double_tap_is_one_entry_and_the_next_reading_another(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """Also while the one before is still on its way to a server that does not answer."""
    page = at_chair(chromium, address, running)
    before = pulses(chairs, running)
    page.route("**/queue", lambda route: None)
    open_panel(page, "vital-signs")
    send = page.locator("#panel-vital-signs button:has-text('Record vital signs')")
    for value in ("107", "108"):
        page.fill('#panel-vital-signs input[name="measure.heart_rate_per_min"]', value)
        send.click(click_count=2)
    page.unroute("**/queue")
    eventually(lambda: len(pulses(chairs, running)) >= len(before) + 2)
    settled(page)
    assert pulses(chairs, running) == [*before, "107", "108"]
    page.context.close()


def test_two_readings_in_quick_succession_are_both_told(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """The second is saved while the page that tells the first is still on its way."""
    page = arrived(chromium.new_context(service_workers="block"), address, "nurse", running)
    ready(page)
    held: list[Route] = []
    page.route(re.compile(r"\?done="), lambda route: held.append(route))  # noqa: PLW0108
    page.evaluate(_ENTER, [["83", "84"], 500])
    for _ in range(200):
        if len(held) < 2:
            page.wait_for_timeout(50)
    assert len(held) == 2
    held[-1].continue_()
    expect(page.locator(".done")).to_contain_text("pulse 83; measured: pulse 84")
    assert pulses(chairs, running)[-2:] == ["83", "84"]
    page.context.close()


def test_a_page_on_its_way_does_not_take_a_tap_with_it(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """The page that tells the first reading comes while a slow device still keeps the second."""
    context = chromium.new_context(service_workers="block")
    context.add_init_script(_SLOW_TO_KEEP)
    page = arrived(context, address, "nurse", running)
    ready(page)
    held, said = list[Route](), list[str]()
    page.route(re.compile(r"\?done="), lambda route: held.append(route))  # noqa: PLW0108
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(_TAPS)
    page.evaluate(_ENTER, [["87", "88"], 1500])
    for _ in range(200):
        if len([each for each in said if each.startswith("tapped")]) < 2:
            page.wait_for_timeout(20)
    assert held and "Pulse 87" in said[-1]
    with suppress(Error):  # nobody waits for it any more
        held[0].continue_()
    page.unroute(re.compile(r"\?done="))
    expect(page.locator(".done")).to_contain_text("pulse 87; measured: pulse 88")
    assert pulses(chairs, running)[-2:] == ["87", "88"]
    page.evaluate("sessionStorage.setItem('ivigil-tapped', 'a tap that never was kept')")
    page.reload()
    expect(page.locator("#unkept")).to_contain_text("The last entry may be lost")
    context.close()


def test_what_a_server_does_not_answer_is_soon_told_as_waiting(
    chromium: Chromium, address: str, chairs: Chairs, running: Plan
) -> None:
    """Long before anybody gives up waiting, and however long it has not answered already."""
    page = at_chair(chromium, address, running)
    page.route("**/queue", lambda route: None)
    for value in ("85", "86"):
        open_panel(page, "vital-signs")
        page.fill('#panel-vital-signs input[name="measure.heart_rate_per_min"]', value)
        page.click("#panel-vital-signs button:has-text('Record vital signs')")
        expect(page.locator("#waiting")).to_contain_text(f"Pulse {value}", timeout=4_000)
        page.click("#panel-vital-signs > summary")
    page.unroute("**/queue")
    settled(page)
    assert pulses(chairs, running)[-2:] == ["85", "86"]
    page.context.close()
