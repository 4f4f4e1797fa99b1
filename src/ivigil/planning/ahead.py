"""What the planned doses open and close: vaccines, antibody tests, samples to draw first."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ivigil.course import CareItem, Day, TimelineEntry
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.planning.situation import Situation
from ivigil.windows.doses import GivenDose
from ivigil.windows.serology import LabFacts, LabWindow, lab_windows
from ivigil.windows.vaccines import (
    NonLiveVaccine,
    VaccineFacts,
    VaccineWindow,
    non_live_vaccines,
    vaccine_windows,
)

_SAMPLE_PRIORITY = 2
"""Samples of priority 3 are drawn only if the question arises."""


def entries(days: tuple[Day, ...], product: Product, situation: Situation) -> list[TimelineEntry]:
    """Vaccine and laboratory windows of this course, as dated entries."""
    given, ongoing = _given(days, product, situation), _is_ongoing(situation)
    places = situation.knowledge.lineage(situation.order.jurisdiction)
    vaccines, tests = situation.knowledge.kept(_facts)
    return [
        *(_poor_response(v) for v in non_live_vaccines(vaccines, places) if v.may_respond_poorly),
        *(_vaccine(w) for w in vaccine_windows(given, vaccines, places, ongoing=ongoing, beside=False)),
        *(_test(w) for w in lab_windows(given, tests, ongoing=ongoing) if _is_disturbed(w)),
    ]


def _facts(knowledge: Knowledge) -> tuple[VaccineFacts, LabFacts]:
    """The facts that the windows read, with their indexes."""
    facts = knowledge.facts
    return (
        VaccineFacts(facts.vaccine, facts.vaccine_interval, facts.vaccine_rule),
        LabFacts(facts.lab_interference, facts.lab_rule, facts.baseline_sample),
    )


def samples_first(situation: Situation) -> tuple[CareItem, ...]:
    """Blood to draw before the first gram; nothing if the patient is known to be experienced."""
    if situation.case.get("immunoglobulin_naive") is False:
        return ()
    return tuple(
        CareItem(kind="baseline_sample", text=sample.what, when=sample.why, facts=(sample.id,))
        for sample in situation.knowledge.facts.baseline_sample
        if sample.priority <= _SAMPLE_PRIORITY
    )


def _given(days: tuple[Day, ...], product: Product, situation: Situation) -> tuple[GivenDose, ...]:
    """The last dose before, and what is planned: a course by vein counts whole from its last day,
    infusions under the skin one by one. What is not known stays unknown.
    """
    order, weight = situation.order, situation.weight_kg
    whole = [(days[-1].date, sum((day.grams for day in days), Decimal(0)))]
    amounts = whole if order.route == "IV" else [(day.date, day.grams) for day in days]
    planned = tuple(
        GivenDose(
            date=date,
            g_per_kg=grams / weight,
            route=order.route,
            condition=order.condition,
            product_id=product.id,
            stabilisers=situation.knowledge.stabilisers_of(product),
        )
        for date, grams in amounts
    )
    last = order.last_immunoglobulin
    if last is None:
        return planned
    known = situation.knowledge.products.get(last.product or "")
    before = GivenDose(
        date=last.date,
        g_per_kg=None if last.grams is None else last.grams / weight,
        route=last.route,
        product_id=last.product or "",
        stabilisers=None if known is None else situation.knowledge.stabilisers_of(known),
    )
    return (before, *planned)


def _is_ongoing(situation: Situation) -> bool:
    return situation.order.interval_days is not None or situation.regimen.interval_weeks_min is not None


def _vaccine(window: VaccineWindow) -> TimelineEntry:
    return TimelineEntry(
        date=window.earliest,
        kind="vaccine",
        what=window.name,
        until=window.if_stopped,
        state=window.answer,
        facts=(window.ruling.fact,) if window.ruling is not None else (),
    )


def _poor_response(vaccine: NonLiveVaccine) -> TimelineEntry:
    return TimelineEntry(
        date=None, kind="vaccine", what=vaccine.name, state="may_respond_poorly", facts=vaccine.rules
    )


def _is_disturbed(window: LabWindow) -> bool:
    return window.answer not in ("not_affected", "no_dose")


def _test(window: LabWindow) -> TimelineEntry:
    until: dt.date | None = window.reliable_from or window.if_stopped or window.not_before
    return TimelineEntry(
        date=None,
        kind="serology",
        what=window.test,
        until=until,
        state=window.answer,
        instead=window.alternative,
        facts=(window.interference,),
    )
