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


def verdict(failures: int, trials: int, happened: str, of: str) -> str:
    """What was counted and what that proves: "0 of 3,000 moments lost anything: below 0.1% of kills".

    More faults than trials count as one each. The bound is rounded up.
    """
    failed = min(failures, trials)
    bound = 100 * upper(failed, trials)
    scale = 10.0 ** (1 - math.floor(math.log10(bound)))
    below = f"{math.ceil(bound * scale) / scale:g}"
    return f"{failed:,} of {trials:,} {happened}: below {below}% of {of}, with {CONFIDENCE:.0%} confidence."


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
