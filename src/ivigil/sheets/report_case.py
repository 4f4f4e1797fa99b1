"""From a plan and what happened at the chair to the case that a report is filled from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from ivigil.aftercare.adverse_case import Case, Drug, Lot, RateStep, Reaction, TracedVial
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import Plan, infusion_id
from ivigil.infusion.progress import given_g
from ivigil.infusion.state import Given, HungVial, State
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Patient, completed_months
from ivigil.sheets.chair import readings, symptom
from ivigil.sheets.chronology import chronology, clock, local, medicine, term
from ivigil.sheets.numbers import number

SUBSTANCE = "human normal immunoglobulin"
ROUTE = {"IV": "intravenous", "SC": "subcutaneous"}
_LANGUAGE = "eng"


def planned_case(plan: Plan, report_date: dt.date, knowledge: Knowledge) -> Case:
    """Of an infusion that is not in the journal: nothing is known of it but what was planned."""
    drug = _drug(plan.product.id if plan.product else "", plan, knowledge)
    return replace(_planned(plan, plan.order.start, report_date, knowledge), drugs=(drug,))


def recorded_case(
    plan: Plan, state: State, later: tuple[SymptomReport, ...], report_date: dt.date, knowledge: Knowledge
) -> Case:
    """Of an infusion in the journal: what was hung, how it ran, what was seen and given, and what was
    reported from home (``later``).

    If somebody else than the plan's patient was identified at the chair, nothing is told of the patient.
    """
    reactions = (*_reactions(state, knowledge), *_at_home(state, later, knowledge))
    onset = min((r.started_at for r in reactions if r.started_at is not None), default=None)
    before = tuple(each for each in state.medicines if onset is None or each.at < onset)
    day = state.day
    event = local(onset or state.started_at or day.start, state)
    base = _planned(plan, event, report_date, knowledge)
    if state.identified is not None and state.identified != plan.order.patient.id:
        base = replace(base, age_months=None, sex=None, weight_kg=None, history="", tests="")
    return replace(
        base,
        infusion=infusion_id(plan.id, day.number),
        tests="; ".join(part for part in (base.tests, *_signs(state, knowledge)) if part),
        narrative=chronology(state, later, knowledge) if reactions else "",
        concomitants="; ".join(f"{medicine(each.medicine)}, {clock(each.at, state)}" for each in before),
        reactions=reactions,
        drugs=(*_given(plan, state, knowledge), *(_concomitant(each, state) for each in before)),
        started_at=local(state.started_at, state),
        ended_at=local(state.ended_at, state),
        vials=tuple(_traced(vial, state, knowledge) for vial in state.vials),
        rates=tuple(RateStep(start=f.start, end=f.end, rate_ml_per_h=f.rate_ml_per_h) for f in state.flows),
    )


def _planned(plan: Plan, event: dt.datetime, report_date: dt.date, knowledge: Knowledge) -> Case:
    """What the order tells. ``event``: when it happened, in the zone of the plan."""
    patient = plan.order.patient
    return Case(
        report_date=report_date,
        age_months=completed_months(patient.birth_date, event.date()),
        sex=patient.sex,
        weight_kg=patient.weight_kg,
        history=_history(plan, knowledge),
        tests="; ".join(_measured(patient, knowledge)),
        organisation=knowledge.site.name,
        language=_LANGUAGE,
    )


def _history(plan: Plan, knowledge: Knowledge) -> str:
    """The condition, and what was asked; what was not asked is said."""
    screening = plan.order.patient.screening
    names = [knowledge.conditions[plan.order.condition].name]
    names += [knowledge.terms[flag].name if flag in knowledge.terms else flag for flag in screening.present]
    rest = "nothing else that was asked" if screening.complete else "not everything was asked"
    return f"{'; '.join(names)}; {rest}"


def _measured(patient: Patient, knowledge: Knowledge) -> Iterator[str]:
    for name, measured in patient.measurements.items():
        fact = knowledge.terms.get(name)
        label = f"{fact.name} {reading_text(measured.reading)} {fact.unit}" if fact is not None else name
        on = f" ({measured.date})" if measured.date is not None else " (date not stated)"
        yield label.strip() + on


def _signs(state: State, knowledge: Knowledge) -> Iterator[str]:
    for vitals in state.vitals:
        yield f"{readings(vitals.readings, knowledge)} ({clock(vitals.at, state)})"


def reading_text(value: Reading) -> str:
    """ "7.9"; "<0.07" for a value below what was measurable."""
    if value.low is not None and value.low == value.high:
        return number(value.low, 3)
    low = f">{number(value.low, 3)}" if value.low is not None else ""
    high = f"<{number(value.high, 3)}" if value.high is not None else ""
    return " ".join(part for part in (low, high) if part)


def _reactions(state: State, knowledge: Knowledge) -> Iterator[Reaction]:
    """What a clinician graded, each term at its worst; the symptoms where nothing was graded.

    The symptoms tell when a graded reaction began and ended only if it is the only one.
    """
    terms = tuple(dict.fromkeys(each.grading.term for each in state.grades))
    if not terms:
        for spell in state.symptoms:
            yield Reaction(
                reported=symptom(spell.symptom, knowledge),
                started_at=local(spell.since, state),
                ended_at=local(spell.until, state),
            )
        return
    began = min((spell.since for spell in state.symptoms), default=None)
    ends = [spell.until for spell in state.symptoms]
    over = [end for end in ends if end is not None]
    ended = max(over) if over and len(over) == len(ends) else None
    for name in terms:
        graded = [each for each in state.grades if each.grading.term == name]
        fact = term(name, knowledge)
        first = graded[0].at
        only = len(terms) == 1
        yield Reaction(
            reported=fact.term if fact is not None else name,
            meddra_version=fact.meddra_version if fact is not None else "",
            meddra_llt=fact.meddra_llt if fact is not None else "",
            grade=max(each.grading.grade for each in graded),
            started_at=local(min(first, began) if only and began is not None else first, state),
            ended_at=local(ended if only else None, state),
        )


def _at_home(state: State, later: tuple[SymptomReport, ...], knowledge: Knowledge) -> Iterator[Reaction]:
    """A symptom first told from home: nobody recorded when it began."""
    seen = {spell.symptom for spell in state.symptoms}
    told = dict.fromkeys(name for report in later for name in report.present)
    for name in told:
        if name not in seen:
            yield Reaction(reported=symptom(name, knowledge))


def _given(plan: Plan, state: State, knowledge: Knowledge) -> Iterator[Drug]:
    """One drug a product that was hung, its lots apart."""
    for product in dict.fromkeys(vial.product or "" for vial in state.vials):
        vials = [vial for vial in state.vials if (vial.product or "") == product]
        lots = dict.fromkeys((vial.lot, vial.expiry) for vial in vials)
        parts = tuple(
            _lot([vial for vial in vials if (vial.lot, vial.expiry) == lot], plan, state, knowledge)
            for lot in lots
        )
        yield replace(_drug(product, plan, knowledge), withdrawn=state.ended_early, lots=parts)


def _drug(product: str, plan: Plan, knowledge: Knowledge) -> Drug:
    fact = knowledge.products.get(product)
    route = ROUTE[plan.order.route]
    codes = (c.code for c in knowledge.facts.term_code if c.concept == f"route_{route}")
    return Drug(
        role="suspect",
        name=fact.name if fact is not None else product,
        strength=f"{number(fact.g_per_100_ml)} g/100 mL" if fact is not None else "",
        manufacturer=fact.manufacturer if fact is not None else "",
        substance=SUBSTANCE if fact is not None else "",
        route=route,
        route_term=next(codes, ""),
        indication=knowledge.conditions[plan.order.condition].name,
    )


def _lot(vials: list[HungVial], plan: Plan, state: State, knowledge: Knowledge) -> Lot:
    first = vials[0]
    items = knowledge.trade_items.get(first.gtin, ()) if first.gtin else ()
    started = state.started_at
    return Lot(
        lot=first.lot,
        expiry=first.expiry,
        package_code=next((item.ndc for item in items if item.ndc), first.gtin),
        dosage=_dosage(vials, plan, state),
        started_at=local(max(first.at, started) if started is not None else None, state),
        ended_at=local(state.ended_at, state),
    )


def _dosage(vials: list[HungVial], plan: Plan, state: State) -> str:
    hung = sum((vial.grams - vial.left_g for vial in vials), Decimal(0))
    interval = interval_days(plan)
    parts = [f"{number(hung, 3)} g of this lot hung"]
    if state.ended_at is not None:
        parts.append(f"{number(given_g(state, state.ended_at))} g given in all")
    parts.append(f"day {state.day.number} of {len(plan.days)}")
    parts += [f"every {interval} days"] if interval else []
    return ", ".join(parts)


def interval_days(plan: Plan) -> int | None:
    """Days from one dose to the next, as ordered or planned; None: not stated, or given once."""
    return plan.order.interval_days or (plan.course.interval_days if plan.course is not None else None)


def _concomitant(given: Given, state: State) -> Drug:
    dosage = f"{medicine(given.medicine)}, {clock(given.at, state)}"
    return Drug(role="concomitant", name=given.medicine.drug, lots=(Lot(dosage=dosage),))


def _traced(vial: HungVial, state: State, knowledge: Knowledge) -> TracedVial:
    product = knowledge.products.get(vial.product or "")
    return TracedVial(
        product=product.name if product is not None else vial.product or "",
        lot=vial.lot,
        expiry=vial.expiry,
        grams=vial.grams,
        left_g=vial.left_g,
        hung_at=local(vial.at, state),
    )
