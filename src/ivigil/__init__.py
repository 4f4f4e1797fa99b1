"""Ivigil: from an order for immunoglobulin to a safe, cited treatment plan.

    >>> import ivigil
    >>> order = ivigil.read_order("examples/kawasaki.toml")
    >>> plan = ivigil.plan(order)
    >>> plan.status, plan.dose.grams, plan.days[0].steps
    >>> ivigil.why(plan, "dose")

This module is the edge: it loads the fact base once, reads a site's overlay anew each time, and
hands them to the pure core. ``ivigil.planning.plan(order, knowledge)`` is the same without defaults.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ivigil.knowledge.store import Knowledge, KnowledgeError, load
from ivigil.order import Fault, Order, OrderError

if TYPE_CHECKING:
    from ivigil.course import Plan
    from ivigil.knowledge.site import Overlay
    from ivigil.planning.why import Why

SITE_VARIABLE = "IVIGIL_SITE"


_laid: dict[str, tuple[Overlay, Knowledge]] = {}
"""The last overlay read from each folder, and the fact base under it."""


@cache
def _base() -> Knowledge:
    return load()


def load_knowledge(site: str | None = None) -> Knowledge:
    """The fact base, under the overlay folder ``site`` or, if None, $IVIGIL_SITE or no overlay.

    The folder is read at each call: what a site publishes rules from then on, also where somebody is
    watching an infusion. Raises KnowledgeError if the overlay cannot be read or breaks a rule.
    """
    folder = site or os.environ.get(SITE_VARIABLE)
    if not folder:
        return _base()
    from ivigil.knowledge.site import overlay, read

    found = read(Path(folder))
    if folder not in _laid or _laid[folder][0] != found:
        _laid[folder] = found, overlay(_base(), found)
    return _laid[folder][1]


def read_order(path: str | Path, site: str | None = None) -> Order:
    """Read a TOML or JSON order. Raises OrderError listing every fault."""
    from ivigil.intake import read_order as read

    return read(path, load_knowledge(site))


def plan(order: Order, site: str | None = None) -> Plan:
    """Plan an order and have the plan checked by the independent verifier.

    Raises UnverifiedPlanError if the verifier rejects it: such a plan does not leave.
    """
    from ivigil.release import checked_plan

    return checked_plan(order, load_knowledge(site))


def why(plan: Plan, decision: str) -> Why:
    """Inputs, rules and sources of one decision of a plan ("dose", "product", a finding's id)."""
    from ivigil.planning.why import why as explain

    return explain(plan, decision)


__all__ = ["Fault", "KnowledgeError", "Order", "OrderError", "load_knowledge", "plan", "read_order", "why"]
