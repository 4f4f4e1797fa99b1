"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from ivigil.cli.main import OK
from ivigil.records.journal import Journal
from tests.support.centre import Centre
from tests.support.command import Command
from tests.support.journals import Place
from tests.support.postgres import Postgres, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.web import Web

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
"""How long an example takes depends on what else the machine does."""


WAITED_IN_VAIN = (
    r"^TimeoutError: (Page|Locator|Frame)",
    r"^Error: (Page|Locator|Frame|Route)",
    r"^AssertionError: (Locator|Page) ",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that waited in vain on a busy machine tries again; whatever else a test asserts is final.

    Marked test by test: with other workers, the plugin costs each test that it watches 20 ms.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=list(WAITED_IN_VAIN)))


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command without a site overlay."""
    monkeypatch.delenv("IVIGIL_SITE", raising=False)
    return Command(capfd)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL server."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running Chromium."""
    from tests.support.chromium import launched

    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    """An application over an empty journal, with one person of each role. A module may have its own."""
    from tests.support.web import Web

    return Web(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    """Where the application answers over HTTP."""
    from tests.support.chromium import serving

    with serving(web.app) as at:
        yield at


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place for a journal, on each database."""
    if request.param == "sqlite":
        return Place(str(tmp_path / "journal.db"), tmp_path)
    server: Postgres = request.getfixturevalue("postgres")
    return Place(server.new_database(), tmp_path)


@pytest.fixture
def journal(place: Place) -> Iterator[Journal]:
    """An empty journal, on each database."""
    made = place.create()
    yield made
    made.close()


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Centre:
    """A centre with an empty journal."""
    monkeypatch.setenv("IVIGIL_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.setenv("IVIGIL_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("IVIGIL_PERSON", "N. Example")
    made = Centre(capsys)
    assert made("journal", "create") == OK
    return made
