"""Persons for the physics: one by hand, and any that could be, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from ivigil.kinetics.estimate import Person
from ivigil.kinetics.values import Parameters

CL, V, OWN = 0.15, 4.0, 3.0
ONE = Person("by hand", Parameters(CL, V, production_g_per_day=CL * OWN), OWN, 1.0, 1.0, ())
"""One compartment, by hand: k = CL / V."""
K = CL / V


def person(
    cl: float = 0.15, vc: float = 3.5, exchange: float = 0.3, ka: float = 0.3, f: float = 0.7
) -> Person:
    """Two compartments and a depot; own IgG 3 g/L, a facilitated dose a tenth better absorbed."""
    parameters = Parameters(cl, vc, exchange, 3.0, ka, f, production_g_per_day=cl * OWN)
    return Person("by hand", parameters, OWN, 1.1, 1.0, ())


people = st.builds(
    person,
    cl=st.floats(0.08, 0.4),
    vc=st.floats(2, 6),
    exchange=st.floats(0.05, 1.5),
    ka=st.floats(0.1, 0.6),
    f=st.floats(0.5, 1),
)
