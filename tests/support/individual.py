"""An order for replacement and the levels of its patient, who is fictional, and a site that signed."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

from msgspec.structs import replace

import ivigil
from ivigil.intake.disk import read_levels, read_order
from ivigil.intake.levels import LevelsFile
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from tests.support.orders import knowledge as without_site

EXAMPLES = Path(__file__).parents[2] / "examples"
ORDER = EXAMPLES / "levels/order.toml"
LEVELS = EXAMPLES / "levels/immunodeficiency.toml"
SITE = EXAMPLES / "site-dosing"


@cache
def signed() -> Knowledge:
    """The real fact base at a fictional site at which two people signed that doses may be sought."""
    return ivigil.load_knowledge(str(SITE))


@cache
def order() -> Order:
    return read_order(ORDER, without_site())


@cache
def levels() -> LevelsFile:
    return read_levels(LEVELS, without_site())


def aiming(target: object, *, interval_days: int = 28, vials: tuple[int, ...] | None = None) -> LevelsFile:
    """The same levels with another aim, the window as the policy has it."""
    wanted = levels().wanted
    assert wanted is not None
    cycle = replace(wanted.cycle, interval_days=interval_days)
    sizes = wanted.vials_g if vials is None else tuple(map(Decimal, vials))
    goal = Decimal(str(target))
    return replace(
        levels(),
        wanted=replace(wanted, target_g_per_l=goal, window_g_per_l=None, cycle=cycle, vials_g=sizes),
    )
