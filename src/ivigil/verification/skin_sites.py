"""Subcutaneous sites: volume, rate and number, each within the product's rows for this infusion.

A label's rows hold by the number of the infusion, age, weight and use. Where they end, the
last ones stay: a later infusion is never bolder than what was printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction

from ivigil.course import Day, Site
from ivigil.knowledge.hazards import AtRiskRate, SlowStart
from ivigil.knowledge.products import SiteLimit
from ivigil.verification import body, limits
from ivigil.verification.exact import show
from ivigil.verification.infusion import ROUNDING_ML
from ivigil.verification.labels import covers, labelled_uses
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

MINUTES_PER_HOUR = 60
FIRST = 1
Figure = Callable[[SiteLimit], Fraction | None]
Held = tuple[tuple[SiteLimit, Fraction], ...]
"""The rows that hold, each with its figure."""


def check(matter: Matter) -> Iterator[Objection]:
    """Every site and step of every subcutaneous day."""
    if matter.order.route != "SC" or matter.product is None:
        return
    for index, day in enumerate(matter.plan.days):
        where, number = f"days[{index}]", _number(matter, index)
        yield from _sums(f"{where}.sites", day)
        yield from _count(matter, f"{where}.sites", day)
        yield from _volumes(matter, f"{where}.sites", day, number)
        yield from _rates(matter, where, day, number)


def _number(matter: Matter, index: int) -> int:
    """Which infusion of this product it is; counted from the first where a finding asks for caution."""
    last, product = matter.order.last_immunoglobulin, matter.product
    known = matter.case.get("immunoglobulin_naive") is False and not matter.effects(SlowStart)
    same = last is not None and product is not None and last.product == product.id
    earlier = last.infusions or 0 if last is not None and same and known else 0
    return earlier + index + FIRST


# ---- which rows hold


def _holding(matter: Matter, number: int, figure: Figure) -> Held:
    begun = [
        (limit, amount, last)
        for limit in _fitting(matter)
        if (amount := figure(limit)) is not None
        for first, last in [_span(matter, limit)]
        if first <= number
    ]
    latest = max((number if last is None else last for _, _, last in begun), default=number)
    reach = min(latest, number)
    return tuple((limit, amount) for limit, amount, last in begun if last is None or last >= reach)


def _fitting(matter: Matter) -> tuple[SiteLimit, ...]:
    """Rows for this patient and use; off label, those of every use."""
    product = matter.product
    if product is None:
        return ()
    licensed = bool(labelled_uses(matter, product))
    return tuple(
        limit
        for limit in product.site_limits
        if _fits(matter, limit) and (not licensed or covers(matter, limit.indications))
    )


def _fits(matter: Matter, limit: SiteLimit) -> bool:
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    weight = matter.actual_weight_kg
    return (
        (limit.weight_kg_min is None or weight >= limit.weight_kg_min)
        and (limit.weight_kg_below is None or weight < limit.weight_kg_below)
        and (limit.age_min_years is None or age >= limit.age_min_years)
        and (limit.age_max_years is None or age < limit.age_max_years)
    )


def _span(matter: Matter, limit: SiteLimit) -> tuple[int, int | None]:
    """First and last infusion of a row; by policy where a label only says "initial" or "later"."""
    if limit.infusions_from is not None or limit.infusions_to is not None:
        return limit.infusions_from or FIRST, limit.infusions_to
    initial = int(matter.number("policy.sc_initial_infusions") or FIRST)
    spans = {"first": (FIRST, FIRST), "initial": (FIRST, initial), "later": (initial + 1, None)}
    return spans.get(limit.applies, (FIRST, None))


# ---- volume and number of sites


def _sums(where: str, day: Day) -> Iterator[Objection]:
    total = sum((site.volume_ml for site in day.sites), Decimal(0))
    if total != day.volume_ml:
        yield Objection("sites_do_not_add_up", where, show(total), f"{show(day.volume_ml)} mL")
    for number, site in enumerate(() if day.steps else day.sites):  # steps are checked by volume and time
        given = Fraction(site.rate_ml_per_h) * day.duration_min / MINUTES_PER_HOUR + ROUNDING_ML
        if not 0 < Fraction(site.volume_ml) <= given:
            expected = f"above 0, at most {show(given)} mL in {day.duration_min} min"
            yield Objection("site_time", f"{where}[{number}].volume_ml", show(site.volume_ml), expected)


def _count(matter: Matter, where: str, day: Day) -> Iterator[Objection]:
    """Rows with a volume of their own say it for so many sites; the others limit the number outright."""
    rows = [limit for limit in _fitting(matter) if limit.sites_max is not None]
    tiers = [limit for limit in rows if _volume(matter, limit) is not None]
    plain = [limit for limit in rows if _volume(matter, limit) is None]
    most = [(limit.sites_max or 0, limit.id) for limit in plain]
    if tiers:
        most.append(max((limit.sites_max or 0, limit.id) for limit in tiers))
    policy = matter.number("policy.sc_most_sites")
    if policy is not None and not any(usable(matter, limit) for limit in rows):
        most.append((int(policy), "policy.sc_most_sites"))
    for number, fact in most:
        if len(day.sites) > number:
            yield Objection("site_count", where, str(len(day.sites)), f"at most {number}", (fact,))


def _volumes(matter: Matter, where: str, day: Day, number: int) -> Iterator[Objection]:
    sizes = [limit.sites_max for limit in _fitting(matter) if _volume(matter, limit) is not None]
    tier = min((size for size in sizes if size is not None and size >= len(day.sites)), default=None)
    held = _holding(
        matter, number, lambda row: _volume(matter, row) if row.sites_max in (None, tier) else None
    )
    if not any(usable(matter, limit) for limit, _ in held):
        expected = "a volume per site in the label for this patient"
        yield Objection("no_site_limit", where, f"infusion {number}", expected)
    for index, site in enumerate(day.sites):
        yield from _site(f"{where}[{index}].volume_ml", Fraction(site.volume_ml), held, "mL")


def _volume(matter: Matter, limit: SiteLimit) -> Fraction | None:
    per_kg = limit.volume_ml_per_kg_per_site
    amounts = (limit.volume_ml_per_site, per_kg and per_kg * matter.order.patient.weight_kg)
    return min((Fraction(amount) for amount in amounts if amount is not None), default=None)


def _site(where: str, amount: Fraction, held: Held, unit: str) -> Iterator[Objection]:
    for limit, most in held:
        if amount > most:
            yield Objection("site_limit", where, show(amount), f"at most {show(most)} {unit}", (limit.id,))


# ---- rates


def _rates(matter: Matter, where: str, day: Day, number: int) -> Iterator[Objection]:
    """Each site at its row's rate; all together at every further limit; at risk as for a first infusion."""
    at_risk = bool(matter.effects(AtRiskRate))
    per_site = _holding(matter, FIRST if at_risk else number, lambda row: _rate(matter, row))
    together = _holding(matter, number, _total)
    if not any(usable(matter, limit) for limit, _ in per_site):
        expected = "a rate per site in the label for this patient"
        yield Objection("no_site_limit", f"{where}.sites", f"infusion {number}", expected)
    for index, site in enumerate(day.sites):
        yield from _site(
            f"{where}.sites[{index}].rate_ml_per_h", Fraction(site.rate_ml_per_h), per_site, "mL/h"
        )
    pumped = _pumped(day)
    for index, rate in enumerate(pumped):
        place = f"{where}.steps[{index}].rate_ml_per_h"
        yield from _pump(matter, place, rate)
        yield from _site(place, rate, together, "mL/h")
        yield from _site(place, rate, tuple((row, most * len(day.sites)) for row, most in per_site), "mL/h")
        if at_risk and rate > pumped[0]:
            yield Objection("no_step_up", place, show(rate), f"at most {show(pumped[0])} mL/h")
    yield from _shared(f"{where}.sites", day.sites, pumped)


