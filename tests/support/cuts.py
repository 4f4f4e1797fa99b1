"""A connection that is cut at random while a nurse enters: what must be so in the end, whatever happened."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Error, Page, Route, TimeoutError

from ivigil.course import Plan
from ivigil.infusion.events import VitalsTaken
from tests.support.chair_server import Server
from tests.support.chair_stage import WELL, Chairs, path, told
from tests.support.proxy import Proxy, Word

_PULSE = '#panel-vital-signs input[name="measure.heart_rate_per_min"]'
_ID = "#panel-vital-signs input[name=id]"
_SEND = "#panel-vital-signs button:has-text('Record vital signs')"
_HOLDING = "html[data-chair=ready]"
_SOON_MS = 2_000
_LOOK = """() => [
  [...document.querySelectorAll('#now .fresh-only button')].filter(each => each.checkVisibility()).length,
  document.body.classList.contains('cut'),
]"""
"""How many steps up are in view, and whether the page knows itself cut off: at one moment."""
_STALE_S = 10.5
"""After this long without a fresh answer no page advises a step."""
_FIRST = 60
"""The readings of a run are pulses from here on, each once; none of them speaks against a step up."""


class Told(NamedTuple):
    """What a run came to."""

    entered: list[str]
    """Each reading that the nurse saw as saved or as waiting, in order."""
    written: list[str]
    """Each reading in the journal, in the order of its times."""
    cuts: Counter[str]
    """How often the line was cut, by the kind of cut."""
    onward: int
    """Looks at which a step up was in view: the page was fresh and nothing spoke against one."""
    onward_while_cut: int
    """Looks at which a step up was in view while the page knew itself to be cut off."""
    onward_after_stop: int
    """Looks at which a step up was in view though somebody else had stopped the infusion 10 s ago or more."""


class Line:
    """The way to the server; each cut is one of several kinds."""

    def __init__(self, page: Page, rng: random.Random, server: Server | None, proxy: Proxy | None) -> None:
        self.page, self.rng, self.server, self.proxy = page, rng, server, proxy
        self.losing = ""
        self.cuts: Counter[str] = Counter()
        self.kinds = ["no network", "request lost", "answer lost", "error for an answer"]
        self.kinds += ["server killed"] if server else []
        self.kinds += ["proxy killed", *_SPOILT] if proxy else []
        page.route("**/queue", self._queue)

    def cut(self) -> None:
        """One of the kinds, whichever chance gives."""
        kind = self.rng.choice(self.kinds)
        self.cuts[kind] += 1
        if kind == "no network":
            self.page.context.set_offline(True)
        elif kind == "server killed" and self.server:
            self.server.kill()
        elif kind == "proxy killed" and self.proxy:
            self.proxy.kill()
        elif self.proxy and kind in _SPOILT:
            self.proxy.tell(_SPOILT[kind])
        else:
            self.losing = kind

    def mend(self) -> None:
        self.losing = ""
        if self.server:
            self.server.start()
        if self.proxy:
            self.proxy.tell("pass")
        self.page.context.set_offline(False)

    def _queue(self, route: Route) -> None:
        try:
            match self.losing:
                case "request lost":
                    route.abort()
                case "answer lost":
                    route.fetch()
                    route.abort()
                case "error for an answer":
                    route.fulfill(status=503, json={})
                case _:
                    route.continue_()
        except Error:  # the page was left meanwhile
            pass


_SPOILT: dict[str, Word] = {
    "sockets reset": "reset",
    "answer broken off": "half",
    "held back, delivered late": "hold",
}
"""What a proxy does to the line while it runs: what it is told."""


class Bed(NamedTuple):
    """A chair with a page on it."""

    page: Page
    chairs: Chairs
    plan: Plan
    address: str
    server: Server | None = None
    """One that may be killed."""
    proxy: Proxy | None = None
    """Between the page and the server; may be killed and spoil what goes through."""


class Watch:
    """Looks for a step up where there must be none."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stopped = 0.0
        """When somebody else stopped the infusion; 0: nobody did."""
        self.onward = self.while_cut = self.after_stop = 0

    def look(self) -> None:
        """At this moment."""
        try:
            found, cut = self.page.evaluate(_LOOK)
        except Error:  # between two pages
            return
        self.onward += found
        self.while_cut += found if cut else 0
        self.after_stop += found if self.stopped and time.monotonic() - self.stopped > _STALE_S else 0


