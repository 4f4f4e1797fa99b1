"""Two fact bases for tests of intake: a small one made by hand, and the real one.

The small base has the ids of the real one and, for what the tests look at, the same figures,
so that a test which passes on both rests on neither's accidents.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec

from ivigil.knowledge.store import FACTS, FactFile, Knowledge, load, read_folder

NAMES = ("small", "real")
SMALL = Path(__file__).with_name("small_base.toml")


@cache
def base(name: str) -> Knowledge:
    """The base called "small" or "real"; the small one borrows policies and growth reference."""
    if name == "real":
        return load()
    small = msgspec.convert(tomllib.loads(SMALL.read_text(), parse_float=Decimal), FactFile)
    policies, _ = read_folder(FACTS / "policies")
    growth, _ = read_folder(FACTS / "growth")
    return Knowledge(
        msgspec.structs.replace(small, policy=policies.policy, weight_for_age=growth.weight_for_age), "small"
    )
