"""Doses, intervals and rates of a record in words."""

from __future__ import annotations

from decimal import Decimal

from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.products import LabelUse, SubcutaneousDose
from ivigil.sheets.numbers import number, span
from ivigil.sheets.spoken import say, texts

_PER = texts(
    {
        "": "{dose}",
        "infusion": "{dose} each time",
        "course": "{dose} a course",
        "month": "{dose} a month",
        "week": "{dose} a week",
    }
)
_PHASE = texts(
    {
        "course": "course",
        "divided": "divided",
        "dose_floor": "dose floor",
        "extra_dose": "extra dose",
        "initial": "initial",
        "loading": "loading",
        "maintenance": "maintenance",
        "single_dose": "single dose",
        "start": "start",
    }
)
"""Of a label's dose."""


def regimen(item: Regimen) -> str:
    """A regimen's dose, division, interval and cycles: "2 g/kg in 1 day, over 10 to 12 h"."""
    parts = [
        _total(item),
        f"days of {', '.join(number(d, 3) for d in item.day_doses_g_per_kg)} g/kg"
        if item.day_doses_g_per_kg
        else "",
        span(item.daily_dose_g_per_kg_min, item.daily_dose_g_per_kg_max, "g/kg a day"),
        f"{number(item.fixed_daily_dose_g)} g a day" if item.fixed_daily_dose_g is not None else "",
        days(item.allowed_days),
        _every(item.interval_weeks_min, item.interval_weeks_max),
        _cycles(item),
        f"each over {span(item.infusion_hours_min, item.infusion_hours_max, 'h')}"
        if item.infusion_hours_min is not None or item.infusion_hours_max is not None
        else "",
        f"at most {number(item.max_rate, 3)} {item.max_rate_unit}" if item.max_rate is not None else "",
        _weekly(item),
        *(
            f"at most {number(limit)} {unit}"
            for limit, unit in (
                (item.max_total_dose_g, "g in all"),
                (item.max_total_dose_g_per_kg, "g/kg in all"),
                (item.max_daily_dose_g, "g a day"),
            )
            if limit is not None
        ),
        f"{item.weight.replace('_', ' ')} weight" if item.weight else "",
    ]
    return ", ".join(p for p in parts if p) or "no dose stated"


def days(allowed: tuple[int, ...]) -> str:
    """ "in 1 day", "over 2 or 5 days"; empty if not stated."""
    if not allowed:
        return ""
    if allowed == (1,):
        return "in 1 day"
    run = tuple(range(allowed[0], allowed[-1] + 1))
    if allowed == run and len(allowed) > 2:
        return f"over {allowed[0]} to {allowed[-1]} days"
    return f"over {' or '.join(str(d) for d in allowed)} days"


def label_use(use: LabelUse) -> str:
    """A label's dose for a use, and for which ages; empty if neither was seen."""
    dose = span(use.dose_g_per_kg_min, use.dose_g_per_kg_max, "g/kg")
    parts = [
        say(_PER[use.dose_per], dose=dose) if dose else "",
        span(use.daily_dose_g_per_kg, use.daily_dose_g_per_kg, say("g/kg a day")),
        _over(use.split_days_min, use.split_days_max),
        _every(use.interval_weeks_min, use.interval_weeks_max),
        _ages(use.age_min_years, use.age_max_years),
    ]
    text = ", ".join(p for p in parts if p)
    return f"{_phase(use.phase)}: {text}" if dose and use.phase != "unspecified" else text


def subcutaneous(dose: SubcutaneousDose) -> str:
    """A label's subcutaneous dose and interval."""
    parts = [
        span(dose.g_per_kg_per_week_min, dose.g_per_kg_per_week_max, say("g/kg a week")),
        span(dose.g_per_kg_per_month_min, dose.g_per_kg_per_month_max, say("g/kg a month")),
        span(dose.total_g_per_kg_min, dose.total_g_per_kg_max, say("g/kg in all")),
        say("every {time}", time=span(dose.interval_days_min, dose.interval_days_max, say("days")))
        if dose.interval_days_max is not None
        else "",
    ]
    text = ". ".join(p for p in (", ".join(p for p in parts if p), dose.text) if p)
    return text if dose.phase == "maintenance" else f"{_phase(dose.phase)}: {text}"


def _phase(phase: str) -> str:
    return say(_PHASE.get(phase, phase.replace("_", " ")))


def _over(low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return ""
    return say("in 1 day") if low == high == 1 else say("over {time}", time=span(low, high, say("days")))


def _total(item: Regimen) -> str:
    return span(item.total_dose_g_per_kg_min, item.total_dose_g_per_kg_max, "g/kg")


def _every(low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return ""
    return say("every {time}", time=span(low, high, say("weeks")))


def _cycles(item: Regimen) -> str:
    if item.cycles_min == item.cycles_max == 1:
        return "once"
    return span(item.cycles_min, item.cycles_max, "courses")


def _weekly(item: Regimen) -> str:
    low, high = item.scig_weekly_g_per_kg_min, item.scig_weekly_g_per_kg_max
    return f"subcutaneous {span(low, high, 'g/kg a week')}" if low is not None or high is not None else ""


def _ages(low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return ""
    return say("age {years}", years=span(low, high, say("years")))
