"""Is every product of the place accounted for: chosen, offered, or left out for a reason that holds?

A course that was rejected is not built again: of a reason that rests on one, the stated figure
is held against the limit that it names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from ivigil.course import ProductExcluded, ProductOption, Reason
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import CapDailyDose, CapDailyVolume, ExcludeProducts, MinimumDays
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.products import Conversion, Product, SubcutaneousDose
from ivigil.verification import labels
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.screening import judge_hazard
from ivigil.verification.shelf import Market, Shelf
from ivigil.verification.verdict import Objection

BY_FINDING = frozenset(
    {"stabiliser", "stabiliser_not_seen", "property", "property_not_seen", "contraindicated", "excluded"}
)
HOURS_PER_DAY = 24
FORMULARY = "policy.formulary"


def check(matter: Matter) -> Iterator[Objection]:
    """Every product of the place and route, once."""
    market = matter.knowledge.lineage(matter.order.jurisdiction), matter.order.route
    sold = matter.knowledge.kept(Shelf).sold(market)
    plan = matter.plan
    for index, left_out in enumerate(plan.products_excluded):
        yield from _left_out(matter, f"products_excluded[{index}]", left_out, market, sold)
    if plan.product is None:
        yield from _unseen_gap(matter, sold)
        return
    offered = plan.product.alternatives
    for index, option in enumerate(offered):
        yield from _offered(matter, f"product.alternatives[{index}]", option, market, sold)
    told = Counter((plan.product.id, *(o.id for o in offered), *(e.id for e in plan.products_excluded)))
    for name in sold:
        if told[name] == 0:
            expected = f"{name}, offered or left out with the reason"
            yield Objection("product_missing", "product.alternatives", "nothing", expected, (name,))
        elif told[name] > 1:
            yield Objection("product_twice", "product.alternatives", name, "once", (name,))


# ---- offered


def _offered(
    matter: Matter, where: str, option: ProductOption, market: Market, sold: Mapping[str, Product]
) -> Iterator[Objection]:
    product = sold.get(option.id)
    if product is None:
        yield Objection("not_licensed_here", f"{where}.id", option.id, "a product of this place and route")
        return
    known = matter.knowledge.kept(Shelf)
    for effect in matter.effects(ExcludeProducts):
        if option.id in known.excluded(market, effect):
            expected = "left out by this finding"
            yield Objection("option_excluded", f"{where}.id", option.id, expected, (effect.id, option.id))
    if not _is_kept(matter, option.id):
        yield Objection("option_excluded", f"{where}.id", option.id, "not on the formulary", (FORMULARY,))
    if matter.order.route == "IV" and option.rates_seen != _has_rates(matter, product, option.rates_seen):
        seen, expected = str(option.rates_seen).lower(), str(not option.rates_seen).lower()
        yield Objection("option_rates", f"{where}.rates_seen", seen, expected, (option.id,))


def _has_rates(matter: Matter, product: Product, claimed: bool) -> bool:
    """Has it a schedule that may set a rate? A claim that needs experience is left as it is."""
    fitting = [s for s in product.schedules if usable(matter, s) and labels.fits_body(matter, s)]
    if any(schedule.experience != "experienced" for schedule in fitting):
        return True
    return bool(fitting) and claimed


def _unseen_gap(matter: Matter, sold: Mapping[str, Product]) -> Iterator[Objection]:
    """A plan that stops at the dose for want of rates: no product named for it has any."""
    for index, gap in enumerate(matter.plan.gaps):
        for name in gap.facts if gap.code == "rates_not_seen" and matter.order.route == "IV" else ():
            if name in sold and _has_rates(matter, sold[name], claimed=False):
                where, expected = f"gaps[{index}].facts", "a product without rates"
                yield Objection("option_rates", where, name, expected, (name,))


def _is_kept(matter: Matter, product: str) -> bool:
    policy = matter.knowledge.policies.get(FORMULARY)
    return policy is None or not policy.ranking or product in policy.ranking


# ---- left out


def _left_out(
    matter: Matter, where: str, left_out: ProductExcluded, market: Market, sold: Mapping[str, Product]
) -> Iterator[Objection]:
    product = sold.get(left_out.id)
    if product is None:
        yield Objection("not_licensed_here", f"{where}.id", left_out.id, "a product of this place and route")
        return
    if not left_out.because:
        yield Objection("exclusion_unfounded", f"{where}.because", "nothing", "why it is left out")
    for index, reason in enumerate(left_out.because):
        if not _holds(matter, product, reason, market):
            seen = " ".join(part for part in (reason.code, reason.fact, reason.value) if part)
            expected = "a reason that holds for this product"
            facts = tuple(name for name in (reason.fact, product.id) if name)
            yield Objection("exclusion_unfounded", f"{where}.because[{index}]", seen, expected, facts)


def _holds(matter: Matter, product: Product, reason: Reason, market: Market) -> bool:
    match reason.code:
        case code if code in BY_FINDING:
            return _by_finding(matter, product, reason, market)
        case "not_on_formulary":
            return not _is_kept(matter, product.id)
        case "no_presentation_seen":
            return not any(vial.seen for vial in product.vials)
        case "not_ordered":
            return matter.order.product not in (None, product.id)
        case "daily_dose" | "daily_volume" | "minimum_days":
            return _by_limit(matter, product, reason)
        case "opening_hours" | "infusion_hours" | "pooled_use" | "longer_than_a_day":
            return _by_hours(matter, product, reason)
        case "interval_outside_label" | "conversion_not_seen" | "last_dose_not_stated":
            return _by_scheme(matter, product, reason)
        case _:
            return True  # rests on the course that was rejected


def _by_finding(matter: Matter, product: Product, reason: Reason, market: Market) -> bool:
    """Is there such a finding, for this product, and does it leave the product out?"""
    hazard = matter.knowledge.hazards.get(reason.finding)
    last = matter.order.last_immunoglobulin
    if hazard is None:
        return False
    changed = {} if last is None or last.product is None else {"product_changed": product.id != last.product}
    effects = (effect for effect in hazard.effects if isinstance(effect, ExcludeProducts))
    known = matter.knowledge.kept(Shelf)
    excluded = any(product.id in known.excluded(market, effect) for effect in effects)
    return excluded and judge_hazard(hazard, {**matter.case, **changed}) is not Truth.FALSE


def _by_limit(matter: Matter, product: Product, reason: Reason) -> bool:
    """A cap or a number of days that binds here: of a finding, of the regimen or of the label."""
    match reason.code:
        case "minimum_days":
            return reason.fact in {effect.id for effect in matter.effects(MinimumDays)}
        case "daily_volume":
            return reason.fact in {effect.id for effect in matter.effects(CapDailyVolume)}
    regimen = (matter.regimen.id,) if matter.regimen is not None else ()
    labels_own = (item.id for item in product.subcutaneous_doses)
    return reason.fact in {*(e.id for e in matter.effects(CapDailyDose)), *labels_own, *regimen}


def _by_hours(matter: Matter, product: Product, reason: Reason) -> bool:
    """Is the stated time above the limit that it names?"""
    regimen = matter.regimen
    limits: dict[str, Decimal | None] = {
        "opening_hours": matter.number("policy.opening_hours"),
        "infusion_hours": regimen.infusion_hours_max if regimen is not None else None,
        "longer_than_a_day": Decimal(HOURS_PER_DAY),
    }
    for item in product.properties_named("pooled_use_within_h"):
        if item.id == reason.fact:
            limits["pooled_use"] = item.number
    limit, hours = limits.get(reason.code), _number(reason.value)
    return limit is not None and hours is not None and hours >= limit


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _by_scheme(matter: Matter, product: Product, reason: Reason) -> bool:
    """Why no subcutaneous dose of it could be planned."""
    fact: Fact | None = matter.knowledge.by_id.get(reason.fact)
    last, days = matter.order.last_immunoglobulin, matter.order.interval_days
    if reason.code == "last_dose_not_stated":
        return last is None or last.grams is None or not last.interval_days
    if reason.code == "interval_outside_label" and (matter.order.days or 1) > 1:
        return True  # divided as ordered, its infusions would come too close
    if isinstance(fact, Conversion):
        return fact in product.conversions and not usable(matter, fact)
    if not isinstance(fact, SubcutaneousDose) or fact not in product.subcutaneous_doses or days is None:
        return False
    low, high = fact.interval_days_min, fact.interval_days_max
    return low is not None and high is not None and not low <= days <= high
