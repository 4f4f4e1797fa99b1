"""The application behind a real socket, and a real Chromium that looks at it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from litestar import Litestar
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.web import PASSWORD

SCHEMES = ("light", "dark")
WIDTHS = (360, 820, 1440, 1920)


@contextmanager
def serving(app: Litestar) -> Iterator[str]:
    """The address of a running server."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    assert path, "chromium is missing; apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(context: BrowserContext, address: str, sign_in: str, path: str) -> Page:
    """A page of somebody who has signed in, at a path."""
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("#sign_in", sign_in)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.goto(f"{address}{path}")
    return page


def faults_of(page: Page) -> list[str]:
    """What the accessibility checker finds wrong."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]


def overflow_px(page: Page) -> int:
    """How far the page reaches past its window to the right."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
