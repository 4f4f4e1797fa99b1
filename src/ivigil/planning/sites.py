"""Infusion sites: how many, how much and how fast in each, for one infusion of one product.

Labels limit volume and rate per site by the number of the infusion, weight and age. Where a
label's rows end, the last row stays: a later infusion is never bolder than what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from ivigil import units
from ivigil.course import RateDecision, Reason, Site
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import AtRiskRate, CapRate, SlowStart
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.products import Product, Schedule, SiteLimit
from ivigil.planning import rates
from ivigil.planning.licence import label_use
from ivigil.planning.rates import Cap, Ladder, NoRates, Rung
from ivigil.planning.situation import Situation

VOLUME_GRAIN = Decimal("0.1")
RATE_GRAIN = Decimal("0.001")
"""How finely volume (mL) and rate (mL/h) are shared between sites; hours multiply a rate's grain."""
WHOLE_BODY_KG = Decimal(1)
"""Makes a ladder of mL/h out of one of mL/kg/h: site limits are not per kilogram."""
PER_KG_STEP = Decimal("0.001")
FIRST = 1

Figure = Callable[[SiteLimit], Decimal | None]


class Spread(msgspec.Struct, frozen=True):
    """The sites of one infusion, and the ladder by which one pump feeds them together."""

    count: int
    ladder: Ladder
    facts: tuple[str, ...]


class _Held(msgspec.Struct, frozen=True):
    """The least of a label's figures at one infusion, and the records it was taken from."""

    least: Decimal
    facts: tuple[str, ...]


def prior_infusions(product: Product, situation: Situation) -> int:
    """Earlier infusions of this product; none if not known."""
    last = situation.order.last_immunoglobulin
    if situation.case.get("immunoglobulin_naive") is not False or last is None or last.product != product.id:
        return 0
    return last.infusions or 0


def starts_slowly(situation: Situation) -> bool:
    """Does a finding ask to treat the next infusion as a first one?"""
    return bool(situation.limits.of(SlowStart))


def first_ladder(product: Product, situation: Situation) -> Ladder | NoRates:
    """The ladder of a first infusion into one site: were volume and rate read for patient and use?"""
    scheme = situation.scheme
    if scheme is not None and scheme.lacks_ramp:
        return NoRates("ramp_up_not_seen", _weak(product.ramp_ups, situation))
    ladder = _ladder(product, FIRST, FIRST, situation)
    if ladder is None or _volume(product, FIRST, FIRST, situation) is None:
        return NoRates("rates_not_seen", _weak(product.site_limits, situation))
    return ladder


def _weak(facts: Iterable[Fact], situation: Situation) -> tuple[Fact, ...]:
    """Facts that only restrict until the site signs them."""
    return tuple(fact for fact in facts if not situation.knowledge.permits(fact))


def spread(product: Product, number: int, volume_ml: Decimal, situation: Situation) -> Spread | Reason:
    """The fewest sites that hold the volume at infusion ``number``; the reason if none do."""
    most, fact = _most_sites(product, situation)
    for count in range(1, most + 1):
        volume = _volume(product, number, count, situation)
        if volume is None or volume_ml > count * volume.least:
            continue
        ladder = _ladder(product, number, count, situation)
        if ladder is None:
            return Reason(code="rates_not_seen", fact=product.id)
        return Spread(count, ladder, (*volume.facts, fact))
    return Reason(code="too_many_sites", fact=fact, value=str(most))


def as_sites(count: int, volume_ml: Decimal, rate_ml_per_h: Decimal) -> tuple[Site, ...]:
    """The sites with their shares of the volume and of the highest rate."""
    pairs = zip(share(volume_ml, count, VOLUME_GRAIN), share(rate_ml_per_h, count, RATE_GRAIN), strict=True)
    return tuple(Site(volume_ml=volume, rate_ml_per_h=rate) for volume, rate in pairs)


def share(total: Decimal, parts: int, grain: Decimal) -> tuple[Decimal, ...]:
    """``total`` in near-equal parts of whole grains; what is finer than a grain goes to one of them."""
    base = units.floor_to(total / parts, grain)
    grains, rest = divmod(total - base * parts, grain)
    shares = [base + grain if index < grains else base for index in range(parts)]
    if rest:
        shares[int(grains)] += rest
    return tuple(shares)


# Which of the label's rows hold


def _fitting(product: Product, situation: Situation) -> list[SiteLimit]:
    """Rows for this patient and use; for a use that the label does not list, those of every use."""
    order, knowledge = situation.order, situation.knowledge
    off_label = label_use(product, situation) is None
    return [
        limit
        for limit in product.site_limits
        if (off_label or knowledge.covers(limit.indications, order.condition)) and _is_for(limit, situation)
    ]


def _is_for(row: SiteLimit | Schedule, situation: Situation) -> bool:
    """Age and weight: lower ends included, upper ends not, but for the heaviest that a schedule names."""
    age = situation.case.get("age_years")
    years = age.low if isinstance(age, Reading) else None
    oldest = row.age_max_years if isinstance(row, SiteLimit) else None
    heaviest = row.weight_kg_max if isinstance(row, Schedule) else None
    weight_kg = situation.order.patient.weight_kg
    if heaviest is not None and weight_kg > heaviest:
        return False
    return _within(years, row.age_min_years, oldest) and _within(
        weight_kg, row.weight_kg_min, row.weight_kg_below
    )


