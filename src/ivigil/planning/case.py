"""The case: everything known of patient and ordered dose, by vocabulary id.

A key that is absent is unknown. Nothing here guesses: a flag is false only if it was
answered, if the whole checklist was asked, or if it cannot be (pregnancy in a man).
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_DOWN, Decimal

from ivigil import units
from ivigil.course import Dose
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.logic import Case, Reading, Value
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import Term, settle
from ivigil.order import Order
from ivigil.patient import Measurement, completed_years

HUNDREDTH = Decimal("0.01")
EXACT = Decimal("0.000001")
"""Fine enough that one day past a birthday, or a gram past a limit, is past it."""
CM_PER_M = Decimal(100)
PERCENT = Decimal(100)
DAYS_PER_WEEK = Decimal(7)


def patient_case(order: Order, knowledge: Knowledge) -> dict[str, Value]:
    """The case before a dose is known: body, measurements, answers, history."""
    case: dict[str, Value] = {
        **_identity(order),
        **_body(order, knowledge),
        **_measurements(order, knowledge),
        **order.patient.choices,
        **_history(order),
        **_answers(order, knowledge),
    }
    return settle(knowledge.implied_flags, case)


def dosed_case(
    case: Case, order: Order, regimen: Regimen, dose: Dose, knowledge: Knowledge
) -> dict[str, Value]:
    """The case with the ordered and the cumulative dose in g per kg, and whether courses overlap."""
    g_per_kg, dosing_weight_kg = dose.g_per_kg, dose.dosing_weight_kg
    recent = _recent_grams(order, knowledge)
    dosed: dict[str, Value] = {**case, "dose_g_per_kg": Reading.exactly(g_per_kg)}
    overlaps = _overlaps(order, regimen, knowledge)
    if overlaps is not None:
        dosed["last_dose_within_interval"] = overlaps
    if recent is not None:
        dosed["cumulative_dose_g_per_kg"] = Reading(
            low=g_per_kg + recent / dosing_weight_kg,
            high=g_per_kg + recent / dosing_weight_kg,
        )
    else:
        dosed["cumulative_dose_g_per_kg"] = Reading(low=g_per_kg, high=None)
    return settle(knowledge.implied_flags, dosed)


def product_changed(order: Order, product: str | None) -> bool | None:
    """Does the product differ from the last one? None where either is not known."""
    last = order.last_immunoglobulin
    if order.experience == "naive":
        return False
    if last is None or last.product is None or product is None:
        return None if last is None or last.product is None else False
    return product != last.product


def age_years(birth: dt.date, on: dt.date) -> Decimal:
    """Age in years with its fraction: 65 years and a day is above 65."""
    completed = completed_years(birth, on)
    birthday = _birthday(birth, birth.year + completed)
    year = (_birthday(birth, birth.year + completed + 1) - birthday).days
    part = Decimal((on - birthday).days) / year
    return completed + part.quantize(EXACT, ROUND_DOWN)


def _birthday(birth: dt.date, year: int) -> dt.date:
    try:
        return birth.replace(year=year)
    except ValueError:  # 29 February
        return dt.date(year, 3, 1)


def _identity(order: Order) -> dict[str, Value]:
    return {
        "sex": order.patient.sex,
        "condition": order.condition,
        "route": order.route,
        "jurisdiction": order.jurisdiction,
    }


def _body(order: Order, knowledge: Knowledge) -> dict[str, Value]:
    patient = order.patient
    on = order.start.date()
    stale = _is_stale(knowledge.terms.get("weight_kg"), patient.weight_date, on)
    body: dict[str, Value] = {
        "age_years": Reading.exactly(age_years(patient.birth_date, on)),
        "age_days": Reading.exactly((on - patient.birth_date).days),
        "weight_kg": Reading.exactly(patient.weight_kg, stale=stale),
    }
    if patient.height_cm is None:
        return body
    body["height_cm"] = Reading.exactly(patient.height_cm)
    metres = patient.height_cm / CM_PER_M
    body["bmi_kg_per_m2"] = Reading.exactly((patient.weight_kg / metres**2).quantize(EXACT), stale=stale)
    ideal = ideal_weight_kg(order, knowledge)
    if ideal is not None:
        percent = patient.weight_kg * PERCENT / ideal
        body["actual_over_ideal_percent"] = Reading.exactly(percent.quantize(EXACT), stale=stale)
    return body


def ideal_weight_kg(order: Order, knowledge: Knowledge) -> Decimal | None:
    """Ideal body weight in kg to two decimals by the formula for the sex.

    None without a height, or below the height at which the formula holds.
    """
    height = order.patient.height_cm
    formulas = [item for item in knowledge.facts.ideal_weight if item.sex == order.patient.sex]
    if height is None or not formulas:
        return None
    formula = formulas[0]
    inches = height / units.convert(Decimal(1), "in", "cm")
    if formula.height_cm_min is not None and height < formula.height_cm_min:
        return None
    ideal = formula.base_kg + formula.slope_kg_per_inch * (inches - formula.offset_inches)
    return ideal.quantize(HUNDREDTH)


def _measurements(order: Order, knowledge: Knowledge) -> dict[str, Value]:
    on = order.start.date()
    return {
        name: _aged(measured, knowledge.terms.get(name), on)
        for name, measured in order.patient.measurements.items()
    }


def _aged(measured: Measurement, term: Term | None, on: dt.date) -> Reading:
    """Mark a dated value stale when it is older than its term allows."""
    reading = measured.reading
    stale = reading.stale or _is_stale(term, measured.date, on)
    return Reading(reading.low, reading.high, reading.low_open, reading.high_open, stale)


def _is_stale(term: Term | None, measured: dt.date | None, on: dt.date) -> bool:
    if measured is None or term is None or term.valid_days is None:
        return False
    return (on - measured).days > term.valid_days


def _history(order: Order) -> dict[str, Value]:
    last = order.last_immunoglobulin
    history: dict[str, Value] = {}
    if order.experience is not None:
        history["immunoglobulin_naive"] = order.experience == "naive"
    elif last is not None:
        history["immunoglobulin_naive"] = False
    if history.get("immunoglobulin_naive") is True:
        history["prior_infusions"] = Reading.exactly(0)
    if last is None:
        return history
    if last.infusions is not None:
        history["prior_infusions"] = Reading.exactly(last.infusions)
    days = Decimal((order.start.date() - last.date).days)
    history["weeks_since_last_immunoglobulin"] = Reading.exactly(
        (days / DAYS_PER_WEEK).quantize(HUNDREDTH, ROUND_DOWN)
    )
    if last.tolerated_rate_ml_per_kg_per_h is not None:
        history["tolerated_rate_ml_per_kg_per_h"] = Reading.exactly(last.tolerated_rate_ml_per_kg_per_h)
    return history


def _answers(order: Order, knowledge: Knowledge) -> dict[str, Value]:
    asked = [term.id for term in knowledge.facts.term if term.scope == "screening"]
    answers = ((name, order.patient.screening.answer(name)) for name in asked)
    return {name: answer for name, answer in answers if answer is not None}


def _overlaps(order: Order, regimen: Regimen, knowledge: Knowledge) -> bool | None:
    """Does the last dose lie within the regimen's shortest interval? None if no last dose is known.

    An order that names a regimen for a special situation (a second dose) means the overlap.
    """
    last = order.last_immunoglobulin
    if regimen.special and order.regimen == regimen.id:
        return False
    if last is None:
        return False if order.experience == "naive" else None
    weeks = regimen.interval_weeks_min
    window = knowledge.policies["policy.cumulative_window"].number or Decimal(0)
    shortest = window if weeks is None else weeks * DAYS_PER_WEEK
    if order.interval_days is not None:
        shortest = min(shortest, Decimal(order.interval_days))
    return (order.start.date() - last.date).days < shortest


def _recent_grams(order: Order, knowledge: Knowledge) -> Decimal | None:
    """Grams given within the cumulative window before the start; None if not known."""
    last = order.last_immunoglobulin
    if last is None:
        return Decimal(0) if order.experience == "naive" else None
    window = knowledge.policies["policy.cumulative_window"].number
    if window is not None and (order.start.date() - last.date).days > window:
        return Decimal(0)
    return last.grams
