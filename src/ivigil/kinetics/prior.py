"""From a published model to what the physics runs on: typical parameters, and the prior around them.

The patient's own untreated level, where it was measured, replaces the population's; it was measured with the
model's residual error, and so keeps an eta of that size.
"""

from __future__ import annotations

from math import log1p
from typing import Literal

import msgspec

from ivigil.kinetics.fitting import BIOAVAILABILITY, CL, ENDOGENOUS, KA, VC, VP, Q
from ivigil.kinetics.individual import Error, Subject, Typical, error, typical, variability
from ivigil.kinetics.simulate import MissingError, parameters_of
from ivigil.kinetics.values import Dose, Parameters
from ivigil.knowledge.kinetics import KineticRoute, ParameterName, PopulationModel
from ivigil.knowledge.store import Knowledge

Reason = Literal["refused", "typical_values_only", "no_error_model", "no_variability", "missing"]


class NotAPriorError(ValueError):
    """The model cannot be fitted to this person's levels, or not computed at all."""

    def __init__(self, model: str, reason: Reason, facts: tuple[str, ...] = ()) -> None:
        super().__init__(f"{model}: {reason}{' (' + ', '.join(facts) + ')' if facts else ''}")
        self.model, self.reason, self.facts = model, reason, facts


class Prior(msgspec.Struct, frozen=True):
    """The population that the person comes from, as the physics wants it."""

    model: str
    typical: Parameters
    names: tuple[ParameterName, ...]
    """Which parameter each eta moves."""
    omega2: tuple[float, ...]
    """Variance of each eta; no correlation was published for any model."""
    carried: tuple[int, ...]
    """As in ``fitting.Problem``."""
    carrier: tuple[int, ...]
    error: Error
    facilitated: float
    """Bioavailability of facilitated doses over that of plain ones; 1 where either is not known."""

    @property
    def precision(self) -> tuple[float, ...]:
        """Inverse of the covariance of the etas, row by row."""
        size = len(self.omega2)
        return tuple(
            1.0 / self.omega2[row] if row == column else 0.0 for row in range(size) for column in range(size)
        )


def dose(
    time_days: float, grams: float, route: KineticRoute, relative: float, duration_days: float = 0.0
) -> Dose:
    """A dose by any route; ``relative``: ``Typical.facilitated``."""
    return Dose(
        time_days,
        grams,
        duration_days,
        "IV" if route == "IV" else "SC",
        relative if route == "facilitated_SC" else 1.0,
    )


def prior(model: PopulationModel, subject: Subject, knowledge: Knowledge) -> Prior:
    """The model as a prior for the subject. Raises NotAPriorError with the reason and what ruled."""
    verdict = model.verdict
    if verdict.status != "usable":
        reason: Reason = "refused" if verdict.status == "refused" else "typical_values_only"
        raise NotAPriorError(model.id, reason, (verdict.id,))
    if model.error is None:
        raise NotAPriorError(model.id, "no_error_model", (model.id,))
    found = typical(model, subject, knowledge)
    try:
        centre = parameters_of(found)
    except MissingError as missing:
        raise NotAPriorError(model.id, "missing", tuple(found.missing)) from missing
    residual = error(model.error)
    spread = _spread(model, found, residual, knowledge)
    if not spread:
        raise NotAPriorError(model.id, "no_variability", (model.id,))
    names, carried, carrier = list[ParameterName](), list[int](), list[int]()
    for name in spread:
        carried += _MOVES[name]
        if name == "vc_l" and model.elimination == "rate_constant":
            carried.append(CL)
        carrier += [len(names)] * (len(carried) - len(carrier))
        names.append(name)
    return Prior(
        model.id,
        centre,
        tuple(names),
        tuple(spread.values()),
        tuple(carried),
        tuple(carrier),
        residual,
        found.facilitated,
    )


def _spread(
    model: PopulationModel, found: Typical, residual: Error, knowledge: Knowledge
) -> dict[ParameterName, float]:
    """Variance of each eta. That of absorption does nothing if nothing is given under the skin."""
    name: ParameterName = "endogenous_g_per_l"
    spread = {
        key: value
        for key, value in variability(model, knowledge).items()
        if key in found.values and key in _MOVES
    }
    own = found.values.get(name, 0.0)
    if found.endogenous_of != "patient":
        return spread
    if own <= 0.0:
        return {key: value for key, value in spread.items() if key != name}
    measured = log1p(residual.proportional**2 + (residual.additive_g_per_l / own) ** 2)
    return {**spread, name: min(measured, spread.get(name, measured))}


_MOVES: dict[ParameterName, tuple[int, ...]] = {
    "cl_l_per_day": (CL,),
    "kel_per_day": (CL,),
    "vc_l": (VC,),
    "q_l_per_day": (Q,),
    "vp_l": (VP,),
    "ka_per_day": (KA,),
    "f_sc": (BIOAVAILABILITY,),
    "endogenous_g_per_l": (ENDOGENOUS,),
}
"""A rate constant stands still when the volume differs: there the eta of Vc moves CL as well."""
