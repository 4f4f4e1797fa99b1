"""The demonstration as a server process of its own on this machine, and who asks it over HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from ivigil.web import demo

MS = 1000
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
_SERVER = """
import sys, uvicorn
from pathlib import Path
from ivigil.web import demo
from ivigil.web.app import make_app
settings = demo.make(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), None)
uvicorn.run(make_app(settings), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
"""


class Served(NamedTuple):
    address: str
    process: int


@contextmanager
def served() -> Iterator[Served]:
    """A server with the fictional centre; its journal is on this machine's disk and goes with it."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
        found.close()
        server = subprocess.Popen([sys.executable, "-c", _SERVER, folder, port])
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield Served(address, server.pid)
        finally:
            server.terminate()
            server.wait()


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{address}/sign-in")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start within a minute")


def sign_in(browser: httpx.Client, who: str) -> None:
    """Sign somebody of the demonstration in."""
    sent = {"form_token": token(browser, "/sign-in"), "sign_in": who, "password": demo.PASSWORD}
    assert browser.post("/sign-in", data=sent).status_code == 303


def token(browser: httpx.Client, path: str) -> str:
    """The hidden field of the forms on a page."""
    found = _TOKEN.search(browser.get(path).text)
    assert found, path
    return found[1]


def timed(browser: httpx.Client, path: str, data: dict[str, str]) -> tuple[float, httpx.Response]:
    """Milliseconds that a form takes, and the answer."""
    begin = time.perf_counter()
    answer = browser.post(path, data=data)
    return (time.perf_counter() - begin) * MS, answer


def centile(values: list[float], of_hundred: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * of_hundred // 100) - 1)]
