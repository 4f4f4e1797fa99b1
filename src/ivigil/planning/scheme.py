"""How much under the skin, and how often: one product's dose for one patient.

A subcutaneous dose is a weekly amount, given every so many days. Its grams come from the
first of: the order; the last intravenous dose by the product's own factor; the last
subcutaneous dose, where the label carries it over; the range of the label or the regimen.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.course import Dose, Reason
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.doses import Bounds, either
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import Case, Saw
from ivigil.knowledge.products import Conversion, Product, RampUp, StartAfter, SubcutaneousDose
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order
from ivigil.planning import dose, trough, weight
from ivigil.planning.weight import Weight

DAYS_PER_WEEK = Decimal(7)
TENTH = Decimal("0.1")
LOADING = "loading"
MAINTENANCE = "maintenance"

Origin = Literal["ordered", "converted", "continued", "range"]


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One product's dose: grams of one infusion (in ``dose``) and what repeats them."""

    rule: Regimen
    """The regimen, or the label's dose read as one."""
    by_regimen: bool
    """True if the grams lie in the range of the condition's regimen and came from it or the order."""
    label: SubcutaneousDose | None
    body: Weight
    dose: Dose
    interval_days: int
    """Days from one dose to the next; a loading dose (``once``) is not repeated."""
    once: bool
    ramp: RampUp | None
    """The table by which a facilitated product is started; None: none is needed, or none was seen."""
    lacks_ramp: bool
    """A facilitated product is to be started and no table for this use and interval was seen."""
    notes: tuple[Reason, ...]
    unsigned: tuple[Fact, ...]
    """Facts that would change the dose if the site signed them."""
    allowed_g: Bounds | None
    """Least and most grams of one infusion by regimen or label; None: neither states a range."""
    ranged_by: tuple[str, ...]
    """The facts of ``allowed_g``."""

    @property
    def weekly_grams(self) -> Decimal:
        return self.dose.grams * DAYS_PER_WEEK / self.interval_days


class NoScheme(msgspec.Struct, frozen=True):
    """No dose of this product can be planned; ``unsigned`` lists what the site could sign."""

    reason: Reason
    unsigned: tuple[Fact, ...] = ()


class _Amount(msgspec.Struct, frozen=True):
    """Grams of one infusion, before any cap."""

    grams: Decimal
    origin: Origin
    facts: tuple[str, ...]
    saw: tuple[Saw, ...] = ()


class _Ask(msgspec.Struct, frozen=True):
    """What every step looks at."""

    product: Product | None
    order: Order
    label: SubcutaneousDose | None
    rule: Regimen
    regimen: Regimen | None
    body: Weight
    interval_days: int
    once: bool
    knowledge: Knowledge

    @property
    def weeks(self) -> Decimal:
        return self.interval_days / DAYS_PER_WEEK


def choose(
    product: Product | None, order: Order, regimen: Regimen | None, case: Case, knowledge: Knowledge
) -> Scheme | NoScheme:
    """The dose of one product and its interval; without a product, the dose that the regimen gives."""
    label = _label(product, order, knowledge)
    interval = _interval(label, order, knowledge)
    if isinstance(interval, NoScheme):
        return interval
    rule = _rule(product, label, regimen, order, knowledge, weeks=interval / DAYS_PER_WEEK)
    body = weight.dosing_weight(order, rule, case, knowledge)
    once = order.phase == LOADING
    ask = _Ask(product, order, label, rule, regimen, body, interval, once, knowledge)
    amount = _amount(ask)
    if isinstance(amount, NoScheme):
        return amount
    adjusted = trough.adjust(product, order, interval, case, knowledge, applies=amount.origin == "continued")
    grams = max(amount.grams + adjusted.grams, Decimal(0))
    above = _above_range(grams, amount.origin, ask)
    if above is not None:
        return NoScheme(above)
    facts = (*amount.facts, *adjusted.facts)
    made = dose.settled(grams, order, rule, body, knowledge, facts=facts, saw=(*amount.saw, *adjusted.saw))
    bounds, by = _allowed(ask)
    ramp, lacks_ramp = _ramp(ask)
    if ramp is not None:  # its first infusion is a dose for one week, and the next is due after it
        rule = replace(rule, interval_weeks_min=ramp.steps[0].dose_weeks)
    return Scheme(
        rule=rule,
        by_regimen=_is_by_regimen(made.grams, amount.origin, ask),
        label=label,
        body=body,
        dose=made if once else replace(made, interval_days=interval),
        interval_days=interval,
        once=once,
        ramp=ramp,
        lacks_ramp=lacks_ramp,
        notes=(*adjusted.notes, *_start_notes(ask)),
        unsigned=adjusted.unsigned,
        allowed_g=None if bounds is None else (bounds[0] * body.kg, bounds[1] * body.kg),
        ranged_by=by,
    )


