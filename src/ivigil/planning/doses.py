"""What a regimen allows in g per kg of body weight, read off its fields."""

from __future__ import annotations

from decimal import Decimal

from ivigil.knowledge.conditions import Regimen


def total_range(regimen: Regimen) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest total of one course in g/kg; None if the regimen states none."""
    low, high = regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max
    if regimen.day_doses_g_per_kg:
        total = sum(regimen.day_doses_g_per_kg, Decimal(0))
        return total, total
    if low is None and high is None:
        low, high = _from_daily(regimen)
    if low is None or high is None:
        only = low if low is not None else high
        return None if only is None else (only, only)
    return low, high


def _from_daily(regimen: Regimen) -> tuple[Decimal | None, Decimal | None]:
    """Daily dose times days, where both are stated."""
    if not regimen.allowed_days:
        return None, None
    low, high = regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max
    fewest, most = min(regimen.allowed_days), max(regimen.allowed_days)
    return (
        None if low is None else low * fewest,
        None if high is None else high * most,
    )


def daily_total_max(regimen: Regimen) -> Decimal | None:
    """Highest dose of one day in g/kg, if stated."""
    if regimen.day_doses_g_per_kg:
        return max(regimen.day_doses_g_per_kg)
    return regimen.daily_dose_g_per_kg_max
