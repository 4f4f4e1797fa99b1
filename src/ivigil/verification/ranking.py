"""Is the chosen product the best of those that may be given?

Compared in turn: stabilisers to avoid, a change from the last product, the licence, a printed
limit for the patient's risks, then the preferences of the findings, the gravest first. Where
it is open whether another product would keep its start rate, it is not held against the choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from ivigil.knowledge.hazards import AtRiskRate, AvoidStabilisers, PreferProducts
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.products import Product, RiskGroup, Schedule
from ivigil.verification import body, labels, limits, screening
from ivigil.verification.exact import ml_per_h
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.shelf import Market, Shelf, Standing
from ivigil.verification.verdict import Objection

SEVERITIES = ("contraindicated", "serious", "moderate", "info")
Lead = tuple[int, bool, bool]
"""Stabilisers to avoid, another product than last time, off label: less is better."""


class Wishes(msgspec.Struct, frozen=True):
    """What the findings ask of a product, short of leaving it out."""

    avoid: tuple[AvoidStabilisers, ...]
    prefer: tuple[PreferProducts, ...]
    """Of each property the preference of the gravest finding."""
    groups: frozenset[RiskGroup]
    """Risks for which a label may print a limit."""


class Contest(msgspec.Struct, frozen=True):
    """What products are compared by, for one plan."""

    matter: Matter
    known: Shelf
    market: Market
    age_years: int
    wishes: Wishes

    def lead(self, product: str) -> Lead:
        last = self.matter.order.last_immunoglobulin
        avoided = sum(self.known.avoided(self.market, effect)[product] for effect in self.wishes.avoid)
        changed = last is not None and last.product not in (None, product)
        uses = self.known.uses(self.market, self.matter.order.condition)[product]
        return avoided, changed, not any(labels.fits_age(use, self.age_years) for use in uses)

    def liking(self, product: str) -> list[Standing]:
        """How it stands by each preference in turn; less is better."""
        return [self.known.preferred(self.market, effect)[product] for effect in self.wishes.prefer]


def check(matter: Matter) -> Iterator[Objection]:
    """The planned product against every other that the plan offers, and what it says of their licence."""
    choice, product = matter.plan.product, matter.product
    market = matter.knowledge.lineage(matter.order.jurisdiction), matter.order.route
    known = matter.knowledge.kept(Shelf)
    sold = known.sold(market)
    if choice is None or product is None or product.id not in sold:
        return  # objected to elsewhere
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    contest = Contest(matter, known, market, age, _wishes(matter))
    ours, held = contest.lead(product.id), _stays_slow(matter, product, contest.wishes)
    for index, option in enumerate(choice.alternatives):
        if option.id not in sold:
            continue  # objected to with the offers
        theirs = contest.lead(option.id)
        off_label = theirs[2]
        if option.on_label == off_label:
            where, seen = f"product.alternatives[{index}].on_label", str(option.on_label).lower()
            yield Objection("option_licence", where, seen, str(not off_label).lower(), (option.id,))
        if not option.rates_seen or theirs > ours:
            continue  # whether it has no rates is checked with the offers
        liked = contest.liking(option.id) < contest.liking(product.id)
        if theirs < ours or _wins(contest, sold[option.id], held=held, liked=liked):
            yield Objection("better_product", "product.id", product.id, option.id, (product.id, option.id))


def _wins(contest: Contest, other: Product, *, held: bool, liked: bool) -> bool:
    """Of two that tie so far: does the other certainly come first, by its limit at risk or a preference?"""
    if held and liked:
        return True
    return (held or liked) and _surely_steps_up(contest.matter, other, contest.wishes)


# ---- what the findings wish


def _wishes(matter: Matter) -> Wishes:
    acting = sorted((s for s in matter.standings if _acts(s)), key=_gravity)
    effects = [effect for standing in acting for effect in standing.hazard.effects]
    prefer: dict[str, PreferProducts] = {}
    for effect in effects:
        if isinstance(effect, PreferProducts):
            prefer.setdefault(effect.property, effect)
    avoid = tuple(effect for effect in effects if isinstance(effect, AvoidStabilisers))
    groups = frozenset(effect.group for effect in effects if isinstance(effect, AtRiskRate))
    return Wishes(avoid, tuple(prefer.values()), groups)


def _acts(standing: screening.Standing) -> bool:
    """Present, or taken as present; what is only asked prefers nothing."""
    assumed = standing.planned is Truth.UNKNOWN and standing.hazard.unknown == "assume"
    return standing.planned is Truth.TRUE or assumed


def _gravity(standing: screening.Standing) -> tuple[int, bool, str]:
    hazard = standing.hazard
    return SEVERITIES.index(hazard.severity), standing.planned is not Truth.TRUE, hazard.id


# ---- patients at risk: does the label print a limit below its ordinary maximum?


def _stays_slow(matter: Matter, product: Product, wishes: Wishes) -> bool:
    """Does the planned product keep its start rate for want of a printed limit?"""
    if matter.order.route != "IV":
        return False  # under the skin every product does, or none
    ordinary = [ceiling.ml_per_h for ceiling in limits.ordinary(matter)]
    return not all(limits.may_step_up(matter, product, group, ordinary) for group in wishes.groups)


def _surely_steps_up(matter: Matter, product: Product, wishes: Wishes) -> bool:
    """Would it rise, whichever of its schedules were planned?"""
    if matter.order.route != "IV":
        return True
    ordinary = [_maximum(matter, schedule) for schedule in product.schedules if usable(matter, schedule)]
    return all(limits.may_step_up(matter, product, group, ordinary) for group in wishes.groups)


def _maximum(matter: Matter, schedule: Schedule) -> Fraction:
    return ml_per_h(schedule.max_rate, schedule.unit, schedule.g_per_100_ml, matter.actual_weight_kg)
