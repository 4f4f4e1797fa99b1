"""An entry into the journal: who writes it, from which device, and when it happened."""

from __future__ import annotations

import datetime as dt
import uuid

import msgspec

from ivigil.records.kinds import tag
from ivigil.records.words import Draft

UNNAMED_SITE = "site not named"


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a device of a site."""

    name: str
    on_behalf_of: str = ""
    """Who decided, if somebody else writes it down."""
    site: str
    """Name of the site; ``UNNAMED_SITE`` if it has none."""
    device: str
    """What it was entered on: "command line", "browser"."""

    @property
    def persons(self) -> tuple[str, ...]:
        """Everybody who stands behind what is written."""
        return tuple(name for name in (self.name, self.on_behalf_of) if name)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who says that something happened, when it did, and as which event it is written."""

    by: Author
    occurred_at: dt.datetime
    """In the site's offset."""
    device_at: dt.datetime
    """The device's clock when it sent this."""
    id: str = ""
    """UUID made by the client, so that the same entry sent twice is one event; "": made here."""


def draft(
    entry: Entry,
    stream: str,
    body: msgspec.Struct,
    subject: str = "",
    *,
    product: str = "",
    lot: str = "",
) -> Draft:
    """An event to be written, in a patient's stream, about a plan or an infusion."""
    return Draft(
        id=entry.id or str(uuid.uuid4()),
        stream=stream,
        kind=tag(type(body)),
        occurred_at=entry.occurred_at,
        device_at=entry.device_at,
        device=entry.by.device,
        author=entry.by.name,
        on_behalf_of=entry.by.on_behalf_of,
        site=entry.by.site,
        subject=subject,
        product=product,
        lot=lot,
        body=body,
    )
