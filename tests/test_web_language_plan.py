"""New plan, plan and the staff's papers go through the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import ivigil
from ivigil.intake import read_order
from ivigil.intake.form import values_of
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.web import PASSWORD, STAFF, Browser, Web
from tests.test_intake_form import FIRST
from tests.test_web_plan import EXAMPLES, NEW, PREVIEW, WHOLE


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    yield Web(folder, site=overlay(folder / "site"), language=CODE)


@pytest.fixture(scope="module")
def prescriber(web: Web) -> Browser:
    return web.browser("prescriber")


DATA = (*STAFF, *(f"{r} Example" for r in STAFF), "prescriber Example")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_explore(web, prescriber, path):
    knowledge = ivigil.load_knowledge()
    values = values_of(read_order(path, knowledge), knowledge)
    prescriber.http.headers
    seen = []

    def look(name, text):
        for t in unsaid(text, *DATA):
            if t not in seen:
                seen.append(t)
                print(name, "|", t[:200])

    look("new", prescriber.get(NEW).text)
    look("preview", prescriber.post(PREVIEW, {**values, "compare": "1"}, form_at=NEW).text)
    look("post", prescriber.post(NEW, values, form_at=NEW).text)
    answer = prescriber.post(NEW, {**values, "do": "add"}, form_at=NEW)
    at = answer.headers["location"]
    for page in ("", "/papers/plan", "/days/1/pump-card", "/days/1/downtime", "/change"):
        look(page, prescriber.get(at + page).text)
    assert 0
