"""From an order for replacement and the measured levels of its patient to an order with an individual dose.

Runs before planning, which knows nothing of kinetics: what regimen or label allow is asked of planning first,
the dose is sought within it, and the order that comes out carries the dose with everything that it rests on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from ivigil.intake.levels import LevelsFile, Wanted
from ivigil.kinetics.aim import SWITCH, Proposal, RefusedError, Spread, dose_for_trough
from ivigil.kinetics.aim import Refused as NotSought
from ivigil.kinetics.estimate import Case, Estimate, estimate
from ivigil.kinetics.individual import Subject
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge
from ivigil.order import Expected, Fault, IndividualDose, ModelShare, Order, OrderError
from ivigil.patient import completed_years
from ivigil.planning.individual import Allowed, Outside, Why, allowed

BLOCKER = "fcrn_blocker"
"""The vocabulary's term for a medicine under which no model holds."""
SEED = 1
HUNDREDTH = 2
"""Decimals that are kept: a float that differs in its last digits gives the same plan."""

Reason = NotSought | Why | Literal["interval_outside_regimen"]


class NotIndividualisedError(ValueError):
    """The levels give no dose for this order: every reason, and the fact that ruled, if one did."""

    def __init__(self, reasons: tuple[Reason, ...], facts: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons
        self.facts = facts


def individualise(order: Order, levels: LevelsFile, knowledge: Knowledge, *, seed: int = SEED) -> Order:
    """The order with the dose that its patient's levels ask for, within regimen or label.

    Pure: the same order, levels, facts and seed give the same order. Raises OrderError with every point in
    which order and levels contradict each other; NotIndividualisedError with every reason why no dose is
    sought, the first being that the site did not sign ``policy.individual_dosing``.
    """
    faults = tuple(_contradictions(order, levels))
    if faults:
        raise OrderError(faults)
    if not knowledge.is_on(SWITCH):
        raise NotIndividualisedError(("switched_off",), (SWITCH,))
    wanted = levels.wanted
    assert wanted is not None
    asked = replace(order, interval_days=wanted.cycle.interval_days)
    may = allowed(asked, knowledge)
    if isinstance(may, Outside):
        raise NotIndividualisedError((may.why,), (may.fact,) if may.fact else ())
    if not may.interval_days[0] <= wanted.cycle.interval_days <= may.interval_days[1]:
        raise NotIndividualisedError(("interval_outside_regimen",), may.facts)
    case = _case(order, levels)
    known = estimate(knowledge.facts.population_model, case, (), knowledge, seed)
    try:
        found = dose_for_trough(
            known,
            case,
            replace(wanted.cycle, route=_route(order, may)),
            knowledge,
            target_g_per_l=wanted.target_g_per_l,
            window_g_per_l=wanted.window_g_per_l,
            vials_g=wanted.vials_g or _vials(may),
            between_g=may.grams,
        )
    except RefusedError as refused:
        raise NotIndividualisedError(refused.reasons) from None
    dose = _dose(found, known, may, knowledge)
    target = order.target_trough_g_per_l if order.route == "IV" else wanted.target_g_per_l
    return replace(asked, individual=dose, target_trough_g_per_l=target)


def _contradictions(order: Order, levels: LevelsFile) -> Iterator[Fault]:
    """Another patient, another history, another aim: nothing is guessed."""
    yield from _patient(order, levels)
    yield from _history(order, levels.case)
    yield from _aim(order, levels.wanted)


def _patient(order: Order, levels: LevelsFile) -> Iterator[Fault]:
    subject, patient = levels.case.subject, order.patient
    own = f"{patient.id.system} {patient.id.value}, as the order has it"
    if levels.patient is None:
        yield Fault("levels: patient.id", "missing", own)
    elif levels.patient != patient.id:
        yield Fault("levels: patient.id", f"{levels.patient.system} {levels.patient.value}", own)
    age = Decimal(completed_years(patient.birth_date, order.start.date()))
    for field, told, ordered in (
        ("condition", subject.condition, order.condition),
        ("patient.weight_kg", subject.weight_kg, patient.weight_kg),
        ("patient.height_cm", subject.height_cm, patient.height_cm),
        ("patient.sex", subject.sex, patient.sex),
        ("patient.age_years", None if subject.age_years is None else subject.age_years // 1, age),
    ):
        if told is not None and ordered is not None and told != ordered:
            yield Fault(f"levels: {field}", str(told), f"{ordered}, as the order has it")
    if patient.screening.answer(BLOCKER) and not subject.medicines:
        yield Fault("levels: patient.fcrn_blockers", "none", f"the {BLOCKER} that the order has")


def _history(order: Order, case: Case) -> Iterator[Fault]:
    """Every dose up to this order, none after its start; no level after it."""
    last, newest = order.last_immunoglobulin, case.doses[-1]
    if newest.start >= order.start:
        yield Fault("levels: doses", newest.start.isoformat(), f"before the start, {order.start.isoformat()}")
    for place, level in enumerate(case.levels):
        if level.taken is not None and _day(level.taken) > order.start.date():
            field = f"levels: levels[{place}].taken"
            yield Fault(field, level.taken.isoformat(), f"not after the start, {order.start.date()}")
    if last is None:
        return
    told = f"{newest.start.date()}, {newest.grams} g, {newest.route}"
    same = newest.start.date() == last.date and newest.route.removeprefix("facilitated_") == last.route
    if not same or last.grams not in (None, newest.grams):
        grams = "" if last.grams is None else f", {last.grams} g"
        yield Fault(
            "levels: doses, the newest", told, f"{last.date}{grams}, {last.route}, the last one of the order"
        )


def _day(taken: dt.datetime | dt.date) -> dt.date:
    return taken.date() if isinstance(taken, dt.datetime) else taken


def _aim(order: Order, wanted: Wanted | None) -> Iterator[Fault]:
    if wanted is None:
        yield Fault("levels: aim", "missing", "a table [aim] with target_g_per_l, interval_days")
        return
    cycle = wanted.cycle
    if order.interval_days not in (None, cycle.interval_days):
        accepted = f"{order.interval_days}, as the order has it"
        yield Fault("levels: aim.interval_days", str(cycle.interval_days), accepted)
    if cycle.route.removeprefix("facilitated_") != order.route:
        yield Fault("levels: aim.route", cycle.route, f"{order.route}, as the order has it")
    if order.target_trough_g_per_l not in (None, wanted.target_g_per_l):
        accepted = f"{order.target_trough_g_per_l}, as the order has it"
        yield Fault("levels: aim.target_g_per_l", str(wanted.target_g_per_l), accepted)


def _case(order: Order, levels: LevelsFile) -> Case:
    """The history, with the patient as the order has them; what the file still plans is not given."""
    patient, told = order.patient, levels.case.subject
    asked = told.medicines
    if asked is None and patient.screening.answer(BLOCKER) is False:
        asked = ()
    subject: Subject = replace(
        told,
        condition=order.condition,
        weight_kg=patient.weight_kg,
        height_cm=patient.height_cm or told.height_cm,
        sex=patient.sex,
        medicines=asked,
        age_years=Decimal(completed_years(patient.birth_date, order.start.date())),
    )
    return replace(levels.case, subject=subject, planned=())


def _route(order: Order, may: Allowed) -> KineticRoute:
    if order.route == "IV":
        return "IV"
    return "facilitated_SC" if may.product is not None and may.product.facilitated else "SC"


def _vials(may: Allowed) -> tuple[Decimal, ...]:
    return () if may.product is None else tuple(vial.grams for vial in may.product.vials if vial.seen)


def _dose(found: Proposal, known: Estimate, may: Allowed, knowledge: Knowledge) -> IndividualDose:
    chosen = found.chosen
    models = tuple(
        ModelShare(
            fitted.model,
            knowledge.population_models[fitted.model].verdict.grade,
            _decimal(100.0 * fitted.weight),
        )
        for fitted in known.models
        if fitted.weight
    )
    return IndividualDose(
        grams=chosen.grams,
        interval_days=chosen.interval_days,
        target_g_per_l=found.target_g_per_l,
        window_g_per_l=found.window_g_per_l,
        allowed_g=may.grams,
        held_to=found.held_to,
        exact_grams=_expected(found.exact_grams),
        trough_g_per_l=_expected(chosen.trough_g_per_l),
        peak_g_per_l=_expected(chosen.peak_g_per_l),
        band_percent=_decimal(known.band_percent),
        in_window_percent=_decimal(100.0 * (chosen.in_window or 0.0)),
        above_peak_limit_percent=_decimal(100.0 * chosen.above_peak_limit),
        levels_used=len(known.levels.used),
        models=models,
        warnings=found.warnings,
        interval_outside=found.interval_outside,
        facts=_facts(found, models, may, knowledge),
    )


def _facts(
    found: Proposal, models: tuple[ModelShare, ...], may: Allowed, knowledge: Knowledge
) -> tuple[str, ...]:
    """The range, every policy, and each model as one fact: its parameters stand in ``ivigil models``."""
    policies = [fact for fact in found.rests_on if fact in knowledge.policies]
    return tuple(dict.fromkeys((*may.facts, SWITCH, *policies, *(share.model for share in models))))


def _expected(figure: Spread) -> Expected:
    return Expected(_decimal(figure.low), _decimal(figure.median), _decimal(figure.high))


def _decimal(value: float) -> Decimal:
    return Decimal(repr(round(value, HUNDREDTH)))
