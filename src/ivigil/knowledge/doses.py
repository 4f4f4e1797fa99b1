"""What a regimen allows in g per kg of body weight, read off its fields."""

from __future__ import annotations

from decimal import Decimal

from ivigil.knowledge.conditions import Regimen

Bounds = tuple[Decimal, Decimal]
"""Lowest and highest, both included."""


def either(low: Decimal | None, high: Decimal | None) -> Bounds | None:
    """Both ends of what is stated; an end that is not stated permits nothing beyond the other."""
    if low is None:
        return None if high is None else (high, high)
    return low, low if high is None else high


def total_range(regimen: Regimen) -> Bounds | None:
    """Lowest and highest total of one course in g/kg; None if the regimen states none."""
    if regimen.day_doses_g_per_kg:
        total = sum(regimen.day_doses_g_per_kg, Decimal(0))
        return total, total
    stated = either(regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max)
    return stated or _from_daily(regimen)


def daily_range(regimen: Regimen) -> Bounds | None:
    """Lowest and highest dose of one day in g/kg; None if the regimen gives no way to tell."""
    if regimen.day_doses_g_per_kg:
        return min(regimen.day_doses_g_per_kg), max(regimen.day_doses_g_per_kg)
    stated = either(regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max)
    total = total_range(regimen)
    if stated or total is None or not regimen.allowed_days:
        return stated
    return total[0] / max(regimen.allowed_days), total[1] / min(regimen.allowed_days)


def _from_daily(regimen: Regimen) -> Bounds | None:
    """Daily dose times days, where both are stated."""
    daily = either(regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max)
    if daily is None or not regimen.allowed_days:
        return None
    return daily[0] * min(regimen.allowed_days), daily[1] * max(regimen.allowed_days)
