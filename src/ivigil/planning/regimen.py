"""Which regimen: by condition, place, population, phase and evidence; why not the others."""

from __future__ import annotations

import msgspec

from ivigil.course import RegimenChoice, RegimenOption
from ivigil.knowledge.conditions import Condition, Disagreement, Population, Regimen
from ivigil.knowledge.doses import total_range
from ivigil.knowledge.logic import Case, Reading, Saw, Truth
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order

ANYWHERE = 99
"""Rank of a regimen from another jurisdiction than the order's own lineage."""


class Candidate(msgspec.Struct, frozen=True):
    """A regimen with everything that ranks it; lower keys come first."""

    regimen: Regimen
    place: int
    permitted: bool
    fits_population: bool
    key: tuple[int, ...]


class NoRegimen(msgspec.Struct, frozen=True):
    """No regimen may be planned; ``unsigned`` lists those that a site could sign."""

    code: str
    unsigned: tuple[Regimen, ...] = ()
    unnamed: tuple[Regimen, ...] = ()
    """Regimens for special situations only: a prescriber has to name one."""
    value: str = ""


def choose(
    order: Order, condition: Condition, case: Case, knowledge: Knowledge
) -> tuple[Regimen, RegimenChoice] | NoRegimen:
    """Choose one regimen and say why; or say why none can be planned."""
    phase = order.phase or condition.default_phase
    population = populations(case)
    pool = [r for r in condition.regimens if _serves(r, order) and not r.replaced]
    named = [r for r in pool if r.id == order.regimen]
    in_phase = named or [r for r in pool if not phase or phase in (r.phase, *r.also_phases)]
    losers = _losers(knowledge.facts.disagreement, in_phase)
    candidates = sorted(
        (_candidate(r, order, losers, case, knowledge) for r in in_phase), key=lambda c: c.key
    )
    fitting = [c for c in candidates if c.permitted and c.fits_population and _placed(c, order, knowledge)]
    usable = [c for c in fitting if not c.regimen.special or _asked_for(c.regimen, order, condition)]
    if not usable:
        unnamed = tuple(c.regimen for c in fitting)
        return (
            NoRegimen("regimen_must_be_named", unnamed=unnamed)
            if unnamed
            else _none(candidates, phase, order, knowledge)
        )
    best = usable[0]
    return best.regimen, _describe(best, candidates, phase, population, knowledge)


def _asked_for(regimen: Regimen, order: Order, condition: Condition) -> bool:
    """A regimen for a special situation is used if it is named, or its own phase is."""
    own_phase = order.phase is not None and order.phase != condition.default_phase
    return order.regimen == regimen.id or own_phase


def populations(case: Case) -> tuple[Population, ...]:
    """The populations that this patient belongs to; age decides, pregnancy adds."""
    found: list[Population] = []
    if case.get("neonate") is True:
        found.append("neonate")
    if case.get("child") is True:
        found.append("child")
    if case.get("adult") is True:
        found.append("adult")
    if case.get("pregnancy") is True:
        found.append("pregnant")
    return tuple(found)


def _candidate(
    regimen: Regimen,
    order: Order,
    losers: frozenset[str],
    case: Case,
    knowledge: Knowledge,
) -> Candidate:
    population = populations(case)
    lineage = knowledge.lineage(order.jurisdiction)
    place = min((lineage.index(j) for j in regimen.jurisdictions if j in lineage), default=ANYWHERE)
    ranking = knowledge.policies["policy.authority_order"].ranking
    authority = ranking.index(regimen.basis) if regimen.basis in ranking else len(ranking)
    permitted = knowledge.permits(regimen) and (
        regimen.reliability != "low" or regimen.id in knowledge.signed
    )
    fits = bool(set(population) & set(regimen.population)) and _old_enough(regimen, case)
    reliability = ("normal", "medium", "low").index(regimen.reliability)
    key = (
        not permitted,
        not fits,
        regimen.special,
        place,
        not _gives(regimen, order),
        _for_other_products(regimen, order),
        regimen.id in losers,
        authority,
        reliability,
    )
    return Candidate(regimen, place, permitted, fits, tuple(int(k) for k in key))


def _serves(regimen: Regimen, order: Order) -> bool:
    """Is it stated for this route? An intravenous regimen may give the weekly subcutaneous dose too."""
    return regimen.route == order.route or (
        order.route == "SC" and regimen.scig_weekly_g_per_kg_min is not None
    )


def _old_enough(regimen: Regimen, case: Case) -> bool:
    age = case.get("age_years")
    if regimen.age_min_years is None:
        return True
    return isinstance(age, Reading) and age.below(regimen.age_min_years) is Truth.FALSE


