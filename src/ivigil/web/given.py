"""How handlers name what they are given: ``visit: TheVisit``; a form as ``data: URLEncodedBody[Fields]``."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from ivigil.web.visit import Visit

TheVisit = NamedDependency[Visit]
"""Of somebody whom the guard let through."""

Ticks = list[str] | str
"""What boxes of one name send: a list, or the only one that was ticked. Read it with ``ticked``."""


def ticked(sent: Ticks) -> tuple[str, ...]:
    """The values of the boxes that were ticked."""
    return (sent,) if isinstance(sent, str) else tuple(sent)


Asked = Request[Any, Any, Any]
"""A request, for what stands before or beside a visit: signing in and out, errors."""
