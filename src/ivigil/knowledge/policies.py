"""Policies: how Ivigil chooses where sources leave room. Each is a fact and shown as assumed."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record


class Stock(Record):
    """Vials of a product on a site's shelf."""

    product: str
    grams: Decimal | None = None
    """Of one vial of the size meant; None: every size."""
    vials: int | None = None
    """How many of that size; None: as many as it takes."""


class Policy(Fact):
    """One choice. A site overlay may replace it; the plan lists the ones it used."""

    text: str
    """What the policy decides, for a person."""
    choice: str = ""
    alternatives: tuple[str, ...] = ()
    """The other choices that a site may set."""
    number: Decimal | None = None
    unit: str = ""
    ranking: tuple[str, ...] = ()
    stock: tuple[Stock, ...] = ()
    """What is on the shelf, all of it; empty: not listed, and not limited."""
    bolder: tuple[str, ...] = ()
    """The alternatives that loosen: a site needs two signatures for them."""
    bolder_number: Literal["higher", "lower", "either", ""] = ""
    """Which change of the number loosens."""
    cautious_because: str = ""
    """Why the default is at least as cautious as its alternatives."""
