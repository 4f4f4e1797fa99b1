"""The web application in use: saving, requests a second, memory, the weight of a page, taps for a task.

    python -m benchmarks.web_use [--write]

A server process with the fictional centre of the demonstration, asked over HTTP and looked at in Chromium.
A tap is a click on a button, link or panel; a field is a value that is typed, scanned or chosen. Every task
is done for real, from the page where the person stands. ``--write`` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.served import MS, Served, centile, served, sign_in, timed, token
from ivigil.records.journal import system_clock
from ivigil.web.demo import PASSWORD
from tests.support.chair_stage import WELL
from tests.support.chromium import launched, serving, signed_in
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.web import PASSWORD as WARD_PASSWORD
from tests.support.web import SITE, Web
from tools.report import DOCS, table, write_section

SAVES = 400
CLIENTS, ASKED = 8, 400
PHONE = {"width": 360, "height": 780}
ROUNDS, LOOKS_MS = 12, 3_000
"""Times that something gets overdue, and between two looks of a page."""
SLIDES, SLID = 40, "DEMO-207"
"""Answers to a slider, and the fictional patient of whom they are asked."""
_PATIENT = re.compile(r"/patients/[0-9a-f]{8,}")
_CHAIR = re.compile(r"/chair/[0-9a-f]+/\d+")
_PLAN = re.compile(r"/plans/[0-9a-f]{8,}")

_SAYS_OVERDUE = "() => document.querySelector('.places-first .place')?.textContent.includes('Overdue')"

Row = tuple[str, ...]


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with served() as server, launched() as chromium:
        chair = _running_chair(server.address)
        speed = [*_speed(server, chair), *_slider(server), *_memory(server)]
        speed += _overdue(chromium)
        weights = list(_weights(server.address, chair, chromium))
        taps = [_row(task) for task in _tasks(server.address, chair, chromium)]
    machine = f"{os.cpu_count()} cores, with a load of {load:.1f} from other work at the start"
    text = "\n\n".join(
        [
            f"## The web application in use\n\n{machine}. A server process on the same machine, over HTTP.",
            table(["what", "figure", "aim"], speed),
            "First load of a page, nothing kept, compressed as it travels. Charts are part of the page.",
            table(["page", "in all", "the page itself", "aim"], weights),
            "Taps and fields of frequent tasks, each done in Chromium at the size of a phone.",
            table(["task", "taps", "fields"], taps),
        ]
    )
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "web-use", text)


def _running_chair(address: str) -> str:
    """The chair of the demonstration whose infusion runs."""
    with httpx.Client(base_url=address) as browser:
        sign_in(browser, "nurse")
        chairs = sorted(set(_CHAIR.findall(browser.get("/board").text)))
        return str(next(path for path in chairs if f"{path}/halt/slow" in browser.get(path).text))


def _saves(server: Served, chair: str) -> list[Row]:
    """Vital signs written to the journal on disk, one after the other."""
    with httpx.Client(base_url=server.address) as browser:
        sign_in(browser, "nurse")
        form, took = token(browser, chair), []
        for _ in range(SAVES):
            sent = {"form_token": form, "id": str(uuid.uuid4()), **WELL}
            spent, answer = timed(browser, f"{chair}/vital-signs", sent)
            assert answer.status_code == 303, answer.text
            took.append(spent)
    return [
        (f"an entry saved on disk, median of {SAVES}", f"{centile(took, 50):.0f} ms", ""),
        ("the same, 99th centile", f"{centile(took, 99):.0f} ms", "500 ms"),
    ]


def _speed(server: Served, chair: str) -> list[Row]:
    """Saves, and live parts asked by several browsers at once, at a chair with a short and a long story."""
    now, story = f"{chair}?part=now", f"{chair}?part=story"
    short = _per_second(server, now), _per_second(server, story)
    saves = _saves(server, chair)
    long = _per_second(server, now), _per_second(server, story)
    board = _per_second(server, "/board?part=infusions")
    at_once = f"{CLIENTS} browsers at once"
    return [
        *saves,
        (f"live part of the board, {at_once}", f"{board:.0f} a second", ""),
        (f"what to do now at a chair, {at_once}", f"{short[0]:.0f} a second", ""),
        (f"the same with {SAVES} more entries", f"{long[0]:.0f} a second", ""),
        (f"chart and history of a chair, {at_once}", f"{short[1]:.0f} a second", ""),
        (f"the same with {SAVES} more entries", f"{long[1]:.0f} a second", ""),
    ]


def _per_second(server: Served, path: str) -> float:
    def ask(browser: httpx.Client) -> None:
        for _ in range(ASKED // CLIENTS):
            assert browser.get(path).status_code == 200

    browsers = [httpx.Client(base_url=server.address) for _ in range(CLIENTS)]
    for browser in browsers:
        sign_in(browser, "nurse")
        browser.get(path)
    with ThreadPoolExecutor(CLIENTS) as threads:
        begin = time.perf_counter()
        list(threads.map(ask, browsers))
        return ASKED / (time.perf_counter() - begin)


def _overdue(chromium: Browser) -> list[Row]:
    """From the moment at which something is overdue until an open board says so; a new ward each time, at
    another moment between two of the page's own looks."""
    took = [_until_shown(chromium, place / ROUNDS) for place in range(ROUNDS)]
    return [
        (f"overdue until the board says so, median of {ROUNDS}", f"{statistics.median(took):.1f} s", ""),
        ("the same, the longest", f"{max(took):.1f} s", "10 s"),
    ]


