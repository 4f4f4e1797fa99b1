"""Fixtures for every test."""

from __future__ import annotations

import pytest

from tests.support.command import Command


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command without a site overlay."""
    monkeypatch.delenv("IVIGIL_SITE", raising=False)
    return Command(capfd)
