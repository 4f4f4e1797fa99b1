"""The flow of one order, one way: each step returns a decision or the reason it has none.

regimen -> dosing weight -> dose -> hazards -> limits -> product and course -> care -> timeline

Under the skin each product has its own dose (``offers``); the rest of the way is the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ivigil.course import (
    Assumption,
    Blocked,
    Course,
    Day,
    Finding,
    Plan,
    ProductChoice,
    ProductExcluded,
    ProductOption,
    RateDecision,
    RegimenChoice,
    SignOff,
    Status,
)
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.evidence import Fact, fingerprint
from ivigil.knowledge.hazards import Block
from ivigil.knowledge.logic import Value
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.planning import (
    ahead,
    care,
    case,
    citing,
    course,
    dose,
    hazards,
    individual,
    limits,
    offers,
    products,
    questions,
    rates,
    regimen,
    stock,
    subcutaneous,
    timeline,
    weight,
)
from ivigil.planning.products import Ranked
from ivigil.planning.situation import Situation

HASH_LENGTH = 16


class Chosen(msgspec.Struct, frozen=True):
    """The product that won, with its course, and everything that was passed over."""

    product: ProductChoice | None
    excluded: tuple[ProductExcluded, ...]
    course: Course | None = None
    rates: RateDecision | None = None
    days: tuple[Day, ...] = ()
    next_date: dt.date | None = None
    sign_off: tuple[SignOff, ...] = ()
    gaps: tuple[Blocked, ...] = ()


def plan(order: Order, knowledge: Knowledge) -> Plan:
    """Plan one order. Pure: the same order and knowledge give the same plan, byte for byte."""
    draft = _draft(order, knowledge)
    known = case.patient_case(order, knowledge)
    condition = knowledge.conditions[order.condition]
    chosen = regimen.choose(order, condition, known, knowledge)
    if order.route == "SC":
        return _finish(_subcutaneous(draft, chosen, known, knowledge), knowledge)
    if isinstance(chosen, regimen.NoRegimen):
        return _finish(_without_regimen(draft, chosen, known, knowledge), knowledge)
    rule, choice = chosen
    draft = replace(draft, regimen=choice)
    body = weight.dosing_weight(order, rule, known, knowledge)
    amount = individual.intravenous(order, rule, body, knowledge)
    if isinstance(amount, dose.NoDose):
        gap = Blocked(code=amount.code, facts=amount.facts, value=amount.value)
        draft = _screened(draft, known, knowledge)
        return _finish(replace(draft, blocked=(*draft.blocked, gap)), knowledge)
    dosed = case.dosed_case(known, order, rule, amount, knowledge)
    situation = Situation(order, condition, rule, amount, dosed, limits.Limits(), knowledge)
    findings, situation = hazards.settle(situation, case.product_changed(order, order.product))
    made = _choose_product(situation)
    if order.product is None and made.product is not None and case.product_changed(order, made.product.id):
        # Only now is it known that the product differs from the last one: screen again.
        findings, situation = hazards.settle(situation, product_changed=True)
        made = _choose_product(situation)
    asked = [(field, "dosing_weight") for field in body.missing]
    asked += questions.leaving(made.course, rule, order, findings)
    draft = replace(
        draft,
        dose=amount,
        findings=findings,
        questions=questions.questions(findings, asked, situation.case, knowledge),
    )
    return _finish(_assemble(draft, made, situation), knowledge)


def _draft(order: Order, knowledge: Knowledge) -> Plan:
    input_hash = _hash(order)
    return Plan(
        id=_hash([input_hash, knowledge.version, sorted(knowledge.signed)]),
        input_hash=input_hash,
        knowledge_version=knowledge.version,
        status="ready",
        valid_until=_valid_until(order, knowledge),
        supersedes=order.supersedes,
        order=order,
    )


def _without_regimen(
    draft: Plan, none: regimen.NoRegimen, known: dict[str, Value], knowledge: Knowledge
) -> Plan:
    draft = _screened(draft, known, knowledge)
    if none.unsigned:
        return replace(draft, needs_sign_off=tuple(_sign_off(fact, none.code) for fact in none.unsigned))
    if none.unnamed:
        choices = Blocked(code=none.code, facts=tuple(fact.id for fact in none.unnamed))
        asked = questions.questions((), (("regimen", none.code),), known, knowledge)
        return replace(draft, gaps=(choices,), questions=(*asked, *draft.questions))
    gap = Blocked(code=none.code, value=none.value)
    return replace(draft, blocked=(*draft.blocked, gap))


def _screened(draft: Plan, known: dict[str, Value], knowledge: Knowledge) -> Plan:
    """A plan without a dose still shows what was found, what to ask, and that nothing may be given."""
    changed = case.product_changed(draft.order, draft.order.product)
    known = known if changed is None else {**known, "product_changed": changed}
    findings = hazards.screen(draft.order, known, knowledge)
    asked = questions.questions(findings, (), known, knowledge)
    blocked = _contraindicated(hazards.limits(findings, knowledge))
    return replace(draft, findings=findings, questions=asked, blocked=blocked)


def _contraindicated(bound: limits.Limits) -> tuple[Blocked, ...]:
    return tuple(
        Blocked(code="contraindicated", findings=(entry.finding,), facts=(entry.effect.id,))
        for entry in bound.of(Block)
    )


def _subcutaneous(
    draft: Plan,
    chosen: tuple[Regimen, RegimenChoice] | regimen.NoRegimen,
    known: dict[str, Value],
    knowledge: Knowledge,
) -> Plan:
    """A dose for every product, then the first whose infusions fit. A label may stand for a regimen."""
    none = chosen if isinstance(chosen, regimen.NoRegimen) else None
    if none is not None and draft.order.regimen is not None:
        return _without_regimen(draft, none, known, knowledge)
    rule, choice = (None, None) if isinstance(chosen, regimen.NoRegimen) else chosen
    found = offers.collect(draft.order, rule, known, knowledge)
    if not found.dosed:
        return _without_scheme(_screened(draft, known, knowledge), found, none)
    made = _first_that_fits(found.ranked, list(found.excluded), draft.order, knowledge)
    offer = found.of(made.product.id if made.product is not None else None)
    if made.product is None and draft.order.product is None:
        offer = offers.undecided(offer)
    findings, situation = offer.findings, offer.situation
    unsigned = tuple(_sign_off(fact, "trough_table_not_seen") for fact in offer.scheme.unsigned)
    asked = tuple((field, "dosing_weight") for field in offer.scheme.body.missing)
    draft = replace(
        draft,
        regimen=choice if offer.scheme.by_regimen else None,
        dose=offer.scheme.dose,
        findings=findings,
        questions=questions.questions(findings, asked, situation.case, knowledge),
    )
    return _assemble(draft, replace(made, sign_off=(*made.sign_off, *unsigned)), situation)


def _without_scheme(draft: Plan, found: offers.Offers, none: regimen.NoRegimen | None) -> Plan:
    """No product has a dose: facts to sign, or why there is none."""
    unsigned = [_sign_off(fact, no.reason.code) for no in found.refused for fact in no.unsigned]
    unsigned += [_sign_off(fact, none.code) for fact in none.unsigned] if none is not None else []
    draft = replace(draft, products_excluded=found.excluded, needs_sign_off=tuple(unsigned))
    if unsigned:
        return draft
    reasons = {no.reason.code: no.reason for no in found.refused}
    blocked = [Blocked(code=r.code, facts=(r.fact,), value=r.value) for r in reasons.values()]
    return replace(draft, blocked=(*draft.blocked, *(blocked or [Blocked(code="no_product_fits")])))


def _choose_product(situation: Situation) -> Chosen:
    """The best ranked product whose course fits the one dose."""
    ranked, excluded = products.rank(situation)
    candidates = [(candidate, situation) for candidate in ranked]
    return _first_that_fits(candidates, list(excluded), situation.order, situation.knowledge)


def _first_that_fits(
    candidates: Sequence[tuple[Ranked, Situation]],
    dropped: list[ProductExcluded],
    order: Order,
    knowledge: Knowledge,
) -> Chosen:
    """The first product whose course fits; a better one without seen rates is shown as such."""
    unseen: list[Ranked] = []
    options: list[ProductOption] = []
    for index, (candidate, situation) in enumerate(candidates):
        if candidate.no_rates is not None:
            unseen.append(candidate)
            options.append(_option(candidate))
            continue
        built = _build(candidate.product, situation)
        if isinstance(built, course.NoCourse):
            reasons = tuple(dict.fromkeys(m.reason for m in built.misfits))
            dropped.append(ProductExcluded(id=candidate.product.id, because=reasons))
            continue
        options += [_option(later) for later, _ in candidates[index + 1 :]]
        choice = ProductChoice(
            id=candidate.product.id,
            name=candidate.product.name,
            g_per_100_ml=candidate.product.g_per_100_ml,
            on_label=candidate.on_label,
            because=candidate.because,
            alternatives=tuple(options),
            best_fit_unseen=unseen[0].product.id if unseen else "",
            facts=(candidate.product.id,),
        )
        return Chosen(
            choice, tuple(dropped), built.course, built.rates, built.days, next_date=built.next_date
        )
    return _no_product(unseen, tuple(dropped), order, knowledge)


def _build(product: Product, situation: Situation) -> course.Built | course.NoCourse:
    """The course of a product whose rates were seen."""
    if product.route == "SC":
        return subcutaneous.build(product, situation)
    ladder = rates.ladder(product, situation)
    assert isinstance(ladder, rates.Ladder)
    return course.build(product, ladder, situation)


def _option(candidate: Ranked) -> ProductOption:
    return ProductOption(
        id=candidate.product.id,
        name=candidate.product.name,
        on_label=candidate.on_label,
        rates_seen=candidate.no_rates is None,
        because=candidate.because,
    )


def _no_product(
    unseen: list[Ranked], dropped: tuple[ProductExcluded, ...], order: Order, knowledge: Knowledge
) -> Chosen:
    """No product can be planned: rates to sign, none in stock or sold here (dose only), or none that fits."""
    wanting = any(left.because[-1].code == stock.NOT_IN_STOCK for left in dropped)
    short = (Blocked(code=stock.NOT_IN_STOCK, facts=(stock.STOCK,)),) if wanting else ()
    if unseen:
        lacking = [c.no_rates for c in unseen if c.no_rates is not None]
        signs = tuple(_sign_off(fact, none.code) for none in lacking for fact in none.unsigned)
        gap = Blocked(code="rates_not_seen", facts=tuple(c.product.id for c in unseen))
        return Chosen(None, dropped, sign_off=signs, gaps=(gap, *short))
    if short:
        return Chosen(None, dropped, gaps=short)
    if not products.licensed(order, knowledge):
        gap = Blocked(code="no_product_here", value=order.jurisdiction)
        return Chosen(None, dropped, gaps=(gap,))
    coarse = {r.value for left in dropped for r in left.because if r.code == "pump_step_too_coarse"}
    if coarse:
        return Chosen(None, dropped, gaps=(Blocked(code="pump_step_too_coarse", value=min(coarse)),))
    return Chosen(None, dropped, gaps=(Blocked(code="no_product_fits"),))


def _sign_off(fact: Fact, because: str) -> SignOff:
    return SignOff(fact=fact.id, because=because, fingerprint=fingerprint(fact))


_DOSE_ONLY = frozenset({"no_product_here", "rates_not_seen", stock.NOT_IN_STOCK})
"""Gaps that leave a dose-only plan for a person to complete; every other gap blocks."""


def _assemble(draft: Plan, made: Chosen, situation: Situation) -> Plan:
    contraindicated = _contraindicated(situation.limits)
    draft = replace(
        draft,
        products_excluded=made.excluded,
        blocked=(*contraindicated, *(g for g in made.gaps if g.code not in _DOSE_ONLY)),
        gaps=tuple(g for g in made.gaps if g.code in _DOSE_ONLY),
        needs_sign_off=made.sign_off,
        assumed=_assumed(draft.findings, situation),
    )
    if draft.blocked:
        return draft
    draft = replace(
        draft,
        premedication=care.premedication(situation),
        hydration=care.hydration(situation),
        monitoring=care.monitoring(situation),
        tests=(*care.emergency(situation), *ahead.samples_first(situation), *care.tests(situation)),
        co_treatments=care.co_treatments(situation),
        advice=care.advice(situation),
    )
    if made.product is None:
        return draft
    product = situation.knowledge.products[made.product.id]
    return replace(
        draft,
        product=made.product,
        course=made.course,
        rates=made.rates,
        days=made.days,
        preparation=care.preparation(product, situation),
        observation=care.observation(product, situation),
        day_checks=care.day_checks(made.days, situation),
        timeline=timeline.timeline(made.days, product, situation, made.next_date),
    )


def _assumed(findings: tuple[Finding, ...], situation: Situation) -> tuple[Assumption, ...]:
    found = [Assumption(kind="finding", id=f.id, text=f.name) for f in findings if f.state == "assumed"]
    undated = [
        Assumption(kind="value", id=name, value=m.reading.text)
        for name, m in sorted(situation.order.patient.measurements.items())
        if m.date is None
    ]
    return (*found, *undated)


def _policies(named: set[str], knowledge: Knowledge) -> tuple[Assumption, ...]:
    """Every policy that some decision names, with its setting."""
    return tuple(
        Assumption(kind="policy", id=p.id, value=p.choice or _amount(p), text=p.text)
        for p in knowledge.facts.policy
        if p.id in named
    )


def _amount(policy: Policy) -> str:
    return "" if policy.number is None else f"{policy.number} {policy.unit}".strip()


def _finish(draft: Plan, knowledge: Knowledge) -> Plan:
    named = citing.named_facts(draft)
    return replace(
        draft,
        status=_status(draft),
        assumed=(*draft.assumed, *_policies(named, knowledge)),
        sources=citing.sources(named, knowledge),
    )


def _status(draft: Plan) -> Status:
    if draft.blocked:
        return "blocked"
    if any(question.blocking for question in draft.questions):
        return "needs_answers"
    if draft.needs_sign_off or draft.gaps:
        return "needs_sign_off"
    return "ready"


def _valid_until(order: Order, knowledge: Knowledge) -> dt.date:
    days = knowledge.policies["policy.plan_valid"].number
    return order.start.date() + dt.timedelta(days=int(days or 0))


def _hash(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:HASH_LENGTH]
