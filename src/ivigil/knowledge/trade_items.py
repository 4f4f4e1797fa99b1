"""What a barcode on a vial stands for, and which lots were called back."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from ivigil.knowledge.evidence import Fact


class TradeItem(Fact):
    """One package as its barcode names it: a vial, or the carton of one vial.

    Evidence is for the whole claim: that this GTIN is this product in this size. A US GTIN is
    ``derived`` from the package code (NDC) that was read: "003", its ten digits, the check digit.
    """

    gtin: str
    """GTIN-14: fourteen digits, the last a check digit."""
    products: tuple[str, ...]
    """The product; two ids where one vial is licensed for both routes, which the fact base holds apart."""
    grams: Decimal
    ndc: str = ""
    """US package code as printed, with its hyphens; empty elsewhere."""


class Recall(Fact):
    """A lot that must not be given. It restricts, so it acts unsigned and at once."""

    product: str
    """Any product id of the brand; the lot is stopped under every strength, route and country of it."""
    lot: str
    reason: str


def lot_key(lot: str) -> str:
    """A lot without what differs between two people who type it: case, spaces, width."""
    return "".join(unicodedata.normalize("NFKC", lot).casefold().split())
