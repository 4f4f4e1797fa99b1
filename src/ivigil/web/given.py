"""How handlers name what they are given: ``visit: TheVisit``; a form as ``data: URLEncodedBody[Fields]``."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from ivigil.web.visit import Visit

TheVisit = NamedDependency[Visit]
"""Of somebody whom the guard let through."""

Asked = Request[Any, Any, Any]
"""A request, for what stands before or beside a visit: signing in and out, errors."""
