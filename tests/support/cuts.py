"""A connection that is cut at random while a nurse enters: what must be so in the end, whatever happened."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Error, Page, Route, TimeoutError

from ivigil.course import Plan
from ivigil.infusion.events import VitalsTaken
from tests.support.chair_server import Server
from tests.support.chair_stage import Chairs, path

_PULSE = '#panel-vital-signs input[name="measure.heart_rate_per_min"]'
_SEND = "#panel-vital-signs button:has-text('Record vital signs')"
_HOLDING = "html[data-chair=ready]"
_SOON_MS = 2_000


class Told(NamedTuple):
    """What a run came to."""

    entered: list[str]
    """Each reading that the nurse saw as saved or as waiting, in order."""
    written: list[str]
    """Each reading in the journal, in the order of its times."""
    onward_while_cut: int
    """How often a step up was in view while the page knew itself to be cut off."""


class Line:
    """The way to the server; each cut is one of several kinds."""

    def __init__(self, page: Page, rng: random.Random, server: Server | None) -> None:
        self.page, self.rng, self.server = page, rng, server
        self.losing = ""
        self.kinds = ("offline", "request", "answer", "error", *(("server",) if server else ()))
        page.route("**/queue", self._queue)

    def cut(self) -> None:
        """No network; the request lost; its answer lost; an error for an answer; the server killed."""
        kind = self.rng.choice(self.kinds)
        if kind == "offline":
            self.page.context.set_offline(True)
        elif kind == "server" and self.server:
            self.server.kill()
        else:
            self.losing = kind

    def mend(self) -> None:
        self.losing = ""
        if self.server:
            self.server.start()
        self.page.context.set_offline(False)

    def _queue(self, route: Route) -> None:
        try:
            match self.losing:
                case "request":
                    route.abort()
                case "answer":
                    route.fetch()
                    route.abort()
                case "error":
                    route.fulfill(status=503, json={})
                case _:
                    route.continue_()
        except Error:  # the page was left meanwhile
            pass


class Bed(NamedTuple):
    """A chair with a page on it."""

    page: Page
    chairs: Chairs
    plan: Plan
    address: str
    server: Server | None = None
    """One that may be killed."""


def run(bed: Bed, cuts: int, seed: int) -> Told:
    """Enter readings while the line is cut so many times; mend it at the end and wait until nothing waits."""
    page, chairs, plan, address, server = bed
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    rng = random.Random(seed)
    line, entered, onward = Line(page, rng, server), list[str](), 0
    for number in range(cuts):
        if rng.random() < 0.5:
            line.cut()
        value = str(200 + number)
        enter(page, value)
        entered.append(value)
        line.cut()
        if rng.random() < 0.25:
            again(page, address, plan)
        if page.locator("body.cut").count():
            onward += page.locator("#now .fresh-only button:visible").count()
        if rng.random() < 0.6:
            line.mend()
    line.mend()
    again(page, address, plan)
    wait(page, lambda: len(written(chairs, plan)) >= len(entered) or _fell(server))
    assert not _fell(server), f"the server fell by itself: {server and server.fell}"
    wait(page, lambda: not page.locator("#waiting:visible").count())
    return Told(entered, written(chairs, plan), onward)


def enter(page: Page, value: str) -> None:
    """One reading; done once the page says that it is saved or that it waits."""
    for _ in range(10):
        page.wait_for_selector(_HOLDING, state="attached")
        before = page.url
        try:
            if not page.locator("#panel-vital-signs[open]").count():
                page.click("#panel-vital-signs > summary", timeout=_SOON_MS)
            page.fill(_PULSE, value, timeout=_SOON_MS)
            page.click(_SEND, timeout=_SOON_MS)
            break
        except TimeoutError:  # the page renewed itself: nothing was sent, the nurse begins anew
            continue
    wait(page, lambda: _acknowledged(page, value, before))


def _acknowledged(page: Page, value: str, before: str) -> bool:
    """The page says that it is saved, or that it waits."""
    try:
        if page.url != before and page.locator("#saved").filter(has_text="Saved.").count():
            return True
        saved = page.locator(".done").filter(has_text=f"pulse {value}")
        told = page.locator("#waiting li, #saved").filter(has_text=f"heart_rate_per_min {value}")
        return bool(saved.count() or told.count())
    except Error:  # on its way to the next page
        return False


def again(page: Page, address: str, plan: Plan) -> None:
    """The page is opened anew, in the middle of whatever goes on."""
    for _ in range(3):
        try:
            page.goto(f"{address}{path(plan)}")
            page.wait_for_selector(_HOLDING, state="attached", timeout=10_000)
            return
        except Error:
            page.wait_for_timeout(200)


def written(chairs: Chairs, plan: Plan) -> list[str]:
    """The readings of a run in the journal."""
    taken = [event for event in chairs.events(plan) if isinstance(event.what, VitalsTaken)]
    values = (event.what.readings for event in sorted(taken, key=lambda event: event.at))  # type: ignore[union-attr]
    found = (f"{each['measure.heart_rate_per_min']}" for each in values)
    return [value for value in found if int(value) >= 200]


def _fell(server: Server | None) -> bool:
    return server is not None and server.fell is not None


def _said(page: Page) -> str:
    """Where the page is and what waits on it, for whoever reads of a failure."""
    waits = page.locator("#waiting").all_inner_texts()
    return f"{page.url}, class {page.locator('body').get_attribute('class')}, waiting {waits}"


def wait(page: Page, holds: Callable[[], bool], seconds: float = 40) -> None:
    """It becomes so."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"it never became so: {_said(page)}"
        page.wait_for_timeout(50)  # the line is held by this very thread: it must not sleep
