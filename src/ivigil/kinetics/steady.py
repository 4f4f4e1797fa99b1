"""The steady state of a cycle of doses that is repeated for ever."""

from __future__ import annotations

from collections.abc import Sequence

from ivigil.kinetics.linear import lasting, modes, run_linear
from ivigil.kinetics.saturable import at_rest, endogenous, run_saturable
from ivigil.kinetics.schedule import schedule
from ivigil.kinetics.values import Dose, Parameters, Schedule, State

TOLERANCE = 1e-9
"""Relative size of the last Newton step of a saturable model."""
NEWTON_STEPS = 25
DIFFERENCE = 1e-5


def steady_state(parameters: Parameters, doses: Sequence[Dose], interval_days: float) -> State:
    """State at the start of a cycle, before a dose that may be given there.

    Every dose starts and ends within the cycle, which begins on day 0. A linear model is summed in closed
    form; a saturable one is solved for the state that one cycle leads back to. Raises ValueError for a dose
    outside the cycle, ArithmeticError if no such state is found.
    """
    if not interval_days > 0:
        raise ValueError(f"interval_days {interval_days}: a number above 0 is accepted")
    outside = [dose for dose in doses if dose.time_days + dose.duration_days > interval_days]
    if outside or any(dose.time_days >= interval_days for dose in doses):
        raise ValueError(f"doses: each has to start and end within the cycle of {interval_days} days")
    cycle = schedule(doses, [interval_days], 0.0)
    if parameters.clearance_rise == 0.0:
        return _linear(parameters, cycle, interval_days)
    return _saturable(parameters, cycle, interval_days)


def _depot(parameters: Parameters, after_one_cycle_g: float, interval_days: float) -> float:
    """Geometric sum of what each cycle leaves under the skin."""
    if after_one_cycle_g == 0.0:
        return 0.0
    return after_one_cycle_g / (parameters.ka_per_day * lasting(parameters.ka_per_day, interval_days))


def _linear(parameters: Parameters, cycle: Schedule, interval_days: float) -> State:
    """Each mode by itself is a geometric sum."""
    rest = at_rest(parameters)
    depot = _depot(parameters, run_linear(parameters, cycle, 1.0, rest, [0.0]).depot_g, interval_days)
    once = run_linear(parameters, cycle, 1.0, rest._replace(depot_g=depot), [0.0])
    fast, slow, fast_share, slow_share, exchange = modes(parameters)
    central, peripheral = once.central_g - rest.central_g, once.peripheral_g - rest.peripheral_g
    x = (fast_share * central - exchange * peripheral) / (fast * lasting(fast, interval_days))
    if exchange == 0.0:
        return State(rest.central_g + x, rest.peripheral_g, depot)
    y = (slow_share * central + exchange * peripheral) / (slow * lasting(slow, interval_days))
    peripheral = (fast_share * y - slow_share * x) / exchange
    return State(rest.central_g + x + y, rest.peripheral_g + peripheral, depot)


def _saturable(parameters: Parameters, cycle: Schedule, interval_days: float) -> State:
    """Newton's method on the change over one cycle, from the level at which mean input and clearance
    balance."""
    given = _given(parameters, cycle) / interval_days
    level = endogenous(parameters._replace(production_g_per_day=parameters.production_g_per_day + given))
    depot = run_saturable(parameters, cycle, 1.0, at_rest(parameters), [0.0]).depot_g
    depot = _depot(parameters, depot, interval_days)

    def change(central: float, peripheral: float) -> tuple[float, float]:
        after = run_saturable(parameters, cycle, 1.0, State(central, peripheral, depot), [0.0])
        return after.central_g - central, after.peripheral_g - peripheral

    central, peripheral = level * parameters.vc_l, level * parameters.vp_l
    for _ in range(NEWTON_STEPS):
        f, g = change(central, peripheral)
        size = DIFFERENCE * (central + peripheral)
        f_central, g_central = _slope(change(central + size, peripheral), (f, g), size)
        f_peripheral, g_peripheral = _slope(change(central, peripheral + size), (f, g), size)
        if parameters.q_l_per_day == 0.0:
            g_peripheral = -1.0
        determinant = f_central * g_peripheral - f_peripheral * g_central
        step = (f_peripheral * g - f * g_peripheral) / determinant
        peripheral_step = (f * g_central - f_central * g) / determinant
        central, peripheral = central + step, peripheral + peripheral_step
        if abs(step) + abs(peripheral_step) <= TOLERANCE * (central + peripheral):
            return State(central, peripheral, depot)
    raise ArithmeticError(f"no steady state found for an interval of {interval_days} days")


def _slope(shifted: tuple[float, float], at: tuple[float, float], size: float) -> tuple[float, float]:
    return (shifted[0] - at[0]) / size, (shifted[1] - at[1]) / size


def _given(parameters: Parameters, cycle: Schedule) -> float:
    """Grams that reach the blood from one cycle."""
    central = sum(step.central_g + step.central_g_per_day * step.gap_days for step in cycle.steps)
    depot = sum(step.depot_g + step.depot_g_per_day * step.gap_days for step in cycle.steps)
    return central + parameters.bioavailability * depot
