"""Texts for a page's script: it has none of its own, for it knows no language."""

from __future__ import annotations

from collections.abc import Mapping

import htpy as h
from htpy import Element


def spare(id: str, texts: Mapping[str, str]) -> Element:
    """What ``texts(id)`` of texts.js finds by name, said already; {places} are filled in by the script."""
    return h.template(id=id)[(h.p(data_name=name)[text] for name, text in texts.items())]
