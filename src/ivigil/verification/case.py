"""The case that hazards are judged on, built from the order alone.

Fields, where they can be known (an absent field is unknown):

- ``condition``, ``route``, ``sex``: as ordered.
- ``age_years`` (exact), ``age_days``: on the local day of the start.
- ``weight_kg``, ``height_cm``, ``bmi_kg_per_m2``, ``actual_over_ideal_percent``: stale, where
  the weight is older than its term allows.
- ``immunoglobulin_naive``: as declared; not naive if an earlier dose is on record.
- ``prior_infusions``, ``weeks_since_last_immunoglobulin``,
  ``tolerated_rate_ml_per_kg_per_h``: of the last immunoglobulin.
- ``product_changed``: last product against ``product`` (the ordered or the planned one).
- ``dose_g_per_kg``: the course; ``cumulative_dose_g_per_kg``: with what was given within the
  policy's window before the start; open upwards where that is not known.
- ``last_dose_within_interval``: the last dose within the regimen's shortest interval (or the ordered one).
- measurements (with staleness), choices and screening flags by vocabulary id; then the flags
  that follow from other terms (signs, definitions, ``absent_when``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from ivigil.knowledge.logic import Case, Reading, Truth, Value, truth_of
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import Term
from ivigil.order import Order
from ivigil.verification import body
from ivigil.verification.exact import as_decimal

DAYS_PER_WEEK = 7
PERCENT = 100


class CourseDose(msgspec.Struct, frozen=True):
    """What a case needs of the planned dose."""

    g_per_kg: Fraction | None
    dosing_weight_kg: Fraction
    overlaps: bool | None = None
    """Does the last dose lie within the regimen's interval? None: not known."""


def build(
    order: Order, knowledge: Knowledge, on: dt.date, dose: CourseDose, *, changed: bool | None
) -> dict[str, Value]:
    """The case on the local day ``on`` of the start, with the planned dose.

    changed: does the product change? None: not known.
    """
    patient = order.patient
    case: dict[str, Value] = {"condition": order.condition, "route": order.route, "sex": patient.sex}
    case |= {
        "age_years": _reading(body.exact_years(patient.birth_date, on)),
        "age_days": Reading.exactly((on - patient.birth_date).days),
    }
    case |= _body(order, knowledge, on)
    case |= _history(order, on, changed)
    case |= _doses(order, knowledge, on, dose)
    case |= _measured(order, knowledge, on)
    case |= patient.choices
    case |= _answered(order, knowledge)
    return _settled(knowledge.implied_flags, case)


def _body(order: Order, knowledge: Knowledge, on: dt.date) -> dict[str, Value]:
    patient = order.patient
    stale = _is_stale(knowledge, "weight_kg", patient.weight_date, on)
    found: dict[str, Value] = {"weight_kg": Reading.exactly(patient.weight_kg, stale=stale)}
    if patient.height_cm is not None:
        found["height_cm"] = Reading.exactly(patient.height_cm)
    index, ideal = body.body_mass_index(order), body.ideal_weight(order, knowledge)
    if index is not None:
        found["bmi_kg_per_m2"] = _reading(index, stale=stale)
    if ideal is not None:
        percent = Fraction(patient.weight_kg) / ideal * PERCENT
        found["actual_over_ideal_percent"] = _reading(percent, stale=stale)
    return found


def product_changed(order: Order, product: str | None) -> bool | None:
    """Is ``product`` another than the last one? None where that is not known."""
    last = order.last_immunoglobulin
    if order.experience == "naive":
        return False
    if last is None or last.product is None or product is None:
        return None
    return product != last.product


