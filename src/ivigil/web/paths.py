"""Where to go on after a sign-in or a reason: only to a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote

_OURS = re.compile(r"/(?!/)[A-Za-z0-9/_.-]*")


def ours(path: str) -> str:
    """The path if it is one of this server, else the first page."""
    return path if _OURS.fullmatch(path) else "/"


def going_on(page: str, path: str) -> str:
    """A page that asks for something first, and then goes on to ``path``."""
    after = ours(path)
    return page if after == "/" else f"{page}?next={quote(after)}"
