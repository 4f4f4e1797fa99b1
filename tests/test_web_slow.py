"""Slow, broken and many clients of a real server: others are answered meanwhile, nothing is half written."""

from __future__ import annotations

import logging
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlencode

import httpx
import pytest

from ivigil.course import Plan
from ivigil.records.verify import verify
from tests.support.chair_server import Server
from tests.support.chair_stage import Chairs, path
from tests.support.chromium import serving
from tests.support.web import PASSWORD, Browser, Web

PATIENCE_S = 1.5
SOON_S = 2.0
"""Within this time everybody else is answered, also on a busy machine."""
IDLE = 200
"""Connections that say nothing."""


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Chairs:
    return Chairs(Web(tmp_path_factory.mktemp("slow")), minutes=40)


@pytest.fixture(scope="module")
def plan(chairs: Chairs) -> Plan:
    return chairs.plan()


@pytest.fixture(scope="module")
def address(chairs: Chairs) -> Iterator[str]:
    with serving(chairs.web.app, PATIENCE_S) as found:
        yield found


def connected(address: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])))
    made.settimeout(10)
    return made


def posting(browser: Browser, plan: Plan, pulse: str) -> bytes:
    """One reading as a browser would send it, byte for byte."""
    fields = {"id": str(uuid.uuid4()), "measure.heart_rate_per_min": pulse}
    body = urlencode({"form_token": browser.form_token(path(plan)), **fields}).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    lines = (
        f"POST {path(plan)}/vital-signs HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: {cookies}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def dripped(line: socket.socket, said: bytes) -> float:
    """Say it a byte at a time; the seconds until the server hangs up."""
    began = time.monotonic()
    for at in range(len(said)):
        try:
            line.sendall(said[at : at + 1])
            line.settimeout(0.1)
            if not line.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    else:
        raise AssertionError("the server waited to the end")
    return time.monotonic() - began


@pytest.mark.parametrize("part", ["headers", "body"])
def test_who_drips_is_hung_up_on_and_nothing_is_written(
    chairs: Chairs, plan: Plan, address: str, part: str
) -> None:
    before, whole = chairs.events(plan), posting(chairs.web.browser("nurse"), plan, "91")
    head, body = whole.split(b"\r\n\r\n")
    with connected(address) as line:
        if part == "body":
            line.sendall(head + b"\r\n\r\n")
        assert dripped(line, body if part == "body" else head) < PATIENCE_S + SOON_S
    assert chairs.events(plan) == before


def test_a_body_that_breaks_off_is_nowhere_and_no_defect(
    chairs: Chairs, plan: Plan, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    before, browser = chairs.events(plan), chairs.web.browser("nurse")
    whole = posting(browser, plan, "92")
    caplog.set_level(logging.INFO, logger="ivigil.web")
    start = whole.index(b"\r\n\r\n") + 4
    for length in range(start, len(whole), 23):
        with connected(address) as line:
            line.sendall(whole[:length])
    with connected(address) as line:
        line.sendall(whole)
        assert line.recv(12) == b"HTTP/1.1 303"
    assert len(chairs.events(plan)) == len(before) + 1
    ours = [record for record in caplog.records if record.name == "ivigil.web"]
    assert {(record.levelname, record.getMessage()) for record in ours} == {
        ("INFO", "a request broke off in its body")
    }
    assert verify(chairs.web.journal).is_sound


@pytest.mark.parametrize("told", [True, False], ids=["length told", "in chunks"])
def test_a_body_over_the_limit_is_refused(chairs: Chairs, plan: Plan, address: str, told: bool) -> None:
    before, browser = chairs.events(plan), chairs.web.browser("nurse")
    token = browser.form_token(path(plan))
    body = urlencode({"form_token": token, "id": str(uuid.uuid4()), "why": "x" * 1_100_000}).encode()
    chunks = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
    kind = {"content-type": "application/x-www-form-urlencoded"}
    with httpx.Client(base_url=address, cookies=dict(browser.http.cookies.items())) as client:
        answer = client.post(
            f"{path(plan)}/vital-signs", content=body if told else iter(chunks), headers=kind
        )
    assert answer.status_code == 413
    assert "Too large" in answer.text
    assert chairs.events(plan) == before


def test_others_are_answered_while_many_say_nothing(chairs: Chairs, address: str) -> None:
    token = chairs.web.browser().form_token()
    assert token
    with ExitStack() as stack, httpx.Client(base_url=address) as client:
        for number in range(IDLE):
            line = stack.enter_context(connected(address))
            if number % 2:
                line.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\nform")
        for _ in range(10):
            began = time.monotonic()
            page = client.get("/sign-in")
            assert page.status_code == 200
            assert time.monotonic() - began < SOON_S
        sent = {"sign_in": "nurse", "password": PASSWORD, "next": "/board"}
        found = page.text.partition('name="form_token" value="')[2][:64]
        assert client.post("/sign-in", data={"form_token": found, **sent}).status_code == 303
        assert client.get("/board").status_code == 200


def test_a_server_that_has_just_begun_is_asked_by_many_at_once(chairs: Chairs, plan: Plan) -> None:
    """Servers were seen to crash so, though not each time."""
    browser, server = chairs.web.browser("nurse"), Server(chairs.web)
    cookies = dict(browser.http.cookies.items())

    def ask(_: int) -> int:
        return httpx.get(f"{server.address}{path(plan)}", cookies=cookies, timeout=30).status_code

    try:
        server.start()
        with ThreadPoolExecutor(8) as asking:
            answers = [*asking.map(ask, range(16))]
        assert server.fell is None, server.why
        assert answers == [200] * 16
    finally:
        server.kill()