def run(bed: Bed, cuts: int, seed: int, *, stop: bool = False) -> Told:
    """Enter readings while the line is cut about as often; mend it at the end, wait until nothing waits.

    ``stop``: in the last third, while the line is cut, somebody else stops the infusion.
    """
    page, chairs, plan, address, server, proxy = bed
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    rng = random.Random(seed)
    line, entered, watch = Line(page, rng, server, proxy), list[str](), Watch(page)
    stop_at = rng.randrange(cuts * 2 // 3, cuts) if stop else -1
    for number in range(cuts):
        if rng.random() < 0.5 or number == stop_at:
            line.cut()
        if number == stop_at:
            watch.look()
            told(chairs.web.browser("prescriber"), plan, "stop", reason="rash")
            watch.stopped = time.monotonic()
            wait(page, lambda: time.monotonic() - watch.stopped > _STALE_S)
        watch.look()
        value = str(_FIRST + number)
        enter(page, value)
        entered.append(value)
        watch.look()
        line.cut()
        if rng.random() < 0.25:
            again(page, address, plan)
        watch.look()
        if rng.random() < 0.6:
            line.mend()
    line.mend()
    again(page, address, plan)
    wait(page, lambda: len(written(chairs, plan)) >= len(entered) or _fell(server))
    assert not _fell(server), f"the server fell by itself: {server and server.why}"
    wait(page, lambda: not page.locator("#waiting:visible").count())
    watch.look()
    counted = watch.onward, watch.while_cut, watch.after_stop
    return Told(entered, written(chairs, plan), line.cuts, *counted)


def enter(page: Page, value: str) -> None:
    """One reading; done once the page says that it is saved or that it waits."""
    for _ in range(10):
        page.wait_for_selector(_HOLDING, state="attached")
        try:
            if not page.locator("#panel-vital-signs[open]").count():
                page.click("#panel-vital-signs > summary", timeout=_SOON_MS)
            page.fill(_PULSE, value, timeout=_SOON_MS)
            entry = page.input_value(_ID, timeout=_SOON_MS)
            page.click(_SEND, timeout=_SOON_MS)
            break
        except TimeoutError:  # the page renewed itself: nothing was sent, the nurse begins anew
            continue
    wait(page, lambda: _acknowledged(page, value, entry))


def _acknowledged(page: Page, value: str, entry: str) -> bool:
    """The page says that it is saved, or that it waits: this one, not the one before."""
    try:
        if entry in page.url and page.locator("#saved").filter(has_text="Saved.").count():
            return True
        saved = page.locator(".done").filter(has_text=f"pulse {value}")
        told = page.locator("#waiting li, #saved").filter(has_text=f"Pulse {value}")
        return bool(saved.count() or told.count())
    except Error:  # on its way to the next page
        return False


def tempting(chairs: Chairs) -> Plan:
    """An infusion an hour in, with vital signs that let the page advise a step up."""
    chairs.at(31)
    plan = chairs.plan()
    for minute in (45, 61):
        chairs.at(minute)
        told(chairs.web.browser("nurse"), plan, "vital-signs", **WELL)
    return plan


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
    return [str(value) for each in values if len(each) == 1 for value in each.values()]


def _fell(server: Server | None) -> bool:
    return server is not None and server.fell is not None


def _said(page: Page) -> str:
    """Where the page is and what waits on it, for whoever reads of a failure."""
    shown = {name: page.locator(name).all_inner_texts() for name in ("#waiting", "#saved", ".done")}
    return f"{page.url}, class {page.locator('body').get_attribute('class')}, {shown}"


def wait(page: Page, holds: Callable[[], bool], seconds: float = 40) -> None:
    """It becomes so."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"it never became so: {_said(page)}"
        page.wait_for_timeout(50)  # the line is held by this very thread: it must not sleep
