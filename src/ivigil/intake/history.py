"""The last immunoglobulin, and the findings that somebody sets aside."""

from __future__ import annotations

import datetime as dt

from ivigil.intake import resolve
from ivigil.intake.fields import DATE, TEXT, Fields
from ivigil.intake.near import nearest_names
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Override, Route
from ivigil.told import tell

LAST_KEYS = (
    "product",
    "date",
    "grams",
    "route",
    "interval_days",
    "tolerated_rate_ml_per_kg_per_h",
    "infusions",
)
OVERRIDE_KEYS = ("finding", "reason", "author")


def route(fields: Fields) -> Route | None:
    written = fields.choice("route", resolve.ROUTES)
    return next((item for item in resolve.ROUTES if item == written), None)


def last_immunoglobulin(
    fields: Fields | None, jurisdiction: str | None, knowledge: Knowledge
) -> LastImmunoglobulin | None:
    """The most recent immunoglobulin; its product may come from any jurisdiction."""
    if fields is None:
        return None
    fields.require("date", accepted=DATE)
    given_by: Route = route(fields) or "IV"
    product = resolve.product(fields, knowledge, jurisdiction or "", given_by, elsewhere=True)
    date = fields.date("date")
    last = LastImmunoglobulin(
        date=date or dt.date.min,
        product=None if product is None else product.id,
        grams=fields.number("grams"),
        route=given_by,
        interval_days=fields.count("interval_days"),
        tolerated_rate_ml_per_kg_per_h=fields.number("tolerated_rate_ml_per_kg_per_h"),
        infusions=fields.count("infusions"),
    )
    return None if date is None else last


def overrides(fields: Fields, knowledge: Knowledge) -> tuple[Override, ...]:
    """Each override names a hazard, a reason and an author."""
    found = (_override(item, knowledge) for item in fields.tables("overrides", OVERRIDE_KEYS))
    return tuple(item for item in found if item is not None)


def _override(fields: Fields, knowledge: Knowledge) -> Override | None:
    for key in OVERRIDE_KEYS:
        fields.require(key, accepted=TEXT)
    finding, reason, author = (fields.text(key) for key in OVERRIDE_KEYS)
    if finding is not None and finding not in knowledge.hazards:
        names = {item.id: (item.id, item.name) for item in knowledge.facts.hazard}
        fields.fault("finding", tell("the id of a hazard"), near=nearest_names(finding, names))
        return None
    if finding is None or reason is None or author is None:
        return None
    return Override(finding, reason, author)
