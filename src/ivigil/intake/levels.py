"""The file of doses and levels that ``ivigil fit``, ``forecast`` and ``aim`` read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import msgspec

from ivigil.intake import resolve
from ivigil.intake.faults import Faults, join
from ivigil.intake.fields import DATE, INSTANT, Fields, instant_of
from ivigil.intake.near import nearest_names, plain
from ivigil.intake.person import identifier
from ivigil.intake.plausibility import required_term
from ivigil.intake.quantities import Measured, Quantity, take
from ivigil.intake.text import Format, MalformedError, parse
from ivigil.kinetics.aim import Cycle
from ivigil.kinetics.estimate import Case
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.levels import Given, Level
from ivigil.kinetics.passive import Antibody
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, OrderError
from ivigil.patient import Identifier, Sex

KEYS = ("condition", "patient", "history_complete", "doses", "levels", "planned", "aim", "antibody")
PATIENT = (
    "id",
    "weight_kg",
    "weight",
    "height_cm",
    "height",
    "sex",
    "age_years",
    "igm_g_per_l",
    "igm",
    "own_igg_g_per_l",
    "own_igg",
    "fcrn_blockers",
)
DOSE = ("start", "grams", "hours", "route", "every_days", "times")
LEVEL = ("igg_g_per_l", "igg", "taken", "before_dose", "of")
ANTIBODY = ("units_per_g", "units_per_l", "taken", "below_units_per_l")
AIM = ("target_g_per_l", "low_g_per_l", "high_g_per_l", "interval_days", "route", "hours", "vials_g")
MOST_DOSES = 2000
MOST_HOURS = 744
"""Of one infusion: a month. These four bound the work of a file; none is clinical."""
MOST_INTERVAL = 366
LEAST_VIAL_G = Decimal("0.1")
ROUTES: tuple[KineticRoute, ...] = get_args(KineticRoute)
SEXES: tuple[Sex, ...] = get_args(Sex)
_TERMS = {"own_igg_g_per_l": "igg_g_per_l"}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ivigil aim`` seeks."""

    target_g_per_l: Decimal
    window_g_per_l: tuple[Decimal, Decimal] | None
    cycle: Cycle
    vials_g: tuple[Decimal, ...]


class LevelsFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file, read whole."""

    case: Case
    patient: Identifier | None
    """Whose doses and levels these are, if the file says so."""
    wanted: Wanted | None
    antibody: Antibody | None


def parse_levels(text: bytes, format: Format, knowledge: Knowledge) -> LevelsFile:
    """Read doses and levels from the bytes of a TOML or JSON file. Raises OrderError with every fault.

    mg/dL becomes g/L here. A level without a usable time is read: the estimate rejects it with the reason.
    """
    try:
        table = parse(text, format)
    except MalformedError as error:
        field = ".".join(error.path) or "file"
        raise OrderError((Fault(field, error.seen, error.accepted, error.near),)) from None
    faults = Faults()
    fields = Fields(table, "", KEYS, faults, "a file of levels")
    fields.require("condition", accepted=resolve.CONDITION)
    fields.require("patient", accepted="a table [patient]")
    fields.require("doses", accepted="[[doses]], one table for each dose or row of doses")
    condition = resolve.condition(fields, knowledge)
    patient = fields.table("patient", PATIENT)
    subject = Subject() if patient is None else _subject(patient, knowledge)
    doses = _doses(fields, "doses")
    planned = _doses(fields, "planned")
    levels = tuple(level for level, _ in _levels(fields, knowledge))
    if fields.has("doses") and not doses:
        fields.fault("doses", "at least one dose")
    if doses and planned and planned[0].start <= doses[-1].start:
        faults.add(
            "planned", planned[0].start.isoformat(), f"after the last dose, {doses[-1].start.isoformat()}"
        )
    wanted = fields.table("aim", AIM)
    sought = None if wanted is None else _wanted(wanted)
    antibody = fields.table("antibody", ANTIBODY)
    passive = None if antibody is None else _antibody(antibody, doses)
    complete = fields.flag("history_complete")
    known = None if patient is None else identifier(patient)
    faults.raise_if_any()
    assert condition is not None
    case = Case(
        subject=msgspec.structs.replace(subject, condition=condition.id),
        doses=doses,
        levels=levels,
        planned=planned,
        complete=complete,
    )
    return LevelsFile(
        case=case,
        patient=known,
        wanted=sought,
        antibody=passive,
    )


def _subject(fields: Fields, knowledge: Knowledge) -> Subject:
    sex = fields.choice("sex", SEXES)
    return Subject(
        weight_kg=_quantity(fields, "weight_kg", "kg", knowledge),
        height_cm=_quantity(fields, "height_cm", "cm", knowledge),
        sex=next((item for item in SEXES if item == sex), None),
        age_years=fields.number("age_years"),
        igm_g_per_l=_quantity(fields, "igm_g_per_l", "g/L", knowledge),
        endogenous_igg_g_per_l=_quantity(fields, "own_igg_g_per_l", "g/L", knowledge),
        medicines=_medicines(fields, knowledge),
    )


def _quantity(fields: Fields, key: str, unit: str, knowledge: Knowledge) -> Decimal | None:
    measured = take(fields, Quantity(key, unit))
    if measured is None:
        return None
    _plausible(measured, key, fields, knowledge)
    return measured.number


def _plausible(measured: Measured, key: str, fields: Fields, knowledge: Knowledge) -> None:
    term = required_term(knowledge, _TERMS.get(key, key))
    assert term.plausible_min is not None
    assert term.plausible_max is not None
    if not term.plausible_min <= measured.number <= term.plausible_max:
        accepted = f"{term.plausible_min} to {term.plausible_max} {term.unit}"
        fields.faults.add(measured.field, measured.shown, accepted)


def _medicines(fields: Fields, knowledge: Knowledge) -> tuple[str, ...] | None:
    """Ids of FcRn blockers; None: nobody asked, which an empty list does not say."""
    if not fields.has("fcrn_blockers"):
        return None
    names = {item.id: (item.id, item.name, *item.brands) for item in knowledge.facts.voiding_medicine}
    found = list[str]()
    for written in fields.names("fcrn_blockers"):
        meant = [key for key, labels in names.items() if plain(written) in map(plain, labels)]
        if len(meant) == 1:
            found += meant
        else:
            accepted = "names of " + ", ".join(item.name for item in knowledge.facts.voiding_medicine)
            field = join(fields.path, "fcrn_blockers")
            fields.faults.add(field, f'"{written[:60]}"', accepted, near=nearest_names(written, names))
    return tuple(found)


def _doses(fields: Fields, key: str) -> tuple[Given, ...]:
    found = [given for row in fields.tables(key, DOSE) for given in _row(row)]
    if len(found) > MOST_DOSES:
        fields.faults.add(key, f"{len(found)} doses", f"at most {MOST_DOSES}")
        return ()
    return tuple(sorted(found, key=lambda given: given.start))


def _row(fields: Fields) -> Iterator[Given]:
    """One dose, or ``times`` of them, ``every_days`` apart."""
    fields.require("start", accepted=INSTANT)
    fields.require("grams", accepted="a number above 0")
    fields.require("route", accepted="one of: " + ", ".join(ROUTES))
    start, grams, route = fields.instant("start"), fields.number("grams"), _route(fields)
    hours = _hours(fields)
    times, every = fields.count("times") or 1, _interval(fields, "every_days")
    if times > 1 and not fields.has("every_days"):
        fields.fault("every_days", "days between the doses, with times")
        return
    if times > MOST_DOSES:
        fields.fault("times", f"at most {MOST_DOSES}")
        return
    if start is None or grams is None or route is None:
        return
    for place in range(times):
        yield Given(
            start=start + dt.timedelta(days=place * (every or 0)), grams=grams, route=route, hours=hours
        )


def _hours(fields: Fields) -> Decimal:
    hours = fields.number("hours") or Decimal(0)
    if hours <= MOST_HOURS:
        return hours
    fields.fault("hours", f"at most {MOST_HOURS}")
    return Decimal(0)


def _interval(fields: Fields, key: str) -> int | None:
    days = fields.count(key)
    if days is None or days <= MOST_INTERVAL:
        return days
    fields.fault(key, f"at most {MOST_INTERVAL}")
    return None


def _route(fields: Fields) -> KineticRoute | None:
    written = fields.choice("route", ROUTES)
    return next((item for item in ROUTES if item == written), None)


def parse_level(table: dict[str, Any], knowledge: Knowledge) -> tuple[Level, Measured]:
    """One level as somebody typed it, and how: the fields of ``[[levels]]``.

    Raises OrderError with every fault.
    """
    faults = Faults()
    fields = Fields({"levels": [table]}, "", ("levels",), faults, "a level")
    found = tuple(_levels(fields, knowledge))
    faults.raise_if_any()
    return found[0]


def _levels(fields: Fields, knowledge: Knowledge) -> Iterator[tuple[Level, Measured]]:
    for row in fields.tables("levels", LEVEL):
        if not (row.has("igg") or row.has("igg_g_per_l")):
            row.fault("igg_g_per_l", 'a number in g/L, or igg = "790 mg/dL"')
        measured = take(row, Quantity("igg_g_per_l", "g/L", censored=True))
        taken = _taken(row)
        of = row.choice("of", ("total", "infused"))
        if measured is None:
            continue
        _plausible(measured, "igg_g_per_l", row, knowledge)
        sign = measured.written.comparator
        level = Level(
            g_per_l=measured.number,
            taken=taken,
            limit="below" if "<" in sign else "above" if ">" in sign else "",
            before_dose=row.flag("before_dose") or False,
            of="infused" if of == "infused" else "total",
        )
        yield level, measured


def _taken(fields: Fields) -> dt.datetime | dt.date | None:
    """A moment, or a day; a moment without offset is kept, for the reason to be told."""
    if not fields.has("taken"):
        return None
    moment = instant_of(fields.raw("taken"), offset=False)
    if moment is not None:
        return moment
    if isinstance(fields.raw("taken"), dt.datetime):
        fields.fault("taken", f"{INSTANT}, or {DATE}")
        return None
    return fields.date("taken")


def _wanted(fields: Fields) -> Wanted | None:
    fields.require("target_g_per_l", accepted="the trough to aim at, in g/L")
    fields.require("interval_days", accepted="days between the doses")
    target, interval = fields.number("target_g_per_l"), _interval(fields, "interval_days")
    low, high = fields.number("low_g_per_l"), fields.number("high_g_per_l")
    route, hours = _route(fields) or "IV", _hours(fields)
    vials = fields.numbers("vials_g")
    if any(size < LEAST_VIAL_G for size in vials):
        fields.fault("vials_g", f"sizes of at least {LEAST_VIAL_G} g")
    if (low is None) != (high is None):
        fields.fault("low_g_per_l" if low is None else "high_g_per_l", "both ends of the window, or none")
    if target is None or interval is None:
        return None
    if low is not None and high is not None and not low <= target <= high:
        fields.fault("target_g_per_l", f"a target in the window from {low} to {high} g/L")
    if hours > interval * 24:
        fields.fault("hours", "an infusion shorter than the interval")
    window = (low, high) if low is not None and high is not None else None
    cycle = Cycle(interval_days=interval, route=route, hours=hours)
    return Wanted(target_g_per_l=target, window_g_per_l=window, cycle=cycle, vials_g=vials)


def _antibody(fields: Fields, doses: tuple[Given, ...]) -> Antibody | None:
    """What a gram carries, as tested; or the level that was measured at a moment after a dose."""
    per_g, per_l, taken = fields.number("units_per_g"), fields.number("units_per_l"), fields.instant("taken")
    fields.require("below_units_per_l", accepted="a number above 0, in the same units")
    below = fields.number("below_units_per_l")
    if fields.has("units_per_g") == fields.has("units_per_l"):
        fields.fault("units_per_g", "either units_per_g of the product, or units_per_l with taken")
        return None
    if fields.has("units_per_l") and not fields.has("taken"):
        fields.fault("taken", INSTANT)
        return None
    if taken is not None and not any(given.end <= taken for given in doses):
        fields.fault("taken", "a moment after the end of a dose")
        return None
    if below is None or (per_g is None and (per_l is None or taken is None)):
        return None
    return Antibody(units_per_g=per_g, units_per_l=per_l, taken=taken, below_units_per_l=below)
