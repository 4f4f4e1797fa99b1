"""Ivigil: from an order for immunoglobulin to a safe, cited treatment plan.

    >>> import ivigil
    >>> order = ivigil.read_order("examples/kawasaki.toml")
    >>> plan = ivigil.plan(order)
    >>> plan.status, plan.dose.grams, plan.days[0].steps
    >>> ivigil.why(plan, "dose")

The rooms beside planning are there by name, each loaded when it is first asked for: ``ivigil.infusion``
(``brief``, ``replay``, ``advise``), ``ivigil.aftercare`` (``triage``), ``ivigil.kinetics`` (``estimate``,
``dose_for_trough``). They are pure: the fact base and the time are arguments.

This module is the edge: it loads the fact base once, reads a site's overlay anew each time, and
hands them to the pure core. ``ivigil.planning.plan(order, knowledge)`` is the same without defaults.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ivigil.knowledge.store import Knowledge, KnowledgeError, load
from ivigil.order import Fault, Order, OrderError

if TYPE_CHECKING:
    from ivigil import aftercare, infusion, kinetics
    from ivigil.course import Plan
    from ivigil.intake.levels import LevelsFile
    from ivigil.knowledge.site import OnPages, Overlay, Texts
    from ivigil.planning.why import Why

SITE_VARIABLE = "IVIGIL_SITE"
ROOMS = ("aftercare", "infusion", "kinetics")
"""Loaded when they are asked for: a plan needs none of them, and starts sooner without."""


def __getattr__(name: str) -> ModuleType:
    if name in ROOMS:
        return importlib.import_module(f"ivigil.{name}")
    raise AttributeError(f"module 'ivigil' has no attribute {name!r}")


_parsed: dict[str, tuple[Texts, Overlay]] = {}
"""The files last read from each folder, and the overlay that stood in them."""
_laid: dict[tuple[str | None, bool], tuple[Overlay, OnPages | None, Knowledge]] = {}
"""The last overlay read from each folder, with and without pages, and the fact base under both."""


@cache
def _base() -> Knowledge:
    return load()


def load_knowledge(site: str | None = None, pages: OnPages | None = None) -> Knowledge:
    """The fact base, under the overlay folder ``site`` or, if None, $IVIGIL_SITE or no overlay.

    The folder is read at each call: what a site publishes rules from then on, also where somebody is
    watching an infusion. It is built anew only where something has changed; safe in threads. ``pages``:
    what was signed on pages, which a journal knows. Raises KnowledgeError if the overlay cannot be read
    or breaks a rule.
    """
    folder = site or os.environ.get(SITE_VARIABLE) or None
    if not folder and pages is None:
        return _base()
    from ivigil.knowledge.site import NO_OVERLAY, with_pages

    found = _overlay(folder) if folder else NO_OVERLAY
    key = (folder, pages is not None)
    kept = _laid.get(key)
    if kept is None or kept[:2] != (found, pages):
        kept = found, pages, _lay(found if pages is None else with_pages(_base(), found, pages))
        _laid[key] = kept
    return kept[2]


def delivered() -> Knowledge:
    """The fact base without any overlay, whatever the site."""
    return _base()


def _overlay(folder: str) -> Overlay:
    """What stands in the folder's files now: they are read each time, and parsed when one has changed."""
    from ivigil.knowledge.site import parsed, texts

    found = texts(Path(folder))
    kept = _parsed.get(folder)
    if kept is None or kept[0] != found:
        kept = _parsed[folder] = found, parsed(found)
    return kept[1]


def _lay(found: Overlay) -> Knowledge:
    from ivigil.knowledge.site import NO_OVERLAY, overlay

    return _base() if found == NO_OVERLAY else overlay(_base(), found)


def read_order(path: str | Path, site: str | None = None) -> Order:
    """Read a TOML or JSON order. Raises OrderError listing every fault."""
    from ivigil.intake import read_order as read

    return read(path, load_knowledge(site))


def read_levels(path: str | Path, site: str | None = None) -> LevelsFile:
    """Read a TOML or JSON file of doses and measured IgG levels. Raises OrderError listing every fault."""
    from ivigil.intake.disk import read_levels as read

    return read(path, load_knowledge(site))


def individualise(order: Order, levels: LevelsFile, site: str | None = None) -> Order:
    """The replacement order with the dose that its patient's levels ask for, to be planned like any other.

    Raises OrderError if order and levels contradict each other, ``ivigil.individual.NotIndividualisedError``
    with every reason why no dose is sought: unless a site signed that doses may be, always.
    """
    from ivigil.individual import individualise as seek

    return seek(order, levels, load_knowledge(site))


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


__all__ = [
    "Fault",
    "KnowledgeError",
    "Order",
    "OrderError",
    "aftercare",
    "individualise",
    "infusion",
    "kinetics",
    "load_knowledge",
    "plan",
    "read_levels",
    "read_order",
    "why",
]
