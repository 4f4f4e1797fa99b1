"""The chair and the board in a language that nobody speaks: what is left in English is data."""

from __future__ import annotations

import uuid

import pytest

from ivigil.course import Plan
from ivigil.intake import parse_order
from tests.support.chair_stage import WELL, Chairs, begin, path, tell, told
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.web import Browser, Web

DATA = (
    "Fictional Patient",
    "nurse Example",
    "Nu Example",
)
"""Names of people and patients, and what they typed."""


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Chairs:
    folder = tmp_path_factory.mktemp("language")
    return Chairs(Web(folder, site=overlay(folder / "site"), language=CODE))


@pytest.fixture
def nurse(chairs: Chairs) -> Browser:
    return chairs.web.browser("nurse")


def data(plan: Plan, *more: str) -> tuple[str, ...]:
    return (*DATA, plan.order.patient.id.value, plan.id, *more)


def shown(browser: Browser, plan: Plan, *more: str) -> str:
    """The page, once nothing on it is in English but data."""
    page = browser.get(path(plan)).text
    found = unsaid(page, *data(plan, *more))
    assert not found, found
    return page


def test_before_the_flow(chairs: Chairs, nurse: Browser) -> None:
    chairs.at(-15)
    plan = chairs.plan()
    shown(nurse, plan)
    begin(nurse, plan)
    shown(nurse, plan, "L 77")
