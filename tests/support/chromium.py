"""A real server and a real Chromium: pages as people see them, checked by axe in both themes."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from litestar import Litestar
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from ivigil.web.serving import PATIENCE_S, config
from tests.support.web import SERVED_AT

expect.set_options(timeout=20_000)
"""How long a page may take depends on what else the machine does."""

_THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_VIOLATIONS = {"resultTypes": ["violations"]}
"""What passes is counted, not listed: it would take longer than the checks."""
WIDTHS = {"phone": 360, "tablet": 820, "desktop": 1440}


@contextmanager
def serving(app: Litestar, patience_s: float = PATIENCE_S) -> Iterator[str]:
    """The application on a free port of this machine, served as ``ivigil serve`` does.

    Its address without a slash at the end.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(config(app, patience_s=patience_s))
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    app.state[SERVED_AT] = f"http://127.0.0.1:{port}"
    yield app.state[SERVED_AT]
    del app.state[SERVED_AT]
    server.should_exit = True
    thread.join()


@contextmanager
def launched() -> Iterator[Browser]:
    """Debian's Chromium as it is built for machines without a screen."""
    program = shutil.which("chromium-headless-shell")
    assert program, "no Chromium found: install it (Debian: apt-get install chromium-headless-shell)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(context: BrowserContext, address: str, sign_in: str, password: str) -> Page:
    """A page on which somebody has signed in through the form."""
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("Sign-in name").fill(sign_in)
    page.get_by_label("Password").fill(password)
    press(page, "Sign in")
    expect(page).not_to_have_url(re.compile("/sign-in"))
    return page


def press(page: Page, name: str) -> None:
    """Press a button that leads to another page, and wait until that is there."""
    leads_on(page, page.get_by_role("button", name=name))


def leads_on(page: Page, button: Locator) -> None:
    """Click what leads to another page, and wait until that is there: a click alone does not."""
    with page.expect_navigation():
        button.click()


def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands, in each theme: rule and elements.

    What waits for an answer is greyed until it comes.
    """
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    found = list[str]()
    for theme in _THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for rule in Axe().run(page, options=_VIOLATIONS).response["violations"]:
            found.append(f"{theme}: {rule['id']}: {[node['target'] for node in rule['nodes']]}")
    page.emulate_media(color_scheme="null", reduced_motion="null")
    return found


def too_wide(page: Page) -> bool:
    """Whether the page itself scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
