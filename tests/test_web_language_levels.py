"""Levels, results, patients, facts, products and sign-off go through the catalogue: nothing is left unsaid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clinic import DAY, Clinic
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.web import Browser, Web

ROLES = ("prescriber", "pharmacist", "nurse", "administrator", "auditor", "patient")
DATA = (*ROLES, *(f"{role} Example" for role in ROLES), "Ada Fictional", "Fictional Patient")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("web")
    yield Clinic(Web(folder, site=overlay(folder / "site"), language=CODE))


@pytest.fixture(scope="module")
def prescriber(clinic: Clinic) -> Browser:
    return clinic.web.browser("prescriber")


def test_levels(clinic: Clinic, prescriber: Browser) -> None:
    print(unsaid(prescriber.get(clinic.levels).text, *DATA)); assert 0
