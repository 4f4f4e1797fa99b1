"""The shell: one document around every page, the same headers on every answer, errors that tell nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.web import Web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    yield Web(tmp_path_factory.mktemp("web"))


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
