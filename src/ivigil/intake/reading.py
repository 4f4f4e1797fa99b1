"""From the text of an order to an ``Order``: one pass that finds every fault, then all or nothing."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, get_args

import msgspec

from ivigil.intake import dose, history, person, resolve, screening
from ivigil.intake.faults import Faults
from ivigil.intake.fields import INSTANT, WITHIN_LIFE, Fields, instant_of
from ivigil.intake.person import Person
from ivigil.intake.text import Format, MalformedError, parse
from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.logic import Case
from ivigil.knowledge.store import Knowledge
from ivigil.order import Experience, Fault, LastImmunoglobulin, Order, OrderError, Override, Route
from ivigil.patient import Patient, Screening
from ivigil.told import tell

REQUIRED = {
    "condition": resolve.CONDITION,
    "jurisdiction": resolve.JURISDICTION,
    "start": INSTANT,
    "route": tell("IV or SC"),
    "patient": tell("a table [patient]"),
}
KEYS = (
    *REQUIRED,
    "regimen",
    "phase",
    "onset_date",
    "total_dose_g_per_kg",
    "total_dose_g",
    "days",
    "interval_days",
    "product",
    "experience",
    "pump_step_ml_per_h",
    "last_immunoglobulin",
    "overrides",
    "supersedes",
    "screening",
)
WHOLE = "order"
"""The field of a fault that has no field of its own."""
PLAN_ID = tell("the id of an earlier plan: 16 digits and letters a to f")
EXPERIENCES: tuple[Experience, ...] = get_args(Experience)


class _Draft(msgspec.Struct, kw_only=True):
    """An order as far as it could be read; None where a value is absent or at fault."""

    condition: Condition | None
    jurisdiction: str | None
    start: dt.datetime | None
    route: Route | None
    person: Person | None
    screening: Screening
    regimen: Regimen | None = None
    phase: str | None = None
    product: str | None = None
    onset_date: dt.date | None
    total_dose_g_per_kg: Decimal | None
    total_dose_g: Decimal | None
    days: int | None
    interval_days: int | None
    experience: Experience | None
    pump_step_ml_per_h: Decimal | None
    last_immunoglobulin: LastImmunoglobulin | None
    overrides: tuple[Override, ...]
    supersedes: str | None


def parse_order(text: bytes, format: Format, knowledge: Knowledge) -> Order:
    """Read an order from the bytes of a TOML or JSON file.

    Pure. Raises OrderError with every fault found; a text that is no TOML or JSON has one.
    Raises KnowledgeError if the fact base lacks a limit that intake needs.
    """
    try:
        table = parse(text, format)
    except MalformedError as error:
        raise OrderError((_malformed(error, knowledge),)) from None
    faults = Faults()
    fields = Fields(table, "", KEYS, faults)
    draft = _read(fields, knowledge)
    _check_dates(draft, _day(fields.raw("start")), faults)
    _check_dose(draft, fields, knowledge)
    faults.raise_if_any()
    return _order(draft)


def _malformed(error: MalformedError, knowledge: Knowledge) -> Fault:
    known = {*KEYS, *person.keys(knowledge), *screening.KEYS, *history.LAST_KEYS, *history.OVERRIDE_KEYS}
    field = ".".join(error.path) or WHOLE
    log = "" if known.issuperset(error.path) else f"{WHOLE}: accepted: {error.accepted}"
    return Fault(field, error.seen, error.accepted, error.near, log)


def _read(fields: Fields, knowledge: Knowledge) -> _Draft:
    for key, accepted in REQUIRED.items():
        fields.require(key, accepted=accepted)
    start = fields.instant("start")
    day = _day(fields.raw("start"))
    jurisdiction = resolve.jurisdiction(fields, knowledge)
    patient = fields.table("patient", person.keys(knowledge))
    someone = None if patient is None else person.read(patient, day, knowledge)
    asked = fields.table("screening", screening.KEYS)
    last = fields.table("last_immunoglobulin", history.LAST_KEYS)
    experience = _experience(fields)
    draft = _Draft(
        condition=resolve.condition(fields, knowledge),
        jurisdiction=jurisdiction,
        start=start,
        route=history.route(fields),
        person=someone,
        screening=screening.read(asked, _case(someone, day, experience), knowledge),
        onset_date=fields.date("onset_date"),
        total_dose_g_per_kg=fields.number("total_dose_g_per_kg"),
        total_dose_g=fields.number("total_dose_g"),
        days=fields.count("days"),
        interval_days=fields.count("interval_days"),
        experience=experience,
        pump_step_ml_per_h=fields.number("pump_step_ml_per_h"),
        last_immunoglobulin=history.last_immunoglobulin(last, jurisdiction, knowledge),
        overrides=history.overrides(fields, knowledge),
        supersedes=_supersedes(fields),
    )
    _resolve(draft, fields, knowledge)
    return draft


def _day(start: Any) -> dt.date | None:
    """The day of the start, for comparison with other dates, even where its offset is missing."""
    moment = instant_of(start, offset=False)
    return None if moment is None else moment.date()


def _experience(fields: Fields) -> Experience | None:
    written = fields.choice("experience", EXPERIENCES)
    return next((item for item in EXPERIENCES if item == written), None)


def _supersedes(fields: Fields) -> str | None:
    written = fields.text("supersedes", PLAN_ID)
    if written is not None and not re.fullmatch("[0-9a-f]{16}", written):
        fields.fault("supersedes", PLAN_ID)
    return written


def _case(person: Person | None, day: dt.date | None, experience: Experience | None) -> Case:
    """What the order says apart from the screening, by vocabulary id."""
    case = {} if person is None else person.case(day)
    return case if experience is None else {**case, "immunoglobulin_naive": experience == "naive"}


def _resolve(draft: _Draft, fields: Fields, knowledge: Knowledge) -> None:
    """What depends on condition, jurisdiction and route: product, regimen, phase."""
    if draft.route is None:
        return
    if draft.jurisdiction is not None:
        product = resolve.product(fields, knowledge, draft.jurisdiction, draft.route)
        draft.product = None if product is None else product.id
    if draft.condition is None:
        return
    if not resolve.treated_by_route(draft.condition, draft.route, knowledge):
        seen = tell("{route} for {condition}", route=draft.route, condition=draft.condition.id)
        accepted = tell("a route for which the condition has a regimen or a licence")
        fields.faults.add("route", seen, accepted)
        return
    draft.regimen = resolve.regimen(fields, draft.condition, draft.route)
    draft.phase = resolve.phase(fields, draft.condition, draft.regimen, draft.route, knowledge)


def _check_dates(draft: _Draft, day: dt.date | None, faults: Faults) -> None:
    """Nothing that came before the start lies after it, nor before birth."""
    if day is None:
        return
    last = draft.last_immunoglobulin
    birth = draft.person.birth if draft.person else None
    for field, date in (
        ("onset_date", draft.onset_date),
        ("last_immunoglobulin.date", last.date if last else None),
    ):
        if date is not None and (date > day or (birth is not None and date < birth)):
            faults.add(field, date.isoformat(), WITHIN_LIFE)


def _check_dose(draft: _Draft, fields: Fields, knowledge: Knowledge) -> None:
    if draft.condition is None or draft.route is None:
        return
    someone = draft.person or Person()
    phase = draft.phase or (draft.regimen.phase if draft.regimen else draft.condition.default_phase)
    ordered = dose.Ordered(
        condition=draft.condition,
        route=draft.route,
        phase=phase,
        regimen=draft.regimen.id if draft.regimen else "",
        g_per_kg=draft.total_dose_g_per_kg,
        grams=draft.total_dose_g,
        days=draft.days,
        interval_days=draft.interval_days,
        weight_kg=someone.weight.number if someone.weight else None,
        height_cm=someone.height.number if someone.height else None,
        sex=someone.sex,
    )
    dose.check(ordered, fields, knowledge)


def _order(draft: _Draft) -> Order:
    """The order of a draft without faults; each of its required values is there."""
    assert draft.condition and draft.jurisdiction and draft.start and draft.route and draft.person
    return Order(
        condition=draft.condition.id,
        jurisdiction=draft.jurisdiction,
        start=draft.start,
        route=draft.route,
        patient=_patient(draft.person, draft.screening),
        regimen=None if draft.regimen is None else draft.regimen.id,
        phase=draft.phase,
        onset_date=draft.onset_date,
        total_dose_g_per_kg=draft.total_dose_g_per_kg,
        total_dose_g=draft.total_dose_g,
        days=draft.days,
        interval_days=draft.interval_days,
        product=draft.product,
        experience=draft.experience,
        pump_step_ml_per_h=draft.pump_step_ml_per_h,
        last_immunoglobulin=draft.last_immunoglobulin,
        overrides=draft.overrides,
        supersedes=draft.supersedes or "",
    )


def _patient(person: Person, screening: Screening) -> Patient:
    assert person.id and person.birth and person.sex and person.weight
    return Patient(
        id=person.id,
        birth_date=person.birth,
        sex=person.sex,
        weight_kg=person.weight.number,
        weight_date=person.weight.date,
        height_cm=person.height.number if person.height else None,
        last_weight_kg=person.last_weight.measurement if person.last_weight else None,
        confirmed=person.confirmed,
        measurements=person.measurements,
        choices=person.choices,
        screening=screening,
    )
