"""Two statements of one figure must agree: what a pharmacist checks when two lines of a label meet.

Nothing here is a clinical number. Every check compares the fact base with itself: a rate with the second
unit that its label prints, a total with daily dose and days, a regimen with the product label that it quotes,
a limit for patients at risk with the ordinary maximum, a ramp-up with its target interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from ivigil import units
from ivigil.knowledge.care import Premedication
from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.products import LabelUse, PrintedRates, Product, RampUp, Schedule
from ivigil.knowledge.reactions import EmergencyDrug
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.weights import WeightExample


def disagreements(knowledge: Knowledge) -> Iterator[str]:
    """Figures that contradict one another, as "id: what"."""
    for product in knowledge.facts.product:
        yield from _product(product)
    for condition in knowledge.facts.condition:
        for regimen in condition.regimens:
            yield from (f"{regimen.id}: {problem}" for problem in _regimen(regimen))
            yield from (f"{regimen.id}: {problem}" for problem in _label(regimen, condition, knowledge))
    drugs: tuple[Premedication | EmergencyDrug, ...] = (
        *knowledge.facts.premedication,
        *knowledge.facts.emergency_drug,
    )
    for drug in drugs:
        yield from (f"{drug.id}: {problem}" for problem in _drug(drug))
    for example in knowledge.facts.weight_example:
        yield from (f"{example.id}: {problem}" for problem in _example(example, knowledge))


def rounding_traps(knowledge: Knowledge) -> Iterator[str]:
    """Second figures that a label rounded up: a pump set by them passes the label's own maximum."""
    for product in knowledge.facts.product:
        for schedule in product.schedules:
            for printed in schedule.also_printed:
                own = _ml_per_kg_h(schedule, schedule.max_rate)
                other = units.rate_ml_per_kg_h(printed.max, printed.unit, schedule.g_per_100_ml)
                if other > own:
                    yield (
                        f"{schedule.id}: {printed.max} {printed.unit} is faster than "
                        f"{schedule.max_rate} {schedule.unit}"
                    )


def _product(product: Product) -> Iterator[str]:
    for schedule in product.schedules:
        for printed in schedule.also_printed:
            yield from (f"{schedule.id}: {problem}" for problem in _printed(schedule, printed))
    for use in product.uses:
        yield from (f"{use.id}: {problem}" for problem in _use(use))
    for ramp in product.ramp_ups:
        yield from (f"{ramp.id}: {problem}" for problem in _ramp(ramp))
    yield from _at_risk(product)


def _ml_per_kg_h(schedule: Schedule, rate: Decimal) -> Decimal:
    return units.rate_ml_per_kg_h(rate, schedule.unit, schedule.g_per_100_ml)


def _printed(schedule: Schedule, printed: PrintedRates) -> Iterator[str]:
    """Both units name one rate: they differ by no more than the rounding of the figures as printed."""
    pairs = [("maximum", schedule.max_rate, printed.max)]
    if printed.start is not None:
        pairs.append(("start", schedule.start_rate, printed.start))
    for name, kept, second in pairs:
        low, high = _span_ml_per_kg_h(second, printed.unit, schedule.g_per_100_ml)
        own_low, own_high = _span_ml_per_kg_h(kept, schedule.unit, schedule.g_per_100_ml)
        if own_high < low or high < own_low:
            yield f"{name} {kept} {schedule.unit} is not the {second} {printed.unit} printed beside it"


def _span_ml_per_kg_h(rate: Decimal, unit: units.RateUnit, g_per_100_ml: Decimal) -> tuple[Decimal, Decimal]:
    """What a printed figure may stand for: half a unit of its last digit either way."""
    half = Decimal(1).scaleb(int(rate.as_tuple().exponent)) / 2
    return (
        units.rate_ml_per_kg_h(rate - half, unit, g_per_100_ml),
        units.rate_ml_per_kg_h(rate + half, unit, g_per_100_ml),
    )


def _at_risk(product: Product) -> Iterator[str]:
    """A limit for patients at risk lies above every start rate and binds below some ordinary maximum."""
    schedules = [schedule for schedule in product.schedules if "/kg/" in schedule.unit]
    limits = [
        (risk.id, units.rate_ml_per_kg_h(risk.rate, risk.unit, product.g_per_100_ml))
        for risk in product.at_risk_rates
        if risk.rate is not None and risk.unit is not None and "/kg/" in risk.unit
    ]
    if not schedules or not limits:
        return
    name, slowest = min(limits, key=lambda limit: limit[1])
    start = max(_ml_per_kg_h(schedule, schedule.start_rate) for schedule in schedules)
    top = max(_ml_per_kg_h(schedule, schedule.max_rate) for schedule in schedules)
    if slowest <= start:
        yield f"{name}: the limit at risk is not above the start rate of every schedule"
    if slowest > top:
        yield f"{name}: the limit at risk is above every ordinary maximum"