def _until_shown(chromium: Browser, share: float) -> float:
    """share: of the time between two looks that passes first."""
    with tempfile.TemporaryDirectory() as folder:
        web = Web(Path(folder))
        web.clock.ahead = NOW - system_clock()
        FictionalWard(web.journal, SITE).played("SECRET-1", "Anna Lindberg", chair="Window 2")
        with serving(web.app) as address:
            page = signed_in(chromium.new_context(), address, "nurse", WARD_PASSWORD)
            page.goto(f"{address}/board")
            expect(page.locator(".places-first .place")).to_have_count(0)
            page.wait_for_timeout(LOOKS_MS * share)
            web.clock.passes(minutes=20)
            begin = time.perf_counter()
            page.wait_for_function(_SAYS_OVERDUE, timeout=60_000)
            took = time.perf_counter() - begin
            page.context.close()
            return took


def _memory(server: Served) -> list[Row]:
    status = Path(f"/proc/{server.process}/status").read_text(encoding="utf-8")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak
    return [("memory of the server at its peak, all of the above done", f"{int(peak[1]) / MS:.0f} MB", "")]


def _slider(server: Served) -> list[Row]:
    """The part of the levels page that a slid dose renews, of a patient with measured levels."""
    with httpx.Client(base_url=server.address) as browser:
        sign_in(browser, "prescriber")
        browser.get("/patients")
        found = browser.post("/patients", data={"form_token": token(browser, "/patients"), "text": SLID}).text
        path = f"{_PATIENT.search(found)[0]}/levels"  # type: ignore[index]
        took = []
        for place in range(SLIDES + 1):
            begin = time.perf_counter()
            answer = browser.get(
                f"{path}?grams={20 + place / 2}&interval=28", headers={"X-Ivigil-Part": "levels"}
            )
            took.append((time.perf_counter() - begin) * MS)
            assert answer.status_code == 200 and "<svg" in answer.text, answer.text
    return [
        (f"IgG levels for another dose, median of {SLIDES}", f"{centile(took[1:], 50):.0f} ms", ""),
        ("the same, 99th centile", f"{centile(took[1:], 99):.0f} ms", ""),
    ]


def _weights(address: str, chair: str, chromium: Browser) -> Iterator[Row]:
    """What travels for a page, in all and without its scripts and styles."""
    for who, path in (
        ("nurse", "/sign-in"),
        ("nurse", "/board"),
        ("nurse", chair),
        ("prescriber", "/plans/new"),
        ("prescriber", f"/plans/{chair.split('/')[2]}"),
        ("nurse", "/inbox"),
        ("pharmacist", "/facts"),
        ("patient", "/me"),
    ):
        page = signed_in(chromium.new_context(), address, who, PASSWORD)
        cookies: Any = page.context.cookies() if path != "/sign-in" else []
        fresh = chromium.new_context()
        fresh.add_cookies(cookies)
        whole, own = _weight(fresh.new_page(), f"{address}{path}")
        name = re.sub(r"[0-9a-f]{8,}", "…", path)
        yield name, f"{whole / MS:.0f} kB", f"{own / MS:.0f} kB", "150 kB"
        page.context.close()
        fresh.close()


def _weight(page: Page, at: str) -> tuple[int, int]:
    sizes: dict[str, int] = {}
    documents: set[str] = set()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda it: sizes.update({it["requestId"]: it["encodedDataLength"]}))
    wire.on(
        "Network.responseReceived",
        lambda it: documents.add(it["requestId"]) if it["type"] == "Document" else None,
    )
    page.goto(at, wait_until="load")
    page.wait_for_timeout(500)
    return int(sum(sizes.values())), int(sum(size for key, size in sizes.items() if key in documents))


