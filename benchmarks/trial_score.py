"""How far forecasts lie from the truth: the metrics of the simulated trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, median
from typing import NamedTuple

AVERAGE, OTHERS = "average", "average of the others"
"""Of all models; of all but the one that the patients were drawn from."""
MOMENTS = ("next", "later")
"""The trough after the last dose, and that of the changed dose."""


class Key(NamedTuple):
    """Whose forecasts: patients of a course drawn from one model, fitted by another."""

    course: str
    truth: str
    by: str
    levels: int


class Forecast(NamedTuple):
    """One patient; ``bands`` (low, median, high) are empty where the model could not be fitted."""

    true_g_per_l: tuple[float, ...]
    bands: tuple[tuple[float, ...], ...]
    misfit: bool


class Score(NamedTuple):
    """Of the medians against the true IgG; PE is 100 (forecast - true) / true."""

    patients: int
    failed: int
    median_pe: float
    mean_pe: float
    rmse_g_per_l: float
    within_20: float
    """Percent of the patients."""
    within_30: float
    held: float
    """Percent of the patients whose true IgG lies in the band."""
    misfits: float
    """Percent that is told to be a misfit."""

    @property
    def error_of_held(self) -> float:
        """Standard error of ``held``, in percent."""
        share = self.held / 100.0
        return 100.0 * math.sqrt(share * (1.0 - share) / self.patients)


def score(forecasts: Sequence[Forecast], moment: int) -> Score:
    """Of one moment, those without a band left out and counted. Raises ValueError if none has one."""
    made = [item for item in forecasts if item.bands]
    if not made:
        raise ValueError("forecasts: at least one with a band is accepted")
    pairs = [(item.true_g_per_l[moment], item.bands[moment]) for item in made]
    errors = [100.0 * (band[1] - true) / true for true, band in pairs]
    return Score(
        len(made),
        len(forecasts) - len(made),
        median(errors),
        mean(errors),
        math.sqrt(mean((band[1] - true) ** 2 for true, band in pairs)),
        100.0 * mean(abs(error) <= 20.0 for error in errors),
        100.0 * mean(abs(error) <= 30.0 for error in errors),
        100.0 * mean(band[0] <= true <= band[2] for true, band in pairs),
        100.0 * mean(item.misfit for item in made),
    )