def _pumped(day: Day) -> list[Fraction]:
    """Rates of all sites together: the pump's steps, or the sum of the sites where none are listed."""
    if day.steps:
        return [Fraction(step.rate_ml_per_h) for step in day.steps]
    return [sum((Fraction(site.rate_ml_per_h) for site in day.sites), Fraction(0))]


def _shared(where: str, sites: tuple[Site, ...], pumped: list[Fraction]) -> Iterator[Objection]:
    total = sum((Fraction(site.rate_ml_per_h) for site in sites), Fraction(0))
    if sites and total != max(pumped):
        yield Objection("sites_do_not_add_up", where, f"{show(total)} mL/h", f"{show(max(pumped))} mL/h")


def _pump(matter: Matter, where: str, rate: Fraction) -> Iterator[Objection]:
    step = matter.pump_step_ml_per_h
    if rate <= 0:
        yield Objection("rate_not_positive", where, show(rate), "above 0 mL/h")
    if step is not None and step > 0 and (rate / step).denominator != 1:
        yield Objection("pump_step", where, show(rate), f"a multiple of {show(step)} mL/h")
    for ceiling in limits.caps(matter):
        if not ceiling.allows(rate):
            expected = f"at most {show(ceiling.ml_per_h)} mL/h"
            yield Objection(ceiling.code, where, show(rate), expected, ceiling.facts)


def _rate(matter: Matter, limit: SiteLimit) -> Fraction | None:
    per_kg = limit.rate_ml_per_kg_h_per_site
    amounts = (limit.rate_ml_per_h_per_site, per_kg and per_kg * matter.order.patient.weight_kg)
    return min((Fraction(amount) for amount in amounts if amount is not None), default=None)


def _total(limit: SiteLimit) -> Fraction | None:
    return None if limit.rate_ml_per_h_total is None else Fraction(limit.rate_ml_per_h_total)
