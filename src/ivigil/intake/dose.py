"""Is the ordered dose within what some source gives, and does it agree with itself?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import msgspec

from ivigil import units
from ivigil.intake import sources
from ivigil.intake.fields import Fields
from ivigil.intake.plausibility import limit
from ivigil.intake.sources import DAYS_PER_WEEK, Range, plain
from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.doses import Bounds
from ivigil.knowledge.store import Knowledge
from ivigil.order import Route
from ivigil.patient import Sex
from ivigil.told import Text, Told, tell

PERCENT = Decimal(100)
PER_KG, IN_GRAMS = "total_dose_g_per_kg", "total_dose_g"
NEXT = tell("the days from one subcutaneous dose to the next")


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """What the order says of the dose, whom it is for and what it is for."""

    condition: Condition
    route: Route
    phase: str
    """Empty if neither the order nor the condition names one."""
    regimen: str
    """Empty if the order names none."""
    g_per_kg: Decimal | None
    grams: Decimal | None
    days: int | None
    interval_days: int | None
    weight_kg: Decimal | None
    height_cm: Decimal | None
    sex: Sex | None


def check(ordered: Ordered, fields: Fields, knowledge: Knowledge) -> None:
    """Note every way in which the ordered dose leaves the sources or contradicts itself."""
    checker = _Checker(ordered, fields, knowledge)
    checker.agreement()
    if ordered.route == "SC":
        checker.weekly()
    else:
        checker.course()


class _Checker:
    """The checks of one order. Grams are compared with the lightest and the heaviest weight
    that a policy may dose on, and may differ by what rounding to whole vials may change."""

    def __init__(self, ordered: Ordered, fields: Fields, knowledge: Knowledge) -> None:
        self._ordered = ordered
        self._fields = fields
        self._knowledge = knowledge
        self._weights = _dosing_weights(ordered, knowledge)
        self._margin = limit(knowledge, "policy.rounding_tolerance") / PERCENT

    def agreement(self) -> None:
        """Both forms of the total must agree for some weight that may be dosed on."""
        per_kg, grams = self._ordered.g_per_kg, self._ordered.grams
        if per_kg is None or grams is None or self._weights is None:
            return
        low, high = self._grams(per_kg, per_kg, self._weights)
        if not low <= grams <= high:
            seen = tell(
                "{grams}, while {other} gives {low} to {high}",
                grams=plain(grams),
                other=PER_KG,
                low=plain(low),
                high=plain(high),
            )
            accepted = tell("grams that agree with {other}, or one of the two", other=PER_KG)
            self._fields.faults.add(IN_GRAMS, seen, accepted)

    def course(self) -> None:
        """An intravenous course: its total, its days, the dose of a day, the interval."""
        ordered = self._ordered
        pool = sources.regimens(ordered.condition, ordered.phase, self._knowledge)
        self._amount(sources.course(pool, self._weights), Decimal(1), tell("g/kg in a course"), str)
        interval = sources.interval_days(pool)
        if ordered.interval_days is not None and interval and ordered.interval_days < interval.low:
            self._outside("interval_days", str(ordered.interval_days), interval.text(tell("days")))
        if ordered.days is None:
            return
        named = [regimen for regimen in pool if regimen.id == ordered.regimen]
        # A named regimen that states no days leaves them to the prescriber.
        silent = bool(named) and not any(regimen.allowed_days for regimen in named)
        days = None if silent else sources.days(pool)
        if days is not None and not days.holds(Decimal(ordered.days)):
            self._outside("days", str(ordered.days), days.text(tell("days")))
            return
        daily = sources.daily(pool, self._weights)
        self._amount(daily, Decimal(ordered.days), tell("g/kg a day"), partial(_over, ordered.days))

    def weekly(self) -> None:
        """A subcutaneous dose is compared per week, so its interval must be stated; a loading as a whole."""
        ordered = self._ordered
        if ordered.g_per_kg is None and ordered.grams is None:
            return
        if ordered.phase == "loading":
            self._amount(
                sources.loading(ordered.condition, self._knowledge), Decimal(1), tell("g/kg in all"), str
            )
            return
        if ordered.interval_days is None:
            self._fields.require("interval_days", accepted=NEXT)
            return
        weekly = sources.weekly(ordered.condition, self._knowledge)
        weeks = Decimal(ordered.interval_days) / DAYS_PER_WEEK
        self._amount(weekly, weeks, tell("g/kg a week"), partial(_every, ordered.interval_days))

    def _amount(self, allowed: Range | None, parts: Decimal, unit: Told, told: Callable[[str], Text]) -> None:
        """Compare the ordered dose, divided into ``parts``, with a range in g/kg; ``told`` says over what."""
        if allowed is None:
            return
        per_kg, grams = self._ordered.g_per_kg, self._ordered.grams
        low, high = allowed.low * parts, allowed.high * parts
        if per_kg is not None and not low <= per_kg <= high:
            self._outside(PER_KG, told(plain(per_kg)), allowed.text(unit))
        if grams is None or self._weights is None:
            return
        low, high = self._grams(low, high, self._weights)
        if not low <= grams <= high:
            weight = plain(self._weights[1])
            seen = tell("{dose} for {weight} kg", dose=told(plain(grams)), weight=weight)
            self._outside(IN_GRAMS, seen, allowed.text(unit))

    def _grams(self, low: Decimal, high: Decimal, weights: Bounds) -> Bounds:
        return low * weights[0] * (1 - self._margin), high * weights[1] * (1 + self._margin)

    def _outside(self, key: str, seen: Text, accepted: Told) -> None:
        """Note a fault; the ids of the sources tell the condition, so a log leaves them out."""
        self._fields.faults.add(key, seen, accepted, log=f"{key}: accepted: what a source gives")


def _over(days: int, dose: str) -> Told:
    if days == 1:
        return tell("{dose} on one day", dose=dose)
    return tell("{dose} over {days} days", dose=dose, days=str(days))


def _every(days: int, dose: str) -> Told:
    return tell("{dose} every {days} days", dose=dose, days=str(days))


def _dosing_weights(ordered: Ordered, knowledge: Knowledge) -> Bounds | None:
    """The lightest and the heaviest weight that a policy may dose on: ideal, if lower, and actual."""
    actual, height = ordered.weight_kg, ordered.height_cm
    if actual is None:
        return None
    formulas = [item for item in knowledge.facts.ideal_weight if item.sex == ordered.sex]
    if height is None or not formulas or height < (formulas[0].height_cm_min or 0):
        return actual, actual
    formula = formulas[0]
    inches = height / units.convert(Decimal(1), "in", "cm")
    ideal = formula.base_kg + formula.slope_kg_per_inch * (inches - formula.offset_inches)
    return (min(actual, ideal) if ideal > 0 else actual), actual