def _use(use: LabelUse) -> Iterator[str]:
    """A course given over days is the daily dose times those days."""
    days = (use.split_days_min, use.split_days_max)
    if use.dose_per == "course" and use.daily_dose_g_per_kg is not None and None not in days:
        totals = [use.daily_dose_g_per_kg * day for day in days if day is not None]
        yield from _meets(use.dose_g_per_kg_min, use.dose_g_per_kg_max, min(totals), max(totals))


def _meets(low: Decimal | None, high: Decimal | None, fewest: Decimal, most: Decimal) -> Iterator[str]:
    if low is not None and high is not None and (most < low or fewest > high):
        yield f"total {low} to {high} g/kg, but the daily doses come to {fewest} to {most} g/kg"


def _regimen(regimen: Regimen) -> Iterator[str]:
    daily = (regimen.daily_dose_g_per_kg_min, regimen.daily_dose_g_per_kg_max)
    total = (regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max)
    if daily[0] is not None and daily[1] is not None:
        for days in regimen.allowed_days:
            yield from _meets(*total, daily[0] * days, daily[1] * days)
    if regimen.day_doses_g_per_kg:
        whole = sum(regimen.day_doses_g_per_kg, Decimal(0))
        yield from _meets(*total, whole, whole)
        if regimen.allowed_days and len(regimen.day_doses_g_per_kg) not in regimen.allowed_days:
            yield f"{len(regimen.day_doses_g_per_kg)} day doses for {regimen.allowed_days} days"
    cap = regimen.max_total_dose_g_per_kg
    if cap is not None and total[0] is not None and cap < total[0]:
        yield f"the cap of {cap} g/kg is below the dose of {total[0]} g/kg"


def _label(regimen: Regimen, condition: Condition, knowledge: Knowledge) -> Iterator[str]:
    """A regimen that quotes a product's label says what the product's own record of that label says."""
    for name in regimen.products:
        product = knowledge.products.get(name)
        if product is None:
            yield f"unknown product {name!r}"
            continue
        doses = [
            (use.dose_g_per_kg_min, use.dose_g_per_kg_max)
            for use in product.uses
            if condition.id in _conditions(use, knowledge) and use.dose_g_per_kg_min is not None
        ]
        own = (regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max)
        if doses and own not in doses:
            yield f"{own[0]} to {own[1]} g/kg is no dose of {name} for this condition"


def _conditions(use: LabelUse, knowledge: Knowledge) -> tuple[str, ...]:
    indication = knowledge.label_indications.get(use.indication)
    return indication.conditions if indication else ()


def _ramp(ramp: RampUp) -> Iterator[str]:
    weeks = [step.week for step in ramp.steps]
    if weeks != list(range(1, len(weeks) + 1)):
        yield "the weeks do not run from 1 without a gap"
    parts = [step.dose_weeks for step in ramp.steps if step.dose_weeks]
    if any(a >= b for a, b in pairwise(parts)):
        yield "the part doses do not rise"
    if parts and ramp.interval_weeks is not None and parts[-1] != ramp.interval_weeks:
        yield f"the last part dose is for {parts[-1]} weeks, the interval {ramp.interval_weeks}"


def _drug(drug: Premedication | EmergencyDrug) -> Iterator[str]:
    """A single dose is not above the single maximum, nor that above the maximum of a day."""
    doses = [("dose_mg_max", drug.dose_mg_max)]
    if isinstance(drug, Premedication):
        doses.append(("dose_mg", drug.dose_mg))
    ceilings = [("max_mg", drug.max_mg), ("max_mg_per_day", drug.max_mg_per_day)]
    for (lower, low), (upper, high) in [
        *((dose, ceiling) for dose in doses for ceiling in ceilings),
        (ceilings[0], ceilings[1]),
    ]:
        if low is not None and high is not None and low > high:
            yield f"{lower} {low} is above {upper} {high}"


def _example(example: WeightExample, knowledge: Knowledge) -> Iterator[str]:
    """A worked example comes out by the formulas, to a unit of its last digit (some are cut, not rounded)."""
    inches = example.height_cm / units.convert(Decimal(1), "in", "cm")
    for formula in knowledge.facts.ideal_weight:
        if formula.sex == example.sex and example.ideal_kg is not None:
            ideal = formula.base_kg + formula.slope_kg_per_inch * (inches - formula.offset_inches)
            if not _comes_out(ideal, example.ideal_kg):
                yield f"ideal weight {example.ideal_kg} kg, but {formula.id} gives {ideal:.2f} kg"
    adjusted = [kg for kg in (example.adjusted_04_kg, example.adjusted_05_kg) if kg is not None]
    if example.ideal_kg is None or not adjusted:
        return
    excess = example.actual_kg - example.ideal_kg
    for adjustment in knowledge.facts.adjusted_weight:
        kg = example.ideal_kg + adjustment.factor * excess
        if not any(_comes_out(kg, printed) for printed in adjusted) and len(adjusted) > 1:
            yield f"{adjustment.id} gives {kg:.2f} kg, which is no adjusted weight of this example"


def _comes_out(computed: Decimal, printed: Decimal) -> bool:
    return abs(computed - printed) <= Decimal(1).scaleb(int(printed.as_tuple().exponent))
