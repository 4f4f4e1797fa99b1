"""Bodies of private links: how a patient comes in without a password.

The links of a patient stand in a stream of their own, so that none of them moves the version of the
patient's record. Neither the link's secret nor the code that goes with it is kept, only their hashes.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ivigil.patient import Identifier
from ivigil.records.bodies import Body

_LINKS = "urn:ivigil:links"

Because = Literal["code", "locked", "used", "revoked", "expired"]
"""code: the code was wrong; locked: it was wrong too often before."""


def of_links(stream: str) -> Identifier:
    """What the stream of a patient's links is made of; ``stream`` is the patient's own."""
    return Identifier(_LINKS, stream)


class LinkMade(Body, frozen=True, tag="link_made"):
    """A link was made for a patient. The event's subject is the link's id, here and in all that follow."""

    patient: str
    """Stream of the patient."""
    person: str
    """Id of the person as whom it lets in."""
    secret_hash: str
    code_hash: str
    until: dt.datetime


class LinkUsed(Body, frozen=True, tag="link_used"):
    """It was exchanged for a session. It lets nobody in again."""


class LinkRefused(Body, frozen=True, tag="link_refused"):
    """Somebody came with the link and was not let in."""

    because: Because


class LinkRevoked(Body, frozen=True, tag="link_revoked"):
    """The team took it back. If it had been used, every session and password of the person is void."""


LinkEvent = LinkMade | LinkUsed | LinkRefused | LinkRevoked
"""Everything that can happen to a private link."""
