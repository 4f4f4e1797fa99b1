"""What is probably a slip of whoever typed it: a value that no body has, a dose that was not advised.

A doubt asks once more and forbids nothing. A measured value that is in doubt and that nobody looked at
again may restrict, and never permits: it counts as not measured, and a rule that it meets holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from ivigil import units
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import Corrected, Happening, MedicineGiven, VitalsTaken
from ivigil.infusion.state import State, Vitals
from ivigil.infusion.treatment import Dosing, doses, options_of
from ivigil.knowledge.reactions import DrugClass, Measure

_HIGH, _LOW, _WARMTH = "measure.systolic_mmhg", "measure.diastolic_mmhg", "measure.temperature_c"
_TENTH = Decimal("0.1")

_Ranges = dict[str, Measure]

DoubtCode = Literal[
    "out_of_range", "fahrenheit", "not_above_diastolic", "other_dose", "too_early", "day_maximum"
]
"""fahrenheit: out of range, and in it once it is converted; not_above_diastolic: the two may be swapped."""


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at once more."""

    code: DoubtCode
    about: str
    """Id of the measure, or the drug as it was named."""
    seen: Decimal | None = None
    low: Decimal | None = None
    """Of what is plausible or advised, in the unit of the measure or in mg."""
    high: Decimal | None = None
    near: Decimal | None = None
    """What it may have been meant as."""
    before: dt.datetime | None = None
    """When another dose is advised at the earliest."""


def doubts(
    what: Happening | Corrected, briefing: Briefing, state: State, now: dt.datetime
) -> tuple[Doubt, ...]:
    """What to ask about a deed at ``now`` (aware); the state is that of just before."""
    match what:
        case VitalsTaken(readings=readings):
            return tuple(_of_readings(readings, _ranges(briefing)))
        case MedicineGiven():
            return tuple(_of_medicine(what, briefing, state, now))
    return ()


def _ranges(briefing: Briefing) -> _Ranges:
    """The measures that have a plausible range, by id."""
    return {
        each.id: each
        for each in briefing.facts.measure
        if each.plausible_min is not None or each.plausible_max is not None
    }


def _of_readings(readings: Mapping[str, Decimal], ranges: _Ranges) -> Iterator[Doubt]:
    """Every value out of the plausible range of its measure, and a pressure upside down."""
    for name, value in readings.items():
        measure = ranges.get(name)
        if measure is not None and not measure.is_plausible(value):
            yield _out_of_range(measure, value)
    high, low = readings.get(_HIGH), readings.get(_LOW)
    if high is not None and low is not None and high <= low:
        yield Doubt(code="not_above_diastolic", about=_HIGH, seen=high, low=low)


class Parted(msgspec.Struct, frozen=True):
    """One set of measurements, what is in doubt apart."""

    at: dt.datetime
    certain: dict[str, Decimal]
    doubted: dict[str, Decimal]


def parted(briefing: Briefing, state: State) -> tuple[Parted, ...]:
    """Every set, by time."""
    ranges = _ranges(briefing)
    return tuple(_parted(vitals, ranges) for vitals in state.vitals)


def trusted(briefing: Briefing, state: State) -> State:
    """The state without the measured values that are in doubt."""
    found = parted(briefing, state)
    if not any(each.doubted for each in found):
        return state
    return replace(state, vitals=tuple(Vitals(each.at, each.certain) for each in found))


def to_measure_anew(briefing: Briefing, state: State) -> dict[str, Decimal]:
    """Each measure whose last value is in doubt, with that value."""
    found = dict[str, Decimal]()
    for taken in parted(briefing, state):
        found = {m: v for m, v in found.items() if m not in taken.certain} | taken.doubted
    return found


def _parted(vitals: Vitals, ranges: _Ranges) -> Parted:
    """In doubt is what nobody looked at again: of a pressure upside down both values."""
    if vitals.confirmed:
        return Parted(vitals.at, vitals.readings, {})
    found = tuple(_of_readings(vitals.readings, ranges))
    names = {each.about for each in found}
    names |= {_LOW} if any(each.code == "not_above_diastolic" for each in found) else set()
    certain = {m: v for m, v in vitals.readings.items() if m not in names}
    return Parted(vitals.at, certain, {m: vitals.readings[m] for m in vitals.readings if m in names})


def _out_of_range(measure: Measure, value: Decimal) -> Doubt:
    found = Doubt(
        code="out_of_range",
        about=measure.id,
        seen=value,
        low=measure.plausible_min,
        high=measure.plausible_max,
    )
    near = units.celsius(value).quantize(_TENTH)
    if measure.id == _WARMTH and measure.is_plausible(near):
        return replace(found, code="fahrenheit", near=near)
    return found


def _of_medicine(what: MedicineGiven, briefing: Briefing, state: State, now: dt.datetime) -> Iterator[Doubt]:
    """Another dose than computed, earlier than its interval, or past the day's maximum."""
    classes: dict[str, DrugClass] = {name: name for name in get_args(DrugClass)}
    drug_class = classes.get(what.drug_class)
    if drug_class is None:
        return
    options = options_of(what, doses(drug_class, briefing, state.medicines, now), briefing)
    yield from _other_dose(what, options)
    repeats = [each.repeat for each in options if each.repeat is not None]
    early = [each.earliest for each in repeats if each.code == "too_early" and each.earliest is not None]
    if repeats and len(early) == len(repeats):
        yield Doubt(code="too_early", about=what.drug, before=min(early))
    if options and all(each.withheld == "day_maximum" for each in options):
        yield Doubt(code="day_maximum", about=what.drug)


def _other_dose(what: MedicineGiven, options: tuple[Dosing, ...]) -> Iterator[Doubt]:
    given, known = what.dose_mg, [each.dose_mg for each in options if each.dose_mg is not None]
    if given is None or not known or any(each.low <= given <= each.high for each in known):
        return
    low, high = min(each.low for each in known), max(each.high for each in known)
    yield Doubt(code="other_dose", about=what.drug, seen=given, low=low, high=high)
