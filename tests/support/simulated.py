"""Simulated infusions for tests, from the example orders."""

from __future__ import annotations

from functools import cache

import ivigil
from ivigil.course import Plan
from ivigil.infusion.briefing import Briefing, brief
from ivigil.infusion.simulate import Simulation, simulate
from tests.support.orders import knowledge

ADULT, CHILD, UNDER_THE_SKIN = "immunodeficiency", "kawasaki", "subcutaneous"


@cache
def planned(example: str) -> Plan:
    return ivigil.plan(ivigil.read_order(f"examples/{example}.toml"))


@cache
def briefed(example: str) -> Briefing:
    return brief(planned(example), 1, knowledge())


@cache
def simulated(name: str, *, example: str = ADULT, seed: int = 1, minutes: int | None = None) -> Simulation:
    return simulate(planned(example), 1, knowledge(), name=name, seed=seed, minutes=minutes)