def _gives(regimen: Regimen, order: Order) -> bool:
    if order.route == "SC":  # the dose depends on the product: it is held against its range there
        return True
    if order.days is not None and regimen.allowed_days and order.days not in regimen.allowed_days:
        return False
    ordered = order.total_dose_g_per_kg
    bounds = total_range(regimen)
    if ordered is None or bounds is None:
        return True
    return bounds[0] <= ordered <= bounds[1]


def _for_other_products(regimen: Regimen, order: Order) -> bool:
    """A label's regimen for named products is the second choice for any other product."""
    return bool(regimen.products) and order.product not in regimen.products


def _losers(disagreements: tuple[Disagreement, ...], pool: list[Regimen]) -> frozenset[str]:
    ids = {regimen.id for regimen in pool}
    return frozenset(
        fact
        for item in disagreements
        if item.chosen in ids
        for fact in item.about
        if fact in ids and fact != item.chosen
    )


def _placed(candidate: Candidate, order: Order, knowledge: Knowledge) -> bool:
    if candidate.place != ANYWHERE or candidate.regimen.id == order.regimen:
        return True
    return knowledge.policies["policy.borrow_regimen"].choice != "never"


def _none(candidates: list[Candidate], phase: str, order: Order, knowledge: Knowledge) -> NoRegimen:
    fitting = [c for c in candidates if c.fits_population]
    if not candidates:
        return NoRegimen("no_regimen_for_phase", value=phase)
    if not fitting:
        return NoRegimen("no_regimen_for_population", value=phase)
    unsigned = tuple(c.regimen for c in fitting if not c.permitted and _placed(c, order, knowledge))
    if unsigned:
        return NoRegimen("regimen_not_seen", unsigned=unsigned, value=phase)
    return NoRegimen("no_regimen_here", value=order.jurisdiction)


def _describe(
    best: Candidate,
    candidates: list[Candidate],
    phase: str,
    population: tuple[Population, ...],
    knowledge: Knowledge,
) -> RegimenChoice:
    regimen = best.regimen
    others = tuple(_option(c, best) for c in candidates if c.regimen.id != regimen.id)
    ids = {regimen.id, *(o.id for o in others)}
    disagreements = tuple(d.id for d in knowledge.facts.disagreement if not ids.isdisjoint(d.about))
    bounds = total_range(regimen)
    borrowed = best.place == ANYWHERE
    return RegimenChoice(
        id=regimen.id,
        authority=regimen.authority,
        phase=phase if phase in (regimen.phase, *regimen.also_phases) else regimen.phase,
        jurisdictions=regimen.jurisdictions,
        basis=regimen.basis,
        borrowed=borrowed,
        total_dose_g_per_kg_min=bounds[0] if bounds else None,
        total_dose_g_per_kg_max=bounds[1] if bounds else None,
        allowed_days=regimen.allowed_days,
        interval_weeks_min=regimen.interval_weeks_min,
        interval_weeks_max=regimen.interval_weeks_max,
        infusion_hours_min=regimen.infusion_hours_min,
        infusion_hours_max=regimen.infusion_hours_max,
        scig_weekly_g_per_kg_min=regimen.scig_weekly_g_per_kg_min,
        scig_weekly_g_per_kg_max=regimen.scig_weekly_g_per_kg_max,
        alternatives=others,
        disagreements=disagreements,
        saw=(Saw("phase", phase), *(Saw("population", p) for p in population)),
        facts=(regimen.id, "policy.authority_order", *(("policy.borrow_regimen",) if borrowed else ())),
    )


def _option(candidate: Candidate, best: Candidate) -> RegimenOption:
    bounds = total_range(candidate.regimen)
    return RegimenOption(
        id=candidate.regimen.id,
        authority=candidate.regimen.authority,
        jurisdictions=candidate.regimen.jurisdictions,
        total_dose_g_per_kg_min=bounds[0] if bounds else None,
        total_dose_g_per_kg_max=bounds[1] if bounds else None,
        because=_why_not(candidate, best),
    )


_KEY_CODES = (
    "not_seen",
    "population",
    "special_situation",
    "jurisdiction",
    "ordered_dose",
    "other_product",
    "disagreement",
    "authority_order",
    "reliability",
)


def _why_not(candidate: Candidate, best: Candidate) -> str:
    """The first ranking criterion on which it came after the chosen one."""
    for code, mine, theirs in zip(_KEY_CODES, candidate.key, best.key, strict=True):
        if mine > theirs:
            return code
    return "authored_order"