def _history(order: Order, on: dt.date, changed: bool | None) -> dict[str, Value]:
    last = order.last_immunoglobulin
    if order.experience == "naive":
        return {
            "immunoglobulin_naive": True,
            "product_changed": changed is True,
            "prior_infusions": Reading.exactly(0),
        }
    if last is None:
        return {"immunoglobulin_naive": False} if order.experience == "experienced" else {}
    found: dict[str, Value] = {"immunoglobulin_naive": False}
    found["weeks_since_last_immunoglobulin"] = _reading(Fraction((on - last.date).days, DAYS_PER_WEEK))
    if changed is not None:
        found["product_changed"] = changed
    if last.infusions is not None:
        found["prior_infusions"] = Reading.exactly(last.infusions)
    if last.tolerated_rate_ml_per_kg_per_h is not None:
        found["tolerated_rate_ml_per_kg_per_h"] = Reading.exactly(last.tolerated_rate_ml_per_kg_per_h)
    return found


def _doses(order: Order, knowledge: Knowledge, on: dt.date, dose: CourseDose) -> dict[str, Value]:
    if dose.g_per_kg is None:
        return {}
    found: dict[str, Value] = {"dose_g_per_kg": _reading(dose.g_per_kg)}
    if dose.overlaps is not None:
        found["last_dose_within_interval"] = dose.overlaps
    earlier = _recent_grams(order, knowledge, on)
    if earlier is None:
        found["cumulative_dose_g_per_kg"] = Reading(low=as_decimal(dose.g_per_kg), high=None)
    elif dose.dosing_weight_kg > 0:
        found["cumulative_dose_g_per_kg"] = _reading(dose.g_per_kg + earlier / dose.dosing_weight_kg)
    return found


def _recent_grams(order: Order, knowledge: Knowledge, on: dt.date) -> Fraction | None:
    """Grams of earlier doses that still count; None where that is not known."""
    window, last = knowledge.policies.get("policy.cumulative_window"), order.last_immunoglobulin
    if last is None:
        return Fraction(0) if order.experience == "naive" else None
    if window is not None and window.number is not None and (on - last.date).days > window.number:
        return Fraction(0)
    return None if last.grams is None else Fraction(last.grams)


def _measured(order: Order, knowledge: Knowledge, on: dt.date) -> dict[str, Value]:
    return {
        name: msgspec.structs.replace(
            item.reading, stale=item.reading.stale or _is_stale(knowledge, name, item.date, on)
        )
        for name, item in order.patient.measurements.items()
    }


def _answered(order: Order, knowledge: Knowledge) -> dict[str, Value]:
    """Screening flags; a flag listed as present and absent counts as present."""
    asked = order.patient.screening
    found: dict[str, Value] = {}
    if asked.complete:
        found |= {t.id: False for t in knowledge.facts.term if t.kind == "flag" and t.scope == "screening"}
    found |= dict.fromkeys(asked.absent, False)
    found |= dict.fromkeys(asked.present, True)
    return found


def _is_stale(knowledge: Knowledge, name: str, measured: dt.date | None, on: dt.date) -> bool:
    term = knowledge.terms.get(name)
    if term is None or term.valid_days is None or measured is None:
        return False
    return (on - measured).days > term.valid_days


def _reading(value: Fraction, *, stale: bool = False) -> Reading:
    return Reading.exactly(as_decimal(value), stale=stale)


def _settled(terms: Iterable[Term], case: dict[str, Value]) -> dict[str, Value]:
    """Add what follows from other terms, until nothing new follows (flags may follow from flags)."""
    flags = [term for term in terms if term.kind == "flag"]
    for _ in flags:
        found = {flag.id: truth is Truth.TRUE for flag in flags if (truth := _implied(flag, case))}
        if all(case.get(name) is value for name, value in found.items()):
            break
        case = case | found
    return case


def _implied(flag: Term, case: Case) -> Truth | None:
    """What other answers say of a flag; None if they leave it as it is."""
    if any(truth_of(sign.when, case) is Truth.TRUE for sign in flag.signs):
        return Truth.TRUE
    if flag.when is not None:
        truth = truth_of(flag.when, case)
        return None if truth is Truth.UNKNOWN else truth
    unanswered = flag.id not in case and flag.absent_when is not None
    if unanswered and flag.absent_when and truth_of(flag.absent_when, case) is Truth.TRUE:
        return Truth.FALSE
    return None
