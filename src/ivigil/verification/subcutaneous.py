"""Subcutaneous infusions: volume, rate and number of sites, each within the product's own limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from ivigil.course import Day, Site
from ivigil.knowledge.hazards import SlowStart
from ivigil.knowledge.products import SiteLimit
from ivigil.verification import body
from ivigil.verification.exact import show
from ivigil.verification.labels import ANY_USE, labelled_uses
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

MINUTES_PER_HOUR = 60
ROUNDING_ML = Fraction(1, 10)
"""Shares of the volume are stated to 0.1 mL."""


def check(matter: Matter) -> Iterator[Objection]:
    """Every site of every subcutaneous day."""
    if matter.order.route != "SC" or matter.product is None:
        return
    for index, day in enumerate(matter.plan.days):
        limits = _limits(matter, index)
        where = f"days[{index}].sites"
        if not limits:
            facts = (matter.product.id,)
            yield Objection("no_site_limit", where, "sites", "a limit for this patient in the label", facts)
        yield from _sum(where, day)
        for number, site in enumerate(day.sites):
            yield from _site(f"{where}[{number}]", site, limits, matter.actual_weight_kg)
            yield from _time(f"{where}[{number}]", site, day)
        for limit in limits:
            yield from _together(where, day, limit)


def _sum(where: str, day: Day) -> Iterator[Objection]:
    total = sum((site.volume_ml for site in day.sites), Decimal(0))
    if total != day.volume_ml:
        yield Objection("sites_do_not_add_up", where, show(total), f"{show(day.volume_ml)} mL")


def _site(where: str, site: Site, limits: tuple[SiteLimit, ...], weight: Fraction) -> Iterator[Objection]:
    for limit in limits:
        for name, amount, most in _bounds(site, limit, weight):
            if not 0 < amount <= most:
                expected = f"above 0, at most {show(most)}"
                yield Objection("site_limit", f"{where}.{name}", show(amount), expected, (limit.id,))


def _time(where: str, site: Site, day: Day) -> Iterator[Objection]:
    """The day is long enough for each site at its rate."""
    given = Fraction(site.rate_ml_per_h) * day.duration_min / MINUTES_PER_HOUR
    if Fraction(site.volume_ml) > given + ROUNDING_ML:
        expected = f"at most {show(given)} mL in {day.duration_min} min"
        yield Objection("site_time", f"{where}.volume_ml", show(site.volume_ml), expected)


def _bounds(site: Site, limit: SiteLimit, weight: Fraction) -> Iterator[tuple[str, Decimal, Fraction]]:
    pairs = (
        ("volume_ml", site.volume_ml, limit.volume_ml_per_site, Fraction(1)),
        ("volume_ml", site.volume_ml, limit.volume_ml_per_kg_per_site, weight),
        ("rate_ml_per_h", site.rate_ml_per_h, limit.rate_ml_per_h_per_site, Fraction(1)),
        ("rate_ml_per_h", site.rate_ml_per_h, limit.rate_ml_per_kg_h_per_site, weight),
    )
    for name, amount, most, factor in pairs:
        if most is not None:
            yield name, amount, Fraction(most) * factor


def _together(where: str, day: Day, limit: SiteLimit) -> Iterator[Objection]:
    if limit.sites_max is not None and len(day.sites) > limit.sites_max:
        seen, expected = str(len(day.sites)), f"at most {limit.sites_max}"
        yield Objection("site_count", where, seen, expected, (limit.id,))
    total = sum((site.rate_ml_per_h for site in day.sites), Decimal(0))
    if limit.rate_ml_per_h_total is not None and total > limit.rate_ml_per_h_total:
        expected = f"at most {show(limit.rate_ml_per_h_total)} mL/h together"
        yield Objection("site_limit", where, show(total), expected, (limit.id,))


def _limits(matter: Matter, index: int) -> tuple[SiteLimit, ...]:
    """The limits of one infusion for this patient and use; past a label's last row, that row stays."""
    own = [limit for limit in matter.product.site_limits if _fits(matter, limit)] if matter.product else []
    number = _earlier(matter) + index + 1
    begun = [limit for limit in own if _first(matter, limit) <= number]
    return tuple(limit for limit in begun if _lasts(matter, limit, begun, number))


def _lasts(matter: Matter, limit: SiteLimit, begun: list[SiteLimit], number: int) -> bool:
    """Does the row hold at this infusion, or is it the last to have spoken of its figure?"""
    end = _last(matter, limit)
    if end is None or end >= number:
        return True
    alike = [other for other in begun if _figures(other) & _figures(limit)]
    ends = [_last(matter, other) for other in alike]
    return None not in ends and end == max(other for other in ends if other is not None)


def _figures(limit: SiteLimit) -> set[str]:
    figures = {
        "volume": (limit.volume_ml_per_site, limit.volume_ml_per_kg_per_site),
        "rate": (limit.rate_ml_per_h_per_site, limit.rate_ml_per_kg_h_per_site),
        "total": (limit.rate_ml_per_h_total,),
    }
    return {name for name, values in figures.items() if any(value is not None for value in values)}


def _first(matter: Matter, limit: SiteLimit) -> int:
    if limit.infusions_from is None and limit.infusions_to is None and limit.applies == "later":
        return _initial(matter) + 1
    return limit.infusions_from or 1


def _last(matter: Matter, limit: SiteLimit) -> int | None:
    if limit.infusions_from is None and limit.infusions_to is None:
        return {"first": 1, "initial": _initial(matter)}.get(limit.applies)
    return limit.infusions_to


def _initial(matter: Matter) -> int:
    return int(matter.number("policy.sc_initial_infusions") or 0)


def _earlier(matter: Matter) -> int:
    """Infusions of this product before the plan; in doubt, or where a start is to be slow, none."""
    last = matter.order.last_immunoglobulin
    same = last is not None and matter.product is not None and last.product == matter.product.id
    return last.infusions or 0 if last is not None and same and not matter.effects(SlowStart) else 0


def _fits(matter: Matter, limit: SiteLimit) -> bool:
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    weight = matter.actual_weight_kg
    codes = {use.indication for use in labelled_uses(matter, matter.product)} if matter.product else set()
    return (
        (limit.weight_kg_min is None or weight >= limit.weight_kg_min)
        and (limit.weight_kg_max is None or weight < limit.weight_kg_max)
        and (limit.age_min_years is None or age >= limit.age_min_years)
        and (limit.age_max_years is None or age < limit.age_max_years)
        and (not limit.indications or bool((codes | {ANY_USE}) & set(limit.indications)))
    )