def _label(product: Product | None, order: Order, knowledge: Knowledge) -> SubcutaneousDose | None:
    """What the product's label states for this use, phase and weight, if it was read."""
    phase = order.phase or MAINTENANCE
    doses = product.subcutaneous_doses if product is not None else ()
    fitting = (
        d
        for d in doses
        if d.phase == phase
        and knowledge.covers((d.indication,), order.condition)
        and _weighs(d, order.patient.weight_kg)
        and knowledge.permits(d)
    )
    return next(fitting, None)


def _weighs(label: SubcutaneousDose, weight_kg: Decimal) -> bool:
    heavy_enough = label.weight_kg_min is None or weight_kg >= label.weight_kg_min
    return heavy_enough and (label.weight_kg_below is None or weight_kg < label.weight_kg_below)


def allowed_interval(label: SubcutaneousDose | None) -> tuple[int, int] | None:
    """Shortest and longest interval that the label gives, in days."""
    low, high = (label.interval_days_min, label.interval_days_max) if label is not None else (None, None)
    return None if low is None or high is None else (low, high)


def _interval(label: SubcutaneousDose | None, order: Order, knowledge: Knowledge) -> int | NoScheme:
    """As ordered, if the label allows it; else by policy, as near to the usual as the label allows."""
    allowed, ordered = allowed_interval(label), order.interval_days
    usual = int(knowledge.policies["policy.sc_interval"].number or 0)
    if allowed is None or label is None:
        return ordered if ordered is not None else usual
    low, high = allowed
    if ordered is not None:
        if low <= ordered <= high:
            return ordered
        return NoScheme(Reason(code="interval_outside_label", fact=label.id, value=str(ordered)))
    last = order.last_immunoglobulin.interval_days if order.last_immunoglobulin is not None else None
    wanted = (days for days in (usual, last) if days is not None and low <= days <= high)
    return next(wanted, high)


def _rule(
    product: Product | None,
    label: SubcutaneousDose | None,
    regimen: Regimen | None,
    order: Order,
    knowledge: Knowledge,
    *,
    weeks: Decimal,
) -> Regimen:
    """The label's dose or the condition's regimen, by the order of authority, for this interval."""
    if regimen is not None and (label is None or not _outranks(label, regimen, order, knowledge)):
        # Its intravenous days, hours and intervals say nothing of infusions under the skin.
        return replace(
            regimen,
            route="SC",
            allowed_days=(),
            day_doses_g_per_kg=(),
            infusion_hours_min=None,
            infusion_hours_max=None,
            interval_weeks_min=weeks,
            interval_weeks_max=weeks,
        )
    fact: Fact = label or product or knowledge.conditions[order.condition]
    return Regimen(
        id=fact.id,
        basis=fact.basis,
        seen=fact.seen,
        sources=fact.sources,
        authority=product.name if product is not None else "",
        jurisdictions=(order.jurisdiction,),
        phase=order.phase or MAINTENANCE,
        population=("adult", "child"),
        route="SC",
        interval_weeks_min=weeks,
        interval_weeks_max=weeks,
    )


def _outranks(label: SubcutaneousDose, regimen: Regimen, order: Order, knowledge: Knowledge) -> bool:
    """A product's own label stands before a regimen of the same rank, or of another place."""
    if regimen.id == order.regimen:
        return False
    if _is_borrowed(regimen, order, knowledge):
        return True
    ranking = knowledge.policies["policy.authority_order"].ranking

    def rank(fact: Fact) -> int:
        return ranking.index(fact.basis) if fact.basis in ranking else len(ranking)

    return rank(label) <= rank(regimen)


def _is_borrowed(regimen: Regimen, order: Order, knowledge: Knowledge) -> bool:
    return not set(regimen.jurisdictions) & set(knowledge.lineage(order.jurisdiction))


