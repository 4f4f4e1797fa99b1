"""A sentence with elements in it: ``woven("Given {given} of {whole}", given=h.b["2 g"], whole="10 g")``."""

from __future__ import annotations

import string

from htpy import Node

from ivigil.sheets.spoken import translated


def woven(english: str, **parts: Node) -> list[Node]:
    """The text as it is said here, each of its places filled with a part, in the order of the language."""
    woven: list[Node] = []
    for text, name, _, _ in string.Formatter().parse(translated(english)):
        woven.append(text)
        if name is not None:
            woven.append(parts[name])
    return woven
