"""Which version answers: one short name for everything that this installation runs and serves.

Each answer carries it, each page names the one that made it, and the static files lie under it: so that a
page that was open while the server was replaced can tell, and never mixes two.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import ivigil

HEADER = "x-ivigil-build"
_KINDS = (".py", ".css", ".js", ".svg")


def _name() -> str:
    """Of the text of all that makes a page: code, sheets, modules."""
    folder, digest = Path(ivigil.__file__).parent, hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*.*") if each.suffix in _KINDS):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:12]


BUILD = _name()