class Hand:
    """Somebody's finger on a page, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps, self.fields = page, 0, 0

    def tap(self, what: str | Locator) -> None:
        self.taps += 1
        (self.page.locator(what).first if isinstance(what, str) else what).click()

    def fill(self, what: str | Locator, value: str) -> None:
        self.fields += 1
        (self.page.locator(what).first if isinstance(what, str) else what).fill(value)

    def choose(self, what: str, value: str) -> None:
        self.fields += 1
        self.page.select_option(what, value)

    def sees(self, words: str) -> None:
        """The task is done: the page says so."""
        expect(self.page.locator("main")).to_contain_text(words)


Task = tuple[str, str, str, Callable[[Hand], None]]
"""What, who, from which page, how."""


def _row(done: tuple[str, Hand]) -> Row:
    name, hand = done
    return name, str(hand.taps), str(hand.fields)


def _tasks(address: str, chair: str, chromium: Browser) -> Iterator[tuple[str, Hand]]:
    for name, who, start, do in _frequent(address, chair):
        context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
        page = signed_in(context, address, who, PASSWORD)
        page.goto(f"{address}{start}")
        if start.startswith("/chair"):
            page.wait_for_selector("html[data-chair=ready]", state="attached")
        hand = Hand(page)
        do(hand)
        yield name, hand
        context.close()


def _frequent(address: str, chair: str) -> list[Task]:
    return [
        ("open a chair, from the board", "nurse", "/board", lambda hand: _open(hand, chair)),
        ("record vital signs, at the chair", "nurse", chair, _vital_signs),
        ("note a symptom, at the chair", "nurse", chair, _symptom),
        ("slow the infusion, at the chair", "nurse", chair, _slow),
        ("stop the infusion, at the chair", "nurse", chair, _stop),
        ("say “something is wrong”, as a patient", "patient", "/me", _wrong),
        ("see who waits and open their page, from the inbox", "nurse", "/inbox", _waiting),
        ("a new plan from nothing into the journal", "prescriber", "/plans/new", _new_plan),
        ("sign a plan, from its page", "prescriber", "/plans/new", _sign),
        ("find who got a lot, from the board", "pharmacist", "/board", _lot),
    ]


def _open(hand: Hand, chair: str) -> None:
    hand.tap(f"main a[href='{chair}']")
    hand.page.wait_for_url(f"**{chair}")


def _vital_signs(hand: Hand) -> None:
    hand.tap("#panel-vital-signs > summary")
    for name, value in WELL.items():
        hand.fill(f'#panel-vital-signs input[name="{name}"]', value)
    hand.tap("#panel-vital-signs button:has-text('Record vital signs')")
    expect(hand.page.locator(".done")).to_contain_text("measured")


def _symptom(hand: Hand) -> None:
    hand.tap("#panel-symptom > summary")
    hand.tap("#panel-symptom .chips button:has-text('headache')")
    expect(hand.page.locator(".done")).to_contain_text("headache noted")


def _slow(hand: Hand) -> None:
    hand.tap("#halts button:has-text('Slow')")
    expect(hand.page.locator(".done")).to_contain_text("rate set")


def _stop(hand: Hand) -> None:
    hand.tap("#halts button:has-text('Stop')")
    expect(hand.page.locator(".done")).to_contain_text("stopped")


def _waiting(hand: Hand) -> None:
    hand.tap(hand.page.get_by_role("link", name="Open what waits for").first)
    expect(hand.page.get_by_role("region", name="Whom this page is about")).to_be_visible()


def _typed(hand: Hand, identifier: str) -> None:
    page = hand.page
    for name, value in (
        ("condition", "CIDP"),
        ("patient.id.value", identifier),
        ("patient.birth_date", "1960-08-02"),
        ("patient.weight_kg", "98.9"),
    ):
        hand.fill(f'[id="at-{name}"]', value)
    hand.choose('[id="at-patient.sex"]', "male")
    for name, value in (("patient.id.system", "urn:example"),):
        if not page.input_value(f'[id="at-{name}"]'):
            hand.fill(f'[id="at-{name}"]', value)
    if not page.input_value('[id="at-jurisdiction"]'):
        hand.choose('[id="at-jurisdiction"]', "US")
    expect(page.locator("#plan .gist")).to_be_visible()


def _new_plan(hand: Hand) -> None:
    _typed(hand, "BENCH-1")
    hand.tap("button:has-text('Put this plan into the journal')")
    expect(hand.page).to_have_url(_PLAN)


def _sign(hand: Hand) -> None:
    _typed(hand, "BENCH-2")
    hand.page.get_by_role("button", name="Put this plan into the journal").click()
    expect(hand.page).to_have_url(_PLAN)
    hand.taps = hand.fields = 0
    hand.fill("#password", PASSWORD)
    hand.tap(hand.page.get_by_role("button", name="Prescribe", exact=True))
    hand.sees("PRESCRIBED")


def _lot(hand: Hand) -> None:
    hand.tap(hand.page.get_by_role("link", name="Lots"))
    hand.fill(hand.page.locator("[name=lot]"), "A1")
    hand.tap(hand.page.get_by_role("search").get_by_role("button"))
    expect(hand.page).to_have_url(re.compile(r"[?&]lot=A1"))


def _wrong(hand: Hand) -> None:
    hand.tap(hand.page.get_by_role("main").get_by_role("link", name="Something is wrong"))
    hand.tap(hand.page.get_by_label("Chest pain", exact=True))
    hand.tap(hand.page.get_by_role("button", name="Send what I ticked"))
    hand.sees("EMERGENCY NOW")


if __name__ == "__main__":
    main()
