"""A dose that was sought from measured levels, held within what the regimen or the label allows.

The levels were judged before planning (``ivigil.individual``). Here the dose takes the place of the ordered
one, and stands beside what the plan would give without it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ivigil.course import Dose, Reason
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.doses import Bounds, either, total_range
from ivigil.knowledge.logic import Case, Saw
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.order import IndividualDose, Order
from ivigil.planning import case, dose, regimen, scheme, weight
from ivigil.planning.dose import NoDose
from ivigil.planning.scheme import DAYS_PER_WEEK, NoScheme, Scheme
from ivigil.planning.weight import Weight

SWITCH = "policy.individual_dosing"
REPLACEMENT = "replacement"

Why = Literal[
    "individual_dosing_off",
    "not_replacement",
    "no_standard_dose",
    "not_repeated",
    "product_not_named",
    "regimen_states_no_range",
]
"""no_standard_dose: without levels no dose can be planned; not_repeated: no interval is stated, or the dose
is a loading one or the first of a ramp; product_not_named: a subcutaneous range is that of a product."""


class Allowed(msgspec.Struct, frozen=True):
    """What an individual dose of an order may be, both ends included."""

    grams: Bounds
    """Of one dose."""
    interval_days: tuple[Decimal, Decimal]
    product: Product | None
    """The ordered product; None: none was ordered."""
    facts: tuple[str, ...]


class Outside(msgspec.Struct, frozen=True):
    """Why no individual dose may be given."""

    why: Why
    fact: str = ""


def allowed(order: Order, knowledge: Knowledge) -> Allowed | Outside:
    """What a dose that is sought from levels may be, by the regimen that would be planned."""
    order = without_levels(order)
    condition = knowledge.conditions[order.condition]
    if condition.purpose != REPLACEMENT:
        return Outside("not_replacement", condition.id)
    known = case.patient_case(order, knowledge)
    chosen = regimen.choose(order, condition, known, knowledge)
    if order.route == "SC":
        rule = None if isinstance(chosen, regimen.NoRegimen) else chosen[0]
        return _under_the_skin(order, rule, known, knowledge)
    if isinstance(chosen, regimen.NoRegimen):
        return Outside("no_standard_dose", condition.id)
    rule = chosen[0]
    body = weight.dosing_weight(order, rule, known, knowledge)
    if isinstance(dose.choose(order, rule, body, knowledge), NoDose):
        return Outside("no_standard_dose", rule.id)
    interval = _interval(rule)
    if interval is None:
        return Outside("not_repeated", rule.id)
    grams = _grams(order, rule, body, knowledge)
    if grams is None:
        return Outside("regimen_states_no_range", rule.id)
    return Allowed(grams, interval, knowledge.products.get(order.product or ""), (rule.id,))


def without_levels(order: Order) -> Order:
    """The same order before levels were looked at."""
    return replace(order, individual=UNSET)


def intravenous(order: Order, rule: Regimen, body: Weight, knowledge: Knowledge) -> Dose | NoDose:
    """The dose of the order; of one with levels the individual dose, beside that without them."""
    sought, standard = order.individual, dose.choose(without_levels(order), rule, body, knowledge)
    if isinstance(sought, UnsetType) or isinstance(standard, NoDose):
        return standard
    may = allowed(order, knowledge)
    reason = _refused(sought, may, knowledge)
    if reason is not None:
        return NoDose(reason.code, (reason.fact,), reason.value)
    made = dose.choose(order, rule, body, knowledge)
    return made if isinstance(made, NoDose) else _beside(made, standard.grams, sought)


def subcutaneous(
    product: Product | None, order: Order, rule: Regimen | None, known: Case, knowledge: Knowledge
) -> Scheme | NoScheme:
    """The same for one product under the skin."""
    sought, standard = (
        order.individual,
        scheme.choose(product, without_levels(order), rule, known, knowledge),
    )
    if isinstance(sought, UnsetType) or isinstance(standard, NoScheme):
        return standard
    reason = _refused(sought, _of_scheme(product, standard), knowledge)
    if reason is not None:
        return NoScheme(reason)
    made = scheme.choose(product, order, rule, known, knowledge)
    if isinstance(made, NoScheme):
        return made
    return replace(made, dose=_beside(made.dose, standard.dose.grams, sought))


def _beside(made: Dose, standard_g: Decimal, sought: IndividualDose) -> Dose:
    saw = Saw("target_trough_g_per_l", format(sought.target_g_per_l, "f"), sought.target_g_per_l)
    facts = tuple(dict.fromkeys((*made.facts, *sought.facts)))
    return replace(made, facts=facts, saw=(*made.saw, saw), without_levels_g=standard_g)


def _refused(sought: IndividualDose, may: Allowed | Outside, knowledge: Knowledge) -> Reason | None:
    """A dose that an order brings along is judged anew: facts and signatures may have changed since."""
    if not knowledge.is_on(SWITCH):
        return Reason(code="individual_dosing_off", fact=SWITCH)
    if isinstance(may, Outside):
        return Reason(code=may.why, fact=may.fact)
    if not may.grams[0] <= sought.grams <= may.grams[1]:
        return Reason(
            code="individual_dose_outside_regimen", fact=may.facts[0], value=format(sought.grams, "f")
        )
    if not may.interval_days[0] <= sought.interval_days <= may.interval_days[1]:
        days = str(sought.interval_days)
        return Reason(code="individual_interval_outside_regimen", fact=may.facts[0], value=days)
    return None


def _under_the_skin(
    order: Order, rule: Regimen | None, known: Case, knowledge: Knowledge
) -> Allowed | Outside:
    product = knowledge.products.get(order.product or "")
    if product is None:
        return Outside("product_not_named")
    chosen = scheme.choose(product, order, rule, known, knowledge)
    if isinstance(chosen, NoScheme):
        return Outside("no_standard_dose", chosen.reason.fact)
    return _of_scheme(product, chosen)


def _of_scheme(product: Product | None, chosen: Scheme) -> Allowed | Outside:
    fact = chosen.label.id if chosen.label is not None else chosen.rule.id
    if chosen.once or chosen.ramp is not None or chosen.lacks_ramp:
        return Outside("not_repeated", fact)
    if chosen.allowed_g is None:
        return Outside("regimen_states_no_range", fact)
    stated = scheme.allowed_interval(chosen.label)
    days = stated if stated is not None else (chosen.interval_days, chosen.interval_days)
    return Allowed(chosen.allowed_g, (Decimal(days[0]), Decimal(days[1])), product, chosen.ranged_by)


def _interval(rule: Regimen) -> tuple[Decimal, Decimal] | None:
    weeks = either(rule.interval_weeks_min, rule.interval_weeks_max)
    return None if weeks is None else (weeks[0] * DAYS_PER_WEEK, weeks[1] * DAYS_PER_WEEK)


def _grams(order: Order, rule: Regimen, body: Weight, knowledge: Knowledge) -> Bounds | None:
    """The regimen's range under every cap; None if it states none, or a cap leaves nothing of it."""
    bounds = total_range(rule)
    if bounds is None:
        return None
    most = dose.settled(bounds[1] * body.kg, order, rule, body, knowledge, facts=(), saw=()).grams
    least = bounds[0] * body.kg
    return (least, most) if least <= most else None
