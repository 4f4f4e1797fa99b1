"""Where to go on after a sign-in: only to a page of ours."""

from __future__ import annotations

import re
from urllib.parse import quote

_OURS = re.compile(r"/(?!/)[A-Za-z0-9/_.-]*")


def ours(path: str) -> str:
    """The path if it is one of this server, else the first page."""
    return path if _OURS.fullmatch(path) else "/"


def after_sign_in(page: str, path: str) -> str:
    """The page that asks who it is, and then goes on to ``path``."""
    going_on = ours(path)
    return page if going_on == "/" else f"{page}?next={quote(going_on)}"
