"""A value that opens its reason and its source, with no script."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h
from htpy import Element, Node

from ivigil.knowledge.evidence import Document, Source


def source(shown: Node, reason: Node, documents: Iterable[Document] = ()) -> Element:
    """``shown`` is always in view; opened, it tells why and where that was read."""
    return h.details(".source")[
        h.summary[shown],
        h.div(".reason")[reason, _listed(tuple(documents))],
    ]


def _listed(documents: tuple[Document, ...]) -> Node:
    return h.ul[[h.li[cited(document)] for document in documents]] if documents else None


def cited(document: Document | Source) -> Node:
    """One document: title, publisher, version, where it was read."""
    told = ", ".join(text for text in (document.publisher, document.version) if text)
    title: Node = h.cite[document.title]
    if document.url:
        title = h.a(href=document.url, rel="noreferrer", target="_blank")[title]
    return [title, f" ({told})" if told else None]
