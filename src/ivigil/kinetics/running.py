"""One run of a schedule, by the solution that fits the model.

Runs as it is for one person and is compiled for many.
"""

from __future__ import annotations

from collections.abc import MutableSequence

from ivigil.kinetics.linear import run_linear
from ivigil.kinetics.saturable import run_saturable
from ivigil.kinetics.values import Parameters, Schedule, State


def run(
    parameters: Parameters,
    schedule: Schedule,
    scale: float,
    start: State,
    levels: MutableSequence[float],
) -> State:
    """Total IgG in g/L at every sample, into ``levels``; the state after the last step.

    All grams of the schedule are multiplied by ``scale``. Nothing is checked: see ``physics.check``.
    """
    if parameters.clearance_rise == 0.0:
        return run_linear(parameters, schedule, scale, start, levels)
    return run_saturable(parameters, schedule, scale, start, levels)
