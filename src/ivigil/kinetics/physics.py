"""IgG over time: simulate one person, and find the steady state of a repeated cycle of doses.

Linear models are solved in closed form, saturable ones by a series with error control. Plain Python on
floats: the numeric libraries are needed for populations only (``ivigil.kinetics.population``).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from ivigil.kinetics.running import run
from ivigil.kinetics.saturable import at_rest, clearance, endogenous
from ivigil.kinetics.schedule import schedule
from ivigil.kinetics.steady import steady_state
from ivigil.kinetics.values import Dose, Parameters, Schedule, State

__all__ = [
    "Dose",
    "Parameters",
    "Schedule",
    "State",
    "at_rest",
    "check",
    "clearance",
    "concentrations",
    "endogenous",
    "run",
    "schedule",
    "steady_state",
]


def concentrations(
    parameters: Parameters,
    doses: Sequence[Dose],
    times_days: Sequence[float],
    start: State | None = None,
) -> list[float]:
    """Total IgG in g/L at each sampling time, in the order of the times.

    ``start`` is the state on day 0, before which nothing may lie; None: the endogenous steady state, which
    holds until the first dose. A sample at the start of a dose is taken before it. Raises ValueError for
    parameters, doses or times that cannot be.
    """
    check(parameters, doses)
    plan = schedule(doses, times_days, None if start is None else 0.0)
    found = [0.0] * len(times_days)
    run(parameters, plan, 1.0, at_rest(parameters) if start is None else start, found)
    return found


def check(parameters: Parameters, doses: Sequence[Dose] = ()) -> None:
    """Raise ValueError, with all faults, for parameters with which nothing can be computed."""
    faults = [
        f"{name} {value}: a number {'above 0' if name in _POSITIVE else 'of at least 0'} is accepted"
        for name, value in parameters._asdict().items()
        if not (isfinite(value) and (value > 0 if name in _POSITIVE else value >= 0))
    ]
    for needed, because, wanted in (
        ("vp_l", "with an exchange", parameters.q_l_per_day > 0),
        ("half_rise_g_per_l", "with a rise of clearance", parameters.clearance_rise > 0),
        ("ka_per_day", "for subcutaneous doses", any(dose.route == "SC" for dose in doses)),
    ):
        if wanted and getattr(parameters, needed) == 0:
            faults.append(f"{needed} 0: a number above 0 is accepted {because}")
    if faults:
        raise ValueError("; ".join(faults))


_POSITIVE = {"cl_l_per_day", "vc_l"}