def _amount(ask: _Ask) -> _Amount | NoScheme:
    """The first source that gives grams."""
    order = ask.order
    if order.asked_g is not None:
        return _Amount(order.asked_g, "ordered", ())
    if order.total_dose_g_per_kg is not None:
        return _Amount(order.total_dose_g_per_kg * ask.body.kg, "ordered", ())
    carried = None if ask.once else _carried(ask)
    if carried is not None:
        return carried
    bounds, facts = _range(ask)
    if bounds is None:
        return _nothing(ask)
    if bounds[0] != bounds[1]:
        facts = (*facts, "policy.dose_within_range")
    return _Amount(dose.within(bounds, ask.knowledge) * ask.body.kg, "range", facts)


def _carried(ask: _Ask) -> _Amount | NoScheme | None:
    """The last dose per week, carried over as the label says; None if it says nothing of it."""
    last = ask.order.last_immunoglobulin
    if last is None or last.grams is None or not last.interval_days or ask.product is None:
        return None
    weekly = last.grams * DAYS_PER_WEEK / last.interval_days
    saw = (
        Saw("last_immunoglobulin.grams", format(last.grams, "f"), last.grams),
        Saw("last_immunoglobulin.interval_days", str(last.interval_days), Decimal(last.interval_days)),
    )
    if last.route == "SC" and last.product == ask.product.id:
        return _Amount(weekly * ask.weeks, "continued", (ask.product.id,), saw)
    factors = _factors(ask.product, last, ask)
    permitted = [c for c in factors if ask.knowledge.permits(c)]
    if permitted:
        lowest = min(permitted, key=lambda c: (c.factor, c.id))
        origin: Origin = "converted" if last.route == "IV" else "continued"
        return _Amount(weekly * lowest.factor * ask.weeks, origin, (lowest.id,), saw)
    if factors:
        return NoScheme(Reason(code="conversion_not_seen", fact=factors[0].id), tuple(factors))
    return None


def _factors(product: Product, last: LastImmunoglobulin, ask: _Ask) -> list[Conversion]:
    """The product's own factors for this use and the route of the last dose; never a superseded one."""
    before = ask.knowledge.products.get(last.product or "")
    if last.route == "SC" and before is not None and before.facilitated != product.facilitated:
        return []  # "the same weekly dose" is said of conventional products
    return [
        c
        for c in product.conversions
        if c.convert_from == last.route
        and not c.replaced
        and ask.knowledge.covers(c.indications, ask.order.condition)
    ]


def _range(ask: _Ask) -> tuple[Bounds | None, tuple[str, ...]]:
    """Lowest and highest grams per kg of one infusion (of the whole loading), and the facts."""
    label, regimen = _label_range(ask), _regimen_range(ask)
    if ask.regimen is not None and ask.rule.id == ask.regimen.id and regimen[0] is not None:
        return regimen
    return label


def _allowed(ask: _Ask) -> tuple[Bounds | None, tuple[str, ...]]:
    """The range of the rule, never past the most that the label gives."""
    (bounds, facts), (label, by) = _range(ask), _label_range(ask)
    if bounds is None or label is None or bounds[1] <= label[1]:
        return bounds, facts
    return (bounds[0], label[1]), (*facts, *by)


def _regimen_range(ask: _Ask) -> tuple[Bounds | None, tuple[str, ...]]:
    regimen = ask.regimen
    if regimen is None or ask.once:
        return None, ()
    weekly = either(regimen.scig_weekly_g_per_kg_min, regimen.scig_weekly_g_per_kg_max)
    if weekly is None:
        return None, ()
    return (weekly[0] * ask.weeks, weekly[1] * ask.weeks), (regimen.id,)


def _label_range(ask: _Ask) -> tuple[Bounds | None, tuple[str, ...]]:
    label, last = ask.label, ask.order.last_immunoglobulin
    if label is None or (label.unless_from_iv and last is not None and last.route == "IV"):
        return None, ()
    total = either(label.total_g_per_kg_min, label.total_g_per_kg_max)
    if total is not None:
        return total, (label.id,)
    weekly = either(label.g_per_kg_per_week_min, label.g_per_kg_per_week_max)
    if weekly is not None:
        return (weekly[0] * ask.weeks, weekly[1] * ask.weeks), (label.id,)
    monthly = either(label.g_per_kg_per_month_min, label.g_per_kg_per_month_max)
    policy = ask.knowledge.policies["policy.sc_weeks_per_month"]
    if monthly is None or policy.number is None:
        return None, ()
    share = ask.weeks / policy.number
    return (monthly[0] * share, monthly[1] * share), (label.id, policy.id)


