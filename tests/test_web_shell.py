"""The shell: one document around every page, the same headers on every answer, errors that tell nothing."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from ivigil.web.headers import HEADERS
from ivigil.web.shell import static
from tests.support.postgres import running
from tests.support.web import Web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    return Web(tmp_path_factory.mktemp("web"))


def test_a_nurse_signs_in_and_sees_the_board(web: Web) -> None:
    browser = web.browser()
    answer = browser.sign_in("nurse", next="/board")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    page = browser.get("/board")
    assert page.status_code == 200
    assert "<h1>Board</h1>" in page.text
    assert "No infusion today." in page.text


def test_a_live_part_comes_alone(web: Web) -> None:
    browser = web.browser("nurse")
    alone = browser.get("/board", **{"x-ivigil-part": "infusions"})
    assert alone.text.startswith('<section class="live" id="infusions"')
    assert browser.get("/board?part=infusions").text.startswith('<section class="live" id="infusions"')


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/board", "/nothing-here", static("base.css"), static("nothing.css"), "/account?done=1"],
)
def test_every_answer_carries_the_headers(web: Web, path: str) -> None:
    for browser in (web.browser(), web.browser("nurse")):
        answer = browser.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        if answer.status_code == 200 and path.startswith("/static/"):
            assert "immutable" in answer.headers["cache-control"]
        else:
            assert answer.headers["cache-control"] == "no-store"


def test_the_policy_allows_nothing_foreign_and_nothing_inline() -> None:
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/sign-in", "/code", "/account", "/board", "/nothing-here"])
def test_no_page_has_inline_script_or_style_or_a_foreign_address(web: Web, path: str) -> None:
    text = web.browser("nurse").get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_cookies_cannot_be_read_by_a_script_or_sent_by_another_site(web: Web) -> None:
    answer = web.browser().sign_in("nurse")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite" in cookie and "Path=/" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "localhost@x"]
)
def test_a_foreign_host_is_refused(web: Web, host: str) -> None:
    answer = web.browser().get("/sign-in", host=host)
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]", "[::1]:8080"])
def test_this_machine_is_not(web: Web, host: str) -> None:
    assert web.browser().get("/sign-in", host=host).status_code == 200


def test_an_unknown_page_is_told_plainly(web: Web) -> None:
    answer = web.browser("nurse").get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_json_is_answered_in_json(web: Web) -> None:
    answer = web.browser().get("/board", accept="application/json")
    assert answer.status_code == 401
    assert answer.json() == {
        "status": 401,
        "title": "Signed out",
        "detail": "Nobody is signed in here any more. Nothing was saved.",
    }


def test_an_unreachable_journal_is_told_readably_and_comes_back(tmp_path: Path) -> None:
    with running() as server:
        browser = Web(tmp_path, server.new_database()).browser("nurse")
        server.kill()
        answer = browser.get("/board")
        assert answer.status_code == 503
        assert "The journal cannot be reached" in answer.text
        assert str(server.url("postgres")) not in answer.text
        assert "socket" not in answer.text
        server.start()
        assert browser.get("/board").status_code == 200


def test_a_defect_tells_a_reference_and_nothing_else(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Fictional Patient, born 1970-01-01")

    browser = web.browser("nurse")
    monkeypatch.setattr("ivigil.web.pages.board.infusions", broken)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get("/board")
    assert answer.status_code == 500
    assert "A fault of ours" in answer.text
    reference = re.search(r"Reference: ([0-9a-f]{8})", answer.text)
    assert reference
    assert reference[1] in caplog.text
    for told in (answer.text, caplog.text):
        assert "Fictional Patient" not in told
        assert "Traceback" not in told
        assert "/src/" not in told


def test_what_was_typed_wrongly_is_not_repeated_by_an_error(web: Web) -> None:
    answer = web.browser("nurse").get("/audit?before=Fictional-Patient")
    assert "Fictional-Patient" not in answer.text
