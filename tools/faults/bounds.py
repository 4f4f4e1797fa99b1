"""What a count of failures proves."""

from __future__ import annotations

import math

CONFIDENCE = 0.95


def upper(failures: int, trials: int) -> float:
    """Clopper-Pearson: the highest chance of failure that 95 % confidence leaves, one-sided.

    None of n is the rule of three: about 3/n. Raises ValueError without a trial.
    """
    if not 0 <= failures <= trials or not trials:
        raise ValueError(f"{failures} failures of {trials} trials")
    if failures == trials:
        return 1.0
    low, high = failures / trials, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(failures, trials, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(failures: int, trials: int, chance: float) -> float:
    """Probability of so few failures; in logarithms, so that many trials do not underflow."""
    logs = [
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(chance)
        + (trials - k) * math.log1p(-chance)
        for k in range(failures + 1)
    ]
    return math.fsum(map(math.exp, logs))
