"""Every route of the description, asked with anything: never a defect, a trace, a name in a refusal."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.fuzz import Target


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target(tmp_path_factory.mktemp("fuzz"))


def test_the_description_names_every_route(target: Target) -> None:
    served = {
        (route.path.replace(":str}", "}").replace(":int}", "}"), method.lower())
        for route in target.web.app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if method in ("GET", "POST") and not route.path.startswith(("/static/", "/schema"))
    }
    described = {
        (path, method) for path, methods in target.description["paths"].items() for method in methods
    }
    assert described == served


def test_no_route_answers_what_it_must_not(target: Target) -> None:
    """In short; ``make prove-routes`` asks more often."""
    asked: Counter[str] = Counter()
    assert [*target.faults(1, 1, asked, ("nurse", "patient"))] == []
    assert asked.total() > 150