def _within(value: Decimal | None, low: Decimal | None, high: Decimal | None) -> bool:
    if value is None:
        return low is None and high is None
    return (low is None or value >= low) and (high is None or value < high)


def _span(limit: SiteLimit, situation: Situation) -> tuple[int, int | None]:
    """First and last infusion of a row; by policy where a label only says "initial" or "later"."""
    if limit.infusions_from is not None or limit.infusions_to is not None:
        return limit.infusions_from or FIRST, limit.infusions_to
    initial = int(situation.number("policy.sc_initial_infusions"))
    spans = {"first": (FIRST, FIRST), "initial": (FIRST, initial), "later": (initial + 1, None)}
    return spans.get(limit.applies, (FIRST, None))


def _is_unnumbered(limit: SiteLimit) -> bool:
    numbered = limit.infusions_from is not None or limit.infusions_to is not None
    return limit.applies in ("initial", "later") and not numbered


def _held(product: Product, number: int, figure: Figure, situation: Situation) -> _Held | None:
    """The least figure at an infusion; None if no row that may permit gives one."""
    rows = [(limit, figure(limit), *_span(limit, situation)) for limit in _fitting(product, situation)]
    begun = [row for row in rows if row[1] is not None and row[2] <= number]
    last = max((row[3] or number for row in begun), default=number)
    holding = [row for row in begun if row[3] is None or row[3] >= min(last, number)]
    if not any(situation.knowledge.permits(row[0]) for row in holding):
        return None
    least = min(row[1] for row in holding if row[1] is not None)
    policies = ["policy.sc_initial_infusions"] if any(_is_unnumbered(row[0]) for row in holding) else []
    return _Held(least, (*(row[0].id for row in holding), *policies))


def _volume(product: Product, number: int, count: int, situation: Situation) -> _Held | None:
    """mL per site with ``count`` sites; a row with its own number of sites holds up to that number."""
    tiers = {row.sites_max for row in _fitting(product, situation) if _volume_of(row, situation)}
    tier = min((most for most in tiers if most is not None and most >= count), default=None)

    def figure(row: SiteLimit) -> Decimal | None:
        return _volume_of(row, situation) if row.sites_max in (None, tier) else None

    return _held(product, number, figure, situation)


def _volume_of(row: SiteLimit, situation: Situation) -> Decimal | None:
    per_kg = row.volume_ml_per_kg_per_site
    figures = [row.volume_ml_per_site, None if per_kg is None else per_kg * situation.weight_kg]
    least = min((f for f in figures if f is not None), default=None)
    return None if least is None else units.floor_to(least, VOLUME_GRAIN)


def _most_sites(product: Product, situation: Situation) -> tuple[int, str]:
    """The most sites at once, and the fact that says so."""
    rows = [row for row in _fitting(product, situation) if row.sites_max is not None]
    tiers = [(row.sites_max or 0, row.id) for row in rows if _volume_of(row, situation)]
    stated = [(row.sites_max or 0, row.id) for row in rows if not _volume_of(row, situation)]
    stated += [max(tiers)] if tiers else []
    if not any(situation.knowledge.permits(row) for row in rows):
        stated.append((int(situation.number("policy.sc_most_sites")), "policy.sc_most_sites"))
    return min(stated)


# How fast


def _ladder(product: Product, number: int, count: int, situation: Situation) -> Ladder | None:
    """Pump settings for all sites together; None if the rates were not seen.

    A patient at risk keeps the slowest start that the label prints: these labels give no
    number for risk, only "the minimum rate practicable".
    """
    held_back = _held_back(product, situation)
    at = FIRST if held_back else number
    rate = _slowest_rate(situation) if held_back else _rate_of(situation)
    per_site = _held(product, at, rate, situation)
    schedule = _schedule(product, at, situation)
    if per_site is None or (schedule is None and _has_schedules(product, situation)):
        return None
    rungs = _rungs(product, schedule, per_site, count, situation)
    if held_back:
        rungs = (Rung(rungs[0].ml_per_kg_h, None),)
    facts = (*(() if schedule is None else (schedule.id,)), *per_site.facts)
    caps = (
        Cap(per_site.least * count, False, Reason(code="label_maximum", fact=per_site.facts[0])),
        *_total(product, at, situation),
        *_hazard_caps(product, situation),
    )
    decision = _decision(product, situation, facts=facts, rungs=rungs, caps=caps, held_back=held_back)
    return Ladder(rungs, caps, WHOLE_BODY_KG, situation.pump_step_ml_per_h, decision, held_back)


def _rate_of(situation: Situation) -> Figure:
    def figure(row: SiteLimit) -> Decimal | None:
        per_kg = row.rate_ml_per_kg_h_per_site
        figures = [row.rate_ml_per_h_per_site, None if per_kg is None else per_kg * situation.weight_kg]
        least = min((f for f in figures if f is not None), default=None)
        return None if least is None else units.floor_to(least, RATE_GRAIN)

    return figure


