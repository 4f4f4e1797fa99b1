"""Products: the list by place and route, and some of them side by side."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from htpy import Element
from litestar import Response, get
from litestar.params import QueryParameter

from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.layout import FOOTNOTE
from ivigil.sheets.numbers import number
from ivigil.sheets.products import codes, rows, word
from ivigil.sheets.records import product as product_name
from ivigil.sheets.spoken import counted, say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts.field import choice
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

_STYLES = ("facts.css",)
_ANY = texts("any")

Code = Annotated[str, QueryParameter(max_length=40)]
Chosen = Annotated[list[str] | None, QueryParameter(name="product", max_items=200)]


@get("/products", needs="facts.read", sync_to_thread=True)
def products(visit: TheVisit, place: Code = "", route: Code = "", product: Chosen = None) -> Response[str]:
    """Every product of a place and route, to tick; those that are ticked, side by side."""
    known = {item.id: item for item in visit.knowledge.facts.product}
    ticked = tuple(known[name] for name in dict.fromkeys(product or ()) if name in known)
    listed = _list(visit, place, route, {item.id for item in ticked})
    beside = _compared(ticked, visit.knowledge) if ticked else None
    return shell.page(say("Products"), visit, beside, listed, styles=_STYLES)


def _list(visit: Visit, place: str, route: str, ticked: set[str]) -> Element:
    """One form: what to list, and what to compare; it needs no script."""
    knowledge = visit.knowledge
    places = knowledge.lineage(place) if place in knowledge.jurisdictions else ()
    found = [
        item
        for item in knowledge.facts.product
        if (not places or item.jurisdiction in places) and route in ("", item.route)
    ]
    return h.form(method="get", action="/products")[
        h.div(".row")[
            choice(
                "place",
                say("Place"),
                (("", say(_ANY)), *((j.id, j.name) for j in knowledge.facts.jurisdiction)),
                place,
            ),
            choice(
                "route",
                say("Route"),
                (("", say(_ANY)), ("IV", say("into a vein (IV)")), ("SC", say("under the skin (SC)"))),
                route,
            ),
            h.button(".main", type="submit")[say("Show; compare the ticked")],
        ],
        table(
            counted(len(found), "{count} product", "{count} products"),
            (
                say("Product"),
                say("Maker"),
                say("Place, route"),
                say("Strength"),
                say("Stabilisers"),
                say("Compare"),
            ),
            ((*_cells(item), _tick(item, ticked)) for item in found),
            stacked=True,
        ),
    ]


def _cells(item: Product) -> tuple[Element | str, ...]:
    stabilisers = ", ".join(fact.text or "" for fact in item.properties_named("stabiliser"))
    return (
        h.a(href=f"/facts/{item.id}")[item.name],
        item.manufacturer,
        f"{item.jurisdiction}, {item.route}",
        f"{number(item.g_per_100_ml)} %, {word(item.form)}",
        stabilisers or say("not seen"),
    )


def _tick(item: Product, ticked: set[str]) -> Element:
    return h.label(".tick")[
        h.input(type="checkbox", name="product", value=item.id, checked=item.id in ticked),
        h.span(".unseen")[say("Compare {product}", product=product_name(item))],
    ]


def _compared(ticked: tuple[Product, ...], knowledge: Knowledge) -> Element:
    uses = [each for code in codes(ticked) if (each := knowledge.label_indications.get(code))]
    names = {use.id: use.name for use in uses} | {"ANY": say("any use")}
    beside = ((label, *cells) for label, cells in rows(ticked, names))
    return h.section(".compared")[
        h.p(".sideways.soft")[say("The table is wider than this screen: move it sideways.")],
        table(say("Side by side"), (say("What"), *map(product_name, ticked)), beside),
        h.p(".soft")[say(FOOTNOTE)],
        h.dl(".uses")[([h.dt[use.id], h.dd[h.a(href=f"/facts/{use.id}")[use.name]]] for use in uses)],
    ]


routes = [products]