def _nothing(ask: _Ask) -> NoScheme:
    """Why no source gives grams."""
    product, last = ask.product, ask.order.last_immunoglobulin
    convertible = product is not None and any(
        not c.replaced and ask.knowledge.covers(c.indications, ask.order.condition)
        for c in product.conversions
    )
    incomplete = last is None or last.grams is None or not last.interval_days
    if convertible and incomplete and ask.order.experience != "naive":
        return NoScheme(Reason(code="last_dose_not_stated", fact=ask.rule.id))
    return NoScheme(Reason(code="no_subcutaneous_dose", fact=ask.rule.id))


def _above_range(grams: Decimal, origin: Origin, ask: _Ask) -> Reason | None:
    """Is it more than the label gives at most; an ordered dose, than the regimen of this place?"""
    bounds, facts = _label_range(ask)
    regimen = ask.regimen
    if bounds is None and origin == "ordered" and regimen is not None:
        if _is_borrowed(regimen, ask.order, ask.knowledge):
            return None
        bounds, facts = _regimen_range(ask)
    if bounds is None or grams <= bounds[1] * ask.body.kg:
        return None
    g_per_kg = (grams / ask.body.kg).quantize(dose.MG)
    return Reason(code="dose_above_label", fact=facts[0], value=f"{g_per_kg:f}")


def _is_by_regimen(grams: Decimal, origin: Origin, ask: _Ask) -> bool:
    bounds, _ = _regimen_range(ask)
    if ask.regimen is None or ask.rule.id != ask.regimen.id or bounds is None:
        return False
    within = bounds[0] * ask.body.kg <= grams <= bounds[1] * ask.body.kg
    return origin == "range" or (origin == "ordered" and within)


def _ramp(ask: _Ask) -> tuple[RampUp | None, bool]:
    """The table by which a facilitated product is started, and whether one is missing."""
    product = ask.product
    if product is None or not product.facilitated:
        return None, False
    tables = [
        table
        for table in product.ramp_ups
        if ask.knowledge.permits(table)
        and ask.knowledge.covers(table.indications, ask.order.condition)
        and table.interval_weeks is not None
        and table.interval_weeks * DAYS_PER_WEEK == ask.interval_days
    ]
    if _established(product, tables, ask):
        return None, False
    return (tables[0], False) if tables else (None, True)


def _established(product: Product, tables: list[RampUp], ask: _Ask) -> bool:
    """Has this product been given long enough, or at this interval already?"""
    last = ask.order.last_immunoglobulin
    if last is None or last.product != product.id:
        return False
    if last.infusions is None or not tables:
        return last.interval_days == ask.interval_days
    return last.infusions >= sum(1 for step in tables[0].steps if step.dose_weeks)


def _start_notes(ask: _Ask) -> tuple[Reason, ...]:
    """A start outside the weeks that the label gives after the last dose is said, never moved."""
    last, product = ask.order.last_immunoglobulin, ask.product
    if last is None or product is None:
        return ()
    goes_on = last.product == product.id and last.interval_days == ask.interval_days
    rules = [rule for rule in product.starts_after if _says_when(rule, ask)]
    if goes_on or not rules:
        return ()
    weeks = Decimal((ask.order.start.date() - last.date).days) / DAYS_PER_WEEK
    if any(rule.weeks_min <= weeks <= rule.weeks_max for rule in rules):
        return ()
    return (Reason(code="start_after_last_dose", fact=rules[0].id, value=f"{weeks.quantize(TENTH):f}"),)


def _says_when(rule: StartAfter, ask: _Ask) -> bool:
    last = ask.order.last_immunoglobulin
    often_enough = rule.interval_days_max is None or ask.interval_days <= rule.interval_days_max
    rarely_enough = rule.interval_days_min is None or ask.interval_days >= rule.interval_days_min
    return (
        last is not None
        and rule.last_route == last.route
        and often_enough
        and rarely_enough
        and ask.knowledge.covers(rule.indications, ask.order.condition)
    )