def _slowest_rate(situation: Situation) -> Figure:
    def figure(row: SiteLimit) -> Decimal | None:
        ordinary = _rate_of(situation)(row)
        if ordinary is None or row.rate_ml_per_h_per_site_min is None:
            return ordinary
        return min(ordinary, row.rate_ml_per_h_per_site_min)

    return figure


def _rungs(
    product: Product, schedule: Schedule | None, per_site: _Held, count: int, situation: Situation
) -> tuple[Rung, ...]:
    """mL/h for all sites: the label's ladder per site, or the rate per site from the start."""
    if schedule is None:
        return (Rung(per_site.least * count, None),)
    steps = schedule.steps or ()
    printed = [(step.rate, step.minutes) for step in steps] or [(schedule.start_rate, None)]
    return tuple(
        Rung(units.rate_ml_per_h(rate, schedule.unit, product.g_per_100_ml, situation.weight_kg) * count, m)
        for rate, m in printed
    )


def _has_schedules(product: Product, situation: Situation) -> bool:
    condition, knowledge = situation.order.condition, situation.knowledge
    return any(knowledge.covers(s.indications, condition) for s in product.schedules)


def _schedule(product: Product, number: int, situation: Situation) -> Schedule | None:
    """The ladder per site for this infusion: the one for patients who tolerated as many before."""
    condition, knowledge = situation.order.condition, situation.knowledge
    fitting = [
        s
        for s in rates.plannable(product, knowledge)
        if knowledge.covers(s.indications, condition)
        and _is_for(s, situation)
        and number > (s.infusions_tolerated_min or 0)
        and (s.experience != "experienced" or number > FIRST)
    ]
    return max(fitting, key=lambda s: (s.infusions_tolerated_min or 0, -s.max_rate, s.id), default=None)


def _total(product: Product, number: int, situation: Situation) -> tuple[Cap, ...]:
    """The label's limit on all sites together."""
    held = _held(product, number, lambda row: row.rate_ml_per_h_total, situation)
    if held is None:
        return ()
    return (Cap(held.least, False, Reason(code="label_total", fact=held.facts[0])),)


def _hazard_caps(product: Product, situation: Situation) -> tuple[Cap, ...]:
    """Caps on the whole rate that come from findings, the condition, or the label for a risk group."""

    def ml_per_h(rate: Decimal, unit: units.RateUnit) -> Decimal:
        return units.rate_ml_per_h(rate, unit, product.g_per_100_ml, situation.weight_kg)

    caps: list[Cap] = []
    for entry in situation.limits.of(CapRate):
        cap = entry.effect
        reason = Reason(code="cap_rate", finding=entry.finding, fact=cap.id)
        caps.append(Cap(ml_per_h(cap.rate, cap.unit), cap.strict, reason))
    for risk in situation.limits.of(AtRiskRate):
        for rule in product.at_risk_rates:
            if risk.effect.group in rule.groups and rule.rate is not None and rule.unit is not None:
                reason = Reason(code="at_risk_rate", finding=risk.finding, fact=rule.id)
                caps.append(Cap(ml_per_h(rule.rate, rule.unit), rule.strict, reason))
    return tuple(caps)


def _held_back(product: Product, situation: Situation) -> tuple[Reason, ...]:
    """Findings that keep the patient at the slowest rate."""
    reasons: list[Reason] = []
    for risk in situation.limits.of(AtRiskRate):
        group = risk.effect.group
        rules = [rule for rule in product.at_risk_rates if group in rule.groups]
        fact = rules[0].id if rules else risk.effect.id
        reasons.append(Reason(code="no_at_risk_rate", finding=risk.finding, fact=fact, value=group))
    return tuple(reasons)


def _decision(
    product: Product,
    situation: Situation,
    *,
    facts: tuple[str, ...],
    rungs: tuple[Rung, ...],
    caps: tuple[Cap, ...],
    held_back: tuple[Reason, ...],
) -> RateDecision:
    off_label = label_use(product, situation) is None
    lowest = min(cap.ml_per_h for cap in caps)
    ruling = [*facts, *(cap.reason.fact for cap in caps), *(reason.fact for reason in held_back)]
    ruling += ["policy.minimum_practicable_rate"] if held_back else []
    ruling += ["policy.off_label_rate"] if off_label else []
    return RateDecision(
        schedule=facts[0],
        experience="any",
        start_ml_per_kg_h=_per_kg(min(rungs[0].ml_per_kg_h, lowest), situation),
        max_ml_per_kg_h=_per_kg(min(rungs[-1].ml_per_kg_h, lowest), situation),
        limited_by=(*(cap.reason for cap in caps), *held_back),
        off_label=off_label,
        facts=tuple(dict.fromkeys(ruling)),
    )


def _per_kg(ml_per_h: Decimal, situation: Situation) -> Decimal:
    return units.floor_to(ml_per_h / situation.weight_kg, PER_KG_STEP)
